"""KmsGuardrails: policies of the organization that keep the keys of all its accounts at least privilege."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from aws_cdk import Duration, Names
from aws_cdk import aws_organizations as organizations
from constructs import Construct

from .aws.facts import ORGANIZATION_TARGET, PENDING_WINDOW_DAYS
from .cdk.asking import stack_of
from .cdk.deployers import deployers_anywhere
from .cdk.findings import check_several
from .cdk.places import is_known
from .cdk.signatures import OwnSignature
from .organizations import Guardrail, GuardrailPolicy, guardrail_policies

# What is left of 128 characters: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
_NAME = 100


class KmsGuardrails(Construct):
    """Service and resource control policies, attached to the targets that are named and to no other.

    For a stack of the organization's management account, or of the account that administers its policies. Nothing that
    this library deploys is denied; who else is let through, docs/guardrails.md says. To go back, take out targets or
    the construct: policies above an account only take away.

    :param organization: id of the organization, ``o-...``, as text: it stands in a condition that a wrong id would turn
        against everybody.
    :param targets: ids of accounts, organizational units or the root that the policies are attached to.
    :param deployers: ARNs of the principals that CloudFormation acts as in the accounts, with ``*`` as a wildcard.
        Default: the execution roles of the bootstrap that this stack is deployed by, in any account and region.
    :param break_glass: ARNs of roles for emergencies, with ``*`` as a wildcard: they may take keys away and change key
        policies. Default: none.
    :param trusted_accounts: ids of accounts outside the organization that keys and secrets may be shared with.
        Default: none.
    :param minimum_waiting_period: how long the deletion of a key has to wait, 7 to 30 days. Default: 30 days.
    :param without: guardrails to leave out. Default: none.
    :param doubled_scp_quotas: whether the organization has the quotas of May 2026. Default: False.
    :param scps_attached: how many service control policies the targets have besides. Default: 1, which is full access.
    :param policy_name: what the names of the policies begin with; each is unique in the organization. Default: a name
        made of the construct's path.
    :raises ValueError: without targets, for an id, ARN, account or period that is none, where the deployers cannot be
        told, and over a quota.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_authorization_policies.html
    """

    __signature__ = OwnSignature()

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        organization: str,
        targets: Sequence[str],
        deployers: Sequence[str] | None = None,
        break_glass: Sequence[str] = (),
        trusted_accounts: Sequence[str] = (),
        minimum_waiting_period: Duration | None = None,
        without: Iterable[Guardrail] = (),
        doubled_scp_quotas: bool = False,
        scps_attached: int = 1,
        policy_name: str | None = None,
    ) -> None:
        attached = _targets(targets)
        days = PENDING_WINDOW_DAYS.value[1] if minimum_waiting_period is None else _days(minimum_waiting_period)
        found = guardrail_policies(
            organization=organization,
            deployers=[deployers_anywhere(stack_of(scope))] if deployers is None else deployers,
            break_glass=break_glass,
            trusted_accounts=trusted_accounts,
            minimum_waiting_days=days,
            without=without,
            doubled_scp_quotas=doubled_scp_quotas,
            scps_attached=scps_attached,
        )
        if policy_name is not None and is_known(policy_name) and not 1 <= len(policy_name) <= _NAME:
            raise ValueError(f"policy_name must be 1 to {_NAME} characters, got {len(policy_name)}: {policy_name!r}")
        super().__init__(scope, id)
        prefix = Names.unique_resource_name(self, max_length=_NAME) if policy_name is None else policy_name
        self.policies: tuple[GuardrailPolicy, ...] = found
        """The policies as documents."""
        for one in found:
            organizations.CfnPolicy(
                self,
                one.name,
                name=f"{prefix}-{one.name}",
                type=one.type,
                description="KMS least privilege: " + ", ".join(it["Sid"] for it in one.document["Statement"]),
                # An object: CloudFormation sees no drift in a text.
                content=one.document,
                target_ids=attached,
            )


def _targets(targets: Sequence[str]) -> list[str]:
    check_several("targets", targets)
    found = list(dict.fromkeys(targets))
    if not found:
        raise ValueError(
            "targets must name accounts, organizational units or the root, got none: policies without a target bind "
            "nobody; begin with a test account"
        )
    for one in found:
        if is_known(str(one)) and not re.fullmatch(ORGANIZATION_TARGET.value, str(one)):
            raise ValueError(
                f"targets must be ids of accounts (12 digits), organizational units (ou-...) or the root (r-...), "
                f"got {one!r}"
            )
    return found


def _days(period: Duration) -> int:
    try:
        return int(period.to_days())
    except (AttributeError, RuntimeError):
        raise ValueError(
            f"minimum_waiting_period must be a duration of whole days, such as Duration.days(30), got {period!r}"
        ) from None
