"""Values to try of a condition key, so that each outcome of its conditions is met; one way for each operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import pairwise

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.conditions import Condition
from secure_kms_constructs.policies.operators import OPERATORS, Test, read_moment, read_number
from secure_kms_constructs.policies.patterns import ANY, Context, Variable, literal, parse_text

from .pattern_texts import Pattern, telling_texts

_LITERAL = ("stringequals", "stringnotequals", "binaryequals")
_ANY_CASE = ("stringequalsignorecase", "stringnotequalsignorecase")
_ARN = ("arnequals", "arnlike", "arnnotequals", "arnnotlike")
_TEXT = (*_LITERAL, *_ANY_CASE, *_ARN, "stringlike", "stringnotlike")
_ANY_ARN = Pattern(f"arn{(':' + ANY) * 5}", arn=True)
_COMPARISONS = {
    "lessthan": ("< ", "greaterthanequals"),
    "lessthanequals": ("<= ", "greaterthan"),
    "greaterthan": ("> ", "lessthanequals"),
    "greaterthanequals": (">= ", "lessthan"),
}
# More likely values than the shortest ones, tried for what no condition names.
_LIKELY = ("other", "other.us-east-1.amazonaws.com", "arn:aws:other:us-east-1:000000000000:other")
# Keys whose values may be any text; the values of all others are of the type their operators compare.
_FREE_TEXT = ("kms:encryptioncontext:", "aws:principaltag/", "aws:requesttag/", "aws:resourcetag/")


@dataclass(frozen=True)
class Atom:
    """One value of a condition, and what it accepts.

    :param label: how rows show it.
    :param base: the operator without set prefix and IfExists, in lower case.
    :param value: as the condition has it.
    """

    label: str
    base: str
    value: str

    def accepts(self, text: str, context: Context) -> bool:
        """Tell whether the operator, or the sibling that it negates, accepts a value of a request."""
        return _test(self.base, self.value)(text, context) is True


@lru_cache(maxsize=16384)
def _test(base: str, value: str) -> Test:
    return OPERATORS[base].test([value], True)


@lru_cache(maxsize=1024)
def base_of(operator: str) -> str:
    """Return an operator without set prefix and IfExists, in lower case."""
    return operator.lower().split(":")[-1].removesuffix("ifexists")


def is_set_operator(operator: str) -> bool:
    """Tell whether an operator compares a multivalued key."""
    return ":" in operator


def atoms_of(conditions: Iterable[Condition]) -> tuple[Atom, ...]:
    """Return an atom for each value of the conditions, each once."""
    return tuple(dict.fromkeys(_atoms(conditions)))


def _atoms(conditions: Iterable[Condition]) -> Iterator[Atom]:
    for condition in conditions:
        yield from _atoms_of(condition.operator, condition.values)


@lru_cache(maxsize=16384)
def _atoms_of(operator: str, values: tuple[str | Unknown, ...]) -> tuple[Atom, ...]:
    base = base_of(operator)
    known = (value for value in values if isinstance(value, str) and base != "null")
    return tuple(atom for value in known for atom in _with_opposite(base, value))


def _with_opposite(base: str, value: str) -> Iterator[Atom]:
    """An atom and, where it has a name, the one that accepts all that it does not."""
    kind, comparison = next(
        ((kind, base[len(kind) :]) for kind in ("numeric", "date") if base.startswith(kind)), ("", "")
    )
    if comparison in _COMPARISONS:
        for one in (comparison, _COMPARISONS[comparison][1]):
            yield Atom(_COMPARISONS[one][0] + value, kind + one, value)
    elif base == "bool":
        yield from (Atom(one, base, one) for one in ("true", "false"))
    else:
        yield Atom(value, base, value)


@lru_cache(maxsize=16384)
def variables_of(atom: Atom) -> tuple[Variable, ...]:
    """Return the policy variables in an atom's value."""
    if atom.base not in _TEXT:
        return ()
    return tuple(one for one in parse_text(atom.value, variables=True).pieces if isinstance(one, Variable))


def is_link(atom: Atom) -> bool:
    """Tell whether an atom is nothing but one variable, so that two keys are compared."""
    pieces = parse_text(atom.value, variables=True).pieces
    whole = len(pieces) == 3 and pieces[0] == pieces[2] == ""
    return whole and atom.base in ("stringequals", "stringnotequals", "stringlike", "stringnotlike")


