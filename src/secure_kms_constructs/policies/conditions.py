"""The ``Condition`` element: parsed once, then asked of one request after the other.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from .operators import OPERATOR_NAMES, OPERATORS, Operator, read_number
from .patterns import Context, scalar
from .verdicts import PolicyError, Unknown, Unlike, Verdict, all_of, any_of, opposite

PRINCIPAL_ACCOUNT_KEYS = ("aws:principalaccount", "kms:calleraccount")
"""The condition keys, in lower case, that are the account of the principal."""

_EQUALITIES = ("stringequals", "stringequalsignorecase", "stringnotequals", "stringnotequalsignorecase")
_NAME = re.compile(r"(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?")


@dataclass(frozen=True)
class Condition:
    """One operator applied to one condition key.

    :param operator: the operator as written, with set prefix and IfExists.
    :param key: the condition key as written; empty where all of it is unknown.
    :param values: the policy's values as written.
    :param matches: asks it of a request's context.
    """

    operator: str
    key: str
    values: tuple[str | Unknown, ...]
    matches: Callable[[Context], Verdict]


def accounts_beside(condition: Condition) -> Iterator[str]:
    """Return the accounts that are compared as numbers and those beside them, which stand for all on their side."""
    operator = condition.operator.lower().split(":")[-1]
    if condition.key.lower() not in PRINCIPAL_ACCOUNT_KEYS or not operator.startswith("numeric"):
        return
    for value in condition.values:
        number = read_number(value) if isinstance(value, str) else None
        near = () if number is None else (int(number) + step for step in (-1, 0, 1))
        yield from (f"{one:012d}" for one in near if 0 <= one < 10**12)


def parse_conditions(block: object, where: str, *, variables: bool) -> tuple[Condition, ...]:
    """Parse a ``Condition`` element.

    :raises PolicyError: for anything that is no block of operators, keys and values.
    """
    return tuple(_conditions(block, where, variables))


def _conditions(block: object, where: str, variables: bool) -> Iterator[Condition]:
    if isinstance(block, Unknown):
        yield _unknown("Condition", block)
        return
    for operator, keys in _members(block, f"{where}: Condition", "an object of operators"):
        if isinstance(keys, Unknown):
            yield _unknown(operator, keys)
            continue
        for key, values in _members(keys, f"{where}: {operator}", "an object of condition keys"):
            yield _condition(operator, key, _values(values, f"{where}: {operator} {key}"), where, variables)


def _unknown(operator: str, why: Unknown) -> Condition:
    return Condition(operator, "", (why,), lambda _context: None)


def _members(value: object, where: str, what: str) -> list[tuple[str, object]]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise PolicyError(f"{where} must be {what}, got {value!r}")
    return list(value.items())


def _values(value: object, where: str) -> tuple[str | Unknown, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(one if isinstance(one, Unknown) else scalar(one, where) for one in values)


def _condition(name: str, key: str, values: tuple[str | Unknown, ...], where: str, variables: bool) -> Condition:
    prefix, base, if_exists = _parts(name, where)
    lowered = key.lower()
    if base == "null":
        # "They always return a true or false respectively":
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
        always = prefix == "forallvalues"
        return Condition(name, key, values, (lambda _context: always) if prefix else _null(lowered, values))
    operator = OPERATORS[base]
    if not values:
        return Condition(
            name, key, values, _empty(prefix, lowered, negated=operator.negated, if_exists=bool(if_exists))
        )
    accepts = _one_value(operator, values, variables)
    if_absent = _if_absent(prefix, negated=operator.negated, if_exists=bool(if_exists))

    def matches(context: Context) -> Verdict:
        actual = context(lowered)
        if actual is None:
            return if_absent
        if isinstance(actual, Unknown):
            # Where it is absent or another value than all that it is compared with, both may have one answer.
            is_other = isinstance(actual, Unlike) and base in _EQUALITIES and actual.texts.issuperset(values)
            return if_absent if is_other and if_absent is operator.negated else None
        return _matches(prefix, actual, lambda one: accepts(one, context))

    return Condition(name, key, values, matches)


def _empty(prefix: str | None, key: str, *, negated: bool, if_exists: bool) -> Callable[[Context], Verdict]:
    """Test against no value: the page says both that it is true and that the statement then provides no permissions.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
    """

    def matches(context: Context) -> Verdict:
        actual = context(key)
        # What it says of prefix and suffix is not of negated operators.
        if isinstance(actual, Unknown) or negated or (prefix == "foranyvalue" and if_exists):
            return None
        if prefix == "foranyvalue":
            return False
        return actual is None if prefix or if_exists else None

    return matches


def _if_absent(prefix: str | None, *, negated: bool, if_exists: bool) -> Verdict:
    if prefix == "foranyvalue":
        # Without the key, ForAnyValue does not match and IfExists does; which of them wins, no page says.
        return None if if_exists else False
    return if_exists or negated or prefix == "forallvalues"


def _parts(name: str, where: str) -> tuple[str | None, str, str | None]:
    match = _NAME.fullmatch(name.lower())
    if match and (match[2] in OPERATORS or (match[2] == "null" and not match[3])):
        return match[1], match[2], match[3]
    close = get_close_matches(name.lower().split(":")[-1].removesuffix("ifexists"), OPERATOR_NAMES, n=1)
    hint = f"; did you mean {OPERATOR_NAMES[close[0]]}?" if close else ""
    raise PolicyError(f"{where}: Condition must use the operators of IAM, got {name!r}{hint}")


def _null(key: str, values: tuple[str | Unknown, ...]) -> Callable[[Context], Verdict]:
    def matches(context: Context) -> Verdict:
        actual = context(key)
        if isinstance(actual, Unknown):
            return None
        if not values:
            return None
        wanted = "true" if actual is None else "false"
        return any_of(None if isinstance(value, Unknown) else value.lower() == wanted for value in values)

    return matches


def _one_value(
    operator: Operator, values: tuple[str | Unknown, ...], variables: bool
) -> Callable[[str, Context], Verdict]:
    known = [value for value in values if isinstance(value, str)]
    test, otherwise = operator.test(known, variables), False if len(known) == len(values) else None

    def accepts(actual: str, context: Context) -> Verdict:
        verdict = test(actual, context)
        if verdict is False:
            verdict = otherwise
        return opposite(verdict) if operator.negated else verdict

    return accepts


def _matches(prefix: str | None, actual: str | tuple[str | Unknown, ...], accepts: Callable[[str], Verdict]) -> Verdict:
    if prefix is None:
        # A multivalued key needs a set operator; what happens without one, no page says.
        return accepts(actual) if isinstance(actual, str) else None
    values = (actual,) if isinstance(actual, str) else actual
    each = (None if isinstance(one, Unknown) else accepts(one) for one in values)
    if prefix == "foranyvalue":
        return any_of(each)
    return all_of(verdict for verdict, one in zip(each, values, strict=True) if one != "")
