"""How many calls into Node constructs take: each is as slow as a hundred lines of Python, and easily added unseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_secretsmanager as secretsmanager
from jsii._kernel.providers.process import _NodeProcess

from secure_kms_constructs import HardenedKey, ScopedSecretReader
from tests.synth.templates import ACCOUNT, REGION, make_role

Count = Callable[[Callable[[], Any]], int]


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    sent = 0
    send = _NodeProcess.send

    def counted(process: Any, request: Any, response_type: Any) -> Any:
        nonlocal sent
        sent += 1
        return send(process, request, response_type)

    def count(do: Callable[[], Any]) -> int:
        before = sent
        do()
        return sent - before

    monkeypatch.setattr(_NodeProcess, "send", counted)
    return count


def test_a_second_key_takes_one_call_and_a_secret_under_it_five(stack: Stack, key: HardenedKey, count: Count) -> None:
    assert count(lambda: HardenedKey(stack, "Second")) == 1
    # The L2 asks the key twice, and each answer is a call; the first question takes two to be understood. What the
    # first secret asks for is admitted already, so the key policy stays; the grant that it gets is made for all.
    assert count(lambda: secretsmanager.Secret(stack, "First", encryption_key=key)) == 10
    assert count(lambda: secretsmanager.Secret(stack, "Secret", encryption_key=key)) == 5


def test_a_reader_asks_what_it_is_told_once(stack: Stack, key: HardenedKey, count: Count) -> None:
    secrets = [secretsmanager.Secret(stack, f"Secret{i}", encryption_key=key) for i in range(4)]
    role, other = make_role(stack), make_role(stack, "Other")
    ScopedSecretReader(stack, "First", grantee=role, secrets=secrets[:1])
    # Of the secret: its stack, ARN, key and name. Then the construct, the document and the policy.
    assert count(lambda: ScopedSecretReader(stack, "Second", grantee=role, secrets=secrets[1:2])) == 7
    # Of the role: its stack, ARN and name.
    assert count(lambda: ScopedSecretReader(stack, "Third", grantee=other, secrets=secrets[2:3])) == 10
    assert count(lambda: ScopedSecretReader(stack, "Fourth", grantee=other, secrets=secrets[2:3])) == 3


def test_synth_asks_each_key_once_and_each_reading_role_three_times(count: Count) -> None:
    def synth(keys: int, roles: int) -> int:
        app = App()
        stack = Stack(app, "Stack", env=Environment(account=ACCOUNT, region=REGION))
        made = [HardenedKey(stack, f"Key{i}") for i in range(keys)]
        secret = secretsmanager.Secret(stack, "Secret", encryption_key=made[0])
        for i in range(roles):
            ScopedSecretReader(stack, f"Reader{i}", grantee=make_role(stack, f"Role{i}"), secrets=[secret])
        return count(app.synth)

    synth(1, 1)  # What is asked once in a process.
    assert synth(6, 1) - synth(3, 1) == 3
    assert synth(1, 6) - synth(1, 3) == 9
