"""The managed rules of AWS Config that are about KMS, and the regions that do not have them."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Managed(NamedTuple):
    """What the page of a managed rule says.

    :param parameters: what it has to be given.
    :param not_in: regions that do not have it.
    """

    parameters: dict[str, str]
    not_in: frozenset[str]
    source: str


class KmsConfigRule(str, Enum):
    """A managed rule of AWS Config about keys, or about who may use all of them."""

    KEY_ROTATION = "CMK_BACKING_KEY_ROTATION_ENABLED"
    """KMS.4: keys that rotate."""
    NOT_SCHEDULED_FOR_DELETION = "KMS_CMK_NOT_SCHEDULED_FOR_DELETION"
    """KMS.3: keys that wait for their deletion."""
    NO_PUBLIC_KEY_POLICY = "KMS_KEY_POLICY_NO_PUBLIC_ACCESS"
    """KMS.5: key policies that let everybody in."""
    CUSTOMER_POLICIES = "IAM_CUSTOMER_POLICY_BLOCKED_KMS_ACTIONS"
    """KMS.1: managed policies that decrypt with every key."""
    INLINE_POLICIES = "IAM_INLINE_POLICY_BLOCKED_KMS_ACTIONS"
    """KMS.2: inline policies that decrypt with every key."""

    @property
    def managed(self) -> Managed:
        """What its page says."""
        blocks = self in (KmsConfigRule.CUSTOMER_POLICIES, KmsConfigRule.INLINE_POLICIES)
        page = self.value.lower().replace("_", "-")
        return Managed(
            {"blockedActionsPatterns": _BLOCKED} if blocks else {},
            frozenset((_NOT_BLOCKED_IN if blocks else _NOT_IN.get(self.value, "")).split()),
            f"https://docs.aws.amazon.com/config/latest/developerguide/{page}.html",
        )

    @classmethod
    def in_region(cls, region: str) -> tuple[KmsConfigRule, ...]:
        """Return the rules that a region has.

        :param region: such as ``eu-west-1``.
        """
        return tuple(rule for rule in cls if region not in rule.managed.not_in)


# What Security Hub blocks in KMS.1 and KMS.2: https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html
_BLOCKED = "kms:Decrypt,kms:ReEncryptFrom"
_NOT_BLOCKED_IN = (
    "ap-southeast-6 ap-southeast-7 me-central-1 ap-south-2 ap-southeast-5 ap-southeast-4 mx-central-1 il-central-1 "
    "ap-east-2 ca-west-1 eu-south-2 eu-central-2"
)
_NOT_IN = {
    "KMS_CMK_NOT_SCHEDULED_FOR_DELETION": "ap-southeast-6 eu-south-1 ap-east-2",
    "KMS_KEY_POLICY_NO_PUBLIC_ACCESS": "us-gov-east-1 us-gov-west-1 ca-west-1",
}
