"""Guardrails: what nobody in an organization may do with keys, whatever the policies of its accounts say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from secure_kms_constructs.aws.arns import check_organization
from secure_kms_constructs.aws.facts import (
    DOUBLED_SCP_QUOTAS,
    ORGANIZATION_POLICIES_PER_TARGET,
    ORGANIZATION_POLICY_CHARACTERS,
    PENDING_WINDOW_DAYS,
)

from . import statements
from .names import check_accounts, check_principals, execution_role
from .quotas import Document, divided, written

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


class Guardrail(str, Enum):
    """One thing that nobody may do."""

    LOCKOUT_CHECK = "lockout-check"
    """Write a key policy without the check that its author can still change it."""
    GRANTS = "grants"
    """Create a grant that is not for an AWS service; deployers may, for EKS."""
    KEEP_KEYS = "keep-keys"
    """Delete or disable a key or delete its material; deployers and break-glass roles may."""
    WAITING_PERIOD = "waiting-period"
    """Delete a key after fewer days than said."""
    KEY_POLICIES = "key-policies"
    """Change a key policy or make a replica; deployers and break-glass roles may."""
    ORGANIZATION_PERIMETER = "organization-perimeter"
    """Reach keys and secrets from another organization."""
    CONFUSED_DEPUTY = "confused-deputy"
    """Reach keys and secrets through an AWS service for a resource of another organization."""


@dataclass(frozen=True)
class GuardrailPolicy:
    """A policy of AWS Organizations.

    :param name: unique among those of one call.
    :param type: ``SERVICE_CONTROL_POLICY`` or ``RESOURCE_CONTROL_POLICY``.
    :param document: the policy.
    """

    name: str
    type: str
    document: Document

    @property
    def text(self) -> str:
        """The policy as it is counted: without white space."""
        return written(self.document)


def guardrail_policies(
    *,
    organization: str,
    deployers: Sequence[str] | None = None,
    break_glass: Sequence[str] = (),
    trusted_accounts: Sequence[str] = (),
    minimum_waiting_days: int = PENDING_WINDOW_DAYS.value[1],
    without: Iterable[Guardrail | str] = (),
    doubled_scp_quotas: bool = False,
    scps_attached: int = 1,
) -> tuple[GuardrailPolicy, ...]:
    """Return the guardrails as documents, to be attached beside FullAWSAccess.

    Nothing that this library deploys is denied. An administrator that a ``HardenedKey`` names has to be in
    ``break_glass`` to disable or delete keys, and a policy administrator to change key policies. No policy of an
    organization binds its management account, or service-linked roles.

    :param organization: id of the organization, ``o-...``.
    :param deployers: ARNs of the principals that CloudFormation acts as, with ``*`` as a wildcard. Default: the
        execution roles of a bootstrap without options, in any account and region.
    :param break_glass: ARNs of roles for emergencies, with ``*`` as a wildcard. Default: none, and then only deployers
        delete keys and change key policies.
    :param trusted_accounts: ids of accounts outside the organization that keys and secrets may be shared with, such as
        the infrastructure account of FinSpace. Default: none.
    :param minimum_waiting_days: how long a deletion has to wait, 7 to 30 days. Default: 30.
    :param without: guardrails to leave out. Default: none.
    :param doubled_scp_quotas: whether a service control policy may have 10,240 characters and a target ten of them, as
        since May 2026. Default: 5,120 and five.
    :param scps_attached: how many service control policies the targets have besides. Default: 1, which is full access;
        Control Tower attaches more.
    :raises ValueError: for an id, ARN, account or period that is none, without a deployer, and over a quota.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    """
    left_out = {_guardrail(one) for one in without}
    named = check_principals("deployers", (execution_role(),) if deployers is None else deployers)
    if not named:
        raise ValueError(
            "deployers must name who deploys, got none: keys could be neither deployed nor rolled back; leave it out "
            "for the execution roles of a default bootstrap"
        )
    owners = tuple(dict.fromkeys((*named, *check_principals("break_glass", break_glass))))
    trusted, organization = check_accounts(trusted_accounts), check_organization(organization)
    first, last = PENDING_WINDOW_DAYS.value
    if type(minimum_waiting_days) is not int or not first <= minimum_waiting_days <= last:
        raise ValueError(f"minimum_waiting_days must be {first} to {last} days, got {minimum_waiting_days!r}")
    scps = {
        Guardrail.LOCKOUT_CHECK: [statements.keep_lockout_check()],
        Guardrail.GRANTS: [statements.grants_for_services_only(named)],
        Guardrail.KEEP_KEYS: [statements.keep_keys(owners), statements.keep_material(owners)],
        Guardrail.WAITING_PERIOD: [statements.waiting_period(minimum_waiting_days)],
        Guardrail.KEY_POLICIES: [statements.key_policies_by_deployers(owners)],
    }
    rcps = {
        Guardrail.ORGANIZATION_PERIMETER: [statements.organization_perimeter(organization, trusted)],
        Guardrail.CONFUSED_DEPUTY: [statements.confused_deputy(organization, trusted)],
    }
    if type(scps_attached) is not int or scps_attached < 1:
        raise ValueError(f"scps_attached must be 1 or more, because full access is one, got {scps_attached!r}")
    size, most = ORGANIZATION_POLICY_CHARACTERS.value, ORGANIZATION_POLICIES_PER_TARGET.value
    scp_size, most_scps = DOUBLED_SCP_QUOTAS.value if doubled_scp_quotas else (size, most)
    wanted_scps, wanted_rcps = (
        [it for one, several in by.items() if one not in left_out for it in several] for by in (scps, rcps)
    )
    return (
        *_policies(SCP, "scp", wanted_scps, scp_size, most_scps - scps_attached),
        *_policies(RCP, "rcp", wanted_rcps, size, most - 1),
    )


def _guardrail(one: Guardrail | str) -> Guardrail:
    try:
        return Guardrail(one)
    except ValueError:
        known = ", ".join(it.value for it in Guardrail)
        raise ValueError(f"without must name guardrails, got {one!r}: choose of {known}") from None


def _policies(
    kind: str, short: str, found: Sequence[statements.Statement], characters: int, room: int
) -> Iterable[GuardrailPolicy]:
    documents = divided(found, characters)
    if len(documents) > room:
        raise ValueError(
            f"the guardrails take {len(documents)} policies of type {kind}, and the targets have room for {room}: name "
            "roles together with a wildcard, leave guardrails out, or say that your organization has the doubled quotas"
        )
    return [GuardrailPolicy(f"kms-{short}-{place}", kind, one) for place, one in enumerate(documents, 1)]
