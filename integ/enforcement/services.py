"""Secrets Manager and Parameter Store use the key in the name of their caller (forward access sessions)."""

from __future__ import annotations

from typing import Any, NamedTuple

from ministack.core import iam_evaluator as evaluator
from ministack.services import kms, secretsmanager, ssm

from enforcement import keys


class KeyUse(NamedTuple):
    actions: tuple[str, ...]
    key: str
    encryption_context: dict[str, str]


def key_use(action: str, resource_arn: str, request: dict[str, Any]) -> KeyUse | None:
    """What a service call needs from a customer managed key, or None.

    Secrets Manager User Guide, "Secret encryption and decryption"; Systems Manager User Guide, "AWS KMS
    encryption for AWS Systems Manager Parameter Store SecureString parameters".
    """
    if action in ("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"):
        _, secret = secretsmanager._resolve(resource_arn)
        if secret and secret.get("KmsKeyId"):
            writes = action.endswith("PutSecretValue")
            needed = ("kms:GenerateDataKey", "kms:Decrypt") if writes else ("kms:Decrypt",)
            return KeyUse(needed, secret["KmsKeyId"], {"SecretARN": secret["ARN"]})
    if action == "ssm:PutParameter" and request.get("Type") == "SecureString":
        return KeyUse(("kms:Encrypt",), request.get("KeyId", ""), {"PARAMETER_ARN": resource_arn})
    if action == "ssm:GetParameter" and request.get("WithDecryption"):
        parameter = ssm._parameters.get(request.get("Name"))
        if parameter and parameter["Type"] == "SecureString":
            return KeyUse(("kms:Decrypt",), parameter["KeyId"], {"PARAMETER_ARN": resource_arn})
    return None


def patch() -> None:
    enforce = evaluator.enforce

    def enforce_key_use(
        key_id: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        refused = enforce(key_id, action, service, region, resource_arn, service_context)
        use = None if refused else key_use(action, resource_arn, keys.request_body.get())
        key = kms._resolve_key(use.key) if use else None
        if use is None or key is None:  # no key, or the default key, which admits the whole account
            return refused
        conditions = keys.condition_keys(use.encryption_context, via=service)
        for needed in use.actions:
            refused = refused or enforce(key_id, needed, "kms", region, key["Arn"], conditions)
        return refused

    evaluator.enforce = enforce_key_use
