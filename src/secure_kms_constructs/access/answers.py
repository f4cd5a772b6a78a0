"""The rows that answer a question: of each landscape, with the conditions of the templates under which they are so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from secure_kms_constructs.templates.landscape import Key, Landscape

from .cases import by_stand_ins, held, is_of_place
from .landscape_access import Found, LandscapeAccess
from .parties import Party
from .rows import Row, split
from .template_conditions import alternatives
from .value_classes import Constraint

# Rows, and the landscape that they are of.
Told = tuple[Iterable[Row], Landscape]


def key_name(key: Key) -> str:
    """Return what rows call a key."""
    return key.source.path if key.source else key.arn


def rows_of(access: LandscapeAccess, party: Party, name: str, action: str, key: Key, found: Found) -> Iterator[Row]:
    """Return what was found of a principal as rows that call it by a name."""
    for allowed, region in found.regions:
        via, encryption_context, conditions = split(region.constraints)
        yield Row(
            name,
            action,
            key_name(key),
            allowed,
            via,
            encryption_context,
            conditions,
            party=party,
            side=access.side(party, key),
            region=region,
            sources=access.landscape.sources,
        )


def rows_when_asked(
    access: LandscapeAccess, who: str, action: str, key: Key, given: Mapping[str, list[Any]] | None
) -> Iterator[tuple[Party, Iterator[Row]]]:
    """Ask for each party that a name stands for, and return it with its rows."""
    for party in access.called(who, key):
        yield party, rows_of(access, party, party.name, action, key, access.ask(party, action, key, given))


def merged(answers: Iterable[Told], landscapes: Sequence[Landscape], named: Collection[str] = ()) -> Iterator[Row]:
    """Return the rows of all landscapes, each row once, with the conditions under which it is so.

    What holds only where stacks go to some of the places that policies name is not known.

    :param landscapes: all that were asked.
    :param named: principals of whom must be told by the names that policies call them, too.
    """
    found: dict[int, tuple[Landscape, list[Row]]] = {}
    for rows, landscape in answers:
        found.setdefault(id(landscape), (landscape, []))[1].extend(rows)
    if len(landscapes) == 1:
        yield from sorted((row for _, rows in found.values() for row in dict.fromkeys(rows)), key=_order)
        return

    def is_told(row: Row, own: Row) -> bool:
        return row.principal != own.principal and row.principal in named

    every = [one.assumes for one in landscapes]
    sure: dict[Row, list[Landscape]] = {}
    for row, where in held(list(found.values()), _by_stand_ins, is_told).items():
        depends = is_of_place(alternatives([one.assumes for one in where], every))
        sure.setdefault(replace(row, allowed=None) if depends else row, []).extend(where)
    for row in sorted(sure, key=_order):
        yield replace(row, when=alternatives([one.assumes for one in sure[row]], every))


def _by_stand_ins(row: Row, names: Mapping[str, str]) -> Row:
    def renamed(one: Constraint) -> Constraint:
        return replace(one, values=tuple(by_stand_ins(value, names) for value in one.values))

    return replace(
        row,
        principal=by_stand_ins(row.principal, names),
        via=row.via and renamed(row.via),
        encryption_context=tuple(map(renamed, row.encryption_context)),
        conditions=tuple(map(renamed, row.conditions)),
    )


def _order(row: Row) -> tuple[bool, str, bool, tuple[str, ...]]:
    return row.party.outsider, row.principal, row.allowed is None, row.region.said