def candidates(
    key: str, atoms: Iterable[Atom], known: Context, *, literals: Iterable[str] = (), copies: int = 1
) -> tuple[str, ...] | None:
    """Return values of a key, in lower case, one at least for each combination of atoms that a value satisfies.

    :param known: the context, Unknown where a key is open.
    :param literals: further values to tell from the others.
    :param copies: how many different values of each combination to look for.
    :return: None where they cannot all be told.
    """
    atoms = tuple(atoms)
    kinds = {_kind(atom.base) for atom in atoms}
    is_free = key.startswith(_FREE_TEXT)
    values = [_TYPED[kind](atoms) for kind in sorted(kinds - {"text"})]
    patterns = _patterns(atoms, known)
    if len(values) > 1 or None in values:
        return None
    typed = [text for texts in values for text in texts or ()]
    if typed and "text" not in kinds and not is_free:
        return tuple(dict.fromkeys((*typed, *literals)))
    if typed and not all(pattern.is_plain for pattern in patterns):
        # Which texts are, say, both a number in a range and like a pattern?
        return None
    plain = frozenset((*(literal(one.text) for one in patterns if one.is_plain or one.any_case), *literals, *typed))
    # A tag's value may be empty, and no pattern leads there.
    plain |= {""} if is_free else set()
    wild = tuple(sorted((one for one in patterns if not one.is_plain), key=lambda one: (one.text, one.arn)))
    only_arns = key.endswith("arn") and not is_free
    if only_arns or any(atom.base in _ARN for atom in atoms):
        wild = (*wild, _ANY_ARN)
    found: list[str] = []
    for _ in range(copies):
        texts = telling_texts(wild, plain.union(found))
        if texts is None:
            return None
        found += texts if found else [_likely(text, atoms, known, plain) for text in texts]
    # The empty text last, so that it stands for others only where nothing else does.
    every = dict.fromkeys((*sorted(plain - {""}), *found, *(plain & {""})))
    return tuple(one for one in every if one in plain or not only_arns or one.count(":") >= 5)


def _kind(base: str) -> str:
    return next((kind for kind in _TYPED if kind in base), "text")


def _patterns(atoms: Iterable[Atom], known: Context) -> set[Pattern]:
    patterns = set()
    for atom in atoms:
        if atom.base not in _TEXT:
            continue
        # Whether ${...} is a variable depends on the policy's version, so both readings are told apart.
        for variables in (False, True):
            resolved = parse_text(atom.value, variables=variables).resolve(known)
            if isinstance(resolved, str):
                as_is = atom.base in (*_LITERAL, *_ANY_CASE)
                text = literal(resolved) if as_is else resolved
                patterns.add(Pattern(text, arn=atom.base in _ARN, any_case=atom.base in _ANY_CASE))
    return patterns


def _likely(text: str, atoms: tuple[Atom, ...], known: Context, plain: frozenset[str]) -> str:
    """Return a more likely text that the atoms do not tell from the one found."""
    accepted = [atom.accepts(text, known) for atom in atoms]
    near = tuple(
        atom.value.replace("*", "x").replace("?", "x") for atom, yes in zip(atoms, accepted, strict=True) if yes
    )
    for likely in near or _LIKELY:
        same = accepted == [atom.accepts(likely, known) for atom in atoms]
        if same and likely not in plain and (likely.count(":") >= 5) is (text.count(":") >= 5):
            return likely
    return text


def _numbers(atoms: Iterable[Atom]) -> list[str]:
    return [f"{one:f}" for one in _between(read_number(atom.value) for atom in atoms if "numeric" in atom.base)]


def _between(limits: Iterable[Decimal | None]) -> list[Decimal]:
    """Return the limits, a number between each two, one below and one above."""
    points = sorted({one for one in limits if one is not None}) or [Decimal(0)]
    middles = [(low + high) / 2 for low, high in pairwise(points)]
    return sorted([points[0] - 1, *points, *middles, points[-1] + 1])


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


def _moments(atoms: Iterable[Atom]) -> list[str] | None:
    """Return moments on each side of each limit; None where one of them is in no year that can be written."""
    moments = [read_moment(atom.value) for atom in atoms if "date" in atom.base]
    micros = [Decimal((one - _EPOCH) // _MICROSECOND) for one in moments if one is not None]
    try:
        found = [_EPOCH + int(micro) * _MICROSECOND for micro in _between(micros)]
    except OverflowError:
        return None
    # Python writes years before 1000 with fewer digits, which nothing reads.
    return [f"{one.year:04d}{one.strftime('-%m-%dT%H:%M:%S.%fZ')}" for one in found]


def _booleans(_atoms: Iterable[Atom]) -> list[str]:
    return ["true", "false"]


def _network(atom: Atom) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(atom.value, strict=False)
    except ValueError:
        return None


def _addresses(atoms: Iterable[Atom]) -> list[str]:
    """Return the first address of each stretch that lies in the same ranges."""
    first: set[IPv4Address | IPv6Address] = {ip_address("0.0.0.0"), ip_address("::")}
    # What is no range of addresses accepts none.
    for network in [one for one in map(_network, atoms) if one is not None]:
        first.add(network.network_address)
        if int(network.broadcast_address) + 1 < 2**network.max_prefixlen:
            first.add(network.broadcast_address + 1)
    return [str(one) for one in sorted(first, key=lambda one: (one.version, int(one)))]


_TYPED: dict[str, Callable[[Iterable[Atom]], list[str] | None]] = {
    "numeric": _numbers,
    "date": _moments,
    "bool": _booleans,
    "ipaddress": _addresses,
}
