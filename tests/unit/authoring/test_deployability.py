"""The deployer can create a key, use it and change it, or synth says which statement is in the way."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.deployability import problems

ACCOUNT = "111122223333"
DEPLOYER = f"arn:${{AWS.Partition}}:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-eu-west-1"
KNOWN = {"${AWS.Partition}": "aws"}
LITERAL = DEPLOYER.replace("${AWS.Partition}", "aws")
VIA = "secretsmanager.eu-west-1.amazonaws.com"
CREATED = {VIA: ["kms:Decrypt", "kms:GenerateDataKey"]}
OWNER = {
    "Effect": "Allow",
    "Principal": {"AWS": DEPLOYER},
    "Action": ["kms:PutKeyPolicy", "kms:DescribeKey", "kms:EnableKeyRotation", "kms:Decrypt", "kms:GenerateDataKey"],
    "Resource": "*",
}
BREAK_GLASS = f"arn:aws:iam::{ACCOUNT}:role/break-glass"


def deny(action: Any, principal: Any = "*", **condition: Any) -> dict[str, Any]:
    statement = {"Sid": "Own", "Effect": "Deny", "Principal": principal, "Action": action, "Resource": "*"}
    return {**statement, "Condition": condition} if condition else statement


def found(*statements: dict[str, Any], known: dict[str, str] = KNOWN, **more: Any) -> list[str]:
    policy = {"Version": "2012-10-17", "Statement": [OWNER, *statements]}
    return list(problems(policy, DEPLOYER, known, more.pop("created", {}), **more))


def unless(*names: str, operator: str = "ArnNotEquals") -> dict[str, Any]:
    return {operator: {"aws:PrincipalArn": list(names)}}


LOCKS = [
    pytest.param(deny("kms:PutKeyPolicy", **unless(BREAK_GLASS)), "kms:PutKeyPolicy", id="unless break-glass"),
    pytest.param(
        deny("kms:*", **unless(BREAK_GLASS, f"arn:aws:iam::{ACCOUNT}:role/app-*", operator="StringNotLike")),
        "kms:PutKeyPolicy",
        id="unless one of two roles",
    ),
    pytest.param(deny("kms:Put*", {"AWS": DEPLOYER}), "kms:PutKeyPolicy", id="of the deployer by its ARN"),
    pytest.param(
        deny("kms:*", ArnNotLike={"aws:SourceArn": "arn:aws:s3:::b"}), "kms:PutKeyPolicy", id="unless a source ARN"
    ),
    pytest.param(
        deny("kms:*", StringNotEquals={"aws:SourceAccount": ACCOUNT}), "kms:PutKeyPolicy", id="unless a source account"
    ),
    pytest.param(deny("kms:*", Null={"kms:ViaService": "true"}), "kms:PutKeyPolicy", id="unless through a service"),
    pytest.param(deny("kms:EnableKeyRotation"), "kms:EnableKeyRotation", id="of rotation"),
    pytest.param(deny("kms:DescribeKey"), "kms:DescribeKey", id="of DescribeKey"),
]


@pytest.mark.parametrize("statement, action", LOCKS)
def test_a_deny_in_the_way_of_the_deployer_is_named_with_the_exemption(statement: dict[str, Any], action: str) -> None:
    [message] = found(statement)
    assert f"the deployer {LITERAL} would be denied {action}" in message
    assert "(Own) denies" in message
    assert f'"ArnNotEquals": {{"aws:PrincipalArn": ["{LITERAL}"]}}' in message


@pytest.mark.parametrize("statement, action", [one for one in LOCKS if one.values[0]["Principal"] == "*"])  # type: ignore[index]
def test_the_exemption_works(statement: dict[str, Any], action: str) -> None:
    assert action
    conditions = {**statement.get("Condition", {})}
    names = conditions.get("ArnNotEquals", {}).get("aws:PrincipalArn", [])
    conditions["ArnNotEquals"] = {"aws:PrincipalArn": [*names, LITERAL]}
    assert found({**statement, "Condition": conditions}) == []


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(deny("kms:Encrypt", **unless(BREAK_GLASS)), id="of an action that creation does not need"),
        pytest.param(deny("kms:*", {"AWS": BREAK_GLASS}), id="of another role"),
        pytest.param(deny("kms:*", Null={"kms:ViaService": "false"}), id="of what comes through services"),
        pytest.param(deny("kms:*", NotIpAddress={"aws:SourceIp": "10.0.0.0/8"}), id="by what nobody knows"),
    ],
)
def test_another_deny_passes(statement: dict[str, Any]) -> None:
    assert found(statement) == []


def test_a_key_that_does_not_rotate_needs_no_rotation() -> None:
    assert found(deny("kms:EnableKeyRotation"), rotates=False) == []


@pytest.mark.parametrize("created, denied", [({}, False), (CREATED, True)])
def test_uses_count_where_something_is_created_with_the_key(created: dict[str, Any], denied: bool) -> None:
    messages = found(deny("kms:GenerateDataKey", **unless(BREAK_GLASS)), created=created)
    assert bool(messages) is denied
    assert all(f"kms:GenerateDataKey through {VIA}, which creates resources" in one for one in messages)


def test_an_account_that_is_not_known_is_compared_with_nothing() -> None:
    deployer = DEPLOYER.replace(ACCOUNT, "${AWS.AccountId}")
    statement = {**OWNER, "Principal": {"AWS": deployer}}
    policy = {"Statement": [statement, deny("kms:*", **unless(BREAK_GLASS))]}
    assert list(problems(policy, deployer, KNOWN, {})) == []
