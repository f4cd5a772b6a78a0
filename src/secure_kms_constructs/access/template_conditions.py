"""In words, under which of a template's ``Conditions`` a row of the map is so; as few words as they allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Assumed = Mapping[str, bool | str]
_Case = frozenset[tuple[str, bool | str]]


def alternatives(
    cases: Iterable[Mapping[str, bool | str]], every: Iterable[Mapping[str, bool | str]]
) -> tuple[str, ...]:
    """Return the alternatives under which something is so; none where it always is.

    :param cases: the ways in which conditions may turn out for which it is so.
    :param every: all ways in which they may turn out.
    """
    held = {frozenset(case.items()) for case in cases}
    possible = {frozenset(case.items()) for case in every}
    if held == possible:
        return ()
    values: dict[str, set[bool | str]] = {}
    for name, value in (pair for case in possible for pair in case):
        values.setdefault(name, {value} if isinstance(value, str) else {True, False}).add(value)
    return tuple(sorted(" and ".join(map(_word, sorted(case, key=_order))) for case in _merged(held, values) if case))


def _merged(cases: set[_Case], values: Mapping[str, set[bool | str]]) -> set[_Case]:
    """Cases that differ in the value of one name only, and have all of its values, do not depend on it."""
    for name in sorted(values, reverse=True):
        alike: dict[_Case, set[_Case]] = {}
        for case in cases:
            rest = frozenset(pair for pair in case if pair[0] != name)
            if rest != case:
                alike.setdefault(rest, set()).add(case)
        for rest, several in alike.items():
            if len(several) == len(values[name]) > 1:
                return _merged(cases - several | {rest}, values)
    return cases


def _word(case: tuple[str, bool | str]) -> str:
    name, value = case
    if isinstance(value, str):
        return f"{name} is {value}"
    return name if value else f"not {name}"


def _order(case: tuple[str, bool | str]) -> tuple[str, str]:
    return case[0], str(case[1])
