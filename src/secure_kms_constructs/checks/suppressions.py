"""Documented exceptions, and what suppresses the findings of Security Hub about them until their review."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from .rules import rule_named

AUTOMATION_RULE = "AWS::SecurityHub::AutomationRule"
_HUB = "Security Hub "
# https://docs.aws.amazon.com/securityhub/latest/userguide/automation-rules.html
_MOST = 100
_BEFORE, _AFTER = "2015-01-01T00:00:00Z", "2100-01-01T00:00:00Z"


@dataclass(frozen=True)
class DocumentedException:
    """One exception.

    :param resource: the ARN that it is about.
    :param rules: ids of the rules.
    """

    resource: str
    reason: str
    review_by: date
    rules: tuple[str, ...]

    @property
    def whole(self) -> str:
        """The reason with the day of the review, as acknowledgements have it."""
        return f"{self.reason}, review by {self.review_by.isoformat()}"

    @property
    def controls(self) -> tuple[str, ...]:
        """The controls of Security Hub that its rules implement."""
        named = (control for rule in self.rules for control in rule_named(rule).controls)
        return tuple(sorted({one.removeprefix(_HUB) for one in named if one.startswith(_HUB)}))


def automation_rules(exceptions: Iterable[DocumentedException]) -> list[dict[str, Any]]:
    """Return the properties of the automation rules of exceptions, two for each control.

    One suppresses the finding of the exact resource, up to the day of the review. A rule has no end and a suppressed
    finding stays so, so the other makes it new again once it is updated after that day, without a deployment.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-securityhub-automationrule.html

    :raises ValueError: for more rules than Security Hub takes.
    """
    wanted = [(one, control) for one in exceptions for control in one.controls]
    if 2 * len(wanted) > _MOST:
        raise ValueError(f"Security Hub takes {_MOST} automation rules, got {2 * len(wanted)}: review what can go")
    rules: list[dict[str, Any]] = []
    for number, (one, control) in enumerate(wanted, 1):
        over = f"{(one.review_by + timedelta(days=1)).isoformat()}T00:00:00Z"
        ended = f"the exception has ended: {one.whole}"
        rules += [
            _rule(f"{control} exception {number}", one, control, one.whole, "SUPPRESSED", (_BEFORE, over), {}),
            _rule(f"{control} ended {number}", one, control, ended, "NEW", (over, _AFTER), _SUPPRESSED),
        ]
    return [{**rule, "RuleOrder": place} for place, rule in enumerate(rules, 1)]


def _equals(value: str) -> list[dict[str, str]]:
    return [{"Comparison": "EQUALS", "Value": value}]


# What somebody has set to notified or resolved since is left alone.
_SUPPRESSED = {"WorkflowStatus": _equals("SUPPRESSED")}


def _rule(
    name: str,
    one: DocumentedException,
    control: str,
    note: str,
    status: str,
    updated: tuple[str, str],
    more: dict[str, Any],
) -> dict[str, Any]:
    update = {"Workflow": {"Status": status}, "Note": {"Text": note, "UpdatedBy": "secure-kms"}}
    start, end = updated
    return {
        "RuleName": name,
        "RuleStatus": "ENABLED",
        "Description": note,
        "Criteria": {
            "ComplianceSecurityControlId": _equals(control),
            "ResourceId": _equals(one.resource),
            "UpdatedAt": [{"Start": start, "End": end}],
            **more,
        },
        "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}],
    }
