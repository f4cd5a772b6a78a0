"""HardenedKey(organization=...): one Deny more, and nothing else."""

from __future__ import annotations

import pytest
from aws_cdk import App, CfnParameter, Stack

from secure_kms_constructs import HardenedKey
from tests.synth.templates import ACCOUNT, by_sid, key_policy


def test_principals_outside_the_organization_are_denied(stack: Stack) -> None:
    HardenedKey(stack, "Key", organization="o-abcdefghij")
    assert by_sid(key_policy(stack))["DenyOtherOrganizations"] == {
        "Sid": "DenyOtherOrganizations",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {
            "StringNotEqualsIfExists": {"aws:PrincipalAccount": ACCOUNT, "aws:PrincipalOrgID": "o-abcdefghij"},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }


def test_without_an_organization_there_is_no_such_statement(stack: Stack, key: HardenedKey) -> None:  # noqa: ARG001
    assert "DenyOtherOrganizations" not in by_sid(key_policy(stack))


def test_a_stack_of_any_account_knows_its_own_by_reference() -> None:
    stack = Stack(App(), "Stack")
    HardenedKey(stack, "Key", organization="o-abcdefghij")
    condition = by_sid(key_policy(stack))["DenyOtherOrganizations"]["Condition"]["StringNotEqualsIfExists"]
    assert condition["aws:PrincipalAccount"] == "<AWS::AccountId>"


@pytest.mark.parametrize("organization", ["o-x", "", "r-abcd", 5])
def test_an_organization_that_is_none_is_refused(stack: Stack, organization: str) -> None:
    with pytest.raises(ValueError, match=r"organization must be the id of yours, o-\.\.\., got"):
        HardenedKey(stack, "Key", organization=organization)


def test_an_organization_told_by_a_deployment_is_refused(stack: Stack) -> None:
    with pytest.raises(ValueError, match="organization must be the id of yours"):
        HardenedKey(stack, "Key", organization=CfnParameter(stack, "Organization").value_as_string)
