"""Stacks that would wait for each other: refused by the grant that closes the circle, or by CDK at synth."""

from __future__ import annotations

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, ScopedSecretReader
from tests.synth.templates import environment, make_role


def secret(stack: Stack, key: HardenedKey, id: str) -> secretsmanager.Secret:
    return secretsmanager.Secret(stack, id, encryption_key=key)


def read_from_the_stack_of_the_key(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    """Make the key's stack wait for the role's."""
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret(stack, key, "Mine")])


def test_a_circle_that_two_grants_close_is_refused_with_the_way_out(
    stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    role, theirs = make_role(other_stack), secret(other_stack, key, "Theirs")
    near = make_role(other_stack, "Near", role_name="near")
    ScopedSecretReader(other_stack, "Reader", grantee=near, secrets=[theirs])
    with pytest.raises(ValueError, match="which already waits for it: give the role a literal role_name"):
        read_from_the_stack_of_the_key(stack, key, role)


def test_a_circle_through_a_secret_that_no_grant_names_is_refused_at_synth(
    app: App, stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    """What waits for what outside of our grants is known to CDK alone, and only then."""
    secret(other_stack, key, "Theirs")
    read_from_the_stack_of_the_key(stack, key, make_role(other_stack))
    with pytest.raises(RuntimeError, match=r"cycl"):
        app.synth()


def test_the_way_out_of_the_message_opens_that_circle_too(
    app: App, stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    secret(other_stack, key, "Theirs")
    named = make_role(other_stack, role_name="named")
    ScopedSecretReader(other_stack, "Reader", grantee=named, secrets=[secret(stack, key, "Mine")])
    app.synth()


def test_a_secret_that_a_grant_names_waits_for_its_key_wherever_the_grant_is(
    app: App, stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    third = Stack(app, "Third", env=environment())
    near = make_role(third, role_name="near")
    ScopedSecretReader(third, "Reader", grantee=near, secrets=[secret(other_stack, key, "Theirs")])
    with pytest.raises(ValueError, match="which already waits for it"):
        read_from_the_stack_of_the_key(stack, key, make_role(other_stack))
