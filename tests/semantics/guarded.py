"""What the judge is told of an organization whose guardrails stand above all accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from secure_kms_constructs.organizations import Guardrail, guardrail_policies
from secure_kms_constructs.organizations.guardrails import RCP, SCP
from tests.semantics.guardrail_cases import ACCOUNT, KEY, OPTIONS, ORGANIZATION, SECRET, Case
from tests.semantics.judge import Judge, Question
from tests.semantics.request_context import is_service

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def open_to_everybody(actions: str) -> dict[str, Any]:
    """Return a resource's own policy under which whatever is denied, a guardrail denies."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


Documents = dict[str, list[dict[str, Any]]]


def documents(*without: Guardrail, **options: Any) -> Documents:
    """Return the guardrails by their kind."""
    policies = guardrail_policies(**{**OPTIONS, **options}, without=without)
    return {kind: [one.document for one in policies if one.type == kind] for kind in (SCP, RCP)}


def allowed(judge: Judge, case: Case, these: Documents) -> bool:
    """Ask a case, on a resource that everybody may use."""
    policy = {KEY: open_to_everybody("kms:*"), SECRET: open_to_everybody("secretsmanager:*"), "*": None}[case.on]
    return judge.ask(
        Question(
            principal=case.who,
            action=case.action,
            resource=case.on,
            context=case.context,
            identity_policies=[] if is_service(case.who) else [EVERYTHING],
            resource_policy=policy,
            # Service control policies bind the organization's own principals.
            scps=these[SCP] if is_ours(case.who) else [],
            rcps=these[RCP] if case.on != "*" else [],
        )
    ).allowed


def is_ours(who: str) -> bool:
    """Whether a principal is of the organization."""
    return f":{ACCOUNT}:" in who


def under(question: Question, these: Documents) -> Question:
    """Return a question asked in an account of the organization, by somebody of it or by a service for it."""
    more: Mapping[str, str] = {"aws:PrincipalOrgID": ORGANIZATION}
    if is_service(question.principal):
        # Whoever sends the account of a source sends its organization.
        more = {"aws:SourceOrgID": ORGANIZATION} if "aws:SourceAccount" in question.context else {}
    return replace(question, context={**question.context, **more}, scps=these[SCP], rcps=these[RCP])


def with_less_exempt(these: Documents) -> Iterator[tuple[str, Documents]]:
    """Yield the guardrails with one condition, or one value of several, taken out: each time more is denied."""
    for kind, policies in these.items():
        for number, policy in enumerate(policies):
            for place, statement in enumerate(policy["Statement"]):
                for name, condition in less(statement["Condition"]):
                    changed = deepcopy(these)
                    changed[kind][number]["Statement"][place]["Condition"] = condition
                    yield f"{statement['Sid']} {name}", changed


def less(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a condition without one of its keys, or values of several."""
    for operator, block in condition.items():
        for key, value in block.items():
            values = value if isinstance(value, list) else [value]
            for one in values:
                left = [it for it in values if it != one]
                rest = {**block, key: left} if left else {name: it for name, it in block.items() if name != key}
                changed = {**condition, operator: rest}
                yield f"{operator} {key} {one}", {name: it for name, it in changed.items() if it}


def with_fewer_actions(these: Documents) -> Iterator[tuple[str, Documents]]:
    """Yield the guardrails with one action less: each time less is denied."""
    for kind, policies in these.items():
        for number, policy in enumerate(policies):
            for place, statement in enumerate(policy["Statement"]):
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                for action in actions:
                    changed = deepcopy(these)
                    left = [one for one in actions if one != action]
                    # Some action has to stand there.
                    changed[kind][number]["Statement"][place]["Action"] = left or ["kms:ListKeys"]
                    yield f"{statement['Sid']} {action}", changed
