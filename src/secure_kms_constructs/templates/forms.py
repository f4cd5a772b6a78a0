"""Patterns of texts that are known in part, and texts that two patterns have in common."""

from __future__ import annotations

import re
from functools import cache

from secure_kms_constructs.policies import Unknown

from .texts import is_cut

_LITERAL = re.compile(r"[\w+=,.@*-]+", re.ASCII)
_PART = re.compile(r"<[^<>]*>")


def form_of(name: Unknown) -> str:
    """Return a pattern of the names that one which cannot be told may be: its literal parts, if it has some."""
    text, before = name.description, ""
    if "*" in text or is_cut(text):
        return "*"
    while text != before:
        text, before = _PART.sub("*", text), text
    return re.sub(r"\*+", "*", text) if "*" in text and _LITERAL.fullmatch(text) else "*"


def common(one: str, other: str) -> str | None:
    """Return a text that is like two patterns of ``*`` and ``?``; None where there is none."""

    @cache
    def meet(i: int, j: int) -> str | None:
        if i == len(one) and j == len(other):
            return ""
        left, right = one[i : i + 1], other[j : j + 1]
        found = None
        if left == "*":
            found = meet(i + 1, j)
        if found is None and right == "*":
            found = meet(i, j + 1)
        if found is not None or not left or not right or left == right == "*":
            return found
        i += left != "*"
        j += right != "*"
        if left != right and left not in "*?" and right not in "*?":
            return None
        shown = right if left in "*?" else left
        rest = meet(i, j)
        return None if rest is None else ("x" if shown in "*?" else shown) + rest

    return meet(0, 0) if len(one) + len(other) < _LONG else None


# No names are longer, and each character is a frame of Python's stack.
_LONG = 200
