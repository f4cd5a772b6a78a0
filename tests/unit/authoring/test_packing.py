"""Statements are split into policies under a limit, and nothing is lost or gained."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_kms_constructs.authoring.packing import pack, size

LIMIT = 600


def arn(number: int) -> str:
    return f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{number}"


def read(resource: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": resource}


def decrypt(key: str, context: str | list[str]) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": key,
        "Condition": {"StringEquals": {"kms:ViaService": "v", "kms:EncryptionContext:SecretARN": context}},
    }


def allowed(statements: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """Return every (action, resource, context) that the statements allow."""

    def each(value: Any) -> list[str]:
        return value if isinstance(value, list) else [value]

    return Counter(
        (statement["Action"], resource, context)
        for statement in statements
        for resource in each(statement["Resource"])
        for context in each(
            statement.get("Condition", {}).get("StringEquals", {}).get("kms:EncryptionContext:SecretARN", "any")
        )
    )


def one_or_list(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


values = st.lists(st.text("abc-/", min_size=1, max_size=40), min_size=1, max_size=60, unique=True).map(one_or_list)
written = st.lists(
    st.builds(read, values) | st.builds(decrypt, st.text("k", min_size=1, max_size=20), values), max_size=8
)


@given(written, st.integers(min_value=300, max_value=3000))
def test_the_parts_allow_what_the_whole_allowed_within_the_limit(statements: list[dict[str, Any]], limit: int) -> None:
    policies = pack(statements, statements, limit)
    assert allowed([statement for policy in policies for statement in policy]) == allowed(statements)
    for policy in policies:
        assert policy
        assert len(json.dumps({"Version": "2012-10-17", "Statement": policy}, separators=(",", ":"))) <= limit


@given(written)
def test_what_fits_stays_as_it_is(statements: list[dict[str, Any]]) -> None:
    assert pack(statements, statements, 1_000_000) == ([statements] if statements else [])


def test_no_statements_need_no_policy() -> None:
    assert pack([], [], LIMIT) == []


def test_a_long_list_is_split_inside_its_statement() -> None:
    resources = [arn(n) for n in range(20)]
    policies = pack([read(resources)], [read(resources)], LIMIT)
    assert len(policies) > 1
    assert [resource for policy in policies for part in policy for resource in part["Resource"]] == resources


def test_the_rest_of_a_policy_is_filled_before_another_begins() -> None:
    statements = [read([arn(n) for n in range(5)]), read([arn(n) for n in range(5, 12)])]
    policies = pack(statements, statements, LIMIT)
    assert [len(policy) for policy in policies] == [2, 1]


def test_a_single_value_left_over_loses_its_brackets() -> None:
    statement = read([arn(n) for n in range(9)])
    last = pack([statement], [statement], LIMIT)[-1][-1]
    assert isinstance(last["Resource"], str) or len(last["Resource"]) > 1


def test_the_sizes_are_those_of_the_resolved_values() -> None:
    tokens = [f"${{Token[{n}]}}" for n in range(8)]
    resolved: list[Any] = [{"Ref": f"Secret{n}"} for n in range(8)]
    policies = pack([read(tokens)], [read(resolved)], LIMIT)
    assert len(policies) > 1
    assert [token for policy in policies for part in policy for token in _listed(part["Resource"])] == tokens


def test_statements_and_their_resolved_forms_must_correspond() -> None:
    with pytest.raises(ValueError):
        pack([read("a")], [], LIMIT)


@pytest.mark.parametrize(
    "value, characters",
    [
        ("ab", 4),
        ({"a": ["b", "c"]}, len('{"a":["b","c"]}')),
        ({"Ref": "AWS::AccountId"}, 14),
    ],
)
def test_white_space_is_not_counted_and_tokens_count_in_full(value: Any, characters: int) -> None:
    assert size(value) == characters


def test_an_unknown_reference_counts_as_the_longest_arn() -> None:
    assert size({"Ref": "Secret"}) >= 130
    assert size({"Fn::GetAtt": ["Secret", "Arn"]}) == size({"Ref": "Secret"}) == size("${Token[TOKEN.1]}")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
