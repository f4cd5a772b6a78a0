"""Ids of keys that only a deployment tells: what stands for them, and which ``Resource`` values may mean them."""

from __future__ import annotations

import re
from functools import lru_cache

from .patterns import HEX, resource_like
from .verdicts import Verdict

# No key of AWS has such an id: those of KMS are UUIDs of version 4, mrk- and random digits.
# https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
_SINGLE = r"00000000-[0-9a-f]{4}-f[0-9a-f]{3}-[fe][0-9a-f]{3}-[0-9a-f]{12}"
_EITHER = r"00000000-[0-9a-f]{4}-f[0-9a-f]{3}-e[0-9a-f]{3}-[0-9a-f]{12}"
_MULTI = r"mrk-00000000[0-9a-f]{4}f[0-9a-f]{3}f[0-9a-f]{15}"
_MADE_UP = re.compile(f"{_SINGLE}|{_MULTI}")
_KEY_ARN = re.compile(rf"(arn:[^:]+:kms:[^:]+:[^:]+:key/)({_MADE_UP.pattern})")
_LITERAL = re.compile(r"(arn:[\w-]+:kms:[\w-]+:\d{12}:key/)[\w-]+")
# Equal to no digit, so that only a wildcard takes it.
_HIDDEN = "\ufdd2"


def made_up_id(digits: str, *, multi_region: Verdict) -> str:
    """Return what stands for the id of a key that a template makes.

    :param digits: 32 hexadecimal digits that tell it from those of other keys.
    :param multi_region: whether it is a multi-Region key; None where it may be either.
    """
    variant = "e" if multi_region is None else "f"
    parts = ("00000000", digits[:4], f"f{digits[5:8]}", f"{variant}{digits[9:12]}", digits[12:24])
    return f"mrk-{''.join(parts)}" if multi_region else "-".join(parts)


@lru_cache(maxsize=65536)
def names_key(pattern: str, arn: str) -> Verdict:
    """Tell whether a pattern names a key; of one whose id only a deployment tells, a literal id may be it."""
    match = _KEY_ARN.fullmatch(arn)
    if not match or _MADE_UP.search(pattern):
        return resource_like(pattern, arn)
    before, made_up = match.groups()
    verdicts = {_names(pattern, before, one) for one in _forms(made_up)}
    return verdicts.pop() if len(verdicts) == 1 else None


def _forms(made_up: str) -> tuple[str, ...]:
    """Return the ids that a key may have, as far as the form goes."""
    return (made_up, f"mrk-{made_up.replace('-', '')}") if re.fullmatch(_EITHER, made_up) else (made_up,)


def _names(pattern: str, before: str, made_up: str) -> Verdict:
    prefix = "mrk-" if made_up.startswith("mrk-") else ""
    rest = made_up.removeprefix(prefix)
    if resource_like(pattern, before + prefix + re.sub("[0-9a-f]", _HIDDEN, rest)):
        return True
    return None if resource_like(pattern, before + prefix + re.sub("[0-9a-f]", HEX, rest)) else False


def place_of(arn: str) -> str | None:
    """Return all of a key's ARN but the id; None for what is no full ARN of a key."""
    match = _LITERAL.fullmatch(arn) or _KEY_ARN.fullmatch(arn)
    return match[1] if match else None


def is_made_up(arn: str) -> bool:
    """Tell whether the id in a key's ARN is one that only a deployment tells."""
    return _KEY_ARN.fullmatch(arn) is not None
