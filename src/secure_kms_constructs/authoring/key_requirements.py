"""What a resource requires of the kind of key that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.catalogue import Require, Who

from .apps import Looked, as_text, reference
from .usages import Usage


class Kind(NamedTuple):
    """What a key is.

    :param usage: ``SYMMETRIC``, or the usage of an asymmetric or HMAC key.
    :param spec: its kind of key material.
    :param region: where it is, maybe a placeholder.
    """

    usage: str
    spec: str
    multi_region: bool
    region: str


def unmet(use: Usage, kind: Kind, key: Looked | None) -> Iterator[str]:
    """Yield what a key is not and a use of it requires."""
    fails = {
        Require.ONE_REGION: kind.multi_region,
        Require.SEVERAL_REGIONS: not kind.multi_region,
        Require.NO_KEY: True,
        Require.FULL_ARN: not _is_full_arn(use.found.value),
        Require.DNSSEC: (kind.spec, kind.usage) != ("ECC_NIST_P256", "SIGN_VERIFY")
        or arns.contradict(kind.region, "us-east-1"),
        **{one: not _is_tagged(key, *_TAGS[one]) for one in _TAGS},
    }
    for required in use.need.requires:
        if fails[required]:
            yield f"{use} needs {required.value}: {_ADVICE[required]}"
    through = use.need.via or use.need.unnamed_via
    if kind.usage != "SYMMETRIC" and use.need.who is Who.DEPLOYER and use.need.actions and through:
        yield f"{use} needs a symmetric key, got {kind.usage}: use a HardenedKey without key_spec"


_TAGS = {
    Require.TAGGED: ("EventBridgeApiDestinations", "true"),
    Require.TAGGED_FOR_NODES: ("SystemsManagerJustInTimeNodeAccessManaged", "true"),
}
_ADVICE = {
    Require.ONE_REGION: "leave multi_region out, or make a key of its own for it",
    Require.SEVERAL_REGIONS: "make the HardenedKey with multi_region=True",
    Require.NO_KEY: "deliver to another one, made with encryption=s3.BucketEncryption.S3_MANAGED",
    Require.FULL_ARN: "pass key.key_arn",
    Require.DNSSEC: "make a key of its own for it, in a stack of that region",
    **{one: f'write Tags.of(key).add("{name}", "{value}")' for one, (name, value) in _TAGS.items()},
}


def _is_full_arn(value: Any) -> bool:
    found = reference(value)
    return found[1] == "Arn" if found else ":key/" in as_text(value)


def _is_tagged(key: Looked | None, name: str, value: str) -> bool:
    tags = key.properties.get("Tags", []) if key else []
    return any(one.get("Key") == name and one.get("Value") == value for one in tags)
