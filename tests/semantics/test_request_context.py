"""The condition keys of a request, whole: a key too many is as wrong as one too few."""

from __future__ import annotations

import pytest

from tests.semantics.request_context import request_context

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0b3fbf0a-5a0c-4b9b-8f0e-3d1f6d5a9c11"
ROLE = "arn:aws:iam::444455556666:role/app/reader"
OF_ROLE = {
    "aws:PrincipalArn": ROLE,
    "aws:PrincipalAccount": "444455556666",
    "aws:PrincipalType": "AssumedRole",
    "aws:PrincipalIsAWSService": "false",
}
ON_KEY = {"aws:ResourceAccount": ACCOUNT, "aws:RequestedRegion": "us-east-1"}
DIRECT = {"aws:ViaAWSService": "false", "aws:SecureTransport": "true"}
VIA = {"aws:ViaAWSService": "true", "aws:SecureTransport": "true"}
BY_ROLE = {"kms:CallerAccount": "444455556666"}


def context_of(
    principal: str, action: str, resource: str = KEY, via: str | None = None, **encryption_context: str
) -> dict[str, str | list[str]]:
    return request_context(
        principal=principal, action=action, resource=resource, via=via, encryption_context=encryption_context
    )


def test_a_role_calls_kms_directly() -> None:
    assert context_of(ROLE, "kms:Decrypt") == {**OF_ROLE, **BY_ROLE, **ON_KEY, **DIRECT}


def test_a_role_calls_kms_through_a_service() -> None:
    assert context_of(ROLE, "kms:Decrypt", via="secretsmanager", SecretARN="x") == {
        **OF_ROLE,
        **BY_ROLE,
        **ON_KEY,
        **VIA,
        "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com",
        "kms:EncryptionContextKeys": ["SecretARN"],
    }


def test_the_suffix_of_via_service_is_the_same_in_china() -> None:
    key = KEY.replace("arn:aws:", "arn:aws-cn:").replace("us-east-1", "cn-north-1")
    via = context_of(ROLE, "kms:Decrypt", key, "secretsmanager")["kms:ViaService"]
    assert via == "secretsmanager.cn-north-1.amazonaws.com"


def test_a_role_reads_a_secret() -> None:
    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbC123"
    assert context_of(ROLE, "secretsmanager:GetSecretValue", secret) == {**OF_ROLE, **ON_KEY, **DIRECT}


def test_a_user_has_a_name() -> None:
    user = "arn:aws:iam::444455556666:user/team/ann"
    of_user = {**OF_ROLE, "aws:PrincipalArn": user, "aws:PrincipalType": "User", "aws:username": "ann"}
    assert context_of(user, "kms:Decrypt") == {**of_user, **BY_ROLE, **ON_KEY, **DIRECT}


def test_root_is_the_account() -> None:
    root = "arn:aws:iam::444455556666:root"
    of_root = {**OF_ROLE, "aws:PrincipalArn": root, "aws:PrincipalType": "Account"}
    assert context_of(root, "kms:Decrypt") == {**of_root, **BY_ROLE, **ON_KEY, **DIRECT}


def test_a_service_has_neither_arn_nor_account() -> None:
    logs = "logs.us-east-1.amazonaws.com"
    assert context_of(logs, "kms:Decrypt") == {
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": logs,
        "aws:PrincipalServiceNamesList": [logs],
        **ON_KEY,
        **DIRECT,
    }


@pytest.mark.parametrize("via,value", [(None, "false"), ("rds", "true")])
def test_a_grant_is_for_an_aws_resource_when_a_service_asks(via: str | None, value: str) -> None:
    assert context_of(ROLE, "kms:CreateGrant", via=via)["kms:GrantIsForAWSResource"] == value


def test_the_lockout_check_is_not_bypassed() -> None:
    assert context_of(ROLE, "kms:PutKeyPolicy")["kms:BypassPolicyLockoutSafetyCheck"] == "false"


def test_some_actions_have_no_caller_account() -> None:
    assert context_of(ROLE, "kms:ListKeys", "*") == {**OF_ROLE, **DIRECT}
    assert context_of(ROLE, "kms:CreateKey", "*") == {**OF_ROLE, **BY_ROLE, **DIRECT}
