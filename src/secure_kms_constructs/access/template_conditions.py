"""In words, under which of a template's ``Conditions`` a row of the map is so; as few words as they allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

_Case = frozenset[tuple[str, bool]]


def alternatives(cases: Iterable[Mapping[str, bool]], every: Iterable[Mapping[str, bool]]) -> tuple[str, ...]:
    """Return the alternatives under which something is so; none where it always is.

    :param cases: the ways in which conditions may turn out for which it is so.
    :param every: all ways in which they may turn out.
    """
    held = {frozenset(case.items()) for case in cases}
    if held == {frozenset(case.items()) for case in every}:
        return ()
    return tuple(sorted(" and ".join(map(_word, sorted(case))) for case in _merged(held) if case))


def _merged(cases: set[_Case]) -> set[_Case]:
    """Two cases that differ in one condition only do not depend on it."""
    for one, other in combinations(sorted(cases, key=sorted), 2):
        differing = one ^ other
        if len(differing) == 2 and len({name for name, _ in differing}) == 1:
            return _merged(cases - {one, other} | {one & other})
    return cases


def _word(case: tuple[str, bool]) -> str:
    name, holds = case
    return name if holds else f"not {name}"
