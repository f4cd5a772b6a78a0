"""Policy variables in conditions."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.cases.case import (
    ACCOUNT,
    IAM,
    Json,
    allow,
    holds,
    pair,
    policy,
    undecided,
    under,
)

OPERATORS = IAM + "reference_policies_elements_condition_operators.html"
VARIABLES = IAM + "reference_policies_variables.html"


_AGE, _TIME, _IP, _ARN = "aws:MultiFactorAuthAge", "aws:CurrentTime", "aws:SourceIp", "aws:SourceArn"
_TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:topic"


_TEAM = {"aws:PrincipalTag/team": "red"}


def _variable(value: str, operator: str = "StringEquals") -> Json:
    return {operator: {"aws:PrincipalTag/owner": value}}


_OWNED = _TEAM | {"aws:PrincipalTag/owner": "red"}
WITH_VARIABLES = [
    *holds(
        VARIABLES,
        "by a variable",
        _variable("${aws:PrincipalTag/team}"),
        _OWNED,
        "by a variable without a value",
        {"aws:PrincipalTag/owner": "red"},
    ),
    *holds(
        VARIABLES,
        "by a negated operator and a variable without a value",
        _variable("${aws:PrincipalTag/team}", "StringNotEquals"),
        {"aws:PrincipalTag/owner": "red"},
        "by a negated operator and a variable with the value",
        _OWNED,
    ),
    *holds(
        VARIABLES,
        "by the default of a variable",
        _variable("${aws:PrincipalTag/team, 'none'}"),
        {"aws:PrincipalTag/owner": "none"},
        "by a variable's value in place of its default",
        _TEAM | {"aws:PrincipalTag/owner": "none"},
    ),
    *holds(
        VARIABLES,
        "by a quoted default",
        _variable("${aws:PrincipalTag/none,'a, b'}"),
        {"aws:PrincipalTag/owner": "a, b"},
        "by a part of a quoted default",
        {"aws:PrincipalTag/owner": "a"},
    ),
    *pair(
        VARIABLES,
        "by a default in quotes",
        under(_variable("${aws:PrincipalTag/none, 'a'}"), {"aws:PrincipalTag/owner": "a"}),
        "by a default without quotes",
        identity_policies=[policy(allow("kms:*", condition=_variable("${aws:PrincipalTag/none, a}")))],
    ),
    *holds(
        VARIABLES,
        "by a variable between texts and wildcards",
        _variable("*-${AWS:PrincipalTag/TEAM}-?", "StringLike"),
        _TEAM | {"aws:PrincipalTag/owner": "a-red-1"},
        "by a variable between texts that differ",
        _TEAM | {"aws:PrincipalTag/owner": "a-red-12"},
    ),
    *holds(
        VARIABLES,
        "by escaped wildcards",
        _variable("a${*}b${?}c${$}", "StringLike"),
        {"aws:PrincipalTag/owner": "a*b?c$"},
        "by escaped wildcards, which are none",
        {"aws:PrincipalTag/owner": "axbxc$"},
    ),
    *holds(
        VARIABLES,
        "by a variable whose value holds a *",
        _variable("${aws:PrincipalTag/team}", "StringLike"),
        {"aws:PrincipalTag/team": "r*", "aws:PrincipalTag/owner": "r*"},
        "by a variable's *, which is no wildcard",
        {"aws:PrincipalTag/team": "r*", "aws:PrincipalTag/owner": "red"},
    ),
    *holds(
        VARIABLES,
        "by one of two variables under IgnoreCase, the other without a value",
        {"StringEqualsIgnoreCase": {"aws:PrincipalTag/owner": ["${aws:PrincipalTag/x}", "${aws:PrincipalTag/team}"]}},
        _OWNED,
        "by variables without a value under IgnoreCase",
        {"aws:PrincipalTag/owner": "red"},
    ),
    *holds(
        VARIABLES,
        "by a variable in another case under IgnoreCase",
        _variable("${aws:PrincipalTag/team}", "StringEqualsIgnoreCase"),
        {"aws:PrincipalTag/team": "RED", "aws:PrincipalTag/owner": "Red"},
        "by another value under IgnoreCase",
        {"aws:PrincipalTag/team": "RED", "aws:PrincipalTag/owner": "blue"},
    ),
    *holds(
        VARIABLES,
        "by a variable that holds a whole ARN",
        {"ArnEquals": {_ARN: "${aws:PrincipalTag/arn}"}},
        {_ARN: _TOPIC, "aws:PrincipalTag/arn": _TOPIC},
        "by a multivalued key, which cannot be a variable",
        {_ARN: _TOPIC, "aws:PrincipalTag/arn": [_TOPIC]},
    ),
    *pair(
        VARIABLES,
        "by a text that looks like a variable, with version 2008-10-17",
        under(
            _variable("${aws:PrincipalTag/team}"),
            {"aws:PrincipalTag/owner": "${aws:PrincipalTag/team}"},
            version="2008-10-17",
        ),
        "by the value of a variable, with version 2008-10-17",
        context=_OWNED,
    ),
    *pair(
        VARIABLES,
        "by aws:username of a user",
        replace(
            under(
                {"StringEquals": {"aws:PrincipalTag/owner": "${aws:username}"}},
                {"aws:PrincipalTag/owner": "alice"},
            ),
            principal=f"arn:aws:iam::{ACCOUNT}:user/team/alice",
        ),
        "by aws:username of a role, which has none",
        principal=f"arn:aws:iam::{ACCOUNT}:role/alice",
    ),
    *holds(
        OPERATORS,
        "by a known value beside a variable in Bool",
        {"Bool": {"aws:SecureTransport": ["true", "${aws:PrincipalTag/x}"]}},
        {"aws:SecureTransport": "true"},
        "by Bool without the key, whatever the variable",
        {},
    ),
    *pair(
        VARIABLES,
        "by Bool with version 2008-10-17",
        under({"Bool": {"aws:SecureTransport": "true"}}, {"aws:SecureTransport": "true"}, version="2008-10-17"),
        "by a text like a variable in Bool, with version 2008-10-17",
        identity_policies=[
            policy(allow("kms:*", condition={"Bool": {"aws:SecureTransport": "${aws:x}"}}), version="2008-10-17")
        ],
    ),
    undecided(
        VARIABLES,
        "by a variable in Bool",
        under({"Bool": {"aws:SecureTransport": "${aws:PrincipalTag/x}"}}, {"aws:SecureTransport": "true"}),
    ),
]
CASES = WITH_VARIABLES
