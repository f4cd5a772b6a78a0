"""Keys that an app imports as CDK does are followed as those of ResolvedKey, wherever this library is at work."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aws_cdk import App, Aspects, Environment, Stack, Stage
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Annotations, Match
from jsii._kernel.providers.process import _NodeProcess

from secure_kms_constructs import HardenedKey, HardenKeys, ResolvedKey, ScopedSecretReader, Service
from tests.synth.cdk.test_imported_keys import files, found_in
from tests.synth.templates import ACCOUNT, KEY_ARN, REGION, make_role

ALIAS = f"key-provider:account={ACCOUNT}:aliasName=alias/orders:region={REGION}"


def hardened(scope: App | Stage) -> None:
    HardenedKey(Stack(scope, "Ours"), "Key", provision_via=[Service.RDS])


def read(scope: App | Stage) -> None:
    stack = Stack(scope, "Ours", env=Environment(account=ACCOUNT, region=REGION))
    key = ResolvedKey.from_arn(stack, "Key", KEY_ARN.replace("0a1b", "1b2c"))
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=make_role(stack), secrets=[secret])


def of_another(scope: App | Stage) -> None:
    stack = Stack(scope, "Ours", env=Environment(account=ACCOUNT, region=REGION))
    other = kms.Key.from_key_arn(stack, "Key", KEY_ARN.replace("0a1b", "1b2c"))
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:x-abcdef"
    secret = secretsmanager.Secret.from_secret_attributes(
        stack, "Secret", secret_complete_arn=arn, encryption_key=other
    )
    ScopedSecretReader(stack, "Reader", grantee=make_role(stack), secrets=[secret])


def hardening(scope: App | Stage) -> None:
    kms.Key(Stack(scope, "Ours"), "Key")
    Aspects.of(scope).add(HardenKeys())


def resolved(scope: App | Stage) -> None:
    ResolvedKey.from_arn(Stack(scope, "Ours"), "Key", KEY_ARN.replace("0a1b", "1b2c"))


@pytest.mark.parametrize("work", [hardened, read, of_another, hardening, resolved])
def test_a_key_of_cdk_s_own_is_followed_where_the_library_is_at_work(
    app: App, stack: Stack, work: Callable[[App | Stage], None]
) -> None:
    work(app)
    files(stack, kms.Key.from_key_arn(stack, "Theirs", KEY_ARN))
    app.synth()
    [text] = found_in(stack)
    assert f"elasticfilesystem.{REGION}.amazonaws.com" in text
    assert f"to the policy of {KEY_ARN}" in text
    assert "secure-kms-constructs:requiredKeyPolicy" in text


def test_nothing_is_said_where_it_is_not(app: App, stack: Stack) -> None:
    files(stack, kms.Key.from_key_arn(stack, "Theirs", KEY_ARN))
    app.synth()
    assert found_in(stack) == []


def test_a_stage_is_followed_for_itself(app: App) -> None:
    stages = [Stage(app, name, env=Environment(account=ACCOUNT, region=REGION)) for name in ("Ours", "Theirs")]
    stacks = [Stack(one, "Stack") for one in stages]
    for one in stacks:
        files(one, kms.Key.from_key_arn(one, "Key", KEY_ARN))
    hardened(stages[0])
    app.synth()
    assert [len(found_in(one)) for one in stacks] == [1, 0]


def test_a_key_that_was_looked_up_is_followed_and_one_that_was_not_yet_is_not() -> None:
    told = []
    for context in ({ALIAS: {"keyId": KEY_ARN.rpartition("/")[2]}}, {}):
        app = App(context=context)
        stack = Stack(app, "Stack", env=Environment(account=ACCOUNT, region=REGION))
        hardened(app)
        files(stack, kms.Key.from_lookup(stack, "Key", alias_name="alias/orders"))
        app.synth()
        told.append(len(found_in(stack)))
    assert told == [1, 0]


def managed(stack: Stack) -> kms.IKey:
    return ResolvedKey.aws_managed(stack, "Key", Service.SECRETS_MANAGER, at="deploy")


def by_alias(stack: Stack) -> kms.IKey:
    return kms.Alias.from_alias_name(stack, "Key", "alias/orders")


def by_l1(stack: Stack) -> kms.IKey:
    return kms.Key.from_cfn_key(kms.CfnKey(stack, "L1", key_policy={"Version": "2012-10-17", "Statement": []}))


def by_l2(stack: Stack) -> kms.IKey:
    return kms.Key(stack, "Key")


@pytest.mark.parametrize("other", [by_alias, by_l1, by_l2, managed])
def test_what_is_no_key_of_somebody_else_is_not(app: App, stack: Stack, other: Callable[[Stack], kms.IKey]) -> None:
    hardened(app)
    files(stack, other(stack))
    app.synth()
    assert found_in(stack) == []


def test_several_keys_and_constructs_for_one_are_told_once_each_also_in_a_second_synth(app: App, stack: Stack) -> None:
    hardened(app)
    other = Stack(app, "Other", env=Environment(account=ACCOUNT, region=REGION))
    for name, arn in (("One", KEY_ARN), ("Same", KEY_ARN), ("Two", KEY_ARN.replace("0a1b", "1b2c"))):
        secretsmanager.Secret(stack, f"{name}Secret", encryption_key=kms.Key.from_key_arn(stack, name, arn))
    files(other, kms.Key.from_key_arn(other, "One", KEY_ARN))
    app.synth()
    app.synth(force=True)
    texts = [*found_in(stack), *found_in(other)]
    assert sorted(text.count(KEY_ARN) for text in texts) == [0, 1]
    assert len(texts) == 2
    [both] = [text for text in texts if KEY_ARN in text]
    assert "elasticfilesystem" in both
    assert "secretsmanager" in both


def test_it_takes_no_more_calls_where_nothing_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    send = _NodeProcess.send

    def counted(process: object, request: object, response_type: object) -> object:
        calls.append(str(getattr(request, "method", "")))
        return send(process, request, response_type)  # type: ignore[arg-type, type-var]

    monkeypatch.setattr(_NodeProcess, "send", counted)
    for imports, asked in ((False, 0), (True, 1)):
        app = App()
        stack = Stack(app, "Stack", env=Environment(account=ACCOUNT, region=REGION))
        hardened(app)
        if imports:
            kms.Key.from_key_arn(stack, "Theirs", KEY_ARN)
        calls.clear()
        app.synth()
        assert calls.count("importedKeys") == asked


def test_the_finding_is_information(app: App, stack: Stack) -> None:
    hardened(app)
    files(stack, kms.Key.from_key_arn(stack, "Theirs", KEY_ARN))
    app.synth()
    assert Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("its owner has to add")) == []
