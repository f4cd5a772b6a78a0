"""A key beside what users put beside it: no circle, in an order that deploys, for roles of every kind."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, BootstraplessSynthesizer, DefaultStackSynthesizer, Environment, PhysicalName, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey, ScopedSecretReader, Service, Use
from tests.synth.templates import (
    ACCOUNT,
    OTHER_ACCOUNT,
    REGION,
    cycle,
    environment,
    info,
    key_policy,
    make_role,
    naming,
    resources,
    template,
)

SSO = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Support_0123456789abcdef"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
BY_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def bucket_to_queue(stack: Stack, key: HardenedKey) -> None:
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    source = s3.Bucket(stack, "Source", encryption_key=key)
    source.add_event_notification(s3.EventType.OBJECT_CREATED, notifications.SqsDestination(queue))


def topic_to_queue(stack: Stack, key: HardenedKey) -> None:
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    sns.Topic(stack, "Source", master_key=key).add_subscription(subscriptions.SqsSubscription(queue))


@pytest.mark.parametrize(
    "build, service", [(bucket_to_queue, "s3.amazonaws.com"), (topic_to_queue, "sns.amazonaws.com")]
)
def test_a_source_under_the_same_key_closes_no_circle(build: Any, service: str) -> None:
    app = App(context={"@aws-cdk/aws-sns-subscriptions:restrictSqsDescryption": True})
    stack = Stack(app, "Stack", env=environment())
    build(stack, HardenedKey(stack, "Key"))
    assert cycle(template(stack)) == []
    statements = [one for one in key_policy(stack) if one["Principal"] == {"Service": service}]
    assert statements
    by_arn = {"ArnLike": {"aws:SourceArn": f"arn:*:*:*:{ACCOUNT}:*"}}
    said = [one["Condition"] for one in statements]
    assert all(one == by_arn or one["StringEquals"] == BY_ACCOUNT["StringEquals"] for one in said)


@pytest.mark.parametrize("arn", [SSO, LINKED])
def test_a_role_of_iams_own_takes_no_policy_and_is_admitted_by_name(stack: Stack, key: HardenedKey, arn: str) -> None:
    role = iam.Role.from_role_arn(stack, "Role", arn)
    key.grant_via(role, Service.SQS, use=Use.READ)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="app/db")
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert len(naming(key_policy(stack), arn)) == 2
    assert resources(template(stack), "AWS::IAM::Policy") == {}
    assert ("create-service-linked-role" in str(info(stack))) is (arn == LINKED)


@pytest.mark.parametrize("arn", [SSO, LINKED])
def test_an_l2_that_would_write_a_policy_for_such_a_role_is_refused_and_the_advice_works(
    stack: Stack, key: HardenedKey, arn: str
) -> None:
    bucket = s3.Bucket(stack, "Bucket", encryption_key=key, bucket_name="app")
    with pytest.raises(RuntimeError, match="import it with mutable=False"):
        bucket.grant_read(iam.Role.from_role_arn(stack, "Role", arn))


def test_the_advice_for_such_a_role_works(stack: Stack, key: HardenedKey) -> None:
    bucket = s3.Bucket(stack, "Bucket", encryption_key=key, bucket_name="app")
    bucket.grant_read(iam.Role.from_role_arn(stack, "Role", SSO, mutable=False))
    [context] = [
        one["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"]
        for one in naming(key_policy(stack), SSO)
        if "StringLike" in one["Condition"]
    ]
    assert set(context) == {
        "arn:<AWS::Partition>:s3:::app",
        "arn:<AWS::Partition>:s3:::app/*",
    }
    assert resources(template(stack), "AWS::IAM::Policy") == {}


def test_a_bucket_without_a_name_for_such_a_role_is_refused(stack: Stack, key: HardenedKey) -> None:
    bucket = s3.Bucket(stack, "Bucket", encryption_key=key)
    with pytest.raises(RuntimeError, match="give the resource of S3 a literal name, or grant to a role of this app"):
        bucket.grant_read(iam.Role.from_role_arn(stack, "Role", SSO, mutable=False))


def test_a_name_that_cdk_gives_when_needed_is_needed_by_the_key(stack: Stack, other_stack: Stack) -> None:
    role = make_role(other_stack, role_name=PhysicalName.GENERATE_IF_NEEDED)
    bucket = s3.Bucket(stack, "Bucket", encryption_key=HardenedKey(stack, "Key"))
    bucket.grant_read(role)
    [made] = resources(template(other_stack), "AWS::IAM::Role").values()
    assert naming(key_policy(stack), f":role/{made['RoleName']}")


def test_a_role_of_another_account_waits_for_the_key(app: App, stack: Stack) -> None:
    roles = Stack(app, "Roles", env=environment(account=OTHER_ACCOUNT))
    HardenedKey(stack, "Key").grant_decrypt(make_role(roles, role_name="reader"))
    assert stack in roles.dependencies


def test_a_circle_across_accounts_is_refused(app: App, stack: Stack) -> None:
    roles = Stack(app, "Roles", env=environment(account=OTHER_ACCOUNT))
    stack.add_stack_dependency(roles)
    with pytest.raises(ValueError, match="already waits for it: put the HardenedKey into a stack of its own"):
        HardenedKey(stack, "Key").grant_decrypt(make_role(roles, role_name="reader"))


def test_the_advice_for_such_a_circle_works(app: App, stack: Stack) -> None:
    roles, keys = Stack(app, "Roles", env=environment(account=OTHER_ACCOUNT)), Stack(app, "Keys", env=environment())
    stack.add_stack_dependency(roles)
    key = HardenedKey(keys, "Key")
    key.grant_decrypt(make_role(roles, role_name="reader"))
    s3.Bucket(stack, "Bucket", encryption_key=key)
    app.synth()
    assert keys in roles.dependencies
    assert naming(key_policy(keys), ":role/reader")


def test_a_foreign_role_by_its_arn_gets_both_halves(stack: Stack, key: HardenedKey) -> None:
    key.grant_decrypt(iam.ArnPrincipal(f"arn:aws:iam::{OTHER_ACCOUNT}:role/reader"))
    assert naming(key_policy(stack), f"{OTHER_ACCOUNT}:role/reader")
    assert "its owner must add" in str(info(stack))


def test_a_deployer_of_the_same_stack_is_refused(stack: Stack, role: iam.Role) -> None:
    with pytest.raises(ValueError, match="deployer must be there before stack Stack"):
        HardenedKey(stack, "Key", deployer=role)


def test_a_deployer_of_an_earlier_stack_works(stack: Stack, other_stack: Stack) -> None:
    HardenedKey(stack, "Key", deployer=make_role(other_stack, role_name="deployer"))
    assert naming(key_policy(stack), "role/deployer")


def test_a_managed_policy_is_no_grantee(stack: Stack, key: HardenedKey) -> None:
    policy = iam.ManagedPolicy(stack, "Policy", statements=[])
    with pytest.raises(ValueError, match=r"got the managed policy .* grant to the roles that it is attached to"):
        key.grant_decrypt(policy)


def test_two_grants_of_neighbours_stay_apart(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    s3.Bucket(stack, "Bucket", encryption_key=key).grant_read(role)
    sqs.Queue(stack, "Queue", encryption_master_key=key).grant_consume_messages(role)
    vias = {one["Condition"]["StringEquals"].get("kms:ViaService") for one in naming(key_policy(stack), "<Role.Arn>")}
    assert vias == {f"{one}.{REGION}.amazonaws.com" for one in ("secretsmanager", "s3", "sqs")}


def test_a_role_whose_path_has_a_colon_is_admitted_by_its_grant() -> None:
    stack = Stack(App(), "Stack", env=environment())
    key = HardenedKey(stack, "Key")
    key.grant_decrypt(make_role(stack, "Custom::Mine"))
    bucket = s3.Bucket(stack, "Bucket", encryption_key=key)
    deployment.BucketDeployment(
        stack, "Deployment", sources=[deployment.Source.data("a", "b")], destination_bucket=bucket
    )
    assert len(naming(key_policy(stack), "Custom")) == 2


def test_who_deploys_is_told_for_each_stack_of_the_account() -> None:
    app = App()
    key = HardenedKey(Stack(app, "Stack", env=environment()), "Key")
    other = Stack(app, "Other", env=environment(), synthesizer=DefaultStackSynthesizer(qualifier="abc123"))
    efs.CfnFileSystem(other, "Files", encrypted=True, kms_key_id=key.key_arn)
    policy = key_policy(key.stack)
    theirs = [one for one in naming(policy, "cdk-abc123-cfn-exec-role") if "Condition" in one]
    via = {one["Condition"]["StringEquals"]["kms:ViaService"] for one in theirs}
    assert via == {f"elasticfilesystem.{REGION}.amazonaws.com"}
    assert "elasticfilesystem" not in str(naming(policy, "cdk-hnb659fds-cfn-exec-role"))


def test_a_stack_whose_deployer_is_not_told_fails_synth() -> None:
    app = App()
    key = HardenedKey(Stack(app, "Stack", env=environment()), "Key")
    other = Stack(app, "Other", env=environment(), synthesizer=BootstraplessSynthesizer())
    efs.CfnFileSystem(other, "Files", encrypted=True, kms_key_id=key.key_arn)
    with pytest.raises(RuntimeError, match="is deployed by somebody else than the key, and who that is cannot be told"):
        app.synth()


def test_the_replica_of_a_global_table_is_made_by_who_deploys_the_table() -> None:
    app = App()
    stack = Stack(app, "Stack", env=environment(), cross_region_references=True)
    abroad = Stack(app, "Abroad", env=Environment(account=ACCOUNT, region="us-west-2"), cross_region_references=True)
    key, there = HardenedKey(stack, "Key"), HardenedKey(abroad, "Key")
    dynamodb.TableV2(
        stack,
        "Table",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        replicas=[dynamodb.ReplicaTableProps(region="us-west-2")],
        encryption=dynamodb.TableEncryptionV2.customer_managed_key(key, {"us-west-2": there.key_arn}),
    )
    makes = [one for one in naming(key_policy(abroad), f"-{REGION}") if "Condition" in one]
    assert {one["Condition"]["StringEquals"]["kms:ViaService"] for one in makes} == {"dynamodb.us-west-2.amazonaws.com"}
    # What CDK imports of the app's own key is no key of somebody else.
    assert not any("requiredKeyPolicy" in text or "does not make" in text for text in info(stack))
