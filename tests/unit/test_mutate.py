"""The tool that tries tests changes what decides, one thing at a time, and runs the tests that execute it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.covering import Covered, read
from tests.mutants import Mutant, mutants
from tests.mutate import PACKAGE, ROOT, chosen, covering, parts, sample, try_all
from tests.workshop import Workshop

FILE = Path("module.py")
CHANGED = {
    "if a: b()": ["if True: b()", "if False: b()", "if a: pass"],
    "c = 1 if ä else 2": ["c = 1 if True else 2", "c = 1 if False else 2"],
    "c = [a for a in b if a]": ["c = [a for a in b if True]"],
    "c = a > 1": ["c = (a <= 1)"],
    "c = a and b": ["c = ((b))", "c = ((a))"],
    "c = a or b": ["c = ((b))", "c = ((a))"],
    "'a docstring'": [],
    "c = a + 1": [],
}


@pytest.mark.parametrize("source", CHANGED)
def test_each_thing_that_decides_is_changed_alone(source: str) -> None:
    assert [one.applied(source) for one in mutants(FILE, source)] == CHANGED[source]


def test_a_change_says_where_it_is() -> None:
    [one] = mutants(FILE, "a = 1\nb = (a ==\n  2)\n")
    assert (one.line, one.last, one.was, one.instead) == (2, 3, "a ==\n  2", "(a != 2)")
    assert str(one) == "module.py:2: '(a != 2)' for 'a == 2'"


def test_a_sample_is_of_the_whole_package_and_the_same_for_a_seed() -> None:
    drawn = sample(60, "one")
    assert len({one.file.parent for one in drawn}) > 3
    assert drawn == sample(60, "one") != sample(60, "two")
    assert all(one.applied(source) != source for one in drawn if (source := (ROOT / one.file).read_text()))


def test_all_tests_of_the_plain_half_and_of_the_other_are_run_to_see_what_they_execute() -> None:
    run = {one for part in parts() for one in part}
    assert {"tests/synth", "tests/unit/access", "tests/unit/test_settings.py"} <= run
    assert all((ROOT / one).exists() for one in run)


NEAR, FAST, SLOW, OTHER, LATER = (
    "tests/unit/access/test_links.py::test_near",
    "tests/unit/cli/test_x.py::test_fast",
    "tests/unit/cli/test_x.py::test_slow",
    "tests/unit/cli/test_x.py::test_other",
    "tests/synth/test_y.py::test_later",
)
LINKS = PACKAGE / "access" / "links.py"
COVERED = Covered(
    {str(LINKS): {1: [], 5: [FAST, SLOW, NEAR, LATER], 7: [FAST]}},
    {NEAR: 9.0, FAST: 1.0, SLOW: 2.0, OTHER: 0.5, LATER: 1.0},
)


@pytest.mark.parametrize(
    ("line", "last", "tests"),
    [
        (5, 5, [[NEAR, FAST, SLOW, OTHER], [LATER]]),
        (4, 6, [[NEAR, FAST, SLOW, OTHER], [LATER]]),
        (7, 7, [[FAST, OTHER, SLOW]]),
        # What nothing but the import executes is of all that execute the file.
        (1, 1, [[NEAR, FAST, SLOW, OTHER], [LATER]]),
    ],
)
def test_a_change_is_tried_with_the_tests_that_execute_it(line: int, last: int, tests: list[list[str]]) -> None:
    assert list(chosen(Mutant(LINKS, line, last, "a", "b"), COVERED)) == tests


def test_no_more_tests_are_tried_than_there_is_time_for() -> None:
    for near, tests in ((120.0, [[NEAR]]), (118.0, [[NEAR, FAST, SLOW]]), (1.0, [[NEAR, FAST, SLOW, OTHER], [LATER]])):
        covered = Covered(COVERED.lines, {**COVERED.seconds, NEAR: near})
        assert list(chosen(Mutant(LINKS, 5, 5, "a", "b"), covered)) == tests


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project under git whose tests are one that holds something, one that holds nothing and one that fails."""
    files = {
        "pyproject.toml": "[tool.pytest.ini_options]\n",
        str(PACKAGE / "__init__.py"): "",
        str(PACKAGE / "answers.py"): "def yes(a):\n    if a == 1:\n        return True\n    return False\n",
        "tests/unit/plain/test_holds.py": HOLDS,
        "tests/unit/plain/test_idles.py": "def test_idles():\n    pass\n",
        "tests/unit/plain/test_fails.py": "def test_fails():\n    assert False\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name in ("covering.py", "mutants.py"):
        (tmp_path / "tests" / name).write_text((ROOT / "tests" / name).read_text())
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


HOLDS = """
import importlib.util, pathlib, pytest
file = pathlib.Path("src", "secure_kms_constructs", "answers.py").resolve()
spec = importlib.util.spec_from_file_location("answers", file)
answers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(answers)

@pytest.mark.parametrize("a", [1, 2])
def test_holds(a):
    assert answers.yes(a) is (a == 1)
"""
HOLDS_IT = "tests/unit/plain/test_holds.py::test_holds"
IDLES, FAILS = "tests/unit/plain/test_idles.py::test_idles", "tests/unit/plain/test_fails.py::test_fails"


def test_a_change_is_noticed_by_a_test_that_fails_and_nothing_of_the_project_changes(project: Path) -> None:
    source = (project / PACKAGE / "answers.py").read_text()
    changed = next(mutants(PACKAGE / "answers.py", source))
    with Workshop(project) as workshop:
        assert workshop.passes([HOLDS_IT])
        assert not workshop.passes([FAILS])
        assert workshop.first_to_notice(changed, [[IDLES], [HOLDS_IT]]) == f"{HOLDS_IT}[2]"
        assert workshop.first_to_notice(changed, [[IDLES]]) == ""
        assert workshop.passes([HOLDS_IT])
        assert not (project / "tests-to-run.txt").exists()
    assert (project / PACKAGE / "answers.py").read_text() == source


def test_what_never_ends_is_noticed(project: Path) -> None:
    endless = Mutant(PACKAGE / "answers.py", 2, 2, "if a", "while True: pass\n    if a", start=len("def yes(a):\n    "))
    with Workshop(project, seconds=2) as workshop:
        assert workshop.first_to_notice(endless, [[HOLDS_IT]]) == "pytest ends with -24"
        assert workshop.first_to_notice(endless, [[IDLES]]) == ""


def test_tests_that_are_not_there_notice_nothing(project: Path) -> None:
    changed = next(mutants(PACKAGE / "answers.py", (project / PACKAGE / "answers.py").read_text()))
    with Workshop(project) as workshop, pytest.raises(RuntimeError, match="does not find some of 1 tests"):
        workshop.first_to_notice(changed, [[f"{HOLDS_IT}_and_more"]])


def test_a_run_remembers_what_executes_what_without_tests_that_fail(project: Path) -> None:
    with Workshop(project) as workshop:
        file = project / "covered.json"
        workshop.run(["tests/unit", "-p", "tests.covering"], COVERED=str(file))
    covered = read([file])
    answers = str(PACKAGE / "answers.py")
    assert covered.by(answers, [2]) == covered.by(answers, [1, 2, 3]) == covered.of_file(answers) == {HOLDS_IT}
    assert covered.by(answers, [1]) == covered.by(answers, [99]) == covered.by("another.py", [2]) == frozenset()
    assert covered.seconds.keys() == {HOLDS_IT, IDLES}
    assert covered.beside([HOLDS_IT]) == {HOLDS_IT}


def test_what_tests_execute_is_kept_from_one_run_to_the_next(tmp_path: Path) -> None:
    (tmp_path / "0.json").write_text('{"seconds": {"a::b": 1.5}, "lines": {"x.py": {"3": [0]}}}')
    assert covering(tmp_path, 1) == Covered({"x.py": {3: ["a::b"]}}, {"a::b": 1.5})


def test_all_changes_are_tried_and_those_that_nobody_notices_told(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (Mutant(FILE, line, line, "a", "b") for line in (1, 2))

    class Bench:
        def __enter__(self) -> Bench:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def first_to_notice(self, mutant: Mutant, stages: list[list[str]]) -> str:
            return stages[0][0] if mutant is first else ""

    assert try_all([(first, [["FAILED it"]]), (second, [])], 2, lambda _root: Bench()) == [second]
    assert sorted(capsys.readouterr().out.splitlines()) == [f"{first}: FAILED it", f"{second}: NOBODY NOTICES"]
