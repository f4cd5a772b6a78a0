"""The parts that find classes of requests: texts that tell patterns apart, values of a condition key, and limits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_kms_constructs.access import circumstances, pattern_texts
from secure_kms_constructs.access.candidate_values import atoms_of, candidates
from secure_kms_constructs.access.pattern_texts import DIGIT, Pattern, matches, telling_texts
from secure_kms_constructs.access.questions import Question, Side
from secure_kms_constructs.access.template_conditions import alternatives
from secure_kms_constructs.policies import parse_identity_policy, parse_key_policy
from secure_kms_constructs.policies.evaluation import Policies
from secure_kms_constructs.policies.patterns import ANY, ONE, arn_like, like
from tests.unit.landscapes import KEY, ROOT_MAY, access, allow, deny, document, identity, key, role_arn

TEXTS = st.text(alphabet="ab:", max_size=5)
PATTERNS = st.text(alphabet=["a", "b", ":", ANY, ONE], min_size=1, max_size=6)


def vectors(patterns: list[str], texts: set[str]) -> set[tuple[bool, ...]]:
    return {tuple(like(pattern, text) for pattern in patterns) for text in texts}


@settings(max_examples=200)
@given(st.lists(PATTERNS, min_size=1, max_size=3), st.frozensets(TEXTS, max_size=3), st.sets(TEXTS.filter(bool)))
def test_each_combination_that_a_text_matches_is_found(
    patterns: list[str], literals: frozenset[str], texts: set[str]
) -> None:
    found = telling_texts(tuple(map(Pattern, patterns)), literals)
    assert found is not None
    assert literals.isdisjoint(found)
    assert len(vectors(patterns, set(found))) == len(found)
    assert vectors(patterns, texts - literals) <= vectors(patterns, set(found))


@settings(max_examples=200)
@given(PATTERNS, TEXTS)
def test_a_pattern_matches_as_the_evaluator_says(pattern: str, text: str) -> None:
    assert matches(Pattern(pattern), text) is like(pattern, text)
    arn, theirs = f"a:b:c:d:{text}:e", f"a:b:c:d:{pattern}:e"
    if text.count(":") == pattern.count(":") == 0:
        assert matches(Pattern(theirs, arn=True), arn) is arn_like(theirs, arn)


def test_a_wildcard_of_an_arn_stays_in_its_component() -> None:
    pattern = f"arn:aws:iam::{ANY}:role/app"
    assert matches(Pattern(pattern), "arn:aws:iam::1:2:role/app")
    assert not matches(Pattern(pattern, arn=True), "arn:aws:iam::1:2:role/app")
    assert matches(Pattern(f"{pattern}{ANY}", arn=True), "arn:aws:iam::1:role/app:more")


def test_letters_match_whatever_their_case_where_the_operator_says_so() -> None:
    found = telling_texts((Pattern("red", any_case=True),), frozenset({"red"}))
    assert found is not None
    assert sorted(one.lower() for one in found) == sorted(["red", "x"])


def test_a_digit_is_a_digit() -> None:
    found = telling_texts((Pattern(DIGIT * 2),))
    assert found is not None
    assert {len(one) for one in found if one.isdigit()} == {2}


def test_patterns_that_take_too_long_are_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern_texts, "STATES", 10)
    assert telling_texts((Pattern(f"{ANY}too long{ANY}"), Pattern(f"{ANY}to be told{ANY}"))) is None


def test_what_is_not_told_apart_is_unknown_and_never_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = {"StringLike": {"kms:EncryptionContext:a": ["*xy*", "*yz*"]}}
    things = (
        key(ROOT_MAY, deny({"AWS": "*"}, ArnLike={"aws:PrincipalArn": [role_arn("*one*"), role_arn("*two*")]})),
        identity("reader", allow(**policy)),
    )
    known = access(*things).to_text(["kms:Decrypt"])
    assert "  App/reader: Decrypt if a = *xy* or *yz*" in known
    telling_texts.cache_clear()
    monkeypatch.setattr(pattern_texts, "STATES", 5)
    said = access(*things).to_text(["kms:Decrypt"])
    telling_texts.cache_clear()
    assert "? App/reader: Decrypt" in said
    assert "? any AWS service: Decrypt" in said
    assert "? any principal of 111122223333 with kms:* on *: Decrypt" in said


def test_a_question_with_too_many_classes_is_unknown_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    things = (
        key(ROOT_MAY),
        identity("reader", *(allow(StringEquals={f"aws:PrincipalTag/{one}": one}) for one in "abcd")),
    )
    assert "? App/reader" not in access(*things).to_text(["kms:Decrypt"])
    monkeypatch.setattr(circumstances, "EVALUATIONS", 4)
    assert "? App/reader: Decrypt" in access(*things).to_text(["kms:Decrypt"])


def question(**condition: Any) -> Question:
    policies = Policies(
        parse_key_policy(document(ROOT_MAY)), (parse_identity_policy(document(allow(**condition))),), None
    )
    return Question("kms:Decrypt", (Side(role_arn("reader"), KEY, policies),))


def values(name: str, **condition: Any) -> list[Any]:
    domain = question(**condition).domain(name.lower())
    assert domain is not None
    return list(domain.values)


def test_numbers_are_tried_at_below_above_and_between_the_limits() -> None:
    found = values("aws:MultiFactorAuthAge", NumericLessThan={"aws:MultiFactorAuthAge": "300"})
    assert [float(one) < 300 for one in found if one is not None] == [True, False]
    found = values("aws:MultiFactorAuthAge", NumericEquals={"aws:MultiFactorAuthAge": ["1", "3"]})
    assert sorted(one for one in found if one) == ["0", "1", "3"]


def test_dates_are_tried_at_before_after_and_between_the_limits() -> None:
    found = values("aws:CurrentTime", DateEquals={"aws:CurrentTime": ["2026-01-01", "2026-01-03"]})
    assert "2026-01-01T00:00:00.000000Z" in found
    assert len(found) == 4


def test_addresses_are_tried_in_each_range_and_outside() -> None:
    ranges = ["10.0.0.0/8", "10.1.0.0/16", "255.0.0.0/8"]
    found = values("aws:SourceIp", IpAddress={"aws:SourceIp": ranges})
    assert {"10.0.0.0", "10.1.0.0", "255.0.0.0"} <= set(found)
    inner = values("aws:SourceIp", IpAddress={"aws:SourceIp": ["10.0.0.0/8", "10.0.0.0/16"]})
    assert "10.1.0.0" in inner
    assert None in found
    assert "0.0.0.0" in found or "::" in found


def test_a_key_that_only_calls_of_services_have_is_absent_for_a_role() -> None:
    assert question(StringEquals={"aws:SourceAccount": "111122223333"}).open_keys == ()
    assert question(StringEquals={"aws:SourceVpc": "vpc-1"}).open_keys == ("aws:sourcevpc",)


def test_a_key_of_a_type_has_values_of_that_type_alone() -> None:
    assert set(values("aws:SecureTransport", Bool={"aws:SecureTransport": "true"})) == {"true", "false", None}
    arns = values("aws:SourceVpcArn", ArnLike={"aws:SourceVpcArn": "arn:aws:ec2:*:*:vpc/a*"})
    assert all(one is None or one.count(":") >= 5 for one in arns)


ALL = [{"A": True, "B": True}, {"A": True, "B": False}, {"A": False, "B": True}, {"A": False, "B": False}]


@pytest.mark.parametrize("cases, said", [
    (ALL, ()),
    (ALL[:1], ("A and B",)),
    (ALL[:2], ("A",)),
    (ALL[1:], ("A and not B", "not A")),
    ([ALL[0], ALL[3]], ("A and B", "not A and not B")),
    ([{"A": True}, {"B": True}], ("A", "B")),
])  # fmt: skip
def test_conditions_of_templates_are_told_in_few_words(cases: list[dict[str, bool]], said: tuple[str, ...]) -> None:
    assert alternatives(cases, ALL) == said


def test_as_many_different_values_are_found_as_there_are_keys_to_compare() -> None:
    found = candidates("aws:principaltag/a", atoms_of([]), lambda _: None, copies=3)
    assert found is not None
    assert len([one for one in found if one]) == 3
