"""Automation rules of exceptions, applied as Security Hub says that it applies rules.

https://docs.aws.amazon.com/securityhub/latest/userguide/automation-rules.html
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from secure_kms_constructs.checks.rules import rule_named
from secure_kms_constructs.checks.suppressions import DocumentedException, automation_rules

ROLE = "arn:aws:iam::111122223333:role/pipeline"
REVIEW = date(2027, 6, 30)
GIVEN = DocumentedException(ROLE, "it decrypts the artifacts of every account", REVIEW, ("KLP101",))
RULES = automation_rules([GIVEN])
[CONTROL, *_] = GIVEN.controls


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=timezone.utc)


def read(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Finding:
    """A finding of a control: rules see it as its provider sends it, people see what was set last."""

    def __init__(self, resource: str = ROLE, control: str = CONTROL) -> None:
        self.resource, self.control, self.status, self.note = resource, control, "NEW", ""

    def update(self, when: datetime) -> str:
        """Send it again, which keeps what people or rules have set, and let the rules see what was sent."""
        for rule in sorted(RULES, key=lambda one: int(one["RuleOrder"])):
            if self._meets(rule["Criteria"], when):
                said = rule["Actions"][0]["FindingFieldsUpdate"]
                self.status, self.note = said["Workflow"]["Status"], said["Note"]["Text"]
        return self.status

    def _meets(self, criteria: dict[str, Any], when: datetime) -> bool:
        sent = {"ComplianceSecurityControlId": self.control, "ResourceId": self.resource, "WorkflowStatus": "NEW"}
        spans = [[read(one["Start"]), read(one["End"])] for one in criteria["UpdatedAt"]]
        texts = [(name, one["Value"]) for name, several in criteria.items() if name != "UpdatedAt" for one in several]
        return any(start <= when < end for start, end in spans) and all(sent[name] == value for name, value in texts)


@pytest.mark.parametrize("days, status", [(-300, "SUPPRESSED"), (0, "SUPPRESSED"), (1, "NEW"), (7, "NEW")])
def test_a_finding_is_suppressed_up_to_the_day_of_the_review(days: int, status: str) -> None:
    assert Finding().update(at(REVIEW + timedelta(days=days))) == status


def test_what_was_suppressed_is_new_again_at_the_first_update_after_the_review() -> None:
    finding = Finding()
    assert finding.update(at(REVIEW, 23)) == "SUPPRESSED"
    assert finding.note.endswith("review by 2027-06-30")
    assert finding.update(at(REVIEW + timedelta(days=1), 0)) == "NEW"
    assert finding.note.startswith("the exception has ended: ")


@pytest.mark.parametrize("days, status", [(7, "NEW"), (8, "NOTIFIED"), (400, "NOTIFIED")])
def test_what_people_set_later_is_left_alone(days: int, status: str) -> None:
    finding = Finding()
    finding.update(at(REVIEW + timedelta(days=1)))
    finding.status = "NOTIFIED"
    assert finding.update(at(REVIEW + timedelta(days=days))) == status


@pytest.mark.parametrize("finding", [Finding(resource=f"{ROLE}2"), Finding(control="KMS.3")])
def test_a_finding_of_another_resource_or_control_is_left_alone(finding: Finding) -> None:
    assert finding.update(at(REVIEW)) == "NEW"
    finding.status = "SUPPRESSED"
    assert finding.update(at(REVIEW + timedelta(days=1))) == "SUPPRESSED"
    assert finding.note == ""


def test_without_the_rules_what_was_suppressed_stays_so_until_somebody_sets_it_to_new() -> None:
    finding = Finding()
    finding.update(at(REVIEW))
    backed_out = Finding(control="taken out")
    backed_out.status = finding.status
    assert backed_out.update(at(REVIEW + timedelta(days=1))) == "SUPPRESSED"
    backed_out.status = "NEW"
    assert backed_out.update(at(REVIEW + timedelta(days=2))) == "NEW"


@pytest.mark.parametrize("day", [date(9999, 12, 31), date(3000, 1, 1), datetime(2027, 6, 30, 10, tzinfo=timezone.utc)])
def test_a_day_that_nobody_will_see_or_with_a_time_is_refused(day: date) -> None:
    with pytest.raises(ValueError, match="review_by must be a date such as 2027-06-30, without a time and before 3000"):
        DocumentedException(ROLE, "a reason", day, ("KLP101",))
    assert automation_rules([DocumentedException(ROLE, "a reason", date(2999, 12, 31), ("KLP101",))])


def test_a_reason_has_to_fit_the_note_of_a_finding() -> None:
    def rules(length: int) -> list[dict[str, Any]]:
        return automation_rules([DocumentedException(ROLE, "r" * length, REVIEW, ("KLP101",))])

    fits = 512 - len("the exception has ended: , review by 2027-06-30")
    assert max(len(one["Description"]) for one in rules(fits)) == 512
    with pytest.raises(ValueError, match=r"a finding has 512 characters, got 513 for arn:.*: shorten the reason"):
        rules(fits + 1)


def test_only_the_controls_of_security_hub_are_suppressed() -> None:
    assert rule_named("KLP101").controls == ("Security Hub KMS.1", "Security Hub KMS.2", "ours for key/*")
    every = DocumentedException(ROLE, "a reason", REVIEW, ("KLP101", "KLP502", "KLP104"))
    assert every.controls == ("KMS.1", "KMS.2", "KMS.5")


def test_security_hub_takes_a_hundred_rules() -> None:
    def rules(count: int) -> list[dict[str, Any]]:
        given = (DocumentedException(f"{ROLE}{n}", "a reason", REVIEW, ("KLP502",)) for n in range(count))
        return automation_rules(given)

    assert len(rules(50)) == 100
    with pytest.raises(ValueError, match="Security Hub takes 100 automation rules, got 102: review what can go"):
        rules(51)
