"""How a key policy names what uses the key: as closely as it is known."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import App
from tests.unit.authoring.small_apps import HERE, KEY, app, decided, ref, said, written

_LOGS = "kms:EncryptionContext:aws:logs:arn"
_BUS = "kms:EncryptionContext:aws:events:event-bus:arn"


def of(kind: str, properties: dict[str, Any], stack_name: str = "App", region: str = "us-east-1") -> Any:
    place = HERE._replace(stack_name=stack_name, region=region)
    return decided(App(app(It=(kind, properties)).resources, {"Stack": place}))


def named(decision: Any, key: str) -> set[str]:
    conditions = [block for one in written(decision) for block in one["Condition"].values()]
    return {block[key].split(":", 5)[5] for block in conditions if key in block}


@pytest.mark.parametrize(
    "properties, stack_name, name, is_open",
    [
        ({"LogGroupName": "/app"}, "App", "/app", False),
        ({}, "App", "App-It-*", False),
        ({}, "App-Nest-*", "App-Nest-*-It-*", False),
        # A stack of which nobody says what it is called, and one whose name is cut.
        ({}, "", "*", True),
        ({}, f"{'A' * 120}-*", "*", True),
        ({"LogGroupName": ref("P", "Ref")}, "App", "*", True),
        ({"LogGroupName": {"Fn::Join": ["", ["/app/", ref("P", "Ref"), "/x"]]}}, "App", "/app/*/x", True),
        ({"LogGroupName": {"Fn::Sub": "/app/${One}${Two}"}}, "App", "/app/*", True),
        ({"LogGroupName": {"Fn::Sub": "/${AWS::StackName}"}}, "App", "/App", False),
        ({"LogGroupName": {"Fn::Sub": "/${AWS::StackName}"}}, "", "/*", True),
        ({"LogGroupName": {"Fn::Sub": "/${AWS::Region}/${AWS::AccountId}"}}, "App", "/us-east-1/111122223333", False),
        ({"LogGroupName": {"Fn::Sub": "/${AWS::Partition}"}}, "App", "/*", True),
    ],
)
def test_a_log_group_is_named_as_closely_as_it_is_known(
    properties: dict[str, Any], stack_name: str, name: str, is_open: bool
) -> None:
    decision = of("AWS::Logs::LogGroup", {"KmsKeyId": KEY, **properties}, stack_name)
    assert named(decision, _LOGS) == {f"log-group:{name}"}
    assert ("openLogGroup" in said(decision)) is is_open


def test_who_opens_the_key_for_several_log_groups_is_told_which_and_what_to_do() -> None:
    [(_, text)] = of("AWS::Logs::LogGroup", {"KmsKeyId": KEY, "LogGroupName": {"Fn::Sub": "/app/${One}"}}).findings
    assert "open for every log group of the account and region that is called /app/*" in text
    assert text.endswith("give it a literal name (log_group_name=...)")


@pytest.mark.parametrize(
    "name, shown",
    [
        ("orders", "orders"),
        ({"Fn::Sub": "orders-${Stage}"}, "orders-*"),
        ({"Fn::Join": ["", ["arn:aws:events:us-east-1:111122223333:event-bus/", ref("Bus", "Ref")]]}, "*"),
    ],
)
def test_what_is_no_log_group_is_named_as_closely_and_nothing_is_said(name: Any, shown: str) -> None:
    decision = of("AWS::Events::EventBus", {"KmsKeyIdentifier": KEY, "Name": name})
    assert named(decision, _BUS) == {f"event-bus/{shown}"}
    assert "openLogGroup" not in said(decision)
