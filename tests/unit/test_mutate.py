"""The tool that tries tests changes what decides, one thing at a time."""

from __future__ import annotations

import pytest

from tests.mutate import mutants

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
