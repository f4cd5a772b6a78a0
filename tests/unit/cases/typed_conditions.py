"""Operators on booleans, bytes, addresses and ARNs, and values of another type."""

from __future__ import annotations

from tests.unit.cases.case import (
    ACCOUNT,
    IAM,
    Question,
    allow,
    holds,
    policy,
    undecided,
    under,
)

OPERATORS = IAM + "reference_policies_elements_condition_operators.html"
LOGIC = IAM + "reference_policies_condition-logic-multiple-context-keys-or-values.html"
VARIABLES = IAM + "reference_policies_variables.html"


_AGE, _TIME, _IP, _ARN = "aws:MultiFactorAuthAge", "aws:CurrentTime", "aws:SourceIp", "aws:SourceArn"
_TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:topic"


OTHER_TYPES = [
    *holds(
        OPERATORS,
        "by Bool",
        {"Bool": {"aws:SecureTransport": "true"}},
        {"aws:SecureTransport": "True"},
        "by Bool with the other value",
        {"aws:SecureTransport": "false"},
    ),
    *holds(
        OPERATORS,
        "by Bool with a boolean",
        {"Bool": {"aws:SecureTransport": False}},
        {"aws:SecureTransport": False},
        "by Bool without the key",
        {},
    ),
    *holds(
        OPERATORS,
        "by BinaryEquals",
        {"BinaryEquals": {"aws:PrincipalTag/job": "QmluYXJ5"}},
        {"aws:PrincipalTag/job": "QmluYXJ5"},
        "by BinaryEquals with other bytes",
        {"aws:PrincipalTag/job": "QmluYXJ6"},
    ),
    *holds(
        OPERATORS,
        "by IpAddress",
        {"IpAddress": {_IP: "203.0.113.0/24"}},
        {_IP: "203.0.113.1"},
        "by IpAddress from outside the range",
        {_IP: "198.51.100.1"},
    ),
    *holds(
        OPERATORS,
        "by IpAddress of version 6",
        {"IpAddress": {_IP: ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}},
        {_IP: "2001:db8:1234:5678::9"},
        "by IpAddress of version 6 from outside the range",
        {_IP: "2001:db8::9"},
    ),
    *holds(
        OPERATORS,
        "by IpAddress of version 6 for all of version 6",
        {"IpAddress": {_IP: "::/0"}},
        {_IP: "2001:db8::9"},
        "by IpAddress of version 6 for an address of version 4",
        {_IP: "203.0.113.1"},
    ),
    *holds(
        OPERATORS,
        "by IpAddress of a range that is given by an address within",
        {"IpAddress": {_IP: "203.0.113.9/24"}},
        {_IP: "203.0.113.1"},
        "by IpAddress of a value that is no range",
        {_IP: "203.0.113.1/33"},
    ),
    *holds(
        OPERATORS,
        "by IpAddress without a prefix",
        {"IpAddress": {_IP: "203.0.113.1"}},
        {_IP: "203.0.113.1"},
        "by IpAddress without a prefix from the next address",
        {_IP: "203.0.113.2"},
    ),
    *holds(
        LOGIC,
        "by NotIpAddress from outside all ranges",
        {"NotIpAddress": {_IP: ["203.0.113.0/24", "10.0.0.0/8"]}},
        {_IP: "198.51.100.1"},
        "by NotIpAddress from one of its ranges",
        {_IP: "10.1.2.3"},
    ),
    *holds(
        OPERATORS,
        "by IpAddress with an address",
        {"IpAddress": {_IP: "0.0.0.0/0"}},
        {_IP: "198.51.100.1"},
        "by IpAddress with a value that is no address",
        {_IP: "cloudformation.amazonaws.com"},
    ),
    *holds(
        OPERATORS,
        "by ArnEquals",
        {"ArnEquals": {_ARN: _TOPIC}},
        {_ARN: _TOPIC},
        "by ArnEquals of another account",
        {_ARN: _TOPIC.replace(ACCOUNT, "777788889999")},
    ),
    *holds(
        OPERATORS,
        "by ArnEquals with wildcards",
        {"ArnEquals": {_ARN: f"arn:aws:sns:*:{ACCOUNT}:top?c"}},
        {_ARN: _TOPIC},
        "by ArnEquals without the key",
        {},
    ),
    *holds(
        OPERATORS,
        "by ArnLike with a * within a component",
        {"ArnLike": {_ARN: f"arn:aws:sns:us-*:{ACCOUNT}:*"}},
        {_ARN: _TOPIC},
        "by ArnLike, whose * stays in its component",
        {_ARN: f"arn:aws:sns:us-1:x:{ACCOUNT}:topic"},
    ),
    *holds(
        OPERATORS,
        "by ArnLike with colons in the last component",
        {"ArnLike": {_ARN: "arn:aws:logs:*:*:log-group:*"}},
        {_ARN: "arn:aws:logs:us-east-1:1:log-group:a:b"},
        "by ArnLike with a value that is no ARN",
        {_ARN: "topic"},
    ),
    *holds(
        LOGIC,
        "by ArnNotLike of several ARNs",
        {"ArnNotLike": {_ARN: ["arn:aws:sqs:*:*:*", "arn:aws:s3:::*"]}},
        {_ARN: _TOPIC},
        "by ArnNotLike of an ARN that one is like",
        {_ARN: "arn:aws:s3:::bucket"},
    ),
    *holds(
        LOGIC,
        "by ArnNotEquals without the key",
        {"ArnNotEquals": {_ARN: _TOPIC}},
        {},
        "by ArnNotEquals with the ARN",
        {_ARN: _TOPIC},
    ),
]
UNDOCUMENTED = [
    undecided(
        OPERATORS,
        f"by {operator} with a value of another type",
        under({operator: {key: bound}}, {key: "neither"}),
    )
    for operator, key, bound in (
        ("NumericNotEquals", _AGE, "1"),
        ("DateNotEquals", _TIME, "2026-01-01"),
        ("NotIpAddress", _IP, "10.0.0.0/8"),
        ("ArnNotLike", _ARN, _TOPIC),
    )
] + [
    undecided(OPERATORS, "by ArnLike with a pattern that is no ARN", under({"ArnLike": {_ARN: "*"}}, {_ARN: _TOPIC})),
    undecided(
        VARIABLES,
        "by aws:PrincipalType of a service",
        Question(
            principal="s3.amazonaws.com",
            key_policy=policy(allow("kms:*", "*", {"StringEquals": {"aws:PrincipalType": "Account"}})),
        ),
    ),
]

CASES = [*OTHER_TYPES, *UNDOCUMENTED]
