"""What somebody acknowledges is no longer open, and an acknowledgement has to say something."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.checks import RULES, Report, Rule, assert_no_findings, check_assembly, check_templates
from secure_kms_constructs.checks.acknowledgements import Acknowledgement, is_of_substance, review_date
from secure_kms_constructs.checks.examples import ACCOUNT, REGION
from secure_kms_constructs.checks.rules import chosen, rule_named

TODAY = date(2026, 11, 22)
REASON = "the partner needs it until the migration is over"


def check(template: Any, today: date = TODAY) -> Report:
    return check_templates({"Stack": template}, account=ACCOUNT, region=REGION, today=today)


def acknowledging(rule: Rule, reason: str) -> Any:
    """The broken example of a rule, every resource of which acknowledges it."""
    template = deepcopy(rule.broken)
    for resource in template["Resources"].values():  # type: ignore[attr-defined]
        resource["Metadata"] = {"KmsLeastPrivilege": {rule.id: reason}}
    return template


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id}-{rule.name}")
def test_an_acknowledged_finding_is_not_open_but_kept_with_its_reason(rule: Rule) -> None:
    report = check(acknowledging(rule, REASON))
    assert [str(one) for one in report.findings] == []
    assert {(one.rule, word.reason) for one, word in report.acknowledged} == {(rule.id, REASON)}


def test_another_rule_is_not_acknowledged_with_it() -> None:
    rule, other = rule_named("rotation-off"), rule_named("short-pending-window")
    template = deepcopy(acknowledging(rule, REASON))
    template["Resources"]["Key"]["Properties"]["PendingWindowInDays"] = 7
    assert [one.rule for one in check(template).findings] == [other.id]


def test_another_construct_is_not_acknowledged_with_it() -> None:
    template = acknowledging(rule_named("rotation-off"), REASON)
    template["Resources"]["KeyOfOthers"] = deepcopy(template["Resources"]["Key"])
    del template["Resources"]["KeyOfOthers"]["Metadata"]
    assert [one.path for one in check(template).findings] == ["Stack/KeyOfOthers"]


REASONS = {
    "the partner needs it until the migration is over": True,
    "Rotation is done by the vendor. Review by 2027-06-30": True,
    "": False,
    "todo": False,
    "false positive": False,
    "accepted accepted accepted accepted": False,
    "accepted, review by 2027-06-30": False,
    "review by 2027-06-30": False,
    "1234 5678 9012 3456": False,
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_has_substance_or_not(reason: str) -> None:
    assert is_of_substance(reason) is REASONS[reason]
    found = check(acknowledging(rule_named("rotation-off"), reason)).findings
    assert [one.rule for one in found] == ([] if REASONS[reason] else ["KLP002"])


REVIEWS = {
    f"{REASON}, review by 2026-11-22": [],
    f"{REASON} (review by 2026-11-23).": [],
    f"{REASON}; reviewed by: 2026-11-21": ["KLP003"],
    f"{REASON}. Review by 2026-13-01.": ["KLP003"],
}


@pytest.mark.parametrize("reason", REVIEWS)
def test_a_review_is_due_or_not(reason: str) -> None:
    found = check(acknowledging(rule_named("rotation-off"), reason)).findings
    assert [one.rule for one in found] == REVIEWS[reason]


def test_the_last_day_of_a_reason() -> None:
    assert review_date(REASON) == date.max
    assert review_date(f"{REASON}, review by 2027-06-30") == date(2027, 6, 30)
    assert review_date(f"{REASON}, review by 2027-02-30") is None
    assert review_date(f"{REASON}, review by 2099-01-01, review by 2027-06-30") == date(2027, 6, 30)
    assert review_date(f"{REASON}, review by 2027-06-30, review by 2099-01-01") == date(2027, 6, 30)
    assert review_date(f"{REASON}, review by 2027-06-30, review by 2027-02-30") is None


def test_a_rule_that_there_is_not_cannot_be_acknowledged() -> None:
    template = deepcopy(rule_named("rotation-off").clean)
    template["Resources"]["Key"]["Metadata"] = {"KmsLeastPrivilege": {"KLP999": REASON}}  # type: ignore[index]
    [found] = check(template).findings
    assert (found.rule, found.path) == ("KLP002", "Stack/Key")
    assert "there is no such rule" in found.message


PLACES = {"": True, "Stack": True, "Stack/Key": True, "Stack/Key/Resource": True, "Stack/Ke": False, "Other": False}


@pytest.mark.parametrize("path", PLACES)
def test_an_acknowledgement_covers_what_is_below_it(path: str) -> None:
    [found] = check(rule_named("rotation-off").broken).findings
    assert Acknowledgement(found.rule, path, REASON).covers(found) is PLACES[path]


def assembly(directory: Path, template: Any, metadata: Any = None) -> Path:
    """A cloud assembly of one stack."""
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT}/{REGION}",
        "properties": {"templateFile": "Stack.template.json"},
        "metadata": metadata or {},
    }
    (directory / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"Stack": artifact}}))
    (directory / "Stack.template.json").write_text(json.dumps(template))
    return directory


def cdk_entry(rule: str, reason: str) -> Any:
    return [{"type": "aws:cdk:acknowledged-rules", "data": {rule: reason}}]


@pytest.mark.parametrize(
    "rule, still", [("KmsLeastPrivilege::KLP401", []), ("AwsSolutions::KLP401", ["KLP401"]), ("KLP401", ["KLP401"])]
)
def test_what_cdk_records_of_a_construct_counts(tmp_path: Path, rule: str, still: list[str]) -> None:
    made = assembly(tmp_path, rule_named("KLP401").broken, {"/Stack/Key": cdk_entry(rule, REASON)})
    assert [one.rule for one in check_assembly(made, today=TODAY).findings] == still


def test_a_test_fails_with_what_is_found_and_what_to_do(tmp_path: Path) -> None:
    made = assembly(tmp_path, rule_named("rotation-off").broken)
    with pytest.raises(AssertionError) as failed:
        assert_no_findings(made)
    assert str(failed.value) == (
        "1 finding of KMS least privilege:\n"
        "warning KLP401 Stack/Key Properties.EnableKeyRotation: the key is not rotated\n"
        "    fix: Set EnableKeyRotation to true. Nothing has to be encrypted again."
    )


def test_a_test_passes_where_nothing_is_as_bad(tmp_path: Path) -> None:
    made = assembly(tmp_path, rule_named("rotation-off").broken)
    assert_no_findings(made, fail_on="error")
    assert_no_findings(made, severities={"rotation-off": "off"})
    assert_no_findings(made, severities={"KLP401": "info"})
    assert_no_findings(made, rules=["lockout"])
    with pytest.raises(AssertionError, match="1 finding of"):
        assert_no_findings(made, severities={"KLP401": "info"}, fail_on="info")
    with pytest.raises(AssertionError, match="\nerror KLP401"):
        assert_no_findings(made, severities={"KLP401": "error"}, fail_on="error")


def test_what_cannot_be_checked_is_refused() -> None:
    with pytest.raises(ValueError, match="an app, a stack or the directory of a cloud assembly is needed, got 3"):
        assert_no_findings(3)


@pytest.mark.parametrize(
    "rules, severities, message",
    [
        (["rotation"], {}, "no rule is called 'rotation'"),
        (None, {"KLP000": "off"}, "no rule is called 'KLP000'"),
        (None, {"KLP401": "fatal"}, "severity must be one of error, warning, info and off, got 'fatal'"),
    ],
)
def test_a_choice_that_there_is_not_is_refused(rules: Any, severities: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        chosen(rules, severities)
