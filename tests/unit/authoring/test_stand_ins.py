"""Literals in place of what only the deployment tells."""

from __future__ import annotations

import pytest

from secure_kms_constructs.authoring import stand_ins
from secure_kms_constructs.policies import Unknown, parse_identity_policy, parse_key_policy

ROLE, KEY = "arn:aws:iam::111122223333:role/reader", "arn:aws:kms:eu-west-1:111122223333:key/k"
VIA = "kms:ViaService"


def test_names_that_only_the_deployment_tells_are_numbered() -> None:
    one = stand_ins.literals({"a": "${Secret.Arn}", "b": "${Other.Arn}"}, {})
    assert list(one) == ["a", "b"]
    assert one["a"] != one["b"]
    assert list(one.values()) == list(stand_ins.literals({"c": "${Third.Arn}", "d": "${Fourth.Arn}"}, {}).values())
    # As a principal they have to look like one.
    parse_identity_policy({"Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": one["a"]}})
    parse_key_policy(
        {"Statement": {"Effect": "Allow", "Principal": {"AWS": one["a"]}, "Action": "kms:*", "Resource": "*"}}
    )


def test_the_same_name_has_the_same_number() -> None:
    one = stand_ins.literals({"a": "${Secret.Arn}", "b": "${Secret.Arn}"}, {})
    assert one["a"] == one["b"]


@pytest.mark.parametrize(
    "text, known, literal",
    [
        ("arn:x", {}, "arn:x"),
        ("${Secret.Arn}", {"${Secret.Arn}": "arn:known"}, "arn:known"),
        ("${AWS.Region}", {}, "us-east-1"),
        ("${AWS.Region}", {"${AWS.Region}": "eu-west-1"}, "eu-west-1"),
        ("arn:${AWS.Partition}:x:${Name}", {}, "arn:aws:x:Name"),
    ],
)
def test_what_is_known_or_partly_known_stays_itself(text: str, known: dict[str, str], literal: str) -> None:
    assert stand_ins.literals({"a": text}, known) == {"a": literal}
    assert stand_ins.literal(text, known) == literal


def decided(condition: dict[str, str] | None, context: dict[str, str | Unknown], effect: str = "Allow") -> object:
    allow = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "kms:*", "Resource": "*"}
    other = {**allow, "Effect": effect, "Condition": {"StringEquals": condition}} if condition else allow
    policy = parse_key_policy({"Statement": [allow, other] if effect == "Deny" else [other]})
    asked = ROLE, "kms:Decrypt", KEY, context, policy
    answer = stand_ins.answered(*asked)
    assert stand_ins.denied(*asked) == (answer.reasons if answer.allowed is False else ())
    return answer


def test_what_is_allowed_has_no_reasons_and_what_is_not_has_some() -> None:
    assert decided(None, {}) == (True, ())
    allowed, reasons = decided({VIA: "a"}, {VIA: "b"})  # type: ignore[misc]
    assert (allowed, bool(reasons)) == (False, True)


def test_what_nobody_knows_yet_is_open_with_what_it_hangs_on() -> None:
    allowed, reasons = decided({VIA: "a"}, {VIA: Unknown("later")})  # type: ignore[misc]
    assert (allowed, len(reasons)) == (None, 1)
    # Of a condition key that nobody gave, it is not known either.
    assert decided({"aws:SourceVpc": "vpc-1"}, {})[0] is None  # type: ignore[index]


def test_a_deny_is_the_reason_that_is_told() -> None:
    allowed, [reason] = decided({VIA: "a"}, {VIA: "a"}, "Deny")  # type: ignore[misc]
    assert allowed is False
    assert "denies" in reason
    assert decided({VIA: "a"}, {VIA: "b"}, "Deny") == (True, ())
