"""The deployer can create a key, use it and change it, or synth says which statement is in the way."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.deployability import Found, look

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
    return look(policy, DEPLOYER, known, more.pop("created", {}), **more).problems


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


# -- a stack without environment --

ANYWHERE = "arn:${AWS.Partition}:iam::${AWS.AccountId}:role/cdk-hnb659fds-cfn-exec-role-${AWS.AccountId}-${AWS.Region}"


def anywhere(*statements: Any, deployer: str = ANYWHERE, **more: Any) -> Found:
    owner = {**OWNER, "Principal": {"AWS": deployer}}
    return look({"Version": "2012-10-17", "Statement": [owner, *statements]}, deployer, {}, more.pop("created", {}))


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(unless(BREAK_GLASS), id="another role, whatever the account"),
        pytest.param(unless("arn:aws:iam::*:role/app-*", operator="ArnNotLike"), id="a pattern of other roles"),
        pytest.param(
            {"StringEquals": {"aws:PrincipalAccount": "${AWS.AccountId}"}}, id="whoever is of the account of the key"
        ),
    ],
)
def test_what_every_place_denies_is_a_problem_before_the_place_is_known(condition: dict[str, Any]) -> None:
    [message], doubts = anywhere(deny("kms:Put*", **condition))
    assert message.endswith('exempt it in that statement, "ArnNotEquals": {"aws:PrincipalArn": [key.deployer_arn]}')
    assert doubts == []


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(unless(ANYWHERE), id="the deployer itself"),
        pytest.param(unless("arn:*:iam::*:role/cdk-*", operator="ArnNotLike"), id="a pattern that means it"),
        pytest.param({"StringNotEquals": {"aws:PrincipalAccount": "${AWS.AccountId}"}}, id="the account of the key"),
        pytest.param({"StringNotEquals": {"aws:ResourceAccount": "${AWS.AccountId}"}}, id="the account again"),
    ],
)
def test_what_no_place_denies_is_nothing(condition: dict[str, Any]) -> None:
    assert anywhere(deny("kms:Put*", **condition)) == Found([], [])


@pytest.mark.parametrize(
    "condition, where",
    [
        pytest.param(
            {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, "in account 000000000000", id="one account"
        ),
        pytest.param(
            {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, f"in account {ACCOUNT}", id="all but one account"
        ),
        pytest.param(
            unless("arn:aws:iam::11*:role/cdk-*", operator="ArnNotLike"),
            "in account 000000000000",
            id="accounts of a pattern",
        ),
        pytest.param(
            unless("arn:aws:iam::*:role/cdk-*", operator="ArnNotLike"), "and region cn-north-1", id="one partition"
        ),
        pytest.param(
            unless("arn:*:iam::*:role/cdk-*-us-east-1", operator="ArnNotLike"),
            "and region ap-southeast-2",
            id="one region",
        ),
        pytest.param(
            unless("arn:*:iam::*:role/cdk-*-eu-*", operator="ArnNotLike"),
            "and region ap-southeast-2",
            id="regions of a pattern",
        ),
    ],
)
def test_what_some_places_deny_is_a_doubt_with_the_line_to_write(condition: dict[str, Any], where: str) -> None:
    problems, [message] = anywhere(deny("kms:Put*", **condition))
    assert problems == []
    assert "would be denied kms:PutKeyPolicy in account " in message
    assert where in message
    assert message.endswith('"ArnNotEquals": {"aws:PrincipalArn": [key.deployer_arn]}')
    exempt = {**condition, "ArnNotEquals": {"aws:PrincipalArn": ANYWHERE}}
    assert anywhere(deny("kms:Put*", **exempt)) == Found([], [])


def test_what_nobody_knows_of_the_call_is_a_doubt_too() -> None:
    statement = deny("kms:*", NotIpAddress={"aws:SourceIp": "10.0.0.0/8"})
    policy = {"Version": "2012-10-17", "Statement": [OWNER, statement]}
    problems, [message] = look(policy, DEPLOYER, KNOWN, {})
    assert problems == []
    assert f"the deployer {LITERAL} may be denied kms:PutKeyPolicy, " in message
    assert "aws:SourceIp wants 10.0.0.0/8" in message
    exempt = {**statement, "Condition": {**statement["Condition"], "ArnNotEquals": {"aws:PrincipalArn": LITERAL}}}
    assert look({**policy, "Statement": [OWNER, exempt]}, DEPLOYER, KNOWN, {}) == Found([], [])


def test_a_service_of_a_region_that_is_not_known_is_that_of_the_policy() -> None:
    via = "secretsmanager.${AWS.Region}.amazonaws.com"
    other = deny("kms:Decrypt", StringNotEquals={"kms:ViaService": via})
    assert anywhere(other, created={via: ["kms:Decrypt"]}) == Found([], [])
    same = deny("kms:Decrypt", StringEquals={"kms:ViaService": via})
    [message], _ = anywhere(same, created={via: ["kms:Decrypt"]})
    assert f"kms:Decrypt through {via}" in message


@pytest.mark.parametrize(
    "deployer, says",
    [
        pytest.param("${Deployer}", "pass deployer= with the ARN of a role or user", id="no ARN"),
        pytest.param(DEPLOYER, "write each statement of the key policy as one", id="a function for a statement"),
    ],
)
def test_what_cannot_be_read_is_a_doubt(deployer: str, says: str) -> None:
    more = "${If}" if says.startswith("write") else deny("kms:Encrypt")
    problems, [message] = anywhere(more, deployer=deployer)
    assert problems == []
    assert "cannot be told" in message
    assert message.endswith(says)


def bypass(value: str) -> dict[str, Any]:
    return {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": value}}


@pytest.mark.parametrize(
    "statement, denied",
    [
        # CloudFormation never leaves the check out, and only who writes a policy can.
        (deny("kms:PutKeyPolicy", **bypass("true")), None),
        (deny("kms:PutKeyPolicy", **bypass("false")), "kms:PutKeyPolicy"),
        (deny("kms:DescribeKey", **bypass("false")), None),
    ],
)
def test_the_deployer_writes_the_policy_with_the_lockout_check(statement: dict[str, Any], denied: str | None) -> None:
    told = look({"Version": "2012-10-17", "Statement": [OWNER, statement]}, DEPLOYER, KNOWN, {})
    assert [f"would be denied {denied}," in one for one in told.problems] == ([True] if denied else [])
    # Of an action that has no such condition key it is not known.
    assert bool(told.doubts) is (statement["Action"] == "kms:DescribeKey")


def for_services(value: str) -> dict[str, Any]:
    return {"Bool": {"kms:GrantIsForAWSResource": value}}


@pytest.mark.parametrize(
    "statement, denied",
    [
        (deny("kms:CreateGrant", **for_services("false")), False),
        (deny("kms:CreateGrant", **for_services("true")), True),
        (deny("kms:Decrypt", **for_services("true")), False),
    ],
)
def test_the_grants_that_a_deployment_makes_are_for_services(statement: dict[str, Any], denied: bool) -> None:
    grants = {**OWNER, "Action": [*OWNER["Action"], "kms:CreateGrant"]}
    policy = {"Version": "2012-10-17", "Statement": [grants, statement]}
    problems = look(policy, DEPLOYER, KNOWN, {VIA: ["kms:CreateGrant", "kms:Decrypt"]}).problems
    assert [f"would be denied kms:CreateGrant through {VIA}" in one for one in problems] == ([True] if denied else [])


def test_what_hangs_on_the_call_is_not_said_of_a_place() -> None:
    agnostic = "arn:${AWS.Partition}:iam::${AWS.AccountId}:role/deployer-${AWS.Region}"
    owner = {**OWNER, "Principal": {"AWS": agnostic}}
    elsewhere = deny("kms:PutKeyPolicy", NotIpAddress={"aws:SourceIp": "10.0.0.0/8"})
    [doubt] = look({"Version": "2012-10-17", "Statement": [owner, elsewhere]}, agnostic, KNOWN, {}).doubts
    name = agnostic.replace("${AWS.Partition}", "aws")
    assert f"the deployer {name} may be denied kms:PutKeyPolicy, and KMS refuses" in doubt
