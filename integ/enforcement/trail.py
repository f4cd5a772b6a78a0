"""Writes what is asked of KMS as CloudTrail does: a file for each event, in the folder that ENFORCEMENT_TRAIL names.

https://docs.aws.amazon.com/kms/latest/developerguide/ct-decrypt.html, and for services in somebody's name
https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html. It shares nothing with what reads
such files.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam

Json = dict[str, Any]


def record(
    principal: evaluator.PrincipalInfo, action: str, region: str, key: str, conditions: Json, *, allowed: bool
) -> Json:
    """One event."""
    via = str(conditions.get("kms:ViaService", "")).partition(".")[0]
    service = f"{via}.amazonaws.com" if via else None
    prefix = "kms:EncryptionContext:"
    context = {name.removeprefix(prefix): value for name, value in conditions.items() if name.startswith(prefix)}
    event = {
        "eventVersion": "1.11",
        "userIdentity": identity(principal) | ({"invokedBy": service} if service else {}),
        "eventTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "kms.amazonaws.com",
        "eventName": action.removeprefix("kms:"),
        "awsRegion": region,
        "sourceIPAddress": service or "127.0.0.1",
        "userAgent": service or "Boto3",
        "requestParameters": {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context},
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": True,
        "resources": [{"accountId": principal.account, "type": "AWS::KMS::Key", "ARN": key}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": principal.account,
        "eventCategory": "Management",
    }
    if not allowed:
        event |= {"errorCode": "AccessDenied", "errorMessage": "not authorized", "responseElements": None}
    return event


def identity(principal: evaluator.PrincipalInfo) -> Json:
    """Who calls: of a role's session with the role that issued it."""
    kind, _, rest = principal.arn.rpartition(":")[2].partition("/")
    made = {"type": "IAMUser", "arn": principal.arn, "accountId": principal.account, "principalId": "AIDAEXAMPLE"}
    if kind == "root":
        return made | {"type": "Root"}
    if kind != "assumed-role":
        return made
    name = rest.partition("/")[0]
    role = iam._roles.get_scoped(principal.account, None, name)
    arn = role["Arn"] if role else f"arn:aws:iam::{principal.account}:role/{name}"
    issuer = {"type": "Role", "arn": arn, "accountId": principal.account, "userName": name}
    return made | {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}}


def patch() -> None:
    folder = os.environ.get("ENFORCEMENT_TRAIL")
    if not folder:
        return
    Path(folder).mkdir(exist_ok=True)
    enforce, numbers = evaluator.enforce, itertools.count()

    def enforce_and_record(
        key_id: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        refused = enforce(key_id, action, service, region, resource_arn, service_context)
        principal = evaluator.resolve_principal(key_id, get_account_id())
        if service == "kms" and ":key/" in resource_arn and not isinstance(principal, evaluator.AuthError):
            event = record(principal, action, region, resource_arn, service_context or {}, allowed=refused is None)
            stamp = event["eventTime"].replace("-", "").replace(":", "")[:13]
            name = f"{principal.account}_CloudTrail_{region}_{stamp}Z_{next(numbers):016d}.json.gz"
            Path(folder, name).write_bytes(gzip.compress(json.dumps({"Records": [event]}).encode()))
        return refused

    evaluator.enforce = enforce_and_record
