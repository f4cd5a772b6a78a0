"""Guardrails forbid what they say and nothing else, judged by an engine that is not ours."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.aws.facts import KEY_ACTIONS
from secure_kms_constructs.organizations import Guardrail
from secure_kms_constructs.organizations.guardrails import RCP, SCP
from secure_kms_constructs.policies import Request, evaluate
from tests.semantics.guarded import (
    EVERYTHING,
    Documents,
    allowed,
    documents,
    is_ours,
    open_to_everybody,
    with_fewer_actions,
)
from tests.semantics.guardrail_cases import ACCOUNT, APP, BREAK_GLASS, CASES, KEY, ORG, OUTSIDER, WINDOW, Case
from tests.semantics.judge import Judge


def by_us(case: Case, these: Documents) -> bool | None:
    return evaluate(
        Request(case.who, case.action, case.on, case.context),
        key_policy=open_to_everybody("kms:*"),
        identity_policies=[EVERYTHING],
        scps=these[SCP] if is_ours(case.who) else [],
        rcps=these[RCP],
    ).allowed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_guardrail_forbids_what_it_says_and_nothing_else(case: Case, judge: Judge) -> None:
    assert allowed(judge, case, documents()) is (case.forbidden_by is None)


@pytest.mark.parametrize("case", [one for one in CASES if one.forbidden_by], ids=lambda case: case.name)
def test_each_guardrail_taken_out_allows_what_it_forbids(case: Case, judge: Judge) -> None:
    assert case.forbidden_by
    assert allowed(judge, case, documents(case.forbidden_by))
    assert not allowed(judge, case, documents(*(one for one in Guardrail if one is not case.forbidden_by)))


@pytest.mark.parametrize("case", [one for one in CASES if one.on == KEY], ids=lambda case: case.name)
def test_our_evaluation_says_the_same(case: Case) -> None:
    assert case.action in KEY_ACTIONS.value
    assert by_us(case, documents()) is (case.forbidden_by is None)


@pytest.mark.parametrize("context, is_allowed", [(ORG, True), ({}, False)], ids=["of the organization", "of none"])
def test_a_grant_gives_no_outsider_a_key_of_the_organization(context: dict[str, str], is_allowed: bool) -> None:
    """The judge knows no grants, so only our evaluation is asked."""
    grant = {"GrantId": "g", "GranteePrincipal": OUTSIDER, "Operations": ["Decrypt"]}
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    closed = {"Version": "2012-10-17", "Statement": [statement]}
    request = Request(OUTSIDER, "kms:Decrypt", KEY, context)
    asked: dict[str, Any] = {"key_policy": closed, "identity_policies": [], "grants": [grant]}
    assert evaluate(request, **asked).allowed
    assert evaluate(request, **asked, rcps=documents()[RCP]).allowed is is_allowed


FEWER = dict(with_fewer_actions(documents()))


@pytest.mark.parametrize("what", FEWER)
def test_each_action_taken_out_allows_a_forbidden_act(what: str, judge: Judge) -> None:
    assert any(allowed(judge, case, FEWER[what]) for case in CASES if case.forbidden_by)


def test_every_guardrail_has_cases() -> None:
    assert {case.forbidden_by for case in CASES} == {None, *Guardrail}
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("days, minimum, is_allowed", [("13", 14, False), ("14", 14, True), ("7", 7, True)])
def test_the_waiting_period_is_the_one_given(judge: Judge, days: str, minimum: int, is_allowed: bool) -> None:
    case = Case("", BREAK_GLASS, "kms:ScheduleKeyDeletion", context={**ORG, WINDOW: days})
    assert allowed(judge, case, documents(minimum_waiting_days=minimum)) is is_allowed


@pytest.mark.parametrize(
    "kind, change",
    [(RCP, {"Action": "*"}), (RCP, {"Effect": "Allow"}), (SCP, {"Principal": "*"})],
    ids=lambda it: str(it),
)
def test_the_judge_reads_them_as_organizations_does(judge: Judge, kind: str, change: dict[str, str]) -> None:
    """So that each answer above also says that the policies are well-formed."""
    these = documents()
    broken = {**these[kind][0], "Statement": [{**these[kind][0]["Statement"][0], **change}]}
    with pytest.raises(ValueError, match="cannot judge"):
        allowed(judge, Case("", APP, "kms:Decrypt"), {**these, kind: [broken]})
