"""Advice of errors about secrets, parameters, log groups and resolved keys."""

from __future__ import annotations

from typing import Any

import jsii
from aws_cdk import Aws, ContextProvider, NestedStack, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from secure_kms_constructs import (
    AWS_MANAGED,
    HardenedKey,
    LogGroupWithCmk,
    ResolvedKey,
    ScopedLogGroupManager,
    ScopedParameterReader,
    ScopedSecretReader,
    ScopedSecretRotator,
    Service,
)
from tests.synth.advising import ROLE, Ground, Step, advice
from tests.synth.templates import ACCOUNT, KEY_ARN, REGION, imported_secret, make_role

Steps = tuple[Step, Step]
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/db-AbC123"
SECRET_LOOKUP = {
    "typeName": "AWS::SecretsManager::Secret",
    "exactIdentifier": SECRET,
    "propertiesToReturn": ["KmsKeyId"],
    "account": ACCOUNT,
    "region": REGION,
}
SSO = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Support_0123456789abcdef"


@jsii.implements(secretsmanager.ISecretAttachmentTarget)
class Database:
    """What a secret is attached to."""

    @jsii.member(jsii_name="asSecretAttachmentTarget")
    def as_secret_attachment_target(self) -> secretsmanager.SecretAttachmentTargetProps:
        return secretsmanager.SecretAttachmentTargetProps(
            target_id="db", target_type=secretsmanager.AttachmentTargetType.RDS_DB_INSTANCE
        )


def reader(g: Ground, *secrets: Any, grantee: Any = None, at: Stack | None = None, **more: Any) -> Step:
    given = {"grantee": grantee or g.role, "secrets": secrets or [g.secret], **more}
    return lambda: ScopedSecretReader(at or g.stack, "Reader", **given)


def parameters(g: Ground, *several: Any, **more: Any) -> Step:
    return lambda: ScopedParameterReader(g.stack, "Parameters", grantee=g.role, parameters=several, **more)


@advice("secrets must name at least one secret, got none: leave the reader out instead")
def _(g: Ground) -> Steps:
    return lambda: ScopedSecretReader(g.stack, "Reader", grantee=g.role, secrets=[]), lambda: g.role


@advice("import with Secret.from_secret_complete_arn, from_secret_partial_arn or from_secret_name_v2")
def _(g: Ground) -> Steps:
    wrong = secretsmanager.Secret.from_secret_complete_arn(
        g.stack, "Wrong", f"arn:aws:ssm:{REGION}:{ACCOUNT}:secret:x-AbCdEf"
    )
    named = secretsmanager.Secret.from_secret_name_v2(g.stack, "Named", "app/other")
    right = imported_secret(g.stack)
    return reader(g, wrong, key=AWS_MANAGED), reader(g, right, named, key=AWS_MANAGED)


@advice("got {} and {}, which are one: leave one out")
def _(g: Ground) -> Steps:
    attached = secretsmanager.SecretTargetAttachment(g.stack, "Attached", secret=g.secret, target=Database())
    return reader(g, g.secret, attached), reader(g, attached)


@advice("the key of the imported secret {} is not known: pass key=AWS_MANAGED")
def _(g: Ground) -> Steps:
    secret = imported_secret(g.stack)

    def followed() -> None:
        reader(g, secret, key=AWS_MANAGED)()
        given = ResolvedKey.from_arn(g.stack, "Given", KEY_ARN)
        ScopedSecretReader(g.stack, "ByArn", grantee=make_role(g.stack, "Other"), secrets=[secret], key=given)

    return reader(g, secret), followed


@advice("version_stages must name at least one stage, got none: leave it out to allow all")
def _(g: Ground) -> Steps:
    return reader(g, version_stages=[]), reader(g)


@advice("version_stages must be names of stages such as AWSCURRENT, got {}: leave version_stages out")
def _(g: Ground) -> Steps:
    return reader(g, version_stages=["*"]), reader(g)


def rotator(g: Ground, grantee: Any = None) -> ScopedSecretRotator:
    return ScopedSecretRotator(g.stack, "Rotator", grantee=grantee or g.function, secrets=[g.secret])


@advice("secret must be one of the rotator's, got {}: add it to secrets=")
def _(g: Ground) -> Steps:
    other = secretsmanager.Secret(g.stack, "Another", encryption_key=g.key)
    return lambda: rotator(g).add_rotation_schedule(other), lambda: rotator(g).add_rotation_schedule(g.secret)


@advice("got its role: pass the function to the rotator")
def _(g: Ground) -> Steps:
    return lambda: rotator(g, g.function.role).add_rotation_schedule(g.secret), lambda: rotator(
        g
    ).add_rotation_schedule(g.secret)


