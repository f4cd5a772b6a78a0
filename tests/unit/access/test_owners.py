"""Owners folded into one line of a snapshot: nothing but what owners have anyway is left out."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs import AccessMap

ACCOUNT, REGION = "111122223333", "eu-west-1"
DEPLOYER = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
MANAGES = ["kms:PutKeyPolicy", "kms:DescribeKey"]
VIA = {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}}


def allow(principal: Any, action: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}


def role(name: str, account: str = ACCOUNT) -> dict[str, str]:
    return {"AWS": f"arn:aws:iam::{account}:role/{name}"}


ROOT = allow(
    {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*", Condition={"StringEquals": {"aws:PrincipalType": "Account"}}
)
ADMIN = {"Fn::GetAtt": ["Admin", "Arn"]}
OWNERS = [ROOT, allow(role(DEPLOYER), MANAGES), allow({"AWS": ADMIN}, MANAGES)]


def lines(*statements: dict[str, Any], owners: bool = False) -> list[str]:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [*OWNERS, *statements]}}},
        "Admin": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
    }
    access = AccessMap.from_templates({"App": {"Resources": resources}}, account=ACCOUNT, region=REGION)
    key, *told = access.to_text(owners=owners).splitlines()
    assert key == "App/Key"
    return told


FOLDED = f"  owners: App/Admin, deployer {DEPLOYER}, root user of {ACCOUNT}"


def test_owners_are_one_line_that_names_them() -> None:
    assert lines() == [FOLDED]
    assert len(lines(owners=True)) == 3


def test_what_the_deployer_does_through_services_is_among_it() -> None:
    assert lines(allow(role(DEPLOYER), "kms:Decrypt", Condition=VIA)) == [FOLDED]


NOT_FOLDED = {
    "the deployer decrypts itself": allow(role(DEPLOYER), "kms:Decrypt"),
    "the deployer through anything but one service": allow(
        role(DEPLOYER), "kms:Decrypt", Condition={"StringNotEquals": VIA["StringEquals"]}
    ),
    "an administrator uses the key": allow({"AWS": ADMIN}, "kms:Decrypt"),
    "an administrator may make grants": allow({"AWS": ADMIN}, "kms:CreateGrant"),
    "an administrator uses it through a service": allow({"AWS": ADMIN}, "kms:Decrypt", Condition=VIA),
    "somebody of no template manages it": allow(role("Elsewhere"), MANAGES),
    "the root user of another account manages it": allow({"AWS": "arn:aws:iam::444455556666:root"}, "kms:Decrypt"),
    "the deployer of another account": allow(
        role(DEPLOYER.replace(ACCOUNT, "444455556666"), "444455556666"), "kms:Decrypt", Condition=VIA
    ),
    "everybody manages it": allow("*", MANAGES, Condition={"StringEquals": {"kms:CallerAccount": "444455556666"}}),
}


@pytest.mark.parametrize("statement", NOT_FOLDED.values(), ids=NOT_FOLDED)
def test_what_owners_need_not_have_keeps_its_line(statement: dict[str, Any]) -> None:
    told = lines(statement)
    assert [line for line in told if not line.startswith("  owners: ")], told


def test_a_new_owner_is_a_change() -> None:
    root = OWNERS.pop()
    try:
        assert lines() == [FOLDED.replace("App/Admin, ", "")]
    finally:
        OWNERS.append(root)
