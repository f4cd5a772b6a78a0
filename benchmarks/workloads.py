"""What is measured: ``python workloads.py SIDE '{"one_role": [1, 10]}'`` prints one JSON line.

A process for each side, because jsii never frees an object and V8 compiles as it goes: what a process has done before
decides how fast it is. Within it every N has a fresh App, in the same ascending order on both sides, after an App that
nobody times and that loads what CDK loads lazily.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from jsii._kernel.providers.process import _NodeProcess
from sizes import policies_of

from secure_kms_constructs import HardenedKey, ScopedSecretReader

# CloudFormation takes 500 resources a stack, and CDK refuses more; here the growth of time counts.
_CONTEXT = {"@aws-cdk/core:stackResourceLimit": 0}
_ENV = cdk.Environment(account="111122223333", region="us-east-1")
READERS = 20
_READ = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
Phase = Callable[[str], AbstractContextManager[None]]

_calls = 0
_send = _NodeProcess.send


def _counted(process: Any, request: Any, response_type: Any) -> Any:
    # Every message to Node goes through here, answers to its callbacks included: each is one wait for the pipe.
    global _calls
    _calls += 1
    return _send(process, request, response_type)


_NodeProcess.send = _counted


def one_role(stack: cdk.Stack, ours: bool, n: int, phase: Phase, readers: int = 1) -> None:
    """N secrets for one role: ``grant_read`` of each, or one reader of all."""
    with phase("make"):
        secrets = _secrets(stack, ours, n)
        role = _role(stack, 0)
    with phase("grant"):
        if ours:
            for i in range(readers):
                ScopedSecretReader(stack, f"Reader{i}", grantee=role, secrets=secrets[i::readers])
        else:
            for secret in secrets:
                secret.grant_read(role)


def one_role_n_readers(stack: cdk.Stack, ours: bool, n: int, phase: Phase) -> None:
    """The same with a reader for each secret."""
    one_role(stack, ours, n, phase, readers=n)


def n_roles(stack: cdk.Stack, ours: bool, n: int, phase: Phase) -> None:
    """N secrets, each for a role of its own."""
    with phase("make"):
        pairs = list(zip(_secrets(stack, ours, n), [_role(stack, i) for i in range(n)], strict=True))
    with phase("grant"):
        for i, (secret, role) in enumerate(pairs):
            if ours:
                ScopedSecretReader(stack, f"Reader{i}", grantee=role, secrets=[secret])
            else:
                secret.grant_read(role)


def keys(stack: cdk.Stack, ours: bool, n: int, phase: Phase) -> None:
    """N keys and nothing else."""
    with phase("make"):
        for i in range(n):
            _key(stack, ours, i)


def stacks(shared: cdk.Stack, ours: bool, n: int, phase: Phase) -> None:
    """N stacks of READERS roles, each reading a secret of its own, under a key for each stack in a shared one.

    ``secret.grant_read(role)`` is a cycle here, so the L2 grants the value to the role and decryption on the key.
    """
    app: Any = shared.node.root
    parts = []
    with phase("make"):
        for i in range(n):
            stack, key = cdk.Stack(app, f"Part{i}", env=_ENV), _key(shared, ours, i)
            roles = [_role(stack, j, name=f"part-{i}-{j}") for j in range(READERS)]
            secrets = [secretsmanager.Secret(stack, f"Secret{j}", encryption_key=key) for j in range(READERS)]
            parts.append((stack, key, roles, secrets))
    with phase("grant"):
        for stack, key, roles, secrets in parts:
            for j, (role, secret) in enumerate(zip(roles, secrets, strict=True)):
                if ours:
                    ScopedSecretReader(stack, f"Reader{j}", grantee=role, secrets=[secret])
                else:
                    value = iam.PolicyStatement(actions=_READ, resources=[secret.secret_arn])
                    role.add_to_policy(value)
                    key.grant_decrypt(role)


def _key(stack: cdk.Stack, ours: bool, i: int) -> kms.Key:
    return HardenedKey(stack, f"Key{i}") if ours else kms.Key(stack, f"Key{i}")


def _secrets(stack: cdk.Stack, ours: bool, n: int) -> list[secretsmanager.Secret]:
    key = _key(stack, ours, 0)
    return [secretsmanager.Secret(stack, f"Secret{i}", encryption_key=key) for i in range(n)]


def _role(stack: cdk.Stack, i: int, name: str | None = None) -> iam.Role:
    return iam.Role(stack, f"Role{i}", assumed_by=iam.AccountRootPrincipal(), role_name=name)


WORKLOADS = {workload.__name__: workload for workload in (one_role, one_role_n_readers, n_roles, keys, stacks)}


def measure(name: str, ours: bool, n: int, *, skip_validation: bool = False) -> dict[str, Any]:
    """Return milliseconds and calls of each phase, the sizes of the policies, and whether synth refused them."""
    phases: dict[str, Any] = {}

    @contextmanager
    def phase(title: str) -> Iterator[None]:
        start, before = time.perf_counter(), _calls
        yield
        phases[title] = {"ms": (time.perf_counter() - start) * 1000, "calls": _calls - before}

    with TemporaryDirectory() as directory:
        app = cdk.App(outdir=directory, context=_CONTEXT)
        WORKLOADS[name](cdk.Stack(app, "Bench", env=_ENV), ours, n, phase)
        try:
            with phase("synth"):
                app.synth(skip_validation=skip_validation)
        except RuntimeError:
            if skip_validation:
                raise
            # What fits no quota is refused by design: timed again without validation, and marked.
            return measure(name, ours, n, skip_validation=True)
        templates = [json.loads(file.read_text()) for file in sorted(Path(directory).glob("*.template.json"))]
    return {"phases": phases, "refused": skip_validation, **policies_of(templates)}


def measure_all(name: str, ours: bool, sizes: list[int]) -> dict[int, Any]:
    """Return the result of each N, after one that only warms up."""
    result, results = measure(name, ours, 3), {}
    for n in sizes:
        # What is refused for some secrets is refused for more.
        result = results[n] = measure(name, ours, n, skip_validation=result["refused"])
    return results


if __name__ == "__main__":
    _, side, sizes = sys.argv
    print(json.dumps({name: measure_all(name, side == "ours", several) for name, several in json.loads(sizes).items()}))
