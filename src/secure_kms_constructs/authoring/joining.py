"""Fewer statements that say the same, and an id of its own for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .instead import as_json
from .reading import POSITIVE, listed
from .statements import Statement

_Part = tuple[str, ...]


def joined(several: Iterable[Statement]) -> list[Statement]:
    """Return statements, one for those that differ in nothing but one list: whom, what, or what one condition takes.

    Two lists at once would let each principal do what only the other may.
    """
    found: list[_Read] = []
    for statement in several:
        # What was joined may differ from another one in one list alone now.
        made, place, at = _Read(statement, _parts(statement)), 0, len(found)
        while place < len(found):
            one = _one(found[place], made)
            if one is None:
                place += 1
            else:
                del found[place]
                made, at, place = _Read(one, _parts(one)), min(at, place), 0
        found.insert(at, made)
    return [one.statement for one in found]


class _Read(NamedTuple):
    statement: Statement
    parts: dict[_Part, dict[str, Any]]


def _one(first: _Read, second: _Read) -> Statement | None:
    """Return one statement for two; None where it would say more than both."""
    # A name tells what for: who deploys stands apart from who uses, and one service from another.
    if first.statement.get("Sid") != second.statement.get("Sid"):
        return None
    parts, others = first.parts, second.parts
    differ = [part for part in parts if part not in others or parts[part].keys() != others[part].keys()]
    if parts.keys() != others.keys() or len(differ) > 1:
        return None
    if not differ:
        return first.statement
    (part,) = differ
    # A list of what must not be is the shorter the more it takes in.
    if part[0] == "Effect" or (part[0] == "Condition" and part[1] not in POSITIVE):
        return None
    return dict(_with(first.statement, part, [*{**parts[part], **others[part]}.values()]))


def _parts(statement: Statement) -> dict[_Part, dict[str, Any]]:
    """Return the lists of a statement, by where they are."""
    principal = statement.get("Principal")
    found: dict[_Part, Any] = {(name,): statement.get(name) for name in ("Effect", "Action")}
    found |= {("Principal", kind): value for kind, value in principal.items()} if isinstance(principal, dict) else {}
    for operator, block in (statement.get("Condition") or {}).items():
        found |= {("Condition", operator, key): value for key, value in block.items()}
    return {part: {as_json(one): one for one in listed(values)} for part, values in found.items()}


def _with(statement: Any, part: _Part, values: list[Any]) -> Any:
    if not part:
        return values
    return {**statement, part[0]: _with(statement[part[0]], part[1:], values)}


def with_unique_sids(rendered: list[Statement]) -> list[Statement]:
    """Return statements that say the same, each with an id of its own."""
    taken = {statement.get("Sid") for statement in rendered}
    seen: set[str] = set()
    result = []
    for statement in rendered:
        sid = statement.get("Sid")
        if sid in seen:
            number = 2
            while f"{sid}{number}" in taken:
                number += 1
            statement = {**statement, "Sid": f"{sid}{number}"}
            taken.add(statement["Sid"])
        elif sid:
            seen.add(sid)
        result.append(statement)
    return result
