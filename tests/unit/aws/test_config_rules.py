"""The managed rules of Config, by the regions of their pages."""

from __future__ import annotations

import re

import pytest

from secure_kms_constructs.aws.config_rules import KmsConfigRule


@pytest.mark.parametrize("rule", KmsConfigRule)
def test_a_rule_names_its_page(rule: KmsConfigRule) -> None:
    page = rule.value.lower().replace("_", "-")
    assert rule.managed.source == f"https://docs.aws.amazon.com/config/latest/developerguide/{page}.html"
    assert all(re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region) for region in rule.managed.not_in)


@pytest.mark.parametrize(
    "region, missing",
    [
        ("us-east-1", set()),
        ("eu-west-1", set()),
        ("eu-south-1", {"NOT_SCHEDULED_FOR_DELETION"}),
        ("us-gov-west-1", {"NO_PUBLIC_KEY_POLICY"}),
        ("ca-west-1", {"NO_PUBLIC_KEY_POLICY", "CUSTOMER_POLICIES", "INLINE_POLICIES"}),
        ("ap-east-2", {"NOT_SCHEDULED_FOR_DELETION", "CUSTOMER_POLICIES", "INLINE_POLICIES"}),
        ("eu-central-2", {"CUSTOMER_POLICIES", "INLINE_POLICIES"}),
    ],
)
def test_a_region_has_the_rules_of_their_pages(region: str, missing: set[str]) -> None:
    assert {rule.name for rule in KmsConfigRule} - {rule.name for rule in KmsConfigRule.in_region(region)} == missing


def test_what_is_blocked_is_what_security_hub_blocks() -> None:
    """https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html"""
    for rule in (KmsConfigRule.CUSTOMER_POLICIES, KmsConfigRule.INLINE_POLICIES):
        assert rule.managed.parameters == {"blockedActionsPatterns": "kms:Decrypt,kms:ReEncryptFrom"}
        assert len(rule.managed.not_in) == 12
