"""How an app refers to a key: whatever the way, what uses the key is found when the app is synthesized."""

from __future__ import annotations

from typing import Any

import jsii
import pytest
from aws_cdk import (
    App,
    Aspects,
    CfnElement,
    CfnResource,
    Fn,
    IAspect,
    IStableStringProducer,
    Lazy,
    NestedStack,
    Stack,
    Stage,
    Tags,
)
from aws_cdk import aws_backup as backup
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey, ScopedSecretReader
from secure_kms_constructs.cdk.node import Questions
from tests.synth.templates import ACCOUNT, REGION, environment, template

SERVED = "elasticfilesystem."
OF_KEY = {"Resource": "Stack/Key/Resource", "Attribute": "Ref"}


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
    return {named(key, name): named(one, name) for key, one in value.items()} if isinstance(value, dict) else value


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


def looked(*keys: Any, leading: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    """Return what Node tells of the resources that have to do with keys, by path."""
    return {one["path"]: one for one in Questions.look(keys, leading)["resources"]}


@pytest.mark.parametrize(
    "written, told",
    [
        ({"Ref": "KEY"}, OF_KEY),
        ({"Fn::GetAtt": ["KEY", "Arn"]}, {"Resource": "Stack/Key/Resource", "Attribute": "Arn"}),
        (
            {"Fn::Sub": "${AWS::Partition}:${KEY.Arn}:${KEY}"},
            {
                "Fn::Sub": [
                    "${AWS::Partition}:${OfKEYArn}:${OfKEY}",
                    {
                        "OfKEYArn": {"Resource": "Stack/Key/Resource", "Attribute": "Arn"},
                        "OfKEY": OF_KEY,
                    },
                ]
            },
        ),
        ({"Fn::Sub": ["${Name}", {"Name": {"Ref": "KEY"}}]}, {"Fn::Sub": ["${Name}", {"Name": OF_KEY}]}),
        (
            [{"Ref": "KEY"}, {"Fn::Sub": "${AWS::Region}"}],
            [OF_KEY, {"Fn::Sub": "${AWS::Region}"}],
        ),
        (
            [{"Ref": "KEY"}, {"Fn::Sub": "${KEY}", "More": 1}],
            [OF_KEY, {"Fn::Sub": "${KEY}", "More": 1}],
        ),
    ],
    ids=str,
)
def test_a_reference_is_told_by_the_path_of_its_resource(
    stack: Stack, key: HardenedKey, written: Any, told: Any
) -> None:
    file_system(stack, "Files", named(written, logical_id(key)))
    found = looked(key)["Stack/Files"]["properties"]["KmsKeyId"]
    assert str(found).replace(logical_id(key), "KEY") == str(told)


def test_a_key_is_told_with_its_tags_and_other_keys_are_left_out(stack: Stack, key: HardenedKey) -> None:
    other = HardenedKey(stack, "Other")
    Tags.of(key).add("team", "a")
    file_system(stack, "Files", Fn.join("", [key.key_arn, other.key_arn]))
    stack.node.root.synth()  # type: ignore[attr-defined]
    found = looked(key)
    assert list(found) == ["Stack/Key/Resource", "Stack/Files"]
    assert found["Stack/Key/Resource"]["properties"] == {"Tags": [{"Key": "team", "Value": "a"}]}


def test_a_key_that_is_tagged_with_an_alias_of_another_is_left_out(stack: Stack, key: HardenedKey) -> None:
    kms.Alias(stack, "Alias", alias_name="alias/files", target_key=key)
    Tags.of(HardenedKey(stack, "Other")).add("beside", "alias/files")
    assert set(looked(key)) == {"Stack/Key/Resource", "Stack/Alias/Resource"}


def test_what_leads_to_what_is_under_a_key_is_told_where_its_type_may_need_the_key(
    stack: Stack, key: HardenedKey
) -> None:
    files = file_system(stack, "Files", key.key_arn)
    CfnResource(stack, "Leads", type="AWS::Events::Rule", properties={"Target": files.ref})
    CfnResource(stack, "Other", type="AWS::EFS::MountTarget", properties={"Target": files.ref})
    assert "Stack/Leads" not in looked(key)
    found = looked(key, leading=("AWS::Events::Rule",))
    assert "Stack/Leads" in found
    assert "Stack/Other" not in found


@pytest.mark.parametrize("kind", [iam.Role, iam.User])
def test_a_role_or_user_is_told_where_something_names_it_or_it_names_the_key(
    stack: Stack, key: HardenedKey, kind: type[iam.Role] | type[iam.User]
) -> None:
    names: Any = iam.PolicyDocument(statements=[iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn])])

    def identity(id: str) -> Any:
        if kind is iam.User:
            return iam.CfnUser(stack, id)
        return iam.CfnRole(stack, id, assume_role_policy_document={})

    plain, used, inline, overridden = map(identity, ("Plain", "Used", "Inline", "Overridden"))
    inline.policies = [{"policyName": "It", "policyDocument": names}]
    policy = [{"PolicyName": "It", "PolicyDocument": {"Resource": stack.resolve(key.key_arn)}}]
    overridden.add_override("Properties.Policies", policy)
    file_system(stack, "Files", key.key_arn).add_property_override("Role", used.attr_arn)
    found = looked(key)
    assert {path for path in found if path != "Stack/Key/Resource"} == {
        "Stack/Files",
        "Stack/Used",
        "Stack/Inline",
        "Stack/Overridden",
    }
    assert plain.node.path not in found


