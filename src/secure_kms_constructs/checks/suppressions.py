"""Documented exceptions, and what suppresses the findings of Security Hub about them until their review."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from .rules import rule_named

AUTOMATION_RULE = "AWS::SecurityHub::AutomationRule"
_HUB = "Security Hub "
# https://docs.aws.amazon.com/securityhub/latest/userguide/automation-rules.html
_MOST = 100
_BEFORE = "2015-01-01T00:00:00Z"
# Findings of controls are updated every 12 to 24 hours. After these days, what people set is left alone.
_DAYS = 7
_LATEST = 3000
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_NoteUpdate.html
_NOTE = 512


@dataclass(frozen=True)
class DocumentedException:
    """One exception.

    :param resource: the ARN that it is about.
    :param rules: ids of the rules.
    :raises ValueError: for a day that is none, or that nobody will see.
    """

    resource: str
    reason: str
    review_by: date
    rules: tuple[str, ...]

    def __post_init__(self) -> None:
        # A time is a date to Python, and its text is none.
        if isinstance(self.review_by, datetime) or self.review_by.year >= _LATEST:
            raise ValueError(
                f"review_by must be a date such as 2027-06-30, without a time and before {_LATEST}, got "
                f"{self.review_by}"
            )

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
    finding stays so, so the other makes it new again when it is updated in the week after that day, without a
    deployment. It cannot ask whether the finding is suppressed: rules see findings as their provider sent them.

    https://docs.aws.amazon.com/securityhub/latest/userguide/automation-rules.html
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-securityhub-automationrule.html

    :raises ValueError: for more rules than Security Hub takes, and for a reason that fits no note.
    """
    wanted = [(one, control) for one in exceptions for control in one.controls]
    if 2 * len(wanted) > _MOST:
        raise ValueError(f"Security Hub takes {_MOST} automation rules, got {2 * len(wanted)}: review what can go")
    rules: list[dict[str, Any]] = []
    for number, (one, control) in enumerate(wanted, 1):
        over, again = (_midnight(one.review_by + timedelta(days=days)) for days in (1, 1 + _DAYS))
        ended = f"the exception has ended: {one.whole}"
        if len(ended) > _NOTE:
            raise ValueError(
                f"the note of a finding has {_NOTE} characters, got {len(ended)} for {one.resource}: shorten the reason"
            )
        rules += [
            _rule(f"{control} exception {number}", one, control, one.whole, "SUPPRESSED", (_BEFORE, over)),
            _rule(f"{control} ended {number}", one, control, ended, "NEW", (over, again)),
        ]
    return [{**rule, "RuleOrder": place} for place, rule in enumerate(rules, 1)]


def _equals(value: str) -> list[dict[str, str]]:
    return [{"Comparison": "EQUALS", "Value": value}]


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _rule(
    name: str, one: DocumentedException, control: str, note: str, status: str, updated: tuple[str, str]
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
        },
        "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}],
    }
