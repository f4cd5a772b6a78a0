"""Changes of one thing of a source at a time, each of which a test should notice."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_OPPOSITE = {ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.GtE: "<", ast.Gt: "<=", ast.LtE: ">"}
_OPPOSITE |= {ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is"}


@dataclass(frozen=True)
class Mutant:
    """A change of a source.

    :param line: the first line of what is changed, and ``last`` its last one.
    :param was: what stands there, and ``instead`` what takes its place.
    :param start: where in the source it stands, in bytes.
    """

    file: Path
    line: int
    last: int
    was: str
    instead: str
    start: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.instead!r} for {' '.join(self.was.split())!r}"

    def applied(self, source: str) -> str:
        """Return the source with the change."""
        text = source.encode()
        return (text[: self.start] + self.instead.encode() + text[self.start + len(self.was.encode()) :]).decode()


def mutants(file: Path, source: str) -> Iterator[Mutant]:
    """Return each change of a source."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))
    text = source.encode()
    for node in ast.walk(ast.parse(source)):
        for part, instead in changes(node):
            first = starts[part.lineno - 1] + part.col_offset
            end = starts[(part.end_lineno or 0) - 1] + (part.end_col_offset or 0)
            yield Mutant(file, part.lineno, part.end_lineno or 0, text[first:end].decode(), instead, first)


def changes(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Return what to change of a node, each part with the text in its place."""
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield from ((node.test, text) for text in ("True", "False"))
    elif isinstance(node, ast.comprehension):
        yield from ((test, "True") for test in node.ifs)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPPOSITE:
        left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
        yield node, f"({left} {_OPPOSITE[type(node.ops[0])]} {right})"
    elif isinstance(node, ast.BoolOp):
        for left_out in node.values:
            kept = [f"({ast.unparse(one)})" for one in node.values if one is not left_out]
            yield node, f"({(' and ' if isinstance(node.op, ast.And) else ' or ').join(kept)})"
    elif isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield node, "pass" if not isinstance(node.value, ast.Yield | ast.YieldFrom) else "yield from ()"
