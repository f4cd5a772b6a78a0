"""The rules of KmsDriftAlarms as they are deployed, asked about events with TestEventPattern."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from deployment import Deployment
from emulator import Emulator

from tests.cloudtrail_events import CASES, Case

APP = Path(__file__).parent / "apps" / "alarms.py"
RULES = ("KeyChanges", "Grants", "Blinding")


@pytest.fixture(scope="module")
def deployment(emulator: Emulator) -> Deployment:
    app = Deployment(emulator, APP)
    app.deploy()
    return app


@pytest.fixture(scope="module")
def rules(deployment: Deployment) -> dict[tuple[str, str], dict[str, Any]]:
    """What is deployed, by construct and rule."""
    events = deployment.emulator.client("events")
    return {
        (alarms, name): events.describe_rule(Name=deployment.physical_id("Alarms", f"{alarms}/{name}"))
        for alarms in ("Drift", "All")
        for name in RULES
    }


def told_by(deployment: Deployment, rules: dict[tuple[str, str], dict[str, Any]], alarms: str, case: Case) -> list[str]:
    events = deployment.emulator.client("events")
    return [
        name
        for name in RULES
        if events.test_event_pattern(EventPattern=rules[alarms, name]["EventPattern"], Event=json.dumps(case.event))[
            "Result"
        ]
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_event_is_told_by_its_rule_and_no_near_miss(
    case: Case, deployment: Deployment, rules: dict[tuple[str, str], dict[str, Any]]
) -> None:
    assert told_by(deployment, rules, "Drift", case) == ([case.rule] if case.rule else [])


@pytest.mark.parametrize("case", [one for one in CASES if "deploy" in one.name], ids=lambda case: case.name)
def test_deployments_are_told_where_nobody_is_left_out(
    case: Case, deployment: Deployment, rules: dict[tuple[str, str], dict[str, Any]]
) -> None:
    name = case.event["detail"]["eventName"]
    rule = case.rule or ("Grants" if name == "CreateGrant" else "KeyChanges")
    assert told_by(deployment, rules, "All", case) == [rule]


def test_messages_go_to_the_topic_and_to_the_queue(
    deployment: Deployment, rules: dict[tuple[str, str], dict[str, Any]]
) -> None:
    events = deployment.emulator.client("events")
    for (alarms, _), rule in rules.items():
        assert rule["State"] == "ENABLED"
        [target] = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        assert target["Arn"].split(":")[2] == {"Drift": "sns", "All": "sqs"}[alarms]
        assert "Who: " in target["InputTransformer"]["InputTemplate"]


def test_a_message_arrives_that_says_who_did_what(
    deployment: Deployment, rules: dict[tuple[str, str], dict[str, Any]]
) -> None:
    """Nobody but AWS sends as aws.kms, so a rule with another source and the target of ours takes its place."""
    events, sqs = deployment.emulator.client("events"), deployment.emulator.client("sqs")
    ours = rules["All", "Grants"]
    [target] = events.list_targets_by_rule(Rule=ours["Name"])["Targets"]
    pattern = json.loads(ours["EventPattern"]) | {"source": ["tried.kms"]}
    events.put_rule(Name="tried", EventPattern=json.dumps(pattern), State="ENABLED")
    events.put_targets(Rule="tried", Targets=[target])
    told, untold = (next(one for one in CASES if one.name == name).event for name in (TOLD, UNTOLD))
    entries = [
        {"Source": "tried.kms", "DetailType": one["detail-type"], "Detail": json.dumps(one["detail"])}
        for one in (untold, told)
    ]
    assert events.put_events(Entries=entries)["FailedEntryCount"] == 0
    queue = sqs.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5)["Messages"]
    lines = [line.strip('"') for line in message["Body"].splitlines()]
    assert lines[0].startswith("CreateGrant in account ")
    assert lines[1] == "Who: AssumedRole arn:aws:sts::111122223333:assumed-role/Admin/session"
    assert lines[2].startswith("From: states.amazonaws.com, event ")
    assert "Grantee: arn:aws:iam::111122223333:role/Bob" in lines[4]


TOLD = "a grant through states.amazonaws.com that a service retires"
UNTOLD = "a table makes its grant"
