"""Guardrails above an account deny nothing that the library promises, and no exemption in them is one too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam

from secure_kms_constructs import HardenedKey
from secure_kms_constructs.authoring.statements import deny_other_organizations
from secure_kms_constructs.aws.facts import DEPLOYER_ACTIONS, POLICY_ADMINISTRATOR_ACTIONS, REPLICATE_ACTIONS
from secure_kms_constructs.organizations.guardrails import RCP, SCP
from tests.semantics.assembly import deploy_app
from tests.semantics.deployed import Deployment
from tests.semantics.guarded import EVERYTHING, allowed, documents, less, under, with_less_exempt
from tests.semantics.guardrail_cases import BREAK_GLASS, BYPASS, ORGANIZATION, TRUSTED, WINDOW
from tests.semantics.guardrail_cases import CASES as HAND_MADE
from tests.semantics.judge import Judge, Question
from tests.semantics.services.asks import ACCOUNT, DEPLOYER, REGION
from tests.semantics.services.synthesized import ALL, question

# Made by a role of its own, which docs/guardrails.md says to name as a deployer.
OTHER_DEPLOYER = "kubernetes_by_a_custom_resource"


@dataclass(frozen=True)
class Promise:
    name: str
    question: Question


@pytest.fixture(scope="module")
def key() -> Deployment:
    """A key that names a break-glass role."""
    app = App()
    stack = Stack(app, "App", env=Environment(account=ACCOUNT, region=REGION))
    owner = iam.Role.from_role_arn(stack, "Owner", BREAK_GLASS)
    HardenedKey(stack, "Key", policy_administrators=[owner], multi_region=True)
    return deploy_app(app, account=ACCOUNT, region=REGION)


def lifecycle(key: Deployment) -> Iterator[Promise]:
    """What deployer and policy administrators do with a key itself."""
    arn = key.key("Key")
    for who, actions in (
        (DEPLOYER, DEPLOYER_ACTIONS.value + REPLICATE_ACTIONS.value),
        (BREAK_GLASS, POLICY_ADMINISTRATOR_ACTIONS.value + REPLICATE_ACTIONS.value),
    ):
        for action in actions:
            contexts: list[dict[str, str]] = [{}]
            if action == "kms:ScheduleKeyDeletion":
                contexts.append({WINDOW: "30"})
            if action == "kms:PutKeyPolicy":
                contexts.append({BYPASS: "false"})
            for context in contexts:
                asked = key.question(who, action, arn, context=context, identity=[EVERYTHING])
                yield Promise(f"{who.rpartition('/')[2]} {action} {context}", asked)


@pytest.fixture(scope="module")
def promises(deployments: dict[str, Deployment], key: Deployment) -> list[Promise]:
    """Every row of the services, and what owners do."""
    rows = [
        Promise(f"{name}: {ask} {ask.sent}", question(deployments[name], ask))
        for name, one in ALL.items()
        if name != OTHER_DEPLOYER
        for ask in one.asks
    ]
    return [*lifecycle(key), *rows]


def test_nothing_that_is_promised_is_denied(promises: list[Promise], judge: Judge) -> None:
    assert len(promises) >= 300
    these = documents()
    assert [one.name for one in promises if not judge.ask(one.question).allowed] == []
    assert [one.name for one in promises if not judge.ask(under(one.question, these)).allowed] == []


NARROWER = dict(with_less_exempt(documents()))


# AWS's sample has it; that the key exists in calls of services alone, its page says:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceaccount
SAID_TWICE = "DenyServicesForOthers Bool aws:PrincipalIsAWSService true"
IMPORTED = "DenyMaterialThatExpires"


@pytest.mark.parametrize("what", NARROWER)
def test_each_exemption_taken_out_denies_a_promise(what: str, promises: list[Promise], judge: Judge) -> None:
    these = NARROWER[what]
    if TRUSTED in what:
        # The library promises nothing to outsiders; whoever trusts one does.
        trusted = [case for case in HAND_MADE if TRUSTED in f"{case.who}{case.context}" and not case.forbidden_by]
        assert trusted
        assert any(allowed(judge, case, documents()) and not allowed(judge, case, these) for case in trusted)
        return
    if IMPORTED in what:
        # No construct imports material; whoever does keeps what does not expire, and owners all of it.
        imports = [case for case in HAND_MADE if case.action == "kms:ImportKeyMaterial" and not case.forbidden_by]
        assert all(allowed(judge, case, documents()) for case in imports)
        assert any(not allowed(judge, case, these) for case in imports)
        return
    needed = any(not judge.ask(under(one.question, these)).allowed for one in promises)
    assert needed is (what != SAID_TWICE)


def test_the_exemptions_are_all_that_stand_in_the_guardrails() -> None:
    assert len(NARROWER) == 18
    assert SAID_TWICE in NARROWER


def test_an_administrator_who_is_not_named_is_held_back(key: Deployment, judge: Judge) -> None:
    """What the guardrails take from a key's own administrators; docs/guardrails.md says so."""
    these = documents(break_glass=[])
    held_back = {
        one.question.action
        for one in lifecycle(key)
        if one.question.principal == BREAK_GLASS and not judge.ask(under(one.question, these)).allowed
    }
    assert held_back == {"kms:DisableKey", "kms:PutKeyPolicy", "kms:ReplicateKey", "kms:ScheduleKeyDeletion"}


def test_a_question_without_its_organization_is_denied(promises: list[Promise], judge: Judge) -> None:
    """So that the promises above hold because of the organization, not in spite of it."""
    these = documents()
    asked = next(under(one.question, these) for one in promises if one.question.principal == DEPLOYER)
    outside = replace(asked, context={**asked.context, "aws:PrincipalOrgID": "o-theircompany"})
    assert judge.ask(asked).allowed
    assert not judge.ask(outside).allowed


def in_key_policy(asked: Question, condition: dict[str, Any]) -> Question:
    """Return a question on a key whose policy also has the Deny of ``HardenedKey(organization=...)``."""
    deny = {**deny_other_organizations(ORGANIZATION, ACCOUNT), "Condition": condition}
    assert asked.resource_policy
    return replace(asked, resource_policy={**asked.resource_policy, "Statement": [*statements(asked), deny]})


def statements(asked: Question) -> list[dict[str, Any]]:
    assert asked.resource_policy
    return list(asked.resource_policy["Statement"])


WHOLE = deny_other_organizations(ORGANIZATION, ACCOUNT)["Condition"]


def test_the_deny_in_a_key_policy_denies_no_promise(promises: list[Promise], judge: Judge) -> None:
    """Neither to whom belongs to the organization, nor in an account that belongs to none."""
    asked = [(one.name, in_key_policy(one.question, WHOLE)) for one in promises]
    assert [name for name, one in asked if not judge.ask(one).allowed] == []
    nothing = {SCP: [], RCP: []}
    assert [name for name, one in asked if not judge.ask(under(one, nothing)).allowed] == []


@pytest.mark.parametrize("what, condition", list(less(WHOLE)), ids=lambda it: it if isinstance(it, str) else "")
def test_each_exemption_of_the_deny_is_needed(
    what: str, condition: dict[str, Any], promises: list[Promise], judge: Judge
) -> None:
    if "PrincipalOrgID" in what:
        # Other accounts of the organization: tests/semantics/test_organization_keys.py asks for one.
        return
    assert any(not judge.ask(in_key_policy(one.question, condition)).allowed for one in promises)
