"""The condition operators of IAM: each turns a value of the policy into a test of a value of the request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_network
from typing import TypeVar

from .patterns import Context, ContextValue, arn_like, like, literal, parse_text
from .verdicts import Unknown, Verdict, any_of

T = TypeVar("T")

# Whether one of the values of the policy accepts a value of the request, before any negation.
Test = Callable[[str, Context], Verdict]
# Makes the test of a policy's values, told whether the policy's version has variables.
TestMaker = Callable[[Sequence[str], bool], Test]

# https://www.w3.org/TR/NOTE-datetime
_DATE_FORMATS = (
    "%Y",
    "%Y-%m",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M%z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
)
# A date with a time in another form, such as one without a zone: whether AWS takes it, no page says.
_OTHER_DATE = re.compile(r"\d{4}-?\d\d-?\d\d\D.*", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
# What other readers take for a number, a truth value or an address: whether AWS does, no page says.
_OTHER_NUMBER = re.compile(
    r"\s*[+-]?(\d+\.|\.\d+|\d+(\.\d*)?e[+-]?\d+|\s+\d+(\.\d+)?|\d+(\.\d+)?\s+)\s*", re.ASCII | re.IGNORECASE
)
_OTHER_BOOLEANS = frozenset({"0", "1", "no", "yes", "off", "on", "n", "y", "f", "t"})
_LEADING_ZEROS = re.compile(r"(?<![\da-fA-F:])0+(?=\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# ``mistyped`` below is the answer for a value of another type. A positive operator does not match it; whether
# a negated one does, no page says.


@dataclass(frozen=True)
class Operator:
    """A condition operator, without set prefix and IfExists.

    :param negated: whether it is the negation of its positive sibling, and so matches a key that is absent.
    """

    negated: bool
    test: TestMaker


def _text(
    matches: Callable[[str, str], Verdict], *, wildcards: bool = False, is_whole: Callable[[str], bool] = bool
) -> TestMaker:
    """Operators that take policy variables: (pattern of the policy, value of the request)."""

    def make(written: Sequence[str], variables: bool) -> Test:
        texts = [parse_text(one, variables=variables) for one in written]
        # Most policies list plain values; a set finds them at once.
        plain = frozenset(one.written for one in texts if one.is_plain(wildcards=wildcards) and is_whole(one.written))
        others = [one for one in texts if one.written not in plain]

        def test(actual: str, context: Context) -> Verdict:
            if actual in plain:
                return True
            return any_of(_matches(one.resolve(context), actual) for one in others)

        return test

    def _matches(pattern: str | Unknown | None, actual: str) -> Verdict:
        if isinstance(pattern, str):
            return matches(pattern, actual)
        # A variable without a value is equal to nothing.
        return False if pattern is None else None

    return make


def _ignoring_case(written: Sequence[str], variables: bool) -> Test:
    test = _equals([one.lower() for one in written], variables)
    return lambda actual, context: test(actual.lower(), lambda key: _lowered(context(key)))


def _lowered(value: ContextValue) -> ContextValue:
    return value.lower() if isinstance(value, str) else value


def _arn(mistyped: Verdict) -> TestMaker:
    make = _text(_arn_matches, wildcards=True, is_whole=_is_whole_arn)

    def make_typed(written: Sequence[str], variables: bool) -> Test:
        test = make(written, variables)
        return lambda actual, context: test(actual, context) if _is_whole_arn(actual) else mistyped

    return make_typed


def _is_whole_arn(text: str) -> bool:
    return text.count(":") >= 5


def _arn_matches(pattern: str, arn: str) -> Verdict:
    # How a pattern of fewer than six components is matched, no page says.
    return arn_like(pattern, arn) if _is_whole_arn(pattern) else None


def _typed(
    read: Callable[[str], T | Unknown | None], accepts: Callable[[T, T], bool], mistyped: Verdict = False
) -> TestMaker:
    """Operators on values of a type: (value of the request, value of the policy)."""

    def compare(value: T | Unknown | None, one: T | Unknown | None) -> Verdict:
        if isinstance(value, Unknown) or isinstance(one, Unknown):
            return None
        return mistyped if value is None or one is None else accepts(value, one)

    def make(written: Sequence[str], _variables: bool) -> Test:
        expected = [read(one) for one in written]

        def test(actual: str, _context: Context) -> Verdict:
            value = read(actual)
            return any_of(compare(value, one) for one in expected)

        return test

    return make


def read_number(text: str) -> Decimal | None:
    """Read the value of a numeric condition."""
    # "An integer or decimal value", so no exponent.
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def _number(text: str) -> Decimal | Unknown | None:
    # Whether AWS takes other forms of a number, no page says.
    return Unknown("another form of a number") if _OTHER_NUMBER.fullmatch(text) else read_number(text)


def _boolean(text: str) -> bool | Unknown | None:
    if text.lower() in _OTHER_BOOLEANS:
        return Unknown("another form of true or false")
    return {"true": True, "false": False}.get(text.lower())


def read_moment(text: str) -> datetime | None:
    """Read a W3C date, at its first moment in UTC where it gives no time, or epoch seconds."""
    for form in _DATE_FORMATS:
        try:
            moment = datetime.strptime(text, form)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    seconds = read_number(text)
    try:
        return None if seconds is None else _EPOCH + timedelta(seconds=float(seconds))
    except OverflowError:
        return None


def _moment(text: str) -> datetime | Unknown | None:
    moment = read_moment(text)
    if moment is None and _OTHER_DATE.fullmatch(text):
        return Unknown("a date without zone")
    return Unknown("a moment out of range") if moment is None and read_number(text) is not None else moment


def _addresses(text: str) -> tuple[int, int, int] | Unknown | None:
    """Read an address or a range of them as version, first and last."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        plain = _LEADING_ZEROS.sub("", text.strip())
        return Unknown("another form of an address") if plain != text and _addresses(plain) else None
    return (network.version, int(network.network_address), int(network.broadcast_address))


