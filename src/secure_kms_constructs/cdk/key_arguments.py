"""What a HardenedKey refuses of its arguments, before anything is built."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_kms as kms

from secure_kms_constructs.authoring.reading import meant
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import KEY_ACTIONS, SECRET_SUFFIX, USAGE_ACTIONS, Fact
from secure_kms_constructs.aws.services import Service

_ALL_USES = frozenset().union(*USAGE_ACTIONS.value.values())


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
        uses = meant(pattern, _ALL_USES)
        if uses and not uses & possible:
            raise ValueError(
                f"{pattern} never works with this key, whose usage is {usage}: it has {', '.join(sorted(possible))}"
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
    wild = [arn for arn in resource_arns if re.search(r"[*?]", arn.removesuffix(SECRET_SUFFIX.value))]
    if wild:
        raise ValueError(f"resource_arns must be exact, got {wild}: name each resource")
    for text in texts:
        parsed = arns.parse(text)
        if not text.startswith("${") and (parsed is None or parsed.service != service.prefix):
            raise ValueError(f"resource_arns must be ARNs of {service.name}, got {text!r}: no other ever matches")
        if parsed and arns.contradict(parsed.region, region):
            raise ValueError(f"resource_arns must be in the region of the key, {region}, got {text!r}")
