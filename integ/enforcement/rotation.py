"""Rotation calls the rotation function, if its policy admits Secrets Manager; ministack only moves the labels."""

from __future__ import annotations

import logging
import time
from contextvars import copy_context
from threading import Thread
from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, new_uuid
from ministack.services import lambda_svc, secretsmanager
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
REFUSED = (
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access "
    "to the principal secretsmanager.amazonaws.com."
)


def admits(function: dict[str, Any], arn: str, secret_arn: str) -> bool:
    """Secrets Manager User Guide, "Permissions for rotation"."""
    source = {"aws:sourceaccount": get_account_id(), "aws:sourcearn": secret_arn}
    context = evaluator.EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=arn,
        region=get_region(),
        service_context=source,
    )
    decision = evaluator.evaluate_resource_policy(function["policy"], context, service="secretsmanager.amazonaws.com")
    return bool(decision.decision == "Allow")


def run(function: dict[str, Any], config: dict[str, Any], secret: dict[str, Any], token: str) -> None:
    """Call the function step by step ("Lambda function rotation strategies"); the first failure ends it."""
    record = lambda_svc._execution_record_for_config(function, config)
    for step in STEPS:
        event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": token}
        result = lambda_svc._execute_function_with_config_scope(record, event)
        if result.get("error"):
            logging.getLogger("rotation").warning("%s failed: %s", step, result)
            return
    secretsmanager._remove_stage(secret, token, "AWSPENDING")


def rotate(data: dict[str, Any]) -> Any:
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    arn = data.get("RotationLambdaARN") or (secret or {}).get("RotationLambdaARN")
    function, config, _ = lambda_svc._get_func_record_for_ref(arn or "")
    if secret is None or function is None:
        return error_response_json("ResourceNotFoundException", "There is no such secret or function.", 400)
    if not admits(function, arn, secret["ARN"]):
        return error_response_json("AccessDeniedException", REFUSED, 400)
    token = data.get("ClientRequestToken") or new_uuid()
    rules = data.get("RotationRules") or secret.get("RotationRules")
    secret.update(RotationEnabled=True, RotationLambdaARN=arn, RotationRules=rules)
    if data.get("RotateImmediately", True):
        secret["Versions"][token] = {
            "SecretString": None,
            "SecretBinary": None,
            "CreatedDate": int(time.time()),
            "Stages": ["AWSPENDING"],
        }
        # AWS rotates in its own time, and the function calls back into this server.
        Thread(target=copy_context().run, args=(run, function, config, secret, token), daemon=True).start()
    return json_response({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token})


def schedule(properties: dict[str, Any]) -> str:
    """AWS::SecretsManager::RotationSchedule is RotateSecret under another name."""
    status, _, body = rotate(
        {
            "SecretId": properties["SecretId"],
            "RotationLambdaARN": properties["RotationLambdaARN"],
            "RotationRules": properties.get("RotationRules"),
            "RotateImmediately": str(properties.get("RotateImmediatelyOnUpdate", True)).lower() == "true",
        }
    )
    if status != 200:
        raise PermissionError(body.decode())
    return str(properties["SecretId"])


def cancel(arn: str) -> None:
    _, secret = secretsmanager._resolve(arn)
    if secret:
        secret["RotationEnabled"] = False


def patch() -> None:
    secretsmanager._rotate_secret = rotate
    _RESOURCE_HANDLERS["AWS::SecretsManager::RotationSchedule"] = {
        "create": lambda _id, properties, _stack: (schedule(properties), {}),
        "update": lambda _arn, _old, new, _stack: (schedule(new), {}),
        "delete": lambda arn, _properties: cancel(arn),
    }
