"""Reads policy statements, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from secure_kms_constructs.aws.facts import CRYPTOGRAPHIC_ACTIONS, KEY_ACTIONS

KEY_PAIR_ACTIONS = {"kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext"}

# What is as good as a use: the caller chooses who uses what comes of it.
USES = frozenset({*CRYPTOGRAPHIC_ACTIONS, "kms:CreateGrant", "kms:ImportKeyMaterial", "kms:ReplicateKey"})
# One of these is what a grant is for; more comes along with it, and may be denied, or left out, on purpose.
TOLD = ("kms:Decrypt", "kms:GenerateDataKey", "kms:Sign", "kms:GenerateMac")
# The statements that name who administers a key.
ADMINISTRATION = ("AllowAdministrators", "AllowPolicyAdministrators")

POSITIVE = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")
"""Operators that take any of their values."""


def listed(value: Any) -> list[Any]:
    """Return a policy element as a list, where one value may stand without."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def statements_in(document: Any) -> list[dict[str, Any]]:
    """Return the statements of a policy document; none where it is no document."""
    found = listed(document.get("Statement")) if isinstance(document, dict) else []
    return [one for one in found if isinstance(one, dict)]


def meant(patterns: Any, among: Iterable[str]) -> set[str]:
    """Return the actions that the patterns of a statement match; IAM ignores case."""
    actions = frozenset(among)
    return set().union(*(_matched(str(pattern), actions) for pattern in listed(patterns)))


@lru_cache(maxsize=4096)
def _matched(pattern: str, actions: frozenset[str]) -> frozenset[str]:
    expression = re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE)
    return frozenset(filter(expression.fullmatch, actions))


def symmetric(patterns: Iterable[str]) -> set[str]:
    """Return the actions that patterns stand for where a service calls KMS: without key pairs, which none makes."""
    return {
        action
        for pattern in patterns
        for action in (meant(pattern, KEY_ACTIONS.value) - KEY_PAIR_ACTIONS if "*" in pattern else {pattern})
    }


def allows_or_denies(statement: dict[str, Any], action: str) -> bool:
    """Tell whether a statement speaks about an action, by Action or NotAction."""
    if "NotAction" in statement:
        return not meant(statement["NotAction"], [action])
    return bool(meant(statement.get("Action"), [action]))


def aws_principals(element: Any) -> list[str]:
    """Return the IAM principals of a Principal or NotPrincipal element, ``*`` included."""
    if isinstance(element, dict):
        return [str(name) for name in listed(element.get("AWS"))]
    return [str(name) for name in listed(element)]


def is_account(principal: str) -> bool:
    """Tell whether a principal stands for a whole account."""
    return principal.endswith(":root") or principal.isdigit() or principal == "${AWS.AccountId}"


def bound(statement: dict[str, Any]) -> dict[str, Any]:
    """Return the condition keys that a statement ties to fixed values, in lower case, with these values.

    Negated and optional operators tie nothing, and neither does a bare wildcard.
    """
    return {
        key.lower(): value
        for operator, block in (statement.get("Condition") or {}).items()
        if operator in POSITIVE
        for key, value in block.items()
        if listed(value) and "*" not in listed(value)
    }


# A role of single sign-on has random characters at its end and a region in its path; more than that is no name.
_NAMED = r"arn:[^:*?]+:iam::[^:*?]+:(role|user)/(.*/)?[^/*?]{3}[^/]*"


# A policy variable is filled in by whoever calls.
_VARIABLE = re.compile(r"\$\{[^}]*:")
_SOURCE_KEYS = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "kms:encryptioncontext:")


def names_principals(tied: dict[str, Any]) -> bool:
    """Tell whether conditions tie a statement to roles and users by name; a pattern needs a beginning of one."""
    names = [str(value) for value in listed(tied.get("aws:principalarn"))]
    return bool(names) and all(
        not _VARIABLE.search(name) and (re.fullmatch(_NAMED, name) or not re.search("[*?]", name)) for name in names
    )


def _beyond_arn(value: Any) -> str:
    """Return what of an ARN says whose it is: all but its partition and service."""
    return re.sub(r"^arn(:[^:]*){0,3}", "", str(value))


def is_tied_to_source(service: str, tied: dict[str, Any]) -> bool:
    """Tell whether conditions tie a service to whom it works for, as far as it says so."""
    # The catalogue is read once there is a service to look up.
    from secure_kms_constructs.aws.catalogue import source_of

    return source_of(service) == "" or names_source(tied)


def names_source(tied: dict[str, Any]) -> bool:
    """Tell whether conditions name whom a service works for."""
    return any(
        key.startswith(_SOURCE_KEYS)
        and all(
            re.search("[^*?:]", _beyond_arn(value) if key == "aws:sourcearn" else str(value))
            for value in listed(values)
        )
        for key, values in tied.items()
    )
