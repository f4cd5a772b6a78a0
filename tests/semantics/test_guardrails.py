"""Guardrails forbid what they say and nothing else, judged by an engine that is not ours."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.aws.facts import KEY_ACTIONS
from secure_kms_constructs.organizations import Guardrail, guardrail_policies
from secure_kms_constructs.organizations.guardrails import RCP, SCP
from secure_kms_constructs.policies import Request, evaluate
from tests.semantics.guardrail_cases import ACCOUNT, APP, CASES, KEY, OPTIONS, ORG, SECRET, Case
from tests.semantics.judge import Judge, Question

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# Whatever denies is a guardrail: the resource's own policy lets everybody do everything.
OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
OPEN_KEY = {"Version": "2012-10-17", "Statement": [{**OPEN["Statement"][0], "Action": "kms:*"}]}  # type: ignore[dict-item]

Documents = dict[str, list[dict[str, Any]]]


def documents(*without: Guardrail) -> Documents:
    policies = guardrail_policies(**OPTIONS, without=without)  # type: ignore[arg-type]
    return {kind: [one.document for one in policies if one.type == kind] for kind in (SCP, RCP)}


def is_ours(who: str) -> bool:
    return f":{ACCOUNT}:" in who


def allowed(judge: Judge, case: Case, these: Documents) -> bool:
    resource_policy = {KEY: OPEN_KEY, SECRET: OPEN, "*": None}[case.on]
    return judge.ask(
        Question(
            principal=case.who,
            action=case.action,
            resource=case.on,
            via=case.via,
            context=case.context,
            identity_policies=[EVERYTHING] if case.who.startswith("arn:") else [],
            resource_policy=resource_policy,
            # Service control policies bind the organization's own principals.
            scps=these[SCP] if is_ours(case.who) else [],
            rcps=these[RCP] if case.on != "*" else [],
        )
    ).allowed


def by_us(case: Case, these: Documents) -> bool | None:
    return evaluate(
        Request(case.who, case.action, case.on, case.context),
        key_policy=OPEN_KEY,
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


def test_every_guardrail_has_cases() -> None:
    assert {case.forbidden_by for case in CASES} == {None, *Guardrail}
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("days, minimum, is_allowed", [("13", 14, False), ("14", 14, True), ("7", 7, True)])
def test_the_waiting_period_is_the_one_given(judge: Judge, days: str, minimum: int, is_allowed: bool) -> None:
    policies = guardrail_policies(**OPTIONS, minimum_waiting_days=minimum)  # type: ignore[arg-type]
    context = {**ORG, "kms:ScheduleKeyDeletionPendingWindowInDays": days}
    case = Case("", f"arn:aws:iam::{ACCOUNT}:role/break-glass/x", "kms:ScheduleKeyDeletion", context=context)
    these = {kind: [one.document for one in policies if one.type == kind] for kind in (SCP, RCP)}
    assert allowed(judge, case, these) is is_allowed


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
        allowed(judge, CASES[0].__class__("", APP, "kms:Decrypt"), {**these, kind: [broken]})
