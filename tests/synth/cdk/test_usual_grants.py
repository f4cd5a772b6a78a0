"""Node answers for the account through one service, once Python has; whoever else asks is asked about each time."""

from __future__ import annotations

from typing import Any

import jsii
import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs import HardenedKey
from tests.synth.templates import ACCOUNT, OTHER_ACCOUNT, VIA_SECRETS, make_role, policy_so_far

DECRYPT, ENCRYPT = "kms:Decrypt", "kms:Encrypt"


def through(principal: iam.IPrincipal, service: str = VIA_SECRETS) -> kms.ViaServicePrincipal:
    return kms.ViaServicePrincipal(service, principal)


def grant(key: HardenedKey, grantee: Any, *actions: str) -> Any:
    """Grant as a construct of CDK does, inside Node."""
    return jsii.invoke(key, "grant", [grantee, *actions])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Whom Python was asked about."""
    seen: list[Any] = []
    ask = HardenedKey.ask_grant

    def seeing(self: HardenedKey, grantee: Any, *actions: str) -> iam.Grant:
        seen.append((grantee, actions))
        return ask(self, grantee, *actions)

    monkeypatch.setattr(HardenedKey, "ask_grant", seeing)
    return seen


def test_the_account_through_a_service_is_asked_about_once(asked: list[Any], stack: Stack) -> None:
    key = HardenedKey(stack, "Key")
    first = grant(key, through(iam.AccountPrincipal(ACCOUNT)), DECRYPT)
    assert grant(key, through(iam.AccountPrincipal(ACCOUNT)), DECRYPT).success
    assert first.success
    assert len(asked) == 1


@pytest.mark.parametrize("other", ["service", "actions", "key"])
def test_another_service_action_or_key_is_another_question(asked: list[Any], stack: Stack, other: str) -> None:
    key = HardenedKey(stack, "Key")
    grant(key, through(iam.AccountPrincipal(ACCOUNT)), DECRYPT)
    service = f"ssm.{stack.region}.amazonaws.com" if other == "service" else VIA_SECRETS
    actions = [ENCRYPT] if other == "actions" else [DECRYPT]
    key = HardenedKey(stack, "Other") if other == "key" else key
    grant(key, through(iam.AccountPrincipal(ACCOUNT), service), *actions)
    assert len(asked) == 2
    assert service in str(policy_so_far(key))


def test_each_role_through_a_service_is_asked_about(asked: list[Any], stack: Stack) -> None:
    """A grant that is taken for another role's would give nothing."""
    key = HardenedKey(stack, "Key")
    for name in ("First", "Second"):
        grant(key, through(make_role(stack, name)), DECRYPT)
    assert len(asked) == 2
    assert all(name in str(policy_so_far(key)) for name in ("<First", "<Second"))


def test_each_principal_without_service_is_asked_about(asked: list[Any], stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Key")
    for _ in range(2):
        grant(key, role, DECRYPT)
    assert len(asked) == 2


def test_another_account_through_a_service_does_not_stand_for_our_own(asked: list[Any], stack: Stack) -> None:
    key = HardenedKey(stack, "Key")
    grant(key, through(iam.AccountPrincipal(ACCOUNT)), DECRYPT)
    # Refused for the other one, where the answer of our own would let it pass.
    for _ in range(2):
        with pytest.raises(RuntimeError, match="does not delegate to the IAM policies of a whole account"):
            grant(key, through(iam.AccountPrincipal(OTHER_ACCOUNT)), DECRYPT)
    assert len(asked) == 3


def test_an_error_is_not_remembered(asked: list[Any], stack: Stack) -> None:
    key = HardenedKey(stack, "Key", key_spec=kms.KeySpec.RSA_2048)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="never works with this key"):
            grant(key, through(iam.AccountPrincipal(ACCOUNT)), "kms:GenerateDataKey")
    assert len(asked) == 2
