"""What CDK's own constructs add to a HardenedKey is narrowed, and works; what cannot be is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import jsii
import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as codepipeline_actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm

from secure_kms_constructs import HardenedKey, ScopedSecretReader
from tests.synth.templates import (
    ACCOUNT,
    DEPLOYER,
    REGION,
    ROOT,
    by_sid,
    cycle,
    info,
    key_policy,
    kms_statements,
    listed,
    naming,
    policy_so_far,
    template,
)

BY_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
PARTITION_KEY = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)


def vpc(stack: Stack) -> ec2.Vpc:
    return ec2.Vpc(stack, "Vpc", nat_gateways=0)


def secret(stack: Stack, key: kms.IKey) -> None:
    secretsmanager.Secret(stack, "Secret", encryption_key=key)


def replicated_secret(stack: Stack, key: kms.IKey) -> None:
    replica = secretsmanager.ReplicaRegion(region="us-east-1")
    secretsmanager.Secret(stack, "Secret", encryption_key=key, replica_regions=[replica])


def database_secret(stack: Stack, key: kms.IKey) -> None:
    rds.DatabaseSecret(stack, "Secret", username="admin", encryption_key=key)


def database(stack: Stack, key: kms.IKey) -> None:
    rds.DatabaseInstance(
        stack,
        "Database",
        engine=rds.DatabaseInstanceEngine.MYSQL,
        vpc=vpc(stack),
        vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        storage_encryption_key=key,
        credentials=rds.Credentials.from_generated_secret("admin", encryption_key=key),
    )


def table(stack: Stack, key: kms.IKey) -> None:
    dynamodb.Table(stack, "Table", partition_key=PARTITION_KEY, encryption_key=key)


def function(stack: Stack, key: kms.IKey) -> None:
    lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("handler = print"),
        environment={"A": "b"},
        environment_encryption=key,
    )


def log_group(stack: Stack, key: kms.IKey) -> None:
    logs.LogGroup(stack, "Log", encryption_key=key)


def volume(stack: Stack, key: kms.IKey) -> None:
    ec2.CfnVolume(stack, "Volume", availability_zone="a", size=1, kms_key_id=key.key_arn, encrypted=True)


def of_others(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is not the deployer's use through a service."""
    return [one for one in statements if one["Principal"] != {"AWS": DEPLOYER} or "ViaService" not in str(one)]


@pytest.mark.parametrize("build", [secret, replicated_secret, database_secret, database, table, function, volume])
def test_a_resource_under_the_key_opens_it_to_its_deployer_alone(
    stack: Stack, key: HardenedKey, build: Callable[[Stack, kms.IKey], None]
) -> None:
    before = policy_so_far(key)
    build(stack, key)
    assert of_others(key_policy(stack)) == before
    assert len(key_policy(stack)) > len(before)
    assert cycle(template(stack)) == []


def test_a_log_group_under_the_key_opens_it_to_cloudwatch_logs(stack: Stack, key: HardenedKey) -> None:
    before = policy_so_far(key)
    log_group(stack, key)
    added = [one for one in of_others(key_policy(stack)) if one not in before]
    assert [one["Principal"] for one in added] == [{"Service": f"logs.{REGION}.<AWS::URLSuffix>"}]
    assert cycle(template(stack)) == []


@pytest.mark.parametrize("build", [secret, database_secret, database])
def test_what_a_secret_delegates_to_the_account_becomes_the_deployers(
    stack: Stack, build: Callable[[Stack, kms.IKey], None]
) -> None:
    build(stack, HardenedKey(stack, "Key", provision_via=()))
    provision = by_sid(key_policy(stack))["AllowDeployerToDecrypt"]
    assert provision["Principal"] == {"AWS": DEPLOYER}
    assert provision["Action"] == ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
    assert provision["Condition"] == {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}}


def test_what_an_ebs_volume_delegates_to_the_account_becomes_the_deployers(stack: Stack) -> None:
    ec2.Volume(
        stack,
        "Volume",
        availability_zone="eu-west-1a",
        snapshot_id="snap-1",
        encryption_key=HardenedKey(stack, "Key", provision_via=()),
        encrypted=True,
    )
    provisions = [one for one in key_policy(stack) if one["Principal"] == {"AWS": DEPLOYER} and "Condition" in one]
    assert provisions
    for one in provisions:
        assert one["Condition"]["StringEquals"] == {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}
        assert ("Bool" in one["Condition"]) is ("kms:CreateGrant" in listed(one["Action"]))


