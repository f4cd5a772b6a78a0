"""What is told ahead is no less right: names that change are found, what cannot be told is asked one by one."""

from __future__ import annotations

from typing import Any

import jsii
import pytest
from aws_cdk import App, Aspects, IAspect, Resource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, ScopedSecretReader
from secure_kms_constructs.cdk import asking
from tests.synth.templates import by_sid, environment, key_policy, make_role, template


def apart(app: App, stack: Stack, **options: Any) -> tuple[secretsmanager.Secret, iam.Role, iam.Role]:
    """Return a secret in one stack, and two roles of another."""
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=HardenedKey(stack, "Key"))
    roles = Stack(app, "Roles", env=environment())
    return secret, make_role(roles, role_name="first"), make_role(roles, "Other", **options)


def test_a_name_that_was_told_ahead_and_changed_is_found(app: App, stack: Stack) -> None:
    secret, role, other = apart(app, stack, role_name="other")
    ScopedSecretReader(role.stack, "First", grantee=role, secrets=[secret])
    resource: Any = other.node.default_child
    resource.role_name = "renamed"
    ScopedSecretReader(role.stack, "Second", grantee=other, secrets=[secret])
    with pytest.raises(RuntimeError, match="role Roles/Other was renamed after a grant had asked for its name"):
        app.synth()


def test_a_path_that_an_aspect_changes_is_found(app: App, stack: Stack) -> None:
    secret, role, _ = apart(app, stack)

    @jsii.implements(IAspect)
    class Moves:
        def visit(self, node: Any) -> None:
            if isinstance(node, iam.CfnRole):
                node.path = "/app/"

    Aspects.of(app).add(Moves())
    ScopedSecretReader(role.stack, "First", grantee=role, secrets=[secret])
    with pytest.raises(RuntimeError, match="was renamed"):
        app.synth()


def test_a_name_set_before_the_first_grant_is_taken(app: App, stack: Stack) -> None:
    secret, role, other = apart(app, stack)
    resource: Any = other.node.default_child
    resource.role_name = "named"
    ScopedSecretReader(role.stack, "First", grantee=role, secrets=[secret])
    ScopedSecretReader(role.stack, "Second", grantee=other, secrets=[secret])
    named = str(by_sid(key_policy(stack))["AllowReadThroughSecretsManager"])
    assert "role/first" in named
    assert "role/named" in named


def test_a_role_in_one_stack_may_change_its_name_later(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    resource: Any = role.node.default_child
    resource.role_name = "renamed"
    template(stack)


def test_what_cannot_be_told_ahead_is_asked_one_by_one(stack: Stack, role: iam.Role) -> None:
    """A secret of somebody's own, whose Python answers in its own way."""

    @jsii.implements(secretsmanager.ISecret)
    class Own(Resource):
        @property
        def secret_arn(self) -> str:
            raise LookupError("not today")

    own: Any = Own(stack, "Own")
    with pytest.raises(LookupError, match="not today"):
        ScopedSecretReader(stack, "Reader", grantee=role, secrets=[own])


def test_a_subclass_answers_as_it_says(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    class Renamed(secretsmanager.Secret):
        @property
        def secret_arn(self) -> str:
            return "arn:aws:secretsmanager:eu-west-1:111122223333:secret:of-its-own-AbCdEf"

    secret = Renamed(stack, "Secret", encryption_key=key)
    reader = ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert reader.identity_statements[0]["Resource"] == secret.secret_arn


def test_what_python_does_not_hold_is_not_told(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    before = dict(asking._told)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    beside = secretsmanager.Secret(stack, "Beside", encryption_key=key)
    secretsmanager.Secret.from_secret_name_v2(stack, "Imported", "other")
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    new = asking._told.keys() - before.keys()
    assert new == {beside.__jsii_ref__.ref}  # type: ignore[attr-defined]
    ScopedSecretReader(stack, "Second", grantee=role, secrets=[beside])
    assert not asking._told.keys() & new
