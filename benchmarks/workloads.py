"""What is measured, in a process of its own: ``python workloads.py WORKLOAD SIDE N...`` prints one JSON line.

One process for each side and round, because jsii never frees an object and V8 compiles as it goes: what a process has
done before decides how fast it is. Within it every N has a fresh App, in the same ascending order on both sides, after
an App that nobody times and that loads what CDK loads lazily.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from jsii._kernel.providers.process import _NodeProcess
from sizes import role_and_key_policies

from secure_kms_constructs import HardenedKey, ScopedSecretReader

# CloudFormation takes 500 resources a stack, and CDK refuses more; the benchmark wants to see how time grows.
_CONTEXT = {"@aws-cdk/core:stackResourceLimit": 0}
_ENV = cdk.Environment(account="111122223333", region="us-east-1")
Phase = Callable[[str], AbstractContextManager[None]]

_calls = 0
_send = _NodeProcess.send


def _counted(process: Any, request: Any, response_type: Any) -> Any:
    """Count every message to Node, the answers to its callbacks included: each is one wait for the pipe."""
    global _calls
    _calls += 1
    return _send(process, request, response_type)


_NodeProcess.send = _counted


class _Clock:
    """Time and jsii calls of the phase it is entered for."""

    def __init__(self, phases: dict[str, Any], name: str) -> None:
        self._phases, self._name = phases, name

    def __enter__(self) -> None:
        self._start = time.perf_counter(), _calls

    def __exit__(self, *_: object) -> None:
        started, calls = self._start
        self._phases[self._name] = {"ms": (time.perf_counter() - started) * 1000, "calls": _calls - calls}


def _roles(stack: cdk.Stack, count: int) -> list[iam.Role]:
    return [iam.Role(stack, f"Role{i}", assumed_by=iam.AccountRootPrincipal()) for i in range(count)]


def _secrets(stack: cdk.Stack, key: kms.Key, count: int) -> list[secretsmanager.Secret]:
    return [secretsmanager.Secret(stack, f"Secret{i}", encryption_key=key) for i in range(count)]


def one_role(stack: cdk.Stack, ours: bool, n: int, phase: Phase, *, readers: int = 1) -> None:
    """N secrets for one role: ``grant_read`` of each, or one reader, or a reader each."""
    with phase("make"):
        secrets = _secrets(stack, _key(stack, ours), n)
        (role,) = _roles(stack, 1)
    with phase("grant"):
        if not ours:
            for secret in secrets:
                secret.grant_read(role)
        for i in range(min(readers, n) if ours else 0):
            ScopedSecretReader(stack, f"Reader{i}", grantee=role, secrets=secrets[i::readers])


def one_role_n_readers(stack: cdk.Stack, ours: bool, n: int, phase: Phase) -> None:
    one_role(stack, ours, n, phase, readers=n)


def n_roles(stack: cdk.Stack, ours: bool, n: int, phase: Phase) -> None:
    """N secrets, each for a role of its own."""
    with phase("make"):
        secrets = _secrets(stack, _key(stack, ours), n)
        roles = _roles(stack, n)
    with phase("grant"):
        for i, (role, secret) in enumerate(zip(roles, secrets, strict=True)):
            if ours:
                ScopedSecretReader(stack, f"Reader{i}", grantee=role, secrets=[secret])
            else:
                secret.grant_read(role)


def keys(stack: cdk.Stack, ours: bool, n: int, phase: Phase) -> None:
    """N keys and nothing else."""
    with phase("make"):
        for i in range(n):
            _key(stack, ours, f"Key{i}")


def _key(stack: cdk.Stack, ours: bool, id: str = "Key") -> kms.Key:
    return HardenedKey(stack, id) if ours else kms.Key(stack, id)


WORKLOADS = {f.__name__: f for f in (one_role, one_role_n_readers, n_roles, keys)}


def measure(workload: str, ours: bool, n: int) -> dict[str, Any]:
    """Return time and calls of each phase, the sizes of the policies, and what synth refused."""
    refused = None
    while True:
        phases: dict[str, Any] = {}
        with TemporaryDirectory() as directory:
            app = cdk.App(outdir=directory, context=_CONTEXT)
            stack = cdk.Stack(app, "Bench", env=_ENV)
            WORKLOADS[workload](stack, ours, n, lambda name: _Clock(phases, name))  # noqa: B023
            try:
                with _Clock(phases, "synth"):
                    app.synth(skip_validation=refused is not None)
            except RuntimeError as error:
                if refused is not None:
                    raise
                # What fits no quota is refused by design: timed again without validation, and marked.
                refused = str(error)
                continue
            template = json.loads(Path(directory, "Bench.template.json").read_text())
        return {"phases": phases, "refused": refused, **role_and_key_policies(template)}


def main() -> None:
    workload, side, *sizes = sys.argv[1:]
    measure(workload, side == "ours", 3)
    print(json.dumps({n: measure(workload, side == "ours", int(n)) for n in sizes}))


if __name__ == "__main__":
    main()
