"""Out of this library and in again: the same key, and whoever worked before works after."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from deployment import EXAMPLES, Deployment
from emulator import ACCOUNT, REGION, Emulator
from tries import ALLOWED, outcome, read

APP = EXAMPLES / "backout.py"
STAGES = ("hardened", "backed out", "hardened again")
LOG_GROUP, PARAMETER = "/backout/orders", "/backout/token"


@dataclass(frozen=True)
class Seen:
    """What a stage looks like from outside.

    :param outcomes: how what each role does ends, by what it is.
    """

    ids: dict[str, str]
    resources: dict[str, Any]
    key_policy: dict[str, Any]
    key_state: str
    value: str
    outcomes: dict[str, str]


def acts(emulator: Emulator, secret: str, key_arn: str, stage: int) -> dict[str, Callable[[], str]]:
    """What each construct is there for."""
    parameters = emulator.client("ssm", "backout-reader")
    rotator = emulator.client("secretsmanager", "backout-rotator")
    manager, writer = emulator.client("logs", "backout-manager"), emulator.client("logs")
    stream = {"logGroupName": LOG_GROUP, "logStreamName": f"stage-{stage}"}
    written = {"SecretId": secret, "SecretString": f"value {stage}"}
    group = {"logGroupName": f"/backout/managed/{stage}", "kmsKeyId": key_arn}
    return {
        "ScopedSecretReader": lambda: read(emulator, "backout-reader", secret),
        "ScopedParameterReader": lambda: outcome(parameters.get_parameter, Name=PARAMETER, WithDecryption=True),
        "ScopedSecretRotator": lambda: outcome(rotator.put_secret_value, **written),
        "LogGroupWithCmk": lambda: outcome(writer.create_log_stream, **stream),
        "ScopedLogGroupManager": lambda: outcome(manager.create_log_group, **group),
    }


@pytest.fixture(scope="module")
def seen(emulator: Emulator) -> dict[str, Seen]:
    """The same stack, deployed in three stages one after the other."""
    kms, secrets = emulator.client("kms"), emulator.client("secretsmanager")
    app, found = Deployment(emulator, APP), {}
    with pytest.MonkeyPatch.context() as environment:
        for number, stage in enumerate(STAGES):
            environment.setenv("BACKED_OUT", "1" if stage == "backed out" else "")
            app.deploy()
            ids, template = app.physical_ids("Backout"), app.template("Backout")["Resources"]
            named = {name: next(it for it in ids if it.startswith(name)) for name in ("Key", "Secret", "Log")}
            key, secret = ids[named["Key"]], ids[named["Secret"]]
            if number == 0:
                emulator.client("ssm").put_parameter(Name=PARAMETER, Value="t0ken", Type="SecureString", KeyId=key)
            arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
            value = secrets.get_secret_value(SecretId=secret)["SecretString"]
            found[stage] = Seen(
                {name: ids[logical] for name, logical in named.items()},
                {name: template[logical] for name, logical in named.items()},
                json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]),
                kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"],
                value,
                {name: act() for name, act in acts(emulator, secret, arn, number).items()},
            )
    return found


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    "construct",
    ["ScopedSecretReader", "ScopedParameterReader", "ScopedSecretRotator", "LogGroupWithCmk", "ScopedLogGroupManager"],
)
def test_whoever_worked_before_works_after(seen: dict[str, Seen], stage: str, construct: str) -> None:
    assert seen[stage].outcomes[construct] == ALLOWED


@pytest.mark.parametrize("stage", STAGES[1:])
def test_key_secret_and_log_group_are_the_same(seen: dict[str, Seen], stage: str) -> None:
    assert seen[stage].ids == seen["hardened"].ids
    assert seen[stage].key_state == "Enabled"
    assert {one["Type"] for one in seen[stage].resources.values()} == {
        "AWS::KMS::Key",
        "AWS::SecretsManager::Secret",
        "AWS::Logs::LogGroup",
    }
    # Neither stage lets go of the key when it leaves the stack.
    assert seen[stage].resources["Key"]["DeletionPolicy"] == "Retain"


def test_what_was_written_in_one_stage_is_read_in_the_next(seen: dict[str, Seen]) -> None:
    assert [seen[stage].value for stage in STAGES[1:]] == ["value 0", "value 1"]


def test_the_key_policy_delegates_while_it_is_backed_out(seen: dict[str, Seen]) -> None:
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}

    def delegates(stage: str) -> bool:
        return any(
            one["Principal"] == root and one["Action"] == "kms:*" and not one.get("Condition")
            for one in seen[stage].key_policy["Statement"]
        )

    assert [delegates(stage) for stage in STAGES] == [False, True, False]
    assert seen["hardened"].key_policy == seen["hardened again"].key_policy


def test_the_alarms_leave_with_their_construct(emulator: Emulator, seen: dict[str, Seen]) -> None:
    rules = emulator.client("events", region=REGION).list_rules()["Rules"]
    assert len([one for one in rules if one["Name"].startswith("Backout")]) == 3
    assert seen
