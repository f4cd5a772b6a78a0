"""Services use the key in the name of their caller (forward access sessions)."""

from __future__ import annotations

from typing import Any, NamedTuple

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_account_id
from ministack.services import kms, secretsmanager, ssm

from enforcement import buckets, callers, encrypted, keys, logs


class KeyUse(NamedTuple):
    actions: tuple[str, ...]
    key: str
    encryption_context: dict[str, str]


def key_use(action: str, resource_arn: str, request: dict[str, Any]) -> KeyUse | None:
    """What a service call needs from a customer managed key, or None.

    Secrets Manager User Guide, "Secret encryption and decryption"; Systems Manager User Guide, "AWS KMS
    encryption for AWS Systems Manager Parameter Store SecureString parameters"; CloudWatch Logs User Guide,
    "Encrypt log data in CloudWatch Logs using AWS KMS"; Amazon S3 User Guide, "Using server-side encryption".
    """
    if action in buckets.NEEDED and (sealed := buckets.key_of(resource_arn)):
        return KeyUse(buckets.NEEDED[action], sealed[0], {"aws:s3:arn": sealed[1]})
    if action in ("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"):
        _, secret = secretsmanager._resolve(resource_arn)
        if secret and secret.get("KmsKeyId"):
            writes = action.endswith("PutSecretValue")
            needed = ("kms:GenerateDataKey", "kms:Decrypt") if writes else ("kms:Decrypt",)
            return KeyUse(needed, secret["KmsKeyId"], {"SecretARN": secret["ARN"]})
    if action == "ssm:PutParameter" and request.get("Type") == "SecureString":
        return KeyUse(("kms:Encrypt",), request.get("KeyId", ""), {"PARAMETER_ARN": resource_arn})
    if action in ("ssm:GetParameter", "ssm:GetParameters") and request.get("WithDecryption"):
        parameter = ssm._parameters.get(resource_arn.partition(":parameter")[2])
        if parameter and parameter["Type"] == "SecureString":
            return KeyUse(("kms:Decrypt",), parameter["KeyId"], {"PARAMETER_ARN": resource_arn})
    if action in DATA:
        return data_use(action, resource_arn)
    if action == "logs:CreateLogGroup" and request.get("kmsKeyId"):
        return KeyUse(logs.NEEDED, request["kmsKeyId"], {"aws:logs:arn": resource_arn.removesuffix(":*")})
    return None


# Amazon SQS Developer Guide, "Key management"; Amazon SNS Developer Guide, "Managing encryption keys"; Kinesis Data
# Streams Developer Guide, "Permissions to use user-generated KMS keys".
DATA = {
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "sns:Publish": ("kms:GenerateDataKey", "kms:Decrypt"),
    "kinesis:PutRecord": ("kms:GenerateDataKey",),
    "kinesis:GetRecords": ("kms:Decrypt",),
}


def data_use(action: str, resource_arn: str) -> KeyUse | None:
    """What reading or writing the data of a queue, topic or stream needs of its key."""
    key = encrypted.ENCRYPTED.get(resource_arn)
    context = {"aws:kinesis:arn": resource_arn} if action.startswith("kinesis:") else {}
    return KeyUse(DATA[action], key, context) if key else None


def named(action: str, resource_arn: str, request: dict[str, Any], region: str) -> list[str]:
    """The resources that a request is checked on; where it names several, ministack asks about all that there are."""
    if action not in ("ssm:GetParameters", "ssm:DeleteParameters"):
        return [resource_arn]
    prefix = f"arn:aws:ssm:{region}:{get_account_id()}:parameter/"
    return [prefix + name.removeprefix("/") for name in request.get("Names", [])]


def encrypts_replicas(replica: dict[str, str]) -> bool:
    """Whether the caller may use the key of a replica (API reference, ReplicateSecretToRegions)."""
    account, key_id = get_account_id(), replica.get("KmsKeyId", "").rpartition("/")[2]
    key = kms._keys.get_scoped(account, replica["Region"], key_id)
    principal = callers.acting_principal()
    if not key_id or principal is None:
        return True
    conditions = keys.condition_keys({}, via="secretsmanager")
    needed = ("kms:GenerateDataKey", "kms:Encrypt")
    return bool(key) and all(keys.is_allowed(principal, one, key["Arn"], conditions, key["Policy"]) for one in needed)


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
        request, refused = keys.request_body.get(), None
        for arn in named(action, resource_arn, request, region):
            refused = refused or enforce(key_id, action, service, region, arn, service_context)
            use = None if refused else key_use(action, arn, request)
            key = kms._resolve_key(use.key) if use else None
            for needed in use.actions if use and key else ():
                conditions = keys.condition_keys(use.encryption_context, via=service)
                refused = refused or enforce(key_id, needed, "kms", region, key["Arn"], conditions)
        return refused

    evaluator.enforce = enforce_key_use

    replicate = secretsmanager._replicate_secret_to_regions

    def replicate_where_the_key_admits(data: dict[str, Any]) -> Any:
        """A replica that its key refuses is not made, and the call succeeds (API reference, ReplicationStatusType)."""
        regions = data.get("AddReplicaRegions", [])
        admitted = [one for one in regions if encrypts_replicas(one)]
        return replicate({**data, "AddReplicaRegions": admitted})

    secretsmanager._replicate_secret_to_regions = replicate_where_the_key_admits
