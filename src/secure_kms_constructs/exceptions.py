"""Exceptions from the checks that have a reason and an end, for roles that deploy and what gives roles policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import aws_cdk as cdk
from constructs import Construct, IConstruct

from .cdk.signatures import OwnSignature
from .checks.acknowledgements import PLUGIN, is_of_substance
from .checks.rules import rule_named
from .checks.suppressions import AUTOMATION_RULE, DocumentedException, automation_rules


def documented_exception(
    holder: IConstruct,
    reason: str,
    review_by: date | str,
    *,
    rules: Iterable[str] = ("decrypt-on-all-keys",),
) -> DocumentedException:
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
    :return: the exception, for ``DocumentedSuppressions``.
    :raises ValueError: for a reason that says nothing, a date that is none, and a rule that there is not.
    """
    if not is_of_substance(reason):
        raise ValueError(f"reason must say in a sentence why it is needed, got {reason!r}")
    try:
        day = review_by if isinstance(review_by, date) else date.fromisoformat(review_by)
    except ValueError:
        raise ValueError(f"review_by must be a date such as 2027-06-30, got {review_by!r}") from None
    ids = tuple(rule_named(name).id for name in rules)
    made_one = DocumentedException(_arn_of(holder), reason, day, ids)
    whole = made_one.whole
    given = dict.fromkeys(ids, whole)
    for rule in given:
        cdk.Validations.of(holder).acknowledge(cdk.Acknowledgment(id=f"{PLUGIN}::{rule}", reason=whole))
    made = holder if isinstance(holder, cdk.CfnResource) else holder.node.default_child
    if isinstance(made, cdk.CfnResource):
        made.add_metadata(PLUGIN, given)
        return made_one
    options = cdk.Stack.of(holder).template_options
    written = dict(options.metadata or {})
    written[PLUGIN] = {**written.get(PLUGIN, {}), holder.node.path: given}
    options.metadata = written
    return made_one


def _arn_of(holder: IConstruct) -> str:
    """Return the ARN of a role, managed policy or permission set; empty for anything else."""
    for name in ("role_arn", "managed_policy_arn", "attr_permission_set_arn"):
        if arn := getattr(holder, name, None):
            return str(arn)
    return ""


class DocumentedSuppressions(Construct):
    """Automation rules of Security Hub that suppress the findings about documented exceptions, until their review.

    For a stack of the account that administers Security Hub, in each of its regions. Each rule is about one control and
    the exact resource; its note has the reason and the day of the review. Findings that are updated in the week after
    that day are new again, without a deployment; from then on a warning says so at synth.

    :param exceptions: what ``documented_exception`` returns, or ``read_exceptions`` of ``exceptions.toml``.
    :raises ValueError: without exceptions, for one whose resource has no ARN that can be told in this stack or that no
        control of Security Hub is about, and for more rules than Security Hub takes.

    https://docs.aws.amazon.com/securityhub/latest/userguide/automation-rules.html
    """

    __signature__ = OwnSignature()

    def __init__(self, scope: Construct, id: str, *, exceptions: Sequence[DocumentedException]) -> None:
        wanted = list(dict.fromkeys(exceptions))
        if not wanted:
            raise ValueError("exceptions must name documented exceptions, got none: without one nothing is suppressed")
        for one in wanted:
            _check(one)
        rules = automation_rules(wanted)
        super().__init__(scope, id)
        for number, rule in enumerate(rules, 1):
            cdk.CfnResource(self, f"Rule{number}", type=AUTOMATION_RULE, properties=rule)
        for one in wanted:
            if one.review_by < date.today():
                cdk.Annotations.of(self).add_warning_v2(
                    "secure-kms-constructs:exceptionEnded",
                    f"the exception of {one.resource} has ended, and its finding is one again: {one.whole}; review it "
                    "and give it another day, or take it out",
                )


def _check(one: DocumentedException) -> None:
    known = not cdk.Token.is_unresolved(one.resource)
    if known and (not one.resource.startswith("arn:") or "*" in one.resource):
        raise ValueError(
            f"exceptions must be about one resource by its ARN, got {one.resource!r}: document it for the role, "
            "managed policy or permission set itself, or in exceptions.toml with the literal ARN"
        )
    if not one.controls:
        raise ValueError(
            f"exceptions must be from rules that are controls of Security Hub, got {', '.join(one.rules)} of "
            f"{one.resource}, which Security Hub does not find: leave it out"
        )
