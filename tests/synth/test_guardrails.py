"""KmsGuardrails: the documents of `guardrail_policies` as policies of Organizations, attached where the user says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, CliCredentialsStackSynthesizer, DefaultStackSynthesizer, Duration, Stack
from aws_cdk import aws_organizations as organizations

from secure_kms_constructs import Guardrail, KmsGuardrails, guardrail_policies
from tests.synth.templates import environment, readable, resources, template

ORGANIZATION = "o-abcdefghij"
OU = "ou-ab12-abcdefgh"
KIND = "AWS::Organizations::Policy"


def guardrails(stack: Stack, **options: Any) -> KmsGuardrails:
    return KmsGuardrails(stack, "Guardrails", **{"organization": ORGANIZATION, "targets": [OU], **options})


def made(stack: Stack) -> list[dict[str, Any]]:
    return list(resources(template(stack), KIND).values())


def test_each_policy_is_one_of_organizations(stack: Stack) -> None:
    wanted = guardrails(stack).policies
    found = made(stack)
    assert [(one["Type"], one["Content"]) for one in found] == [(one.type, one.document) for one in wanted]
    assert wanted == guardrail_policies(organization=ORGANIZATION)
    for one in found:
        assert re.fullmatch(r"StackGuardrails\w+-kms-[sr]cp-1", one["Name"])
        assert len(one["Name"]) <= 128
        assert all(it["Sid"] in one["Description"] for it in one["Content"]["Statement"])


def test_nothing_else_is_made(stack: Stack) -> None:
    guardrails(stack)
    assert {one["Type"] for one in template(stack)["Resources"].values()} == {KIND}


def test_every_option_reaches_the_policies(stack: Stack) -> None:
    options: dict[str, Any] = {
        "deployers": ["arn:aws:iam::*:role/deploys"],
        "break_glass": [f"arn:aws:iam::111122223333:role/break-glass-{number:03}" for number in range(60)],
        "trusted_accounts": ["444455556666"],
        "without": [Guardrail.GRANTS],
        "doubled_scp_quotas": True,
        "scps_attached": 9,
    }
    found = guardrails(stack, minimum_waiting_period=Duration.days(14), **options)
    assert found.policies == guardrail_policies(organization=ORGANIZATION, minimum_waiting_days=14, **options)


def test_they_are_attached_where_the_user_says_and_once(stack: Stack) -> None:
    root = organizations.CfnOrganizationalUnit(stack, "Unit", name="Apps", parent_id="r-ab12")
    guardrails(stack, targets=[OU, "111122223333", "r-ab12", OU, root.attr_id])
    for one in made(stack):
        assert readable(one["TargetIds"]) == [OU, "111122223333", "r-ab12", "<Unit.Id>"]


def test_names_are_unique_and_can_be_given(stack: Stack) -> None:
    guardrails(stack)
    KmsGuardrails(stack, "Others", organization=ORGANIZATION, targets=["r-ab12"])
    KmsGuardrails(stack, "Named", organization=ORGANIZATION, targets=["r-ab12"], policy_name="audited")
    names = [one["Name"] for one in made(stack)]
    assert len(set(names)) == len(names) == 6
    assert {"audited-kms-scp-1", "audited-kms-rcp-1"} <= set(names)


@pytest.mark.parametrize("agnostic", [True, False])
def test_deployers_are_those_of_the_bootstrap_anywhere(agnostic: bool) -> None:
    app = App(context={"@aws-cdk/core:bootstrapQualifier": "mine"})
    stack = Stack(app, "Stack") if agnostic else Stack(app, "Stack", env=environment())
    assert exempt(guardrails(stack)) == ["arn:*:iam::*:role/cdk-mine-cfn-exec-role-*-*"]


def exempt(made: KmsGuardrails) -> list[str]:
    [deletion] = [it for it in made.policies[0].document["Statement"] if it["Sid"] == "DenyTakingKeysAway"]
    found: list[str] = deletion["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    return found


def test_a_pattern_of_the_bootstrap_names_no_account_of_its_own(stack: Stack) -> None:
    assert exempt(guardrails(stack)) == ["arn:*:iam::*:role/cdk-hnb659fds-cfn-exec-role-*-*"]


def test_a_pattern_follows_a_synthesizer_that_python_made() -> None:
    stack = Stack(App(), "Stack", synthesizer=DefaultStackSynthesizer(qualifier="mine"))
    assert exempt(guardrails(stack)) == ["arn:*:iam::*:role/cdk-mine-cfn-exec-role-*-*"]


def test_deployers_that_cannot_be_told_are_asked_for() -> None:
    stack = Stack(App(), "Stack", synthesizer=CliCredentialsStackSynthesizer())
    says = r"deployers cannot be told from the \w+ of stack Stack: pass deployers=\[<ARNs of the roles"
    with pytest.raises(ValueError, match=says) as refused:
        guardrails(stack)
    # The pattern that it shows is accepted.
    [pattern] = re.findall(r"arn:\S+", str(refused.value))
    assert guardrails(stack, deployers=[pattern])


@pytest.mark.parametrize(
    "options, says",
    [
        ({"targets": []}, "targets must name accounts, organizational units or the root, got none"),
        ({"targets": "r-ab12"}, "targets must be a list, got 'r-ab12': put it in brackets"),
        ({"targets": ["12345"]}, r"targets must be ids of accounts \(12 digits\), .*, got '12345'"),
        ({"targets": ["o-abcdefghij"]}, "got 'o-abcdefghij'"),
        ({"targets": ["ou-ab12"]}, "got 'ou-ab12'"),
        ({"targets": [OU, None]}, "got None"),
        ({"organization": "o-x"}, "organization must be the id of yours"),
        ({"minimum_waiting_period": Duration.hours(1)}, "minimum_waiting_period must be a duration of whole days"),
        ({"minimum_waiting_period": 30}, "minimum_waiting_period must be a duration of whole days"),
        ({"minimum_waiting_period": Duration.days(5)}, "minimum_waiting_days must be 7 to 30 days, got 5"),
        ({"break_glass": ["break-glass"]}, "break_glass must be ARNs of roles or users"),
        ({"break_glass": [f"arn:aws:iam::111122223333:role/{n:0100}" for n in range(50)]}, "a policy has 5120: name"),
        ({"policy_name": ""}, "policy_name must be 1 to 100 characters, got 0"),
        ({"policy_name": "x" * 101}, "policy_name must be 1 to 100 characters, got 101"),
        ({"deployers": []}, "deployers must name who deploys, got none"),
    ],
)
def test_what_makes_no_sense_is_refused(stack: Stack, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        guardrails(stack, **options)
    assert guardrails(stack), "what was refused leaves nothing behind"


def test_an_organization_told_by_a_deployment_is_refused(stack: Stack) -> None:
    given = CfnParameter(stack, "Organization").value_as_string
    with pytest.raises(ValueError, match="organization must be the id of yours"):
        guardrails(stack, organization=given)


def test_the_policies_are_objects_in_the_template(stack: Stack) -> None:
    guardrails(stack)
    assert all(isinstance(one["Content"], dict) for one in made(stack))
    assert "Fn::" not in json.dumps(made(stack))
