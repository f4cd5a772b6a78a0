"""Synth refuses a grant that a Deny or boundary of the app takes back exactly where the judge denies what it is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, ScopedSecretReader, Service
from tests.semantics.assembly import deploy_app
from tests.semantics.companies import ACCOUNT, REGION
from tests.semantics.judge import Judge

ENV = Environment(account=ACCOUNT, region=REGION)
KEYS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"
# Who is granted what: a reader, direct use, and two of the L2.
WHO = ("Reader", "Direct", "Secret", "Bucket", "Left")
Restrict = Callable[[Stack, HardenedKey, list[iam.Role]], Any]


def statement(effect: iam.Effect, actions: str, resource: str = "*", **conditions: Any) -> iam.PolicyStatement:
    return iam.PolicyStatement(effect=effect, actions=actions.split(), resources=[resource], conditions=conditions)


def denied(actions: str, resource: str | None = None, **conditions: Any) -> Restrict:
    def restrict(_: Stack, key: HardenedKey, roles: list[iam.Role]) -> None:
        for role in roles:
            its = statement(iam.Effect.DENY, actions, resource if resource is not None else key.key_arn, **conditions)
            role.add_to_policy(its)

    return restrict


def managed(stack: Stack, _: HardenedKey, roles: list[iam.Role]) -> None:
    elsewhere = Stack(stack.node.root, "Elsewhere", env=ENV)  # type: ignore[arg-type]
    iam.ManagedPolicy(elsewhere, "Managed", statements=[statement(iam.Effect.DENY, "kms:D*")], roles=roles[::2])


def bounded(*statements: iam.PolicyStatement) -> Restrict:
    def restrict(stack: Stack, *_: Any) -> None:
        iam.PermissionsBoundary.of(stack).apply(iam.ManagedPolicy(stack, "Boundary", statements=list(statements)))

    return restrict


def allows(actions: str, resource: str = "*", **conditions: Any) -> iam.PolicyStatement:
    return statement(iam.Effect.ALLOW, actions, resource, **conditions)


THROUGH = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
RESTRICTIONS: dict[str, Restrict] = {
    "nothing": lambda *_: None,
    "a Deny of all of KMS": denied("kms:*", "*"),
    "a Deny of the key": denied("kms:Decrypt"),
    "a Deny of keys elsewhere": denied("kms:*", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*"),
    "a Deny through Secrets Manager": denied("kms:*", "*", StringEquals=THROUGH),
    "a Deny of all but Secrets Manager": denied("kms:*", "*", StringNotEquals=THROUGH),
    "a Deny of direct calls": denied("kms:*", "*", Null={"kms:ViaService": "true"}),
    "a Deny of what is not asked": denied("kms:GenerateDataKey", "*"),
    "a managed policy of another stack for some": managed,
    "a boundary without KMS": bounded(allows("s3:* secretsmanager:*")),
    "a boundary with the keys of the place": bounded(allows("kms:Decrypt", KEYS), allows("s3:* secretsmanager:*")),
    "a boundary with keys elsewhere": bounded(allows("kms:*", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*")),
    "a boundary through Secrets Manager": bounded(allows("kms:*", "*", StringEquals=THROUGH)),
    "a boundary with all but KMS": bounded(allows("*"), statement(iam.Effect.DENY, "kms:*")),
    "a boundary with everything": bounded(allows("*")),
}


def said_by(app: App) -> str:
    """Return why synth refuses an app; nothing where it does not."""
    try:
        app.synth()
    except RuntimeError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", RESTRICTIONS)
def test_what_is_refused_is_denied_and_nothing_else(judge: Judge, name: str) -> None:
    app = App()
    stack = Stack(app, "Stack", env=ENV)
    key = HardenedKey(stack, "Key", delegate_via=[Service.SQS])
    roles = [iam.Role(stack, who, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")) for who in WHO]
    secret = secretsmanager.Secret(stack, "Encrypted", encryption_key=key)
    bucket = s3.Bucket(stack, "Files", encryption_key=key)
    ScopedSecretReader(stack, "Reads", grantee=roles[0], secrets=[secret])
    key.grant_decrypt(roles[1])
    secret.grant_read(roles[2])
    bucket.grant_read(roles[3])
    through = {"StringEquals": {"kms:ViaService": Service.SQS.via(REGION)}}
    its = iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn], conditions=through)
    roles[4].add_to_policy(its)
    RESTRICTIONS[name](stack, key, roles)
    refused = set(re.findall(r"lets Stack/(\w+) kms:Decrypt with the key", said_by(app)))
    # What was refused is deployed all the same, to see what would have become of it.
    app.synth(skip_validation=True, force=True)
    deployment = deploy_app(app, account=ACCOUNT, region=REGION)
    arn, files = deployment.secret("Encrypted"), deployment.bucket("Files")
    uses = {
        "Reader": ("secretsmanager", {"SecretARN": arn}),
        "Direct": (None, {}),
        "Secret": ("secretsmanager", {"SecretARN": arn}),
        "Bucket": ("s3", {"aws:s3:arn": f"{files}/object"}),
        "Left": ("sqs", {}),
    }
    denied_to = {
        who
        for who, (via, sent) in uses.items()
        if not deployment.ask(
            judge, deployment.role(who), "kms:Decrypt", deployment.key("Key"), via=via, encryption_context=sent
        ).allowed
    }
    assert refused == denied_to
