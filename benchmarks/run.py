"""Compares this library with the stock L2 of CDK: ``python benchmarks/run.py [--quick] [--markdown]``.

Both sides run in turn, so that what else the machine does falls on both, and a ratio is one of medians. The calls into
Node are exact: equal runs that count different numbers are an error. CDK's own validation of every template is off, it
takes a second a process on either side.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
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
    "stacks": (1, 10, 50),
}
TITLES = {
    "one_role": "1 role reads N secrets\n1 reader",
    "one_role_n_readers": "1 role reads N secrets\nN readers",
    "n_roles": "N roles read a secret each\nN readers",
    "keys": "N keys",
    "stacks": "N stacks of 20 roles\n20 readers each, keys shared",
}
# How many times the L2's time we may take, for some N.
AIMS = {
    ("one_role", 1000, "grant"): 0.3,
    ("one_role", 1000, "total"): 0.7,
    ("n_roles", 100, "total"): 1.3,
    ("n_roles", 1000, "total"): 1.0,
    ("keys", 400, "total"): 1.5,
    ("stacks", 50, "total"): 1.3,
}
IMPORT_AIM = 1.05
# Whoever uses the L2 has loaded the modules of CDK that we need, so the second import is what we add.
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
Pairs = dict[tuple[str, int], tuple[Result, Result]]


def child(*arguments: str) -> str:
    """Run Python in a fresh process and return the last line it prints."""
    environment = {**os.environ, "CDK_VALIDATION": "false"}
    # Bytecode is kept, as it is wherever a wheel is installed.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[-1]


def measure(sizes: Mapping[str, Sequence[int]], rounds: int, together: bool) -> Pairs:
    """Measure each workload in processes of its own, or all of them together where only the smoke counts."""
    script = str(Path(__file__).with_name("workloads.py"))
    parts = [sizes] if together else [{name: several} for name, several in sizes.items()]
    steps = [(side, part) for _ in range(rounds) for part in parts for side in ("l2", "ours")]
    found: dict[tuple[str, int, str], list[Result]] = {}
    for side, part in track(steps, "measuring", console=Console(stderr=True), transient=True):
        for name, results in json.loads(child(script, side, json.dumps(part))).items():
            for n, result in results.items():
                found.setdefault((name, int(n), side), []).append(result)
    return {
        (name, n): (combine(found[name, n, "l2"]), combine(found[name, n, "ours"]))
        for name, several in sizes.items()
        for n in several
    }


def combine(results: list[Result]) -> Result:
    """Return one result with the median times; everything else must be equal."""
    phases = {}
    for phase in [*results[0]["phases"], "total"]:
        runs = [list(r["phases"].values()) if phase == "total" else [r["phases"][phase]] for r in results]
        calls = {sum(part["calls"] for part in run) for run in runs}
        if len(calls) > 1:
            raise RuntimeError(f"{phase} took {sorted(calls)} jsii calls in equal runs")
        phases[phase] = {"ms": median(sum(part["ms"] for part in run) for run in runs), "calls": calls.pop()}
    return {**results[0], "phases": phases}


def times(l2: Result, ours: Result, phase: str) -> str:
    if phase not in l2["phases"]:
        return ""
    one, other = l2["phases"][phase], ours["phases"][phase]
    mark = "†" if ours["refused"] and phase in ("synth", "total") else ""
    ratio = f"{other['ms'] / one['ms']:.2f}x{mark}"
    return f"{one['ms']:.0f} → {other['ms']:.0f} ms  {ratio}\n{one['calls']} → {other['calls']} calls"


def as_table(pairs: Pairs, rounds: int) -> Table:
    table = Table(title=f"stock L2 → secure-kms-constructs, median of {rounds}", show_lines=True)
    for header in ("", "N", "keys, secrets, roles", "grants", "synth", "all", "policies", "over quota"):
        table.add_column(header, no_wrap=True)
    for (name, n), (l2, ours) in pairs.items():
        policies = f"{l2['policies']} → {ours['policies']}, {l2['identity']} → {ours['identity']} characters\n"
        quotas = [f"{who}: {', '.join(one['broken'])}" for who, one in (("L2", l2), ("ours", ours)) if one["broken"]]
        table.add_row(
            TITLES[name],
            str(n),
            *(times(l2, ours, phase) for phase in ("make", "grant", "synth", "total")),
            (policies if l2["policies"] else "") + f"key policy {l2['key']} → {ours['key']}",
            "\n".join(quotas),
        )
    return table


def as_markdown(table: Table) -> Iterator[str]:
    columns = [[str(column.header), *map(str, column.cells)] for column in table.columns]
    header, *rows = ("| " + " | ".join(cells).replace("\n", "<br>") + " |" for cells in zip(*columns, strict=True))
    yield from (header, "|--" * len(columns) + "|", *rows)


def notes(pairs: Pairs, imports: list[list[float]]) -> Iterator[str]:
    if any(ours["refused"] for _, ours in pairs.values()):
        yield "† over quota, so our synth fails by design (the L2's does not); timed with `skip_validation=True`."
    for (name, n, phase), most in AIMS.items():
        if (name, n) in pairs:
            l2, ours = (side["phases"][phase]["ms"] for side in pairs[name, n])
            yield f"{verdict(ours / l2, most)} {name}, N = {n}, {phase}"
    theirs, both = map(median, zip(*imports, strict=True))
    yield f"{verdict(both / theirs, IMPORT_AIM)} import, {theirs:.0f} ms of aws_cdk and {both - theirs:.0f} ms of ours"


def verdict(ratio: float, most: float) -> str:
    return f"{'met' if ratio <= most else 'MISSED'}: {ratio:.2f}x, aim {most}x:"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round with small N: does it run at all")
    parser.add_argument("--markdown", action="store_true", help="print what the page shows between its marks")
    options = parser.parse_args()
    rounds = 1 if options.quick else ROUNDS
    sizes = {name: several[:2] if options.quick else several for name, several in SIZES.items()}

    child("-c", IMPORTS)  # compiles what is not compiled yet
    imports = [[float(ms) for ms in child("-c", IMPORTS).split()] for _ in range(rounds)]
    pairs = measure(sizes, rounds, together=options.quick)
    table, console = as_table(pairs, rounds), Console()
    said = list(notes(pairs, imports))
    if options.markdown:
        marks, aims = ([one for one in said if one.startswith("†") is marked] for marked in (True, False))
        print(*as_markdown(table), "", *marks, "", "```", *aims, "```", sep="\n")
    else:
        Console(width=max(console.width, 220)).print(table)
        print(*said, sep="\n")


if __name__ == "__main__":
    main()
