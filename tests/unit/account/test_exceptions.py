"""Documented exceptions of an account: with a reason and an end, in the checks and as rules of Security Hub."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.account.exceptions import as_acknowledgements, as_automation_rules, read_exceptions
from secure_kms_constructs.checks import check_landscapes
from tests.unit.account.accounts import role_arn

WIDE = "arn:aws:iam::111122223333:policy/Wide"
GIVEN = f"""
[[exception]]
resource = "{WIDE}"
reason = "the pipeline decrypts artifacts of other accounts"
review_by = 2027-06-30
rules = ["decrypt-on-all-keys"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "exceptions.toml").write_text(GIVEN)
    return tmp_path / "exceptions.toml"


def test_an_exception_is_acknowledged_until_its_review(file: Path, snapshot: Snapshot) -> None:
    given = as_acknowledgements(read_exceptions(file))
    plain = check_landscapes(snapshot.landscapes)
    known = check_landscapes(snapshot.landscapes, acknowledged=given, today=date(2027, 6, 30))
    assert {one.path for one in plain.findings if one.rule == "KLP101"} >= {WIDE, role_arn("Bounded")}
    assert {one.path for one in known.findings if one.rule == "KLP101"} == {role_arn("Bounded")}
    [(finding, why)] = known.acknowledged
    assert (finding.path, why.reason.endswith("review by 2027-06-30")) == (WIDE, True)
    late = check_landscapes(snapshot.landscapes, acknowledged=given, today=date(2027, 7, 1))
    assert any("was due by 2027-06-30" in one.message for one in late.findings)


def test_security_hub_suppresses_that_resource_alone_until_its_review(file: Path) -> None:
    template = as_automation_rules(read_exceptions(file))
    rules = [one["Properties"] for one in template["Resources"].values()]
    controls = [one["Criteria"]["ComplianceSecurityControlId"][0]["Value"] for one in rules]
    assert controls == ["KMS.1", "KMS.1", "KMS.2", "KMS.2"]
    for one in rules:
        assert one["Criteria"]["ResourceId"] == [{"Comparison": "EQUALS", "Value": WIDE}]
        assert one["Actions"][0]["FindingFieldsUpdate"]["Note"]["Text"].endswith(", review by 2027-06-30")
    assert [one["RuleOrder"] for one in rules] == [1, 2, 3, 4]
    assert len({one["RuleName"] for one in rules}) == 4


def test_a_finding_is_new_again_after_the_review_without_a_deployment(file: Path) -> None:
    found = as_automation_rules(read_exceptions(file))["Resources"].values()
    suppresses, ends = [one["Properties"] for one in found][:2]
    day_after = "2027-07-01T00:00:00Z"
    assert [one["End"] for one in suppresses["Criteria"]["UpdatedAt"]] == [day_after]
    assert [one["Start"] for one in ends["Criteria"]["UpdatedAt"]] == [day_after]
    statuses = [one["Actions"][0]["FindingFieldsUpdate"]["Workflow"]["Status"] for one in (suppresses, ends)]
    assert statuses == ["SUPPRESSED", "NEW"]
    # What somebody has settled since is left alone.
    assert "WorkflowStatus" not in ends["Criteria"], "rules see findings as their provider sent them"
    assert "WorkflowStatus" not in suppresses["Criteria"]
    assert ends["Description"].startswith("the exception has ended: the pipeline")


@pytest.mark.parametrize(
    "old, new, said",
    [
        ('resource = "arn', 'resource = "role', "resource must be the ARN of one role, user, policy or key, got 'role"),
        ("policy/Wide", "role/*", "resource must be the ARN of one"),
        ("the pipeline decrypts artifacts of other accounts", "ok", "reason must say in a sentence why it is needed"),
        ("2027-06-30", '"soon"', "review_by must be a date such as 2027-06-30, got 'soon'"),
        ('["decrypt-on-all-keys"]', "[]", r"rules must be a list of rules, got \[\]"),
        ("decrypt-on-all-keys", "decrypt-all", "no rule is called 'decrypt-all'"),
        ("review_by = 2027-06-30", "", "must have reason, resource, review_by, rules, got reason, resource, rules"),
        ("[[exception]]", "[[exemption]]", r"must hold \[\[exception\]\] tables, got exemption"),
        ("[[exception]]", "[[exception", "must be TOML: "),
    ],
)
def test_an_exception_that_is_none_is_refused(old: str, new: str, said: str, file: Path) -> None:
    file.write_text(GIVEN.replace(old, new))
    with pytest.raises(ValueError, match=said):
        read_exceptions(file)


def test_more_rules_than_security_hub_takes_are_refused(file: Path) -> None:
    with pytest.raises(ValueError, match="Security Hub takes 100 automation rules, got 104"):
        as_automation_rules(read_exceptions(file) * 26)


def test_before_python_3_11_tomli_reads_them(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_exceptions(file)
    monkeypatch.setitem(sys.modules, "tomllib", None)
    assert read_exceptions(file) == found
    file.write_text("[[exception")
    with pytest.raises(ValueError, match="must be TOML: "):
        read_exceptions(file)
    monkeypatch.setitem(sys.modules, "tomli", None)
    with pytest.raises(
        ValueError, match=r"exceptions.toml needs tomli before Python 3.11, .* 'secure-kms-constructs\[cli\]'$"
    ):
        read_exceptions(file)
