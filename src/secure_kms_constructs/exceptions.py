"""Exceptions from the checks that have a reason and an end, for roles that deploy and what gives roles policies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import aws_cdk as cdk
from constructs import IConstruct

from .checks.acknowledgements import PLUGIN, is_of_substance
from .checks.rules import rule_named


def documented_exception(
    holder: IConstruct,
    reason: str,
    review_by: date | str,
    *,
    rules: Iterable[str] = ("decrypt-on-all-keys",),
) -> None:
    """Acknowledge what a role that deploys has to have, such as the right to decrypt artifacts of any account.

    The findings of the rules about this role and its policies are reported as acknowledged, with the reason, until
    the day of the review; after it that is a finding itself. The reason is written into the ``Metadata`` of the
    role in the template too, or of the template where the role is imported. Other roles are not concerned. It may
    be a managed policy too, or a permission set, whose roles are found in the accounts by its name.

    https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html

    :param holder: a deployment role, such as one that a pipeline assumes by OIDC; a ``ManagedPolicy`` or an
        ``AWS::SSO::PermissionSet``.
    :param reason: a sentence that somebody else can review.
    :param review_by: the last day on which it holds.
    :param rules: ids or names of the rules; by default the one about decrypting with every key.
    :raises ValueError: for a reason that says nothing, a date that is none, and a rule that there is not.
    """
    if not is_of_substance(reason):
        raise ValueError(f"reason must say in a sentence why it is needed, got {reason!r}")
    try:
        day = review_by if isinstance(review_by, date) else date.fromisoformat(review_by)
    except ValueError:
        raise ValueError(f"review_by must be a date such as 2027-06-30, got {review_by!r}") from None
    whole = f"{reason}, review by {day.isoformat()}"
    given = {rule_named(name).id: whole for name in rules}
    for rule in given:
        cdk.Validations.of(holder).acknowledge(cdk.Acknowledgment(id=f"{PLUGIN}::{rule}", reason=whole))
    made = holder if isinstance(holder, cdk.CfnResource) else holder.node.default_child
    if isinstance(made, cdk.CfnResource):
        made.add_metadata(PLUGIN, given)
        return
    options = cdk.Stack.of(holder).template_options
    written = dict(options.metadata or {})
    written[PLUGIN] = {**written.get(PLUGIN, {}), holder.node.path: given}
    options.metadata = written
