"""The rows that answer a question: of each landscape, with the conditions of the templates under which they are so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from secure_kms_constructs.templates.landscape import Key

from .landscape_access import Found, LandscapeAccess
from .parties import Party
from .rows import Row, split
from .template_conditions import alternatives

# Rows, and the outcomes of the templates' conditions under which they are so.
Assumed = tuple[Iterable[Row], Mapping[str, bool]]


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


def merged(answers: Iterable[Assumed], every: Iterable[Mapping[str, bool]]) -> Iterator[Row]:
    """Return the rows of all landscapes, each row once, with the conditions under which it is so.

    :param every: the outcomes that the conditions of the templates may have.
    """
    every = list(every)
    assumed: dict[Row, list[Mapping[str, bool]]] = {}
    for rows, assumes in answers:
        for row in rows:
            assumed.setdefault(row, []).append(assumes)
    for row in sorted(assumed, key=_order):
        yield row if len(every) == 1 else replace(row, when=alternatives(assumed[row], every))


def _order(row: Row) -> tuple[bool, str, bool, tuple[str, ...]]:
    return row.party.outsider, row.principal, row.allowed is None, row.region.said
