"""Stacks as public Python CDK apps write them, several services under one key, with HardenedKey in place of kms.Key.

Each is written after what many repositories do (samples of AWS and others), none is a copy of one. What KMS is asked is
that of the services' pages, as in ``pages.py``.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnResource, SecretValue, Stack
from aws_cdk import aws_backup as backup
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as pipeline_actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_fsx as fsx
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import REGION, Ask, Construction, deploys, directly, service, uses
from tests.semantics.services.constructions import (
    ALL,
    ISOLATED,
    LOGS_ARN,
    SENDS,
    alarm,
    arn,
    bucket,
    function,
    queue,
    role,
    topic,
    vpc,
)

EVERY = f"{ALL} GenerateDataKeyWithoutPlaintext"


def l1(s: Stack, id: str, kind: str, **properties: Any) -> CfnResource:
    return CfnResource(s, id, type=kind, properties=properties)


def shop(s: Stack, k: HardenedKey) -> None:
    """A container behind a database and a cache, with files, logs and secrets: one key for all."""
    net = vpc(s)
    secret = secretsmanager.Secret(s, "Secret", encryption_key=k)
    rds.DatabaseInstance(
        s,
        "Db",
        engine=rds.DatabaseInstanceEngine.POSTGRES,
        vpc=net,
        vpc_subnets=ISOLATED,
        storage_encryption_key=k,
        credentials=rds.Credentials.from_secret(secret),
    )
    l1(s, "Cache", "AWS::ElastiCache::ReplicationGroup", KmsKeyId=k.key_arn, AtRestEncryptionEnabled=True)
    efs.FileSystem(s, "Files", vpc=net, vpc_subnets=ISOLATED, kms_key=k)
    images = ecr.Repository(s, "Images", encryption_key=k)
    definition = ecs.FargateTaskDefinition(s, "Task")
    definition.add_container(
        "web",
        image=ecs.ContainerImage.from_ecr_repository(images),
        secrets={"PASSWORD": ecs.Secret.from_secrets_manager(secret, "password")},
        logging=ecs.LogDriver.aws_logs(
            stream_prefix="web", log_group=logs.LogGroup(s, "Log", encryption_key=k, log_group_name="/shop")
        ),
    )


def lake(s: Stack, k: HardenedKey) -> None:
    """A data lake: a stream into a bucket, jobs over it, and a warehouse."""
    raw = bucket(s, k, bucket_name="lake")
    stream = kinesis.Stream(s, "Stream", encryption_key=k)
    firehose.DeliveryStream(
        s,
        "Delivery",
        source=firehose.KinesisStreamSource(stream),
        destination=firehose.S3Bucket(raw, encryption_key=k),
    )
    sealed = {
        "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": k.key_arn},
        "S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": k.key_arn}],
    }
    settings = l1(s, "Settings", "AWS::Glue::SecurityConfiguration", Name="s", EncryptionConfiguration=sealed)
    jobs = role(s, "JobRole", "glue.amazonaws.com")
    raw.grant_read_write(jobs)
    l1(s, "Job", "AWS::Glue::Job", Role=jobs.role_arn, Command={}, SecurityConfiguration=settings.ref)
    l1(s, "Warehouse", "AWS::RedshiftServerless::Namespace", NamespaceName="w", KmsKeyId=k.key_arn)
    l1(s, "Cluster", "AWS::Redshift::Cluster", KmsKeyId=k.key_arn, Encrypted=True)


def search(s: Stack, k: HardenedKey) -> None:
    """A search domain that a function fills from a queue."""
    opensearch.Domain(
        s,
        "Domain",
        version=opensearch.EngineVersion.OPENSEARCH_2_11,
        encryption_at_rest=opensearch.EncryptionAtRestOptions(enabled=True, kms_key=k),
    )
    dead = queue(s, k, "Dead")
    work = sqs.Queue(
        s, "Work", encryption_master_key=k, dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=3)
    )
    fill = function(s, environment={"INDEX": "orders"}, environment_encryption=k, dead_letter_queue=dead)
    fill.add_event_source(sources.SqsEventSource(work))


def streaming(s: Stack, k: HardenedKey) -> None:
    """Kafka beside a delivery stream of its own."""
    at_rest = {"EncryptionAtRest": {"DataVolumeKMSKeyId": k.key_arn}}
    l1(s, "Kafka", "AWS::MSK::Cluster", ClusterName="c", EncryptionInfo=at_rest)
    firehose.DeliveryStream(
        s,
        "Delivery",
        destination=firehose.S3Bucket(bucket(s, k)),
        encryption=firehose.StreamEncryption.customer_managed_key(k),
    )


def learning(s: Stack, k: HardenedKey) -> None:
    """A notebook, an endpoint, and a role that reads data and writes models."""
    runs = role(s, "Execution", "sagemaker.amazonaws.com")
    bucket(s, k, bucket_name="models").grant_read_write(runs)
    l1(s, "Notebook", "AWS::SageMaker::NotebookInstance", KmsKeyId=k.key_arn, RoleArn=runs.role_arn)
    l1(s, "Endpoint", "AWS::SageMaker::EndpointConfig", KmsKeyId=k.key_arn, ProductionVariants=[])


def calls(s: Stack, k: HardenedKey) -> None:
    """A contact centre whose recordings go to a bucket and events to a stream."""
    recordings = bucket(s, k, bucket_name="recordings")
    kinesis.Stream(s, "Stream", encryption_key=k)
    l1(
        s,
        "Storage",
        "AWS::Connect::InstanceStorageConfig",
        InstanceArn=arn("connect", "instance/x"),
        ResourceType="CALL_RECORDINGS",
        StorageType="S3",
        S3Config={
            "BucketName": recordings.bucket_name,
            "BucketPrefix": "x",
            "EncryptionConfig": {"EncryptionType": "KMS", "KeyId": k.key_arn},
        },
    )


def files(s: Stack, k: HardenedKey) -> None:
    """A file server and a disk with their backups."""
    net = vpc(s)
    lustre = fsx.LustreConfiguration(deployment_type=fsx.LustreDeploymentType.SCRATCH_2)
    subnet = net.isolated_subnets[0]
    fsx.LustreFileSystem(
        s, "Fs", vpc=net, vpc_subnet=subnet, storage_capacity_gib=1200, kms_key=k, lustre_configuration=lustre
    )
    size = __import__("aws_cdk").Size.gibibytes(8)
    ec2.Volume(s, "Disk", availability_zone=f"{REGION}a", size=size, encrypted=True, encryption_key=k)
    backup.BackupVault(s, "Vault", encryption_key=k)


def migration(s: Stack, k: HardenedKey) -> None:
    """A replication of databases that tells of itself."""
    l1(s, "Instance", "AWS::DMS::ReplicationInstance", KmsKeyId=k.key_arn, ReplicationInstanceClass="dms.t3.medium")
    l1(s, "Source", "AWS::DMS::Endpoint", KmsKeyId=k.key_arn, EndpointType="source", EngineName="mysql")
    l1(s, "Events", "AWS::DMS::EventSubscription", SnsTopicArn=topic(s, k).topic_arn)


def assistant(s: Stack, k: HardenedKey) -> None:
    """An agent with a guardrail over a collection of documents."""
    l1(s, "Guardrail", "AWS::Bedrock::Guardrail", KmsKeyArn=k.key_arn, Name="g")
    runs = role(s, "AgentRole", "bedrock.amazonaws.com")
    l1(s, "Agent", "AWS::Bedrock::Agent", CustomerEncryptionKeyArn=k.key_arn, AgentResourceRoleArn=runs.role_arn)
    l1(s, "Documents", "AWS::OpenSearchServerless::Collection", Name="d", EncryptionConfig={"KmsKeyArn": k.key_arn})
    bucket(s, k, bucket_name="documents").grant_read(runs)


def sessions(s: Stack, k: HardenedKey) -> None:
    """A fast store whose password a function reads."""
    l1(s, "Store", "AWS::MemoryDB::Cluster", ClusterName="c", KmsKeyId=k.key_arn)
    secret = secretsmanager.Secret(s, "Secret", encryption_key=k)
    secret.grant_read(function(s))
    dynamodb.Table(
        s,
        "Table",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=k,
    )


def delivery(s: Stack, k: HardenedKey) -> None:
    """Packages, a build and a pipeline over an encrypted artifact bucket."""
    l1(s, "Packages", "AWS::CodeArtifact::Domain", DomainName="d", EncryptionKey=k.key_arn)
    source, built = codepipeline.Artifact(), codepipeline.Artifact()
    spec = codebuild.BuildSpec.from_object({"version": "0.2"})
    build = codebuild.PipelineProject(s, "Build", encryption_key=k, build_spec=spec)
    made = codepipeline.Pipeline(s, "Pipeline", artifact_bucket=bucket(s, k), role=role(s, "PipelineRole"))
    fetch = pipeline_actions.S3SourceAction(action_name="a", bucket=s3.Bucket(s, "In"), bucket_key="x", output=source)
    made.add_stage(stage_name="Source", actions=[fetch])
    runs = pipeline_actions.CodeBuildAction(action_name="b", input=source, outputs=[built], project=build)
    made.add_stage(stage_name="Build", actions=[runs])


def cluster(s: Stack, k: HardenedKey) -> None:
    """Kubernetes whose secrets are sealed, beside its images and logs."""
    eks.Cluster(
        s,
        "Cluster",
        version=eks.KubernetesVersion.of("1.31"),
        vpc=vpc(s),
        vpc_subnets=[ISOLATED],
        secrets_encryption_key=k,
        default_capacity=0,
        default_capacity_type=eks.DefaultCapacityType.NODEGROUP,
    )
    ecr.Repository(s, "Images", encryption_key=k)
    logs.LogGroup(s, "Log", encryption_key=k, log_group_name="/cluster")


def uploads(s: Stack, k: HardenedKey) -> None:
    """A bucket that tells a topic and a queue of its objects, all three under the key of a secret."""
    store = bucket(s, k)
    told, work = topic(s, k), queue(s, k)
    store.add_event_notification(s3.EventType.OBJECT_CREATED, notifications.SnsDestination(told))
    store.add_event_notification(s3.EventType.OBJECT_REMOVED, notifications.SqsDestination(work))
    told.add_subscription(subscriptions.SqsSubscription(work))
    alarm(s, alarm_name="slow").add_alarm_action(actions.SnsAction(told))
    secretsmanager.Secret(s, "Secret", encryption_key=k, secret_string_value=SecretValue.unsafe_plain_text("x"))
    reader = function(s)
    reader.add_event_source(sources.SqsEventSource(work))
    store.grant_read(reader)


def workflows(s: Stack, k: HardenedKey) -> None:
    """Airflow with the bucket of its workflows and logs of the network."""
    dags = bucket(s, k, bucket_name="dags")
    runs = role(s, "AirflowRole", "airflow.amazonaws.com")
    dags.grant_read(runs)
    l1(
        s,
        "Airflow",
        "AWS::MWAA::Environment",
        Name="flow",
        KmsKey=k.key_arn,
        SourceBucketArn=dags.bucket_arn,
        ExecutionRoleArn=runs.role_arn,
    )
    vpc(s).add_flow_log("Flow", destination=ec2.FlowLogDestination.to_s3(bucket(s, k, "Network")))


def imported_code(s: Stack, k: HardenedKey) -> None:
    """A function whose code lies in an encrypted bucket that it also writes."""
    code = bucket(s, k, bucket_name="code")
    made = lambda_.Function(
        s,
        "Fn",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.h",
        code=lambda_.Code.from_bucket_v2(code, "x.zip", source_kms_key=k),
        environment={"A": "b"},
        environment_encryption=k,
    )
    code.grant_write(made)


def in_bucket(name: str) -> dict[str, str]:
    return {"aws:s3:arn": f"arn:aws:s3:::{name}/x"}


SECRET = {"SecretARN": "@Secret"}
PUBLIC = (
    Construction(
        "app_shop",
        shop,
        (
            *deploys("rds", "CreateGrant"),
            *deploys("elasticache", "CreateGrant Decrypt Encrypt"),
            *deploys("dax", "CreateGrant"),
            *deploys("elasticfilesystem", "CreateGrant Decrypt GenerateDataKeyWithoutPlaintext"),
            *deploys("ecr", "CreateGrant"),
            *deploys("secretsmanager", SENDS),
            *uses("TaskExecutionRole", "secretsmanager", "Decrypt", SECRET),
            *service(f"logs.{REGION}", EVERY, {"aws:logs:arn": arn("logs", "log-group:/shop")}),
        ),
    ),
    Construction(
        "app_lake",
        lake,
        (
            *uses("DeliveryS3DestinationRole", "s3", SENDS),
            # Jobs use the key directly too, for bookmarks, so nothing binds their role to the bucket.
            *directly("JobRole", "Decrypt Encrypt GenerateDataKey"),
            *service(f"logs.{REGION}", EVERY, {"aws:logs:arn": arn("logs", "log-group:/aws-glue/jobs")}),
            *deploys("redshift", "CreateGrant Decrypt Encrypt GenerateDataKey"),
            *deploys("redshift-serverless", "CreateGrant Decrypt GenerateDataKey"),
        ),
    ),
    Construction(
        "app_search",
        search,
        (
            *deploys("es", "CreateGrant"),
            *deploys("lambda", "CreateGrant Encrypt"),
            *uses("FnServiceRole", "sqs", SENDS),
        ),
    ),
    Construction("app_streaming", streaming, (*deploys("kafka", "CreateGrant"), *deploys("firehose", "CreateGrant"))),
    Construction(
        "app_learning",
        learning,
        (*deploys("sagemaker", "CreateGrant Decrypt"), *uses("Execution", "s3", SENDS, in_bucket("models"))),
    ),
    Construction("app_calls", calls, deploys("connect", "CreateGrant")),
    Construction(
        "app_files",
        files,
        (
            *deploys("fsx", "CreateGrant Decrypt GenerateDataKeyWithoutPlaintext"),
            *deploys("ec2", "CreateGrant Decrypt GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"),
            *deploys("backup", "CreateGrant Decrypt GenerateDataKey"),
        ),
    ),
    Construction(
        "app_migration",
        migration,
        (*deploys("dms", "CreateGrant Encrypt"), *service("dms", SENDS, account=True)),
    ),
    Construction(
        "app_assistant",
        assistant,
        (
            *deploys("bedrock", f"CreateGrant {SENDS}"),
            *deploys("aoss", "CreateGrant"),
            *uses("AgentRole", "s3", "Decrypt", in_bucket("documents")),
        ),
    ),
    Construction(
        "app_sessions",
        sessions,
        (
            *deploys("memorydb", "CreateGrant"),
            *deploys("dynamodb", f"{ALL} CreateGrant"),
            *uses("FnServiceRole", "secretsmanager", "Decrypt", SECRET),
        ),
    ),
    Construction(
        "app_delivery",
        delivery,
        (
            *deploys("codeartifact", "CreateGrant"),
            *uses("BuildRole", "s3", SENDS),
            *uses("PipelineRole", "s3", SENDS, {"aws:s3:arn": "@Bucket/x"}),
        ),
    ),
    Construction(
        "app_cluster",
        cluster,
        (
            Ask(who="deployer", action="kms:CreateGrant", sent={"kms:GrantIsForAWSResource": "false"}),
            *deploys("logs", EVERY, aws__logs__arn=arn("logs", "log-group:/cluster")),
        ),
    ),
    Construction(
        "app_uploads",
        uploads,
        (
            *service("s3", SENDS, account=True, arn="arn:aws:s3:::source"),
            *service("sns", SENDS, arn=arn("sns", "topic")),
            *service("cloudwatch", SENDS, account=True, arn=arn("cloudwatch", "alarm:slow")),
            *deploys("secretsmanager", SENDS),
            *uses("FnServiceRole", "sqs", "Decrypt"),
        ),
    ),
    Construction(
        "app_workflows",
        workflows,
        (
            *deploys("airflow", "CreateGrant"),
            *service(f"logs.{REGION}", ALL, {"aws:logs:arn": arn("logs", "log-group:airflow-flow-Task")}),
            *uses("AirflowRole", "s3", "Decrypt", in_bucket("dags")),
            *service("delivery.logs", f"{EVERY} DescribeKey", account=True, arn=LOGS_ARN),
        ),
    ),
    Construction(
        "app_imported_code",
        imported_code,
        (
            *deploys("lambda", f"CreateGrant Encrypt {SENDS}"),
            *service("lambda", SENDS, {"aws:lambda:FunctionArn": arn("lambda", "function:x")}),
            *uses("FnServiceRole", "s3", SENDS, in_bucket("code")),
        ),
    ),
)
