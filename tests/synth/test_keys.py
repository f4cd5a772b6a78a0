"""HardenedKey: the policy statement by statement, its options, and the check of the finished policy."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs import HardenedKey, Service
from tests.synth.templates import (
    ACCOUNT,
    DEPLOYER,
    REGION,
    ROOT,
    by_sid,
    cycle,
    key_policy,
    make_role,
    naming,
    resources,
    stack_in,
    template,
)


def test_the_policy_of_a_new_key_has_these_statements_and_no_other(stack: Stack, key: HardenedKey) -> None:
    assert key.deployer_arn
    assert list(by_sid(key_policy(stack))) == [
        "EnableRootAccessAndPreventPermissionDelegation",
        "AllowMetadataThroughIamPolicies",
        "AllowDeployerToManageKey",
        "AllowDeployerByName",
        "DenyGrantsOutsideAwsServices",
    ]


def test_the_root_user_is_admitted_and_nothing_is_delegated(stack: Stack, key: HardenedKey) -> None:
    root = by_sid(key_policy(stack))["EnableRootAccessAndPreventPermissionDelegation"]
    assert root["Principal"] == {"AWS": ROOT}
    assert root["Action"] == "kms:*"
    assert root["Condition"] == {"StringEquals": {"aws:PrincipalType": "Account"}}
    assert key.node.path


@pytest.mark.usefixtures("key")
def test_auditors_can_read_the_metadata(stack: Stack) -> None:
    metadata = by_sid(key_policy(stack))["AllowMetadataThroughIamPolicies"]
    assert metadata["Principal"] == {"AWS": ROOT}
    assert {"kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"} < set(metadata["Action"])
    assert "Condition" not in metadata


@pytest.mark.usefixtures("key")
def test_the_deployer_can_always_update_the_policy(stack: Stack) -> None:
    deployer = by_sid(key_policy(stack))["AllowDeployerToManageKey"]
    assert deployer["Principal"] == {"AWS": DEPLOYER}
    assert {"kms:PutKeyPolicy", "kms:EnableKeyRotation", "kms:DescribeKey"} < set(deployer["Action"])
    assert "kms:ReplicateKey" not in deployer["Action"]
    assert "Condition" not in deployer


def test_provision_via_adds_services_that_no_resource_shows(stack: Stack) -> None:
    HardenedKey(stack, "Key", provision_via=[Service.RDS, Service.LAMBDA])
    allowed = {
        (action, service.split(".")[0])
        for one in naming(key_policy(stack), DEPLOYER)
        if one["Sid"] not in ("AllowDeployerToManageKey", "AllowDeployerByName")
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
        for service in _listed(one["Condition"]["StringEquals"]["kms:ViaService"])
    }
    assert allowed == {
        ("kms:CreateGrant", "rds"),
        *((f"kms:{action}", "lambda") for action in ("CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey")),
    }


@pytest.mark.usefixtures("key")
def test_create_grant_is_for_aws_resources_only(stack: Stack) -> None:
    for one in key_policy(stack):
        if "kms:CreateGrant" in one["Action"] and one["Effect"] == "Allow":
            assert one["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


@pytest.mark.usefixtures("key")
def test_grants_outside_aws_services_are_denied(stack: Stack) -> None:
    deny = by_sid(key_policy(stack))["DenyGrantsOutsideAwsServices"]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "kms:CreateGrant")
    assert deny["Condition"] == {
        "BoolIfExists": {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
    }


def test_provision_via_can_leave_the_deployer_without_any_use(stack: Stack) -> None:
    HardenedKey(stack, "Key", provision_via=())
    sids = [sid for sid in by_sid(key_policy(stack)) if sid.startswith("AllowDeployerTo")]
    assert sids == ["AllowDeployerToManageKey"]


def test_administrators_manage_the_key_and_do_not_use_it(stack: Stack, role: iam.Role) -> None:
    HardenedKey(stack, "Key", administrators=[role, iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:user/jo")])
    administrators = by_sid(key_policy(stack))["AllowAdministrators"]
    assert sorted(administrators["Principal"]["AWS"]) == ["<Role.Arn>", f"arn:aws:iam::{ACCOUNT}:user/jo"]
    assert {"kms:DisableKey", "kms:ScheduleKeyDeletion"} < set(administrators["Action"])
    assert not {"kms:PutKeyPolicy", "kms:CreateGrant", "kms:Decrypt"} & set(administrators["Action"])


def test_policy_administrators_may_change_the_policy(stack: Stack, role: iam.Role) -> None:
    HardenedKey(stack, "Key", policy_administrators=[role])
    administrators = by_sid(key_policy(stack))["AllowPolicyAdministrators"]
    assert administrators["Principal"] == {"AWS": "<Role.Arn>"}
    assert "kms:PutKeyPolicy" in administrators["Action"]
    assert not {"kms:CreateGrant", "kms:Decrypt"} & set(administrators["Action"])


def test_an_administrator_is_refused_as_a_reader(stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Key", administrators=[role])
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        key.grant_decrypt(role)


def test_a_reader_is_refused_as_an_administrator(key: HardenedKey, role: iam.Role) -> None:
    key.grant_decrypt(role)
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        key.grant_admin(role)


def test_the_two_duties_can_be_joined_on_request(stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Key", administrators=[role], separation_of_duties=False)
    key.grant_decrypt(role)
    assert {"AllowAdministrators", "AllowUse"} < set(by_sid(key_policy(stack)))


def test_delegation_is_through_one_service_of_this_account(stack: Stack) -> None:
    HardenedKey(stack, "Key", delegate_via=[Service.SECRETS_MANAGER])
    delegated = by_sid(key_policy(stack))["DelegateToIamThroughSecretsManager"]
    assert delegated["Principal"] == {"AWS": ROOT}
    assert delegated["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert delegated["Condition"] == {
        "StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
    }


@pytest.mark.usefixtures("key")
def test_the_defaults_are_the_safe_ones(stack: Stack) -> None:
    made = template(stack)
    [name] = resources(made, "AWS::KMS::Key")
    key = made["Resources"][name]
    assert {part: value for part, value in key["Properties"].items() if part != "KeyPolicy"} == {
        "EnableKeyRotation": True,
        "PendingWindowInDays": 30,
    }
    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"
    assert not resources(made, "AWS::KMS::Alias")


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"rotation_period": Duration.days(90)}, {"RotationPeriodInDays": 90}),
        ({"rotation_period": Duration.days(2560)}, {"RotationPeriodInDays": 2560}),
        ({"pending_window": Duration.days(7)}, {"PendingWindowInDays": 7}),
        ({"pending_window": Duration.days(30)}, {"PendingWindowInDays": 30}),
        ({"pending_window": Duration.hours(240)}, {"PendingWindowInDays": 10}),
        ({"multi_region": True}, {"MultiRegion": True}),
        ({"description": "for orders"}, {"Description": "for orders"}),
    ],
)
def test_an_option_reaches_the_template(stack: Stack, options: dict[str, Any], expected: dict[str, Any]) -> None:
    HardenedKey(stack, "Key", **options)
    [key] = resources(template(stack), "AWS::KMS::Key").values()
    assert expected.items() <= key.items()


def test_the_removal_policy_can_be_changed(stack: Stack) -> None:
    HardenedKey(stack, "Key", removal_policy=RemovalPolicy.DESTROY)
    [key] = template(stack)["Resources"].values()
    assert key["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize("alias", ["alias/orders", "orders"])
def test_an_alias_is_made(stack: Stack, alias: str) -> None:
    HardenedKey(stack, "Key", alias=alias)
    [made] = resources(template(stack), "AWS::KMS::Alias").values()
    assert made["AliasName"] == "alias/orders"


def test_a_multi_region_key_can_be_replicated_by_the_deployer(stack: Stack) -> None:
    HardenedKey(stack, "Key", multi_region=True)
    assert "kms:ReplicateKey" in by_sid(key_policy(stack))["AllowDeployerToManageKey"]["Action"]


@pytest.mark.parametrize(
    "spec, usage",
    [
        (kms.KeySpec.RSA_4096, kms.KeyUsage.ENCRYPT_DECRYPT),
        (kms.KeySpec.ECC_NIST_P256, kms.KeyUsage.SIGN_VERIFY),
        (kms.KeySpec.ECC_NIST_P256, kms.KeyUsage.KEY_AGREEMENT),
        (kms.KeySpec.HMAC_384, kms.KeyUsage.GENERATE_VERIFY_MAC),
    ],
)
def test_a_key_that_cannot_rotate_is_made_without_rotation(
    stack: Stack, spec: kms.KeySpec, usage: kms.KeyUsage
) -> None:
    HardenedKey(stack, "Key", key_spec=spec, key_usage=usage)
    [key] = resources(template(stack), "AWS::KMS::Key").values()
    assert key["KeySpec"] == spec.name
    assert key["KeyUsage"] == usage.name
    assert not key.get("EnableKeyRotation")
    # No service encrypts at rest with such a key, so the deployer has no use of it.
    assert not any("Provision" in one["Sid"] for one in key["KeyPolicy"]["Statement"])


@pytest.mark.parametrize("region, account", [("cn-north-1", ACCOUNT), ("us-gov-west-1", ACCOUNT)])
def test_no_arn_is_spelled_by_hand_and_via_service_ends_alike_in_every_partition(region: str, account: str) -> None:
    stack = stack_in(region, account)
    key = HardenedKey(stack, "Key", delegate_via=[Service.SECRETS_MANAGER])
    key.grant_decrypt(make_role(stack))
    text = str(template(stack)["Resources"])
    assert "arn:aws:" not in text
    assert f"secretsmanager.{region}.amazonaws.com'" in text


def test_a_key_without_a_known_account_and_region_uses_references(app: App) -> None:
    stack = Stack(app, "Agnostic")
    HardenedKey(stack, "Key", delegate_via=[Service.SECRETS_MANAGER])
    statements = by_sid(key_policy(stack))
    root = "arn:<AWS::Partition>:iam::<AWS::AccountId>:root"
    assert statements["EnableRootAccessAndPreventPermissionDelegation"]["Principal"] == {"AWS": root}
    assert statements["DelegateToIamThroughSecretsManager"]["Condition"]["StringEquals"] == {
        "kms:CallerAccount": "<AWS::AccountId>",
        "kms:ViaService": "secretsmanager.<AWS::Region>.amazonaws.com",
    }


def test_synth_twice_gives_the_same(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    key.grant_decrypt(role)
    assert template(stack) == template(stack)
    assert cycle(template(stack)) == []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
