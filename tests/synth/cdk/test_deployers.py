"""The deployer is told from the stack's synthesizer, or asked for."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import (
    App,
    BootstraplessSynthesizer,
    CliCredentialsStackSynthesizer,
    DefaultStackSynthesizer,
    Environment,
    LegacyStackSynthesizer,
    NestedStack,
    Stack,
    Stage,
)
from aws_cdk import aws_iam as iam

from secure_kms_constructs import HardenedKey
from tests.synth.templates import ACCOUNT, DEPLOYER, REGION, by_sid, environment, key_policy, resources, template

QUALIFIER = "@aws-cdk/core:bootstrapQualifier"


def deployer(stack: Stack) -> Any:
    return by_sid(key_policy(stack))["AllowDeployerToManageKey"]["Principal"]["AWS"]


def test_the_default_synthesizer_deploys_with_its_execution_role(stack: Stack) -> None:
    HardenedKey(stack, "Key")
    assert deployer(stack) == DEPLOYER


def test_the_qualifier_of_the_app_is_followed() -> None:
    stack = Stack(App(context={QUALIFIER: "team1"}), "Stack", env=environment())
    HardenedKey(stack, "Key")
    assert deployer(stack) == DEPLOYER.replace("hnb659fds", "team1")


def test_a_stack_without_environment_names_its_role_by_reference() -> None:
    stack = Stack(App(), "Stack")
    HardenedKey(stack, "Key")
    assert deployer(stack) == (
        "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/cdk-hnb659fds-cfn-exec-role-<AWS::AccountId>-<AWS::Region>"
    )


def test_a_stack_in_a_stage_is_like_any_other() -> None:
    stack = Stack(Stage(App(), "Prod", env=environment()), "Stack")
    HardenedKey(stack, "Key")
    assert deployer(stack) == DEPLOYER


def test_a_nested_stack_is_deployed_by_the_role_of_its_parent(stack: Stack) -> None:
    nested = NestedStack(stack, "Nested")
    inner = NestedStack(nested, "Inner")
    HardenedKey(inner, "Key")
    assert deployer(inner) == DEPLOYER


@pytest.mark.parametrize(
    "synthesizer, name",
    [
        (lambda: CliCredentialsStackSynthesizer(), "CliCredentialsStackSynthesizer"),
        (lambda: LegacyStackSynthesizer(), "LegacyStackSynthesizer"),
        (lambda: BootstraplessSynthesizer(), "BootstraplessSynthesizer"),
    ],
)
def test_a_synthesizer_that_hides_its_role_asks_for_the_deployer(synthesizer: Any, name: str) -> None:
    stack = Stack(App(), "Stack", env=environment(), synthesizer=synthesizer())
    with pytest.raises(ValueError, match=rf"deployer cannot be told from the {name} of stack Stack: pass deployer=iam"):
        HardenedKey(stack, "Key")
    assert [child.node.id for child in stack.node.children] == []


def test_a_synthesizer_that_python_made_is_followed() -> None:
    for made, role in (
        (DefaultStackSynthesizer(), DEPLOYER),
        (DefaultStackSynthesizer(qualifier="mine"), DEPLOYER.replace("hnb659fds", "mine")),
        (DefaultStackSynthesizer(cloud_formation_execution_role=f"arn:aws:iam::{ACCOUNT}:role/own"), "role/own"),
    ):
        stack = Stack(App(), "Stack", env=environment(), synthesizer=made)
        HardenedKey(NestedStack(stack, "Nested"), "Key")
        HardenedKey(stack, "Key")
        assert deployer(stack).endswith(role)


def test_a_synthesizer_of_the_whole_app_made_in_python_is_followed() -> None:
    app = App(default_stack_synthesizer=DefaultStackSynthesizer(qualifier="q"))
    regions = (REGION, "us-east-1")
    stacks = [Stack(app, f"In-{region}", env=Environment(account=ACCOUNT, region=region)) for region in regions]
    # One synthesizer for both, of which each stack has its own.
    keys = [HardenedKey(stack, "Key") for stack in stacks]
    names = [f":role/cdk-q-cfn-exec-role-{ACCOUNT}-{region}" for region in regions]
    assert [key.deployer_arn.endswith(name) for key, name in zip(keys, names, strict=True)] == [True, True]


def test_a_nested_stack_asks_for_the_deployer_of_its_parent() -> None:
    stack = Stack(App(), "Stack", env=environment(), synthesizer=CliCredentialsStackSynthesizer())
    with pytest.raises(ValueError, match="from the CliCredentialsStackSynthesizer of stack Stack:"):
        HardenedKey(NestedStack(stack, "Nested"), "Key")


@pytest.mark.parametrize(
    "synthesizer",
    [
        DefaultStackSynthesizer,
        CliCredentialsStackSynthesizer,
        LegacyStackSynthesizer,
    ],
)
def test_a_given_deployer_needs_no_synthesizer(synthesizer: Any) -> None:
    stack = Stack(App(), "Stack", env=environment(), synthesizer=synthesizer())
    arn = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
    key = HardenedKey(stack, "Key", deployer=iam.ArnPrincipal(arn))
    assert deployer(stack) == arn
    assert key.deployer_arn == arn


def test_a_given_deployer_provisions_too(stack: Stack) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/ci"
    HardenedKey(stack, "Key", deployer=iam.ArnPrincipal(arn))
    principals = {
        one["Principal"]["AWS"] for sid, one in by_sid(key_policy(stack)).items() if sid.startswith("AllowDeployerTo")
    }
    assert principals == {arn}


def test_the_deployer_of_another_account_is_refused(stack: Stack) -> None:
    """It may not call PutKeyPolicy on this key: KMS honours that for the key's own account only."""
    with pytest.raises(ValueError, match="999999999999"):
        HardenedKey(stack, "Key", deployer=iam.ArnPrincipal("arn:aws:iam::999999999999:role/pipeline"))


def test_each_stack_has_its_own_deployer() -> None:
    app = App()
    stacks = [Stack(app, f"In{n}", env=environment(region)) for n, region in enumerate([REGION, "us-east-1"])]
    for stack in stacks:
        HardenedKey(stack, "Key")
    assert [deployer(stack).rsplit("role-")[-1] for stack in stacks] == [f"{ACCOUNT}-{REGION}", f"{ACCOUNT}-us-east-1"]
    assert all(resources(template(stack), "AWS::KMS::Key") for stack in stacks)
