"""Documented exceptions of an account: who may have what a rule finds, why, and until when.

A file of tables, one for each::

    [[exception]]
    resource = "arn:aws:iam::111122223333:role/cdk-hnb659fds-deploy-role-111122223333-eu-west-1"
    reason = "the pipeline decrypts artifacts of other accounts"
    review_by = 2027-06-30
    rules = ["decrypt-on-all-keys"]
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

from secure_kms_constructs.checks import Acknowledgement, rule_named
from secure_kms_constructs.checks.acknowledgements import is_of_substance
from secure_kms_constructs.checks.suppressions import AUTOMATION_RULE, DocumentedException, automation_rules
from secure_kms_constructs.templates.loading import read_text
from secure_kms_constructs.templates.toml import parse_toml

_MEMBERS = {"resource", "reason", "review_by", "rules"}


def read_exceptions(path: str | PathLike[str]) -> tuple[DocumentedException, ...]:
    """Read a file of exceptions.

    :raises ValueError: when it is none, or one of them has no reason, no date or no rule.
    """
    whole = parse_toml(read_text(Path(path)), str(path))
    listed = whole.get("exception")
    if not isinstance(listed, list) or set(whole) != {"exception"}:
        raise ValueError(f"{path} must hold [[exception]] tables, got {', '.join(whole) or 'nothing'}")
    return tuple(_exception(one, f"{path} exception {place}") for place, one in enumerate(listed, 1))


def _exception(one: Any, where: str) -> DocumentedException:
    if not isinstance(one, dict) or set(one) != _MEMBERS:
        got = ", ".join(sorted(one)) if isinstance(one, dict) else repr(one)
        raise ValueError(f"{where} must have {', '.join(sorted(_MEMBERS))}, got {got}")
    if not isinstance(one["resource"], str) or not one["resource"].startswith("arn:") or "*" in one["resource"]:
        raise ValueError(f"{where}: resource must be the ARN of one role, user, policy or key, got {one['resource']!r}")
    if not isinstance(one["reason"], str) or not is_of_substance(one["reason"]):
        raise ValueError(f"{where}: reason must say in a sentence why it is needed, got {one['reason']!r}")
    if not isinstance(one["review_by"], date):
        raise ValueError(f"{where}: review_by must be a date such as 2027-06-30, got {one['review_by']!r}")
    if not isinstance(one["rules"], list) or not one["rules"]:
        raise ValueError(f"{where}: rules must be a list of rules, got {one['rules']!r}")
    rules = tuple(rule_named(str(name)).id for name in one["rules"])
    return DocumentedException(one["resource"], one["reason"], one["review_by"], rules)


def as_acknowledgements(exceptions: Iterable[DocumentedException]) -> tuple[Acknowledgement, ...]:
    """Return exceptions as the checks take them; one past its review is a finding there."""
    return tuple(Acknowledgement(rule, one.resource, one.whole) for one in exceptions for rule in one.rules)


def as_automation_rules(exceptions: Iterable[DocumentedException]) -> dict[str, Any]:
    """Return a CloudFormation template that suppresses the findings of Security Hub about exceptions.

    :raises ValueError: for more rules than Security Hub takes.
    """
    rules = enumerate(automation_rules(exceptions), 1)
    resources = {f"Exception{place}": {"Type": AUTOMATION_RULE, "Properties": rule} for place, rule in rules}
    return {"Description": "Documented exceptions from KMS least privilege", "Resources": resources}
