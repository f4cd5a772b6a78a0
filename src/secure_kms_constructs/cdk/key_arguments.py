"""What a HardenedKey refuses of its arguments, before anything is built."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_kms as kms

from secure_kms_constructs.authoring.reading import meant
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import (
    CRYPTOGRAPHIC_ACTIONS,
    KEY_ACTIONS,
    PENDING_WINDOW_DAYS,
    ROTATION_PERIOD_DAYS,
    SECRET_SUFFIX,
    USAGE_ACTIONS,
    Fact,
)
from secure_kms_constructs.aws.services import Service

_ALL_USES = frozenset().union(*USAGE_ACTIONS.value.values())


def key_properties(
    spec: kms.KeySpec,
    usage: kms.KeyUsage,
    rotation_period: Duration | None,
    pending_window: Duration | None,
    alias: str | None,
    delegate_via: Sequence[Service],
    *,
    multi_region: bool,
) -> dict[str, Any]:
    """Check the arguments that make the key itself, and return them as the Node part takes them.

    :raises ValueError: for what KMS would refuse, or ignore.
    """
    symmetric = spec == kms.KeySpec.SYMMETRIC_DEFAULT
    check_usage(spec, usage)
    if rotation_period is not None and not symmetric:
        raise ValueError(
            f"rotation_period needs a symmetric key, got key_spec {spec.name}: "
            "leave rotation_period out, KMS does not rotate this kind"
        )
    check_days("rotation_period", rotation_period, ROTATION_PERIOD_DAYS)
    check_days("pending_window", pending_window, PENDING_WINDOW_DAYS)
    if alias is not None and alias.startswith("alias/aws/"):
        raise ValueError(f"alias must not start with alias/aws/, which AWS keeps for its own keys, got {alias!r}")
    if delegate_via and not symmetric:
        raise ValueError(
            f"delegate_via needs a symmetric key, which services use, got key_spec {spec.name}: leave delegate_via out"
        )
    return {
        "alias": alias,
        "enableKeyRotation": symmetric or None,
        "rotationPeriod": rotation_period and rotation_period.to_days(),
        "pendingWindow": pending_window.to_days() if pending_window else PENDING_WINDOW_DAYS.value[1],
        "multiRegion": multi_region or None,
        "keySpec": None if symmetric else spec.name,
        "keyUsage": None if symmetric else usage.name,
    }


def check_usage(spec: kms.KeySpec, usage: kms.KeyUsage) -> None:
    """Check the pairs that KMS refuses whatever the rest; CDK checks the finer ones."""
    mac = spec.name.startswith("HMAC")
    if (spec == kms.KeySpec.SYMMETRIC_DEFAULT) > (usage == kms.KeyUsage.ENCRYPT_DECRYPT) or mac != (
        usage == kms.KeyUsage.GENERATE_VERIFY_MAC
    ):
        raise ValueError(
            f"key_usage must be one that the key_spec has, got {usage.name} with {spec.name}: "
            "SYMMETRIC_DEFAULT has ENCRYPT_DECRYPT, HMAC_* have GENERATE_VERIFY_MAC"
        )


def check_days(name: str, value: Duration | None, allowed: Fact[tuple[int, int]]) -> None:
    """Check that a period is a whole number of days that KMS takes."""
    if value is None:
        return
    if not isinstance(value, Duration):
        raise ValueError(f"{name} must be a Duration, got {value!r}: write Duration.days(...)")
    if value.is_unresolved():
        raise ValueError(f"{name} must be a literal duration, got a token: KMS limits cannot be checked otherwise")
    days = value.to_days(integral=False)
    least, most = allowed.value
    if not least <= days <= most or days != int(days):
        raise ValueError(f"{name} must be {least} to {most} whole days, got {days:g}")


def check_actions(actions: Sequence[str], usage: str) -> None:
    """Check that actions are of KMS, named one by one, and ones that a key of this usage has."""
    possible = USAGE_ACTIONS.value[usage]
    if not actions:
        raise ValueError("actions must name at least one KMS action, got none")
    for pattern in actions:
        if not meant(pattern, KEY_ACTIONS.value):
            raise ValueError(f"actions must be KMS actions on a key, got {pattern!r}: see {KEY_ACTIONS.source}")
        if pattern in ("*", "kms:*"):
            raise ValueError(f"actions must be named one by one, got {pattern!r}: nobody needs all of KMS")
        if meant(pattern, ["kms:PutKeyPolicy"]):
            raise ValueError(
                f"only the deployer and policy_administrators may change the key policy, got {pattern}: "
                "pass the principal as policy_administrators of the HardenedKey"
            )
        among = meant(pattern, KEY_ACTIONS.value)
        if "*" in pattern and among & CRYPTOGRAPHIC_ACTIONS and among - CRYPTOGRAPHIC_ACTIONS:
            raise ValueError(
                f"actions must be named one by one, got {pattern!r}, which also means "
                f"{', '.join(sorted(among - CRYPTOGRAPHIC_ACTIONS))}: write kms:ReEncrypt* or kms:GenerateDataKey*"
            )
        uses = meant(pattern, _ALL_USES)
        if uses and not uses & possible:
            raise ValueError(
                f"{pattern} never works with this key, whose usage is {usage}: it has {', '.join(sorted(possible))}"
            )


def check_log_groups(text: str) -> None:
    """Check a pattern of log groups: of one account, by the start of their name."""
    parsed = arns.parse(text)
    if not arns.has_placeholder(text) and (
        parsed is None
        or parsed.service != "logs"
        or re.search("[*?]", parsed.account + parsed.region)
        or not re.match(r"log-group:[^*?]*[A-Za-z0-9]", parsed.resource)
    ):
        raise ValueError(
            f"log_group_arn must be the ARN of log groups of one account by the start of their name, got {text!r}: "
            "write arn:<partition>:logs:<region>:<account>:log-group:/app/*"
        )


def check_resource_arns(service: Service, resource_arns: Sequence[str], texts: Sequence[str], region: str) -> None:
    """Check the ARNs that an encryption context has to name.

    :param texts: the ARNs as text.
    :param region: the region of the key.
    """
    if bool(resource_arns) != bool(service.context_key):
        raise ValueError(
            f"resource_arns must name the resources that {service.name} puts into the encryption context "
            f"({service.context_key}), got none"
            if service.context_key
            else f"resource_arns must be empty for {service.name}, which sends no ARN as encryption context, "
            f"got {list(resource_arns)}"
        )
    # The objects of a bucket without a Bucket Key are each a context of their own.
    known = "/*" if service == Service.S3 else SECRET_SUFFIX.value
    wild = [arn for arn in resource_arns if re.search(r"[*?]", arn.removesuffix(known))]
    if wild:
        raise ValueError(f"resource_arns must be exact, got {wild}: name each resource")
    for text in texts:
        parsed = arns.parse(text)
        if not text.startswith("${") and (parsed is None or parsed.service != service.prefix):
            raise ValueError(f"resource_arns must be ARNs of {service.name}, got {text!r}: no other ever matches")
        # An ARN of S3 has no region.
        if parsed and parsed.region and arns.contradict(parsed.region, region):
            raise ValueError(f"resource_arns must be in the region of the key, {region}, got {text!r}")
        _check_form(service, text, ":".join(parsed[2:]) if parsed else "")


# What of an ARN follows its service in an encryption context, and how to come by one; each from its service's page.
_FORMS = {
    Service.SECRETS_MANAGER: (
        rf"[^:]+:[^:]+:secret:.+-(\w{{6}}|{re.escape(SECRET_SUFFIX.value[1:])})",
        f"the encryption context has all of a secret's ARN: end it with {SECRET_SUFFIX.value} where it is not known",
    ),
    Service.PARAMETER_STORE: (r"[^:]+:[^:]+:parameter(/[\w.-]+)+", "write one slash before the name, parameter/name"),
    Service.CLOUDWATCH_LOGS: (
        r"[^:]+:[^:]+:log-group:[\w./#-]+",
        "the encryption context has no :* at its end: make it by stack.format_arn(service='logs', resource='log-group',"
        " resource_name=group.log_group_name, arn_format=ArnFormat.COLON_RESOURCE_NAME)",
    ),
    Service.KINESIS: (r"[^:]+:[^:]+:stream/[\w.-]+", "write stream/name"),
    Service.S3: (r"::[a-z0-9.-]+(/.+)?", "write arn:<partition>:s3:::bucket, or bucket/* for its objects"),
}


def _check_form(service: Service, text: str, rest: str) -> None:
    if service not in _FORMS:
        return
    form, advice = _FORMS[service]
    # Of a log group, Fn::GetAtt gives an ARN that ends with :*.
    made_here = service == Service.CLOUDWATCH_LOGS and re.fullmatch(r"\$\{[^}]*\.Arn\}", text)
    if made_here or (rest and not arns.has_placeholder(rest) and not re.fullmatch(form, rest)):
        raise ValueError(f"resource_arns must be as {service.name} sends them, got {text!r}: {advice}")
