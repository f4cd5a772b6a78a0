"""L1s under a HardenedKey: services for which CDK has no construct of its own, or none that takes a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_efs as efs
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_s3_deployment as deployment

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import ACCOUNT, REGION, Ask, Construction, deploys, directly, service, uses
from tests.semantics.services.constructions import (
    ALL,
    ISOLATED,
    SENDS,
    arn,
    bucket,
    function,
    role,
    topic,
    vpc,
)

GRANTS = "CreateGrant"


def raw(kind: str, properties: Callable[[str], dict[str, Any]]) -> Callable[[Stack, HardenedKey], CfnResource]:
    """Return what makes a resource of a type, given the ARN of the key."""
    return lambda s, k: CfnResource(s, "It", type=kind, properties=properties(k.key_arn))


def one(kind: str, path: str, *asks: tuple[Ask, ...], **more: Any) -> Construction:
    """Return a resource that names the key in one property."""
    *outer, last = path.split("/")

    def properties(key_arn: str) -> dict[str, Any]:
        value: dict[str, Any] = {last: key_arn}
        for name in reversed(outer):
            value = {name: value}
        return value | more

    name = kind.removeprefix("AWS::").replace("::", "_").lower()
    return Construction(f"l1_{name}", raw(kind, properties), tuple(it for several in asks for it in several))


def with_role(kind: str, path: str, named_in: str, *asks: tuple[Ask, ...]) -> Construction:
    """Return a resource that names the key and a role."""
    made = one(kind, path, *asks)

    def build(s: Stack, k: HardenedKey) -> None:
        it = made.build(s, k)
        it.add_property_override(named_in, role(s).role_arn)

    return Construction(made.name, build, made.asks)


def replicated_files(s: Stack, k: HardenedKey) -> None:
    plain = efs.FileSystem(s, "Fs", vpc=vpc(s), vpc_subnets=ISOLATED)
    made = plain.node.default_child
    made.add_property_override("ReplicationConfiguration", {"Destinations": [{"KmsKeyId": k.key_arn}]})  # type: ignore[union-attr]


def lifecycle(s: Stack, k: HardenedKey) -> None:
    from aws_cdk import aws_autoscaling_hooktargets as hooktargets
    from aws_cdk import aws_ec2 as ec2

    group = autoscaling.AutoScalingGroup(
        s,
        "Group",
        vpc=vpc(s),
        vpc_subnets=ISOLATED,
        instance_type=ec2.InstanceType("t3.micro"),
        machine_image=ec2.MachineImage.latest_amazon_linux2023(),
    )
    group.add_lifecycle_hook(
        "Hook",
        lifecycle_transition=autoscaling.LifecycleTransition.INSTANCE_LAUNCHING,
        notification_target=hooktargets.TopicHook(topic(s, k)),
    )


def distribution(s: Stack, k: HardenedKey) -> None:
    origin = origins.S3BucketOrigin.with_origin_access_control(bucket(s, k))
    cloudfront.Distribution(s, "Cdn", default_behavior=cloudfront.BehaviorOptions(origin=origin))


def deployed_files(s: Stack, k: HardenedKey) -> None:
    source = deployment.Source.data("a.txt", "x")
    deployment.BucketDeployment(s, "Deploy", sources=[source], destination_bucket=bucket(s, k))


def notified(s: Stack, k: HardenedKey) -> None:
    function(s, on_failure=destinations.SnsDestination(topic(s, k)))


def budget(s: Stack, k: HardenedKey) -> None:
    subscriber = {"Address": topic(s, k).topic_arn, "SubscriptionType": "SNS"}
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 1}
    CfnResource(
        s,
        "Budget",
        type="AWS::Budgets::Budget",
        properties={
            "Budget": {"BudgetType": "COST", "TimeUnit": "MONTHLY"},
            "NotificationsWithSubscribers": [{"Notification": notification, "Subscribers": [subscriber]}],
        },
    )


def subscription_of(kind: str) -> Callable[[Stack, HardenedKey], CfnResource]:
    return lambda s, k: CfnResource(s, "It", type=kind, properties={"SnsTopicArn": topic(s, k).topic_arn})


def encrypted_glue(s: Stack, k: HardenedKey) -> None:
    CfnResource(
        s,
        "Settings",
        type="AWS::Glue::SecurityConfiguration",
        properties={
            "Name": "sealed",
            "EncryptionConfiguration": {
                "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": k.key_arn},
                "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "CSE-KMS", "KmsKeyArn": k.key_arn},
            },
        },
    )
    CfnResource(
        s,
        "Job",
        type="AWS::Glue::Job",
        # As `settings.name` is: a text that refers to nothing.
        properties={"Role": role(s).role_arn, "Command": {}, "SecurityConfiguration": "sealed"},
    )


LOGS = {"aws:logs:arn": arn("logs", "log-group:airflow-flow-Task")}
FLINK = {"aws:kinesisanalytics:arn": arn("kinesisanalytics", "application/orders")}
TABLES = {"aws:s3:arn": arn("s3tables", "bucket/lake/table/x")}
GLUE = {"aws:logs:arn": arn("logs", "log-group:/aws-glue/jobs")}

RAW = (
    one(
        "AWS::ElastiCache::ReplicationGroup",
        "KmsKeyId",
        deploys("elasticache", f"{GRANTS} Decrypt Encrypt"),
        deploys("dax", GRANTS),
    ),
    one("AWS::MemoryDB::Cluster", "KmsKeyId", deploys("memorydb", GRANTS)),
    one("AWS::Redshift::Cluster", "KmsKeyId", deploys("redshift", f"{GRANTS} Decrypt Encrypt GenerateDataKey")),
    one("AWS::Neptune::DBCluster", "KmsKeyId", deploys("rds", f"{GRANTS} {ALL} GenerateDataKeyWithoutPlaintext")),
    one("AWS::Cassandra::Table", "EncryptionSpecification/KmsKeyIdentifier", deploys("cassandra", f"{GRANTS} {ALL}")),
    one("AWS::MSK::Cluster", "EncryptionInfo/EncryptionAtRest/DataVolumeKMSKeyId", deploys("kafka", GRANTS)),
    one("AWS::AmazonMQ::Broker", "EncryptionOptions/KmsKeyId", deploys("mq", GRANTS)),
    one(
        "AWS::MWAA::Environment",
        "KmsKey",
        deploys("airflow", GRANTS),
        service(f"logs.{REGION}", ALL, LOGS),
        Name="flow",
    ),
    one("AWS::APS::Workspace", "KmsKeyArn", deploys("aps", f"{GRANTS} Decrypt GenerateDataKey")),
    one("AWS::Bedrock::Guardrail", "KmsKeyArn", deploys("bedrock", f"{GRANTS} Decrypt GenerateDataKey")),
    one("AWS::Bedrock::Agent", "CustomerEncryptionKeyArn", deploys("bedrock", SENDS)),
    one("AWS::SageMaker::NotebookInstance", "KmsKeyId", deploys("sagemaker", f"{GRANTS} Decrypt")),
    one("AWS::SageMaker::EndpointConfig", "KmsKeyId", deploys("sagemaker", GRANTS)),
    one("AWS::Connect::InstanceStorageConfig", "S3Config/EncryptionConfig/KeyId", deploys("connect", GRANTS)),
    one("AWS::DMS::ReplicationInstance", "KmsKeyId", deploys("dms", GRANTS)),
    one("AWS::OpenSearchServerless::Collection", "EncryptionConfig/KmsKeyArn", deploys("aoss", GRANTS)),
    one("AWS::Timestream::Database", "KmsKeyId", deploys("timestream", f"{GRANTS} Decrypt")),
    one("AWS::Kendra::Index", "ServerSideEncryptionConfiguration/KmsKeyId", deploys("kendra", GRANTS)),
    one(
        "AWS::WorkSpaces::Workspace",
        "VolumeEncryptionKey",
        deploys("workspaces", f"{GRANTS} {ALL}"),
        deploys("ec2", GRANTS),
    ),
    one("AWS::CodeArtifact::Domain", "EncryptionKey", deploys("codeartifact", GRANTS)),
    one("AWS::AppFlow::Flow", "KMSArn", deploys("appflow", GRANTS)),
    one("AWS::QBusiness::Application", "EncryptionConfiguration/KmsKeyId", deploys("qbusiness", GRANTS)),
    one("AWS::Deadline::Farm", "KmsKeyArn", deploys("deadline", f"{GRANTS} {SENDS}")),
    one(
        "AWS::S3Vectors::VectorBucket",
        "EncryptionConfiguration/KmsKeyArn",
        deploys("s3vectors", SENDS),
        service("indexing.s3vectors", "Decrypt", account=True, arn=arn("s3vectors", "bucket/x")),
    ),
    one(
        "AWS::S3Tables::TableBucket",
        "EncryptionConfiguration/KMSKeyArn",
        service("maintenance.s3tables", SENDS, TABLES),
        TableBucketName="lake",
    ),
    one("AWS::Config::DeliveryChannel", "S3KmsKeyArn", service("config", SENDS, account=True, arn=arn("config", "x"))),
    one("AWS::CloudTrail::EventDataStore", "KmsKeyId", service("cloudtrail", SENDS, account=True)),
    one(
        "AWS::KinesisAnalyticsV2::Application",
        "ApplicationConfiguration/ApplicationEncryptionConfiguration/KeyId",
        deploys("kinesisanalytics", SENDS, aws__kinesisanalytics__arn=FLINK["aws:kinesisanalytics:arn"]),
        service("kinesisanalytics", "Decrypt", FLINK),
        ApplicationName="orders",
    ),
    with_role(
        "AWS::BedrockAgentCore::Gateway",
        "KmsKeyArn",
        "RoleArn",
        uses(
            "Role",
            "bedrock-agentcore",
            SENDS,
            {"aws:bedrock-agentcore-gateway:arn": arn("bedrock-agentcore", "gateway/x")},
        ),
        deploys("bedrock-agentcore", f"{GRANTS} {SENDS}"),
    ),
    with_role(
        "AWS::BedrockAgentCore::Memory",
        "EncryptionKeyArn",
        "MemoryExecutionRoleArn",
        uses("Role", "bedrock-agentcore", SENDS),
        deploys("bedrock-agentcore", f"{GRANTS} {SENDS}"),
    ),
    Construction(
        "file_system_replica",
        replicated_files,
        deploys("elasticfilesystem", f"{GRANTS} Decrypt GenerateDataKeyWithoutPlaintext"),
    ),
    Construction("lifecycle_to_topic", lifecycle, uses("GroupLifecycleHookHookRole", "sns", SENDS)),
    Construction(
        "distribution",
        distribution,
        service("cloudfront", "Decrypt", arn=f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"),
    ),
    Construction("function_destination", notified, uses("FnServiceRole", "sns", SENDS)),
    Construction("budget", budget, service("budgets", SENDS, account=True)),
    Construction(
        "database_events", subscription_of("AWS::RDS::EventSubscription"), service("events.rds", SENDS, account=True)
    ),
    Construction(
        "warehouse_events",
        subscription_of("AWS::Redshift::EventSubscription"),
        service("redshift", SENDS, account=True),
    ),
    Construction(
        "migration_events", subscription_of("AWS::DMS::EventSubscription"), service("dms", SENDS, account=True)
    ),
    Construction(
        "glue",
        encrypted_glue,
        (*service(f"logs.{REGION}", ALL, GLUE), *directly("Role", "Decrypt Encrypt GenerateDataKey")),
    ),
)
