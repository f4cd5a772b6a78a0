"""The examples whose parts live apart, deployed to the enforcing emulator."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import legacy
import pytest
from deployment import EXAMPLES, Deployment
from emulator import REGION, Emulator
from tries import ALLOWED, REFUSED, create_role, decrypt, outcome, read, too_much

APP = EXAMPLES / "placements_app.py"
INNOCENT = "examples-innocent"
ROTATION_SECONDS = 20
STAGES = ("production", "development")
PARAMETERS = {"confidential": "/superset/database/password", "internal": "/superset/cache"}


@pytest.fixture(scope="module")
def deployment(emulator: Emulator, before: legacy.Legacy) -> Deployment:  # noqa: ARG001  # has to be there first
    app = Deployment(emulator, APP)
    app.deploy()
    create_role(emulator, INNOCENT, "kms:*", "secretsmanager:*", "ssm:*", "logs:*")
    return app


class TestRotation:
    @pytest.mark.parametrize("stage", STAGES)
    def test_the_secret_gets_a_new_value(self, stage: str, deployment: Deployment) -> None:
        secrets = deployment.emulator.client("secretsmanager")
        secret = deployment.physical_id("RotationKeys", f"{stage}-secret")
        late = time.monotonic() + ROTATION_SECONDS
        while "AWSPREVIOUS" not in staged(secrets, secret) and time.monotonic() < late:
            time.sleep(0.2)  # the schedule rotates once when it is made, and AWS does not wait for it either
        labels = staged(secrets, secret)
        assert {"AWSCURRENT", "AWSPREVIOUS"} == set(labels), "the rotation function did not finish"
        values = [secrets.get_secret_value(SecretId=secret, VersionStage=label)["SecretString"] for label in labels]
        assert len(set(values)) == 2

    @pytest.mark.parametrize("stage", STAGES)
    def test_the_function_does_not_use_the_key_directly(self, stage: str, deployment: Deployment) -> None:
        key = deployment.physical_id("RotationKeys", f"{stage}-key")
        secret = deployment.physical_id("RotationKeys", f"{stage}-secret")
        assert decrypt(deployment.emulator, "rotation", key, SecretARN=secret) == REFUSED

    @pytest.mark.parametrize("stage", STAGES)
    def test_a_role_with_everything_in_iam_does_not_read_the_secret(self, stage: str, deployment: Deployment) -> None:
        secret = deployment.physical_id("RotationKeys", f"{stage}-secret")
        assert read(deployment.emulator, INNOCENT, secret) == REFUSED


class TestLogGroups:
    @pytest.mark.parametrize(
        "role, name, ends",
        [("Manager", "/orders/api", ALLOWED), ("Manager", "/payroll/api", REFUSED), (None, "/orders/other", REFUSED)],
        ids=["of the prefix", "of another prefix", "of the prefix, by a role with everything in IAM"],
    )
    def test_a_log_group_under_the_key(self, role: str | None, name: str, ends: str, deployment: Deployment) -> None:
        who = deployment.physical_id("LogGroups", role) if role else INNOCENT
        logs = deployment.emulator.client("logs", who)
        key = key_arn(deployment, "LogGroups", "Key")
        assert outcome(logs.create_log_group, logGroupName=name, kmsKeyId=key) == ends

    def test_the_managers_prefix_binds_its_use_of_the_key_too(self, deployment: Deployment) -> None:
        manager = deployment.physical_id("LogGroups", "Manager")
        logs = deployment.emulator.client("logs", manager)
        key = key_arn(deployment, "LogGroups", "Key")
        with too_much(deployment.emulator, manager, "logs:*"):
            assert outcome(logs.create_log_group, logGroupName="/payroll/api", kmsKeyId=key) == REFUSED


def test_superset_reads_its_parameters_before_and_after_the_migration(deployment: Deployment) -> None:
    ssm, reads = deployment.emulator.client("ssm"), {}
    for name in PARAMETERS.values():
        ssm.put_parameter(Name=name, Value="under aws/ssm", Type="SecureString")
    reads["before"] = superset_reads(deployment)
    for tier, name in PARAMETERS.items():
        key = f"alias/superset-{tier}"
        ssm.put_parameter(Name=name, Value="under an own key", Type="SecureString", KeyId=key, Overwrite=True)
    reads["after"] = superset_reads(deployment)
    # A parameter under the key of another tier: what the keys are apart for.
    for name in PARAMETERS.values():
        key = "alias/superset-internal"
        ssm.put_parameter(Name=name, Value="mixed up", Type="SecureString", KeyId=key, Overwrite=True)
    reads["mixed up"] = superset_reads(deployment)
    assert reads == {
        "before": {
            ("Superset", "confidential"): ALLOWED,
            ("Superset", "internal"): ALLOWED,
            ("SupersetOwnKeys", "confidential"): ALLOWED,
            ("SupersetOwnKeys", "internal"): ALLOWED,
        },
        "after": {
            ("Superset", "confidential"): REFUSED,
            ("Superset", "internal"): REFUSED,
            ("SupersetOwnKeys", "confidential"): ALLOWED,
            ("SupersetOwnKeys", "internal"): ALLOWED,
        },
        "mixed up": {
            ("Superset", "confidential"): REFUSED,
            ("Superset", "internal"): REFUSED,
            ("SupersetOwnKeys", "confidential"): REFUSED,
            ("SupersetOwnKeys", "internal"): ALLOWED,
        },
    }


def test_brownfield_works_once_the_owners_have_added_what_the_findings_say(
    deployment: Deployment, before: legacy.Legacy
) -> None:
    emulator = deployment.emulator
    ssm = emulator.client("ssm", legacy.ROLE)

    def tries() -> dict[str, str]:
        return {
            "secret": read(emulator, legacy.ROLE, before.secrets["legacy/database"]),
            "its neighbour": read(emulator, legacy.ROLE, before.secrets["legacy/neighbour"]),
            "parameter": outcome(ssm.get_parameter, Name="/legacy/feature-token", WithDecryption=True),
            "neighbour of the parameter": outcome(ssm.get_parameter, Name="/legacy/neighbour", WithDecryption=True),
            "secret, by a role with everything in IAM": read(emulator, INNOCENT, before.secrets["legacy/database"]),
        }

    refused = dict.fromkeys(tries(), REFUSED)
    assert tries() == refused
    for reader, key in (("SecretReader", before.secrets_key), ("ParameterReader", before.parameters_key)):
        add_to_key_policy(emulator, key, finding(deployment, f"/Brownfield/{reader}"))
    assert tries() == {**refused, "secret": ALLOWED, "parameter": ALLOWED}


def test_second_deploy_changes_nothing(deployment: Deployment) -> None:
    printed = deployment.deploy()
    assert sorted(re.findall(r"(\S+) \(no changes\)", printed)) == sorted(deployment.stacks()), printed


# Last in this file, because nothing is left after it.
def test_destroy_keeps_the_keys_and_what_was_there_before(deployment: Deployment, before: legacy.Legacy) -> None:
    keys = [key_arn(deployment, "RotationKeys", f"{stage}-key") for stage in STAGES]
    keys += [key_arn(deployment, "SupersetOwnKeys", f"{tier}-key") for tier in PARAMETERS]
    keys += [key_arn(deployment, "LogGroups", "Key"), before.secrets_key, before.parameters_key]
    deployment.destroy()
    assert deployment.deployed_stacks() == []
    kms = deployment.emulator.client("kms")
    assert {kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in keys} == {"Enabled"}
    secrets = deployment.emulator.client("secretsmanager").list_secrets()["SecretList"]
    assert set(before.secrets) <= {secret["Name"] for secret in secrets}
    assert not {f"{stage}/database" for stage in STAGES} & {secret["Name"] for secret in secrets}


def staged(secrets: Any, secret: str) -> list[str]:
    """The labels of the secret's versions."""
    versions = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
    return [label for labels in versions.values() for label in labels]


