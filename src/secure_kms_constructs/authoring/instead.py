"""Statements with texts in place of some of their values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .reading import listed
from .statements import Statement

LIKE = {"StringEquals": "StringLike", "StringLike": "StringLike", "ArnEquals": "ArnLike", "ArnLike": "ArnLike"}
"""The operators by which a value may be a text with wildcards."""


def values_of(statement: Statement) -> Iterator[tuple[str, Any]]:
    """Yield the values of principals and conditions, each with ``principal`` or its condition key in lower case."""
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        yield from (("principal", value) for several in principal.values() for value in listed(several))
    for block in (statement.get("Condition") or {}).values():
        yield from ((key.lower(), value) for key, several in block.items() for value in listed(several))


def as_json(value: Any) -> str:
    """Return a value as text that is equal for what is equal."""
    return json.dumps(value, sort_keys=True, default=repr)


def with_texts(statement: Statement, texts: Mapping[str, str]) -> Statement:
    """Return a statement with texts in place of the values whose JSON they are given for."""

    def written(value: Any) -> Any:
        several = [texts.get(as_json(one), one) for one in listed(value)]
        return several if isinstance(value, list) else several[0]

    result = dict(statement)
    if isinstance(statement.get("Principal"), dict):
        result["Principal"] = {kind: written(value) for kind, value in statement["Principal"].items()}
    condition: dict[str, dict[str, Any]] = {}
    for operator, block in (statement.get("Condition") or {}).items():
        for key, value in block.items():
            new = written(value)
            wild = new != value and any("*" in str(one) for one in listed(new))
            condition.setdefault(LIKE[operator] if wild else operator, {})[key] = new
    return result | ({"Condition": condition} if condition else {})
