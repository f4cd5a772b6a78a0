"""The circumstances under which a question has an answer, as a tree of condition keys cut into few regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from secure_kms_constructs.policies.patterns import ContextValue
from secure_kms_constructs.policies.verdicts import Verdict

from .questions import OPEN, Question
from .value_classes import Constraint, Domain

# So many evaluations answer one question; what is left then is unknown, never denied.
EVALUATIONS = 4_096


@dataclass(frozen=True)
class Branch:
    """A condition key on which the answer depends, and what it is for each set of classes of its values."""

    key: str
    edges: tuple[tuple[frozenset[int], Tree], ...]


Answer = tuple[Verdict, ...]
Tree = Branch | Answer
# For some condition keys the classes, by place in their domain, that the values must be of.
Cube = Mapping[str, frozenset[int]]


@dataclass(frozen=True, eq=False)
class Region:
    """Circumstances under which an answer is always the same.

    :param constraints: what the request's condition keys must be; those it does not name do not matter.
    :param cubes: the same as classes of values, any one of them.
    :param context: a context within it; where the answer is not known, Unknown is what no constraint is about.
    """

    constraints: tuple[Constraint, ...]
    cubes: tuple[Cube, ...]
    context: Mapping[str, ContextValue]

    @cached_property
    def said(self) -> tuple[str, ...]:
        """The constraints in words."""
        return tuple(map(str, self.constraints))


def regions(question: Question, tree: Tree, answer: Answer) -> tuple[Region, ...]:
    """Return the circumstances under which the answer is the one given, the widest first found first."""
    cubes: list[Cube] = []
    for path in _paths(tree, answer, {}):
        cube = _widened(tree, answer, path)
        if not any(_contains(other, cube) for other in cubes):
            cubes = [*(other for other in cubes if not _contains(cube, other)), cube]
    found = [_region(question, cube, answer) for cube in cubes]
    alike: dict[tuple[Constraint, ...], list[Region]] = {}
    for region in found:
        alike.setdefault(region.constraints, []).append(region)
    return tuple(
        Region(said, tuple(cube for one in several for cube in one.cubes), several[0].context)
        for said, several in alike.items()
    )


def grow(question: Question) -> Tree:
    """Find the answer for each combination of classes, looking no further than it takes."""
    left = [EVALUATIONS]

    def answer(context: Mapping[str, ContextValue]) -> Tree:
        verdicts = question.verdicts(context)
        left[0] -= 1
        if None not in verdicts or left[0] <= 0:
            return verdicts
        key = question.next_key(context)
        domain = question.domain(key) if key else None
        if key is None or domain is None:
            return verdicts
        found: dict[Tree, list[int]] = {}
        for group in domain.groups:
            found.setdefault(answer({**context, key: domain.values[group[0]]}), []).extend(group)
        if len(found) == 1:
            return next(iter(found))
        return Branch(key, tuple((frozenset(places), tree) for tree, places in found.items()))

    return answer({})


def _paths(tree: Tree, answer: Answer, cube: Cube) -> Iterator[Cube]:
    if not isinstance(tree, Branch):
        if tree == answer:
            yield cube
        return
    for places, below in tree.edges:
        yield from _paths(below, answer, {**cube, tree.key: places})


def _widened(tree: Tree, answer: Answer, cube: Cube) -> Cube:
    """Return the cube without the keys that leave the answer as it is, whatever their values."""
    wide = dict(cube)
    for key in cube:
        narrower = {other: places for other, places in wide.items() if other != key}
        if _always(tree, answer, narrower):
            wide = narrower
    return wide


def _always(tree: Tree, answer: Answer, cube: Cube) -> bool:
    if not isinstance(tree, Branch):
        return tree == answer
    allowed = cube.get(tree.key)
    below = (tree for places, tree in tree.edges if allowed is None or not places.isdisjoint(allowed))
    return all(_always(one, answer, cube) for one in below)


def _contains(wide: Cube, narrow: Cube) -> bool:
    return all(key in narrow and narrow[key] <= places for key, places in wide.items())


def _region(question: Question, cube: Cube, answer: Answer) -> Region:
    constraints: list[Constraint] = []
    context: dict[str, ContextValue] = {}
    compared: dict[str, ContextValue] = {}
    for key in (one for one in question.open_keys if one in cube):
        domain = _domain(question, key)
        place = min(cube[key])
        value = context[domain.key] = domain.values[place]
        if not domain.apart or domain.accepted[place] or value is None:
            constraints.append(domain.constraint(cube[key]))
        else:
            absent = any(domain.values[one] is None for one in cube[key])
            constraints.append(_compared(domain.key, value, compared, absent=absent))
        if domain.apart:
            compared[f"${{{domain.key}}}"] = value
    if None in answer:
        context.update((key, OPEN) for key in question.open_keys if key not in cube)
    return Region(tuple(constraints), (cube,), {**question.given, **context})


def _domain(question: Question, key: str) -> Domain:
    """Return the classes of a key that was cut into some: without them it would be no constraint, but for any value."""
    domain = question.domain(key)
    if domain is None:
        raise ValueError(f"key must be one that was cut into classes, got {key!r}")
    return domain


def _compared(key: str, value: ContextValue, others: Mapping[str, ContextValue], *, absent: bool) -> Constraint:
    """A value that no policy has, of which only counts whether it is equal to those of other keys."""
    equal = tuple(variable for variable, other in others.items() if other == value)
    return Constraint(key, equal or tuple(others), negated=not equal, absent=absent)