def _within(actual: tuple[int, int, int], expected: tuple[int, int, int]) -> bool:
    return actual[0] == expected[0] and expected[1] <= actual[1] and actual[2] <= expected[2]


def _bool(written: Sequence[str], variables: bool) -> Test:
    test = _typed(_boolean, operator.eq)(written, variables)
    if variables and any("${" in one for one in written):
        # The page on operators says that Bool takes variables, the page on variables says that it does not.
        return lambda actual, context: test(actual, context) or None
    return test


_equals = _text(lambda pattern, value: literal(pattern) == value)
_arn_like, _arn_unlike = _arn(mistyped=False), _arn(mistyped=None)

OPERATORS = {
    "stringequals": Operator(False, _equals),
    "stringnotequals": Operator(True, _equals),
    "stringequalsignorecase": Operator(False, _ignoring_case),
    "stringnotequalsignorecase": Operator(True, _ignoring_case),
    "stringlike": Operator(False, _text(like, wildcards=True)),
    "stringnotlike": Operator(True, _text(like, wildcards=True)),
    "numericequals": Operator(False, _typed(_number, operator.eq)),
    "numericnotequals": Operator(True, _typed(_number, operator.eq, mistyped=None)),
    "numericlessthan": Operator(False, _typed(_number, operator.lt)),
    "numericlessthanequals": Operator(False, _typed(_number, operator.le)),
    "numericgreaterthan": Operator(False, _typed(_number, operator.gt)),
    "numericgreaterthanequals": Operator(False, _typed(_number, operator.ge)),
    "dateequals": Operator(False, _typed(_moment, operator.eq)),
    "datenotequals": Operator(True, _typed(_moment, operator.eq, mistyped=None)),
    "datelessthan": Operator(False, _typed(_moment, operator.lt)),
    "datelessthanequals": Operator(False, _typed(_moment, operator.le)),
    "dategreaterthan": Operator(False, _typed(_moment, operator.gt)),
    "dategreaterthanequals": Operator(False, _typed(_moment, operator.ge)),
    "bool": Operator(False, _bool),
    "binaryequals": Operator(False, _typed(str, operator.eq)),
    "ipaddress": Operator(False, _typed(_addresses, _within)),
    "notipaddress": Operator(True, _typed(_addresses, _within, mistyped=None)),
    "arnequals": Operator(False, _arn_like),
    "arnlike": Operator(False, _arn_like),
    "arnnotequals": Operator(True, _arn_unlike),
    "arnnotlike": Operator(True, _arn_unlike),
}

# How AWS writes them.
OPERATOR_NAMES = {
    name.lower(): name
    for name in (
        *(f"String{one}{case}" for one in ("Equals", "NotEquals") for case in ("", "IgnoreCase")),
        *("StringLike", "StringNotLike", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null"),
        *(f"Arn{one}" for one in ("Equals", "Like", "NotEquals", "NotLike")),
        *(
            f"{kind}{one}"
            for kind in ("Numeric", "Date")
            for one in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
        ),
    )
}
