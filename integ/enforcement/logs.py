"""CloudWatch Logs uses the key as itself, so the key policy must admit it for that very log group."""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import cloudwatch_logs, kms

from enforcement import keys

NEEDED = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")


def refusal(log_group: str, key_ref: str) -> str | None:
    """Why CloudWatch Logs may not use the key for the group, or None.

    CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS". The encryption context is
    the ARN without `:*`.
    """
    region, account = get_region(), get_account_id()
    arn = f"arn:aws:logs:{region}:{account}:log-group:{log_group}"
    key = kms._resolve_key(key_ref)
    conditions = keys.condition_keys({"aws:logs:arn": arn})
    if key and all(admits(f"logs.{get_region()}", key, action, conditions) for action in NEEDED):
        return None
    return f"The specified KMS key does not exist or is not allowed to be used with LogGroup '{arn}'"


def admits(service: str, key: dict[str, Any], action: str, conditions: dict[str, Any]) -> bool:
    """Whether the policy of a key lets a service do something by itself."""
    context = evaluator.EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=key["Arn"],
        region=get_region(),
        service_context={name.lower(): value for name, value in conditions.items()},
    )
    result = evaluator.evaluate_resource_policy(key["Policy"], context, service=f"{service}.amazonaws.com")
    return bool(result.decision == "Allow")


def patch() -> None:
    create_log_group = cloudwatch_logs._create_log_group

    def create_if_key_admits(data: dict[str, Any]) -> Any:
        key = data.get("kmsKeyId")
        refused = refusal(data.get("logGroupName", ""), key) if key else None
        if refused:
            return error_response_json("InvalidParameterException", refused, 400)
        return create_log_group(data)

    cloudwatch_logs._create_log_group = create_if_key_admits
