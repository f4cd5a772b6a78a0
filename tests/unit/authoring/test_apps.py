"""Values of an app as the look at synth sees them: references by path, and what stands at a property path."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import App, Looked, beside, in_template_form, reference, value_at, values_at

ARN = {"Resource": "Stack/Key", "Attribute": "Arn"}
REF = {"Resource": "Stack/Key", "Attribute": "Ref"}


@pytest.mark.parametrize(
    "value, form",
    [
        (ARN, {"Fn::GetAtt": ["Key1", "Arn"]}),
        (REF, {"Ref": "Key1"}),
        ({**REF, "Resource": "Stack/Other"}, {"Ref": "Stack/Other"}),
        ([REF, {"a": [ARN]}], [{"Ref": "Key1"}, {"a": [{"Fn::GetAtt": ["Key1", "Arn"]}]}]),
        ({**REF, "More": 1}, {**REF, "More": 1}),
        ("x", "x"),
        (None, None),
    ],
)
def test_a_value_stands_in_a_template_by_logical_ids(value: Any, form: Any) -> None:
    assert in_template_form(value, {"Stack/Key": "Key1"}) == form


def test_a_reference_is_nothing_but_one() -> None:
    assert reference(ARN) == ("Stack/Key", "Arn")
    assert [reference(one) for one in ({"Resource": "x"}, {**ARN, "More": 1}, "x", [ARN])] == [None] * 4


def test_a_value_that_refers_to_one_resource_of_the_app_is_that_one() -> None:
    role = Looked("Stack/Role", "Role", "AWS::IAM::Role", "Stack", {})
    app = App({role.path: role}, {})
    its, elsewhere = {"Resource": "Stack/Role", "Attribute": "Arn"}, {"Resource": "Elsewhere", "Attribute": "Arn"}
    assert app.at(its) is role
    assert app.at({"Fn::Join": ["", [its, elsewhere, its]]}) is role
    assert app.at(elsewhere) is None
    other = Looked("Stack/Other", "Other", "AWS::IAM::Role", "Stack", {})
    assert App({role.path: role, other.path: other}, {}).at([its, {**its, "Resource": "Stack/Other"}]) is None


PROPERTIES = {
    "Rules": [{"Key": "a"}, {"Key": None}, "text", {"Key": {"x": 1}}],
    "Named": {"one": {"Key": "b"}, "two": {"Other": "c"}},
    "By": REF,
    "Nothing": None,
}


@pytest.mark.parametrize(
    "path, found",
    [
        ("Rules/*/Key", [("Rules/0/Key", "a"), ("Rules/3/Key", {"x": 1})]),
        ("Named/*/Key", [("Named/one/Key", "b")]),
        ("Named/*", [("Named/one", {"Key": "b"}), ("Named/two", {"Other": "c"})]),
        # A reference has parts of its own, which are no members.
        ("By/*", []),
        ("By", [("By", REF)]),
        ("Nothing", []),
        ("Rules/Key", []),
        ("Missing/*/Key", []),
        ("Rules/*/Key/x/y", []),
    ],
)
def test_a_property_path_finds_each_value_with_its_place(path: str, found: list[tuple[str, Any]]) -> None:
    assert [(one.text, one.value) for one in values_at(PROPERTIES, path)] == found


@pytest.mark.parametrize(
    "path, value",
    [
        ("Rules/0/Key", "a"),
        ("Rules/9/Key", None),
        ("Rules/x/Key", None),
        ("Rules/2/Key", None),
        ("Named/one/Key", "b"),
        ("Named/0/Key", None),
        ("Nothing/x", None),
    ],
)
def test_one_value_is_found_by_its_place(path: str, value: Any) -> None:
    assert value_at(PROPERTIES, path) == value


@pytest.mark.parametrize(
    "path, steps, filled",
    [
        ("Rules/*/Role", ("Rules", "2", "Key"), "Rules/2/Role"),
        ("Rules/*/Of/*/Role", ("Rules", "2", "Of", "3", "Key"), "Rules/2/Of/3/Role"),
        ("Other/*/Role", ("Rules", "2", "Key"), "Other/*/Role"),
        ("Rules/*/Role", ("Rules",), "Rules/*/Role"),
        ("Role", ("Rules", "2"), "Role"),
    ],
)
def test_what_stands_beside_is_of_the_same_member(path: str, steps: tuple[str, ...], filled: str) -> None:
    assert beside(path, steps) == filled