# -- grants of the L2s, for a role --


def read_secret(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    secretsmanager.Secret(stack, "Secret", encryption_key=key).grant_read(role)


def read_write_table(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    dynamodb.Table(stack, "Table", partition_key=PARTITION_KEY, encryption_key=key).grant_read_write_data(role)


def read_table_v2(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    encryption = dynamodb.TableEncryptionV2.customer_managed_key(key)
    dynamodb.TableV2(stack, "Table", partition_key=PARTITION_KEY, encryption=encryption).grant_read_data(role)


def read_bucket(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    s3.Bucket(stack, "Bucket", encryption_key=key).grant_read(role)


def write_bucket(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    s3.Bucket(stack, "Bucket", encryption_key=key).grant_write(role)


def send_and_receive(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    queue.grant_send_messages(role)
    queue.grant_consume_messages(role)


def publish(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    sns.Topic(stack, "Topic", master_key=key).grant_publish(role)


def read_write_stream(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    kinesis.Stream(stack, "Stream", encryption_key=key).grant_read_write(role)


def read_parameter(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "Parameter", parameter_name="/a", encryption_key=key
    ).grant_read(role)


def write_secret(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    secretsmanager.Secret(stack, "Secret", encryption_key=key).grant_write(role)


def receive_by_function(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    code = lambda_.Code.from_inline("handler = print")
    function = lambda_.Function(
        stack, "Function", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code, role=role
    )
    function.add_event_source(sources.SqsEventSource(sqs.Queue(stack, "Queue", encryption_master_key=key)))


def inject_secret(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    task = ecs.FargateTaskDefinition(stack, "Task", execution_role=role)
    secret = ecs.Secret.from_secrets_manager(secretsmanager.Secret(stack, "Secret", encryption_key=key))
    task.add_container("web", image=ecs.ContainerImage.from_registry("web"), secrets={"A": secret})


def grants_of_bucket(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    s3.Bucket(stack, "Bucket", encryption_key=key).grants.read(role)


def build_artifacts(stack: Stack, key: kms.IKey, role: iam.Role) -> None:
    spec = codebuild.BuildSpec.from_object({"version": "0.2"})
    codebuild.Project(stack, "Project", role=role, build_spec=spec, encryption_key=key)


READ, WRITE = {"kms:Decrypt"}, {"kms:Decrypt", "kms:GenerateDataKey"}


@pytest.mark.parametrize(
    "build, service, actions",
    [
        (read_write_table, "dynamodb", WRITE),
        (read_table_v2, "dynamodb", READ),
        (read_bucket, "s3", READ),
        (grants_of_bucket, "s3", READ),
        (write_bucket, "s3", {"kms:GenerateDataKey"}),
        (build_artifacts, "s3", WRITE),
        (send_and_receive, "sqs", WRITE),
        (receive_by_function, "sqs", READ),
        (publish, "sns", WRITE),
        (read_write_stream, "kinesis", {"kms:Decrypt", "kms:GenerateDataKey"}),
        (read_parameter, "ssm", READ),
        (read_secret, "secretsmanager", READ),
        (write_secret, "secretsmanager", WRITE),
        (inject_secret, "secretsmanager", READ),
    ],
)
def test_a_grant_of_an_l2_is_effective_through_its_service_and_for_this_role_only(
    stack: Stack,
    key: HardenedKey,
    role: iam.Role,
    build: Callable[[Stack, kms.IKey, iam.Role], None],
    service: str,
    actions: set[str],
) -> None:
    build(stack, key, role)
    via = f"{service}.{REGION}.amazonaws.com"
    assert {one["Condition"]["StringEquals"]["kms:ViaService"] for one in kms_statements(stack)} == {via}
    for one in naming(key_policy(stack), "<Role.Arn>"):
        assert one["Condition"]["StringEquals"]["kms:ViaService"] == via
    admitted = naming(key_policy(stack), "<Role.Arn>")
    assert actions <= {action for one in admitted for action in listed(one["Action"])}
    assert actions <= {action for one in kms_statements(stack) for action in listed(one["Action"])}
    assert {one["Resource"] for one in kms_statements(stack)} == {"<Key.Arn>"}
    assert all(one["Condition"]["ArnEquals"] == {"aws:PrincipalArn": "<Role.Arn>"} for one in admitted)
    assert cycle(template(stack)) == []


@pytest.mark.parametrize("build", [read_secret, write_secret, inject_secret])
def test_the_stock_secret_grant_is_for_this_secret(
    stack: Stack, key: HardenedKey, role: iam.Role, build: Callable[[Stack, kms.IKey, iam.Role], None]
) -> None:
    build(stack, key, role)
    [statement] = kms_statements(stack)
    assert statement["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"] == "<Secret>"


@pytest.mark.parametrize("build", [read_bucket, write_bucket, grants_of_bucket])
def test_the_stock_bucket_grant_is_for_this_bucket_with_and_without_a_bucket_key(
    stack: Stack, key: HardenedKey, role: iam.Role, build: Callable[[Stack, kms.IKey, iam.Role], None]
) -> None:
    build(stack, key, role)
    contexts = [
        one["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"]
        for one in kms_statements(stack)
        if "kms:DescribeKey" not in listed(one["Action"])
    ]
    assert [set(one) for one in contexts] == [{"<Bucket.Arn>", "<Bucket.Arn>/*"}]


ROLE = f"arn:aws:iam::{ACCOUNT}:role/Reader"


@pytest.mark.parametrize(
    "principal",
    [
        iam.SessionTagsPrincipal(iam.ArnPrincipal(ROLE)),
        iam.CompositePrincipal(iam.ArnPrincipal(ROLE), iam.ArnPrincipal(f"{ROLE}2")),
        iam.CompositePrincipal(iam.ServicePrincipal("sns.amazonaws.com"), iam.ArnPrincipal(ROLE)),
        iam.PrincipalWithConditions(iam.ArnPrincipal(ROLE), {"StringEquals": {"aws:PrincipalTag/team": "red"}}),
    ],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize("kind", ["bucket", "secret", "table"])
def test_a_role_wrapped_in_another_principal_gets_no_direct_use(
    stack: Stack, key: HardenedKey, principal: iam.IPrincipal, kind: str
) -> None:
    customer = dynamodb.TableEncryption.CUSTOMER_MANAGED
    grant = {
        "bucket": s3.Bucket(stack, "Bucket", encryption_key=key, bucket_name="named").grant_read,
        "secret": secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="named").grant_read,
        "table": dynamodb.Table(
            stack, "Table", partition_key=PARTITION_KEY, encryption=customer, encryption_key=key
        ).grant_read_data,
    }[kind]
    with pytest.raises(RuntimeError, match="role or user by itself"):
        grant(principal)
    assert ROLE not in str(policy_so_far(key))


PLAIN = {"SessionTagsPrincipal": [ROLE], "CompositePrincipal": [ROLE, f"{ROLE}2"], "PrincipalWithConditions": [ROLE]}


@pytest.mark.parametrize("wrapped", PLAIN)
def test_the_advice_for_a_wrapped_role_works(stack: Stack, key: HardenedKey, wrapped: str) -> None:
    """Each role by itself, and a condition of its own as a statement of its own."""
    bucket = s3.Bucket(stack, "Bucket", encryption_key=key, bucket_name="named")
    for arn in PLAIN[wrapped]:
        bucket.grant_read(iam.ArnPrincipal(arn))
    if wrapped == "PrincipalWithConditions":
        team = {"StringNotEquals": {"aws:PrincipalTag/team": "red"}, "ArnEquals": {"aws:PrincipalArn": ROLE}}
        denial = {"effect": iam.Effect.DENY, "principals": [iam.AnyPrincipal()], "actions": ["kms:Decrypt"]}
        key.add_to_resource_policy(iam.PolicyStatement(resources=["*"], conditions=team, **denial))
    named = [one for one in naming(key_policy(stack), ROLE) if one["Effect"] == "Allow"]
    assert {arn for one in named for arn in listed(one["Principal"]["AWS"])} == set(PLAIN[wrapped])
    assert all(f"s3.{REGION}.amazonaws.com" in str(one["Condition"]) for one in named)
    assert all("named" in str(one["Condition"]) for one in named if "kms:Decrypt" in listed(one["Action"]))


def test_what_the_user_grants_on_the_key_is_direct(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    key.grant_decrypt(role)
    [statement] = kms_statements(stack)
    assert "Condition" not in statement


def test_a_method_of_the_users_own_that_node_calls_grants_directly(
    stack: Stack, key: HardenedKey, role: iam.Role
) -> None:
    @jsii.implements(s3.IBucketNotificationDestination)
    class Own:
        def bind(self, scope: Any, bucket: Any) -> Any:  # noqa: ARG002
            key.grant_decrypt(role)
            return s3.BucketNotificationDestinationConfig(
                arn="arn:aws:sns:eu-west-1:111122223333:t", type=s3.BucketNotificationDestinationType.TOPIC
            )

    s3.Bucket(stack, "Bucket").add_event_notification(s3.EventType.OBJECT_CREATED, cast(Any, Own()))
    [statement] = kms_statements(stack)
    assert "Condition" not in statement


@pytest.mark.parametrize("build", [read_secret, read_bucket, read_table_v2, publish])
def test_a_grant_of_an_l2_to_an_administrator_keeps_our_message(
    stack: Stack, role: iam.Role, build: Callable[[Stack, kms.IKey, iam.Role], None]
) -> None:
    key = HardenedKey(stack, "Key", administrators=[role])
    # Raised in a callback from Node, so jsii makes it a RuntimeError; the message stays.
    with pytest.raises(RuntimeError, match="an administrator of the key must not use it"):
        build(stack, key, role)


# -- service principals --


def access_logs(stack: Stack, key: kms.IKey) -> None:
    target = s3.Bucket(stack, "Target", encryption_key=key)
    s3.Bucket(stack, "Bucket", server_access_logs_bucket=target)


def topic_to_queue(stack: Stack, key: kms.IKey) -> None:
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    sns.Topic(stack, "Topic").add_subscription(subscriptions.SqsSubscription(queue))


def bucket_to_queue(stack: Stack, key: kms.IKey) -> None:
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    s3.Bucket(stack, "Bucket").add_event_notification(s3.EventType.OBJECT_CREATED, notifications.SqsDestination(queue))


@pytest.mark.parametrize(
    "build, service",
    [
        (topic_to_queue, "sns.amazonaws.com"),
        (bucket_to_queue, "s3.amazonaws.com"),
    ],
)
def test_a_service_principal_is_bound_to_its_source(
    stack: Stack, key: HardenedKey, build: Callable[[Stack, kms.IKey], None], service: str
) -> None:
    build(stack, key)
    statements = [one for one in key_policy(stack) if one["Principal"] == {"Service": service}]
    assert statements
    for one in statements:
        assert one["Condition"] == BY_ACCOUNT or "aws:SourceArn" in one["Condition"]["ArnLike"]
    assert cycle(template(stack)) == []


def test_a_service_that_no_page_says_sends_a_source_is_written_as_its_page_prints_it(
    stack: Stack, key: HardenedKey
) -> None:
    access_logs(stack, key)
    statements = [one for one in key_policy(stack) if one["Principal"] == {"Service": "logging.s3.amazonaws.com"}]
    assert len(statements) == 1
    assert "Condition" not in statements[0]
    assert any("logging.s3.amazonaws.com may" in text for text in info(stack))


def rule_to_queue(stack: Stack, key: kms.IKey) -> Any:
    return targets.SqsQueue(sqs.Queue(stack, "Queue", encryption_master_key=key))


def rule_to_topic(stack: Stack, key: kms.IKey) -> Any:
    return targets.SnsTopic(sns.Topic(stack, "Topic", master_key=key))


@pytest.mark.parametrize("target, bound", [(rule_to_queue, True), (rule_to_topic, False)])
def test_eventbridge_is_bound_to_a_source_where_it_sends_one(
    stack: Stack, key: HardenedKey, target: Callable[[Stack, kms.IKey], Any], bound: bool
) -> None:
    events.Rule(stack, "Rule", schedule=events.Schedule.rate(Duration.days(1)), targets=[target(stack, key)])
    [statement] = [one for one in key_policy(stack) if one["Principal"] == {"Service": "events.amazonaws.com"}]
    assert statement.get("Condition") == ({"ArnLike": {"aws:SourceArn": f"arn:*:*:*:{ACCOUNT}:*"}} if bound else None)


def test_an_event_bus_keeps_its_own_source(stack: Stack, key: HardenedKey) -> None:
    events.EventBus(stack, "Bus", kms_key=key)
    use, describe = naming(key_policy(stack), "'Service': 'events.amazonaws.com'")
    assert "aws:SourceAccount" in use["Condition"]["StringEquals"]
    assert "kms:EncryptionContext:aws:events:event-bus:arn" in use["Condition"]["StringEquals"]
    # CDK ties DescribeKey to the context, which it never has.
    assert describe["Action"] == "kms:DescribeKey"
    assert "EncryptionContext" not in str(describe)


def test_a_pipeline_and_its_actions_share_the_key_of_their_artifacts(stack: Stack, key: HardenedKey) -> None:
    artifacts, source = s3.Bucket(stack, "Artifacts", encryption_key=key), s3.Bucket(stack, "Source", versioned=True)
    output = codepipeline.Artifact()
    read = codepipeline_actions.S3SourceAction(action_name="Read", bucket=source, bucket_key="x", output=output)
    write = codepipeline_actions.S3DeployAction(action_name="Write", bucket=source, input=output)
    codepipeline.Pipeline(
        stack,
        "Pipeline",
        artifact_bucket=artifacts,
        stages=[
            codepipeline.StageProps(stage_name="Source", actions=[read]),
            codepipeline.StageProps(stage_name="Deploy", actions=[write]),
        ],
    )
    admitted = [one for one in key_policy(stack) if "ThroughS3" in one.get("Sid", "")]
    named = {name for one in admitted for name in listed(one["Condition"]["ArnEquals"]["aws:PrincipalArn"])}
    assert named == {
        "<PipelineRole.Arn>",
        "<PipelineSourceReadCodePipelineActionRole.Arn>",
        "<PipelineDeployWriteCodePipelineActionRole.Arn>",
    }
    assert len([one for one in key_policy(stack) if one["Principal"] == {"AWS": ROOT}]) == 3 + len(admitted)


def exec_cluster(stack: Stack, key: kms.IKey) -> ecs.FargateService:
    cluster = ecs.Cluster(
        stack,
        "Cluster",
        vpc=vpc(stack),
        execute_command_configuration=ecs.ExecuteCommandConfiguration(kms_key=key),
    )
    task = ecs.FargateTaskDefinition(stack, "Task")
    task.add_container("web", image=ecs.ContainerImage.from_registry("web"))
    return ecs.FargateService(stack, "Service", cluster=cluster, task_definition=task, enable_execute_command=True)


def test_ecs_exec_wants_the_whole_account_and_is_refused_with_the_way_out(stack: Stack, key: HardenedKey) -> None:
    # Raised in a callback from Node, so jsii makes it a RuntimeError; the message stays.
    with pytest.raises(RuntimeError, match=r"does not delegate .*ECS Exec does\) takes kms.Key.from_key_arn"):
        exec_cluster(stack, key)


def test_the_way_out_for_ecs_exec_works(stack: Stack, key: HardenedKey) -> None:
    service = exec_cluster(stack, kms.Key.from_key_arn(stack, "Ref", key.key_arn))
    key.grant_decrypt(service.task_definition.task_role)
    [statement] = naming(key_policy(stack), "<TaskTaskRole.Arn>")
    assert statement["Action"] == "kms:Decrypt"
    assert cycle(template(stack)) == []


@pytest.mark.parametrize("account, admitted", [(ACCOUNT, DEPLOYER), ("444455556666", None)])
def test_only_the_own_account_through_a_service_becomes_the_deployer(
    key: HardenedKey, account: str, admitted: str | None
) -> None:
    through = kms.ViaServicePrincipal("glue.eu-west-1.amazonaws.com", iam.AccountPrincipal(account))
    if admitted:
        key.grant(through, "kms:Decrypt")
        assert "glue" in str(naming(policy_so_far(key), admitted))
        return
    with pytest.raises(ValueError, match="account"):
        key.grant(through, "kms:Decrypt")


def test_cloudwatch_logs_alone_is_admitted_to_a_key_that_was_not_changed_yet(stack: Stack, key: HardenedKey) -> None:
    key.admit_logs_service(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app/*")
    assert "/app/*" in str(by_sid(key_policy(stack))["AllowCloudWatchLogs"])


def test_a_task_that_executes_commands_and_reads_a_secret_still_decrypts_itself(stack: Stack, key: HardenedKey) -> None:
    service = exec_cluster(stack, kms.Key.from_key_arn(stack, "Ref", key.key_arn))
    secret = secretsmanager.Secret(stack, "Read", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=service.task_definition.task_role, secrets=[secret])
    # Another role's grant is none of this one's.
    key.grant(iam.Role(stack, "Other", assumed_by=iam.AccountRootPrincipal()), "kms:Decrypt", "kms:GenerateDataKey")
    with pytest.raises(RuntimeError, match=r"Service executes commands under the key.*TaskRole kms:Decrypt directly"):
        template(stack)
