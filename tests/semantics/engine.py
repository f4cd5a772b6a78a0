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
        "scpLevels": [] if _is_service(case) else [_level(one) for one in case.get("scps", ())],
        "rcps": case.get("rcps", []),
        "sessionPolicy": _together(case.get("session_policies", [])),
        "endpointPolicy": None if _is_service(case) or _through_service(case) else case.get("endpoint_policy"),
    }


def _is_service(case: Json) -> bool:
    return not case["principal"].startswith("arn:")


def _through_service(case: Json) -> bool:
    context = {key.lower(): value for key, value in (_derived(case) | case["context"]).items()}
    return bool(context.get("kms:viaservice")) or context["aws:viaawsservice"] == "true"


def _level(scp: Json) -> list[Json]:
    """The policies of one place; AWS keeps FullAWSAccess beside those that only deny."""
    allows = any(one["Effect"] == "Allow" for one in _statements(scp))
    return [scp] if allows else [scp, {"Version": "2012-10-17", "Statement": [_ANYTHING]}]


_ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def _together(policies: list[Json]) -> Json | None:
    """Several policies of one version as one."""
    if not policies:
        return None
    return policies[0] | {"Statement": [one for policy in policies for one in _statements(policy)]}


def _statements(policy: Json) -> list[Json]:
    statements = policy["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _derived(case: Json) -> Json:
    """What AWS fills in, written once more so that the evaluator's own derivation is compared too."""
    via = case["context"].get("kms:ViaService") is not None
    derived = {"aws:ResourceAccount": case["key"].split(":")[4], "aws:ViaAWSService": str(via).lower()}
    principal = case["principal"].split(":", 5)
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
