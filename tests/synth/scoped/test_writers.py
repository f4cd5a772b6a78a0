"""A grant built in another stack than its role: the policy attaches to the role from there, or synth says why not."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Stack, Stage

from secure_kms_constructs import AWS_MANAGED, ScopedParameterReader
from tests.synth.templates import environment, make_role, resources, template


def read(scope: Stack, role: Any) -> ScopedParameterReader:
    """A grant that needs nothing but the role."""
    return ScopedParameterReader(scope, "Reader", grantee=role, parameters=["/app/db"], key=AWS_MANAGED)


def abroad(app: App) -> Stack:
    return Stack(app, "Abroad", env=environment("us-east-1"))


def test_a_policy_in_another_region_attaches_by_name_and_waits_for_the_role(app: App, stack: Stack) -> None:
    writer = abroad(app)
    read(writer, make_role(stack, role_name="named"))
    assert writer.dependencies == [stack]
    [policy] = resources(template(writer), "AWS::IAM::Policy").values()
    assert policy["Roles"] == ["named"]


def test_a_policy_in_the_region_of_the_role_waits_by_its_reference(other_stack: Stack, stack: Stack) -> None:
    read(other_stack, make_role(stack))
    assert other_stack.dependencies == []
    [policy] = resources(template(other_stack), "AWS::IAM::Policy").values()
    assert "Fn::ImportValue" in policy["Roles"][0]


def test_a_policy_in_another_region_than_a_generated_name_is_refused(app: App, stack: Stack) -> None:
    with pytest.raises(ValueError, match="lives in another region than stack Abroad and its role name is generated"):
        read(abroad(app), make_role(stack))


def test_a_policy_in_another_stage_than_the_role_is_refused(app: App) -> None:
    home, writer = (Stack(Stage(app, id), "Stack", env=environment()) for id in ("One", "Two"))
    with pytest.raises(ValueError, match="is in another stage than stack Two/Stack, and references end at a stage"):
        read(writer, make_role(home, role_name="named"))


def test_a_policy_in_an_unknown_place_is_refused(app: App, stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"give both stacks an env$"):
        read(Stack(app, "Agnostic"), make_role(stack, role_name="named"))


def test_a_policy_in_the_stack_of_its_role_asks_for_nothing(stack: Stack) -> None:
    read(stack, make_role(stack))
    assert stack.dependencies == []
