"""Messages are whole sentences: each says what it is about."""

from __future__ import annotations

import pytest

from secure_kms_constructs.checks import RULES, Rule, check_templates
from secure_kms_constructs.checks.examples import ACCOUNT, REGION
from secure_kms_constructs.checks.subjects import _PREDICATES, with_subject

KEY, POLICY = "AWS::KMS::Key", "AWS::IAM::ManagedPolicy"


@pytest.mark.parametrize(
    "message, location, kind, said",
    [
        ("is not rotated", "Properties.EnableKeyRotation", KEY, "the key is not rotated"),
        ("is not rotated", "", "AWS::KMS::ReplicaKey", "the key is not rotated"),
        ("is long", "Properties.KeyPolicy", KEY, "the key policy is long"),
        ("admits all", "Properties.KeyPolicy.Statement[4].Principal", KEY, "the statement admits all"),
        ("allows all", "Properties.PolicyDocument", POLICY, "the policy allows all"),
        ("allows all", "Statement", POLICY, "the statement allows all"),
        ("has much", "", "AWS::IAM::Role", "the role has much"),
        ("holds it", "Properties.KmsKeyId", "AWS::Logs::LogGroup", "the log group holds it"),
        ("is there", "Properties.ReplicaRegions[0]", "AWS::SecretsManager::Secret", "the replica is there"),
        ("is there", "Properties.X", "", "the resource is there"),
        ("App/Role cannot read", "Properties.KeyPolicy", KEY, "App/Role cannot read"),
        ("is said of all", "", "", "is said of all"),
    ],
)
def test_a_predicate_gets_its_subject(message: str, location: str, kind: str, said: str) -> None:
    assert with_subject(message, location, kind) == said


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_finds_something_without_saying_of_what(rule: Rule) -> None:
    found = check_templates({"App": rule.broken}, account=ACCOUNT, region=REGION).findings
    first = {one.message.partition(" ")[0] for one in found}
    # Whatever begins like a verb and is none of these is a subject: a name, an action, a condition key.
    assert first
    assert not first & _PREDICATES
    assert all(word[0].isupper() or not word.isalpha() or word in ("the", "nobody", "deployer") for word in first)
