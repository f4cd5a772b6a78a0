"""Templates and policies rebuilt from public reports of failures, each with the verdict that AWS documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_kms_constructs.checks import RULES, Severity
from secure_kms_constructs.cli.inputs import check_paths
from secure_kms_constructs.templates.givens import Givens

CASES = Path(__file__).parents[1] / "cases" / "templates"
# All hold a plain key policy, of which these are right.
PLAIN = {"KLP201", "KLP203"}
# What the report is about: the rule that finds it, with how bad it is, and the page that says so.
VERDICTS: dict[str, tuple[dict[str, Severity], str]] = {
    "events_sourceaccount": ({"KLP509": Severity.ERROR}, "sns/latest/dg/sns-key-management"),
    "undefined": ({"KLP207": Severity.ERROR}, "IAM/latest/UserGuide/reference_policies_elements_principal"),
    "wild": ({"KLP207": Severity.ERROR}, "IAM/latest/UserGuide/reference_policies_elements_principal"),
    "wrongresource": ({"KLP208": Severity.ERROR}, "kms/latest/developerguide/key-policy-overview"),
    "only_sso": (
        {"KLP507": Severity.WARNING, "KLP504": Severity.WARNING},
        "kms/latest/developerguide/key-policy-default",
    ),
    "foreign_secret": ({"KLP505": Severity.ERROR}, "secretsmanager auth-and-access_examples_cross"),
    "hmac_rotates": ({"KLP405": Severity.ERROR}, "AWSCloudFormation aws-resource-kms-key"),
    "log_ref": ({"KLP506": Severity.ERROR}, "AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey"),
    # AWS publishes this statement; only kms:Describe* is inert in it.
    "aws_doc_logs": ({}, "AmazonCloudWatch/latest/logs/encrypt-log-data-kms"),
    # ${ORG_ID} is no policy variable: what its generator puts there is not known.
    "placeholder_org": ({}, "IAM/latest/UserGuide/reference_policies_variables"),
    "flowlogs": ({"KLP510": Severity.ERROR}, "vpc/latest/userguide/flow-logs-s3-cmk-policy"),
    "awssqs": ({"KLP510": Severity.ERROR}, "AWSSimpleQueueService sqs-key-management"),
    "resource_control_policy": ({}, "organizations/latest/userguide/orgs_manage_policies_rcps"),
}


def test_every_case_has_a_verdict() -> None:
    assert {path.stem for path in CASES.glob("*.json")} == VERDICTS.keys()


@pytest.mark.parametrize("name", VERDICTS)
def test_a_published_case_has_its_verdict(name: str) -> None:
    verdict, _ = VERDICTS[name]
    checked = check_paths([CASES / f"{name}.json"], RULES, Givens("111122223333", "us-east-1"))
    assert checked.unread == []
    told = {one.rule: one.severity for one in checked.report.at_least(Severity.WARNING) if one.rule not in PLAIN}
    assert told == verdict, "\n".join(map(str, checked.report.findings))


def test_a_resource_control_policy_has_no_finding_at_all() -> None:
    checked = check_paths([CASES / "resource_control_policy.json"], RULES, Givens(None, None))
    assert checked.report.findings == ()


def test_what_is_inert_in_a_published_statement_is_told_as_info() -> None:
    checked = check_paths([CASES / "aws_doc_logs.json"], RULES, Givens("111122223333", "us-east-1"))
    [found] = [one for one in checked.report.findings if one.rule == "KLP302"]
    assert (found.severity, found.undecided) == (Severity.INFO, False)