def key_arn(deployment: Deployment, stack: str, path: str) -> str:
    key = deployment.physical_id(stack, path)
    arn: str = deployment.emulator.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    return arn


def superset_reads(deployment: Deployment) -> dict[tuple[str, str], str]:
    """How reading each parameter ends as ECS does it, for the execution roles of both stacks."""
    found = {}
    for stack in ("Superset", "SupersetOwnKeys"):
        ssm = deployment.emulator.client("ssm", deployment.physical_id(stack, "ExecutionRole"))
        for tier, name in PARAMETERS.items():
            found[stack, tier] = outcome(ssm.get_parameters, Names=[name], WithDecryption=True)
    return found


def finding(deployment: Deployment, path: str) -> list[dict[str, Any]]:
    """The statements of the finding on a construct, as somebody would copy them."""
    [text] = [
        entry["data"]
        for entry in deployment.metadata("Brownfield")[path]
        if entry["type"] == "aws:cdk:info" and "its owner must add" in entry["data"]
    ]
    statements, _ = json.JSONDecoder().raw_decode(text[text.index("[\n") :])
    found: list[dict[str, Any]] = statements
    return found


def add_to_key_policy(emulator: Emulator, key: str, statements: list[dict[str, Any]]) -> None:
    kms = emulator.client("kms", region=REGION)
    document = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    document["Statement"] += statements
    kms.put_key_policy(KeyId=key, Policy=json.dumps(document))
