"""That "nobody else" means every class of requests was tried, shown on random policies and random requests.

``ACCESS_QUESTIONS=20000 pytest tests/semantics/test_access_exhaustive.py`` asks more, and at random.
"""

from __future__ import annotations

import os
from collections import Counter
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from secure_kms_constructs.access.circumstances import Region, grow, regions
from secure_kms_constructs.access.questions import Question, Side
from secure_kms_constructs.access.rows import Row
from secure_kms_constructs.access.value_classes import Domain
from secure_kms_constructs.policies import Decision, Request, evaluate, parse_identity_policy, parse_key_policy
from secure_kms_constructs.policies.evaluation import Policies
from secure_kms_constructs.policies.patterns import ContextValue
from secure_kms_constructs.policies.principals import Kind, parse_caller
from secure_kms_constructs.templates.landscape import Key
from tests.semantics.strategies import REQUESTS_PER_CASE, cases
from tests.unit.landscapes import access, source

Json = dict[str, Any]

QUESTIONS = int(os.environ.get("ACCESS_QUESTIONS", "0"))


@pytest.fixture(scope="module")
def seen() -> Counter[str]:
    return Counter()


def question_of(case: Json) -> Question:
    boundary = None if case["boundary"] is None else parse_identity_policy(case["boundary"])
    identity = tuple(map(parse_identity_policy, case["identity_policies"]))
    policies = Policies(parse_key_policy(case["key_policy"]), identity, boundary)
    return Question(case["action"], (Side(case["principal"], case["key"], policies),))


def decide(question: Question, context: Json) -> Decision:
    [side] = question.sides
    return evaluate(
        Request(side.principal, question.action, side.key, context),
        key_policy=side.policies.key_policy,
        identity_policies=side.policies.identity_policies,
        boundary=side.policies.boundary,
    )


def classes(question: Question, context: dict[str, ContextValue]) -> list[dict[str, int]]:
    """The classes that a context falls into; more than one where policy variables leave a choice."""
    places: list[list[tuple[str, int]]] = []
    for key in question.open_keys:
        domain = question.domain(key)
        if domain is not None:
            places.append([(key, place) for place in alike(question, key, domain, context.get(key))])
    return [dict(choice) for choice in product(*places) if as_different(question, dict(choice), context)]


def alike(question: Question, key: str, domain: Domain, value: ContextValue) -> list[int]:
    if domain.apart:
        if value in domain.values:
            return [domain.values.index(value)]
        other = [place for place, one in enumerate(domain.values) if isinstance(one, str)]
    else:
        other = list(range(len(domain.values)))
    wanted = holds(question, key, value)
    return [place for place in other if holds(question, key, domain.values[place]) == wanted]


def holds(question: Question, key: str, value: ContextValue) -> list[bool | None]:
    conditions = question._conditions.get(key, ())
    return [one.matches(lambda asked: question._given({key: value}, asked)) for one in conditions]


def as_different(question: Question, choice: dict[str, int], context: dict[str, ContextValue]) -> bool:
    """Of keys that policy variables compare, values that differ must be in classes whose values differ."""
    compared = [key for key in choice if (domain := question.domain(key)) is not None and domain.apart]
    for key, other in product(compared, compared):
        mine, theirs = question.domain(key), question.domain(other)
        assert mine is not None
        assert theirs is not None
        same = mine.values[choice[key]] == theirs.values[choice[other]]
        if same is not (context.get(key) == context.get(other)):
            return False
    return True


def covers(region: Region, choice: dict[str, int]) -> bool:
    return any(all(choice[key] in places for key, places in cube.items()) for cube in region.cubes)


def possible(question: Question, context: Json) -> dict[str, ContextValue]:
    """What of a context a request of this principal can have beside what it tells itself."""
    given = {key.lower(): tuple(value) if isinstance(value, list) else value for key, value in context.items()}
    # Each request has it; the evaluator fills it in where it is left out. One that names the service is one of it.
    given.setdefault("aws:viaawsservice", "false")
    if given.get("kms:viaservice"):
        given["aws:viaawsservice"] = "true"
    return {key: value for key, value in given.items() if question._is_open(key)}


