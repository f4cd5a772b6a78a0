"""Reads policy statements, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

_POSITIVE = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")


def listed(value: Any) -> list[Any]:
    """Return a policy element as a list, where one value may stand without."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def meant(patterns: Any, among: Iterable[str]) -> set[str]:
    """Return the actions that the patterns of a statement match; IAM ignores case."""
    actions = frozenset(among)
    return set().union(*(_matched(str(pattern), actions) for pattern in listed(patterns)))


@lru_cache(maxsize=4096)
def _matched(pattern: str, actions: frozenset[str]) -> frozenset[str]:
    expression = re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE)
    return frozenset(filter(expression.fullmatch, actions))


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
        if operator in _POSITIVE
        for key, value in block.items()
        if listed(value) and "*" not in listed(value)
    }


# A role of single sign-on has random characters at its end and a region in its path; more than that is no name.
_NAMED = r"arn:[^:*?]+:iam::[^:*?]+:(role|user)/(.*/)?[^/*?]{3}[^/]*"


def names_principals(tied: dict[str, Any]) -> bool:
    """Tell whether conditions tie a statement to roles and users by name; a pattern needs a beginning of one."""
    names = [str(value) for value in listed(tied.get("aws:principalarn"))]
    return bool(names) and all(re.fullmatch(_NAMED, name) or not re.search("[*?]", name) for name in names)
