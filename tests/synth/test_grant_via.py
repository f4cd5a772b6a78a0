"""grant_via: through one service, for named resources."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from aws_cdk import App, ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, Service, Use
from tests.synth.templates import (
    ACCOUNT,
    OTHER_ACCOUNT,
    REGION,
    admitted,
    by_sid,
    environment,
    granted,
    identity_statements,
    key_policy,
    kms_statements,
    listed,
    make_role,
    naming,
    policy_so_far,
)

ORDERS = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/orders"


def test_grant_via_binds_key_service_and_context(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    grant = key.grant_via(role, Service.KINESIS, use=Use.READ, resource_arns=[ORDERS])
    assert grant.success
    via = f"kinesis.{REGION}.amazonaws.com"
    assert by_sid(key_policy(stack))["AllowReadThroughKinesis"]["Condition"] == {
        "StringEquals": {"kms:ViaService": via, "kms:CallerAccount": ACCOUNT},
        "ArnEquals": {"aws:PrincipalArn": "<Role.Arn>"},
    }
    [statement] = kms_statements(stack)
    assert (statement["Action"], statement["Resource"]) == ("kms:Decrypt", "<Key.Arn>")
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": via, "kms:EncryptionContext:aws:kinesis:arn": ORDERS}
    }


def test_grant_via_splits_describe_key_from_the_context(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/a"
    key.grant_via(role, Service.CLOUDWATCH_LOGS, use=Use.WRITE, resource_arns=[group])
    for statements in (kms_statements(stack), naming(key_policy(stack), "<Role.Arn>")):
        for statement in statements:
            if "kms:DescribeKey" in listed(statement["Action"]):
                assert "EncryptionContext" not in str(statement)
    assert granted(stack) == ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]


def test_grant_via_of_a_service_without_context(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    key.grant_via(role, Service.SQS, use=Use.WRITE)
    [statement] = kms_statements(stack)
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}}
    assert admitted(stack, "<Role.Arn>") == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_grant_via_a_delegated_service_leaves_the_key_policy_alone(stack: Stack) -> None:
    key = HardenedKey(stack, "Key", delegate_via=[Service.KINESIS])
    role = make_role(stack)
    key.grant_via(role, Service.KINESIS, use=Use.READ, resource_arns=[ORDERS])
    assert naming(key_policy(stack), "<Role.Arn>") == []
    assert granted(stack) == ["kms:Decrypt"]


def test_delegation_to_the_account_of_the_key_admits_no_role_of_this_app_in_another(app: App, stack: Stack) -> None:
    key = HardenedKey(stack, "Key", delegate_via=[Service.KINESIS])
    other = Stack(app, "OtherAccount", env=environment(account=OTHER_ACCOUNT))
    key.grant_via(make_role(other, role_name="reader"), Service.KINESIS, use=Use.READ, resource_arns=[ORDERS])
    assert "role/reader" in str(key_policy(stack))


def test_delegation_to_the_account_of_the_key_admits_no_imported_role_of_another(stack: Stack) -> None:
    key = HardenedKey(stack, "Key", delegate_via=[Service.KINESIS])
    foreign = f"arn:aws:iam::{OTHER_ACCOUNT}:role/reader"
    role = iam.Role.from_role_arn(stack, "Foreign", foreign)
    key.grant_via(role, Service.KINESIS, use=Use.READ, resource_arns=[ORDERS])
    assert naming(key_policy(stack), foreign)


def test_grant_via_a_delegated_service_serves_a_role_the_key_cannot_name(stack: Stack, other_stack: Stack) -> None:
    key = HardenedKey(stack, "Key", delegate_via=[Service.KINESIS])
    key.grant_via(make_role(other_stack), Service.KINESIS, use=Use.READ, resource_arns=[ORDERS])
    assert len(kms_statements(other_stack)) == 1


@pytest.mark.parametrize(
    "service, use, arns, message",
    [
        (Service.KINESIS, Use.READ, [], r"resource_arns must name the resources that Kinesis .*got none"),
        (Service.SQS, Use.READ, [ORDERS], r"resource_arns must be empty for SQS"),
        (Service.KINESIS, Use.READ, [f"{ORDERS}*"], r"resource_arns must be exact, got"),
        (Service.KINESIS, Use.READ, ["arn:aws:kinesis:eu-west-?:1:stream/a"], r"resource_arns must be exact"),
        (
            Service.KINESIS,
            Use.READ,
            [ORDERS.replace(REGION, "us-east-1")],
            r"must be in the region of the key",
        ),
        (Service.KINESIS, Use.PROVISION, [ORDERS], r"use 'provision' through Kinesis, choose one of: read, write"),
        (Service.LAMBDA, Use.READ, [], r"use 'read' through Lambda, choose one of: provision"),
    ],
)
def test_grant_via_refuses_what_would_not_match(
    stack: Stack, key: HardenedKey, role: iam.Role, service: Service, use: Use, arns: list[str], message: str
) -> None:
    before = policy_so_far(key)
    with pytest.raises(ValueError, match=message):
        key.grant_via(role, service, use=use, resource_arns=arns)
    assert key_policy(stack) == before
    assert identity_statements(stack) == []


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda _: iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/r"), id="a plain ARN"),
        pytest.param(
            lambda stack: iam.Role.from_role_arn(stack, "R", f"arn:aws:iam::{ACCOUNT}:role/r", mutable=False),
            id="an immutable import",
        ),
    ],
)
def test_grant_via_names_a_grantee_without_policies_in_the_key_policy(
    stack: Stack, key: HardenedKey, make: Callable[[Stack], iam.IGrantable]
) -> None:
    key.grant_via(make(stack), Service.SQS, use=Use.READ)
    [statement] = naming(key_policy(stack), "role/r")
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}}
    assert identity_statements(stack) == []


def test_grant_via_refuses_a_grantee_without_policies_and_a_resource_without_a_name(
    stack: Stack, key: HardenedKey
) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    role = iam.Role.from_role_arn(stack, "R", f"arn:aws:iam::{ACCOUNT}:role/r", mutable=False)
    with pytest.raises(ValueError, match=r"cannot hold an identity policy, .*mutable=True"):
        key.grant_via(role, Service.SECRETS_MANAGER, use=Use.READ, resource_arns=[secret.secret_arn])


SECRETS, LOGS, PARAMETERS = f"arn:aws:secretsmanager:{REGION}", f"arn:aws:logs:{REGION}", f"arn:aws:ssm:{REGION}"


@pytest.mark.parametrize(
    "service, never, matches",
    [
        (Service.SECRETS_MANAGER, f"{SECRETS}:{ACCOUNT}:secret:prod/db", f"{SECRETS}:{ACCOUNT}:secret:prod/db-Ab3dE6"),
        (Service.SECRETS_MANAGER, f"{SECRETS}:{ACCOUNT}:secret:db-??", f"{SECRETS}:{ACCOUNT}:secret:db-??????"),
        (Service.PARAMETER_STORE, f"{PARAMETERS}:{ACCOUNT}:parameter//x", f"{PARAMETERS}:{ACCOUNT}:parameter/x"),
        (Service.CLOUDWATCH_LOGS, f"{LOGS}:{ACCOUNT}:log-group:/a:*", f"{LOGS}:{ACCOUNT}:log-group:/a"),
        (Service.CLOUDWATCH_LOGS, f"{LOGS}:{ACCOUNT}:/a", f"{LOGS}:{ACCOUNT}:log-group:/a"),
        (Service.KINESIS, ORDERS.replace("stream/", ""), ORDERS),
        (Service.S3, "arn:aws:s3:::data*", "arn:aws:s3:::data/*"),
        (Service.S3, f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/a", "arn:aws:s3:::data"),
        (Service.S3, "arn:aws:s3:::data/*/x", "arn:aws:s3:::data/object"),
    ],
)
def test_a_resource_is_named_as_its_service_sends_it(
    stack: Stack, key: HardenedKey, role: iam.Role, service: Service, never: str, matches: str
) -> None:
    with pytest.raises(ValueError, match="resource_arns must be"):
        key.grant_via(role, service, use=Use.READ, resource_arns=[never])
    key.grant_via(role, service, use=Use.READ, resource_arns=[matches])
    condition = identity_statements(stack)[0]["Condition"]
    operator = "StringLike" if re.search("[*?]", matches) else "StringEquals"
    assert condition[operator][f"kms:EncryptionContext:{service.context_key}"] == matches


def test_a_log_group_is_named_without_what_its_attribute_ends_with(
    stack: Stack, key: HardenedKey, role: iam.Role
) -> None:
    group = logs.LogGroup(stack, "Group")
    with pytest.raises(ValueError, match=r"no :\* at its end: make it by stack\.format_arn"):
        key.grant_via(role, Service.CLOUDWATCH_LOGS, use=Use.READ, resource_arns=[group.log_group_arn])
    arn = stack.format_arn(
        service="logs",
        resource="log-group",
        resource_name=group.log_group_name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    key.grant_via(role, Service.CLOUDWATCH_LOGS, use=Use.READ, resource_arns=[arn])
    condition = identity_statements(stack)[0]["Condition"]["StringEquals"]
    named = condition["kms:EncryptionContext:aws:logs:arn"]
    assert named.endswith(":log-group:<Group>")
