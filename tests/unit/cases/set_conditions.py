"""Keys that are absent or have several values."""

from __future__ import annotations

from tests.unit.cases.case import (
    IAM,
    KMS,
    holds,
    undecided,
    under,
)

OPERATORS = IAM + "reference_policies_elements_condition_operators.html"
SETS = IAM + "reference_policies_condition-single-vs-multi-valued-context-keys.html"


_JOB, _NO_JOB = {"aws:PrincipalTag/job": "admin"}, {"aws:PrincipalTag/job": "dev"}
_TAGS = "aws:TagKeys"


ABSENCE = [
    *holds(
        OPERATORS,
        "by IfExists without the key",
        {"StringEqualsIfExists": _JOB},
        {},
        "by IfExists with another value",
        _NO_JOB,
    ),
    *holds(
        OPERATORS,
        "by a negated operator with IfExists without the key",
        {"StringNotEqualsIfExists": _JOB},
        {},
        "by a negated operator with IfExists with the value",
        _JOB,
    ),
    *holds(
        OPERATORS,
        "by Null false with the key",
        {"Null": {"aws:TokenIssueTime": "false"}},
        {"aws:TokenIssueTime": "2026-01-01T00:00:00Z"},
        "by Null false without the key",
        {},
    ),
    *holds(
        OPERATORS,
        "by Null true without the key",
        {"Null": {"aws:TokenIssueTime": True}},
        {},
        "by Null true with the key",
        {"aws:TokenIssueTime": "2026-01-01T00:00:00Z"},
    ),
    *holds(
        OPERATORS,
        "by Null true with an empty list of values",
        {"Null": {_TAGS: True}},
        {_TAGS: []},
        "by Null true with a list of one value",
        {_TAGS: ["a"]},
    ),
    *holds(
        OPERATORS,
        "by Null false with a key that follows from the principal",
        {"Null": {"aws:PrincipalArn": False}},
        {},
        "by Null false with that key declared absent",
        {"aws:PrincipalArn": None},
    ),
]
MULTIVALUED = [
    *holds(
        SETS,
        "by ForAllValues with both values listed",
        {"ForAllValues:StringEquals": {_TAGS: ["a", "b"]}},
        {_TAGS: ["b", "a"]},
        "by ForAllValues with one value not listed",
        {_TAGS: ["a", "c"]},
    ),
    *holds(
        SETS,
        "by ForAllValues without the key",
        {"ForAllValues:StringEquals": {_TAGS: ["a", "b"]}},
        {},
        "by ForAllValues with a value not listed",
        {_TAGS: ["c"]},
    ),
    *holds(
        SETS,
        "by ForAllValues and Null with the key",
        {"ForAllValues:StringEquals": {_TAGS: ["a", "b"]}, "Null": {_TAGS: "false"}},
        {_TAGS: ["a"]},
        "by ForAllValues and Null without the key",
        {},
    ),
    *holds(
        OPERATORS,
        "by ForAllValues with an empty text",
        {"ForAllValues:StringEquals": {_TAGS: "a"}},
        {_TAGS: ""},
        "by ForAllValues with an empty text beside a value not listed",
        {_TAGS: ["", "c"]},
    ),
    *holds(
        SETS,
        "by ForAnyValue with one value listed",
        {"ForAnyValue:StringEquals": {_TAGS: ["a", "b"]}},
        {_TAGS: ["c", "a"]},
        "by ForAnyValue with no value listed",
        {_TAGS: ["c", "d"]},
    ),
    *holds(
        SETS,
        "by ForAnyValue with a value listed",
        {"ForAnyValue:StringLike": {_TAGS: "a*"}},
        {_TAGS: ["abc"]},
        "by ForAnyValue without the key",
        {},
    ),
    *holds(
        OPERATORS,
        "by ForAnyValue negated with one value not listed",
        {"ForAnyValue:StringNotEquals": {_TAGS: ["a", "b"]}},
        {_TAGS: ["a", "c"]},
        "by ForAnyValue negated with all values listed",
        {_TAGS: ["a", "b"]},
    ),
    *holds(
        SETS,
        "by ForAnyValue negated with a value not listed",
        {"ForAnyValue:StringNotEquals": {_TAGS: "a"}},
        {_TAGS: ["c"]},
        "by ForAnyValue negated without the key",
        {},
    ),
    *holds(
        OPERATORS,
        "by ForAllValues negated with no value listed",
        {"ForAllValues:StringNotLike": {_TAGS: ["a*", "b*"]}},
        {_TAGS: ["c", "d"]},
        "by ForAllValues negated with one value listed",
        {_TAGS: ["c", "ab"]},
    ),
    *holds(
        KMS + "conditions-kms.html",
        "by ForAllValues on the keys of the encryption context",
        {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["SecretARN", "SecretVersionId"]}},
        {"kms:EncryptionContextKeys": ["SecretARN"]},
        "by ForAllValues with another key of the encryption context",
        {"kms:EncryptionContextKeys": ["SecretARN", "Other"]},
    ),
    *holds(
        SETS,
        "by ForAnyValue with one text",
        {"ForAnyValue:StringEquals": {_TAGS: ["abc", "x"]}},
        {_TAGS: "abc"},
        "by ForAnyValue with one text that only contains the value",
        {_TAGS: "xyz"},
    ),
    undecided(
        SETS,
        "by a multivalued key without a set operator",
        under({"StringEquals": {_TAGS: "a"}}, {_TAGS: ["a"]}),
    ),
    undecided(
        SETS,
        "by ForAnyValue with IfExists without the key",
        under({"ForAnyValue:StringEqualsIfExists": {_TAGS: "a"}}, {}),
    ),
]
CASES = [*ABSENCE, *MULTIVALUED]
