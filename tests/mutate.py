"""Changes one thing of a file at a time and runs tests: ``python tests/mutate.py FILE TESTS...``.

``python tests/mutate.py --sample 100`` changes that many things of the whole package, drawn at random, each with the
tests that belong to its file. A change that no test notices is a condition, an operand, a filter or a decorator that
nobody holds. The file is put back after each run. It is a tool for whoever writes tests, no part of them.
"""

from __future__ import annotations

import argparse
import ast
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "src" / "secure_kms_constructs"
# A change may let a loop never end.
_SECONDS = 900

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


def belonging(file: Path) -> list[list[str]]:
    """Return the tests that belong to a file of the package, the nearest first; tests mirror the source."""
    inside = file.relative_to(PACKAGE)
    roots = (TESTS / "unit", TESTS / "synth")
    named = [root / inside.with_name(f"test_{inside.name}") for root in roots]
    folders = [root / inside.parts[0] for root in roots if len(inside.parts) > 1]
    plain = inside.parts[0] in ("access", "account", "checks", "cli", "policies", "templates")
    stages = (named, folders, [TESTS / "unit"] if plain else list(roots))
    return [found for stage in stages if (found := [str(one) for one in stage if one.exists()])]


def is_noticed(tests: list[str]) -> bool:
    """Tell whether some tests fail, or never end."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    try:
        return bool(subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS).returncode)
    except subprocess.TimeoutExpired:
        return True


def try_out(file: Path, mutant: tuple[int, str, str, str], stages: list[list[str]]) -> bool:
    """Tell whether tests notice a mutant; say so where none does."""
    line, was, instead, whole = mutant
    source = file.read_text()
    try:
        file.write_text(whole)
        noticed = any(map(is_noticed, stages))
    finally:
        file.write_text(source)
    if not noticed:
        sys.stdout.write(f"{file}:{line}: nobody notices {instead!r} for {was!r}\n")
        sys.stdout.flush()
    return noticed


def sample(size: int, seed: str) -> list[tuple[Path, tuple[int, str, str, str]]]:
    """Return some mutants of the package, the same ones for a seed."""
    files = sorted(PACKAGE.rglob("*.py"))
    every = [(file, mutant) for file in files for mutant in mutants(file.read_text())]
    return random.Random(seed).sample(every, min(size, len(every)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("tests", nargs="*")
    parser.add_argument("--sample", type=int, help="so many changes of the whole package")
    parser.add_argument("--seed", default=None, help="the same sample again")
    given = parser.parse_args()
    if given.sample:
        seed = given.seed or str(random.randrange(10**6))
        sys.stdout.write(f"seed {seed}\n")
        tried = [try_out(file, mutant, belonging(file)) for file, mutant in sample(given.sample, seed)]
    elif given.file is None:
        parser.error("a file and its tests, or --sample")
    elif is_noticed(given.tests):
        raise SystemExit("the tests fail without any change")
    else:
        tried = [try_out(given.file, mutant, [given.tests]) for mutant in list(mutants(given.file.read_text()))]
    rate = f", {sum(tried) / len(tried):.0%}" if tried else ""
    sys.stdout.write(f"{sum(tried)} of {len(tried)} changes are noticed{rate}\n")


if __name__ == "__main__":
    main()
