"""A condition key's values, cut into classes: all values of a class make the same conditions hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from secure_kms_constructs.aws.facts import MULTIVALUED_KEYS
from secure_kms_constructs.policies.conditions import Condition
from secure_kms_constructs.policies.patterns import Context, ContextValue
from secure_kms_constructs.policies.verdicts import Verdict

from .candidate_values import Atom, is_set_operator

_MULTIVALUED = frozenset(key.lower() for key in MULTIVALUED_KEYS.value)
# So many kinds of members make 255 sets; past that what depends on the key is unknown.
_MEMBERS = 8

Atoms = tuple[Atom, ...]
Conditions = tuple[Condition, ...]
# Tells whether a condition holds, given the value of the key.
Matches = Callable[[Condition, ContextValue], Verdict]


@dataclass(frozen=True)
class Constraint:
    """Which values of a condition key a row is about.

    :param key: the condition key, as a policy writes it.
    :param values: literals and patterns.
    :param negated: whether it is any value but these.
    :param absent: whether requests without the key count too.
    """

    key: str
    values: tuple[str, ...]
    negated: bool = False
    absent: bool = False

    def __str__(self) -> str:
        return self.text(self.values)

    def text(self, values: Iterable[str]) -> str:
        """Return it in words, its values given as they are to be shown."""
        name = self.key.split(":", 2)[2] if self.key.lower().startswith("kms:encryptioncontext:") else self.key
        listed = " or ".join(values)
        if self.negated:
            but = f" but {listed}" if listed else ""
            return f"any {name}{but}{' or none' if self.absent else ''}"
        if not listed:
            return f"no {name}"
        return f"{name} {'' if listed.startswith(('<', '>')) else '= '}{listed}{' or none' if self.absent else ''}"


@dataclass(frozen=True, eq=False)
class Domain:
    """The values of a condition key that stand for all others.

    :param key: the condition key, as a policy writes it.
    :param values: the values; None stands for a request without the key.
    :param atoms: the labels of what conditions compare with.
    :param accepted: for each value the atoms that accept it.
    :param groups: the values, by place, that no condition tells apart.
    :param apart: whether each value is a group of its own, because policy variables compare it with other keys.
    """

    key: str
    values: tuple[ContextValue, ...]
    atoms: tuple[str, ...]
    accepted: tuple[frozenset[int], ...]
    groups: tuple[tuple[int, ...], ...]
    apart: bool = False

    def constraint(self, places: frozenset[int]) -> Constraint:
        """Describe a set of values, given by their places."""
        present = frozenset(place for place, value in enumerate(self.values) if value is not None)
        absent = bool(places - present)
        inside, outside = places & present, present - places
        others = frozenset(place for place in present if not self.accepted[place])
        if inside == present or (others and others <= inside):
            return Constraint(self.key, self._cover(outside), negated=True, absent=absent)
        return Constraint(self.key, self._cover(inside), absent=absent)

    def _cover(self, places: frozenset[int]) -> tuple[str, ...]:
        """Return labels that name the values and no others, patterns before what they include."""
        by_atom = [
            (frozenset(place for place, atoms in enumerate(self.accepted) if index in atoms), label)
            for index, label in enumerate(self.atoms)
        ]
        whole = sorted(((found, label) for found, label in by_atom if found and found <= places), key=_widest_first)
        labels: list[str] = []
        covered: set[int] = set()
        for found, label in whole:
            if not found <= covered:
                labels.append(label)
                covered |= found
        labels += (self._label(place) for place in sorted(places - covered))
        return tuple(sorted(dict.fromkeys(labels)))

    def _label(self, place: int) -> str:
        value = self.values[place]
        if isinstance(value, tuple):
            return "[" + ", ".join(map(str, value)) + "]"
        names = [self.atoms[index] for index in sorted(self.accepted[place])]
        if names or not isinstance(value, str):
            return " and ".join(names)
        if not value:
            return "(empty)"
        # Others are told apart only where an operator compares ARNs, or numbers with what is none.
        return "other ARNs" if str(value).count(":") >= 5 else "other texts"


def _widest_first(pair: tuple[frozenset[int], str]) -> tuple[int, str]:
    return -len(pair[0]), pair[1]


def is_multivalued(key: str, conditions: Iterable[Condition]) -> bool:
    """Tell whether requests have several values of a key, given in lower case, at once."""
    if key.startswith(("aws:", "kms:")):
        return key in _MULTIVALUED
    return any(is_set_operator(condition.operator) for condition in conditions)


def single_valued(
    key: str,
    texts: Iterable[str],
    atoms: Atoms,
    conditions: Conditions,
    matches: Matches,
    known: Context,
    *,
    apart: bool,
    always: bool,
) -> Domain:
    """Return the domain of a key with one value, which every request has, or which some lack."""
    values: tuple[str | None, ...] = tuple(texts) if always else (*texts, None)
    vectors = [tuple(matches(condition, value) for condition in conditions) for value in values]
    accepted = [_accepted(value, atoms, known) for value in values]
    # Of texts that neither a condition nor a label tells apart, one is enough.
    marks = [(value is None, vector, atoms) for value, vector, atoms in zip(values, vectors, accepted, strict=True)]
    kept = range(len(values)) if apart else _firsts(marks)
    return Domain(
        key,
        tuple(values[place] for place in kept),
        tuple(atom.label for atom in atoms),
        tuple(accepted[place] for place in kept),
        _groups(list(kept) if apart else [vectors[place] for place in kept]),
        apart,
    )


def multivalued(
    key: str, texts: Iterable[str], atoms: Atoms, conditions: Conditions, matches: Matches, known: Context
) -> Domain | None:
    """Return the domain of a key with several values at once; None where there are too many combinations."""
    members = [text for text in texts if text]
    alike: dict[object, list[str]] = {}
    for text in members:
        alike.setdefault(tuple(matches(condition, (text,)) for condition in conditions), []).append(text)
    if len(alike) > _MEMBERS:
        return None
    # What to call each member: all that no condition tells from it.
    names = {
        several[0]: " or ".join(dict.fromkeys(text if _accepted(text, atoms, known) else "others" for text in several))
        for several in alike.values()
    }
    sets = [several for size in range(1, len(names) + 1) for several in combinations(names, size)]
    values: tuple[ContextValue, ...] = (*sets, None)
    return Domain(
        key,
        values,
        tuple(f"[{', '.join(names[member] for member in several)}]" for several in sets),
        (*(frozenset({place}) for place in range(len(sets))), frozenset()),
        _groups([tuple(matches(condition, value) for condition in conditions) for value in values]),
    )


def _accepted(value: ContextValue, atoms: tuple[Atom, ...], known: Context) -> frozenset[int]:
    if not isinstance(value, str):
        return frozenset()
    return frozenset(index for index, atom in enumerate(atoms) if atom.accepts(value, known))


def _firsts(marks: Sequence[object]) -> list[int]:
    first: dict[object, int] = {}
    for place, mark in enumerate(marks):
        first.setdefault(mark, place)
    return list(first.values())


def _groups(marks: Sequence[object]) -> tuple[tuple[int, ...], ...]:
    groups: dict[object, list[int]] = {}
    for place, mark in enumerate(marks):
        groups.setdefault(mark, []).append(place)
    return tuple(tuple(group) for group in groups.values())
