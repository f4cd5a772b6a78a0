"""What AWS prints on its own pages is not flagged, except where a page of AWS says so too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from secure_kms_constructs.checks import Severity, find, rule_named
from secure_kms_constructs.checks.examples import template
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates import read_templates
from tests.unit.cases import kms_pages, logs_pages, managed_pages, service_pages
from tests.unit.cases.case import ACCOUNT, KMS, REGION

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html"

# Which documents a rule may flag, by a word of the case they are from, and the page that agrees.
EXPECTED = {
    # The managed policy names every key; Security Hub fails that text in a policy of one's own, conditions or not.
    "KLP101": (SECURITY_HUB, ("aws/secretsmanager", "AWSSecretsManagerClientReadOnlyAccess")),
    # The identity policy of the case is one for all actions, in place of the page's "an IAM policy".
    "KLP102": (f"{KMS}iam-policies-best-practices.html", ("Alice", "aws/secretsmanager")),
    # The key id of the pages is the one that CDK takes for its dummy.
    "KLP104": (rule_named("KLP104").source, ("",)),
    # "Without this permission, IAM policies that allow access to the key are ineffective": that is the purpose.
    "KLP201": (f"{KMS}key-policy-default.html", ("",)),
    # The page lets the administrators of the other account decide, and says so.
    "KLP202": (f"{KMS}key-policy-modifying-external-accounts.html", ("across accounts",)),
    # The control asks every key policy for this statement; the pages about other things leave it out.
    "KLP203": (rule_named("KLP203").source, ("",)),
    # "kms:Create*" of the console's administrators includes CreateGrant, of which the page warns.
    "KLP204": (f"{KMS}key-policy-default.html", ("console",)),
    # The page goes on to add aws:SourceArn and aws:SourceAccount, against the confused deputy.
    "KLP205": ("https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html", ("event source",)),
    # The page is about a key that exists, and writes its ARN; the template that makes a key cannot know it.
    "KLP208": (f"{KMS}key-policy-overview.html", ("CloudTrail",)),
    # Most pages print the one statement that they are about, which alone is no policy for a key.
    "KLP503": (f"{KMS}key-policy-overview.html", ("",)),
}


def documents() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Each policy that the pages print, once, with the case that it is from and the place of its key."""
    seen = set()
    for case in (one for page in (kms_pages, logs_pages, managed_pages, service_pages) for one in page.CASES):
        _, _, _, region, account, _ = case.question.key.split(":")
        mine = case.question.principal.split(":")[4] if case.question.principal.startswith("arn:") else ACCOUNT
        written = [(case.question.key_policy, region, account, key_of)]
        written += [(one, REGION, mine, policy_of) for one in case.question.identity_policies]
        for document, where, whose, made in written:
            text = json.dumps(document, default=str, sort_keys=True)
            if not isinstance(document, Unknown) and text not in seen:
                seen.add(text)
                yield case.name, whose, where, made(document)


def key_of(document: Any) -> dict[str, Any]:
    return template(Key={"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document, "EnableKeyRotation": True}})


def policy_of(document: Any) -> dict[str, Any]:
    return template(Policy={"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}})


DOCUMENTS = list(documents())


@pytest.mark.parametrize("name, account, region, made", DOCUMENTS)
def test_a_policy_of_aws_is_flagged_only_where_aws_agrees(
    name: str, account: str, region: str, made: dict[str, Any]
) -> None:
    found = find(read_templates({"Stack": made}, account=account, region=region))
    flagged = [one for one in found if one.severity is not Severity.INFO]
    allowed = {rule for rule, (_, words) in EXPECTED.items() if any(word in name for word in words)}
    assert [str(one) for one in flagged if one.rule not in allowed] == []


def test_there_are_enough_documents() -> None:
    assert len(DOCUMENTS) >= 25
    assert all(source.startswith("https://docs.aws.amazon.com/") for source, _ in EXPECTED.values())