@advice("and {}, so the grant would have no effect: import the role with mutable=True, or grant to a role of this app")
def _(g: Ground) -> Steps:
    immutable = iam.Role.from_role_arn(g.stack, "Immutable", ROLE, mutable=False)
    mutable = iam.Role.from_role_arn(g.stack, "Mutable", ROLE)
    own = ScopedSecretReader
    return (
        reader(g, grantee=immutable),
        lambda: [reader(g, grantee=mutable)(), own(g.stack, "Own", grantee=g.role, secrets=[g.secret])],
    )


@advice("give the secret a literal secret_name and a HardenedKey, or grant to a role of this app")
def _(g: Ground) -> Steps:
    role = iam.Role.from_role_arn(g.stack, "Sso", SSO)
    named = secretsmanager.Secret(g.stack, "Named", encryption_key=g.key, secret_name="app/db")
    return reader(g, grantee=role), reader(g, named, grantee=role)


@advice("is of several accounts: one construct for each account")
def _(g: Ground) -> Steps:
    stacks = [g.stack, g.of("Elsewhere", REGION, "999999999999")]
    here, there = (
        secretsmanager.Secret(one, "Named", encryption_key=HardenedKey(one, "Own"), secret_name="app/db")
        for one in stacks
    )
    role = iam.ArnPrincipal(ROLE)
    other = ScopedSecretReader
    return (
        reader(g, here, there, grantee=role),
        lambda: [reader(g, here, grantee=role)(), other(g.stack, "Other", grantee=role, secrets=[there])],
    )


