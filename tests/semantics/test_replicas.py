"""Replicas of keys and secrets in another region, and who may make them."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Aspects, Environment, NestedStack, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as sm

from secure_kms_constructs import HardenedKey, HardenKeys, ScopedSecretReader
from tests.semantics.assembly import deploy_app, name_of
from tests.semantics.judge import Judge

ACCOUNT, HOME, ABROAD = "111122223333", "eu-west-1", "us-east-1"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def stack_in(app: App, id: str, region: str | None, account: str = ACCOUNT) -> Stack:
    return Stack(app, id, env=Environment(account=account, region=region) if region else None)


def deployer(region: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{region}"


@pytest.mark.parametrize(
    "who, action, via, allowed",
    [
        (HOME, "kms:GenerateDataKey", HOME, True),
        (HOME, "kms:GenerateDataKey", ABROAD, True),
        (HOME, "kms:Encrypt", ABROAD, True),
        (HOME, "kms:Decrypt", ABROAD, False),
        (HOME, "kms:GenerateDataKey", "ap-south-1", False),
        (HOME, "kms:GenerateDataKey", None, False),
        ("ap-south-1", "kms:GenerateDataKey", ABROAD, False),
    ],
    ids=[
        "the primary's deployer gets a data key through the primary's region",
        "the primary's deployer gets a data key through the replica's region",
        "the primary's deployer encrypts",
        "the primary's deployer does not decrypt",
        "not through a third region",
        "not directly",
        "no deployer of a third region",
    ],
)
def test_the_key_of_replicas_admits_the_deployer_of_their_primary(
    judge: Judge, who: str, action: str, via: str | None, allowed: bool
) -> None:
    deployed, key, arn = replicated()
    details: dict[str, Any] = {"encryption_context": {"SecretARN": arn}, "identity": [ALL]}
    via = f"secretsmanager.{via}.amazonaws.com" if via else None
    assert deployed.ask(judge, deployer(who), action, key, via=via, **details).allowed is allowed


def test_a_replica_is_read_under_its_own_key(judge: Judge) -> None:
    deployed, key, arn = replicated()
    role = deployed.role("Role", stack="Abroad")
    context = {"SecretARN": arn}
    assert deployed.ask(judge, role, "kms:Decrypt", key, via="secretsmanager", encryption_context=context).allowed
    primary = deployed.key("Key", stack="Home")
    assert not deployed.ask(
        judge, role, "kms:Decrypt", primary, via="secretsmanager", encryption_context=context
    ).allowed


def replicated() -> tuple[Any, str, str]:
    """A secret with a replica, each under its key; the deployment, the replica's key and the replica's ARN."""
    app = App()
    home, abroad = stack_in(app, "Home", HOME), stack_in(app, "Abroad", ABROAD)
    key = HardenedKey(abroad, "Key")
    secret = sm.Secret(
        home,
        "Secret",
        secret_name="app/db",
        encryption_key=HardenedKey(home, "Key"),
        replica_regions=[sm.ReplicaRegion(region=ABROAD, encryption_key=key)],
    )
    key.admit_replicas_of(secret)
    role = iam.Role(abroad, "Role", assumed_by=iam.AccountRootPrincipal())
    replica = sm.Secret.from_secret_name_v2(abroad, "Replica", "app/db")
    ScopedSecretReader(abroad, "Reader", grantee=role, secrets=[replica], key=key)
    deployed = deploy_app(app, account=ACCOUNT, region=HOME)
    return (
        deployed,
        deployed.key("Key", stack="Abroad"),
        f"arn:aws:secretsmanager:{ABROAD}:{ACCOUNT}:secret:app/db-AbC123",
    )


@pytest.mark.parametrize(
    "who, region, allowed",
    [(ABROAD, ABROAD, True), (ABROAD, "ap-south-1", False), ("ap-south-1", "ap-south-1", False)],
    ids=["into its own region", "not into a third region", "no deployer of a third region"],
)
def test_a_multi_region_key_is_replicated_by_the_deployer_of_the_replica(
    judge: Judge, who: str, region: str, allowed: bool
) -> None:
    app = App()
    home, abroad = stack_in(app, "Home", HOME), stack_in(app, "Abroad", ABROAD)
    primary = HardenedKey(home, "Key", multi_region=True)
    primary.admit_replica_keys_of(abroad)
    deployed = deploy_app(app, account=ACCOUNT, region=HOME)
    answer = deployed.ask(
        judge,
        deployer(who),
        "kms:ReplicateKey",
        deployed.key("Key"),
        context={"kms:ReplicaRegion": region},
        identity=[ALL],
    )
    assert answer.allowed is allowed


def secret_in(stack: Stack) -> sm.Secret:
    return sm.Secret(stack, "Secret")


@pytest.mark.parametrize(
    "region, account, why",
    [
        (HOME, ACCOUNT, "a replica is in another region than its primary, got stack Other in eu-west-1"),
        (None, ACCOUNT, "give both stacks an env, of two regions"),
        (ABROAD, "444455556666", "a replica is in the account of its primary, got stack Other of 444455556666"),
    ],
    ids=["the same region", "an unknown region", "another account"],
)
def test_a_replica_elsewhere_is_refused(region: str | None, account: str, why: str) -> None:
    app = App()
    other = stack_in(app, "Other", region, account)
    key = HardenedKey(stack_in(app, "Home", HOME), "Key", multi_region=True)
    with pytest.raises(ValueError, match=why):
        key.admit_replica_keys_of(other)
    with pytest.raises(ValueError, match=why):
        key.admit_replicas_of(secret_in(other))


def test_a_key_of_one_region_has_no_replicas() -> None:
    app = App()
    key = HardenedKey(stack_in(app, "Home", HOME), "Key")
    with pytest.raises(ValueError, match="a replica needs a multi-Region key, got Home/Key"):
        key.admit_replica_keys_of(stack_in(app, "Abroad", ABROAD))


def test_a_signing_key_encrypts_no_replicas() -> None:
    app = App()
    key = HardenedKey(
        stack_in(app, "Home", HOME), "Key", key_spec=kms.KeySpec.RSA_2048, key_usage=kms.KeyUsage.SIGN_VERIFY
    )
    with pytest.raises(ValueError, match="AWS services encrypt with symmetric keys only"):
        key.admit_replicas_of(secret_in(stack_in(app, "Abroad", ABROAD)))


def test_an_administrator_of_the_key_makes_no_replicas() -> None:
    app = App()
    home, abroad = stack_in(app, "Home", HOME), stack_in(app, "Abroad", ABROAD)
    key = HardenedKey(home, "Key", multi_region=True, administrators=[iam.ArnPrincipal(deployer(ABROAD))])
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        key.admit_replica_keys_of(abroad)
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        key.admit_replicas_of(secret_in(abroad))


def test_another_deployer_can_be_named(judge: Judge) -> None:
    app = App()
    home, abroad = stack_in(app, "Home", HOME), stack_in(app, "Abroad", ABROAD)
    key = HardenedKey(home, "Key", multi_region=True)
    own = f"arn:aws:iam::{ACCOUNT}:role/own-deployer"
    key.admit_replica_keys_of(abroad, deployer=iam.ArnPrincipal(own))
    deployed = deploy_app(app, account=ACCOUNT, region=HOME)
    for who, allowed in ((own, True), (deployer(ABROAD), False)):
        context = {"kms:ReplicaRegion": ABROAD}
        question: dict[str, Any] = {"context": context, "identity": [ALL]}
        assert deployed.ask(judge, who, "kms:ReplicateKey", deployed.key("Key"), **question).allowed is allowed


def with_replica(app: App, key_region: str, replica_region: str) -> tuple[HardenedKey, sm.Secret]:
    home = stack_in(app, "Home", HOME)
    key = HardenedKey(stack_in(app, "Keys", key_region), "Key")
    replica = sm.ReplicaRegion(region=replica_region, encryption_key=key)
    return key, sm.Secret(home, "Secret", encryption_key=HardenedKey(home, "Key"), replica_regions=[replica])


def test_a_replica_whose_deployer_is_forgotten_fails_synth_and_the_advice_works() -> None:
    app = App()
    with_replica(app, ABROAD, ABROAD)
    with pytest.raises(RuntimeError, match=r"Home/Secret .* is made by who deploys the secret in eu-west-1.*call key"):
        app.synth()
    app = App()
    key, secret = with_replica(app, ABROAD, ABROAD)
    key.admit_replicas_of(secret)
    app.synth()


def test_a_replica_under_a_key_of_another_region_fails_synth() -> None:
    app = App()
    key, secret = with_replica(app, ABROAD, "ap-south-1")
    key.admit_replicas_of(secret)
    with pytest.raises(
        RuntimeError, match=r"Home/Secret .* is a replica in ap-south-1, .* got one of us-east-1: pass a HardenedKey"
    ):
        app.synth()


def test_whoever_deploys_a_secret_elsewhere_makes_no_replicas_here() -> None:
    app = App()
    key, _ = with_replica(app, ABROAD, ABROAD)
    key.admit_replicas_of(secret_in(stack_in(app, "Third", "ap-south-1")))
    with pytest.raises(RuntimeError, match=r"Home/Secret .* is made by who deploys the secret in eu-west-1"):
        app.synth()


# -- replicas of keys that the app makes --


def replica_of(scope: Stack, key: kms.IKey) -> kms.CfnReplicaKey:
    return kms.CfnReplicaKey(scope, "Replica", key_policy=ALL, primary_key_arn=key.key_arn)


def nested_in(stack: Stack) -> Stack:
    return NestedStack(stack, "Nested")


def itself(stack: Stack) -> Stack:
    return stack


@pytest.mark.parametrize("make", [HardenedKey, kms.Key])
@pytest.mark.parametrize("of_key", [itself, nested_in])
@pytest.mark.parametrize("of_replica", [itself, nested_in])
@pytest.mark.parametrize("crosses", [True, False])
def test_whoever_deploys_a_replica_may_make_it(
    judge: Judge, make: Any, of_key: Any, of_replica: Any, crosses: bool
) -> None:
    # So a test finds the templates of nested stacks.
    app = App(context={"aws:cdk:enable-asset-metadata": True})
    env = {region: Environment(account=ACCOUNT, region=region) for region in (HOME, ABROAD)}
    home, abroad = (
        Stack(app, id, env=env[region], cross_region_references=crosses)
        for id, region in (("Home", HOME), ("Abroad", ABROAD))
    )
    scope = of_key(home)
    key = make(scope, "Key", multi_region=True)
    replica_of(of_replica(abroad), key)
    if make is kms.Key:
        Aspects.of(app).add(HardenKeys(fail_on_refusal=True))
    deployed = deploy_app(app, account=ACCOUNT, region=HOME)
    arn = deployed.key("Key", stack=name_of(scope))
    for who, region, allowed in ((ABROAD, ABROAD, True), (ABROAD, "ap-south-1", False), ("ap-south-1", ABROAD, False)):
        question: dict[str, Any] = {"context": {"kms:ReplicaRegion": region}, "identity": [ALL]}
        assert deployed.ask(judge, deployer(who), "kms:ReplicateKey", arn, **question).allowed is allowed


def test_a_replica_by_nobody_knows_whom_fails_synth_and_the_advice_works(judge: Judge) -> None:
    own = iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/own-deployer")

    def made(*, followed: bool) -> App:
        app = App()
        home, abroad = stack_in(app, "Home", HOME), stack_in(app, "Abroad", ABROAD)
        key = HardenedKey(home, "Key", multi_region=True, deployer=own)
        replica_of(abroad, key)
        if followed:
            key.admit_replica_keys_of(abroad, deployer=own)
        return app

    with pytest.raises(RuntimeError, match=r"call key.admit_replica_keys_of\(<that stack>, deployer=...\)"):
        made(followed=False).synth()
    deployed = deploy_app(made(followed=True), account=ACCOUNT, region=HOME)
    for who, allowed in ((f"arn:aws:iam::{ACCOUNT}:role/own-deployer", True), (deployer(ABROAD), False)):
        question: dict[str, Any] = {"context": {"kms:ReplicaRegion": ABROAD}, "identity": [ALL]}
        assert deployed.ask(judge, who, "kms:ReplicateKey", deployed.key("Key"), **question).allowed is allowed


@pytest.mark.parametrize(
    "multi_region, region, why",
    [
        (False, ABROAD, "needs a multi-Region key: make the HardenedKey with multi_region=True"),
        (True, HOME, "a replica is in another region than its primary: give both stacks an env, of two regions"),
    ],
)
def test_a_replica_that_kms_would_not_make_fails_synth(multi_region: bool, region: str, why: str) -> None:
    app = App()
    key = HardenedKey(stack_in(app, "Home", HOME), "Key", multi_region=multi_region)
    replica_of(stack_in(app, "Other", region), key)
    with pytest.raises(RuntimeError, match=why):
        app.synth()


def test_the_aspect_leaves_a_key_as_it_is_whose_replica_it_cannot_serve() -> None:
    app = App()
    key = kms.Key(stack_in(app, "Home", HOME), "Key", multi_region=True)
    own = iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/own-deployer")
    replica_of(stack_in(app, "Abroad", ABROAD), key)
    aspect = HardenKeys(deployer=own)
    Aspects.of(app).add(aspect)
    app.synth()
    [reason] = aspect.refused["Home/Key"]
    assert "Abroad/Replica" in reason
    assert "and who that is cannot be told" in reason


def test_an_administrator_that_deploys_a_replica_fails_synth() -> None:
    app = App()
    home, abroad = stack_in(app, "Home", HOME), stack_in(app, "Abroad", ABROAD)
    replica_of(abroad, HardenedKey(home, "Key", multi_region=True, administrators=[iam.ArnPrincipal(deployer(ABROAD))]))
    with pytest.raises(RuntimeError, match=r"lets the administrator .* use the key: use two principals"):
        app.synth()
