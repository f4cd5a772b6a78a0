"""The tool that tries tests changes what decides, one thing at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutate import PACKAGE, TESTS, belonging, is_noticed, mutants, sample, try_out

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
    assert [whole for _, _, _, whole in mutants(source)] == CHANGED[source]


def test_a_change_says_where_it_is() -> None:
    [(line, was, instead, _)] = mutants("a = 1\nb = a == 2\n")
    assert (line, was, instead) == (2, "a == 2", "(a != 2)")


def test_a_sample_is_of_the_whole_package_and_the_same_for_a_seed() -> None:
    drawn = sample(60, "one")
    assert len({file.parent for file, _ in drawn}) > 3
    assert drawn == sample(60, "one") != sample(60, "two")
    assert all(file.read_text() != whole for file, (_, _, _, whole) in drawn)


@pytest.mark.parametrize(
    ("file", "tests"),
    [
        ("access/links.py", [["unit/access"], ["unit"]]),
        ("templates/keys.py", [["unit/templates/test_keys.py"], ["unit/templates"], ["unit"]]),
        ("keys.py", [["synth/test_keys.py"], ["unit", "synth"]]),
        ("scoped/writes.py", [["synth/scoped/test_writes.py"], ["synth/scoped"], ["unit", "synth"]]),
    ],
)
def test_the_tests_of_a_file_mirror_it(file: str, tests: list[list[str]]) -> None:
    assert belonging(PACKAGE / file) == [[str(TESTS / one) for one in stage] for stage in tests]


def test_a_change_is_noticed_by_a_test_that_fails_and_the_file_is_put_back(tmp_path: Path) -> None:
    file, holds, idles = (tmp_path / name for name in ("module_here.py", "test_holds.py", "test_idles.py"))
    file.write_text("yes = 1 == 1\n")
    text = f"import runpy\n\n\ndef test_it():\n    assert runpy.run_path({str(file)!r})['yes']\n"
    holds.write_text(text)
    idles.write_text("def test_it():\n    pass\n")
    [mutant] = mutants(file.read_text())
    assert not is_noticed([str(holds)])
    assert try_out(file, mutant, [[str(idles)], [str(holds)]])
    assert not try_out(file, mutant, [[str(idles)]])
    assert file.read_text() == "yes = 1 == 1\n"
