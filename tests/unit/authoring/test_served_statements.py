"""The statements of a need, word by word, and when one of them is there already."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.served_statements import filled, for_source, is_granted, is_said, statements_for
from secure_kms_constructs.aws.catalogue import Grants, Need, Who
from tests.unit.authoring.small_apps import HERE, KEY, ROOT

SERVICE = {"Service": "x.amazonaws.com"}


def need(*actions: str, **more: Any) -> Need:
    return Need(
        type="AWS::X::Y", who=Who.SERVICE, source="https://x", actions=tuple(f"kms:{one}" for one in actions), **more
    )


def made(one: Need, name: str = "*", sid: str = "AllowX", **more: Any) -> list[tuple[Any, Any]]:
    return [(it["Action"], it.get("Condition")) for it in statements_for(one, name, SERVICE, sid, **more)]


CONTEXT = {"StringEquals": {"kms:EncryptionContext:a": "b"}}


def test_actions_without_a_context_stand_apart_from_those_with_one() -> None:
    one = need("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey", "Sign", context=(("a", "b"),))
    for_services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert made(one) == [
        ("kms:CreateGrant", CONTEXT | for_services),
        (["kms:Decrypt", "kms:GenerateDataKey"], CONTEXT),
        (["kms:DescribeKey", "kms:Sign"], None),
    ]
    assert made(need("Decrypt", "DescribeKey")) == [(["kms:Decrypt", "kms:DescribeKey"], None)]


@pytest.mark.parametrize(
    "grants, condition",
    [
        (Grants.FOR_SERVICES, {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
        (Grants.FOR_DECRYPT, {"ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"}}),
        (Grants.ANY, None),
    ],
)
def test_a_grant_is_bound_by_what_it_is_for(grants: Grants, condition: Any) -> None:
    assert made(need("CreateGrant", grants=grants)) == [("kms:CreateGrant", condition)]


@pytest.mark.parametrize(
    "more, condition",
    [
        ({"via": ("s3",)}, {"StringEquals": {"kms:ViaService": "s3.{region}.amazonaws.com"}}),
        (
            {"via": ("a", "b")},
            {"StringEquals": {"kms:ViaService": ["a.{region}.amazonaws.com", "b.{region}.amazonaws.com"]}},
        ),
        ({"via": ("a",), "any_region": True}, {"StringLike": {"kms:ViaService": "a.*.amazonaws.com"}}),
        ({"source_account": True}, {"StringEquals": {"aws:SourceAccount": "{account}"}}),
        ({"source_arn": "arn:x:{name}"}, {"ArnLike": {"aws:SourceArn": "arn:x:orders"}}),
        ({"context": (("a", "{name}"),)}, {"StringEquals": {"kms:EncryptionContext:a": "orders"}}),
        ({"context": (("a", "x/*"),)}, {"StringLike": {"kms:EncryptionContext:a": "x/*"}}),
        ({"context": (("a", "x-??????"),)}, {"StringLike": {"kms:EncryptionContext:a": "x-??????"}}),
        (
            {"context": (("a", "1"), ("b", "2"))},
            {"StringEquals": {"kms:EncryptionContext:a": "1", "kms:EncryptionContext:b": "2"}},
        ),
    ],
)
def test_a_need_is_bound_by_what_its_page_says(more: dict[str, Any], condition: dict[str, Any]) -> None:
    assert made(need("Decrypt", **more), "orders") == [("kms:Decrypt", condition)]


def test_a_tie_stands_beside_the_conditions_of_a_need() -> None:
    tie = {"ArnEquals": {"aws:PrincipalArn": "x"}}
    assert made(need("Decrypt", context=(("a", "b"),)), tie=tie) == [("kms:Decrypt", tie | CONTEXT)]


def test_a_statement_of_the_deployer_is_called_by_its_first_action() -> None:
    several = list(statements_for(need("CreateGrant", "Decrypt"), "*", SERVICE, ""))
    assert [one["Sid"] for one in several] == ["AllowDeployerToCreateGrant", "AllowDeployerToDecrypt"]
    assert {one["Sid"] for one in statements_for(need("Decrypt"), "*", SERVICE, "AllowX")} == {"AllowX"}


def test_the_place_is_filled_in_wherever_a_text_is() -> None:
    value = {"{region}": ["{account}", {"Resource": "{region}", "Attribute": "Arn"}, 1], "x": KEY}
    assert filled(value, HERE) == {
        "us-east-1": ["111122223333", {"Resource": "{region}", "Attribute": "Arn"}, 1],
        "x": KEY,
    }


# -- what is there already --

ROLE_ARN = "arn:aws:iam::111122223333:role/app"
ASKED = {
    "Effect": "Allow",
    "Principal": {"AWS": ROLE_ARN},
    "Action": ["kms:Decrypt", "kms:Encrypt"],
    "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
}
BY_NAME = {
    **ASKED,
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Condition": {"ArnEquals": {"aws:PrincipalArn": [ROLE_ARN, "arn:other"]}},
}


def there(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {**ASKED, "Condition": {operator: {key: list(values)}}}


VIA = "kms:ViaService"


@pytest.mark.parametrize(
    "several, answer",
    [
        ([ASKED], True),
        ([{**ASKED, "Principal": {"AWS": ["x", ROLE_ARN]}}], True),
        ([{**ASKED, "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}], False),
        ([{**ASKED, "Principal": ROLE_ARN}], False),
        ([{**ASKED, "Principal": {"Service": ROLE_ARN}}], False),
        ([BY_NAME], True),
        ([{**BY_NAME, "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:other"}}}], False),
        # Two together say what neither says alone.
        ([{**ASKED, "Action": "kms:Decrypt"}, {**ASKED, "Action": "kms:Enc*"}], True),
        ([{**ASKED, "Action": "kms:Decrypt"}, {**ASKED, "Action": "kms:Encrypt", "Effect": "Deny"}], False),
        ([{**ASKED, "Condition": None}], True),
        # Who calls is bound by the account, which is the same.
        ([there("StringEquals", "kms:CallerAccount", "111122223333")], True),
        ([there("StringEquals", VIA, "sqs.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com")], True),
        ([there("StringEquals", VIA.upper(), "s3.us-east-1.amazonaws.com")], True),
        ([there("StringEquals", VIA, "s3.*.amazonaws.com")], False),
        ([there("StringLike", VIA, "s3.*.amazonaws.com")], True),
        ([there("StringLike", VIA, "sqs.*.amazonaws.com")], False),
        ([there("ArnEquals", VIA, "s3.*.amazonaws.com")], True),
        ([there("ForAnyValue:StringEquals", VIA, "s3.us-east-1.amazonaws.com")], False),
        ([there("StringEquals", "aws:SourceAccount", "111122223333")], False),
        ([], False),
    ],
)
def test_what_is_there_already_is_no_narrower(several: list[dict[str, Any]], answer: bool) -> None:
    assert is_said(ASKED, several) is answer


def test_all_values_that_are_asked_have_to_be_there() -> None:
    both = {
        **ASKED,
        "Condition": {"StringEquals": {VIA: ["s3.us-east-1.amazonaws.com", "sqs.us-east-1.amazonaws.com"]}},
    }
    assert is_said(both, [both])
    assert not is_said(both, [ASKED])


def test_what_is_asked_without_a_condition_is_said_by_none_with_one() -> None:
    bare = {name: value for name, value in ASKED.items() if name != "Condition"}
    assert is_said(bare, [bare])
    assert not is_said(bare, [ASKED])


ROLE = "arn:aws:iam::111122223333:role/App-Role-*"


@pytest.mark.parametrize(
    "named, names, granted",
    [
        # By the form of a name that CloudFormation makes up, as one of the names that its role may have.
        (ROLE, {ROLE}, True),
        (ROLE, {"role/App-Role-* of 111122223333"}, True),
        (ROLE, {ROLE.replace("App", "Other")}, False),
        # Whoever they are.
        (ROLE, None, True),
    ],
)
def test_a_role_that_a_condition_names_beside_the_root_is_granted(named: str, names: Any, granted: bool) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": "kms:Decrypt",
        "Condition": {"ArnLike": {"aws:PrincipalArn": named}},
    }
    assert is_granted(need("Decrypt"), [statement], "arn:aws:iam::111122223333:role/deployer", names) is granted
    assert not is_granted(need("Decrypt"), [{**statement, "Condition": {}}], "deployer", names)


def test_only_the_source_of_a_service_is_of_another_place() -> None:
    context = {"kms:EncryptionContext:x": "arn:aws:x:{region}:{account}:y"}
    source = {"aws:SourceAccount": "{account}"}
    arn = {"ArnLike": {"aws:SourceArn": "arn:{partition}:logs:{region}:{account}:*"}}
    made = for_source({"Action": "kms:Decrypt", "Condition": {"StringEquals": {**context, **source}, **arn}}, "4", "us")
    assert made["Condition"] == {
        "StringEquals": {**context, "aws:SourceAccount": "4"},
        "ArnLike": {"aws:SourceArn": "arn:{partition}:logs:us:4:*"},
    }
    bare = {"Action": "kms:Decrypt"}
    assert for_source(bare, "4", "us") == bare