@settings(
    max_examples=(QUESTIONS or 2000) // REQUESTS_PER_CASE,
    derandomize=not QUESTIONS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(drawn=cases())
def test_what_is_allowed_is_in_a_row_and_what_is_in_a_row_is_allowed(drawn: list[Json], seen: Counter[str]) -> None:
    for case in drawn:
        question = question_of(case)
        tree = grow(question)
        sure, unsure = (regions(question, tree, (answer,)) for answer in (True, None))
        for region in sure:
            assert decide(question, dict(region.context)).allowed is True, (case, region)
        for region in unsure:
            assert decide(question, dict(region.context)).allowed is None, (case, region)
        context = possible(question, case["context"])
        decision = decide(question, dict(context))
        choices = classes(question, context)
        assert choices, f"no class for {context}\n{decision}"
        for choice in choices:
            if decision.allowed is True:
                assert any(covers(one, choice) for one in (*sure, *unsure)), f"in no row: {decision}\n{context}"
            if decision.allowed is False:
                assert not any(covers(one, choice) for one in sure), f"in a row: {decision}\n{context}"
        seen[str(decision.allowed)] += 1
        seen["constrained"] += any(region.constraints for region in sure)
        seen["unsure"] += bool(unsure)


def test_enough_was_asked(seen: Counter[str]) -> None:
    """Questions that nothing allows, or that nothing constrains, would show nothing."""
    total = seen["True"] + seen["False"] + seen["None"]
    assert total >= (QUESTIONS or 2000)
    assert 0.2 < seen["True"] / total < 0.8
    assert seen["constrained"] / total > 0.1
    # What no page of AWS says is left open, and the policies drawn have more of it than anybody's: measured 8.2 %,
    # and 10.7 % in a whole run, because Hypothesis also draws from what loaded modules hold.
    assert seen["unsure"] / total < 0.15


def stand_for(principal: str, account: str, rows: tuple[Row, ...]) -> list[Row]:
    """The rows of those who stand for a principal that no template makes."""
    caller = parse_caller(principal)
    kind = Kind.ROLE if caller.kind is Kind.SESSION else caller.kind
    found = []
    for row in rows:
        one = row.party.caller
        itself = one.text == principal or (caller.kind is Kind.SESSION and one.role == caller.role)
        # Where roles, users and the root user of another account are alike, one row is for all of them.
        alike = one.kind is kind or row.principal == row.party.general
        if itself or (row.party.outsider and alike and (one.account == account) is (caller.account == account)):
            found.append(row)
    return found


@settings(
    max_examples=(QUESTIONS or 1000) // REQUESTS_PER_CASE,
    derandomize=not QUESTIONS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(drawn=cases())
def test_whoever_no_template_makes_is_in_a_row_of_those_who_stand_for_them(
    drawn: list[Json], seen: Counter[str]
) -> None:
    key_policy = parse_key_policy(drawn[0]["key_policy"])
    for case in drawn:
        question = question_of(case)
        context = possible(question, case["context"])
        if decide(question, dict(context)).allowed is not True:
            continue
        seen["outsiders"] += 1
        rows = access(Key(case["key"], key_policy, source("App/Key"))).who_can(case["action"], case["key"])
        standing = stand_for(case["principal"], case["key"].split(":")[4], rows)
        asked = [(row, Question(case["action"], (row.side,))) for row in standing]
        assert any(
            covers(row.region, choice) for row, its in asked for choice in classes(its, possible(its, context))
        ), f"{decide(question, dict(context))}\n{context}\n" + "\n".join(map(str, rows))


def test_enough_outsiders_were_asked(seen: Counter[str]) -> None:
    assert seen["outsiders"] > (QUESTIONS or 1000) * 0.2
