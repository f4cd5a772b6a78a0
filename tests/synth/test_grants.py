"""Every grant of the L2 works on a HardenedKey and reaches both policies."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs import HardenedKey
from tests.synth.templates import (
    ACCOUNT,
    ROOT,
    admitted,
    by_sid,
    cycle,
    granted,
    key_policy,
    make_role,
    naming,
    template,
)

ENCRYPT = ["kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo"]


SYMMETRIC = [
    ("grant_decrypt", ["kms:Decrypt"]),
    ("grant_encrypt", ENCRYPT),
    ("grant_encrypt_decrypt", sorted(["kms:Decrypt", "kms:ReEncryptFrom", *ENCRYPT])),
]
SIGNING = [
    ("grant_sign", ["kms:Sign"]),
    ("grant_verify", ["kms:Verify"]),
    ("grant_sign_verify", ["kms:Sign", "kms:Verify"]),
]
MAC = [("grant_generate_mac", ["kms:GenerateMac"]), ("grant_verify_mac", ["kms:VerifyMac"])]


@pytest.mark.parametrize("method, actions", SYMMETRIC)
def test_a_grant_reaches_both_policies(
    stack: Stack, key: HardenedKey, role: iam.Role, method: str, actions: list[str]
) -> None:
    grant = getattr(key, method)(role)
    assert grant.success
    assert admitted(stack, "<Role.Arn>") == granted(stack) == actions
    assert cycle(template(stack)) == []


def test_the_key_policy_says_who_and_leaves_the_rest_to_the_identity_policy(
    stack: Stack, key: HardenedKey, role: iam.Role
) -> None:
    key.grant_decrypt(role)
    assert by_sid(key_policy(stack))["AllowUse"] == {
        "Sid": "AllowUse",
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": ACCOUNT},
            "ArnEquals": {"aws:PrincipalArn": "<Role.Arn>"},
        },
    }


@pytest.mark.parametrize("method, actions", SIGNING)
def test_a_signing_key_grants_signing(stack: Stack, role: iam.Role, method: str, actions: list[str]) -> None:
    key = HardenedKey(stack, "Key", key_spec=kms.KeySpec.ECC_NIST_P256, key_usage=kms.KeyUsage.SIGN_VERIFY)
    getattr(key, method)(role)
    assert admitted(stack, "<Role.Arn>") == granted(stack) == actions


@pytest.mark.parametrize("method, actions", MAC)
def test_a_mac_key_grants_codes(stack: Stack, role: iam.Role, method: str, actions: list[str]) -> None:
    key = HardenedKey(stack, "Key", key_spec=kms.KeySpec.HMAC_256, key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC)
    getattr(key, method)(role)
    assert admitted(stack, "<Role.Arn>") == granted(stack) == actions


def test_an_asymmetric_key_grants_no_data_keys(stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Key", key_spec=kms.KeySpec.RSA_2048)
    key.grant_encrypt(role)
    assert granted(stack) == ["kms:Encrypt", "kms:ReEncryptTo"]


@pytest.mark.parametrize("method, actions", [*SYMMETRIC, ("grant", ["kms:DescribeKey"])])
def test_grant_methods_of_the_l2_are_all_effective(
    stack: Stack, key: HardenedKey, role: iam.Role, method: str, actions: list[str]
) -> None:
    """What an L2 construct gets when it calls its ``IKey``."""
    call: Any = getattr(key, method)
    call(role, *(["kms:DescribeKey"] if method == "grant" else []))
    assert set(actions) <= set(admitted(stack, "<Role.Arn>"))


def test_every_grant_method_of_the_l2_has_a_test() -> None:
    methods = {name for name in dir(kms.Key) if name.startswith("grant_")} | {"grant"}
    tested = {name for name, _ in [*SYMMETRIC, *SIGNING, *MAC]} | {"grant", "grant_admin"}
    assert methods == tested
    asked = {"grant": "ask_grant", "grant_encrypt_decrypt": "ask_grant_encrypt_decrypt"}
    assert all(
        getattr(HardenedKey, own := asked.get(name, name)) is not getattr(kms.Key, own, None) for name in methods
    )


@pytest.mark.parametrize(
    "of",
    [lambda key: key.grants, lambda key: kms.KeyGrants.from_key(key, False)],
    ids=["grants", "KeyGrants.from_key(key, False)"],
)
@pytest.mark.parametrize(
    "method, actions",
    [
        ("decrypt", {"kms:Decrypt"}),
        ("encrypt", {"kms:Encrypt"}),
        ("encrypt_decrypt", {"kms:Encrypt", "kms:Decrypt"}),
    ],
)
def test_the_grants_object_reaches_both_policies(
    stack: Stack, key: HardenedKey, role: iam.Role, of: Callable[[Any], Any], method: str, actions: set[str]
) -> None:
    getattr(of(key), method)(role)
    assert actions <= set(admitted(stack, "<Role.Arn>"))
    assert actions <= set(granted(stack))


def test_from_key_without_its_second_argument_is_refused_at_synth(
    stack: Stack, key: HardenedKey, role: iam.Role
) -> None:
    """A limit of CDK: Node decides for the key, and calls nothing of it, so only the look at synth can tell."""
    assert kms.KeyGrants.from_key(key).decrypt(role).success
    with pytest.raises(RuntimeError, match="does not admit it, so it does nothing"):
        template(stack)


def test_grant_admin_makes_an_administrator(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    key.grant_admin(role)
    statements = naming(key_policy(stack), "<Role.Arn>")
    assert [one["Sid"] for one in statements] == ["AllowAdministrators"]
    assert not {"kms:PutKeyPolicy", "kms:CreateGrant", "kms:Put*", "kms:Create*"} & set(statements[0]["Action"])


def test_admin_of_the_grants_object_makes_an_administrator(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    key.grants.admin(role)
    assert [one["Sid"] for one in naming(key_policy(stack), "<Role.Arn>")] == ["AllowAdministrators"]


def test_what_python_holds_survives_garbage_collection(stack: Stack) -> None:
    """Node calls back into Python at synth; nothing in the user's code keeps the callbacks alive."""
    HardenedKey(stack, "Key").grant_decrypt(make_role(stack))
    gc.collect()
    assert admitted(stack, "<Role.Arn>") == ["kms:Decrypt"]


def taking(stack: Stack, key: HardenedKey) -> iam.Role:
    """Return a role that names a policy; neither the policy nor its list of roles tells who has it."""
    allows = iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn])
    policy = iam.ManagedPolicy(stack, "Managed", statements=[allows])
    return iam.Role(stack, "Taker", assumed_by=iam.AccountRootPrincipal(), managed_policies=[policy])


def test_a_managed_policy_that_a_role_takes_is_found_where_it_does_nothing(stack: Stack, key: HardenedKey) -> None:
    taking(stack, key)
    with pytest.raises(RuntimeError, match=r"Managed allows kms:Decrypt on the key to .*Taker.* so it does nothing"):
        template(stack)


def test_a_managed_policy_that_a_role_takes_works_once_the_key_admits_the_role(stack: Stack, key: HardenedKey) -> None:
    key.grant(taking(stack, key), "kms:Decrypt")
    made = template(stack)
    assert cycle(made) == []
