"""Changes one thing of a file at a time and runs tests: ``python tests/mutate.py FILE TESTS...``.

``python tests/mutate.py --sample 100`` changes that many things of the whole package, drawn at random. It first runs
the tests once to see which of them execute which lines (``--covered DIR`` keeps that), and then for each change those
that execute it, in copies of the project. A change that no test notices is a condition, an operand, a filter or a
decorator that nobody holds. It is a tool for whoever writes tests, no part of them.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

ROOT = Path(__file__).parents[1]
# The folder of this script is in the way of the package of tests.
sys.path[:] = [str(ROOT), *(one for one in sys.path if one != str(ROOT / "tests"))]

from tests.covering import Covered, read  # noqa: E402
from tests.mutants import Mutant, mutants  # noqa: E402
from tests.workshop import Workshop  # noqa: E402

PACKAGE = Path("src", "secure_kms_constructs")
# What is run to see what executes what, and how long the tests of one change may take that ran so long then.
UNIT, SYNTH, SEMANTICS = "tests/unit", "tests/synth", "tests/semantics"
JUDGED = ("access_exhaustive", "differential", "examples", "placements", "promises", "replicas", "templates_stay")
SECONDS = 120.0


def parts() -> list[list[str]]:
    """Return what is run at a time to see what executes what, the longest first."""
    unit = sorted(f"{UNIT}/{one.name}" for one in (ROOT / UNIT).iterdir() if one.name[:5] != "test_" and one.is_dir())
    whole = [f"{UNIT}/{one.name}" for one in sorted((ROOT / UNIT).glob("test_*.py")) if one.name != "test_mutate.py"]
    return [[SYNTH], [f"{SEMANTICS}/test_{one}.py" for one in JUDGED], *([one] for one in unit), whole]


def sample(size: int, seed: str) -> list[Mutant]:
    """Return some mutants of the package, the same ones for a seed."""
    return random.Random(seed).sample(_all(), min(size, len(_all())))


@cache
def _all() -> list[Mutant]:
    files = sorted(one.relative_to(ROOT) for one in (ROOT / PACKAGE).rglob("*.py"))
    return [one for file in files for one in mutants(file, (ROOT / file).read_text())]


def chosen(mutant: Mutant, covered: Covered) -> Iterator[list[str]]:
    """Return the tests of a change: those without CDK first, and of each kind those that mirror it and the fast ones.

    They are those that execute it and, after them, those that share what these set up, until they take SECONDS.
    """
    file = str(mutant.file)
    executing = covered.by(file, range(mutant.line, mutant.last + 1)) or covered.of_file(file)
    left = SECONDS
    for kind in (UNIT, SYNTH, SEMANTICS):
        found: list[str] = []
        for tests in (executing, covered.beside(executing) - executing):
            of_kind = [one for one in tests if one.startswith(f"{kind}/")]
            for one in sorted(of_kind, key=lambda one: (not mirrors(one, mutant.file), covered.seconds[one], one)):
                if left > 0:
                    left -= covered.seconds[one]
                    found.append(one)
        if found:
            yield found


def mirrors(test: str, file: Path) -> bool:
    """Tell whether a test stands in the file that mirrors one of the package."""
    own = file.relative_to(PACKAGE)
    return test.split("::")[0].endswith(f"/{own.with_name(f'test_{own.name}').as_posix()}")


def covering(kept: Path, jobs: int) -> Covered:
    """Run the tests once, or return what is kept of that."""
    kept.mkdir(parents=True, exist_ok=True)
    if not list(kept.glob("*.json")):
        every = deque(enumerate(parts()))

        def run(_job: int) -> None:
            with Workshop(ROOT) as workshop:
                while every:
                    place, part = every.popleft()
                    workshop.run([*part, "-p", "tests.covering"], COVERED=str(kept.resolve() / f"{place}.json"))

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(run, range(jobs)))
    return read(sorted(kept.glob("*.json")))


def try_all(
    every: Iterable[tuple[Mutant, list[list[str]]]], jobs: int, enter: Callable[[Path], Any] = Workshop
) -> list[Mutant]:
    """Return the changes that no test notices, and say each."""
    pending, lock, survivors = deque(every), Lock(), list[Mutant]()

    def run(_job: int) -> None:
        with enter(ROOT) as workshop:
            while pending:
                with lock:
                    mutant, stages = pending.popleft() if pending else (None, [])
                if mutant is None:
                    return
                notices = workshop.first_to_notice(mutant, stages)
                with lock:
                    survivors.extend([] if notices else [mutant])
                    sys.stdout.write(f"{mutant}: {notices or 'NOBODY NOTICES'}\n")
                    sys.stdout.flush()

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(run, range(jobs)))
    return survivors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("tests", nargs="*")
    parser.add_argument("--sample", type=int, help="so many changes of the whole package")
    parser.add_argument("--seed", default=None, help="the same sample again")
    parser.add_argument("--jobs", type=int, default=max(1, os.cpu_count() or 1), help="how many at a time")
    parser.add_argument("--covered", type=Path, help="where what the tests execute is kept, from one run to the next")
    given = parser.parse_args()
    if given.sample:
        seed = given.seed or str(random.randrange(10**6))
        sys.stdout.write(f"seed {seed}\n")
        with tempfile.TemporaryDirectory() as temporary:
            covered = covering(given.covered or Path(temporary), given.jobs)
        every = [(one, list(chosen(one, covered))) for one in sample(given.sample, seed)]
    elif given.file is None:
        parser.error("a file and its tests, or --sample")
    else:
        file = given.file.resolve().relative_to(ROOT)
        every = [(one, [given.tests]) for one in mutants(file, (ROOT / file).read_text())]
        with Workshop(ROOT) as workshop:
            if not workshop.passes(given.tests):
                raise SystemExit("the tests fail without any change")
    survivors = try_all(every, given.jobs)
    for one in survivors:
        sys.stdout.write(f"{one}: nobody notices\n")
    noticed = len(every) - len(survivors)
    rate = f", {noticed / len(every):.0%}" if every else ""
    sys.stdout.write(f"{noticed} of {len(every)} changes are noticed{rate}\n")


if __name__ == "__main__":
    main()
