"""What public apps write that cannot work under a key that leaves nothing to IAM: refused, and the way out works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, Service
from tests.semantics.assembly import deploy_app
from tests.semantics.judge import Judge
from tests.semantics.services.asks import ACCOUNT, REGION, Ask, Construction, directly
from tests.semantics.services.constructions import role
from tests.semantics.services.judging import wrong


def on_key(s: Stack, k: HardenedKey, *named: str) -> iam.Role:
    """A role with a statement of its own on the key's ARN, as most samples write it."""
    made = role(s)
    made.add_to_policy(iam.PolicyStatement(actions=[f"kms:{one}" for one in named], resources=[k.key_arn]))
    return made


def in_function(s: Stack, k: HardenedKey) -> lambda_.Function:
    statement = iam.PolicyStatement(actions=["kms:Decrypt", "kms:DescribeKey"], resources=[k.key_arn])
    return lambda_.Function(
        s,
        "Fn",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.h",
        code=lambda_.Code.from_inline("h = print"),
        initial_policy=[statement],
    )


def in_role(s: Stack, k: HardenedKey) -> iam.Role:
    statement = iam.PolicyStatement(actions=["kms:GenerateDataKey*"], resources=[k.key_arn])
    inline = {"Key": iam.PolicyDocument(statements=[statement])}
    return iam.Role(s, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"), inline_policies=inline)


def in_managed_policy(s: Stack, k: HardenedKey) -> iam.Role:
    made = role(s)
    statement = iam.PolicyStatement(actions=["kms:Encrypt"], resources=[k.key_arn])
    iam.ManagedPolicy(s, "Shared", statements=[statement], roles=[made])
    return made


@dataclass(frozen=True)
class Refused:
    """A pattern, what synth says to it, what the message says to add, and what works then."""

    build: Callable[[Stack, HardenedKey], Any]
    says: str
    adds: Callable[[HardenedKey, Any], Any]
    asks: tuple[Ask, ...]


REFUSED = {
    "a statement on the key's ARN": Refused(
        lambda s, k: on_key(s, k, "Decrypt", "GenerateDataKey"),
        "key.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey')",
        lambda k, made: k.grant(made, "kms:Decrypt", "kms:GenerateDataKey"),
        directly("Role", "Decrypt GenerateDataKey"),
    ),
    "a function's initial policy": Refused(
        in_function,
        "key.grant(role, 'kms:Decrypt')",
        lambda k, made: k.grant(made, "kms:Decrypt"),
        directly("FnServiceRole", "Decrypt"),
    ),
    "an inline policy of a role": Refused(
        in_role,
        "key.grant(role, 'kms:GenerateDataKey', 'kms:GenerateDataKeyPair'",
        lambda k, made: k.grant(made, "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
        directly("Role", "GenerateDataKey GenerateDataKeyWithoutPlaintext"),
    ),
    "a managed policy": Refused(
        in_managed_policy,
        "key.grant(role, 'kms:Encrypt')",
        lambda k, made: k.grant(made, "kms:Encrypt"),
        directly("Role", "Encrypt"),
    ),
}


def made(build: Callable[[Stack, HardenedKey], Any], **options: Any) -> App:
    app = App()
    stack = Stack(app, "App", env=Environment(account=ACCOUNT, region=REGION))
    build(stack, HardenedKey(stack, "Key", **options))
    return app


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_nothing_is_refused_and_the_way_out_works(name: str, judge: Judge) -> None:
    case = REFUSED[name]
    with pytest.raises(RuntimeError) as refused:
        made(case.build).synth()
    assert "the key policy does not admit it" in str(refused.value)
    assert case.says in str(refused.value)

    def both(s: Stack, k: HardenedKey) -> None:
        case.adds(k, case.build(s, k))

    one = Construction("app", both, case.asks)
    deployment = deploy_app(made(both), account=ACCOUNT, region=REGION)
    found = list(wrong(deployment, judge, one, one.asks))
    assert not found, "\n".join(found)


def hosted(s: Stack, k: HardenedKey) -> None:
    secret = secretsmanager.Secret(s, "Secret", encryption_key=k)
    secret.add_rotation_schedule("Rotation", hosted_rotation=secretsmanager.HostedRotation.mysql_single_user())


def test_hosted_rotation_is_refused_and_the_way_out_synthesizes() -> None:
    """Its role is made by a transform, so no template has anything to judge."""
    with pytest.raises(RuntimeError, match="delegate_via="):
        made(hosted).synth()
    made(hosted, delegate_via=[Service.SECRETS_MANAGER]).synth()
