"""The reasons of a decision name the statements that decide, and what nearly did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from secure_kms_constructs.policies import (
    Outcome,
    Reason,
    Request,
    Unknown,
    evaluate,
    parse_identity_policy,
    parse_key_policy,
)
from tests.unit.cases import reasons, unknown_reasons
from tests.unit.cases.case import (
    DELEGATES,
    KEY,
    USES_KEY,
    Question,
    allow,
    deny,
    policy,
    without,
)
from tests.unit.cases.reasons import ROLE, STRANGER
from tests.unit.policies.test_cases import decide

CASES = [*reasons.CASES, *unknown_reasons.CASES]


@pytest.mark.parametrize("question, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_reasons(question: Question, expected: list[str]) -> None:
    assert [str(reason) for reason in decide(question).reasons] == expected


def test_a_reason_has_parts() -> None:
    question = Question(key_policy=policy(allow("kms:Encrypt", ROLE), allow("kms:*", ROLE, Sid="Use")))
    assert decide(question).reasons[0] == Reason(Outcome.ALLOWS, "allows kms:Decrypt", "key policy", 1, "Use")


_TO_STRANGER = Question(principal=STRANGER, key_policy=DELEGATES)
_ALL = policy(allow("kms:*"))


@pytest.mark.parametrize(
    "question, outcomes",
    [
        (Question(key_policy=policy(allow("kms:*", ROLE))), [Outcome.ALLOWS, Outcome.FAILS]),
        (Question(key_policy=DELEGATES, identity_policies=[_ALL]), [Outcome.DELEGATES, Outcome.ALLOWS]),
        (Question(key_policy=policy(deny("kms:*", ROLE))), [Outcome.DENIES]),
        (Question(key_policy=policy(allow(Unknown("x"), ROLE))), [Outcome.UNDECIDED, Outcome.FAILS]),
        (replace(_TO_STRANGER, boundary=policy()), [Outcome.FAILS, Outcome.FAILS, Outcome.FAILS]),
        (
            replace(_TO_STRANGER, action="kms:PutKeyPolicy", identity_policies=[_ALL]),
            [Outcome.FAILS, Outcome.ALLOWS],
        ),
        (
            Question(
                key_policy=policy(without(allow("*", ROLE), "Action"), allow("*", ROLE, {"Null": {"aws:x": False}}))
            ),
            [Outcome.FAILS, Outcome.FAILS, Outcome.FAILS, Outcome.FAILS],
        ),
    ],
)
def test_outcomes(question: Question, outcomes: list[Outcome]) -> None:
    assert [reason.outcome for reason in decide(question).reasons] == outcomes


def test_named_policies_keep_their_names() -> None:
    decision = evaluate(
        Request(ROLE, "kms:Decrypt", KEY),
        key_policy=parse_key_policy(DELEGATES, name="policy of Orders/Key"),
        identity_policies=[parse_identity_policy(USES_KEY, name="policy of Orders/Role")],
        boundary=parse_identity_policy(policy(), name="boundary of Orders/Role"),
    )
    assert [reason.policy for reason in decision.reasons] == [
        "policy of Orders/Key",
        "policy of Orders/Role",
        "boundary of Orders/Role",
    ]


@pytest.mark.parametrize(
    "key_policy, answer", [(DELEGATES, "allowed"), (policy(), "denied"), (Unknown("Key"), "unknown")]
)
def test_a_decision_reads_as_text(key_policy: Any, answer: str) -> None:
    decision = evaluate(Request(ROLE, "kms:Decrypt", KEY), key_policy=key_policy, identity_policies=[USES_KEY])
    first, *others = str(decision).splitlines()
    assert first == f"{answer}: {ROLE} kms:Decrypt {KEY}"
    assert others == [f"  {reason}" for reason in decision.reasons]
