"""Texts in place of values of a statement, which changes nothing else of it."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.instead import as_json, values_of, with_texts

ROLE = {"Fn::GetAtt": ["Role", "Arn"]}
TEXTS = {as_json(ROLE): "arn:aws:iam::111122223333:role/reader", as_json({"Ref": "Bus"}): "bus/*"}


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": "*"},
        {"NotPrincipal": {"AWS": "x"}},
        {"Principal": {"AWS": ["a", "b"]}, "Condition": None},
        {"Principal": {"Service": "x"}, "Condition": {"StringEquals": {"a": "b*"}, "Bool": {"c": True}}},
    ],
)
def test_what_no_text_is_for_stays_as_it_is(statement: dict[str, Any]) -> None:
    assert with_texts(statement, TEXTS) == statement


def test_a_text_stands_for_a_principal_and_for_a_value_of_a_condition() -> None:
    statement = {
        "Principal": {"AWS": [ROLE, "other"], "Service": "x"},
        "Condition": {"ArnEquals": {"aws:PrincipalArn": ROLE}},
    }
    assert with_texts(statement, TEXTS) == {
        "Principal": {"AWS": ["arn:aws:iam::111122223333:role/reader", "other"], "Service": "x"},
        "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/reader"}},
    }


def test_only_a_pattern_that_took_a_place_makes_an_operator_one_of_patterns() -> None:
    condition = {"StringEquals": {"a": {"Ref": "Bus"}, "b": "literal*"}, "ArnEquals": {"c": [{"Ref": "Bus"}, "d"]}}
    assert with_texts({"Principal": "*", "Condition": condition}, TEXTS)["Condition"] == {
        "StringLike": {"a": "bus/*"},
        "StringEquals": {"b": "literal*"},
        "ArnLike": {"c": ["bus/*", "d"]},
    }


def test_the_values_of_a_statement_are_those_of_principals_and_conditions() -> None:
    statement = {"Principal": {"AWS": ["a", "b"]}, "Condition": {"StringEquals": {"K": "v"}}, "Action": "kms:Decrypt"}
    assert list(values_of(statement)) == [("principal", "a"), ("principal", "b"), ("k", "v")]
    assert list(values_of({"Principal": "*"})) == []
