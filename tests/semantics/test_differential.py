"""The evaluator against iam-simulate, on generated policies and requests.

``DIFFERENTIAL_COMPARISONS=20000 pytest tests/semantics/test_differential.py`` compares more, and at random.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from secure_kms_constructs.policies import Decision, Request, evaluate
from tests.semantics.differences import DIFFERENCES, UNDECIDED, Difference, Undecided, rewritten
from tests.semantics.engine import ask
from tests.semantics.judge import Judge
from tests.semantics.strategies import REQUESTS_PER_CASE, cases, is_settled

Json = dict[str, Any]

_POLICIES = (
    *("key_policy", "identity_policies", "boundary", "session_policies"),
    *("scps", "rcps", "endpoint_policy"),
)
COMPARISONS = int(os.environ.get("DIFFERENTIAL_COMPARISONS", "0"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Judge]:
    with Judge() as process:
        yield process


@pytest.fixture(scope="module")
def answers() -> Counter[bool | None]:
    return Counter()


def decide(case: Json) -> Decision:
    request = Request(case["principal"], case["action"], case["key"], case["context"])
    policies = {name: case[name] for name in _POLICIES if name in case}
    return evaluate(request, **policies)


@settings(
    max_examples=(COMPARISONS or 2000) // REQUESTS_PER_CASE,
    derandomize=not COMPARISONS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(drawn=cases())
def test_both_answer_alike(drawn: list[Json], engine: Judge, answers: Counter[bool | None]) -> None:
    for case, theirs in zip(drawn, ask(engine, [rewritten(case) for case in drawn]), strict=True):
        ours = decide(case)
        told = f"iam-simulate says {theirs}\n{ours}\n{json.dumps(case, indent=1)}"
        assert ours.allowed is theirs or (ours.allowed is None and not is_settled(case)), told
        answers[ours.allowed] += 1


def test_enough_was_compared(answers: Counter[bool | None]) -> None:
    """A generator that only makes denials would compare nothing."""
    total = answers.total()
    assert total >= (COMPARISONS or 2000)
    assert 0.1 < answers[True] / total < 0.8
    assert 0 < answers[None] / total < 0.03, "what no page says is drawn, and rarely decides"


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.rule)
def test_the_difference_is_still_there(difference: Difference, engine: Judge) -> None:
    assert decide(difference.example).allowed is difference.allowed
    as_is, as_rewritten = ask(engine, [difference.example, difference.rewrite(difference.example)])
    assert (as_is, as_rewritten) == (not difference.allowed, difference.allowed), difference.source


@pytest.mark.parametrize("undecided", UNDECIDED, ids=lambda undecided: undecided.why)
def test_only_the_engine_decides(undecided: Undecided, engine: Judge) -> None:
    assert decide(undecided.example).allowed is None, undecided.source
    assert ask(engine, [undecided.example]) in ([True], [False])
