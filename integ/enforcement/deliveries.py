"""What services do with a key as themselves: alarms and EventBridge deliver only what the key of the target lets them.

CloudWatch and EventBridge lose what they may not encrypt; EventBridge puts it into the dead-letter queue of the target.
A workflow runs only if its own role may use its key (Step Functions Developer Guide, "Data at rest encryption").
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from ministack.core import arn as arns
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import cloudwatch, eventbridge, kms, sns, stepfunctions

from enforcement import callers, keys, logs
from enforcement.encrypted import ENCRYPTED

SENDS = ("kms:GenerateDataKey", "kms:Decrypt")
# Which alarm, rule or topic sends, and to which dead letters what cannot be sent goes.
source: ContextVar[str] = ContextVar("source", default="")
dead_letters: ContextVar[str] = ContextVar("dead_letters", default="")


def admits(service: str, target: str, sends_source: bool = True) -> bool:
    """Whether the key of a topic or queue lets a service send to it."""
    found = ENCRYPTED.get(target)
    key = kms._resolve_key(found) if found else None
    if key is None:
        return True
    sent = {"aws:SourceAccount": get_account_id(), "aws:SourceArn": source.get()} if sends_source else {}
    return all(logs.admits(service, key, action, sent) for action in SENDS)


def notify_topics_that_admit_alarms() -> None:
    act = cloudwatch._dispatch_alarm_actions

    def dispatch(alarm: dict[str, Any], *state: Any) -> None:
        name = f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{alarm['AlarmName']}"
        token = source.set(name)
        try:
            parts = ("AlarmActions", "OKActions", "InsufficientDataActions")
            kept = {one: [it for it in alarm.get(one) or () if admits("cloudwatch", it)] for one in parts}
            act({**alarm, **kept}, *state)
        finally:
            source.reset(token)

    cloudwatch._dispatch_alarm_actions = dispatch


def send_to_queues_that_admit_events() -> None:
    invoke, to_sqs, to_sns = eventbridge._invoke_target, eventbridge._dispatch_to_sqs, eventbridge._dispatch_to_sns

    def invoke_from(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        tokens = source.set(rule.get("Arn", "")), dead_letters.set(target.get("DeadLetterConfig", {}).get("Arn", ""))
        try:
            invoke(target, event, rule, view)
        finally:
            source.reset(tokens[0])
            dead_letters.reset(tokens[1])

    def send(spec: Any, payload: str, parameters: Any = None) -> None:
        if admits("events", str(spec)):
            to_sqs(spec, payload, parameters)
        elif dead_letters.get() and admits("events", dead_letters.get()):
            to_sqs(arns.parse_arn(dead_letters.get()), payload, {})

    def publish(topic: str, payload: str) -> None:
        # Amazon SNS Developer Guide, "Managing encryption keys": EventBridge sends no source to a topic's key.
        if admits("events", topic, sends_source=False):
            to_sns(topic, payload)

    eventbridge._invoke_target, eventbridge._dispatch_to_sqs, eventbridge._dispatch_to_sns = invoke_from, send, publish


def deliver_to_queues_that_admit_topics() -> None:
    deliver = sns._deliver_to_sqs

    def deliver_if_admitted(endpoint: str, *details: Any, topic_arn: str = "", **more: Any) -> None:
        token = source.set(topic_arn)
        try:
            if admits("sns", endpoint):
                deliver(endpoint, *details, topic_arn=topic_arn, **more)
        finally:
            source.reset(token)

    sns._deliver_to_sqs = deliver_if_admitted


def run_as_roles_that_may_use_the_key() -> None:
    start = stepfunctions._start_execution

    def start_if_admitted(data: dict[str, Any]) -> Any:
        name = stepfunctions._resolve_state_machine_arn(data.get("stateMachineArn", ""))
        found = ENCRYPTED.get(name or "")
        key = kms._resolve_key(found) if found else None
        if key:
            role = callers.role_session(stepfunctions._state_machines[name]["roleArn"], "StepFunctions")
            conditions = keys.condition_keys({"aws:states:stateMachineArn": name})
            if not all(keys.is_allowed(role, one, key["Arn"], conditions) for one in SENDS):
                return error_response_json("KmsAccessDeniedException", "The execution role may not use the key", 400)
        return start(data)

    stepfunctions._start_execution = start_if_admitted


def patch() -> None:
    notify_topics_that_admit_alarms()
    send_to_queues_that_admit_events()
    deliver_to_queues_that_admit_topics()
    run_as_roles_that_may_use_the_key()
