"""Policy statements are read as IAM reads them, whoever wrote them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_kms_constructs.authoring import reading

ACTIONS = ["kms:Decrypt", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"]


@pytest.mark.parametrize("value, expected", [(None, []), ("a", ["a"]), (["a", "b"], ["a", "b"]), ([], []), ("", [""])])
def test_an_element_may_stand_without_its_list(value: Any, expected: list[Any]) -> None:
    assert reading.listed(value) == expected


@pytest.mark.parametrize(
    "patterns, matched",
    [
        ("kms:Decrypt", ["kms:Decrypt"]),
        ("KMS:decrypt", ["kms:Decrypt"]),
        ("kms:ReEncrypt*", ["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
        ("kms:?ncrypt", ["kms:Encrypt"]),
        (["kms:Decrypt", "kms:Encrypt"], ["kms:Decrypt", "kms:Encrypt"]),
        ("*", ACTIONS),
        ("kms.Decrypt", []),
        ("kms:[DE]*crypt", []),
        ("kms:Decryp", []),
        (None, []),
    ],
)
def test_a_pattern_matches_what_iam_says(patterns: Any, matched: list[str]) -> None:
    assert sorted(reading.meant(patterns, ACTIONS)) == matched


@given(st.text())
def test_no_pattern_is_a_broken_expression(pattern: str) -> None:
    assert reading.meant(pattern, ACTIONS) <= set(ACTIONS)


@pytest.mark.parametrize(
    "statement, about",
    [
        ({"Action": "kms:Put*"}, True),
        ({"Action": ["kms:Decrypt", "kms:PutKeyPolicy"]}, True),
        ({"Action": "kms:Decrypt"}, False),
        ({"NotAction": "kms:Decrypt"}, True),
        ({"NotAction": ["kms:Decrypt", "kms:*Policy"]}, False),
        ({}, False),
    ],
)
def test_a_statement_speaks_about_an_action(statement: dict[str, Any], about: bool) -> None:
    assert reading.allows_or_denies(statement, "kms:PutKeyPolicy") is about


@pytest.mark.parametrize(
    "element, principals",
    [
        ("*", ["*"]),
        ({"AWS": "*"}, ["*"]),
        ({"AWS": ["a", "b"]}, ["a", "b"]),
        ({"Service": "logs.amazonaws.com"}, []),
        ({"AWS": "a", "Service": "b"}, ["a"]),
        (None, []),
    ],
)
def test_the_iam_principals_of_an_element(element: Any, principals: list[str]) -> None:
    assert reading.aws_principals(element) == principals


@pytest.mark.parametrize(
    "principal, account",
    [
        ("arn:aws:iam::111122223333:root", True),
        ("arn:${AWS.Partition}:iam::${AWS.AccountId}:root", True),
        ("111122223333", True),
        ("${AWS.AccountId}", True),
        ("arn:aws:iam::111122223333:role/root", False),
        ("${Role.Arn}", False),
        ("*", False),
    ],
)
def test_a_principal_that_stands_for_an_account(principal: str, account: bool) -> None:
    assert reading.is_account(principal) is account


@pytest.mark.parametrize(
    "condition, bound",
    [
        ({"StringEquals": {"AWS:SourceAccount": "1"}}, {"aws:sourceaccount": "1"}),
        ({"ArnLike": {"aws:SourceArn": ["a", "b"]}}, {"aws:sourcearn": ["a", "b"]}),
        ({"StringNotEquals": {"aws:SourceAccount": "1"}}, {}),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "1"}}, {}),
        ({"Null": {"aws:SourceArn": "false"}}, {}),
        ({"StringLike": {"aws:SourceAccount": "*"}}, {}),
        ({"StringLike": {"aws:SourceAccount": ["1", "*"]}}, {}),
        ({"StringEquals": {"aws:SourceAccount": []}}, {}),
        (None, {}),
    ],
)
def test_only_a_positive_operator_with_fixed_values_binds(condition: Any, bound: dict[str, Any]) -> None:
    assert reading.bound({"Condition": condition}) == bound
