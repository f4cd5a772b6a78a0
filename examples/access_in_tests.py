"""Tests of an app: who can use its key, as a project has them beside its stacks. `pytest` with syrupy runs them."""

from typing import Any

import pytest
from aws_cdk import App, Environment
from hardened_secrets import HardenedSecrets

from secure_kms_constructs import AccessMap, assert_can, assert_cannot, assert_only
from secure_kms_constructs.access import ANYBODY_ELSE, DEPLOYER, ROOT


@pytest.fixture(scope="module")
def access() -> AccessMap:
    app = App()
    HardenedSecrets(app, "Secrets", env=Environment(account="111122223333", region="us-east-1"))
    return AccessMap.from_app(app)


def test_only_the_orders_function_and_the_owners_decrypt(access: AccessMap) -> None:
    expected = {"OrdersFunction/ServiceRole", "logs.us-east-1.amazonaws.com", ROOT, DEPLOYER}
    assert_only(access, "kms:Decrypt", "Secrets/Key", expected)


def test_the_orders_function_decrypts_through_secrets_manager_alone(access: AccessMap) -> None:
    assert_can(access, "kms:Decrypt", "Secrets/Key", "OrdersFunction/ServiceRole")
    assert_cannot(access, "kms:Decrypt", "Secrets/Key", "OrdersFunction/ServiceRole", via="ssm")


def test_a_role_with_every_permission_cannot(access: AccessMap) -> None:
    assert_cannot(access, "kms:Decrypt", "Secrets/Key", "InnocentRole")
    assert_cannot(access, "kms:Decrypt", "Secrets/Key", ANYBODY_ELSE)


def test_access_is_as_reviewed(access: AccessMap, snapshot: Any) -> None:
    assert access.to_text() == snapshot