@advice("one key serves one region, got {} for several: one construct a region")
def _(g: Ground) -> Steps:
    key = ResolvedKey.from_alias(g.stack, "Resolved", "alias/shared", at="deploy")
    arns = [f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:app/db-AbCdEf" for region in (REGION, "us-east-1")]
    one, other = (imported_secret(g.stack, arn, f"Imported{number}") for number, arn in enumerate(arns))
    return reader(g, one, other, key=key), reader(g, one, key=key)


@advice("key stands for one key, got it for {} and another: one construct a key")
def _(g: Ground) -> Steps:
    there, given = g.of("Other"), ResolvedKey.from_arn(g.stack, "Given", KEY_ARN)
    one, other = (
        secretsmanager.Secret(there, id, encryption_key=HardenedKey(there, f"{id}Key"), secret_name=f"app/{id}")
        for id in ("One", "Two")
    )
    role = make_role(g.stack, "Named", role_name="named")
    return reader(g, one, other, grantee=role, key=given), reader(g, one, grantee=role, key=given)


@advice("got {} for {} that each say it: leave it out")
def _(g: Ground) -> Steps:
    return reader(g, key=ResolvedKey.from_arn(g.stack, "Given", KEY_ARN)), reader(g)


@advice("{}, got one in {}: encrypt with a key of that {}")
def _(g: Ground) -> Steps:
    far, near = (
        ResolvedKey.from_arn(g.stack, region, f"arn:aws:kms:{region}:{ACCOUNT}:key/{KEY_ARN.rpartition('/')[2]}")
        for region in ("us-east-1", REGION)
    )
    secret = imported_secret(g.stack)
    return reader(g, secret, key=far), reader(g, secret, key=near)


@advice("lives in another region than stack {} and its {} name is generated: give it a literal {}_name")
def _(g: Ground) -> Steps:
    there = g.of("There", "us-east-1")
    generated, named = make_role(there), make_role(there, "Named", role_name="named")
    secret = imported_secret(g.stack)
    return (
        reader(g, secret, grantee=generated, key=AWS_MANAGED),
        reader(g, secret, grantee=named, key=AWS_MANAGED),
    )


@advice("parameters must name at least one parameter, got none: leave the reader out instead")
def _(g: Ground) -> Steps:
    return parameters(g, key=AWS_MANAGED), lambda: g.role


@advice("read single parameters by another reader")
def _(g: Ground) -> Steps:
    single = ssm.StringParameter(g.stack, "Single", string_value="x")
    return parameters(g, single, by_path=True), lambda: [
        parameters(g, "/app", by_path=True, key=AWS_MANAGED)(),
        ScopedParameterReader(g.stack, "Another", grantee=g.role, parameters=[single]),
    ]


@advice(
    "import what has an ARN with StringParameter.from_string_parameter_arn or from_secure_string_parameter_attributes"
)
def _(g: Ground) -> Steps:
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/db"
    imported = ssm.StringParameter.from_string_parameter_arn(g.stack, "Imported", arn)
    secure = ssm.StringParameter.from_secure_string_parameter_attributes(g.stack, "Secure", parameter_name="/app/token")
    return parameters(g, arn, key=AWS_MANAGED), parameters(g, imported, secure, key=AWS_MANAGED)


@advice("the key of the parameter {} is not known: pass key=AWS_MANAGED if it is a String")
def _(g: Ground) -> Steps:
    given = ResolvedKey.from_arn(g.stack, "Given", KEY_ARN)
    other = ScopedParameterReader
    return parameters(g, "/app/db"), lambda: [
        parameters(g, "/app/db", key=AWS_MANAGED)(),
        other(g.stack, "Other", grantee=g.role, parameters=["/app/other"], key=given),
    ]


@advice('give the stack an env, or resolve it at deploy time with ResolvedKey.from_alias(..., at="deploy")')
def _(g: Ground) -> Steps:
    agnostic = Stack(g.app, "Agnostic")
    return lambda: ResolvedKey.from_alias(agnostic, "Key", "alias/app"), lambda: [
        ResolvedKey.from_alias(agnostic, "AtDeploy", "alias/app", at="deploy"),
        ResolvedKey.from_parameter(agnostic, "Parameter", "/keys/app"),
    ]


@advice('alias_name must be literal at="synth", got a token: pass at="deploy"')
def _(g: Ground) -> Steps:
    name = f"alias/{Aws.STACK_NAME}"
    return (
        lambda: ResolvedKey.from_alias(g.stack, "Key", name),
        lambda: ResolvedKey.from_alias(g.stack, "Key", name, at="deploy"),
    )


@advice("use ResolvedKey.aws_managed(scope, id, Service....), which knows {}")
def _(g: Ground) -> Steps:
    return (
        lambda: ResolvedKey.from_alias(g.stack, "Key", "alias/aws/secretsmanager", at="deploy"),
        lambda: ResolvedKey.aws_managed(g.stack, "Key", Service.SECRETS_MANAGER, at="deploy"),
    )


def answered(g: Ground, provider: str, props: dict[str, Any], answer: Any) -> None:
    """Put the answer of a lookup into the context, as the command line of CDK does."""
    g.stack.node.set_context(ContextProvider.get_key(g.stack, provider=provider, props=props).key, answer)


@advice("the context holds no key id for {}, got {}: remove the entry from cdk.context.json")
def _(g: Ground) -> Steps:
    def looked_up(key_id: str) -> Step:
        answered(g, "key-provider", {"aliasName": "alias/app"}, {"keyId": key_id})
        return lambda: ResolvedKey.from_alias(g.stack, "Key", "alias/app")

    return (lambda: looked_up("nonsense")()), (lambda: looked_up(KEY_ARN.rpartition("/")[2])())


@advice("whose {} is {}: remove the entry from cdk.context.json and synthesize with credentials")
def _(g: Ground) -> Steps:
    def looked_up(key_arn: str) -> Step:
        answered(g, "cc-api-provider", SECRET_LOOKUP, [{"KmsKeyId": key_arn}])
        return lambda: ResolvedKey.of_secret(g.stack, "Key", SECRET)

    return (lambda: looked_up(KEY_ARN.replace(REGION, "us-east-1"))()), (lambda: looked_up(KEY_ARN)())


def group(g: Ground, id: str = "Group", **more: Any) -> Step:
    return lambda: LogGroupWithCmk(g.stack, id, **more)


@advice("generated_name=True takes no log_group_name, got {}: leave one of them out")
def _(g: Ground) -> Steps:
    return group(g, log_group_name="/app", generated_name=True), lambda: [
        group(g, log_group_name="/app")(),
        group(g, "Generated", generated_name=True)(),
    ]


@advice("got the nested stack {}: leave it a logs.LogGroup with encryption_key=key")
def _(g: Ground) -> Steps:
    nested = NestedStack(g.stack, "Nested")
    return (
        lambda: LogGroupWithCmk(nested, "Group", key=g.key, generated_name=True),
        lambda: logs.LogGroup(nested, "Plain", encryption_key=g.key),
    )


@advice("got the imported {}: use a HardenedKey, or pass owner_admits=True")
def _(g: Ground) -> Steps:
    imported = kms.Key.from_key_arn(g.stack, "Imported", KEY_ARN)
    return group(g, key=imported, log_group_name="/app"), lambda: [
        group(g, key=g.key, log_group_name="/app")(),
        group(g, "Admitted", key=imported, log_group_name="/other", owner_admits=True)(),
    ]


@advice("log_group_prefix {} is managed by {} already: leave one manager out")
def _(g: Ground) -> Steps:
    def manager(id: str) -> ScopedLogGroupManager:
        return ScopedLogGroupManager(g.stack, id, grantee=g.role, key=g.key, log_group_prefix="/app/")

    return lambda: [manager("One"), manager("Two")], lambda: manager("One")
