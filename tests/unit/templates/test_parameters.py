"""What a parameter decides: the value given, each allowed value as a case, and otherwise nothing."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.checks import check_templates

ACCOUNT, REGION = "111122223333", "eu-west-1"
Json = dict[str, Any]
PARAMETER = {"Ref": "P"}
ADMIN, BASIC = (f"arn:aws:iam::aws:policy/{name}" for name in ("AdministratorAccess", "AmazonS3ReadOnlyAccess"))


def document(effect: Any = "Allow", **more: Any) -> Json:
    statement = {"Effect": effect, "Action": "kms:Decrypt", "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


ROOT = document(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})


def template(declared: Json, key_policy: Json = ROOT, **role: Any) -> Json:
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": key_policy}}
    made = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "app", **role}}
    return {"Parameters": {"P": {"Type": "String", **declared}}, "Resources": {"Key": key, "Role": made}}


def inline(policy: Json) -> list[Json]:
    return [{"PolicyName": "p", "PolicyDocument": policy}]


def answers(given: Json, **more: Any) -> dict[str, bool | None]:
    """Whether the role may decrypt, by what is assumed."""
    access = AccessMap.from_templates({"T": given}, account=ACCOUNT, region=REGION, **more)
    rows = [row for row in access.who_can("kms:Decrypt", "T/Key") if row.principal == "T/Role"]
    return {" or ".join(row.when): row.allowed for row in rows}


# What it decides, a value of it with which the role may decrypt, and one with which it may not.
DECIDES: dict[str, tuple[Json, str, str]] = {
    "an Effect": ({"Policies": inline(document(PARAMETER))}, "Allow", "Deny"),
    "an action": ({"Policies": inline(document(Action=PARAMETER))}, "kms:Decrypt", "kms:Encrypt"),
    "a managed policy": ({"ManagedPolicyArns": [PARAMETER]}, ADMIN, BASIC),
    "a boundary": ({"Policies": inline(document()), "PermissionsBoundary": PARAMETER}, ADMIN, BASIC),
    "a principal": (
        {"key_policy": document(Principal={"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/${P}"}})},
        "app",
        "other",
    ),
}


@pytest.mark.parametrize("what", DECIDES)
def test_a_default_does_not_decide(what: str) -> None:
    given, yes, no = DECIDES[what]
    assert answers(template({"Default": yes}, **given)) == {"": None}
    assert answers(template({"Default": no}, **given)) == {"": None}


@pytest.mark.parametrize("what", DECIDES)
def test_a_given_value_decides(what: str) -> None:
    given, yes, no = DECIDES[what]
    assert answers(template({"Default": no}, **given), parameters={"T": {"P": yes}}) == {"": True}
    assert answers(template({"Default": yes}, **given), parameters={"T": {"P": no}}) == {}


@pytest.mark.parametrize("what", DECIDES)
def test_each_allowed_value_is_a_case(what: str) -> None:
    given, yes, no = DECIDES[what]
    both = template({"Default": yes, "AllowedValues": [no, yes]}, **given)
    assert answers(both) == {f"T/P is {yes}": True}
    assert answers(template({"AllowedValues": [yes]}, **given)) == {"": True}
    assert answers(template({"AllowedValues": [no]}, **given)) == {}


def test_what_all_allowed_values_decide_alike_is_certain() -> None:
    policies = inline(document(Action=PARAMETER))
    assert answers(template({"AllowedValues": ["kms:*", "kms:Decrypt", "*"]}, Policies=policies)) == {"": True}
    two = template({"AllowedValues": ["kms:*", "kms:Decrypt", "s3:*"]}, Policies=policies)
    assert answers(two) == {"T/P is kms:* or T/P is kms:Decrypt": True}


def test_a_condition_goes_with_the_value_that_it_asks_for() -> None:
    given = template({"AllowedValues": ["a", "b"]}, Policies=inline(document({"Fn::If": ["IsA", "Allow", "Deny"]})))
    given["Conditions"] = {"IsA": {"Fn::Equals": [PARAMETER, "a"]}}
    assert answers(given) == {"T/IsA": True}
    given["Resources"]["Role"]["Properties"]["RoleName"] = PARAMETER
    assert answers(given) == {"T/IsA and T/P is a": True}


def test_more_values_than_can_be_tried_are_unknown() -> None:
    values = [f"kms:Decrypt{n}" for n in range(8)]
    assert answers(template({"AllowedValues": values}, Policies=inline(document(Action=PARAMETER)))) == {}
    more = [*values, "kms:Encrypt"]
    assert answers(template({"AllowedValues": more}, Policies=inline(document(Action=PARAMETER)))) == {"": None}


def test_what_decides_nothing_is_no_case() -> None:
    given = template({"AllowedValues": ["a", "b"]}, Policies=inline(document()), Description=PARAMETER)
    assert answers(given) == {"": True}
    assert len(AccessMap.from_templates({"T": given}, account=ACCOUNT, region=REGION).landscapes) == 1


def test_a_rule_does_not_take_a_default_for_a_value() -> None:
    given = template({"Default": "Allow"}, Policies=inline(document(PARAMETER)))
    report = check_templates({"T": given}, account=ACCOUNT, region=REGION)
    assert {one.undecided for one in report.findings if one.rule == "KLP101"} == {True}
    for value, undecided in (("Allow", {False}), ("Deny", set())):
        told = check_templates({"T": given}, account=ACCOUNT, region=REGION, parameters={"T": {"P": value}})
        assert {one.undecided for one in told.findings if one.rule == "KLP101"} == undecided


@pytest.mark.parametrize("taken", [{"Fn::Join": ["", PARAMETER]}, {"Fn::Select": ["0", PARAMETER]}])
def test_a_list_whose_order_may_matter_is_more_than_the_sets_of_its_members(taken: Json) -> None:
    listed = {"Type": "CommaDelimitedList", "AllowedValues": ["rypt", "kms:Dec", "kms:Decrypt"]}
    given = template(listed, Policies=inline(document(Action=taken)))
    assert answers(given) == {"": None}


def test_a_list_that_is_taken_whole_is_one_of_its_sets() -> None:
    listed = {"Type": "CommaDelimitedList", "AllowedValues": ["kms:Decrypt", "s3:*"]}
    given = template(listed, Policies=inline(document(Action=PARAMETER)))
    assert answers(given) == {"T/P is kms:Decrypt or T/P is kms:Decrypt,s3:*": True}
