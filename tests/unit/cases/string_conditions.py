"""Operators on texts, and how operators, keys and values combine."""

from __future__ import annotations

from tests.unit.cases.case import (
    IAM,
    holds,
)

OPERATORS = IAM + "reference_policies_elements_condition_operators.html"
LOGIC = IAM + "reference_policies_condition-logic-multiple-context-keys-or-values.html"


_JOB, _NO_JOB = {"aws:PrincipalTag/job": "admin"}, {"aws:PrincipalTag/job": "dev"}


STRINGS = [
    *holds(
        OPERATORS,
        "by StringEquals",
        {"StringEquals": _JOB},
        _JOB,
        "by StringEquals with another value",
        _NO_JOB,
    ),
    *holds(
        OPERATORS,
        "by one of two values",
        {"StringEquals": {"aws:PrincipalTag/job": ["x", "admin"]}},
        _JOB,
        "by none of two values",
        _NO_JOB,
    ),
    *holds(
        OPERATORS,
        "by a key in another case",
        {"StringEquals": {"AWS:principaltag/JOB": "admin"}},
        _JOB,
        "by StringEquals without the key",
        {},
    ),
    *holds(
        OPERATORS,
        "by StringEquals with the same case",
        {"StringEquals": _JOB},
        _JOB,
        "by StringEquals with another case",
        {"aws:PrincipalTag/job": "Admin"},
    ),
    *holds(
        OPERATORS,
        "by StringEqualsIgnoreCase with another case",
        {"StringEqualsIgnoreCase": _JOB},
        {"aws:PrincipalTag/job": "ADMIN"},
        "by StringEqualsIgnoreCase with another value",
        _NO_JOB,
    ),
    *holds(
        OPERATORS,
        "by StringNotEqualsIgnoreCase with another value",
        {"StringNotEqualsIgnoreCase": _JOB},
        _NO_JOB,
        "by StringNotEqualsIgnoreCase with another case",
        {"aws:PrincipalTag/job": "ADMIN"},
    ),
    *holds(
        OPERATORS,
        "by StringNotEquals with another value",
        {"StringNotEquals": _JOB},
        _NO_JOB,
        "by StringNotEquals with the value",
        _JOB,
    ),
    *holds(
        LOGIC,
        "by StringNotEquals without the key",
        {"StringNotEquals": _JOB},
        {},
        "by StringNotEquals with one of two values",
        _JOB,
    ),
    *holds(
        LOGIC,
        "by StringNotEquals with none of its values",
        {"StringNotEquals": {"aws:PrincipalTag/job": ["x", "admin"]}},
        _NO_JOB,
        "by StringNotEquals with one of its values",
        _JOB,
    ),
    *holds(
        OPERATORS,
        "by StringLike",
        {"StringLike": {"aws:PrincipalTag/job": "a*m?n"}},
        _JOB,
        "by StringLike with another value",
        {"aws:PrincipalTag/job": "admn"},
    ),
    *holds(
        OPERATORS,
        "by StringLike over several parts",
        {"StringLike": {"aws:PrincipalTag/job": "*a*b*"}},
        {"aws:PrincipalTag/job": "xaxbx"},
        "by StringLike with the parts in another order",
        {"aws:PrincipalTag/job": "xbxax"},
    ),
    *holds(
        OPERATORS,
        "by StringEquals with a * in policy and request",
        {"StringEquals": {"aws:PrincipalTag/job": "a*"}},
        {"aws:PrincipalTag/job": "a*"},
        "by StringEquals, to which * is no wildcard",
        _JOB,
    ),
    *holds(
        OPERATORS,
        "by StringNotLike",
        {"StringNotLike": {"aws:PrincipalTag/job": "a*"}},
        _NO_JOB,
        "by StringNotLike with a value it is like",
        _JOB,
    ),
    *holds(
        LOGIC,
        "by two operators",
        {"StringEquals": _JOB, "Bool": {"aws:SecureTransport": True}},
        _JOB | {"aws:SecureTransport": True},
        "by one of two operators",
        _JOB | {"aws:SecureTransport": False},
    ),
    *holds(
        LOGIC,
        "by two keys of an operator",
        {"StringEquals": _JOB | {"aws:PrincipalTag/dept": "hr"}},
        _JOB | {"aws:PrincipalTag/dept": "hr"},
        "by one of two keys",
        _JOB | {"aws:PrincipalTag/dept": "it"},
    ),
]
CASES = [*STRINGS]
