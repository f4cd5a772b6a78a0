"""One stack with every construct of the library and every kind of principal around them."""

from __future__ import annotations

from typing import Any

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template

from secure_kms_constructs import HardenedKey, LogGroupWithCmk, ScopedSecretReader, Service, Use
from tests.semantics.deployed import Deployment

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"


def deploy(region: str, partition: str, *, env_agnostic: bool) -> Deployment:
    """The scene as if deployed; with `env_agnostic` the template knows neither account nor region."""
    stack = Stack(App(), "App", env=None if env_agnostic else Environment(account=ACCOUNT, region=region))
    _build(stack)
    template: dict[str, Any] = Template.from_stack(stack).to_json()
    return Deployment({"App": template}, account=ACCOUNT, region=region, partition=partition)


def _build(stack: Stack) -> None:
    def role(id: str, name: str | None = None) -> iam.Role:
        return iam.Role(stack, id, assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"), role_name=name)

    def imported(name: str, *, mutable: bool) -> iam.IRole:
        return iam.Role.from_role_name(stack, f"Imported{name}", name, mutable=mutable)

    everything = iam.PolicyStatement(actions=["kms:*", "secretsmanager:*", "logs:*"], resources=["*"])
    role("Innocent").add_to_policy(everything)

    key = HardenedKey(
        stack,
        "Key",
        administrators=[role("KeyAdmin")],
        policy_administrators=[role("BreakGlass")],
        multi_region=True,
        # For a database and a function of another app.
        provision_via=[Service.RDS, Service.LAMBDA],
    )
    other_key = HardenedKey(stack, "OtherKey")
    named = secretsmanager.Secret(stack, "Named", encryption_key=key, secret_name="app/named")
    generated = secretsmanager.Secret(stack, "Generated", encryption_key=key)
    secretsmanager.Secret(stack, "Neighbour", encryption_key=key, secret_name="app/named-neighbour")
    elsewhere = secretsmanager.Secret(stack, "Elsewhere", encryption_key=other_key)
    default = secretsmanager.Secret(stack, "UnderDefaultKey")

    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(*_): ..."),
    )
    ScopedSecretReader(stack, "NamedReader", grantee=function, secrets=[named])
    greedy = role("Greedy")
    greedy.add_to_policy(everything)
    ScopedSecretReader(stack, "GreedyReader", grantee=greedy, secrets=[named])
    ScopedSecretReader(stack, "GeneratedReader", grantee=role("GeneratedRole"), secrets=[generated])
    ScopedSecretReader(stack, "BothReader", grantee=role("BothRole"), secrets=[generated, elsewhere, default])
    ScopedSecretReader(stack, "UserReader", grantee=iam.User(stack, "User"), secrets=[generated])
    ScopedSecretReader(stack, "MutableReader", grantee=imported("mutable", mutable=True), secrets=[named])
    ScopedSecretReader(stack, "ImmutableReader", grantee=imported("immutable", mutable=False), secrets=[named])
    ScopedSecretReader(
        stack, "CurrentReader", grantee=role("CurrentRole"), secrets=[named], version_stages=["AWSCURRENT"]
    )
    partial = secretsmanager.Secret.from_secret_name_v2(stack, "Partial", "legacy/db")
    legacy_key = kms.Key(stack, "LegacyKey")
    ScopedSecretReader(stack, "PartialReader", grantee=role("PartialRole"), secrets=[partial], key=legacy_key)

    delegating = HardenedKey(stack, "DelegatingKey", delegate_via=[Service.SECRETS_MANAGER])
    delegated = secretsmanager.Secret(stack, "Delegated", encryption_key=delegating)
    ScopedSecretReader(stack, "DelegatedReader", grantee=role("DelegatedRole"), secrets=[delegated])

    key.grant_decrypt(role("Decrypter"))
    key.grant_encrypt(role("Encrypter"))
    key.grants.decrypt(role("GrantsDecrypter"))
    key.grant_admin(role("GrantedAdmin"))
    stream = f"arn:{stack.partition}:kinesis:{stack.region}:{stack.account}:stream/orders"
    key.grant_via(role("Consumer"), Service.KINESIS, use=Use.READ, resource_arns=[stream])
    s3.Bucket(stack, "Bucket", encryption_key=key).grant_read(role("BucketReader"))
    dynamodb.Table(
        stack,
        "Table",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        encryption_key=key,
    )
    signing = HardenedKey(stack, "SigningKey", key_spec=kms.KeySpec.ECC_NIST_P256, key_usage=kms.KeyUsage.SIGN_VERIFY)
    signing.grant_sign(role("Signer"))

    logs_key = HardenedKey(stack, "LogsKey")
    LogGroupWithCmk(stack, "Logs", key=logs_key, log_group_name="/app/orders")
    LogGroupWithCmk(stack, "MoreLogs", key=logs_key, log_group_name="/app/payments")
    LogGroupWithCmk(stack, "OwnLogs", retention=logs.RetentionDays.ONE_MONTH)
