"""Who refers to a key: asked once for all keys, told as templates will say."""

from __future__ import annotations

from typing import Any

import jsii
import pytest
from aws_cdk import App, Aspects, CfnElement, CfnResource, Fn, IAspect, NestedStack, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey
from secure_kms_constructs.cdk.findings import check_at_synth
from secure_kms_constructs.cdk.uses import UseOfKey, uses
from tests.synth.templates import make_role


def found(scope: Any, key: Any) -> dict[str, list[str]]:
    """Return the properties by the id of the construct's L2."""
    [several] = uses(scope, [key])
    return {one.path.split("/", 1)[1]: [".".join(map(str, path)) for path in one.properties] for one in several}


def logical_id(construct: Any) -> str:
    resource: CfnElement = construct.node.default_child
    return str(Stack.of(construct).resolve(resource.logical_id))


def test_a_resource_is_told_by_id_path_type_and_property(stack: Stack, key: HardenedKey) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    other = HardenedKey(stack, "Other")
    secretsmanager.Secret(stack, "Apart")
    assert uses(stack, [key, other]) == [
        [
            UseOfKey(
                logical_id(secret), "Stack/Secret/Resource", "AWS::SecretsManager::Secret", "Stack", (("KmsKeyId",),)
            )
        ],
        [],
    ]


def test_an_l1_can_be_asked_about_too(stack: Stack) -> None:
    key = kms.CfnKey(stack, "Key", key_policy={})
    sqs.CfnQueue(stack, "Queue", kms_master_key_id=key.ref)
    assert found(stack, key) == {"Queue": ["KmsMasterKeyId"]}


def test_each_key_has_its_own_resources(stack: Stack, key: HardenedKey) -> None:
    other = HardenedKey(stack, "Other")
    secretsmanager.Secret(stack, "One", encryption_key=key)
    secretsmanager.Secret(stack, "Two", encryption_key=other)
    assert [[one.path for one in several] for several in uses(stack, [other, key])] == [
        ["Stack/Two/Resource"],
        ["Stack/One/Resource"],
    ]


def test_a_property_inside_lists_and_objects_has_a_path(stack: Stack) -> None:
    key = kms.Key(stack, "Key")
    s3.Bucket(stack, "Bucket", encryption=s3.BucketEncryption.KMS, encryption_key=key)
    path = "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID"
    assert found(stack, key) == {"Bucket/Resource": [path]}


def test_a_policy_that_names_the_key_refers_to_it_too(stack: Stack) -> None:
    key, role = kms.Key(stack, "Key"), make_role(stack)
    key.grant_decrypt(role)
    assert found(stack, key) == {"Role/DefaultPolicy/Resource": ["PolicyDocument.Statement.0.Resource"]}


def test_an_alias_refers_to_the_key_and_can_be_asked_about(stack: Stack) -> None:
    key = kms.Key(stack, "Key")
    alias = kms.Alias(stack, "Alias", alias_name="alias/orders", target_key=key)
    sqs.CfnQueue(stack, "Queue", kms_master_key_id=Fn.ref(logical_id(alias)))
    assert found(stack, key) == {"Alias/Resource": ["TargetKeyId"]}
    assert found(stack, alias) == {"Queue": ["KmsMasterKeyId"]}


def test_a_nested_stack_is_looked_into(stack: Stack, key: HardenedKey) -> None:
    nested = NestedStack(stack, "Nested")
    secretsmanager.Secret(nested, "Secret", encryption_key=key)
    told: list[list[UseOfKey]] = []
    check_at_synth(stack, lambda: told.extend(uses(stack, [key])) or [])  # type: ignore[func-returns-value]
    before = uses(stack, [key])
    Stack.of(stack).node.root.synth()  # type: ignore[attr-defined]
    # After references are rendered the nested stack has parameters that CDK made, which are no use of the key.
    assert told == before
    assert [(one.path, one.stack, one.properties) for one in before[0]] == [
        ("Stack/Nested/Secret/Resource", "Stack/Nested", (("KmsKeyId",),))
    ]


def test_a_parameter_that_somebody_passes_is_told(stack: Stack, key: HardenedKey) -> None:
    NestedStack(stack, "Nested", parameters={"KeyArn": key.key_arn})
    assert found(stack, key) == {"Nested.NestedStack/Nested.NestedStackResource": ["Parameters.KeyArn"]}


