"""Where key, resource and reader can live, as data: each placement builds its own stacks into one app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import App, Environment, NestedStack, PhysicalName, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as sm
from aws_cdk import aws_ssm as ssm
from constructs import Construct

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
    Use,
)

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
KEY_ID = "0a1b2c3d-0000-1111-2222-333344445555"
# The two regions of each partition that placements use.
REGIONS = {
    "aws": ("eu-west-1", "us-east-1"),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
    "aws-us-gov": ("us-gov-west-1", "us-gov-east-1"),
}


@dataclass
class Access:
    """Who reads what under which key; constructs, or ARNs of what no template makes.

    `built` is what wrote the grant. `open_to_account` says that IAM policies of the account are enough on the key's
    side, `admitted` that KMS asks for no policy of the app at all (AWS-managed keys), `by_role_itself` that the key
    policy alone is enough. `lookup` is a custom resource whose answer is the key.
    """

    who: Any
    key: Any
    resource: Any
    service: str = "secretsmanager"
    region: str = ""
    built: Any = None
    action: str = "kms:Decrypt"
    refused_action: str = "kms:Encrypt"
    read: str | None = "secretsmanager:GetSecretValue"
    open_to_account: bool = False
    admitted: bool = False
    by_role_itself: bool = False
    direct: bool = False
    lookup: Construct | None = None


class World:
    """Builds one placement: names that no other placement has, stacks in this partition."""

    def __init__(self, app: App, partition: str, prefix: str) -> None:
        self.app, self.partition, self.prefix = app, partition, prefix
        self.here, self.there = REGIONS[partition]

    def stack(
        self, id: str, account: str = ACCOUNT, region: str = "", scope: Construct | None = None, **more: Any
    ) -> Stack:
        env = Environment(account=account, region=region or self.here)
        return Stack(scope or self.app, f"{self.prefix}{id}", env=env, **more)

    def agnostic(self, id: str) -> Stack:
        return Stack(self.app, f"{self.prefix}{id}")

    def role(self, scope: Construct, id: str = "Role", *, literal: bool = True, **more: Any) -> iam.Role:
        name = more.pop("role_name", f"{self.prefix}-{id}" if literal else None)
        return iam.Role(scope, id, assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"), role_name=name, **more)

    def secret(self, scope: Construct, key: kms.IKey | None, *, literal: bool = True, **more: Any) -> sm.Secret:
        name = f"{self.prefix}/db" if literal else None
        return sm.Secret(scope, "Secret", encryption_key=key, secret_name=name, **more)

    def arn(self, service: str, resource: str, account: str = ACCOUNT, region: str | None = None) -> str:
        region = self.here if region is None else region
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"

    def role_arn(self, name: str, account: str = ACCOUNT) -> str:
        return self.arn("iam", f"role/{name}", account, "")

    def key_arn(self, account: str = ACCOUNT, region: str | None = None) -> str:
        return self.arn("kms", f"key/{KEY_ID}", account, region)

    def secret_arn(self, account: str = ACCOUNT, region: str | None = None) -> str:
        return self.arn("secretsmanager", f"secret:{self.prefix}/db-AbC123", account, region)


Build = Callable[[World], Access]


@dataclass(frozen=True)
class Placement:
    """One row: a sentence, and how to build it."""

    name: str
    build: Build


PLACEMENTS: list[Placement] = []


def placement(name: str) -> Callable[[Build], Build]:
    def add(build: Build) -> Build:
        PLACEMENTS.append(Placement(name, build))
        return build

    return add


def read(scope: Construct, who: iam.IGrantable, secret: sm.ISecret, **more: Any) -> ScopedSecretReader:
    return ScopedSecretReader(scope, "Reader", grantee=who, secrets=[secret], **more)


# -- one environment


def _one_stack(w: World, stack: Stack, role: iam.Role, *, literal: bool) -> Access:
    key = HardenedKey(stack, "Key")
    secret = w.secret(stack, key, literal=literal)
    return Access(role, key, secret, built=read(stack, role, secret))


@placement("all in one stack, every name generated")
def _(w: World) -> Access:
    stack = w.stack("S")
    return _one_stack(w, stack, w.role(stack, literal=False), literal=False)


@placement("all in one stack, every name literal")
def _(w: World) -> Access:
    stack = w.stack("S")
    return _one_stack(w, stack, w.role(stack), literal=True)


@placement("a role with a path")
def _(w: World) -> Access:
    stack = w.stack("S")
    return _one_stack(w, stack, w.role(stack, path="/app/"), literal=True)


@placement("all in one stack of an env-agnostic app")
def _(w: World) -> Access:
    stack = w.agnostic("S")
    return _one_stack(w, stack, w.role(stack, literal=False), literal=False)


@placement("a user")
def _(w: World) -> Access:
    stack = w.stack("S")
    key, user = HardenedKey(stack, "Key"), iam.User(stack, "User")
    secret = w.secret(stack, key)
    return Access(user, key, secret, built=read(stack, user, secret))


def _apart(w: World, keys: Stack, role: iam.Role, writer: Stack, *, literal: bool = True) -> Access:
    key = HardenedKey(keys, "Key")
    secret = w.secret(keys, key, literal=literal)
    return Access(role, key, secret, built=read(writer, role, secret))


@placement("the role's stack depends on the key's; role name literal")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R")
    return _apart(w, keys, w.role(roles), roles, literal=False)


@placement("the key's stack depends on the role's; role name literal")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R")
    keys.add_stack_dependency(roles)
    return _apart(w, keys, w.role(roles), keys)


@placement("the key's stack depends on the role's; role name generated")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R")
    return _apart(w, keys, w.role(roles, literal=False), keys)


@placement("two stacks of an env-agnostic app; role name literal")
def _(w: World) -> Access:
    keys, roles = w.agnostic("K"), w.agnostic("R")
    return _apart(w, keys, w.role(roles), roles)


@placement("key, secret and role in three stacks")
def _(w: World) -> Access:
    keys, secrets, roles = w.stack("K"), w.stack("S"), w.stack("R")
    key, role = HardenedKey(keys, "Key"), w.role(roles)
    secret = w.secret(secrets, key)
    return Access(role, key, secret, built=read(roles, role, secret))


@placement("role name generated in another stack, key with delegate_via")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R")
    key = HardenedKey(keys, "Key", delegate_via=[Service.SECRETS_MANAGER])
    secret, role = w.secret(keys, key), w.role(roles, literal=False)
    return Access(role, key, secret, built=read(roles, role, secret), open_to_account=True)


@placement("reader in a nested stack, key in its parent")
def _(w: World) -> Access:
    parent = w.stack("P")
    nested = NestedStack(parent, "Nested")
    return _apart(w, parent, w.role(nested), nested)


@placement("key in a nested stack, reader in its parent")
def _(w: World) -> Access:
    parent = w.stack("P")
    nested = NestedStack(parent, "Nested")
    return _apart(w, nested, w.role(parent), parent, literal=False)


@placement("key and reader in sibling nested stacks")
def _(w: World) -> Access:
    parent = w.stack("P")
    keys, roles = NestedStack(parent, "Keys"), NestedStack(parent, "Roles")
    return _apart(w, keys, w.role(roles), roles)


@placement("two stacks of one stage")
def _(w: World) -> Access:
    stage = Stage(w.app, f"{w.prefix}Stage")
    keys, roles = w.stack("K", scope=stage), w.stack("R", scope=stage)
    return _apart(w, keys, w.role(roles), roles)


@placement("two stages, the key's ARN by an SSM parameter")
def _(w: World) -> Access:
    keys = w.stack("K", scope=Stage(w.app, f"{w.prefix}Shared"))
    roles = w.stack("R", scope=Stage(w.app, f"{w.prefix}App"))
    key, role = HardenedKey(keys, "Key"), w.role(roles)
    secret = w.secret(keys, key)
    key.publish_arn(f"/{w.prefix}/key")
    key.grant_via(
        iam.Role.from_role_arn(keys, "Reader", w.role_arn(f"{w.prefix}-Role"), mutable=False),
        Service.SECRETS_MANAGER,
        use=Use.READ,
        resource_arns=[w.arn("secretsmanager", f"secret:{w.prefix}/db-??????")],
    )
    built = read(
        roles,
        role,
        sm.Secret.from_secret_name_v2(roles, "Secret", f"{w.prefix}/db"),
        key=ResolvedKey.from_parameter(roles, "Key", f"/{w.prefix}/key"),
    )
    return Access(role, key, secret, built=built, by_role_itself=True)


# -- other regions


@placement("role in another region")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R", region=w.there)
    return _apart(w, keys, w.role(roles), roles)


@placement("role in another region, reader beside the key")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R", region=w.there)
    return _apart(w, keys, w.role(roles), keys)


@placement("role in another region, secret name generated, cross_region_references")
def _(w: World) -> Access:
    keys = w.stack("K", cross_region_references=True)
    roles = w.stack("R", region=w.there, cross_region_references=True)
    return _apart(w, keys, w.role(roles), roles, literal=False)


@placement("secret and key of another region by literal ARN")
def _(w: World) -> Access:
    roles = w.stack("R")
    role, arn = w.role(roles), w.secret_arn(region=w.there)
    key = ResolvedKey.from_arn(roles, "Key", w.key_arn(region=w.there))
    built = read(roles, role, sm.Secret.from_secret_complete_arn(roles, "Secret", arn), key=key)
    return Access(role, w.key_arn(region=w.there), arn, built=built, region=w.there)


@placement("replica of a secret, read in its region under its key")
def _(w: World) -> Access:
    primary, replica = w.stack("P"), w.stack("R", region=w.there)
    replica_key, role = HardenedKey(replica, "Key"), w.role(replica, literal=False)
    w.secret(primary, HardenedKey(primary, "Key"), replica_regions=[sm.ReplicaRegion(region=w.there)])
    secret = sm.Secret.from_secret_name_v2(replica, "Secret", f"{w.prefix}/db")
    built = read(replica, role, secret, key=replica_key)
    return Access(role, replica_key, w.secret_arn(region=w.there), built=built, region=w.there)


# -- other accounts


@placement("role of another account, built in its stack")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT)
    return _apart(w, keys, w.role(roles), roles)


@placement("role of another account, named where it is needed")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT)
    return _apart(w, keys, w.role(roles, role_name=PhysicalName.GENERATE_IF_NEEDED), roles)


@placement("role of another account and region")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT, region=w.there)
    return _apart(w, keys, w.role(roles), roles)


@placement("role of another account, key with delegate_via")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT)
    key = HardenedKey(keys, "Key", delegate_via=[Service.SECRETS_MANAGER])
    secret, role = w.secret(keys, key), w.role(roles)
    return Access(role, key, secret, built=read(roles, role, secret), open_to_account=True)


@placement("role of another account, imported into the key's stack")
def _(w: World) -> Access:
    keys = w.stack("K")
    key, arn = HardenedKey(keys, "Key"), w.role_arn("app/reader", OTHER_ACCOUNT)
    secret = w.secret(keys, key)
    built = read(keys, iam.Role.from_role_arn(keys, "Role", arn), secret)
    return Access(arn, key, secret, built=built)


@placement("secret and key of another account, both imported into the role's stack")
def _(w: World) -> Access:
    roles = w.stack("R")
    role, arn = w.role(roles), w.secret_arn(OTHER_ACCOUNT)
    key = ResolvedKey.from_arn(roles, "Key", w.key_arn(OTHER_ACCOUNT))
    built = read(roles, role, sm.Secret.from_secret_complete_arn(roles, "Secret", arn), key=key)
    return Access(role, w.key_arn(OTHER_ACCOUNT), arn, built=built)


@placement("a plain kms.Key that delegates to its own account, role of another")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT)
    key, role = kms.Key(keys, "Key"), w.role(roles)
    secret = w.secret(keys, key)
    return Access(role, key, secret, built=read(roles, role, secret), open_to_account=True)


# -- imported grantees


@placement("imported role, by ARN with a path")
def _(w: World) -> Access:
    keys = w.stack("K")
    key, arn = HardenedKey(keys, "Key"), w.role_arn(f"team/{w.prefix}")
    secret = w.secret(keys, key)
    return Access(arn, key, secret, built=read(keys, iam.Role.from_role_arn(keys, "Role", arn), secret))


@placement("imported role, by name")
def _(w: World) -> Access:
    keys = w.stack("K")
    key, role = HardenedKey(keys, "Key"), iam.Role.from_role_name(keys, "Role", w.prefix)
    secret = w.secret(keys, key)
    return Access(w.role_arn(w.prefix), key, secret, built=read(keys, role, secret))


@placement("imported role in another stack than the key")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R")
    key, role = HardenedKey(keys, "Key"), iam.Role.from_role_name(roles, "Role", w.prefix)
    secret = w.secret(keys, key)
    return Access(w.role_arn(w.prefix), key, secret, built=read(roles, role, secret))


@placement("immutable imported role, named by the key and the secret")
def _(w: World) -> Access:
    keys = w.stack("K")
    key, arn = HardenedKey(keys, "Key"), w.role_arn(w.prefix)
    secret = w.secret(keys, key)
    role = iam.Role.from_role_arn(keys, "Role", arn, mutable=False)
    return Access(arn, key, secret, built=read(keys, role, secret), by_role_itself=True)


@placement("plain ARN principal, named by the key and the secret")
def _(w: World) -> Access:
    keys = w.stack("K")
    key, arn = HardenedKey(keys, "Key"), w.role_arn(w.prefix)
    secret = w.secret(keys, key)
    return Access(arn, key, secret, built=read(keys, iam.ArnPrincipal(arn), secret), by_role_itself=True)


# -- keys that are not ours


def _imported_key(w: World, roles: Stack, key: kms.IKey, arn: str) -> Access:
    role = w.role(roles, literal=False)
    secret = w.secret(roles, key, literal=False)
    return Access(role, arn, secret, built=read(roles, role, secret))


@placement("imported key, by ARN")
def _(w: World) -> Access:
    roles = w.stack("R")
    return _imported_key(w, roles, ResolvedKey.from_arn(roles, "Key", w.key_arn()), w.key_arn())


@placement("imported key, by kms.Key.from_key_arn")
def _(w: World) -> Access:
    roles = w.stack("R")
    return _imported_key(w, roles, kms.Key.from_key_arn(roles, "Key", w.key_arn()), w.key_arn())


@placement("imported key, by SSM parameter")
def _(w: World) -> Access:
    roles = w.stack("R")
    return _imported_key(w, roles, ResolvedKey.from_parameter(roles, "Key", "/shared/key-arn"), w.key_arn())


@placement("imported key, by alias at deployment")
def _(w: World) -> Access:
    roles = w.stack("R")
    key = ResolvedKey.from_alias(roles, "Key", "alias/shared", at="deploy")
    access = _imported_key(w, roles, key, w.key_arn())
    access.lookup = roles.node.find_child("Key").node.find_child("Lookup").node.find_child("Resource")
    return access


@placement("imported key, by alias at synth")
def _(w: World) -> Access:
    roles = w.stack("R")
    return _imported_key(w, roles, ResolvedKey.from_alias(roles, "Key", "alias/shared"), w.key_arn())


@placement("imported key and secret, the key told by the secret")
def _(w: World) -> Access:
    roles = w.stack("R")
    role, arn = w.role(roles), w.arn("secretsmanager", "secret:legacy/db-AbC123")
    key = ResolvedKey.of_secret(roles, "Key", arn)
    built = read(roles, role, sm.Secret.from_secret_complete_arn(roles, "Secret", arn), key=key)
    return Access(role, w.key_arn(), arn, built=built)


@placement("a plain kms.Key, which leaves it to IAM policies")
def _(w: World) -> Access:
    stack = w.stack("S")
    key, role = kms.Key(stack, "Key"), w.role(stack, literal=False)
    secret = w.secret(stack, key)
    return Access(role, key, secret, built=read(stack, role, secret), open_to_account=True)


@placement("a secret under the AWS-managed key")
def _(w: World) -> Access:
    stack = w.stack("S")
    role, secret = w.role(stack), w.secret(stack, None)
    return Access(role, w.key_arn(), secret, built=read(stack, role, secret), admitted=True)


@placement("a secret under the AWS-managed key, with the explicit statement")
def _(w: World) -> Access:
    stack = w.stack("S")
    role, secret = w.role(stack), w.secret(stack, None)
    key = ResolvedKey.aws_managed(stack, "Key", Service.SECRETS_MANAGER)
    return Access(role, w.key_arn(), secret, built=read(stack, role, secret, key=key), open_to_account=True)


@placement("an imported secret under the AWS-managed key")
def _(w: World) -> Access:
    stack = w.stack("S")
    role = w.role(stack)
    secret = sm.Secret.from_secret_complete_arn(stack, "Secret", w.secret_arn())
    return Access(role, w.key_arn(), w.secret_arn(), built=read(stack, role, secret, key=AWS_MANAGED), admitted=True)


# -- parameters


def _parameter(w: World, scope: Construct, role: iam.Role, key: Any, name: str, **more: Any) -> Access:
    built = ScopedParameterReader(scope, "Reader", grantee=role, parameters=[name], key=key, **more)
    bare = name.strip("/") + ("/password" if more.get("by_path") else "")
    arn = w.arn("ssm", f"parameter/{bare}")
    return Access(role, key, arn, service="ssm", built=built, read="ssm:GetParameter")


@placement("a SecureString by name")
def _(w: World) -> Access:
    stack = w.stack("S")
    return _parameter(w, stack, w.role(stack, literal=False), HardenedKey(stack, "Key"), f"/{w.prefix}/db")


@placement("a SecureString by name without leading slash")
def _(w: World) -> Access:
    stack = w.stack("S")
    return _parameter(w, stack, w.role(stack, literal=False), HardenedKey(stack, "Key"), f"{w.prefix}-db")


@placement("SecureStrings below a path")
def _(w: World) -> Access:
    stack = w.stack("S")
    return _parameter(w, stack, w.role(stack), HardenedKey(stack, "Key"), f"/{w.prefix}", by_path=True)


@placement("a SecureString, its key in another stack")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R")
    return _parameter(w, roles, w.role(roles), HardenedKey(keys, "Key"), f"/{w.prefix}/db")


@placement("a SecureString under an imported key")
def _(w: World) -> Access:
    stack = w.stack("S")
    access = _parameter(w, stack, w.role(stack), ResolvedKey.from_arn(stack, "Key", w.key_arn()), f"/{w.prefix}/db")
    access.key = w.key_arn()
    return access


@placement("an imported SecureString construct")
def _(w: World) -> Access:
    stack = w.stack("S")
    key, role = HardenedKey(stack, "Key"), w.role(stack)
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "Parameter", parameter_name=f"/{w.prefix}/db"
    )
    built = ScopedParameterReader(stack, "Reader", grantee=role, parameters=[parameter], key=key)
    arn = w.arn("ssm", f"parameter/{w.prefix}/db")
    return Access(role, key, arn, service="ssm", built=built, read="ssm:GetParameter")


@placement("a SecureString under aws/ssm")
def _(w: World) -> Access:
    stack = w.stack("S")
    access = _parameter(w, stack, w.role(stack), AWS_MANAGED, f"/{w.prefix}/db")
    access.key, access.admitted = w.key_arn(), True
    return access


@placement("a SecureString under aws/ssm, with the explicit statement")
def _(w: World) -> Access:
    stack = w.stack("S")
    key = ResolvedKey.aws_managed(stack, "Key", Service.PARAMETER_STORE)
    access = _parameter(w, stack, w.role(stack), key, f"/{w.prefix}/db")
    access.key, access.open_to_account = w.key_arn(), True
    return access


@placement("a String parameter of this app")
def _(w: World) -> Access:
    stack = w.stack("S")
    role, parameter = w.role(stack), ssm.StringParameter(stack, "Parameter", string_value="x")
    built = ScopedParameterReader(stack, "Reader", grantee=role, parameters=[parameter])
    return Access(role, w.key_arn(), parameter, service="ssm", built=built, read="ssm:GetParameter", admitted=True)


@placement("a String parameter of another stack and region")
def _(w: World) -> Access:
    parameters, roles = w.stack("P", region=w.there), w.stack("R")
    role = w.role(roles)
    parameter = ssm.StringParameter(parameters, "Parameter", string_value="x", parameter_name=f"/{w.prefix}/x")
    built = ScopedParameterReader(roles, "Reader", grantee=role, parameters=[parameter])
    return Access(role, w.key_arn(), parameter, service="ssm", built=built, read="ssm:GetParameter", admitted=True)


# -- rotation


def _function(stack: Stack, **more: Any) -> lambda_.Function:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(*_): ..."),
        **more,
    )


@placement("rotation, all in one stack")
def _(w: World) -> Access:
    stack = w.stack("S")
    key, function = HardenedKey(stack, "Key"), _function(stack)
    secret = w.secret(stack, key, literal=False)
    rotator = ScopedSecretRotator(stack, "Rotator", grantee=function, secrets=[secret])
    rotator.add_rotation_schedule(secret)
    return Access(
        function.role, key, secret, built=rotator, action="kms:GenerateDataKey", read="secretsmanager:PutSecretValue"
    )


@placement("rotation of secrets in another stack")
def _(w: World) -> Access:
    keys, stack = w.stack("K"), w.stack("S")
    key = HardenedKey(keys, "Key")
    function = _function(stack, role=w.role(stack))
    secret = w.secret(keys, key, literal=False)
    rotator = ScopedSecretRotator(stack, "Rotator", grantee=function, secrets=[secret])
    rotator.add_rotation_schedule(secret)
    return Access(
        function.role, key, secret, built=rotator, action="kms:GenerateDataKey", read="secretsmanager:PutSecretValue"
    )


# -- logs


def _group(w: World, keys: Stack, logs: Stack, **more: Any) -> Access:
    key = HardenedKey(keys, "Key")
    named = more or {"log_group_name": f"/{w.prefix}/group"}
    group = LogGroupWithCmk(logs, "Group", key=key, **named)
    return Access("service:logs", key, group, service="logs", built=group, refused_action="kms:CreateGrant", read=None)


@placement("a log group and its key in one stack")
def _(w: World) -> Access:
    stack = w.stack("S")
    return _group(w, stack, stack)


@placement("a log group that keeps the name CloudFormation made up")
def _(w: World) -> Access:
    stack = w.stack("S")
    return _group(w, stack, stack, generated_name=True)


@placement("a log group under a key of another stack")
def _(w: World) -> Access:
    return _group(w, w.stack("K"), w.stack("L"))


@placement("a log group under an imported key")
def _(w: World) -> Access:
    stack = w.stack("S")
    key = ResolvedKey.from_arn(stack, "Key", w.key_arn())
    group = LogGroupWithCmk(stack, "Group", key=key, owner_admits=True, log_group_name=f"/{w.prefix}/group")
    arn = w.key_arn()
    return Access("service:logs", arn, group, service="logs", built=group, refused_action="kms:CreateGrant", read=None)


def _manager(w: World, scope: Stack, role: iam.Role, key: kms.IKey) -> Access:
    built = ScopedLogGroupManager(scope, "Manager", grantee=role, key=key, log_group_prefix=f"/{w.prefix}/")
    return Access(
        role,
        key,
        w.arn("logs", f"log-group:/{w.prefix}/orders"),
        service="logs",
        built=built,
        action="kms:GenerateDataKey",
        refused_action="kms:CreateGrant",
        read="logs:CreateLogGroup",
    )


@placement("a log-group manager and its key in one stack")
def _(w: World) -> Access:
    stack = w.stack("S")
    return _manager(w, stack, w.role(stack, literal=False), HardenedKey(stack, "Key"))


@placement("a log-group manager, its key in another stack")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R")
    return _manager(w, roles, w.role(roles), HardenedKey(keys, "Key"))


@placement("a log-group manager under an imported key")
def _(w: World) -> Access:
    stack = w.stack("S")
    access = _manager(w, stack, w.role(stack), ResolvedKey.from_arn(stack, "Key", w.key_arn()))
    access.key = w.key_arn()
    return access


# -- grants on the key itself


def _decrypt(w: World, keys: Stack, roles: Stack) -> Access:
    key, role = HardenedKey(keys, "Key"), w.role(roles)
    key.grant_decrypt(role)
    return Access(role, key, "", built=None, direct=True, read=None)


@placement("key.grant_decrypt, role in another stack")
def _(w: World) -> Access:
    return _decrypt(w, w.stack("K"), w.stack("R"))


@placement("key.grant_decrypt, role of another account")
def _(w: World) -> Access:
    return _decrypt(w, w.stack("K"), w.stack("R", account=OTHER_ACCOUNT))


def _stream(
    w: World, keys: Stack, who: iam.IGrantable, arn: Any, delegates: tuple[Service, ...] = (), **more: Any
) -> Access:
    key, stream = HardenedKey(keys, "Key", delegate_via=delegates), w.arn("kinesis", f"stream/{w.prefix}")
    key.grant_via(who, Service.KINESIS, use=Use.READ, resource_arns=[stream])
    return Access(arn, key, stream, service="kinesis", read=None, **more)


@placement("key.grant_via, role in another stack")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R")
    role = w.role(roles)
    return _stream(w, keys, role, role)


@placement("key.grant_via, role of another account and region")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT, region=w.there)
    role = w.role(roles)
    return _stream(w, keys, role, role)


@placement("key.grant_via, role of another account, key with delegate_via")
def _(w: World) -> Access:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT)
    role = w.role(roles)
    return _stream(w, keys, role, role, (Service.KINESIS,), open_to_account=True)


@placement("key.grant_via, immutable imported role")
def _(w: World) -> Access:
    keys, arn = w.stack("K"), w.role_arn(w.prefix)
    return _stream(w, keys, iam.Role.from_role_arn(keys, "Role", arn, mutable=False), arn, by_role_itself=True)


def context_of_lookups(partition: str) -> Mapping[str, Any]:
    """The answers to the lookups above."""
    region = REGIONS[partition][0]
    secret = f"arn:{partition}:secretsmanager:{region}:{ACCOUNT}:secret:legacy/db-AbC123".replace(":", "$:")
    aliases = ("alias/shared", "alias/aws/secretsmanager", "alias/aws/ssm")
    return {
        "aws:cdk:enable-asset-metadata": True,
        **{f"key-provider:account={ACCOUNT}:aliasName={alias}:region={region}": {"keyId": KEY_ID} for alias in aliases},
        f"cc-api-provider:account={ACCOUNT}:exactIdentifier={secret}:propertiesToReturn.0=KmsKeyId"
        f":region={region}:typeName=AWS$:$:SecretsManager$:$:Secret": [{"KmsKeyId": KEY_ID}],
    }
