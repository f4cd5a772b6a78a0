"""Which tests execute which lines of the package: a plugin of pytest that remembers it, and what is remembered.

``COVERED=file pytest -p tests.covering tests/unit`` writes it; ``tests/mutate.py`` does that, and asks.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import pytest

PACKAGE = Path("src", "secure_kms_constructs")

# Functions with what executed their lines; lines of the import have nobody.
Tests = frozenset[str]


@dataclass(frozen=True)
class Covered:
    """What a run of tests remembered.

    :param lines: by file, relative to the root, and line, the test functions that executed it.
    :param seconds: how long each test function took, with what it set up.
    """

    lines: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def by(self, file: str, lines: Iterable[int]) -> Tests:
        """Return the test functions that executed one of some lines."""
        of_file = self.lines.get(file, {})
        return frozenset(one for line in lines for one in of_file.get(line, ()))

    def of_file(self, file: str) -> Tests:
        """Return the test functions that executed any line of a file."""
        return self.by(file, self.lines.get(file, ()))

    def beside(self, tests: Iterable[str]) -> Tests:
        """Return all test functions of the files of some: they share what the first of them set up."""
        files = {one.split("::")[0] for one in tests}
        return frozenset(one for one in self.seconds if one.split("::")[0] in files)


def read(files: Iterable[Path]) -> Covered:
    """Read what some runs remembered."""
    lines: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    seconds: dict[str, float] = {}
    for file in files:
        written = json.loads(file.read_text())
        seconds |= written["seconds"]
        names = list(written["seconds"])
        for source, by_line in written["lines"].items():
            for line, places in by_line.items():
                lines[source][int(line)] += [names[place] for place in places]
    return Covered({source: dict(by_line) for source, by_line in lines.items()}, seconds)


class Recorder:
    """Remembers, while tests run."""

    def __init__(self, root: Path, file: Path) -> None:
        from coverage import Coverage

        self._root, self._file = root, file
        self._seconds: dict[str, float] = defaultdict(float)
        self._failed: set[str] = set()
        self._coverage = Coverage(data_file=None, source=[str(root / PACKAGE)], messages=False)
        self._coverage.start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        name = _function(item.nodeid)
        self._coverage.switch_context(name)
        start = perf_counter()
        try:
            return (yield)
        finally:
            self._seconds[name] += perf_counter() - start
            self._coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(_function(report.nodeid))

    def pytest_sessionfinish(self) -> None:
        """Write all but tests that fail without any change, which would notice every one."""
        self._coverage.stop()
        seconds = {name: round(took, 3) for name, took in self._seconds.items() if name not in self._failed}
        places = {name: place for place, name in enumerate(seconds)}
        data = self._coverage.get_data()
        lines = {
            str(Path(file).relative_to(self._root)): {
                line: sorted({places[name] for name in contexts if name in places})
                for line, contexts in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        self._file.write_text(json.dumps({"seconds": seconds, "lines": lines}))


def _function(nodeid: str) -> str:
    """Return the test function of one of its cases."""
    return nodeid.split("[")[0]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder(config.rootpath, Path(os.environ["COVERED"])), "covering")
