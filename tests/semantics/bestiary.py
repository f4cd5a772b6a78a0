"""Principals of every kind that IAM has, named after the patterns of a policy, so that they meet them or nearly do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.semantics.pools import ACCOUNT, OTHER_ACCOUNT

Json = dict[str, Any]

_ARN = re.compile(r"arn:[^:]*:[^:]*:[^:]*:([^:]*):(.*)", re.DOTALL)
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_PLAIN = (
    "x",
    "app",
    "team-app",
    "alice",
    "ops/alice",
    "team/app",
    "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0a1b",
)
_KINDS = ("role/", "user/")
# Accounts with one digit other, and one of which no policy knows.
_ACCOUNTS = (ACCOUNT, OTHER_ACCOUNT, f"{ACCOUNT[:-1]}4", "999988887777")
SERVICES = (
    "logs.us-east-1.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "delivery.logs.amazonaws.com",
    "x.amazonaws.com",
)


def principals(key_policy: Json) -> list[str]:
    """ARNs of roles and users with and without paths, of sessions, federated and root users, and names of services."""
    names = {*_PLAIN, *(one for pattern in _patterns(key_policy) for one in _named_after(pattern))}
    found = [*SERVICES, *(f"arn:aws:iam::{account}:root" for account in _ACCOUNTS)]
    for account in _ACCOUNTS:
        for name in sorted(names):
            last = name.rpartition("/")[2]
            if not _NAME.fullmatch(last) or re.search(r"[*?\s]|^/|//", name):
                continue
            found += [f"arn:aws:iam::{account}:{kind}{name}" for kind in _KINDS]
            if len(last) in range(2, 33):
                found.append(f"arn:aws:sts::{account}:federated-user/{last}")
            found.append(f"arn:aws:sts::{account}:assumed-role/{last}/nightly")
    return list(dict.fromkeys(found))


def kind_of(principal: str) -> str:
    """What outsiders of its kind are called."""
    if ":" not in principal:
        return "any AWS service"
    account, resource = principal.split(":", 5)[4:]
    kind = {"role": "role", "assumed-role": "role", "user": "user", "federated-user": "federated user"}
    return f"any {kind.get(resource.split('/')[0], 'principal')} of {account} with kms:* on *"


def _patterns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _patterns(one)
    elif isinstance(value, list):
        for one in value:
            yield from _patterns(one)
    elif isinstance(value, str):
        yield value


def _named_after(pattern: str) -> Iterator[str]:
    match = _ARN.fullmatch(pattern)
    resource = match[2] if match else pattern
    name = resource.partition("/")[2] or resource
    for star, mark in (("", "x"), ("x", "7"), ("ops/x", "-"), ("xx/xx", "_")):
        yield name.replace("*", star).replace("?", mark)
    yield f"{name.replace('*', 'y').replace('?', 'y')}z"
