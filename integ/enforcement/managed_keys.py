"""The keys that AWS manages for a service: they come into being with their first use, and serve the whole account."""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms

# Secrets Manager User Guide, "Secret encryption and decryption", and the like for Parameter Store.
SERVICES = {"alias/aws/secretsmanager": "secretsmanager", "alias/aws/ssm": "ssm"}
USES = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
METADATA = ["kms:Describe*", "kms:Get*", "kms:List*"]


def key_policy(service: str) -> str:
    account = get_account_id()
    through = {"kms:CallerAccount": account, "kms:ViaService": f"{service}.{get_region()}.amazonaws.com"}
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    use = {"Principal": {"AWS": "*"}, "Action": USES, "Condition": {"StringEquals": through}}
    statements = [use, {"Principal": root, "Action": METADATA}]
    return json.dumps({"Statement": [{"Effect": "Allow", "Resource": "*", **one} for one in statements]})


def create(alias: str) -> None:
    answer = json.loads(kms._create_key({"Policy": key_policy(SERVICES[alias])})[2])
    kms._create_alias({"AliasName": alias, "TargetKeyId": answer["KeyMetadata"]["KeyId"]})


def patch() -> None:
    resolve_key, list_aliases = kms._resolve_key, kms._list_aliases

    def resolve_or_create(key: str | None) -> Any:
        """API reference, DescribeKey: a predefined alias without a key gets one when it is asked for."""
        alias = key[key.index("alias/") :] if key and "alias/aws/" in key else ""
        if alias in SERVICES and resolve_key(alias) is None:
            create(alias)
        return resolve_key(key)

    def list_with_predefined(data: dict[str, Any]) -> Any:
        """API reference, ListAliases: predefined aliases are there before their keys, without TargetKeyId."""
        status, headers, body = list_aliases(data)
        answer = json.loads(body)
        known = {alias["AliasName"] for alias in answer["Aliases"]}
        if not data.get("KeyId"):
            answer["Aliases"] += [
                {"AliasName": name, "AliasArn": kms._alias_arn(name)} for name in SERVICES if name not in known
            ]
        return status, headers, json.dumps(answer).encode()

    kms._resolve_key, kms._list_aliases = resolve_or_create, list_with_predefined
