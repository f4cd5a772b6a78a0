"""Advice of errors about alarms, guardrails and documented exceptions."""

from __future__ import annotations

from typing import Any

from aws_cdk import BootstraplessSynthesizer, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from secure_kms_constructs import (
    DocumentedSuppressions,
    Guardrail,
    HardenedKey,
    KmsConfigRule,
    KmsDriftAlarms,
    KmsGuardrails,
    documented_exception,
)
from tests.synth.advising import Ground, Step, advice
from tests.synth.templates import ACCOUNT

Steps = tuple[Step, Step]
WHY = "it decrypts the artifacts of every account"


def alarms(g: Ground, **more: Any) -> Step:
    topic = sns.Topic(g.stack, "Topic", master_key=g.key)
    return lambda: KmsDriftAlarms(g.stack, "Alarms", **{"topic": topic, **more})


@advice("{} takes a construct, got the text {}: make it under a HardenedKey")
def _(g: Ground) -> Steps:
    return lambda: KmsDriftAlarms(g.stack, "Alarms", topic="arn:aws:sns:x"), alarms(g)  # type: ignore[arg-type]


@advice("got {}: make it with {}=HardenedKey(...)")
def _(g: Ground) -> Steps:
    plain = sns.Topic(g.stack, "Plain")
    return lambda: KmsDriftAlarms(g.stack, "Alarms", topic=plain), alarms(g)


@advice("got {} roles that make it {}: name fewer")
def _(g: Ground) -> Steps:
    roles = [f"arn:aws:iam::{ACCOUNT}:role/{n:060}" for n in range(9)]
    make = alarms(g, leave_out=roles)
    return make, lambda: KmsDriftAlarms(
        g.stack, "Fewer", topic=sns.Topic(g.stack, "T", master_key=g.key), leave_out=roles[:2]
    )


@advice("config_rules need a stack with a region, got {} without one: pass env=")
def _(g: Ground) -> Steps:
    agnostic = Stack(g.app, "Agnostic")
    topic = sns.Topic(agnostic, "Topic", master_key=HardenedKey(agnostic, "Key"))
    rules = [KmsConfigRule.KEY_ROTATION]
    return (
        lambda: KmsDriftAlarms(agnostic, "Alarms", topic=topic, config_rules=rules),
        alarms(g, config_rules=rules),
    )


@advice("and {} does not have {}: use KmsConfigRule.in_region({})")
def _(g: Ground) -> Steps:
    region = "ap-southeast-6"
    there = g.of("There", region)
    topic = sns.Topic(there, "Topic", master_key=HardenedKey(there, "Key"))
    return (
        lambda: KmsDriftAlarms(there, "Alarms", topic=topic, config_rules=list(KmsConfigRule)),
        lambda: KmsDriftAlarms(there, "Alarms", topic=topic, config_rules=KmsConfigRule.in_region(region)),
    )


def rails(g: Ground, at: Stack | None = None, **more: Any) -> Step:
    given = {"organization": "o-abcdefghij", "targets": [ACCOUNT], **more}
    return lambda: KmsGuardrails(at or g.stack, "Rails", **given)


@advice("deployers cannot be told from {}: pass deployers=[<ARNs of the roles that CloudFormation acts as")
def _(g: Ground) -> Steps:
    bare = Stack(g.app, "Bare", synthesizer=BootstraplessSynthesizer())
    named = "arn:*:iam::*:role/cdk-hnb659fds-cfn-exec-role-*-*"
    return rails(g, bare), rails(g, bare, deployers=[named])


@advice("deployers must name who deploys, got none: keys could be neither deployed nor rolled back; leave it out")
def _(g: Ground) -> Steps:
    return rails(g, deployers=[]), rails(g)


@advice("name roles together with a wildcard, leave guardrails out, or say that your organization has the doubled")
def _(g: Ground) -> Steps:
    roles = [f"arn:aws:iam::*:role/{'r' * 50}{n}" for n in range(40)]
    crowded = {"break_glass": roles, "scps_attached": 4}
    return rails(g, **crowded), lambda: [
        KmsGuardrails(g.stack, f"Rails{number}", organization="o-abcdefghij", targets=[ACCOUNT], **one)
        for number, one in enumerate(
            (
                {"break_glass": ["arn:aws:iam::*:role/rrr*"], "scps_attached": 4},
                {**crowded, "without": [Guardrail.KEEP_KEYS, Guardrail.KEY_POLICIES]},
                {**crowded, "doubled_scp_quotas": True},
            )
        )
    ]


@advice("without must name guardrails, got {}: choose of {}")
def _(g: Ground) -> Steps:
    return rails(g, without=["nothing"]), rails(g, without=[next(iter(Guardrail)).value])


@advice("{} must be a list of texts, got the text {}: put it in brackets")
def _(g: Ground) -> Steps:
    return rails(g, break_glass="arn:aws:iam::*:role/break-glass"), rails(
        g, break_glass=["arn:aws:iam::*:role/break-glass"]
    )


@advice("whose variable is filled in by whoever calls: write * where a name differs")
def _(g: Ground) -> Steps:
    return (
        rails(g, break_glass=["arn:aws:iam::*:role/team-${aws:PrincipalTag/team}"]),
        rails(g, break_glass=["arn:aws:iam::*:role/team-*"]),
    )


@advice("which is everybody, or nearly: give three letters or more of their names")
def _(g: Ground) -> Steps:
    return rails(g, break_glass=["arn:aws:iam::*:role/*"]), rails(g, break_glass=["arn:aws:iam::*:role/ops*"])


@advice("name roles together with a wildcard, such as arn:aws:iam::*:role/break-glass-*, or trust fewer accounts")
def _(g: Ground) -> Steps:
    roles = [f"arn:aws:iam::*:role/break-glass-{n:050}" for n in range(100)]
    return rails(g, break_glass=roles), rails(g, break_glass=["arn:aws:iam::*:role/break-glass-*"])


def suppressed(g: Ground, holder: Any, **more: Any) -> Step:
    given = documented_exception(holder, WHY, "2099-06-30", **more)
    return lambda: DocumentedSuppressions(g.stack, "Suppressions", exceptions=[given])


@advice("got {}: document it for the role, managed policy or permission set itself")
def _(g: Ground) -> Steps:
    return suppressed(g, iam.User(g.stack, "User")), suppressed(g, g.role)


@advice("which Security Hub does not find: leave it out")
def _(g: Ground) -> Steps:
    return suppressed(g, g.role, rules=["KLP104"]), suppressed(g, g.role)
