"""The example app, deployed once to the enforcing emulator with the real CDK CLI."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attempts import ATTEMPTS, LIBRARY, STOCK, Attempt
from deployment import Deployment
from emulator import Emulator
from readback import deployed_map
from scene import INNOCENT, Scene, create_auditor, scene

from secure_kms_constructs import AccessMap

STACKS = (STOCK, LIBRARY)


@pytest.fixture(scope="module")
def deployment(emulator: Emulator) -> Deployment:
    deployed = Deployment(emulator)
    deployed.deploy()
    create_auditor(emulator)
    return deployed


@pytest.fixture(scope="module")
def scenes(deployment: Deployment) -> dict[str, Scene]:
    return {stack: scene(deployment, stack) for stack in STACKS}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: f"{attempt.who} {attempt.tries}")
def test_attempt_ends_as_promised(attempt: Attempt, stack: str, scenes: dict[str, Scene]) -> None:
    assert attempt.outcome(scenes[stack]) == attempt.promised[stack]


@pytest.mark.parametrize("stack", STACKS)
def test_deployed_key_policy_is_the_synthesized_one(stack: str, deployment: Deployment) -> None:
    key_id = deployment.physical_id(stack, "Key")
    deployed = deployment.emulator.client("kms").get_key_policy(KeyId=key_id)["Policy"]
    resources = deployment.template(stack)["Resources"].values()
    (key,) = [resource for resource in resources if resource["Type"] == "AWS::KMS::Key"]
    assert json.loads(deployed) == resolved(key["Properties"]["KeyPolicy"], stack, deployment)


def test_the_deployed_policies_give_the_access_that_the_templates_give(deployment: Deployment) -> None:
    assert deployed_map(deployment).to_text() == AccessMap.from_assembly(deployment.assembly).to_text()


def test_a_key_policy_changed_by_hand_is_seen(deployment: Deployment, scenes: dict[str, Scene]) -> None:
    kms = deployment.emulator.client("kms")
    key = scenes[LIBRARY].key
    before = kms.get_key_policy(KeyId=key)["Policy"]
    document = json.loads(before)
    role = deployment.emulator.client("iam").get_role(RoleName=scenes[LIBRARY].roles[INNOCENT])["Role"]["Arn"]
    document["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:Decrypt", "Resource": "*"}
    )
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))
    try:
        diff = AccessMap.from_assembly(deployment.assembly).diff(deployed_map(deployment))
    finally:
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=before)
    [change] = diff.differences
    assert "InnocentRole" in str(change)
    assert "Decrypt" in str(change)


def test_second_deploy_changes_nothing(deployment: Deployment) -> None:
    printed = deployment.deploy()
    assert printed.count("(no changes)") == len(STACKS), printed


# Last in this file, because nothing is left after it.
def test_destroy_keeps_the_keys_and_deletes_the_secrets(deployment: Deployment) -> None:
    keys = [deployment.physical_id(stack, "Key") for stack in STACKS]
    secrets = {deployment.physical_id(stack, path) for stack in STACKS for path in ("OrdersSecret", "PayrollSecret")}
    deployment.destroy()
    kms = deployment.emulator.client("kms")
    assert [kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in keys] == ["Enabled", "Enabled"]
    left = {secret["ARN"] for secret in deployment.emulator.client("secretsmanager").list_secrets()["SecretList"]}
    assert not left & secrets
    assert deployment.deployed_stacks() == []


def resolved(value: Any, stack: str, deployment: Deployment) -> Any:
    """A template value with the intrinsic functions of key policies replaced by what was deployed."""
    if isinstance(value, list):
        return [resolved(item, stack, deployment) for item in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}[value["Ref"]]
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(resolved(parts, stack, deployment))
    if "Fn::GetAtt" in value:
        name = deployment.physical_ids(stack)[value["Fn::GetAtt"][0]]
        return deployment.emulator.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    return {name: resolved(item, stack, deployment) for name, item in value.items()}
