"""ScopedSecretRotator: the rows of AWS's page, no more, and the schedule."""

from __future__ import annotations

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, ScopedSecretRotator, Service
from tests.synth.templates import (
    ACCOUNT,
    by_sid,
    cycle,
    identity_statements,
    key_policy,
    make_role,
    resources,
    template,
)


@pytest.fixture
def function(stack: Stack) -> lambda_.Function:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(*_): ..."),
    )


def secret(stack: Stack, key: HardenedKey, id: str = "Secret") -> secretsmanager.Secret:
    return secretsmanager.Secret(stack, id, encryption_key=key)


def test_the_function_gets_the_rows_of_the_page(stack: Stack, key: HardenedKey, function: lambda_.Function) -> None:
    ScopedSecretRotator(stack, "Rotator", grantee=function, secrets=[secret(stack, key)])
    access, password, use = identity_statements(stack)
    assert access["Action"] == [
        f"secretsmanager:{action}"
        for action in ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
    ]
    assert access["Resource"] == "<Secret>"
    assert (password["Action"], password["Resource"]) == ("secretsmanager:GetRandomPassword", "*")
    assert (use["Action"], use["Resource"]) == (["kms:Decrypt", "kms:GenerateDataKey"], "<Key.Arn>")
    assert use["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"] == "<Secret>"
    assert by_sid(key_policy(stack))["AllowWriteThroughSecretsManager"]["Action"] == use["Action"]


def test_the_schedule_adds_no_use_of_the_key(stack: Stack, key: HardenedKey, function: lambda_.Function) -> None:
    one = secret(stack, key)
    rotator = ScopedSecretRotator(stack, "Rotator", grantee=function, secrets=[one])
    rotator.add_rotation_schedule(one, automatically_after=Duration.days(7))
    [admitted] = [one for one in key_policy(stack) if "ServiceRole" in str(one)]
    assert admitted["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert len(identity_statements(stack)) == 3
    made = template(stack)
    [permission] = resources(made, "AWS::Lambda::Permission").values()
    assert permission["Principal"] == "secretsmanager.amazonaws.com"
    assert permission["SourceAccount"] == ACCOUNT
    [schedule] = resources(made, "AWS::SecretsManager::RotationSchedule").values()
    assert schedule["RotationRules"] == {"ScheduleExpression": "rate(7 days)"}
    [waits] = [
        r["DependsOn"] for r in made["Resources"].values() if r["Type"] == "AWS::SecretsManager::RotationSchedule"
    ]
    assert any("Invoke" in name for name in waits)
    assert any("Policy" in name for name in waits)
    assert cycle(made) == []


def test_secrets_of_two_keys_are_each_under_their_own(stack: Stack, function: lambda_.Function) -> None:
    keys = [HardenedKey(stack, id) for id in ("One", "Two")]
    secrets = [secret(stack, key, f"{key.node.id}Secret") for key in keys]
    ScopedSecretRotator(stack, "Rotator", grantee=function, secrets=secrets)
    contexts = {
        one["Resource"]: one["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"]
        for one in identity_statements(stack)
        if "kms:Decrypt" in one["Action"]
    }
    assert contexts == {"<One.Arn>": "<OneSecret>", "<Two.Arn>": "<TwoSecret>"}


def test_another_secret_is_not_scheduled(stack: Stack, key: HardenedKey, function: lambda_.Function) -> None:
    rotator = ScopedSecretRotator(stack, "Rotator", grantee=function, secrets=[secret(stack, key)])
    with pytest.raises(ValueError, match="secret must be one of the rotator's, got Stack/Other"):
        rotator.add_rotation_schedule(secret(stack, key, "Other"))


def test_a_role_is_no_function(stack: Stack, key: HardenedKey) -> None:
    one = secret(stack, key)
    rotator = ScopedSecretRotator(stack, "Rotator", grantee=make_role(stack), secrets=[one])
    with pytest.raises(ValueError, match=r"grantee must be the lambda_\.Function that rotates"):
        rotator.add_rotation_schedule(one)


def test_no_secrets_are_refused(stack: Stack, function: lambda_.Function) -> None:
    with pytest.raises(ValueError, match="secrets must name at least one secret"):
        ScopedSecretRotator(stack, "Rotator", grantee=function, secrets=[])


def test_the_schedule_waits_for_managed_policies_where_the_inline_quota_is_used_up(
    stack: Stack, key: HardenedKey, function: lambda_.Function
) -> None:
    secrets = [secret(stack, key, f"{'Secret' * 30}{number}") for number in range(60)]
    ScopedSecretRotator(stack, "Others", grantee=function, secrets=secrets[1:])
    rotator = ScopedSecretRotator(stack, "Rotator", grantee=function, secrets=secrets)
    rotator.add_rotation_schedule(secrets[0])
    made = template(stack)
    [waits] = [
        r["DependsOn"] for r in made["Resources"].values() if r["Type"] == "AWS::SecretsManager::RotationSchedule"
    ]
    managed = [name for name in resources(made, "AWS::IAM::ManagedPolicy") if name.startswith("Rotator")]
    assert managed
    assert set(managed) <= set(waits)


def hosted(stack: Stack, key: HardenedKey) -> secretsmanager.Secret:
    """A secret that a function rotates which CloudFormation makes where no template shows it."""
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    secret.add_rotation_schedule("Rotation", hosted_rotation=secretsmanager.HostedRotation.mysql_single_user())
    return secret


def test_a_rotation_that_no_template_shows_is_refused(stack: Stack, key: HardenedKey) -> None:
    hosted(stack, key)
    with pytest.raises(
        RuntimeError, match=r"put the secret under a HardenedKey of its own with delegate_via=\[Service"
    ):
        template(stack)


def test_the_advice_for_such_a_rotation_works_and_leaves_other_keys_closed(stack: Stack, key: HardenedKey) -> None:
    secretsmanager.Secret(stack, "Other", encryption_key=key)
    hosted(stack, HardenedKey(stack, "Rotated", delegate_via=[Service.SECRETS_MANAGER]))
    keys = resources(template(stack), "AWS::KMS::Key")
    left = {
        name: {
            action for one in policy["KeyPolicy"]["Statement"] if "Delegate" in one["Sid"] for action in one["Action"]
        }
        for name, policy in keys.items()
    }
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= next(
        one for name, one in left.items() if name.startswith("Rotated")
    )
    assert next(one for name, one in left.items() if name.startswith("Key")) == set()
