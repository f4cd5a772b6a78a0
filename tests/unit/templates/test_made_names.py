"""A literal name that may turn out to be that of a role or user which the templates make: never a certain no."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import ROOT, AccessMap, assert_cannot, assert_only
from secure_kms_constructs.checks import check_templates
from secure_kms_constructs.templates import TemplateError, read_templates

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "eu-west-1"
Json = dict[str, Any]
NAME = "Shop-Reader-1A2b3C4d5E6f"
LITERAL = f"arn:aws:iam::{ACCOUNT}:role/{NAME}"
ANY_NAME: Json = {"RoleName": {"Ref": "Name"}}
LONG = "Reader" * 12


def named(*principals: str) -> Json:
    return {"Principal": {"AWS": list(principals)}}


def where(operator: str, value: str, key: str = "aws:PrincipalArn") -> Json:
    return {"Principal": "*", "Condition": {operator: {key: value}}}


def template(whom: Json, properties: Json | None = None, kind: str = "Role", logical_id: str = "Reader") -> Json:
    allow = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", **whom}
    key = {"KeyPolicy": {"Version": "2012-10-17", "Statement": [allow]}}
    return {
        "Resources": {
            "Key": {"Type": "AWS::KMS::Key", "Properties": key},
            logical_id: {"Type": f"AWS::IAM::{kind}", "Properties": properties or {}},
        }
    }


def may(shop: Json, name: str = "Shop/Reader", **given: Any) -> bool | None:
    """Whether somebody whom the template makes may decrypt."""
    access = AccessMap.from_templates({"Shop": shop}, account=ACCOUNT, region=REGION, **given)
    found = [row.allowed for row in access.who_can("kms:Decrypt", "Shop/Key") if row.principal == name]
    return found[0] if found else False


# Each that is not certain has a neighbour that is.
CASES: dict[str, tuple[Json, bool | None]] = {
    "a name of the form that CloudFormation gives": (template(named(LITERAL)), None),
    "one character longer": (template(named(f"{LITERAL}7")), None),
    "two characters longer": (template(named(f"{LITERAL}78")), False),
    "one character shorter": (template(named(LITERAL[:-1])), False),
    "that of another logical id": (template(named(LITERAL.replace("Reader", "Writer"))), False),
    "that of another account": (template(named(LITERAL.replace(ACCOUNT, OTHER))), False),
    "that of another partition": (template(named(LITERAL.replace("arn:aws:", "arn:aws-cn:"))), False),
    "that of a user": (template(named(LITERAL.replace("role/", "user/"))), False),
    "with a path that the role does not have": (template(named(LITERAL.replace("role/", "role/team/"))), False),
    "with the path of the role": (template(named(LITERAL.replace("role/", "role/team/")), {"Path": "/team/"}), None),
    "a role with a name of its own": (template(named(LITERAL), {"RoleName": "Reader"}), False),
    "a role with a name that is not known": (template(named(f"arn:aws:iam::{ACCOUNT}:role/x"), ANY_NAME), None),
    "in a condition": (template(where("ArnEquals", LITERAL)), None),
    "in a condition about another": (template(where("ArnEquals", LITERAL.replace("Reader", "Other"))), False),
    "a pattern of any such name, where the stack is called so": (template(where("ArnLike", f"{LITERAL[:-12]}*")), None),
    "a pattern of any such name": (template(where("ArnLike", f"arn:aws:iam::{ACCOUNT}:role/*-Reader-*")), True),
    "a pattern of what begins as another stack": (
        template(where("ArnLike", f"arn:aws:iam::{ACCOUNT}:role/prod-*")),
        None,
    ),
    "a pattern within the random part": (template(where("ArnLike", f"{LITERAL[:-11]}*")), None),
    "a pattern of its end": (template(where("ArnLike", f"arn:aws:iam::{ACCOUNT}:role/*{NAME[-13:]}")), None),
    "a pattern of another name": (template(where("ArnLike", f"arn:aws:iam::{ACCOUNT}:role/Other-?")), False),
    "a name that is cut short": (
        template(named(f"arn:aws:iam::{ACCOUNT}:role/Shop-{LONG[:46]}-1A2b3C4d5E6f"), logical_id=LONG),
        None,
    ),
    "one that is cut short elsewhere": (
        template(named(f"arn:aws:iam::{ACCOUNT}:role/Shop-x{LONG[:45]}-1A2b3C4d5E6f"), logical_id=LONG),
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_whether_a_role_may(name: str) -> None:
    shop, expected = CASES[name]
    logical_id = next(one for one in shop["Resources"] if one != "Key")
    assert may(shop, f"Shop/{logical_id}") is expected


@pytest.mark.parametrize(
    "whom, expected",
    [
        (named(LITERAL.replace("role/", "user/")), None),
        (where("StringEquals", NAME, "aws:username"), None),
        (where("StringEquals", "another", "aws:username"), False),
        (named(LITERAL), False),
    ],
)
def test_whether_a_user_may(whom: Json, expected: bool | None) -> None:
    assert may(template(whom, kind="User")) is expected


def test_a_policy_attached_by_such_a_name_may_be_its() -> None:
    shop = template({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}})
    for role, expected in (("Shop-Reader-1A2b3C4d5E6f", None), ("Shop-Other-1A2b3C4d5E6f", False)):
        statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
        properties = {"PolicyName": "p", "PolicyDocument": {"Statement": statement}, "Roles": [role]}
        shop["Resources"]["Policy"] = {"Type": "AWS::IAM::Policy", "Properties": properties}
        assert may(shop) is expected


def test_a_pattern_that_the_stand_in_happens_to_be_like_is_not_certain_either() -> None:
    [landscape] = read_templates({"Shop": template(named(OTHER))}, account=ACCOUNT, region=REGION)
    [arn] = [one.arn for one in landscape.identities if one.source]
    assert may(template(where("ArnLike", f"{arn[:-11]}*"))) is None


def test_no_assertion_passes() -> None:
    access = AccessMap.from_templates({"Shop": template(named(LITERAL))}, account=ACCOUNT, region=REGION)
    for one in ("Shop/Reader", LITERAL):
        with pytest.raises(AssertionError):
            assert_cannot(access, "kms:Decrypt", "Shop/Key", one)
    with pytest.raises(AssertionError):
        assert_only(access, "kms:Decrypt", "Shop/Key", {ROOT, LITERAL})


def test_whoever_tells_the_name_has_it_for_certain() -> None:
    shop = template(named(LITERAL))
    assert may(shop, same={"Shop/Reader": LITERAL}) is True
    assert may(shop, same={"Shop/Reader": f"{LITERAL[:-1]}0"}) is False
    assert may(template(named(LITERAL), ANY_NAME), same={"Shop/Reader": LITERAL}) is True


@pytest.mark.parametrize(
    "properties, arn, says",
    [
        ({}, LITERAL.replace(ACCOUNT, OTHER), f"same must give the ARN of Shop/Reader as arn:aws:iam::{ACCOUNT}:role/"),
        ({"RoleName": "Reader"}, LITERAL, "the name that its template gives it, Reader, got"),
    ],
)
def test_what_cannot_be_its_name_is_an_error(properties: Json, arn: str, says: str) -> None:
    with pytest.raises(TemplateError, match=says):
        read_templates({"Shop": template({}, properties)}, account=ACCOUNT, region=REGION, same={"Shop/Reader": arn})


def test_too_many_names_leave_all_open_and_say_so() -> None:
    names = [f"{LITERAL[:-2]}{number}" for number in range(10, 23)]
    [landscape] = read_templates({"Shop": template(named(*names))}, account=ACCOUNT, region=REGION)
    assert any("which of the many names" in note.text for note in landscape.notes)
    assert may(template(named(*names))) is None
    assert may(template(named(*(one.replace("Reader", "Other") for one in names)))) is False


def test_a_rule_that_depends_on_the_name_is_undecided() -> None:
    root = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": LITERAL}}
    shop = template({})
    shop["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"] = [root]
    report = check_templates({"Shop": shop}, account=ACCOUNT, region=REGION)
    depending = [one for one in report.findings if any("the name of" in it for it in one.when)]
    assert depending
    assert all(one.undecided for one in depending)


def test_a_partition_that_no_region_tells_may_be_the_one_that_a_policy_names() -> None:
    china = f"arn:aws-cn:iam::{ACCOUNT}:role/Reader"
    shop = template(named(china), {"RoleName": "Reader"})
    for region, expected in ((None, None), ("cn-north-1", True), ("eu-west-1", False)):
        access = AccessMap.from_templates({"Shop": shop}, account=ACCOUNT, region=region)
        found = [row.allowed for row in access.who_can("kms:Decrypt", "Shop/Key") if row.principal == "Shop/Reader"]
        assert (found[0] if found else False) is expected
