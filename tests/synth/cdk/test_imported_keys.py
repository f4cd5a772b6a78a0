"""What in an app uses keys that it does not make is told to their owners, and offered as data."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, CfnResource, NestedStack, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Annotations, Match

from secure_kms_constructs import ResolvedKey
from tests.synth.templates import ACCOUNT, KEY_ARN, OTHER_ACCOUNT, REGION, listed


def files(stack: Stack, key: kms.IKey) -> None:
    CfnResource(stack, "Files", type="AWS::EFS::FileSystem", properties={"KmsKeyId": key.key_arn})


def alarmed(stack: Stack, key: kms.IKey) -> None:
    topic = sns.Topic(stack, "Topic", master_key=key)
    metric = cloudwatch.Metric(namespace="n", metric_name="m")
    alarm = cloudwatch.Alarm(stack, "Alarm", metric=metric, threshold=1, evaluation_periods=1)
    alarm.add_alarm_action(actions.SnsAction(topic))


def found_in(stack: Stack) -> list[str]:
    several = Annotations.from_stack(stack).find_info("*", Match.string_like_regexp("its owner has to add"))
    return [str(one.entry.data) for one in several]


def test_the_deployer_s_part_is_told(app: App, stack: Stack) -> None:
    key = ResolvedKey.from_arn(stack, "Key", KEY_ARN)
    files(stack, key)
    made = ResolvedKey.required_key_policy_statements(key)
    deployer = f"role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
    assert all(deployer in json.dumps(stack.resolve(one["Principal"])) for one in made)
    assert {action for one in made for action in listed(one["Action"])} == {
        *("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext")
    }
    assert all(f"elasticfilesystem.{REGION}.amazonaws.com" in json.dumps(one) for one in made)
    (grants,) = (one for one in made if "kms:CreateGrant" in listed(one["Action"]))
    assert grants["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    app.synth()
    [text] = found_in(stack)
    assert '"Sid": "AllowDeployerToCreateGrant"' in text
    assert deployer in text


@pytest.mark.parametrize("account", [ACCOUNT, OTHER_ACCOUNT])
def test_a_service_is_bound_to_the_account_of_what_it_works_for(app: App, stack: Stack, account: str) -> None:
    key = ResolvedKey.from_arn(stack, "Key", KEY_ARN.replace(ACCOUNT, account))
    alarmed(stack, key)
    [one] = ResolvedKey.required_key_policy_statements(key)
    assert one["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert one["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    app.synth()
    assert len(found_in(stack)) == 1


def test_a_key_in_a_parameter_and_a_nested_stack_are_looked_at(app: App, stack: Stack) -> None:
    key = ResolvedKey.from_parameter(stack, "Key", "/keys/orders")
    files(NestedStack(stack, "Nested"), key)
    assert len(ResolvedKey.required_key_policy_statements(key)) == 2
    app.synth()
    assert len(found_in(stack)) == 1


def test_what_uses_nothing_is_told_nothing(app: App, stack: Stack) -> None:
    key = ResolvedKey.from_arn(stack, "Key", KEY_ARN)
    files(stack, ResolvedKey.from_arn(stack, "Other", KEY_ARN.replace("0a1b", "1b2c")))
    assert ResolvedKey.required_key_policy_statements(key) == []
    app.synth()
    [text] = found_in(stack)
    assert "elasticfilesystem" in text


def test_what_cannot_be_written_is_told_beside_the_rest(app: App, stack: Stack) -> None:
    key = ResolvedKey.from_arn(stack, "Key", KEY_ARN)
    files(stack, key)
    CfnResource(stack, "Host", type="AWS::Transfer::HostKey", properties={"KmsKey": key.key_arn})
    app.synth()
    [text] = found_in(stack)
    assert "no page names the kms:ViaService of its service" in text


def test_a_stack_without_an_environment_has_pseudo_parameters(app: App) -> None:
    stack = Stack(app, "Apart")
    key = ResolvedKey.from_parameter(stack, "Key", "/keys/orders")
    alarmed(stack, key)
    [one] = ResolvedKey.required_key_policy_statements(key)
    assert stack.resolve(one["Condition"]["StringEquals"]) == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    app.synth()
    assert len(found_in(stack)) == 1
