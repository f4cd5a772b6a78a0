"""The event patterns, matched as the emulator's EventBridge does, and what a trail has to log for them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.services import eventbridge

from secure_kms_constructs.authoring import drift_events
from tests.cloudtrail_events import CASES, DEPLOYER, Case


def patterns(*deployers: str) -> dict[str, drift_events.Pattern]:
    return {
        "KeyChanges": drift_events.key_changes(deployers),
        "Grants": drift_events.grants(deployers),
        "Blinding": drift_events.blinding(),
    }


def told_by(case: Case, *deployers: str) -> list[str]:
    """Return the rules that have a message for an event."""

    def matches(pattern: drift_events.Pattern) -> bool:
        asked = {"EventPattern": json.dumps(pattern), "Event": json.dumps(case.event)}
        status, _, body = eventbridge._test_event_pattern(asked)
        assert status == 200, body
        found: bool = json.loads(body)["Result"]
        return found

    return [name for name, pattern in patterns(*deployers).items() if matches(pattern)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_event_is_told_by_its_rule_and_no_near_miss(case: Case) -> None:
    assert told_by(case, DEPLOYER) == ([case.rule] if case.rule else [])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nobody_is_left_out_unless_named(case: Case) -> None:
    deployed = "in a deployment" in case.name and case.rule is None
    rule = "Grants" if case.event["detail"]["eventName"] == "CreateGrant" else "KeyChanges"
    assert told_by(case) == ([rule] if deployed else [case.rule] if case.rule else [])


def test_every_deployer_that_is_named_is_left_out() -> None:
    [case] = [one for one in CASES if one.name == "the deployer writes a key policy in a deployment"]
    assert told_by(case, "arn:aws:iam::111122223333:role/other", DEPLOYER) == []
    assert told_by(case, "arn:aws:iam::111122223333:role/other") == ["KeyChanges"]


def test_every_event_of_a_pattern_has_a_case() -> None:
    told = {(one.rule, one.event["detail"]["eventName"]) for one in CASES if one.rule}
    for name, pattern in patterns().items():
        assert {(name, event) for event in pattern["detail"]["eventName"]} <= told


def selector(**more: Any) -> dict[str, Any]:
    return {"EventSelectors": [{"IncludeManagementEvents": True, "ReadWriteType": "All", **more}]}


def advanced(*fields: dict[str, Any]) -> dict[str, Any]:
    management = {"Field": "eventCategory", "Equals": ["Management"]}
    return {"AdvancedEventSelectors": [{"Name": "one", "FieldSelectors": [management, *fields]}]}


UNKNOWN = {"Ref": "Parameter"}
NOT_KMS = {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}


@pytest.mark.parametrize(
    "trail, logs",
    [
        ({}, True),
        ({"IsLogging": True}, True),
        ({"IsLogging": False}, False),
        (selector(), True),
        (selector(ReadWriteType="WriteOnly"), True),
        (selector(ReadWriteType="ReadOnly"), False),
        (selector(IncludeManagementEvents=False), False),
        (selector(ExcludeManagementEventSources=["kms.amazonaws.com"]), False),
        (selector(ExcludeManagementEventSources=["rdsdata.amazonaws.com"]), True),
        (selector(ExcludeManagementEventSources=[UNKNOWN]), None),
        (selector(ExcludeManagementEventSources=UNKNOWN), None),
        (selector(IncludeManagementEvents=UNKNOWN), None),
        (selector(ReadWriteType=UNKNOWN), None),
        ({"EventSelectors": UNKNOWN}, None),
        ({"EventSelectors": [{}]}, True),
        ({"EventSelectors": [*selector(ReadWriteType="ReadOnly")["EventSelectors"], {}]}, True),
        (
            {"EventSelectors": [selector(ReadWriteType="ReadOnly")["EventSelectors"][0], {"ReadWriteType": UNKNOWN}]},
            None,
        ),
        (advanced(), True),
        (advanced(NOT_KMS), False),
        (advanced({"Field": "eventSource", "NotEquals": ["rdsdata.amazonaws.com"]}), True),
        (advanced({"Field": "eventSource", "Equals": ["kms.amazonaws.com"]}), True),
        (advanced({"Field": "eventSource", "Equals": ["s3.amazonaws.com"]}), False),
        (advanced({"Field": "readOnly", "Equals": ["true"]}), False),
        (advanced({"Field": "readOnly", "Equals": ["false"]}), True),
        (advanced({"Field": "readOnly", "NotEquals": ["true"]}), True),
        (advanced({"Field": "userIdentity.arn", "NotEquals": ["x"]}), None),
        (advanced({"Field": "eventSource", "StartsWith": ["kms"]}), None),
        (advanced({"Field": "eventSource", "Equals": UNKNOWN}), None),
        ({"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]}, False),
        ({"AdvancedEventSelectors": [{"FieldSelectors": UNKNOWN}]}, None),
        ({"AdvancedEventSelectors": UNKNOWN}, None),
    ],
    ids=str,
)
def test_a_trail_logs_what_changes_keys_or_not(trail: dict[str, Any], logs: bool | None) -> None:
    assert drift_events.logs_key_changes(trail) is logs
