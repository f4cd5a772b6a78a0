"""Changes one thing of a file at a time and runs tests: ``python tests/mutate.py FILE TESTS...``.

A change that no test notices is a condition, an operand, a filter or a decorator that nobody holds. The file is put
back after each run. It is a tool for whoever writes tests, no part of them.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_OPPOSITE = {ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.GtE: "<", ast.Gt: "<=", ast.LtE: ">"}
_OPPOSITE |= {ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is"}


def changes(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
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


def mutants(source: str) -> Iterator[tuple[int, str, str, str]]:
    """Return each mutant of a source: line, what was there, what is there now, and the whole."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    text = source.encode()
    for node in ast.walk(ast.parse(source)):
        for part, instead in changes(node):
            first = starts[part.lineno - 1] + part.col_offset  # type: ignore[attr-defined]
            last = starts[part.end_lineno - 1] + part.end_col_offset  # type: ignore[attr-defined]
            was = text[first:last].decode()
            yield part.lineno, was, instead, (text[:first] + instead.encode() + text[last:]).decode()  # type: ignore[attr-defined]


def main() -> None:
    file, tests = Path(sys.argv[1]), sys.argv[2:]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    source = file.read_text()
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise SystemExit("the tests fail without any change")
    found = survived = 0
    try:
        for line, was, instead, whole in mutants(source):
            found += 1
            file.write_text(whole)
            if not subprocess.run(command, capture_output=True, check=False).returncode:
                survived += 1
                sys.stdout.write(f"{file}:{line}: nobody notices {instead!r} for {was!r}\n")
    finally:
        file.write_text(source)
    sys.stdout.write(f"{found - survived} of {found} changes are noticed\n")


if __name__ == "__main__":
    main()
