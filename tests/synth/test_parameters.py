"""ScopedParameterReader: what it writes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Aws, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm

from secure_kms_constructs import AWS_MANAGED, HardenedKey, ScopedParameterReader
from tests.synth.templates import ACCOUNT, KEY_ARN, REGION, environment, identity_statements, make_role

PREFIX = f"arn:<AWS::Partition>:ssm:{REGION}:{ACCOUNT}:parameter"
VIA = f"ssm.{REGION}.amazonaws.com"


def test_two_statements_name_the_parameters_and_the_key(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    ScopedParameterReader(stack, "Reader", grantee=role, parameters=["/app/user", "/app/password"], key=key)
    both = [f"{PREFIX}/app/user", f"{PREFIX}/app/password"]
    assert identity_statements(stack) == [
        {"Effect": "Allow", "Action": ["ssm:GetParameter", "ssm:GetParameters"], "Resource": both},
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": "<Key.Arn>",
            "Condition": {"StringEquals": {"kms:ViaService": VIA, "kms:EncryptionContext:PARAMETER_ARN": both}},
        },
    ]


@pytest.mark.parametrize("name", ["/app/db", "app/db"])
def test_the_arn_has_one_slash_whatever_the_name_starts_with(stack: Stack, role: iam.Role, name: str) -> None:
    ScopedParameterReader(stack, "Reader", grantee=role, parameters=[name], key=AWS_MANAGED)
    [access] = identity_statements(stack)
    assert access["Resource"] == f"{PREFIX}/app/db"


@pytest.mark.parametrize("path", ["/app/db", "app/db", "/app/db/"])
def test_a_path_is_asked_for_by_its_own_arn(stack: Stack, key: HardenedKey, role: iam.Role, path: str) -> None:
    ScopedParameterReader(stack, "Reader", grantee=role, parameters=[path], key=key, by_path=True)
    access, listing, decrypt = identity_statements(stack)
    assert access["Resource"] == f"{PREFIX}/app/db/*"
    assert (listing["Action"], listing["Resource"]) == ("ssm:GetParametersByPath", f"{PREFIX}/app/db")
    context = {"kms:EncryptionContext:PARAMETER_ARN": f"{PREFIX}/app/db/*"}
    assert decrypt["Condition"] == {"StringEquals": {"kms:ViaService": VIA}, "StringLike": context}


def test_a_parameter_of_this_app_is_a_string(stack: Stack, role: iam.Role) -> None:
    parameter = ssm.StringParameter(stack, "Parameter", string_value="x", parameter_name="/app/x")
    ScopedParameterReader(stack, "Reader", grantee=role, parameters=[parameter])
    [access] = identity_statements(stack)
    assert access["Resource"] == f"{PREFIX}<Parameter>"


def test_parameters_of_two_stacks_are_two_whatever_they_are_called(stack: Stack, role: iam.Role) -> None:
    stacks = (Stack(stack.node.root, name, env=environment()) for name in ("One", "Two"))
    same = [ssm.StringParameter(one, "Parameter", string_value="x") for one in stacks]
    ScopedParameterReader(stack, "Reader", grantee=role, parameters=same)
    [access] = identity_statements(stack)
    assert len(access["Resource"]) == 2
    with pytest.raises(ValueError, match="parameters must name each parameter once"):
        ScopedParameterReader(stack, "Another", grantee=role, parameters=[same[0], same[0]])


def test_an_ecs_execution_role_reads_injected_secrets(stack: Stack, key: HardenedKey) -> None:
    task = ecs.FargateTaskDefinition(stack, "Task")
    ScopedParameterReader(stack, "Reader", grantee=task.obtain_execution_role(), parameters=["/app/db"], key=key)
    assert [statement["Action"] for statement in identity_statements(stack)][-1] == "kms:Decrypt"


@pytest.mark.parametrize(
    "options, message",
    [
        ({"parameters": []}, "parameters must name at least one parameter"),
        ({"parameters": ["/a", "a"]}, "parameters must name each parameter once"),
        ({"parameters": ["/a/*"]}, "parameters must be literal names"),
        ({"parameters": ["/"], "by_path": True}, "parameters must be literal names"),
        ({"parameters": [""]}, "parameters must be literal names"),
        ({"parameters": [f"/{Aws.STACK_NAME}/a"]}, "parameters must be literal names"),
        ({"parameters": [KEY_ARN]}, "parameters must be literal names"),
        ({"parameters": ["/aws/reference/secretsmanager/db"]}, "only AWS can give: .*use ScopedSecretReader"),
        ({"parameters": ["/AWS/service"], "by_path": True}, "only AWS can give"),
        ({"parameters": ["ssm/a"]}, "only AWS can give"),
        ({"parameters": ["/a"], "key": None}, r"the key of the parameter .*/a is not known: pass key=AWS_MANAGED"),
    ],
)
def test_bad_input_is_refused(
    stack: Stack, key: HardenedKey, role: iam.Role, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ScopedParameterReader(stack, "Reader", grantee=role, **{"key": key, **options})
    assert stack.node.try_find_child("Reader") is None


def test_a_path_is_no_construct(stack: Stack, role: iam.Role) -> None:
    parameter = ssm.StringParameter(stack, "Parameter", string_value="x")
    with pytest.raises(ValueError, match="by_path takes paths such as"):
        ScopedParameterReader(stack, "Reader", grantee=role, parameters=[parameter], by_path=True)


def test_a_key_that_no_parameter_needs_is_refused(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    parameter = ssm.StringParameter(stack, "Parameter", string_value="x")
    with pytest.raises(ValueError, match="key is for imported parameters that do not say their key"):
        ScopedParameterReader(stack, "Reader", grantee=role, parameters=[parameter], key=key)


def test_a_key_of_another_region_is_refused(stack: Stack, role: iam.Role) -> None:
    from secure_kms_constructs import ResolvedKey

    key = ResolvedKey.from_arn(stack, "Ref", KEY_ARN.replace(REGION, "eu-west-3"))
    with pytest.raises(ValueError, match="must be in the region of the parameter, eu-west-1, got one in eu-west-3"):
        ScopedParameterReader(stack, "Reader", grantee=role, parameters=["/a"], key=key)


def test_nobody_gets_history_or_descriptions(stack: Stack, key: HardenedKey) -> None:
    ScopedParameterReader(stack, "Reader", grantee=make_role(stack), parameters=["/a"], key=key, by_path=True)
    assert not {"ssm:GetParameterHistory", "ssm:DescribeParameters"} & {
        action for one in identity_statements(stack) for action in str(one["Action"]).split("'")
    }
