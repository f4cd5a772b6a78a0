"""Questions of the differential test to iam-simulate (judge.mjs), many at a time."""

from __future__ import annotations

import json
from typing import Any

from tests.semantics.judge import Judge

Json = dict[str, Any]

_CONTEXT_PAIR = "kms:EncryptionContext:"
_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
}


def ask(judge: Judge, cases: list[Json]) -> list[bool]:
    """Answer some cases, few enough to fit a pipe; ValueError for one it cannot judge."""
    replies = judge.exchange([json.dumps(_question(case)) for case in cases])
    errors = [reply["error"] for reply in replies if "error" in reply]
    if errors:
        raise ValueError(f"cannot judge: {errors[0]}")
    return [reply["result"] == "Allowed" for reply in replies]


def _question(case: Json) -> Json:
    context = {key: value for key, value in (_derived(case) | case["context"]).items() if value is not None}
    return {
        "principal": case["principal"],
        "action": case["action"],
        "resource": case["key"],
        "resourceAccount": case["key"].split(":")[4],
        "context": {key: value for key, value in context.items() if not key.startswith(_CONTEXT_PAIR)},
        "encryptionContext": {
            key.removeprefix(_CONTEXT_PAIR): value for key, value in context.items() if key.startswith(_CONTEXT_PAIR)
        },
        "identityPolicies": case["identity_policies"],
        "resourcePolicy": case["key_policy"],
        "boundaries": [case["boundary"]] if case["boundary"] else [],
        "scps": [],
        "rcps": [],
    }


def _derived(case: Json) -> Json:
    """What AWS fills in, written once more so that the evaluator's own derivation is compared too."""
    via = "kms:ViaService" in case["context"]
    derived = {"aws:ResourceAccount": case["key"].split(":")[4], "aws:ViaAWSService": str(via).lower()}
    principal = case["principal"].split(":")
    if len(principal) == 1:
        return derived | {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": case["principal"]}
    account, (kind, *names) = principal[4], principal[5].split("/")
    role = f"arn:aws:iam::{account}:role/{names[0]}" if kind == "assumed-role" else case["principal"]
    return (
        derived
        | {"aws:PrincipalIsAWSService": "false", "aws:PrincipalArn": role, "aws:PrincipalType": _TYPES[kind]}
        | {"aws:PrincipalAccount": account, "kms:CallerAccount": account}
        | ({"aws:username": names[-1]} if kind == "user" else {})
    )
