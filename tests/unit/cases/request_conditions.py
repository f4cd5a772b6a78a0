"""Condition keys that follow from the principal, the key and the service of a request."""

from __future__ import annotations

from typing import Any

from tests.unit.cases.case import (
    ACCOUNT,
    IAM,
    ROOT,
    USES_KEY,
    Case,
    Json,
    Question,
    allow,
    pair,
    policy,
)

_VIA = "secretsmanager.us-east-1.amazonaws.com"


def _derived(name: str, condition: Json, otherwise: str, **change: Any) -> list[Case]:
    question = Question(key_policy=policy(allow("kms:*", "*", condition)), identity_policies=[USES_KEY])
    return pair(IAM + "reference_policies_condition-keys.html", name, question, otherwise, **change)


FROM_THE_REQUEST = [
    *_derived(
        "by aws:PrincipalType of a role",
        {"StringEquals": {"aws:PrincipalType": "AssumedRole"}},
        "by aws:PrincipalType of a user",
        principal=f"arn:aws:iam::{ACCOUNT}:user/a",
    ),
    *_derived(
        "by aws:PrincipalType as given",
        {"StringNotEquals": {"aws:PrincipalType": "User"}},
        "by aws:PrincipalType as given in place of the derived one",
        context={"aws:principaltype": "User"},
    ),
    *_derived(
        "by aws:PrincipalAccount",
        {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        "by aws:PrincipalAccount of another account",
        principal="arn:aws:iam::777788889999:role/app",
    ),
    *_derived(
        "by aws:ResourceAccount",
        {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
        "by aws:ResourceAccount of another account",
        resource_account="777788889999",
    ),
    *_derived(
        "directly by aws:ViaAWSService",
        {"Bool": {"aws:ViaAWSService": False}},
        "through a service by aws:ViaAWSService",
        context={"kms:ViaService": _VIA},
    ),
    *_derived(
        "by aws:PrincipalIsAWSService of a role",
        {"Bool": {"aws:PrincipalIsAWSService": False}},
        "by aws:PrincipalIsAWSService of a service",
        principal="s3.amazonaws.com",
    ),
    *_derived(
        "by the absence of aws:PrincipalServiceName",
        {"Null": {"aws:PrincipalServiceName": True}},
        "by aws:PrincipalServiceName of a service",
        principal="s3.amazonaws.com",
    ),
    *_derived(
        "by kms:CallerAccount of a role",
        {"StringEquals": {"kms:CallerAccount": ACCOUNT}},
        "by kms:CallerAccount, which is no service's",
        principal="s3.amazonaws.com",
    ),
    *_derived(
        "by aws:PrincipalArn of a role with its path",
        {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:user/team/alice", "arn:aws:iam::*:root"]}},
        "by aws:PrincipalArn of a user with its path",
        principal=f"arn:aws:iam::{ACCOUNT}:user/team/alice",
    ),
    *_derived(
        "by the absence of aws:PrincipalArn of the root user",
        {"ArnNotEquals": {"aws:PrincipalArn": ROOT}},
        "by aws:PrincipalArn of the root user",
        principal=ROOT,
    ),
    *_derived(
        "by aws:PrincipalArn of a role",
        {"Null": {"aws:PrincipalArn": False}},
        "by aws:PrincipalArn, which no service has",
        principal="s3.amazonaws.com",
    ),
]
CASES = FROM_THE_REQUEST
