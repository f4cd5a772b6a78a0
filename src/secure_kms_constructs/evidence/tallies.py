"""Uses counted, in memory that the number of different uses bounds.

What is kept does not depend on the order in which events come, nor on who read which of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from secure_kms_constructs.aws.cloudtrail import RESOURCE_NAMES

from .contexts import Context

# How many values of names that are no resources are kept beside each other, before one stands for all.
VALUES = 20
# The same for values that are resources: many, and not as many as somebody likes to make up.
RESOURCES = 2_000
# How many sets of names.
SHAPES = 50
# So many events of a use are kept by their ids. Up to this number, an event that is read twice counts once.
EVENTS = 3
# Past this, what is read is no account but made up.
ROWS = 1_000_000

Shape = tuple[str, ...]


class Head(NamedTuple):
    """What tells uses apart beside the encryption context.

    :param outcome: ``used``, ``denied`` or ``failed``.
    :param service: the service that called for the caller, as CloudTrail names it.
    :param via: the ``kms:ViaService`` that follows.
    :param id: the unique id of the principal, until it is known who that is.
    """

    outcome: str
    kind: str
    principal: str
    account: str
    action: str
    key: str | None
    service: str | None
    via: str | None
    id: str = ""


class Tally:
    """How often and when.

    :param own: events that the caller's account recorded.
    :param other: those that another account recorded, which are the same calls where both are read.
    """

    __slots__ = ("events", "first", "last", "other", "own")

    def __init__(self) -> None:
        self.first = "~"
        self.last = ""
        self.own = self.other = 0
        self.events: list[str] = []

    def add(self, time: str, event: str, own: bool) -> None:
        """Count an event."""
        if len(self.events) < EVENTS:
            if event in self.events:
                return
            self.events.append(event)
        elif event in self.events:
            return
        if time < self.first:
            self.first = time
        if time > self.last:
            self.last = time
        if own:
            self.own += 1
        else:
            self.other += 1

    def merge(self, other: Tally) -> None:
        """Add what somebody else counted."""
        twice = len(set(self.events) & set(other.events))
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.own += other.own - (twice if other.own else 0)
        self.other += other.other - (0 if other.own else twice)
        self.events = list(dict.fromkeys([*self.events, *other.events]))[:EVENTS]

    @property
    def count(self) -> int:
        """The number of calls."""
        return max(self.own, self.other)


class Tallies:
    """All uses."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Head, Context | None], Tally] = {}
        self._members: dict[tuple[Head, Shape], set[Context]] = {}
        self._parts: dict[tuple[Head, Shape], tuple[set[Context], set[Context]]] = {}
        self._shapes: dict[Head, set[Shape]] = {}
        self._levels: dict[tuple[Head, Shape], int] = {}
        self._nameless: set[Head] = set()

    def add(self, head: Head, context: Context, time: str, event: str, own: bool) -> None:
        """Count a use."""
        tally = self._rows.get((head, context))
        if tally is None:
            tally = self._row(head, context)
        tally.add(time, event, own)

    def merge(self, other: Tallies) -> None:
        """Add what somebody else counted."""
        for head, context, tally in other:
            self.put(head, context, tally)

    def put(self, head: Head, context: Context | None, tally: Tally) -> None:
        """Add what was counted of one use; what was too much for somebody else is too much for all."""
        self._adopt(head, context)
        self._row(head, context).merge(tally)

    def __iter__(self) -> Iterator[tuple[Head, Context | None, Tally]]:
        return ((head, context, tally) for (head, context), tally in self._rows.items())

    def _row(self, head: Head, context: Context | None) -> Tally:
        """Return the row of a use, and make room for it."""
        folded = self._folded(head, context)
        if (head, folded) not in self._rows:
            if folded is not None:
                self._enter(head, folded)
                folded = self._folded(head, folded)
            self._rows.setdefault((head, folded), Tally())
            if len(self._rows) > ROWS:
                raise ValueError(f"more than {ROWS:,} different uses were found: read a shorter period, or one account")
        return self._rows[(head, folded)]

    def _adopt(self, head: Head, context: Context | None) -> None:
        if context is None:
            if head not in self._nameless:
                self._nameless.add(head)
                for one in self._shapes.get(head, ()):
                    self._refold(head, one)
            return
        missing = [name for name, value in context if value is None]
        level = 0 if not missing else 2 if any(name in RESOURCE_NAMES.value for name in missing) else 1
        shape = _shape(context)
        if level > self._levels.get((head, shape), 0):
            self._levels[(head, shape)] = level
            self._refold(head, shape)

    def _folded(self, head: Head, context: Context | None) -> Context | None:
        if context is None or head in self._nameless:
            return None
        return _fold(context, self._levels.get((head, _shape(context)), 0))

    def _enter(self, head: Head, context: Context) -> None:
        shape = _shape(context)
        shapes = self._shapes.setdefault(head, set())
        shapes.add(shape)
        if len(shapes) > SHAPES:
            self._nameless.add(head)
            for one in shapes:
                self._refold(head, one)
            return
        self._members.setdefault((head, shape), set()).add(context)
        parts = self._parts.setdefault((head, shape), (set(), set()))
        for part, kept in zip(parts, _parts(context), strict=True):
            part.add(kept)
        level = self._levels.get((head, shape), 0)
        more = 2 if len(parts[1]) > RESOURCES else 1 if len(parts[0]) > VALUES else 0
        if more > level:
            self._levels[(head, shape)] = more
            self._refold(head, shape)

    def _refold(self, head: Head, shape: Shape) -> None:
        before = self._members.pop((head, shape), set())
        after = self._members.setdefault((head, shape), set())
        for context in before:
            folded = self._folded(head, context)
            if folded is not None:
                after.add(folded)
            tally = self._rows.pop((head, context), None)
            if tally is not None:
                self._rows.setdefault((head, folded), Tally()).merge(tally)


def _shape(context: Context) -> Shape:
    return tuple([name for name, _ in context])


def _parts(context: Context) -> tuple[Context, Context]:
    """Return the pairs of a context that are no resources, and those that are."""
    return (
        tuple(pair for pair in context if pair[0] not in RESOURCE_NAMES.value),
        tuple(pair for pair in context if pair[0] in RESOURCE_NAMES.value),
    )


def _fold(context: Context, level: int) -> Context:
    """Return a context without values that are no resources, or without any."""
    if level == 0:
        return context
    return tuple((name, value if level == 1 and name in RESOURCE_NAMES.value else None) for name, value in context)
