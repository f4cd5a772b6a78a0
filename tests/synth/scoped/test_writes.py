"""What every Scoped construct does the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import (
    HardenedKey,
    ResolvedKey,
    ScopedLogGroupManager,
    ScopedParameterReader,
    ScopedSecretReader,
    ScopedSecretRotator,
)
from tests.synth.templates import (
    ACCOUNT,
    OTHER_ACCOUNT,
    cycle,
    environment,
    info,
    make_role,
    policy_so_far,
    template,
)

Make = Callable[[Stack, iam.IGrantable, Any], Any]

SCOPED: list[tuple[str, Make]] = [
    (
        "ScopedSecretReader",
        lambda stack, grantee, key: ScopedSecretReader(stack, "Grant", grantee=grantee, **secret(stack, key)),
    ),
    (
        "ScopedSecretRotator",
        lambda stack, grantee, key: ScopedSecretRotator(stack, "Grant", grantee=grantee, **secret(stack, key)),
    ),
    (
        "ScopedParameterReader",
        lambda stack, grantee, key: ScopedParameterReader(
            stack, "Grant", grantee=grantee, parameters=["/app/db"], key=key
        ),
    ),
    (
        "ScopedLogGroupManager",
        lambda stack, grantee, key: ScopedLogGroupManager(
            stack, "Grant", grantee=grantee, key=key, log_group_prefix="/app/"
        ),
    ),
]
EACH = pytest.mark.parametrize("make", [make for _, make in SCOPED], ids=[name for name, _ in SCOPED])


def secret(stack: Stack, key: Any) -> dict[str, Any]:
    return {"secrets": [secretsmanager.Secret(stack, "Secret", encryption_key=key)]}


@pytest.fixture
def function(stack: Stack) -> lambda_.Function:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("handler = print"),
    )


def waits(made: dict[str, Any]) -> list[str]:
    [one] = [one for one in made["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    found: list[str] = one["DependsOn"]
    return found


@EACH
def test_a_function_waits_for_its_policy_where_it_has_to(
    make: Make, stack: Stack, key: HardenedKey, function: lambda_.Function
) -> None:
    make(stack, function, key).apply_before(function)
    made = template(stack)
    assert any(name.startswith("GrantPolicy") for name in waits(made))
    assert cycle(made) == []


@EACH
def test_a_function_does_not_wait_unasked(
    make: Make, stack: Stack, key: HardenedKey, function: lambda_.Function
) -> None:
    make(stack, function, key)
    assert not any(name.startswith("Grant") for name in waits(template(stack)))


@EACH
def test_a_key_whose_arn_is_known_at_deploy_time_is_called_by_its_path(
    make: Make, stack: Stack, function: lambda_.Function
) -> None:
    make(stack, function, ResolvedKey.from_parameter(stack, "Resolved", "/shared/key-arn"))
    assert any("the key Stack/Resolved is imported" in message for message in info(stack))


@EACH
def test_a_key_of_this_app_in_another_region_is_refused(make: Make, app: App, stack: Stack) -> None:
    """No service encrypts with a key of another region; the deployment would fail, or the grant have no effect."""
    key = HardenedKey(Stack(app, "Abroad", env=environment("us-east-1")), "Key")
    with pytest.raises(ValueError, match=r"must be in the region of the .*, eu-west-1, got one in us-east-1"):
        make(stack, make_role(stack, role_name="named"), key)


@pytest.mark.parametrize("make", [make for _, make in SCOPED[2:]], ids=[name for name, _ in SCOPED[2:]])
def test_a_key_of_this_app_in_another_account_is_refused(make: Make, app: App, stack: Stack) -> None:
    """A secret under such a key is refused by the key already."""
    key = HardenedKey(Stack(app, "Other", env=environment(account=OTHER_ACCOUNT)), "Key")
    with pytest.raises(ValueError, match=f"in the account of the .*, {ACCOUNT}, got one in {OTHER_ACCOUNT}"):
        make(stack, make_role(stack, role_name="named"), key)


def test_a_grant_in_the_stack_of_the_key_looks_at_the_region_of_the_secret(app: App, stack: Stack) -> None:
    abroad = Stack(app, "Abroad", env=environment("us-east-1"))
    secret = secretsmanager.Secret(abroad, "Secret", encryption_key=HardenedKey(stack, "Key"), secret_name="app/db")
    with pytest.raises(ValueError, match="must be in the region of the secret, us-east-1, got one in eu-west-1"):
        ScopedSecretReader(stack, "Reader", grantee=make_role(stack), secrets=[secret])


def test_a_grant_that_one_key_refuses_leaves_nothing_in_the_policy_of_another(stack: Stack, other_stack: Stack) -> None:
    """The role of the second stack can be named in its own stack's key only."""
    here, there = HardenedKey(other_stack, "Key"), HardenedKey(stack, "Key")
    secrets = [
        secretsmanager.Secret(key.stack, "Secret", encryption_key=key, secret_name=f"app/{i}")
        for i, key in enumerate((here, there))
    ]
    role = make_role(other_stack)
    before = policy_so_far(here)
    with pytest.raises(ValueError, match="cannot be told in the stack of the key"):
        ScopedSecretReader(other_stack, "Reader", grantee=role, secrets=secrets)
    assert policy_so_far(here) == before
    ScopedSecretReader(other_stack, "Reader", grantee=role, secrets=secrets[:1])
    assert policy_so_far(here) != before
