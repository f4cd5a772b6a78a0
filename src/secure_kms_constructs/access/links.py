"""Links between condition keys: a policy variable compares one with another, so their values are tried together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.conditions import Condition
from secure_kms_constructs.policies.documents import Statement
from secure_kms_constructs.policies.patterns import ANY, ONE, Context, Text, Variable

from .candidate_values import Atom, atoms_of, is_link, variables_of


@dataclass(eq=False)
class Links:
    """What policy variables say of open keys, each key in lower case.

    :param groups: for a key that a variable compares with another, all keys that are compared with each other.
    :param literals: for such a key the values that only variables tell from others.
    :param entangled: keys in variables of which not all classes can be told, such as ``${key}-*``.
    """

    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    literals: dict[str, set[str]] = field(default_factory=dict)
    entangled: set[str] = field(default_factory=set)

    def join(self, *keys: str) -> None:
        """Keep keys together."""
        joined = frozenset(keys).union(*(self.groups.get(key, ()) for key in keys))
        self.groups.update(dict.fromkeys(joined, joined))

    def add(self, key: str, literal: str | None) -> None:
        """Add a value of a key, if there is one."""
        self.join(key)
        self.literals.setdefault(key, set()).update(() if literal is None else (literal,))

    def entangle(self, keys: Iterable[str]) -> None:
        """Give up on keys."""
        self.entangled.update(keys)

    def is_entangled(self, key: str) -> bool:
        """Tell whether not all classes of a key's values can be told."""
        return not self.entangled.isdisjoint(self.groups.get(key, {key}))

    def literals_of(self, key: str) -> set[str]:
        """Return the values that only variables tell from others."""
        return {one for other in self.groups.get(key, ()) for one in self.literals.get(other, ())}


def links_of(
    statements: Iterable[Statement], keys: Iterable[str], known: Context, is_open: Callable[[str], bool]
) -> Links:
    """Return what the policy variables of some statements say.

    :param keys: the ARNs of the KMS keys that the statements may be about.
    :param known: the context, Unknown where a key is open.
    :param is_open: whether a condition key, in lower case, is open.
    """
    links = Links()
    for statement in statements:
        for condition in statement.conditions:
            for atom in _comparing(condition):
                _link(links, condition.key.lower(), atom, known, is_open)
        for text in statement.resources.values:
            if isinstance(text, Text) and (open_keys := _open_keys(text.pieces, is_open)):
                for arn in keys:
                    _of_resource(links, text, open_keys, arn)
    return links


@lru_cache(maxsize=16384)
def _comparing(condition: Condition) -> tuple[Atom, ...]:
    """Return the atoms with a variable: few of the thousand principals that a key policy may name."""
    return tuple(atom for atom in atoms_of((condition,)) if variables_of(atom))


def names_in(statement: Statement) -> Iterator[str]:
    """Return the condition keys that a statement names, as it writes them."""
    for condition in statement.conditions:
        yield from names_of(condition)
    yield from resource_variables(statement)


@lru_cache(maxsize=16384)
def names_of(condition: Condition) -> tuple[str, ...]:
    """Return the condition keys that a condition names, in variables too."""
    variables = (variable.key for atom in atoms_of((condition,)) for variable in variables_of(atom))
    return (*([condition.key] if condition.key else []), *variables)


def resource_variables(statement: Statement) -> Iterator[str]:
    """Return the condition keys that variables in a statement's resources name."""
    for text in statement.resources.values:
        if not isinstance(text, Unknown):
            yield from (piece.key for piece in text.pieces if isinstance(piece, Variable))


def _open_keys(pieces: Iterable[object], is_open: Callable[[str], bool]) -> list[str]:
    return [key for piece in pieces if isinstance(piece, Variable) and is_open(key := piece.key.lower())]


def _link(links: Links, key: str, atom: Atom, known: Context, is_open: Callable[[str], bool]) -> None:
    variables = variables_of(atom)
    open_keys = _open_keys(variables, is_open)
    if not open_keys:
        return
    if not is_link(atom):
        links.entangle((key, *open_keys))
        return
    links.add(open_keys[0], variables[0].default)
    if is_open(key):
        links.join(key, open_keys[0])
    else:
        value = known(key)
        links.add(open_keys[0], value if isinstance(value, str) else None)


def _of_resource(links: Links, text: Text, open_keys: list[str], arn: str) -> None:
    before, _, after = (text.pieces[0], *text.pieces[1:2], "".join(map(str, text.pieces[2:])))
    simple = len(text.pieces) == 3 and not any(mark in f"{before}{after}" for mark in (ANY, ONE))
    if not simple:
        links.entangle(open_keys)
        return
    fits = arn.startswith(str(before)) and arn.endswith(after)
    middle = arn[len(str(before)) : len(arn) - len(after)]
    links.add(open_keys[0], middle if fits and middle else None)
