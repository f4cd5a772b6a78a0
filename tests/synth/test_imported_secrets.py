"""Secrets that are imported: named as exactly as they are known, under the key that is said."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from aws_cdk import CfnParameter, Fn, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import AWS_MANAGED, HardenedKey, ScopedSecretReader
from tests.synth.templates import (
    COMPLETE,
    KEY_ARN,
    NAMED,
    PARTIAL,
    READ_SID,
    REGION,
    SECRET_CONTEXT,
    VIA_SECRETS,
    by_sid,
    identity_statements,
    imported_secret,
    key_policy,
    kms_statements,
    readable,
)


@pytest.mark.parametrize(
    "make, operator, arn",
    [
        pytest.param(lambda stack: imported_secret(stack), "StringEquals", COMPLETE, id="a complete ARN is exact"),
        pytest.param(
            lambda stack: secretsmanager.Secret.from_secret_partial_arn(stack, "Secret", PARTIAL),
            "StringLike",
            f"{PARTIAL}-??????",
            id="a partial ARN leaves six characters open",
        ),
        pytest.param(
            lambda stack: secretsmanager.Secret.from_secret_name_v2(stack, "Secret", "app/db"),
            "StringLike",
            NAMED,
            id="a name leaves six characters open",
        ),
        pytest.param(
            lambda stack: secretsmanager.Secret.from_secret_attributes(stack, "Secret", secret_complete_arn=COMPLETE),
            "StringEquals",
            COMPLETE,
            id="attributes with a complete ARN",
        ),
    ],
)
def test_an_imported_secret_is_named_as_exactly_as_it_is_known(
    stack: Stack, role: iam.Role, make: Callable[[Stack], secretsmanager.ISecret], operator: str, arn: str
) -> None:
    key = kms.Key.from_key_arn(stack, "Imported Key", KEY_ARN)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[make(stack)], key=key)
    read, decrypt = identity_statements(stack)
    assert read["Resource"] == arn
    assert decrypt["Resource"] == KEY_ARN
    assert decrypt["Condition"][operator][SECRET_CONTEXT] == arn
    assert decrypt["Condition"]["StringEquals"]["kms:ViaService"] == VIA_SECRETS
    assert not any(text.endswith("*") for text in str(decrypt).split("'"))


def test_exact_and_open_names_do_not_share_a_statement(stack: Stack, role: iam.Role) -> None:
    """In one StringLike the exact ARN would lose nothing, but a name with ? would gain."""
    secrets = [imported_secret(stack), secretsmanager.Secret.from_secret_partial_arn(stack, "Part", f"{PARTIAL}2")]
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=secrets, key=kms.Key.from_key_arn(stack, "Ref", KEY_ARN))
    exact, like = kms_statements(stack)
    assert exact["Condition"] == {"StringEquals": {"kms:ViaService": VIA_SECRETS, SECRET_CONTEXT: COMPLETE}}
    assert like["Condition"]["StringLike"] == {SECRET_CONTEXT: f"{PARTIAL}2-??????"}


def test_an_aws_managed_key_needs_no_kms_statement(stack: Stack, role: iam.Role) -> None:
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[imported_secret(stack)], key=AWS_MANAGED)
    assert [one["Resource"] for one in identity_statements(stack)] == [COMPLETE]


def test_what_a_secret_says_of_its_key_comes_before_the_given_one(stack: Stack, role: iam.Role) -> None:
    own = kms.Key.from_key_arn(stack, "Own", KEY_ARN)
    secrets = [
        secretsmanager.Secret.from_secret_attributes(
            stack, "Says", secret_complete_arn=f"{COMPLETE[:-1]}g", encryption_key=own
        ),
        imported_secret(stack),
    ]
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=secrets, key=AWS_MANAGED)
    [decrypt] = kms_statements(stack)
    assert decrypt["Condition"]["StringEquals"][SECRET_CONTEXT] == f"{COMPLETE[:-1]}g"


def test_an_imported_secret_under_a_key_of_this_app_reaches_its_policy(
    stack: Stack, key: HardenedKey, role: iam.Role
) -> None:
    reader = ScopedSecretReader(stack, "Reader", grantee=role, secrets=[imported_secret(stack)], key=key)
    assert by_sid(key_policy(stack))[READ_SID]["Condition"]["StringEquals"][SECRET_CONTEXT] == COMPLETE
    assert list(reader.key_policy_statements) == [key.key_arn]


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda stack: CfnParameter(stack, "Arn").value_as_string, id="a parameter"),
        pytest.param(lambda _: Fn.import_value("SecretArn"), id="an import"),
    ],
)
def test_an_arn_known_only_at_deploy_time_is_taken_as_it_is(
    stack: Stack, role: iam.Role, token: Callable[[Stack], str]
) -> None:
    arn = token(stack)
    key = kms.Key.from_key_arn(stack, "Ref", Fn.import_value("KeyArn"))
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[imported_secret(stack, arn)], key=key)
    read, decrypt = identity_statements(stack)
    assert read["Resource"] == decrypt["Condition"]["StringEquals"][SECRET_CONTEXT] == readable(stack.resolve(arn))
    assert decrypt["Resource"] == "<import KeyArn>"
    # The region is the fourth part of the ARN, whichever that will be.
    via = decrypt["Condition"]["StringEquals"]["kms:ViaService"]
    assert re.fullmatch(r'secretsmanager\.<{"Fn::Select": \[3, .*Arn.*>\.amazonaws\.com', via)


def test_the_region_is_that_of_the_secret(stack: Stack, role: iam.Role) -> None:
    secret = imported_secret(stack, COMPLETE.replace(REGION, "us-east-1"))
    key = kms.Key.from_key_arn(stack, "Ref", KEY_ARN.replace(REGION, "us-east-1"))
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret], key=key)
    [decrypt] = kms_statements(stack)
    assert decrypt["Condition"]["StringEquals"]["kms:ViaService"] == "secretsmanager.us-east-1.amazonaws.com"
