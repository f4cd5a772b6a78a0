"""Names that a policy carries literally are compared with those of the finished templates, overrides included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsii
import pytest
from aws_cdk import App, Aspects, CfnResource, IAspect, PhysicalName, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, LogGroupWithCmk, ScopedSecretReader
from tests.synth.templates import environment, key_policy, make_role

Change = Callable[[Any], None]


@jsii.implements(IAspect)
class Overrides:
    """What the Aspects of a platform's team do."""

    def __init__(self, kind: str, name: str, value: Any) -> None:
        self._kind, self._name, self._value = kind, name, value

    def visit(self, node: Any) -> None:
        if isinstance(node, CfnResource) and node.cfn_resource_type == self._kind:
            node.add_property_override(self._name, self._value)


@pytest.fixture
def key(stack: Stack) -> HardenedKey:
    return HardenedKey(stack, "Key")


@pytest.fixture
def other(app: App) -> Stack:
    return Stack(app, "Other", env=environment())


def override(construct: Any, name: str, value: Any) -> None:
    construct.node.default_child.add_property_override(name, value)


@pytest.mark.parametrize("name, value", [("Path", "/x/"), ("Path", {"Ref": "P"}), ("RoleName", "other")])
@pytest.mark.parametrize("way", ["override", "aspect"])
def test_a_role_of_another_stack_that_is_renamed_is_found(
    app: App, key: HardenedKey, other: Stack, way: str, name: str, value: Any
) -> None:
    role = make_role(other, role_name="literal")
    ScopedSecretReader(
        other, "Reader", grantee=role, secrets=[secretsmanager.Secret(key.stack, "S", encryption_key=key)]
    )
    if way == "override":
        override(role, name, value)
    else:
        Aspects.of(app).add(Overrides("AWS::IAM::Role", name, value))
    with pytest.raises(RuntimeError, match=r"role Other/Role was renamed after a grant .*: set role_name and path"):
        app.synth()


def test_a_user_of_another_stack_that_is_moved_is_found(app: App, key: HardenedKey, other: Stack) -> None:
    user = iam.User(other, "User", user_name="literal")
    key.grant_decrypt(user)
    override(user, "Path", "/x/")
    with pytest.raises(RuntimeError, match="user Other/User was renamed"):
        app.synth()


@pytest.mark.parametrize("name, value", [("Path", "/x/"), ("RoleName", "other")])
def test_an_override_before_the_first_grant_is_taken(
    stack: Stack, key: HardenedKey, other: Stack, name: str, value: str
) -> None:
    role = make_role(other, role_name="literal")
    override(role, name, value)
    key.grant_decrypt(role)
    assert ":role/x/literal" in str(key_policy(stack)) or ":role/other" in str(key_policy(stack))


def test_a_role_whose_name_is_made_when_it_is_needed_is_not_moved(app: App, key: HardenedKey, other: Stack) -> None:
    role = make_role(other, role_name=PhysicalName.GENERATE_IF_NEEDED)
    key.grant_decrypt(role)
    override(role, "Path", "/x/")
    with pytest.raises(RuntimeError, match="role Other/Role was renamed"):
        app.synth()


def test_a_role_beside_the_key_is_referred_to_and_may_be_moved(app: App, stack: Stack, key: HardenedKey) -> None:
    role = make_role(stack, role_name="literal")
    key.grant_decrypt(role)
    Aspects.of(app).add(Overrides("AWS::IAM::Role", "Path", "/x/"))
    app.synth()


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("apart", [True, False])
def test_a_secret_that_is_renamed_is_found(app: App, key: HardenedKey, other: Stack, apart: bool, early: bool) -> None:
    home = other if apart else key.stack
    secret = secretsmanager.Secret(home, "Secret", secret_name="one", encryption_key=key)
    if early:
        override(secret, "Name", "other")
    ScopedSecretReader(home, "Reader", grantee=make_role(home, role_name="reader"), secrets=[secret])
    if not early:
        override(secret, "Name", "other")
    with pytest.raises(RuntimeError, match=r"secret .*/Secret was renamed after a grant .*: set secret_name before"):
        app.synth()


def test_a_secret_that_no_policy_names_may_be_renamed(app: App, stack: Stack, key: HardenedKey) -> None:
    """Beside one whose name is made up the key policy names neither."""
    literal = secretsmanager.Secret(stack, "Literal", secret_name="one", encryption_key=key)
    made_up = secretsmanager.Secret(stack, "MadeUp", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=make_role(stack), secrets=[literal, made_up])
    override(literal, "Name", "other")
    app.synth()


def test_a_secret_without_a_literal_name_may_get_one(app: App, stack: Stack, key: HardenedKey) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=make_role(stack), secrets=[secret])
    override(secret, "Name", "other")
    app.synth()


def test_a_bucket_that_the_key_policy_names_is_not_renamed(app: App, stack: Stack, key: HardenedKey) -> None:
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::111122223333:role/app", mutable=False)
    bucket = s3.Bucket(stack, "Bucket", bucket_name="named-bucket", encryption_key=key)
    bucket.grant_read(role)
    override(bucket, "BucketName", "other-bucket")
    with pytest.raises(RuntimeError, match=r"Stack/Bucket was renamed after a grant .*: set bucket_name before"):
        app.synth()


def test_a_log_group_is_opened_by_the_name_that_its_template_has(stack: Stack, key: HardenedKey) -> None:
    override(LogGroupWithCmk(stack, "Logs", key=key, log_group_name="/one"), "LogGroupName", "/other")
    assert "log-group:/other" in str(key_policy(stack))
