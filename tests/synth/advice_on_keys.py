"""Advice of errors about keys, grants on them, principals and stacks."""

from __future__ import annotations

from typing import Any

from aws_cdk import BootstraplessSynthesizer, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs import HardenedKey, Service, Use
from tests.synth.advising import FOREIGN, ROLE, Ground, Step, advice
from tests.synth.templates import make_role

Steps = tuple[Step, Step]
HMAC = kms.KeySpec.HMAC_256


def key_of(g: Ground, **options: Any) -> Step:
    return lambda: HardenedKey(g.stack, "Own", **options)


def statement(principal: Any, *actions: str, **more: Any) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), principals=[principal], resources=["*"], **more)


def written(g: Ground, one: iam.PolicyStatement) -> Step:
    return lambda: g.key.add_to_resource_policy(one)


@advice("leave rotation_period out, KMS does not rotate this kind")
def _(g: Ground) -> Steps:
    mac = {"key_spec": HMAC, "key_usage": kms.KeyUsage.GENERATE_VERIFY_MAC}
    return key_of(g, rotation_period=Duration.days(90), **mac), key_of(g, **mac)


@advice("which services use, got key_spec {}: leave delegate_via out")
def _(g: Ground) -> Steps:
    mac = {"key_spec": HMAC, "key_usage": kms.KeyUsage.GENERATE_VERIFY_MAC}
    return key_of(g, delegate_via=[Service.SNS], **mac), key_of(g, **mac)


@advice("{} must be a Duration, got {}: write Duration.days(...)")
def _(g: Ground) -> Steps:
    return key_of(g, pending_window=30), key_of(g, pending_window=Duration.days(30))


@advice("use a HardenedKey without key_spec")
def _(g: Ground) -> Steps:
    mac = HardenedKey(g.stack, "Mac", key_spec=HMAC, key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC)
    own = HardenedKey(g.stack, "Own")
    return (
        lambda: mac.grant_via(g.role, Service.SQS, use=Use.READ),
        lambda: own.grant_via(g.role, Service.SQS, use=Use.READ),
    )


@advice("use two principals, or pass separation_of_duties=False")
def _(g: Ground) -> Steps:
    strict = HardenedKey(g.stack, "Strict", administrators=[g.role])
    loose = HardenedKey(g.stack, "Loose", administrators=[g.role], separation_of_duties=False)
    return lambda: strict.grant_decrypt(g.role), lambda: loose.grant_decrypt(g.role)


@advice("name a role of that account")
def _(g: Ground) -> Steps:
    return key_of(g, administrators=[iam.ArnPrincipal(FOREIGN)]), key_of(g, administrators=[iam.ArnPrincipal(ROLE)])


@advice("leave it out, the root user is admitted anyway")
def _(g: Ground) -> Steps:
    return key_of(g, administrators=[iam.AccountRootPrincipal()]), key_of(g)


@advice("make it with multi_region=True")
def _(g: Ground) -> Steps:
    there = g.of("There", "us-east-1")
    one, several = HardenedKey(g.stack, "One"), HardenedKey(g.stack, "Several", multi_region=True)
    return lambda: one.admit_replica_keys_of(there), lambda: several.admit_replica_keys_of(there)


@advice("give both stacks an env, of two regions")
def _(g: Ground) -> Steps:
    key, there = HardenedKey(g.stack, "Own", multi_region=True), g.of("There", "us-east-1")
    return lambda: key.admit_replica_keys_of(g.stack), lambda: key.admit_replica_keys_of(there)


@advice("make both in one account")
def _(g: Ground) -> Steps:
    key, there = HardenedKey(g.stack, "Own", multi_region=True), g.of("There", "us-east-1")
    other = g.of("Other", "us-east-1", "999999999999")
    return lambda: key.admit_replica_keys_of(other), lambda: key.admit_replica_keys_of(there)


@advice("make it in a stack that is deployed before")
def _(g: Ground) -> Steps:
    before = make_role(g.of("Before"), role_name="deployer")
    return key_of(g, deployer=g.role), key_of(g, deployer=before)


@advice("deployer cannot be told from {}: pass ")
def _(g: Ground) -> Steps:
    bare = Stack(g.app, "Bare", synthesizer=BootstraplessSynthesizer())
    deployer = iam.ArnPrincipal(ROLE)
    return lambda: HardenedKey(bare, "Key"), lambda: HardenedKey(bare, "Told", deployer=deployer)
