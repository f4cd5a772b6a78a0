"""Questions of the differential test to iam-simulate (judge.mjs), many at a time."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

Json = dict[str, Any]

_SCRIPT = Path(__file__).with_name("judge.mjs")
_CONTEXT_PAIR = "kms:EncryptionContext:"
_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
}


class Engine:
    """One Node process: ``with Engine() as engine: engine.ask(cases)``."""

    _process: subprocess.Popen[str]

    def __enter__(self) -> Engine:
        self._process = subprocess.Popen(
            [os.environ.get("JSII_NODE", "node"), str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def ask(self, cases: list[Json]) -> list[bool]:
        """Answer some cases, few enough to fit a pipe; ValueError for one it cannot judge."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("".join(f"{json.dumps(_question(case))}\n" for case in cases))
        self._process.stdin.flush()
        replies = [json.loads(self._process.stdout.readline()) for _ in cases]
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
