"""Fits statements into as few policies as IAM's size quotas allow, splitting inside a statement where it must."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from secure_kms_constructs.aws import arns

from .statements import Statement, document


def size(value: Any) -> int:
    """Return how many characters IAM may count for a resolved value, each token at its longest."""
    text = json.dumps(value, separators=(",", ":"))
    if '"Ref"' in text or '"Fn::' in text:
        text = json.dumps(arns.plain(value), separators=(",", ":"))
    return len(arns.bounded(text))


def pack(statements: Sequence[Statement], resolved: Sequence[Any], limit: int) -> list[list[Statement]]:
    """Split statements into policies of at most ``limit`` characters.

    :param statements: what to write, tokens included.
    :param resolved: the same statements resolved; only their sizes are read.
    """
    policies: list[list[Statement]] = []
    room = 0
    empty = limit - size(document([]))
    for statement, longest in zip(statements, resolved, strict=True):
        values = _longest_list(longest)
        sizes = [size(item) + 1 for item in _at(longest, values)] if values else []
        frame = size(longest) + 1 - sum(sizes)
        start = 0
        while start < max(len(sizes), 1):
            if not policies or room < frame + sum(sizes[start : start + 1]):
                policies.append([])
                room = empty
            taken, room = start, room - frame
            while taken < len(sizes) and (sizes[taken] <= room or taken == start):
                room -= sizes[taken]
                taken += 1
            whole = start == 0 and taken == len(sizes)
            policies[-1].append(statement if whole else _with_slice(statement, values, start, taken))
            start = max(taken, 1)
    return policies


_Path = tuple[str, ...]


def _longest_list(statement: Any) -> _Path:
    """Return the path of the longest list of values in a statement; a policy may be split there."""
    paths: list[_Path] = [("Resource",)]
    paths += [
        ("Condition", operator, key) for operator, block in statement.get("Condition", {}).items() for key in block
    ]
    lengths = {path: len(_at(statement, path)) for path in paths if isinstance(_at(statement, path), list)}
    return max(lengths, key=lambda path: lengths[path]) if lengths else ()


def _at(value: Any, path: _Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _with_slice(statement: Any, path: _Path, start: int, end: int) -> Any:
    if not path:
        part = statement[start:end]
        return part[0] if len(part) == 1 else part
    return {**statement, path[0]: _with_slice(statement[path[0]], path[1:], start, end)}
