"""One app and one stack a test; all tests share one Node process."""

from __future__ import annotations

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam

from secure_kms_constructs import HardenedKey
from tests.synth.templates import environment, make_role


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def stack(app: App) -> Stack:
    return Stack(app, "Stack", env=environment())


@pytest.fixture
def other_stack(app: App) -> Stack:
    """A second stack of the same account and region."""
    return Stack(app, "Other", env=environment())


@pytest.fixture
def key(stack: Stack) -> HardenedKey:
    return HardenedKey(stack, "Key")


@pytest.fixture
def role(stack: Stack) -> iam.Role:
    return make_role(stack)
