"""What changed between two maps of access: who gained it, who lost it, for whom it became wider or narrower."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby

from secure_kms_constructs.policies.lines import one_line
from secure_kms_constructs.policies.verdicts import any_of

from .circumstances import Answer, Branch, Tree, grow
from .questions import Question
from .rows import Row
from .texts import Words, of_actions

_RANK = {False: 0, None: 1, True: 2}


class Change(Enum):
    """How what a principal can do with a key changed.

    ``CHANGED`` is both wider and narrower, or the same under other conditions of the templates.
    """

    GAINED = "gained"
    LOST = "lost"
    WIDENED = "widened"
    NARROWED = "narrowed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Difference:
    """What changed for one principal and one key.

    :param key: what rows call the key.
    :param change: how it changed.
    :param principal: what rows call the principal.
    :param actions: the KMS actions for which it changed alike.
    :param before: the circumstances before, in words.
    :param after: the circumstances since, in words.
    """

    key: str
    change: Change
    principal: str
    actions: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    def __str__(self) -> str:
        was, became = "; ".join(self.before), "; ".join(self.after)
        how = f"{was} -> {became}" if was and became else was or became
        said = f"{self.change.value}: {self.principal}: {of_actions(self.actions)}"
        return said if how == _ALWAYS else f"{said}, {how}"


_ALWAYS = "always"


@dataclass(frozen=True)
class Diff:
    """What changed from one map of access to another.

    :param differences: sorted by key; empty where nothing changed.
    """

    differences: tuple[Difference, ...]

    def __bool__(self) -> bool:
        return bool(self.differences)

    def __repr__(self) -> str:
        return f"<Diff of {len(self.differences)} differences>"

    def __str__(self) -> str:
        blocks = groupby(self.differences, key=lambda one: one.key)
        told = ["\n".join([one_line(key), *(f"  {one_line(str(one))}" for one in several)]) for key, several in blocks]
        return "\n\n".join(told) or "nobody gained or lost access"


def differences(
    before: Iterable[Row], after: Iterable[Row], words_before: Words, words_after: Words
) -> Iterator[Difference]:
    """Return what changed between the rows of two maps."""
    old, new = _by_question(before), _by_question(after)
    alike: dict[Difference, list[str]] = {}
    for key, principal, action in sorted({*old, *new}):
        mine, theirs = old.get((key, principal, action), []), new.get((key, principal, action), [])
        was, became = _said(mine, words_before), _said(theirs, words_after)
        if was != became:
            one = Difference(key, _change(action, mine, theirs), principal, (), was, became)
            alike.setdefault(one, []).append(action)
    order = {change: place for place, change in enumerate(Change)}
    for one in sorted(alike, key=lambda one: (one.key, order[one.change], one.principal, alike[one])):
        yield replace(one, actions=tuple(alike[one]))


def _by_question(rows: Iterable[Row]) -> dict[tuple[str, str, str], list[Row]]:
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.key, row.principal, row.action), []).append(row)
    return found


def _said(rows: list[Row], words: Words) -> tuple[str, ...]:
    said = ((words.circumstances(row) or _ALWAYS, row.allowed) for row in rows)
    return tuple(sorted(text if allowed else f"perhaps {text}" for text, allowed in said))


def _change(action: str, before: list[Row], after: list[Row]) -> Change:
    if not before:
        return Change.GAINED
    if not after:
        return Change.LOST
    question = Question(action, tuple({id(row.side): row.side for row in (*before, *after)}.values()))
    old = len({id(row.side) for row in before})
    ranks = [(_RANK[any_of(answer[:old])], _RANK[any_of(answer[old:])]) for answer in _answers(grow(question))]
    wider, narrower = any(was < now for was, now in ranks), any(was > now for was, now in ranks)
    if not wider and not narrower:
        # The same requests, but under other conditions of the templates.
        wider, narrower = not any(row.when for row in after), not any(row.when for row in before)
    if wider is narrower:
        return Change.CHANGED
    return Change.WIDENED if wider else Change.NARROWED


def _answers(tree: Tree) -> Iterator[Answer]:
    if not isinstance(tree, Branch):
        yield tree
        return
    for _, below in tree.edges:
        yield from _answers(below)
