"""Placements that cannot work, and what the error says to do instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_cdk import NestedStack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_secretsmanager as sm

from secure_kms_constructs import (
    AWS_MANAGED,
    HardenedKey,
    LogGroupWithCmk,
    ResolvedKey,
    ScopedLogGroupManager,
    ScopedParameterReader,
    Service,
    Use,
)
from tests.semantics.placements import OTHER_ACCOUNT, World, read

Build = Callable[[World], Any]


@dataclass(frozen=True)
class Refusal:
    """One row: a sentence, words of the error, and how to run into it."""

    name: str
    says: str
    build: Build


REFUSALS: list[Refusal] = []


def refused(name: str, says: str) -> Callable[[Build], Build]:
    def add(build: Build) -> Build:
        REFUSALS.append(Refusal(name, says, build))
        return build

    return add


def _secret(w: World, keys: Any, roles: Any, role: Any, *, writer: Any = None, literal: bool = True) -> Any:
    return read(writer or roles, role, w.secret(keys, HardenedKey(keys, "Key"), literal=literal))


@refused("role name generated in another stack", "give it a literal role_name, or serve it with delegate_via")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.stack("R")
    _secret(w, keys, roles, w.role(roles, literal=False))


@refused("role name generated in another account", "give it a literal role_name")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT)
    _secret(w, keys, roles, w.role(roles, literal=False))


@refused("role name generated in a nested stack, key in its parent", "give it a literal role_name")
def _(w: World) -> None:
    parent = w.stack("P")
    nested = NestedStack(parent, "Nested")
    _secret(w, parent, nested, w.role(nested, literal=False))


@refused("two grants that make two stacks wait for each other", "would make stack ... wait for stack ... already waits")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.stack("R")
    key = HardenedKey(keys, "Key")
    secret = w.secret(keys, key)
    read(roles, w.role(roles), secret)
    read(keys, w.role(roles, "Generated", literal=False), secret)


@refused("a grant against the order of the stacks", "would make stack ... wait for stack ... already waits")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.stack("R")
    keys.add_stack_dependency(roles)
    _secret(w, keys, roles, w.role(roles))


@refused("key.grant_decrypt against the order of the stacks", "would make stack ... wait for stack ... already waits")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.stack("R")
    keys.add_stack_dependency(roles)
    HardenedKey(keys, "Key").grant_decrypt(w.role(roles))


@refused("a key of another stage by reference", "references end at a stage: pass its full ARN as key=ResolvedKey")
def _(w: World) -> None:
    keys = w.stack("K", scope=Stage(w.app, "One"))
    roles = w.stack("R", scope=Stage(w.app, "Two"))
    key = HardenedKey(keys, "Key")
    read(roles, w.role(roles), sm.Secret.from_secret_name_v2(roles, "Secret", "db"), key=key)


@refused("a secret of another stage by reference", "references end at a stage: give the secret a literal secret_name")
def _(w: World) -> None:
    secrets = w.stack("K", scope=Stage(w.app, "One"))
    roles = w.stack("R", scope=Stage(w.app, "Two"))
    read(roles, w.role(roles), w.secret(secrets, None, literal=False))


@refused("key.grant_decrypt for a role of another stage", "references end at a stage: grant on a ResolvedKey")
def _(w: World) -> None:
    keys = w.stack("K", scope=Stage(w.app, "One"))
    roles = w.stack("R", scope=Stage(w.app, "Two"))
    HardenedKey(keys, "Key").grant_decrypt(w.role(roles))


@refused("role in an env-agnostic stack, key in a known place", "cannot be told: give both stacks an env")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.agnostic("R")
    _secret(w, keys, roles, w.role(roles))


@refused("key in an env-agnostic stack, role in a known place", "cannot be told: give both stacks an env")
def _(w: World) -> None:
    keys, roles = w.agnostic("K"), w.stack("R")
    _secret(w, keys, roles, w.role(roles))


@refused("secret name generated in another account", "give the secret a literal secret_name, or import it")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT)
    _secret(w, keys, roles, w.role(roles), literal=False)


@refused("a reader outside the account of its role", "lives in another account than stack ...: build the grant in the")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT)
    _secret(w, keys, roles, w.role(roles), writer=keys)


@refused("a secret under the AWS-managed key, role of another account", "put it under a customer-managed key")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT)
    read(roles, w.role(roles), w.secret(keys, None))


@refused("an imported secret under the AWS-managed key of another account", "put it under a customer-managed key")
def _(w: World) -> None:
    roles = w.stack("R")
    secret = sm.Secret.from_secret_complete_arn(roles, "Secret", w.secret_arn(OTHER_ACCOUNT))
    read(roles, w.role(roles), secret, key=AWS_MANAGED)


@refused("the AWS-managed key of another service", "cannot be the key that AWS manages for ParameterStore")
def _(w: World) -> None:
    stack = w.stack("S")
    key = ResolvedKey.aws_managed(stack, "Key", Service.PARAMETER_STORE)
    read(stack, w.role(stack), w.secret(stack, None), key=key)


@refused("an imported secret without word of its key", "pass key=AWS_MANAGED ... key=ResolvedKey.of_secret")
def _(w: World) -> None:
    stack = w.stack("S")
    read(stack, w.role(stack), sm.Secret.from_secret_name_v2(stack, "Secret", "db"))


@refused("an immutable role and a secret with a generated name", "import the role with mutable=True")
def _(w: World) -> None:
    stack = w.stack("S")
    role = iam.Role.from_role_name(stack, "Role", "reader", mutable=False)
    _secret(w, stack, stack, role, literal=False)


@refused("an immutable role and an imported secret", "import the role with mutable=True")
def _(w: World) -> None:
    stack = w.stack("S")
    role = iam.Role.from_role_name(stack, "Role", "reader", mutable=False)
    read(stack, role, sm.Secret.from_secret_name_v2(stack, "Secret", "db"), key=HardenedKey(stack, "Key"))


@refused("an immutable role and a parameter", "has no resource policies, so the grant would have no effect")
def _(w: World) -> None:
    stack = w.stack("S")
    role = iam.Role.from_role_name(stack, "Role", "reader", mutable=False)
    ScopedParameterReader(stack, "Reader", grantee=role, parameters=["/db"], key=HardenedKey(stack, "Key"))


@refused(
    "a parameter of another account", "cannot be read from another account, got ...: read it by a role of its account"
)
def _(w: World) -> None:
    stack = w.stack("S")
    role = iam.Role.from_role_arn(stack, "Role", w.role_arn("reader", OTHER_ACCOUNT))
    ScopedParameterReader(stack, "Reader", grantee=role, parameters=["/db"], key=HardenedKey(stack, "Key"))


@refused("an action that KMS honours in its own account only", "KMS honours no kms:EnableKey ... another account")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.stack("R", account=OTHER_ACCOUNT)
    HardenedKey(keys, "Key").grant(w.role(roles), "kms:EnableKey")


@refused("grant_via for an immutable role and a resource by reference", "pass literal resource_arns")
def _(w: World) -> None:
    stack = w.stack("S")
    key, stream = HardenedKey(stack, "Key"), kinesis.Stream(stack, "Stream")
    role = iam.Role.from_role_name(stack, "Role", "reader", mutable=False)
    key.grant_via(role, Service.KINESIS, use=Use.READ, resource_arns=[stream.stream_arn])


@refused("a log group named by reference, its key in another stack", "log_group_name must be literal under a key of")
def _(w: World) -> None:
    keys, logs = w.stack("K"), w.stack("L")
    LogGroupWithCmk(logs, "Group", key=HardenedKey(keys, "Key"), log_group_name=f"/app/{w.role(logs).role_name}")


@refused("the same log-group prefix twice for one role", "is managed by ... already: leave one manager out")
def _(w: World) -> None:
    stack = w.stack("S")
    key, role = HardenedKey(stack, "Key"), w.role(stack)
    for id in ("One", "Two"):
        ScopedLogGroupManager(stack, id, grantee=role, key=key, log_group_prefix="/app/")


@refused("a reader in another region than its role with a generated name", "give it a literal role_name, or build the")
def _(w: World) -> None:
    keys, roles = w.stack("K"), w.stack("R", region=w.there)
    key = HardenedKey(keys, "Key", delegate_via=[Service.SECRETS_MANAGER])
    read(keys, w.role(roles, literal=False), w.secret(keys, key))
