"""Operators on numbers and dates."""

from __future__ import annotations

from tests.unit.cases.case import IAM, Case, allow, holds, pair, policy, under

OPERATORS = IAM + "reference_policies_elements_condition_operators.html"


_AGE, _TIME, _IP, _ARN = "aws:MultiFactorAuthAge", "aws:CurrentTime", "aws:SourceIp", "aws:SourceArn"


def _compares(family: str, key: str, bound: str, meets: str, fails: str, operator: str) -> list[Case]:
    return holds(
        OPERATORS,
        f"by {family}{operator} {bound} with {meets}",
        {f"{family}{operator}": {key: bound}},
        {key: meets},
        f"by {family}{operator} {bound} with {fails}",
        {key: fails},
    )


NUMBERS_AND_DATES = [
    *_compares("Numeric", _AGE, "300", "300.0", "301", "Equals"),
    *_compares("Numeric", _AGE, "300", "301", "300", "NotEquals"),
    *_compares("Numeric", _AGE, "300", "299", "300", "LessThan"),
    *_compares("Numeric", _AGE, "300", "300", "301", "LessThanEquals"),
    *_compares("Numeric", _AGE, "300", "1000", "300", "GreaterThan"),
    *_compares("Numeric", _AGE, "300", "300", "-301", "GreaterThanEquals"),
    *_compares("Date", _TIME, "2026-01-01", "2026-01-01T02:00:00+02:00", "2026-01-02", "Equals"),
    *_compares("Date", _TIME, "2026-01", "2026-01-02", "2026-01-01T00:00Z", "NotEquals"),
    *_compares("Date", _TIME, "2026-01-01T00:00:00Z", "2025-12-31T23:59:59.9Z", "2026-01-01", "LessThan"),
    *_compares("Date", _TIME, "2026", "2026-01-01", "2026-01-01T00:00:01Z", "LessThanEquals"),
    *_compares("Date", _TIME, "1767225600", "2026-01-01T00:00:01Z", "2026-01-01", "GreaterThan"),
    *_compares(
        "Date",
        _TIME,
        "2026-01-01T00:00:00-01:00",
        "2026-01-01T01:00Z",
        "2026-01-01T00:59Z",
        "GreaterThanEquals",
    ),
    *holds(
        OPERATORS,
        "by a number that the request gives as number",
        {"NumericLessThan": {_AGE: 300}},
        {_AGE: 1},
        "by a number without the key",
        {},
    ),
    *holds(
        OPERATORS,
        "by NumericNotEquals without the key",
        {"NumericNotEquals": {_AGE: 300}},
        {},
        "by NumericEquals with a value that is no number",
        {_AGE: 300},
    ),
    *pair(
        OPERATORS,
        "by NumericLessThan with a number in the policy",
        under({"NumericLessThan": {_AGE: "300"}}, {_AGE: "1"}),
        "by NumericLessThan with no number in the policy",
        identity_policies=[policy(allow("kms:*", condition={"NumericLessThan": {_AGE: "1k"}}))],
    ),
    *holds(
        OPERATORS,
        "by DateGreaterThan with epoch seconds",
        {"DateGreaterThan": {_TIME: "2026-01-01"}},
        {_TIME: "1893456000"},
        "by DateGreaterThan with what is no date",
        {_TIME: "tomorrow"},
    ),
    *holds(
        OPERATORS,
        "by NumericLessThan with a number",
        {"NumericLessThan": {_AGE: "300"}},
        {_AGE: "1"},
        "by NumericLessThan with a value that is no number",
        {_AGE: "soon"},
    ),
    *holds(
        OPERATORS,
        "by DateLessThan with a date",
        {"DateLessThan": {_TIME: "2030-01-01"}},
        {_TIME: "2026-01-01"},
        "by DateLessThan with a value that is no date",
        {_TIME: "2026-13-01"},
    ),
]
CASES = [*NUMBERS_AND_DATES]
