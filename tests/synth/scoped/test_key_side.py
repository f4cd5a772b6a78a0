"""Which key a grant means, where the resource, ``key=`` or both say one."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, ResolvedKey, ScopedSecretReader, ScopedSecretRotator, Service
from tests.synth.templates import (
    ACCOUNT,
    COMPLETE,
    KEY_ARN,
    OTHER_ACCOUNT,
    REGION,
    imported_secret,
    info,
    key_policy,
    kms_statements,
    make_role,
    naming,
    template,
)


def secret(stack: Stack, key: HardenedKey, id: str = "Secret") -> secretsmanager.Secret:
    return secretsmanager.Secret(stack, id, encryption_key=key, secret_name=f"app/{id}")


def read(stack: Stack, *secrets: secretsmanager.ISecret, key: Any = None, **more: Any) -> ScopedSecretReader:
    role = make_role(stack, role_name="named")
    return ScopedSecretReader(stack, "Reader", grantee=role, secrets=secrets, key=key, **more)


def test_a_given_arn_stands_for_the_key_of_another_stack(stack: Stack, other_stack: Stack) -> None:
    """The identity policy names that ARN, and the key's own policy is written all the same."""
    key = HardenedKey(other_stack, "Key")
    read(stack, secret(other_stack, key), key=ResolvedKey.from_arn(stack, "Given", KEY_ARN))
    assert [one["Resource"] for one in kms_statements(stack)] == [KEY_ARN]
    assert naming(key_policy(other_stack), f"arn:<AWS::Partition>:iam::{ACCOUNT}:role/named")


def test_a_given_arn_stands_for_one_key_only(stack: Stack, other_stack: Stack) -> None:
    secrets = [secret(other_stack, HardenedKey(other_stack, f"{id}Key"), id) for id in ("One", "Two")]
    with pytest.raises(ValueError, match="key stands for one key, got it for Other/TwoKey and another: one construct"):
        read(stack, *secrets, key=ResolvedKey.from_arn(stack, "Given", KEY_ARN))


def test_a_given_arn_stands_for_the_key_of_several_secrets(stack: Stack, other_stack: Stack) -> None:
    key = HardenedKey(other_stack, "Key")
    secrets = [secret(other_stack, key, id) for id in ("One", "Two")]
    read(stack, *secrets, key=ResolvedKey.from_arn(stack, "Given", KEY_ARN))
    assert [one["Resource"] for one in kms_statements(stack)] == [KEY_ARN]


def test_a_given_arn_does_not_stand_for_a_key_of_the_same_stack(stack: Stack, key: HardenedKey) -> None:
    with pytest.raises(ValueError, match="key is for imported secrets that do not say their key"):
        read(stack, secret(stack, key), key=ResolvedKey.from_arn(stack, "Given", KEY_ARN))


def test_one_key_serves_secrets_of_one_region(stack: Stack) -> None:
    """Where the key's ARN is known at deploy time, its region cannot be compared with each secret's."""
    key = ResolvedKey.from_alias(stack, "Resolved", "alias/shared", at="deploy")
    arns = [f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:app/db-AbCdEf" for region in (REGION, "us-east-1")]
    secrets = [imported_secret(stack, arn, f"Imported{number}") for number, arn in enumerate(arns)]
    with pytest.raises(ValueError, match="one key serves one region, got Stack/Resolved/Key for several"):
        read(stack, *secrets, key=key)


def test_a_role_known_in_another_stack_only_is_not_named_in_the_key_policy(stack: Stack, other_stack: Stack) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{Aws.STACK_NAME}-reader"
    role = iam.Role.from_role_arn(other_stack, "Imported", arn)
    with pytest.raises(ValueError, match="is known in stack Other only, and the policy of the key is in Stack"):
        ScopedSecretReader(other_stack, "Reader", grantee=role, secrets=[secret(stack, HardenedKey(stack, "Key"))])


def test_a_role_known_by_pseudo_parameters_is_named_in_the_key_policy(stack: Stack, other_stack: Stack) -> None:
    role = iam.Role.from_role_name(other_stack, "Imported", "legacy")
    ScopedSecretReader(other_stack, "Reader", grantee=role, secrets=[secret(stack, HardenedKey(stack, "Key"))])
    assert "role/legacy" in str(template(stack))


def test_nobody_has_to_add_anything_to_a_key_that_aws_manages(stack: Stack) -> None:
    key = ResolvedKey.aws_managed(stack, "Managed", Service.SECRETS_MANAGER, at="deploy")
    reader = read(stack, imported_secret(stack), key=key)
    assert (reader.key_policy_statements, reader.required_key_policy_statements) == ({}, {})
    assert not [message for message in info(stack) if "its owner must add" in message]


@pytest.mark.parametrize(
    "delegated, written", [(["kms:Decrypt"], True), (["kms:Decrypt", "kms:GenerateDataKey"], False)]
)
def test_a_plain_key_that_delegates_part_of_a_use_gets_the_statement(
    stack: Stack, delegated: list[str], written: bool
) -> None:
    root = iam.AccountRootPrincipal()
    keep = iam.PolicyStatement(actions=["kms:PutKeyPolicy"], resources=["*"], principals=[root])
    some = iam.PolicyStatement(actions=delegated, resources=["*"], principals=[root])
    key = kms.Key(stack, "Plain", policy=iam.PolicyDocument(statements=[keep, some]))
    # Without encryption_key=, for which the L2 would delegate the rest through Secrets Manager.
    secret = secretsmanager.Secret.from_secret_attributes(
        stack, "Secret", secret_complete_arn=COMPLETE, encryption_key=key
    )
    rotator = ScopedSecretRotator(stack, "Rotator", grantee=make_role(stack), secrets=[secret])
    assert bool(rotator.key_policy_statements) is written


def test_a_key_that_delegates_to_its_account_names_a_role_of_another(stack: Stack) -> None:
    """By that account's root and aws:PrincipalArn, so that the role's own account has to agree."""
    foreign = f"arn:aws:iam::{OTHER_ACCOUNT}:role/reader"
    key = HardenedKey(stack, "Delegating", delegate_via=[Service.SECRETS_MANAGER])
    role = iam.Role.from_role_arn(stack, "Foreign", foreign)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret(stack, key)])
    [statement] = naming(key_policy(stack), foreign)
    assert statement["Principal"] == {"AWS": f"arn:<AWS::Partition>:iam::{OTHER_ACCOUNT}:root"}
    assert statement["Condition"]["ArnEquals"] == {"aws:PrincipalArn": foreign}
