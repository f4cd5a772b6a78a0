"""Use of a KMS key: the condition keys of a request, and the lockout check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions
from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import kms

from enforcement import callers

JSON_SERVICES = {"kms", "logs", "secretsmanager", "ssm"}
LOCKOUT = "The new key policy will not allow you to update the key policy in the future."

# The body of the current request, which ministack's enforcement is not given.
request_body: ContextVar[dict[str, Any]] = ContextVar("request_body", default={})  # noqa: B039


def condition_keys(encryption_context: Mapping[str, str], via: str | None = None) -> dict[str, Any]:
    """The kms:* keys of a request (KMS Developer Guide, "AWS KMS condition keys"): ministack knows none."""
    keys: dict[str, Any] = {"kms:CallerAccount": get_account_id()}
    for name, value in encryption_context.items():
        keys[f"kms:EncryptionContext:{name}"] = value
    if encryption_context:
        keys["kms:EncryptionContextKeys"] = list(encryption_context)
    if via:
        keys["kms:ViaService"] = f"{via}.{get_region()}.amazonaws.com"
    return keys


def is_allowed(
    principal: evaluator.PrincipalInfo,
    action: str,
    key_arn: str,
    conditions: Mapping[str, Any],
    key_policy: str | None = None,
) -> bool:
    """Whether the principal may use the key, under its present policy or the one given."""
    if principal.policies is None:
        return True  # ministack never refuses the account root
    context = evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=key_arn,
        region=get_region(),
        service_context={name.lower(): value for name, value in conditions.items()},
        principal_keys=principal.keys,
    )
    identity = evaluator.evaluate(context, principal.policies, *principal.limits)
    policy = key_policy if key_policy is not None else kms._resolve_key(key_arn)["Policy"]
    decision = evaluator.combine_resource_policy(
        identity, context, policy, get_account_id(), required=True, limits=principal.limits
    )
    return bool(decision.decision == "Allow")


def locks_out(key_arn: str, data: Mapping[str, Any]) -> bool:
    """Whether the caller could not change the policy any more (API reference, CreateKey and PutKeyPolicy)."""
    principal = callers.acting_principal()
    if principal is None or not data.get("Policy") or data.get("BypassPolicyLockoutSafetyCheck"):
        return False
    return not is_allowed(principal, "kms:PutKeyPolicy", key_arn, condition_keys({}), data["Policy"])


def patch() -> None:
    extract_resource_arn = iam_actions.extract_resource_arn

    def extract(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        request_body.set(json.loads(body or b"{}") if service in JSON_SERVICES else {})
        arn = str(extract_resource_arn(service, method, path, headers, body, *rest))
        # KMS resolves an alias to its key before it looks at policies ("Controlling access to aliases").
        key = kms._resolve_key(arn) if service == "kms" and ":alias/" in arn else None
        return str(key["Arn"]) if key else arn

    iam_actions.extract_resource_arn = extract

    enforce = evaluator.enforce

    def enforce_with_kms_keys(
        key_id: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        callers.access_key.set(key_id)
        if service == "kms" and "kms:ViaService" not in (service_context or {}):
            asked = str(request_body.get().get("KeyId"))
            direct = condition_keys(request_body.get().get("EncryptionContext") or {})
            if "alias/" in asked:
                direct["kms:RequestAlias"] = asked[asked.index("alias/") :]
            if action == "kms:CreateGrant":
                direct["kms:GrantIsForAWSResource"] = "false"
            service_context = {**direct, **(service_context or {})}
        return enforce(key_id, action, service, region, resource_arn, service_context)

    evaluator.enforce = enforce_with_kms_keys

    create_key, put_key_policy = kms._create_key, kms._put_key_policy

    def create_with_lockout_check(data: dict[str, Any]) -> Any:
        if locks_out(kms._arn("00000000-0000-0000-0000-000000000000"), data):
            return error_response_json("MalformedPolicyDocumentException", LOCKOUT, 400)
        return create_key(data)

    def put_with_lockout_check(data: dict[str, Any]) -> Any:
        key = kms._resolve_key(data.get("KeyId", ""))
        if key and locks_out(key["Arn"], data):
            return error_response_json("MalformedPolicyDocumentException", LOCKOUT, 400)
        return put_key_policy(data)

    kms._create_key, kms._put_key_policy = create_with_lockout_check, put_with_lockout_check
