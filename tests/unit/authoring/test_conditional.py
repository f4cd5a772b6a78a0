"""Policies that are always made beside what is made under a condition."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import App
from secure_kms_constructs.authoring.conditional import problems
from tests.unit.authoring.small_apps import KEY, ROLE, app, ref

GRANTS = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}
ELSEWHERE = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ref("Bucket")}


def made(name: str, *statements: Any, of: str = "Role", kind: str = "AWS::IAM::Policy", **conditions: str) -> App:
    policy = {"PolicyDocument": {"Statement": list(statements)}, "Roles": [ref(of, "Ref")]}
    secret = ("AWS::SecretsManager::Secret", {"KmsKeyId": KEY})
    found = app(**{name: (kind, policy)}, Role=ROLE, OtherRole=ROLE, Secret=secret)
    resources = {
        path: one._replace(condition=conditions.get(one.logical_id, "")) for path, one in found.resources.items()
    }
    return App(resources, found.places)


def about(secret: str) -> dict[str, Any]:
    return GRANTS | {"Condition": {"StringEquals": {"kms:EncryptionContext:SecretARN": ref(secret, "Ref")}}}


@pytest.mark.parametrize(
    "it, refers_to",
    [
        (made("Policy", GRANTS), None),
        (made("Policy", GRANTS, Role="C"), "Stack/Role"),
        (made("Policy", GRANTS, Role="C", Policy="C"), None),
        (made("Policy", GRANTS, Key="C"), "Stack/Key"),
        (made("Policy", about("Secret"), Secret="C"), "Stack/Secret"),
        (made("Policy", about("Nowhere"), Secret="C"), None),
        # CDK's own statement about the bucket is none of ours; what grants nothing on the key neither.
        (made("Policy", GRANTS, ELSEWHERE | {"Resource": ref("Secret")}, Secret="C"), None),
        (made("Policy", ELSEWHERE | {"Condition": {"StringEquals": {"a": KEY}}}, Role="C"), None),
        (made("Policy", GRANTS, of="OtherRole", OtherRole="C"), None),
        (made("Policy", GRANTS, Role="C", kind="AWS::IAM::ManagedPolicy"), "Stack/Role"),
        (made("Policy", GRANTS, Role="C", kind="AWS::SQS::QueuePolicy"), None),
    ],
)
def test_what_is_always_made_must_not_refer_to_what_may_not_be(it: App, refers_to: str | None) -> None:
    texts = list(problems(it, "Stack/Key"))
    start = f"Stack/Policy is always made and refers to {refers_to}, which is made under condition C alone"
    assert [text.partition(", so CloudFormation")[0] for text in texts] == ([start] if refers_to else [])


@pytest.mark.parametrize(
    "name, line",
    [
        ("Role/DefaultPolicy", 'role.node.find_child("DefaultPolicy").node.default_child.cfn_options.condition = ...'),
        ("Policy", " policy.node.default_child.cfn_options.condition = ..."),
    ],
)
def test_the_line_to_write_finds_the_policy(name: str, line: str) -> None:
    [text] = problems(made(name, GRANTS, Role="C"), "Stack/Key")
    assert line in text
