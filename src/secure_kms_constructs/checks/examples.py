"""The templates that the examples of rules are made of: a key, a role and its policy with which nothing is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

# Where the examples go, so that what depends on the account of a stack can be told.
ACCOUNT, REGION = "111122223333", "us-east-1"
OTHER_ACCOUNT = "444455556666"
KEY_ID = "0987dcba-09fe-87dc-65ba-ab0987654321"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
VIA = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
OTHER_ROOT = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
_DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"


def allow(principal: str | Json | None, action: str | list[str], condition: Json | None = None, **more: Any) -> Json:
    """Return an Allow statement; of an identity policy where there is no principal."""
    statement: dict[str, Any] = {"Effect": "Allow"}
    if principal is not None:
        statement["Principal"] = {"AWS": principal} if isinstance(principal, str) and principal != "*" else principal
    statement |= {"Action": action, "Resource": "*"}
    return statement | ({"Condition": condition} if condition else {}) | more


def deploys(service: str, *actions: str) -> Json:
    """Return what lets whoever deploys use the key through a service."""
    via = {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
    return allow(_DEPLOYER, [f"kms:{action}" for action in actions], {"StringEquals": via})


# Whoever deploys, and nobody else, may change the key; it alone decides who uses it.
DEPLOYS = allow(_DEPLOYER, ["kms:DescribeKey", "kms:PutKeyPolicy", "kms:EnableKeyRotation", "kms:ScheduleKeyDeletion"])
ROOT_ONLY = allow(ROOT, "kms:*", {"StringEquals": {"aws:PrincipalType": "Account"}})
METADATA = allow(ROOT, ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants"])
NO_FOREIGN_GRANTS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "kms:CreateGrant",
    "Resource": "*",
    "Condition": {"BoolIfExists": {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}},
}
BASE = (ROOT_ONLY, METADATA, DEPLOYS, NO_FOREIGN_GRANTS)


def key(*statements: Json, base: tuple[Json, ...] = BASE, **properties: Any) -> dict[str, Any]:
    """Return a key with some statements besides those that every key should have."""
    policy = {"Version": "2012-10-17", "Statement": [*base, *statements]}
    return {
        "Type": "AWS::KMS::Key",
        "Properties": {"KeyPolicy": policy, "EnableKeyRotation": True, "PendingWindowInDays": 30} | properties,
    }


ROLE: Json = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
}


def policy(*statements: Json) -> dict[str, Any]:
    """Return a policy of the role ``Role``."""
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "use",
            "Roles": [{"Ref": "Role"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)},
        },
    }


def template(**resources: Any) -> dict[str, Any]:
    """Return a template."""
    return {"Resources": resources}


# A key that leaves its use through Secrets Manager to IAM policies, and a role that has one.
VIA_SECRETS = allow(ROOT, "kms:Decrypt", {"StringEquals": VIA | {"kms:CallerAccount": ACCOUNT}})
THE_KEY = {"Fn::GetAtt": ["Key", "Arn"]}


def uses(statement: Json) -> dict[str, Any]:
    """Return a template whose role has a statement about the key of ``VIA_SECRETS``."""
    return template(Key=key(VIA_SECRETS), Role=ROLE, Policy=policy(statement))


def keyed(*statements: Json, **more: Any) -> dict[str, Any]:
    """Return a template with one key, some statements added to its policy."""
    return template(Key=key(*statements, **more))
