"""Conditions that templates leave open are tried both ways, together and only where they matter."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates import Landscape, read_templates

Text = dict[str, Any]
ENV: Text = {"Type": "String", "Default": "dev"}


def equals(name: str, text: str) -> Text:
    return {"Fn::Equals": [{"Ref": name}, text]}


def probe(value: Any, **more: Any) -> Text:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Value": value}, **more}


def read(conditions: Text, resources: Text, declared: Text | None = None, **given: Any) -> tuple[Landscape, ...]:
    template = {"Parameters": declared or {}, "Conditions": conditions, "Resources": resources}
    return read_templates({"App": template}, **given)


def values(landscapes: tuple[Landscape, ...], logical_id: str = "Probe") -> dict[tuple[tuple[str, bool], ...], Any]:
    """The value of the probe by what is assumed; "absent" where it is not there."""
    found = {}
    for one in landscapes:
        there = [it.properties["Value"] for it in one.resources if it.source.logical_id == logical_id]
        found[tuple(sorted((name.removeprefix("App/"), value) for name, value in one.assumes.items()))] = (
            there[0] if there else "absent"
        )
    return found


YES_OR_NO = {"Probe": probe({"Fn::If": ["Prod", "yes", "no"]})}


@pytest.mark.parametrize("turned", [False, True], ids=["on the left", "on the right"])
def test_a_parameter_decides_alike_on_either_side_of_a_comparison(turned: bool) -> None:
    sides: list[Any] = [{"Ref": "Env"}, "prod"]
    conditions = {
        "Prod": {"Fn::Equals": sides[::-1] if turned else sides},
        "Dev": {"Fn::Equals": [{"Ref": "Env"}, "dev"]},
    }
    chosen = {"Probe": probe({"Fn::If": ["Prod", "yes", {"Fn::If": ["Dev", "dev", "no"]}]})}
    listed = {"Type": "String", "AllowedValues": ["dev", "prod"]}
    found = values(read(conditions, chosen, {"Env": listed}))
    assert sorted(found.values()) == ["dev", "yes"], "never both, and never neither"
    assert values(read(conditions, chosen, {"Env": ENV}, parameters={"App": {"Env": "prod"}})) == {(): "yes"}


def test_a_default_decides_nothing() -> None:
    found = values(read({"Prod": equals("Env", "dev")}, YES_OR_NO, {"Env": ENV}))
    assert found == {(("Prod", True),): "yes", (("Prod", False),): "no"}


def test_a_given_parameter_decides() -> None:
    given = {"parameters": {"App": {"Env": "dev"}}}
    assert values(read({"Prod": equals("Env", "dev")}, YES_OR_NO, {"Env": ENV}, **given)) == {(): "yes"}


def test_a_parameter_of_one_allowed_value_decides() -> None:
    only = {"Type": "String", "AllowedValues": ["prod"]}
    found = values(read({"Prod": equals("Env", "prod")}, YES_OR_NO, {"Env": only}))
    assert found == {(("Prod", True),): "yes"}


def test_a_condition_that_nothing_asks_for_is_not_tried() -> None:
    conditions = {"Prod": equals("Env", "prod"), "CDKMetadataAvailable": equals("AWS::Region", "us-east-1")}
    resources = {"Probe": probe("x"), "Other": {"Type": "AWS::CDK::Metadata", "Condition": "CDKMetadataAvailable"}}
    assert values(read(conditions, resources, {"Env": ENV})) == {(): "x"}


def test_the_bootstrap_version_is_no_news() -> None:
    parameter = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}
    rules = {
        "Check": {"Assertions": [{"Assert": {"Fn::Not": [{"Fn::Contains": [["1"], {"Ref": "BootstrapVersion"}]}]}}]}
    }
    template = {"Parameters": {"BootstrapVersion": parameter}, "Rules": rules, "Resources": {"Probe": probe("x")}}
    [landscape] = read_templates({"App": template}, account="111122223333", region="eu-west-1")
    assert landscape.notes == ()


def test_a_condition_decides_whether_a_resource_exists() -> None:
    found = values(read({"Prod": equals("Env", "prod")}, {"Probe": probe("x", Condition="Prod")}, {"Env": ENV}))
    assert found == {(("Prod", True),): "x", (("Prod", False),): "absent"}


def test_conditions_that_exclude_each_other_never_hold_together() -> None:
    conditions = {"Prod": equals("Env", "prod"), "Test": equals("Env", "test")}
    value = {"Fn::If": ["Prod", "prod", {"Fn::If": ["Test", "test", "other"]}]}
    assert values(read(conditions, {"Probe": probe(value)}, {"Env": ENV})) == {
        (("Prod", True), ("Test", False)): "prod",
        (("Prod", False), ("Test", True)): "test",
        (("Prod", False), ("Test", False)): "other",
    }


def test_conditions_on_several_parameters_are_combined() -> None:
    conditions = {
        "One": equals("Env", "a"),
        "Two": {"Fn::And": [{"Condition": "One"}, {"Fn::Not": [equals("Size", "b")]}]},
        "Three": {"Fn::Or": [{"Condition": "Two"}, equals("Size", "c")]},
    }
    resources = {"Probe": probe({"Fn::If": ["Two", 2, {"Fn::If": ["Three", 3, 0]}]})}
    found = values(read(conditions, resources, {"Env": ENV, "Size": {"Type": "String"}}))
    assert found == {
        (("Three", True), ("Two", True)): 2,
        (("Three", True), ("Two", False)): 3,
        (("Three", False), ("Two", False)): 0,
    }


@pytest.mark.parametrize(
    "text, expected",
    [
        ("prod", {True: "x-prod", False: "x-<parameter Env of App>"}),
        ("dev", {True: "x-dev", False: "x-<parameter Env of App>"}),
    ],
)
def test_a_parameter_has_the_value_that_the_condition_asks_for(text: str, expected: dict[bool, str]) -> None:
    value = {"Fn::If": ["Is", {"Fn::Sub": "x-${Env}"}, {"Fn::Join": ["-", ["x", {"Ref": "Env"}]]}]}
    found = values(read({"Is": equals("Env", text)}, {"Probe": probe(value)}, {"Env": ENV}))
    shown = {key[0][1]: value.description if isinstance(value, Unknown) else value for key, value in found.items()}
    assert shown == expected


def test_only_the_landscapes_that_ask_for_a_parameter_say_so() -> None:
    value = {"Fn::If": ["Is", {"Ref": "Env"}, "no"]}
    resources = {"Probe": probe(value), "Other": probe({"Ref": "Size"})}
    landscapes = read(
        {"Is": equals("Env", "prod")}, resources, {"Env": ENV, "Size": {"Type": "String", "Default": "b"}}
    )
    for one in landscapes:
        notes = [note.text for note in one.notes if "parameter" in note.text]
        assert notes == ["parameter Size of App is not given: what depends on it is unknown"]


def test_a_parameter_equals_itself() -> None:
    itself = {"Fn::Equals": [{"Ref": "Env"}, {"Ref": "Env"}]}
    assert values(read({"Is": itself}, {"Probe": probe({"Fn::If": ["Is", 1, 2]})}, {"Env": ENV})) == {(): 1}


def test_a_value_that_is_not_allowed_is_not_tried() -> None:
    allowed = {"Type": "String", "AllowedValues": ["a"]}
    found = values(read({"Is": equals("Env", "b")}, {"Probe": probe({"Fn::If": ["Is", 1, 2]})}, {"Env": allowed}))
    assert found == {(("Is", False),): 2}


@pytest.mark.parametrize("given", [{}, {"parameters": {"App": {"P": "/x"}}}], ids=["by default", "by name"])
def test_the_name_of_an_ssm_parameter_is_not_its_value(given: Any) -> None:
    declared = {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/x"}}
    found = values(read({"Is": equals("P", "/x")}, {"Probe": probe({"Fn::If": ["Is", 1, 2]})}, declared, **given))
    assert found == {(("Is", True),): 1, (("Is", False),): 2}


def test_a_condition_on_a_dozen_parameters_is_too_many() -> None:
    names = [f"P{n}" for n in range(12)]
    conditions = {"Any": {"Fn::Or": [equals(name, "x") for name in names]}}
    declared = {name: {"Type": "String"} for name in names}
    found = values(read(conditions, {"Probe": probe({"Fn::If": ["Any", 1, 2]})}, declared))
    assert found == {(): Unknown("what condition Any of App decides")}


def test_both_branches_alike_are_one_value() -> None:
    found = values(
        read({"Prod": equals("Env", "prod")}, {"Probe": probe({"Fn::If": ["Prod", "a", "a"]})}, {"Env": ENV})
    )
    assert set(found.values()) == {"a"}


def test_an_environment_that_is_not_known_is_tried_both_ways() -> None:
    conditions = {"Here": equals("AWS::Region", "us-east-1"), "Ours": equals("AWS::AccountId", "111122223333")}
    resources = {"Probe": probe({"Fn::If": ["Here", {"Fn::If": ["Ours", 1, 2]}, 3]})}
    assert sorted(values(read(conditions, resources)).values()) == [1, 2, 3, 3]
    assert values(read(conditions, resources, account="111122223333", region="eu-west-1")) == {(): 3}


def test_two_stacks_without_environment_are_in_the_same_one() -> None:
    template = {
        "Conditions": {"Here": equals("AWS::Region", "us-east-1")},
        "Resources": {"Probe": probe({"Fn::If": ["Here", 1, 2]})},
    }
    landscapes = read_templates({"A": template, "B": template})
    assert [dict(one.assumes) for one in landscapes] == [
        {"A/Here": True, "B/Here": True},
        {"A/Here": False, "B/Here": False},
    ]


def test_what_can_only_be_compared_as_a_whole_is_tried_both_ways() -> None:
    conditions = {"Is": {"Fn::Equals": [{"Fn::Join": ["", [{"Ref": "Env"}, "x"]]}, "devx"]}}
    found = values(read(conditions, {"Probe": probe({"Fn::If": ["Is", 1, 2]})}, {"Env": ENV}))
    assert found == {(("Is", True),): 1, (("Is", False),): 2}


def test_a_condition_that_is_none_is_tried_both_ways() -> None:
    found = values(read({"Is": "nonsense"}, {"Probe": probe({"Fn::If": ["Is", 1, 2]})}))
    assert found == {(("Is", True),): 1, (("Is", False),): 2}


def test_a_nested_stack_follows_its_parent() -> None:
    child = {
        "Parameters": {"Mode": {"Type": "String"}},
        "Conditions": {"Prod": equals("Mode", "prod")},
        "Resources": {"Probe": probe({"Fn::If": ["Prod", "yes", {"Ref": "Mode"}]})},
    }
    for passed, expected in (("prod", {(): "yes"}), ("test", {(): "test"})):
        nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"Mode": passed}}}
        parent = {"Resources": {"Child": nested}}
        assert values(read_templates({"App": parent, "App/Child": child})) == expected
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"Mode": {"Ref": "Env"}}}}
    parent = {"Parameters": {"Env": ENV}, "Resources": {"Child": nested}}
    found = values(read_templates({"App": parent, "App/Child": child}))
    assert found == {(("Child/Prod", True),): "yes", (("Child/Prod", False),): Unknown("parameter Env of App")}


def many(count: int) -> tuple[Landscape, ...]:
    names = [f"P{n:02}" for n in range(count)]
    return read(
        {name: equals(name, "x") for name in names},
        {name: probe({"Fn::If": [name, "yes", "no"]}) for name in names},
        {name: {"Type": "String"} for name in names},
    )


def test_sixty_four_outcomes_are_tried() -> None:
    assert len(many(6)) == 64
    assert not any("too many" in note.text for note in many(6)[0].notes)


def test_what_more_conditions_decide_is_unknown() -> None:
    landscapes = many(7)
    assert len(landscapes) == 64
    assert "P06" not in str(landscapes[0].assumes)
    for one in landscapes:
        [left_out] = [it.properties["Value"] for it in one.resources if it.source.logical_id == "P06"]
        assert left_out == Unknown("what condition P06 of App decides")
        assert [note.text for note in one.notes if "too many" in note.text] == [
            "condition P06 of App is one of too many to try: what it decides is unknown"
        ]


def test_a_policy_that_exists_under_one_condition_too_many_is_unknown() -> None:
    names = [f"P{n:02}" for n in range(7)]
    resources: Text = {name: probe({"Fn::If": [name, "yes", "no"]}) for name in names[:6]}
    resources["Role"] = {"Type": "AWS::IAM::Role"}
    document = {"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
    properties = {"PolicyName": "p", "PolicyDocument": document, "Roles": [{"Ref": "Role"}]}
    resources["Policy"] = {"Type": "AWS::IAM::Policy", "Condition": "P06", "Properties": properties}
    conditions = {name: equals(name, "x") for name in names}
    for one in read(conditions, resources, {name: {"Type": "String"} for name in names}):
        [policy] = one.identities[0].policies
        assert policy.statements[0].effect.value == "unknown"


@pytest.mark.parametrize("closed, found", [(["a", "a"], {"yes", "no"}), (["a", "b"], {"no"})])
def test_what_is_closed_within_an_open_condition_decides_with_the_rest(closed: list[str], found: set[str]) -> None:
    conditions = {"Prod": {"Fn::And": [{"Fn::Equals": closed}, equals("Env", "prod")]}}
    assert set(values(read(conditions, YES_OR_NO, {"Env": ENV})).values()) == found