def test_a_role_that_a_policy_is_for_is_told_and_our_own_policies_are_not(
    stack: Stack, key: HardenedKey, role: iam.Role
) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert set(looked(key)) == {"Stack/Key/Resource", "Stack/Secret/Resource"}
    key.grant_decrypt(role)
    assert {"Stack/Role/DefaultPolicy/Resource", "Stack/Role/Resource"} <= set(looked(key))


def test_a_role_of_another_kind_is_not_told_for_being_named(stack: Stack, key: HardenedKey) -> None:
    topic = CfnResource(stack, "Topic", type="AWS::SNS::Topic")
    file_system(stack, "Files", key.key_arn).add_property_override("Topic", topic.ref)
    assert "Stack/Topic" not in looked(key)


def test_a_stage_inside_is_looked_at_by_itself(app: App, stack: Stack, key: HardenedKey) -> None:
    stage = Stage(app, "Stage", env=environment())
    inner = Stack(stage, "Inner")
    file_system(inner, "Files", HardenedKey(inner, "Key").key_arn)
    file_system(stack, "Files", key.key_arn)
    assert set(Questions.look([key], ())["places"]) == {"Stack"}
    assert set(looked(key)) == {"Stack/Key/Resource", "Stack/Files"}


def test_a_nested_stack_is_deployed_by_who_deploys_the_stack_around_it(stack: Stack) -> None:
    inner = NestedStack(NestedStack(stack, "Nested"), "Inner")
    places = Questions.look([HardenedKey(inner, "Key")], ())["places"]
    assert f"cfn-exec-role-{ACCOUNT}-{REGION}" in places["Stack"][4]
    assert places["Stack/Nested/Inner"][4] == places["Stack"][4]


@pytest.mark.parametrize("warns", [True, False])
def test_what_is_noted_is_a_warning_or_an_information(stack: Stack, key: HardenedKey, warns: bool) -> None:
    Questions.tell([stack, key], [(1, warns, "secure-kms-constructs:it", "something")])
    [one] = [it for it in key.node.metadata if "something" in str(it.data)]
    assert one.type == ("aws:cdk:warning" if warns else "aws:cdk:info")


def test_a_key_with_the_tag_that_its_use_needs_is_served(stack: Stack, key: HardenedKey) -> None:
    """The way out that the refusal names."""
    Tags.of(key).add("EventBridgeApiDestinations", "true")
    CfnResource(stack, "It", type="AWS::Events::Connection", properties={"KmsKeyIdentifier": key.key_arn})
    template(stack)


@pytest.mark.parametrize("tag, value", [("EventBridgeApiDestinations", "false"), ("Another", "true")])
def test_a_key_with_another_tag_is_refused_for_it(stack: Stack, key: HardenedKey, tag: str, value: str) -> None:
    Tags.of(key).add(tag, value)
    CfnResource(stack, "It", type="AWS::Events::Connection", properties={"KmsKeyIdentifier": key.key_arn})
    with pytest.raises(RuntimeError, match="needs the tag EventBridgeApiDestinations=true"):
        template(stack)


def test_what_is_missing_in_a_resource_is_said_by_cdk_in_its_words(app: App, stack: Stack, key: HardenedKey) -> None:
    secretsmanager.Secret(stack, "Secret", encryption_key=key)
    backup.BackupPlan(stack, "Plan")

    with pytest.raises(RuntimeError, match="A backup plan must have at least 1 rule"):
        app.synth()


def test_a_resource_that_cannot_be_read_is_not_passed_over(app: App, stack: Stack, key: HardenedKey) -> None:
    secretsmanager.Secret(stack, "Secret", encryption_key=key)
    sqs.CfnQueue(stack, "Queue", queue_name=Lazy.string(Broken()))

    with pytest.raises(RuntimeError, match="nobody told the name"):
        app.synth()


@jsii.implements(IStableStringProducer)
class Broken:
    """Tells its name to whoever asks again."""

    asked = False

    def produce(self) -> str:
        if self.asked:
            return "told"
        self.asked = True
        raise ValueError("nobody told the name")
