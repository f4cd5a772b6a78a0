"""Every hand-made case, and that the cases are what they claim to be."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

from secure_kms_constructs.policies import Decision, Request, evaluate
from tests.unit.cases import (
    combination_rules,
    element_rules,
    grant_pages,
    kms_pages,
    logs_pages,
    managed_pages,
    not_principal_rules,
    number_conditions,
    outer_policies,
    principal_rules,
    request_conditions,
    service_pages,
    set_conditions,
    silent_pages,
    string_conditions,
    typed_conditions,
    unknown_policies,
    unknown_requests,
    variable_conditions,
)
from tests.unit.cases.case import Case, Question

CASES: list[Case] = [
    case
    for module in (
        kms_pages,
        grant_pages,
        managed_pages,
        service_pages,
        logs_pages,
        principal_rules,
        not_principal_rules,
        combination_rules,
        element_rules,
        string_conditions,
        number_conditions,
        outer_policies,
        typed_conditions,
        set_conditions,
        silent_pages,
        variable_conditions,
        request_conditions,
        unknown_policies,
        unknown_requests,
    )
    for case in module.CASES
]


def decide(question: Question) -> Decision:
    """Ask the evaluator."""
    request = Request(question.principal, question.action, question.key, question.context, question.resource_account)
    return evaluate(
        request,
        key_policy=question.key_policy,
        identity_policies=question.identity_policies,
        boundary=question.boundary,
        grants=question.grants,
        session_policies=question.session_policies,
        scps=question.scps,
        rcps=question.rcps,
        endpoint_policy=question.endpoint_policy,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    decision = decide(case.question)
    assert decision.allowed is case.allowed, f"{decision}\n{case.source}"
    assert decision.reasons


def _differences(one: Question, other: Question) -> list[str]:
    return [it.name for it in fields(Question) if getattr(one, it.name) != getattr(other, it.name)]


def _text(question: Question) -> str:
    def default(value: Any) -> str:
        return repr(value)

    return json.dumps({it.name: getattr(question, it.name) for it in fields(Question)}, default=default)


def test_every_allowed_case_has_a_denied_neighbour_that_differs_in_one_field() -> None:
    denied = [case.question for case in CASES if case.allowed is False]
    alone = [
        case.name
        for case in CASES
        if case.allowed and not any(len(_differences(case.question, other)) == 1 for other in denied)
    ]
    assert alone == []


def test_names_are_unique_sentences() -> None:
    names = [case.name for case in CASES]
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert all(name.split()[0] in ("allowed", "denied", "undecided") and len(name.split()) > 2 for name in names)


def test_every_case_has_a_source() -> None:
    assert all(case.source.startswith("https://docs.aws.amazon.com/") for case in CASES)


def test_there_are_enough_cases_of_each_kind() -> None:
    answers = Counter(case.allowed for case in CASES)
    assert len({_text(case.question) for case in CASES}) >= 60
    assert min(answers[True], answers[False], answers[None]) >= 20