def test_another_stack_is_looked_into_where_it_is_below_the_scope(stack: Stack, other_stack: Stack, app: App) -> None:
    key = HardenedKey(stack, "Key")
    secretsmanager.Secret(other_stack, "Secret", encryption_key=key)
    assert found(stack, key) == {}
    assert found(app, key) == {"Secret/Resource": ["KmsKeyId"]}


@pytest.mark.parametrize(
    "written",
    [
        {"Ref": "KEY"},
        {"Fn::GetAtt": ["KEY", "Arn"]},
        {"Fn::GetAtt": "KEY.Arn"},
        {"Fn::Sub": "${KEY.Arn}"},
        {"Fn::Sub": "arn:x:${KEY}"},
        {"Fn::Sub": ["${Name}", {"Name": {"Ref": "KEY"}}]},
        {"Fn::If": ["Condition", {"Fn::Join": ["", ["x", {"Ref": "KEY"}]]}, {"Ref": "AWS::NoValue"}]},
    ],
    ids=str,
)
def test_an_intrinsic_function_written_by_hand_is_no_part_of_the_path(
    stack: Stack, key: HardenedKey, written: Any
) -> None:
    resource = CfnResource(stack, "Queue", type="AWS::SQS::Queue")
    resource.add_override("Properties.Outer.KmsMasterKeyId", named(written, logical_id(key)))
    assert found(stack, key) == {"Queue": ["Outer.KmsMasterKeyId"]}
    resource.add_override("Properties.Outer.KmsMasterKeyId", named(written, "Another"))
    assert found(stack, key) == {}


def named(value: Any, name: str) -> Any:
    if isinstance(value, str):
        return value.replace("KEY", name)
    if isinstance(value, list):
        return [named(one, name) for one in value]
    return {key: named(one, name) for key, one in value.items()}


def test_a_name_in_another_stack_is_another_resource(stack: Stack, other_stack: Stack, app: App) -> None:
    key = HardenedKey(stack, "Key")
    CfnResource(other_stack, "Queue", type="AWS::SQS::Queue", properties={"K": {"Ref": logical_id(key)}})
    assert found(app, key) == {}


def test_what_an_aspect_changes_is_told_at_synth(stack: Stack, key: HardenedKey) -> None:
    sqs.CfnQueue(stack, "Queue")

    @jsii.implements(IAspect)
    class Encrypts:
        def visit(self, node: Any) -> None:
            if isinstance(node, sqs.CfnQueue):
                node.kms_master_key_id = key.key_arn

    Aspects.of(stack).add(Encrypts())
    told: list[Any] = []
    check_at_synth(stack, lambda: told.extend(uses(stack, [key])[0]) or [])  # type: ignore[func-returns-value]
    App.of(stack).synth()  # type: ignore[union-attr]
    assert [one.properties for one in told] == [(("KmsMasterKeyId",),)]


def test_a_name_in_a_text_that_stays_as_it_is_refers_to_nothing(stack: Stack, key: HardenedKey) -> None:
    text = f"${{!{logical_id(key)}}}"
    CfnResource(stack, "Queue", type="AWS::SQS::Queue", properties={"K": {"Fn::Sub": text}})
    assert found(stack, key) == {}


def test_each_of_several_keys_can_be_named_by_hand(stack: Stack, key: HardenedKey) -> None:
    other = HardenedKey(stack, "Other")
    for name, one in (("One", key), ("Two", other)):
        CfnResource(stack, name, type="AWS::SQS::Queue", properties={"K": {"Ref": logical_id(one)}})
    assert [[one.path for one in several] for several in uses(stack, [key, other])] == [["Stack/One"], ["Stack/Two"]]


def test_a_property_that_names_the_key_twice_is_told_once(stack: Stack, key: HardenedKey) -> None:
    CfnResource(stack, "It", type="Custom::It", properties={"Both": f"{key.key_arn} {key.key_id}"})
    assert found(stack, key) == {"It": ["Both"]}


def test_only_a_nested_stack_has_parameters_that_cdk_passes(stack: Stack, key: HardenedKey) -> None:
    CfnResource(stack, "It", type="Custom::It", properties={"Parameters": {"referencetoKey": key.key_arn}})
    assert found(stack, key) == {"It": ["Parameters.referencetoKey"]}


def test_two_properties_of_one_resource_are_told_together(stack: Stack, key: HardenedKey) -> None:
    both = {"One": key.key_arn, "Two": {"Deep": [f"x{key.key_id}"]}, "Again": key.key_arn}
    CfnResource(stack, "It", type="Custom::It", properties=both)
    assert found(stack, key) == {"It": ["One", "Two.Deep.0", "Again"]}
