"""Compares this library with the stock L2 of CDK: ``python benchmarks/run.py [--quick] [--markdown]``.

Both sides run in turn, so that what else the machine does falls on both; the ratio is of the medians. Calls into Node
are exact, and a benchmark that counts two numbers for one thing fails. CDK's own validation of every template is off:
it takes a second a process on either side.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

ROUNDS = 5
SIZES = {
    "one_role": (1, 10, 100, 1000),
    "one_role_n_readers": (1, 10, 100, 1000),
    "n_roles": (1, 10, 100, 1000),
    "keys": (1, 10, 100, 400),
}
# The stock L2 has one way to serve one role.
BASELINE = {"one_role_n_readers": "one_role"}
TITLES = {
    "one_role": "1 role reads N secrets\n1 reader",
    "one_role_n_readers": "1 role reads N secrets\nN readers",
    "n_roles": "N roles read a secret each\nN readers",
    "keys": "N keys",
}
# (workload, N, phase): how many times the L2's time it may take.
AIMS = {
    ("one_role", 1000, "grant"): 0.5,
    ("one_role", 1000, "total"): 2.0,
    ("one_role_n_readers", 1000, "total"): 2.0,
    ("n_roles", 1000, "total"): 2.0,
    ("keys", 400, "total"): 2.0,
}
IMPORT_AIM = 1.05
# The second import loads only what is ours: whoever uses the L2 has loaded the modules of CDK that we need.
IMPORTS = """
import time
start = time.perf_counter()
import aws_cdk
from aws_cdk import aws_iam, aws_kms, aws_logs, aws_secretsmanager
theirs = time.perf_counter()
from secure_kms_constructs import AWS_MANAGED, HardenedKey, LogGroupWithCmk, ScopedSecretReader, Service, Use
print((theirs - start) * 1000, (time.perf_counter() - start) * 1000)
"""
Result = dict[str, Any]


def child(*arguments: str) -> str:
    """Run Python in a fresh process and return what it prints."""
    environment = {**os.environ, "CDK_VALIDATION": "false"}
    done = subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[-1]


def measure_round(sizes: dict[str, tuple[int, ...]]) -> Iterator[tuple[tuple[str, str], dict[str, Result]]]:
    """Measure every workload once, each side in a process of its own, the L2 before ours."""
    for workload, several in sizes.items():
        for side in ("l2", "ours"):
            if side == "ours" or workload not in BASELINE:
                script = str(Path(__file__).with_name("workloads.py"))
                yield (workload, side), json.loads(child(script, workload, side, *map(str, several)))


def combine(results: list[Result]) -> Result:
    """Return one result with the median times; everything else must be equal."""
    first = results[0]
    phases = {}
    for name in [*first["phases"], "total"]:
        parts = [list(r["phases"].values()) if name == "total" else [r["phases"][name]] for r in results]
        counted = {sum(phase["calls"] for phase in run) for run in parts}
        if len(counted) > 1:
            raise RuntimeError(f"{name} took {sorted(counted)} jsii calls in equal runs")
        phases[name] = {"ms": median(sum(phase["ms"] for phase in run) for run in parts), "calls": counted.pop()}
    return {**first, "phases": phases}


def cell(l2: Result, ours: Result, phase: str) -> str:
    if phase not in l2["phases"]:
        return ""
    one, other = l2["phases"][phase], ours["phases"][phase]
    mark = "†" if phase in ("synth", "total") and ours["refused"] else ""
    return (
        f"{one['ms']:.0f} → {other['ms']:.0f} ms  {other['ms'] / one['ms']:.2f}x{mark}\n"
        f"{one['calls']} → {other['calls']} calls"
    )


def sizes_cell(l2: Result, ours: Result) -> str:
    lines = [f"key {l2['key']} → {ours['key']}"]
    if l2["policies"]:
        lines.insert(0, f"{l2['policies']} → {ours['policies']}: {l2['identity']} → {ours['identity']}")
    return "\n".join(lines)


def quota_cell(l2: Result, ours: Result) -> str:
    def said(result: Result) -> str:
        return ", ".join(result["broken"]) or "fits"

    return f"L2: {said(l2)}\nours: {said(ours)}" + (", synth refuses" if ours["refused"] else "")


def as_table(pairs: dict[tuple[str, int], tuple[Result, Result]], rounds: int) -> Table:
    table = Table(title=f"Stock L2 → secure-kms-constructs, median of {rounds}", show_lines=True)
    for name in ("", "N", "make keys, secrets, roles", "grant", "synth", "total"):
        table.add_column(name, no_wrap=True, justify="right" if name == "N" else "left")
    table.add_column("policies: characters", no_wrap=True)
    table.add_column("quotas")
    for (workload, n), (l2, ours) in pairs.items():
        times = [cell(l2, ours, phase) for phase in ("make", "grant", "synth", "total")]
        table.add_row(TITLES[workload], str(n), *times, sizes_cell(l2, ours), quota_cell(l2, ours))
    return table


def as_markdown(table: Table) -> Iterator[str]:
    columns = [[str(column.header), *map(str, column.cells)] for column in table.columns]
    for number, row in enumerate(zip(*columns, strict=True)):
        yield "| " + " | ".join(text.replace("\n", "<br>") for text in row) + " |"
        if number == 0:
            yield "|--" * len(columns) + "|"


def notes(pairs: dict[tuple[str, int], tuple[Result, Result]], imports: list[tuple[float, float]]) -> Iterator[str]:
    if any(ours["refused"] for _, ours in pairs.values()):
        yield "† the policies fit no quota, so our synth fails by design; timed with skip_validation=True"
    for (workload, n, phase), most in AIMS.items():
        if (workload, n) in pairs:
            l2, ours = (side["phases"][phase]["ms"] for side in pairs[workload, n])
            yield f"{verdict(ours / l2, most)} {workload}, N = {n}, {phase}"
    theirs, both = (median(column) for column in zip(*imports, strict=True))
    yield f"{verdict(both / theirs, IMPORT_AIM)} import: {theirs:.0f} ms of aws_cdk, {both - theirs:.0f} ms of ours"


def verdict(ratio: float, most: float) -> str:
    return f"{'met   ' if ratio <= most else 'MISSED'} {ratio:.2f}x of at most {most:.2f}x:"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round with small N: does it run at all")
    parser.add_argument("--markdown", action="store_true", help="print the table for the documentation")
    options = parser.parse_args()
    rounds = 1 if options.quick else ROUNDS
    sizes = {name: several[:2] if options.quick else several for name, several in SIZES.items()}

    console = Console()
    child("-c", IMPORTS)  # compiles what is not compiled yet
    imports = [tuple(map(float, child("-c", IMPORTS).split())) for _ in range(rounds)]
    measured: dict[tuple[str, str, str], list[Result]] = {}
    steps = (step for _ in range(rounds) for step in measure_round(sizes))
    total = rounds * (2 * len(sizes) - len(BASELINE))
    for (workload, side), results in track(steps, "measuring", total, console=Console(stderr=True), transient=True):
        for n, result in results.items():
            measured.setdefault((workload, side, n), []).append(result)
    pairs = {
        (workload, n): (
            combine(measured[BASELINE.get(workload, workload), "l2", str(n)]),
            combine(measured[workload, "ours", str(n)]),
        )
        for workload, several in sizes.items()
        for n in several
    }
    table = as_table(pairs, rounds)
    if options.markdown:
        print(*as_markdown(table), "", *notes(pairs, imports), sep="\n")
    else:
        Console(width=max(console.width, 190)).print(table)
        print(*notes(pairs, imports), sep="\n")


if __name__ == "__main__":
    main()
