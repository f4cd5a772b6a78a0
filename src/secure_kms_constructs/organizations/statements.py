"""The statements of guardrails. Each only denies; whom it leaves out is in its conditions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Statement = dict[str, Any]

# What takes a key out of use, for a time or for good. Stores are no keys, and take all of theirs with them.
TAKES_AWAY = (
    "kms:DeleteCustomKeyStore",
    "kms:DeleteImportedKeyMaterial",
    "kms:DisableKey",
    "kms:DisconnectCustomKeyStore",
    "kms:ScheduleKeyDeletion",
    "kms:UpdateCustomKeyStore",
)
# Whoever makes a replica chooses its key policy.
WRITES_POLICIES = ("kms:PutKeyPolicy", "kms:ReplicateKey")
GUARDED_SERVICES = ("kms:*", "secretsmanager:*")


def deny(sid: str, actions: Iterable[str], condition: dict[str, Any], *, principal: bool = False) -> Statement:
    """Return a Deny on everything; a resource control policy names the principal, and that is everybody."""
    listed = list(actions)
    return {
        "Sid": sid,
        "Effect": "Deny",
        **({"Principal": "*"} if principal else {}),
        "Action": listed[0] if len(listed) == 1 else listed,
        "Resource": "*",
        "Condition": condition,
    }


def keep_lockout_check() -> Statement:
    """Return that nobody leaves out the check by which KMS refuses a policy that locks its author out.

    ReplicateKey has no such condition key: who makes replicas is bound with who writes key policies.

    https://docs.aws.amazon.com/controltower/latest/controlreference/ct-kms-pv-3.html
    """
    condition = {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}}
    return deny("DenyLockoutBypass", ("kms:CreateKey", "kms:PutKeyPolicy"), condition)


def grants_for_services_only(exempt: Sequence[str]) -> Statement:
    """Return that grants are made for AWS services only, whose calls no such policy binds.

    :param exempt: principals that may make others: EKS takes its grant from whoever creates the cluster and does not
        support the condition (https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html).

    https://docs.aws.amazon.com/controltower/latest/controlreference/ct-kms-pv-1.html
    """
    condition = {"BoolIfExists": {"kms:GrantIsForAWSResource": "false"}, **_unless(exempt)}
    return deny("DenyGrantsOutsideAwsServices", ("kms:CreateGrant",), condition)


def keep_keys(exempt: Sequence[str]) -> Statement:
    """Return that nobody else takes a key out of use: without deployers, a rollback could not remove its key.

    https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
    """
    return deny("DenyTakingKeysAway", TAKES_AWAY, _unless(exempt))


def keep_material(exempt: Sequence[str]) -> Statement:
    """Return that nobody else imports material that expires, by which the same material would be gone in a minute.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-expiration-model
    """
    condition = {"StringNotEquals": {"kms:ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}, **_unless(exempt)}
    return deny("DenyMaterialThatExpires", ("kms:ImportKeyMaterial",), condition)


def waiting_period(days: int) -> Statement:
    """Return that a deletion waits so long; one that does not say waits 30 days, has no such key and is let through.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-schedule-key-deletion-pending-window-in-days
    """
    condition = {"NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": str(days)}}
    return deny("DenyShortWaitingPeriods", ("kms:ScheduleKeyDeletion",), condition)


def key_policies_by_deployers(exempt: Sequence[str]) -> Statement:
    """Return that nobody else writes key policies: no condition key tells what stands in one.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
    """
    return deny("DenyWritingKeyPolicies", WRITES_POLICIES, _unless(exempt))


def organization_perimeter(organization: str, trusted: Sequence[str]) -> Statement:
    """Return that only the organization and services reach keys and secrets, whatever the policies of those say.

    https://github.com/aws-samples/data-perimeter-policy-examples/tree/main/resource_control_policies
    """
    outside: dict[str, Any] = {"aws:PrincipalOrgID": organization}
    if trusted:
        outside["aws:PrincipalAccount"] = list(trusted)
    condition = {"StringNotEqualsIfExists": outside, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    return deny("DenyOtherOrganizations", GUARDED_SERVICES, condition, principal=True)


def confused_deputy(organization: str, trusted: Sequence[str]) -> Statement:
    """Return that services reach keys and secrets on behalf of the organization's resources only.

    Calls that say nothing of whom they are for are let through: those of services that send no source, and those by
    grants, which are bound to a resource by their encryption context.

    https://github.com/aws-samples/data-perimeter-policy-examples/tree/main/resource_control_policies
    """
    outside: dict[str, Any] = {"aws:SourceOrgID": organization}
    if trusted:
        outside["aws:SourceAccount"] = list(trusted)
    condition = {
        "StringNotEqualsIfExists": outside,
        "Null": {"aws:SourceAccount": "false"},
        "Bool": {"aws:PrincipalIsAWSService": "true"},
    }
    return deny("DenyServicesForOthers", GUARDED_SERVICES, condition, principal=True)


def _unless(exempt: Sequence[str]) -> dict[str, Any]:
    return {"ArnNotLike": {"aws:PrincipalArn": list(exempt)}}
