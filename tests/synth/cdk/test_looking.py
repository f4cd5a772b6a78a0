"""How an app refers to a key: whatever the way, what uses the key is found when the app is synthesized."""

from __future__ import annotations

from typing import Any

import jsii
import pytest
from aws_cdk import Aspects, CfnElement, CfnResource, Fn, IAspect, NestedStack, Stack
from aws_cdk import aws_kms as kms

from secure_kms_constructs import HardenedKey
from tests.synth.templates import template

SERVED = "elasticfilesystem."


def logical_id(construct: Any) -> str:
    resource: CfnElement = construct.node.default_child
    return str(Stack.of(construct).resolve(resource.logical_id))


def served(key: HardenedKey) -> bool:
    """Synthesize, and tell whether the key policy lets the deployer use the key through the service."""
    return SERVED in str(template(key.stack)["Resources"][logical_id(key)])


def file_system(scope: Any, id: str, key: Any) -> CfnResource:
    return CfnResource(scope, id, type="AWS::EFS::FileSystem", properties={"Encrypted": True, "KmsKeyId": key})


def named(value: Any, name: str) -> Any:
    """Return a value with a name for each ``KEY`` in it."""
    if isinstance(value, str):
        return value.replace("KEY", name)
    if isinstance(value, list):
        return [named(one, name) for one in value]
    return {named(key, name): named(one, name) for key, one in value.items()}


@pytest.mark.parametrize(
    "written",
    [
        {"Ref": "KEY"},
        {"Fn::GetAtt": ["KEY", "Arn"]},
        {"Fn::GetAtt": "KEY.Arn"},
        {"Fn::Sub": "${KEY.Arn}"},
        {"Fn::Sub": "${KEY}"},
        {"Fn::Sub": "${AWS::Partition}-${KEY.Arn}"},
        {"Fn::Sub": ["${Name}", {"Name": {"Ref": "KEY"}}]},
        {"Fn::Sub": ["${Name}-${KEY.Arn}", {"Name": "x"}]},
        {"Fn::If": ["Condition", {"Fn::Join": ["", ["x", {"Ref": "KEY"}]]}, {"Ref": "AWS::NoValue"}]},
    ],
    ids=str,
)
def test_a_reference_written_by_hand_is_found(stack: Stack, key: HardenedKey, written: Any) -> None:
    HardenedKey(stack, "Other")
    file_system(stack, "Files", named(written, logical_id(key)))
    assert served(key)


@pytest.mark.parametrize(
    "written",
    [
        {"Ref": "Another"},
        {"Fn::Sub": "${Another.Arn}"},
        {"Fn::Sub": "${!KEY.Arn}"},
        {"Fn::Sub": ["${KEY}", {"KEY": "x"}]},
        {"Fn::Sub": "KEY"},
        "KEY",
    ],
    ids=str,
)
def test_what_only_looks_like_a_reference_is_none(stack: Stack, key: HardenedKey, written: Any) -> None:
    file_system(stack, "Files", named(written, logical_id(key)))
    assert not served(key)


def test_each_key_has_its_own_uses(stack: Stack, key: HardenedKey) -> None:
    other = HardenedKey(stack, "Other")
    file_system(stack, "Files", other.key_arn)
    assert served(other)
    assert not served(key)


@pytest.mark.parametrize("by", ["name", "reference"])
def test_a_use_by_an_alias_is_found(stack: Stack, key: HardenedKey, by: str) -> None:
    alias = kms.Alias(stack, "Alias", alias_name="alias/files", target_key=key)
    file_system(stack, "Files", "alias/files" if by == "name" else Fn.ref(logical_id(alias)))
    assert served(key)


def test_nested_stacks_and_other_stacks_are_looked_into(stack: Stack, other_stack: Stack, key: HardenedKey) -> None:
    second = HardenedKey(stack, "Second")
    file_system(NestedStack(stack, "Nested"), "Files", key.key_arn)
    file_system(other_stack, "Files", second.key_arn)
    assert served(key)
    assert served(second)


def test_a_name_in_another_stack_is_another_resource(other_stack: Stack, key: HardenedKey) -> None:
    file_system(other_stack, "Files", {"Ref": logical_id(key)})
    assert not served(key)


def test_what_an_aspect_changes_is_found(stack: Stack, key: HardenedKey) -> None:
    files = file_system(stack, "Files", "aws/elasticfilesystem")

    @jsii.implements(IAspect)
    class Encrypts:
        def visit(self, node: Any) -> None:
            if node is files:
                files.add_property_override("KmsKeyId", key.key_arn)

    Aspects.of(stack).add(Encrypts())
    assert served(key)
