"""How many calls into Node constructs take: each is as slow as a hundred lines of Python, and easily added unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnResource, Environment, Stack, Stage
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from jsii._kernel.providers.process import _NodeProcess

from secure_kms_constructs import HardenedKey, ScopedSecretReader, Service
from secure_kms_constructs.authoring.admissions import Admission
from secure_kms_constructs.cdk.looking import Looker
from tests.synth.templates import ACCOUNT, REGION, key_policy, make_role

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


def test_a_second_key_takes_one_call_and_a_secret_under_it_one(stack: Stack, key: HardenedKey, count: Count) -> None:
    assert count(lambda: HardenedKey(stack, "Second")) == 1
    # The L2 asks the key twice, and each answer is a call; Python takes two to tell who asks, and makes the grant,
    # once; what root is called in this stack, too. What it asks for is admitted already, so the key policy stays.
    assert count(lambda: secretsmanager.Secret(stack, "First", encryption_key=key)) == 12
    assert count(lambda: secretsmanager.Secret(stack, "Secret", encryption_key=key)) == 1


def test_a_grant_says_once_that_key_policies_change(stack: Stack, key: HardenedKey, count: Count) -> None:
    other = HardenedKey(stack, "Second")
    admission = Admission("AllowUse", "arn:aws:iam::111122223333:role/one", None, ("kms:Decrypt",))
    assert count(lambda: key.admit(admission)) == 1
    assert count(lambda: other.admit(admission)) == 0
    assert count(lambda: key.admit(admission._replace(sid="AllowMore"))) == 0


def test_a_reader_is_one_call_once_what_stands_beside_is_told(stack: Stack, key: HardenedKey, count: Count) -> None:
    secrets = [secretsmanager.Secret(stack, f"Secret{i}", encryption_key=key) for i in range(4)]
    role, other = make_role(stack), make_role(stack, "Other")
    ScopedSecretReader(stack, "First", grantee=role, secrets=secrets[:1])
    # One question has told of the other secrets and the other role.
    assert count(lambda: ScopedSecretReader(stack, "Second", grantee=role, secrets=secrets[1:2])) == 1
    assert count(lambda: ScopedSecretReader(stack, "Third", grantee=other, secrets=secrets[2:3])) == 1
    # What is made later is asked for, and what is beside it.
    more = [secretsmanager.Secret(stack, f"More{i}", encryption_key=key) for i in range(2)]
    assert count(lambda: ScopedSecretReader(stack, "Fourth", grantee=other, secrets=more[:1])) == 2
    assert count(lambda: ScopedSecretReader(stack, "Fifth", grantee=other, secrets=more[1:])) == 1


def test_a_function_and_its_role_are_one_question(stack: Stack, key: HardenedKey, count: Count) -> None:
    secrets = [secretsmanager.Secret(stack, f"Secret{i}", encryption_key=key) for i in range(2)]
    code = lambda_.Code.from_inline("x")
    function = lambda_.Function(stack, "It", runtime=lambda_.Runtime.PYTHON_3_13, handler="x.y", code=code)
    ScopedSecretReader(stack, "First", grantee=make_role(stack), secrets=secrets[:1])
    # One question about the function and its role, and one to write.
    assert count(lambda: ScopedSecretReader(stack, "Second", grantee=function, secrets=secrets[1:])) == 2


def test_synth_asks_as_much_for_six_keys_and_roles_as_for_three(count: Count) -> None:
    def synth(keys: int, roles: int) -> int:
        app = App()
        stack = Stack(app, "Stack", env=Environment(account=ACCOUNT, region=REGION))
        made = [HardenedKey(stack, f"Key{i}", provision_via=[Service.RDS]) for i in range(keys)]
        secret = secretsmanager.Secret(stack, "Secret", encryption_key=made[0])
        for i in range(roles):
            ScopedSecretReader(stack, f"Reader{i}", grantee=make_role(stack, f"Role{i}"), secrets=[secret])
        return count(app.synth)

    synth(1, 1)  # What is asked once in a process.
    assert synth(3, 1) == synth(6, 1) == synth(1, 6) == 13


def test_a_stage_is_looked_at_once_in_a_synth_however_many_stacks_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    produce = Looker.produce

    def looked(looker: Looker) -> Any:
        looks.append(len(looker._watched))
        return produce(looker)

    monkeypatch.setattr(Looker, "produce", looked)
    app = App()
    stage = Stage(app, "Stage")
    for scope, stacks in ((app, 4), (stage, 3)):
        for i in range(stacks):
            HardenedKey(Stack(scope, f"Stack{i}"), "Key", provision_via=[Service.RDS])
    app.synth()
    # CDK resolves the references of a stage again with those of the app around it.
    assert sorted(looks) == [3, 3, 4]
    app.synth(force=True)
    assert looks.count(4) == 2


def test_a_synth_asks_as_much_for_twenty_resources_under_a_key_as_for_two(count: Count) -> None:
    def synth(resources: int) -> int:
        app = App()
        stack = Stack(app, "Stack", env=Environment(account=ACCOUNT, region=REGION))
        key = HardenedKey(stack, "Key")
        for i in range(resources):
            properties = {"KmsKeyId": key.key_arn}
            CfnResource(stack, f"Files{i}", type="AWS::EFS::FileSystem", properties=properties)
            CfnResource(stack, f"Queue{i}", type="AWS::SQS::Queue", properties={"KmsMasterKeyId": key.key_arn})
        return count(app.synth)

    synth(1)  # What is asked once in a process.
    assert synth(2) == synth(20)


def test_the_policy_of_a_key_for_secrets_alone_is_small(stack: Stack, key: HardenedKey) -> None:
    secretsmanager.Secret(stack, "Secret", encryption_key=key)
    text = json.dumps(key_policy(stack), separators=(",", ":"))
    # As the template has it, references spelled out; with a fixed list of services for the deployer it was 3,172.
    assert len(text) == 2000
