"""Which key a thing is under: services name keys by ARN, id or alias."""

from __future__ import annotations

from collections.abc import Iterator

from .records import Account, Resource


def keys_of(account: Account, thing: Resource) -> Iterator[tuple[str, str]]:
    """Return the ARNs of the keys that a thing is under, or their names where no key is read, each with what of it is.

    Names of keys that AWS manages are left out.
    """
    whole = f"{thing.kind} {thing.name}"
    for name, whose in ((thing.key, whole), *((one, f"older versions of {whole}") for one in thing.older)):
        if name and "alias/aws/" not in name:
            yield key_named(account, name, thing) or name, whose


def key_named(account: Account, name: str, thing: Resource) -> str | None:
    """Return the ARN of the key that a service names by ARN, id or alias; None where it is not among those read."""
    if name.startswith("arn:") and ":key/" in name:
        return name
    region = thing.arn.split(":")[3]
    alias = name.rpartition(":")[2]
    for key in account.keys:
        if region in ("", key.region) and (key.id == name or alias in key.aliases):
            return key.arn
    return None


def is_of_aws(account: Account, arn: str) -> bool:
    return any(one.arn == arn and one.manager == "AWS" for one in account.keys)


def is_alias(name: str | None) -> bool:
    """Tell whether a service names a key by an alias of a customer."""
    return name is not None and "alias/" in name and "alias/aws/" not in name
