"""CDK's own constructs under a HardenedKey: one line each, with what AWS's pages say that KMS is then asked.

Rows of the pages stand in ``secure_kms_constructs.aws.catalogue``; what is asked here is written down again by hand, so
that a wrong row does not prove itself.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, NestedStack, Stack
from aws_cdk import aws_appconfig as appconfig
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_backup as backup
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_docdb as docdb
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_elasticsearch as elasticsearch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_fsx as fsx
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from aws_cdk import aws_rds as rds
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ses_actions as ses_actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk import aws_synthetics as synthetics
from constructs import Construct

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import ACCOUNT, REGION, Ask, Construction, deploys, directly, service, uses

ALL = "Decrypt Encrypt GenerateDataKey ReEncryptFrom ReEncryptTo"
SENDS = "Decrypt GenerateDataKey"
VOLUMES = "CreateGrant Decrypt GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"
SCALING = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
LOGS_ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:*"


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def vpc(s: Stack) -> ec2.Vpc:
    return ec2.Vpc(
        s,
        "Vpc",
        nat_gateways=0,
        max_azs=2,
        subnet_configuration=[
            ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
            ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24),
        ],
    )


ISOLATED = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)


def function(s: Stack, **more: Any) -> lambda_.Function:
    return lambda_.Function(
        s,
        "Fn",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.h",
        code=lambda_.Code.from_inline("h = print"),
        **more,
    )


def role(s: Stack, id: str = "Role", principal: str = "ec2.amazonaws.com") -> iam.Role:
    return iam.Role(s, id, assumed_by=iam.ServicePrincipal(principal))


def queue(s: Stack, k: HardenedKey, id: str = "Queue") -> sqs.Queue:
    return sqs.Queue(s, id, encryption_master_key=k)


def topic(s: Stack, k: HardenedKey, id: str = "Topic") -> sns.Topic:
    return sns.Topic(s, id, master_key=k)


def bucket(s: Stack, k: HardenedKey, id: str = "Bucket", **more: Any) -> s3.Bucket:
    return s3.Bucket(s, id, encryption_key=k, **more)


def alarm(s: Stack, **more: Any) -> cloudwatch.Alarm:
    metric = cloudwatch.Metric(namespace="n", metric_name="m")
    return cloudwatch.Alarm(s, "Alarm", metric=metric, threshold=1, evaluation_periods=1, **more)


def composite(s: Stack, k: HardenedKey) -> None:
    rule = cloudwatch.AlarmRule.from_alarm(alarm(s), cloudwatch.AlarmState.ALARM)
    cloudwatch.CompositeAlarm(s, "All", composite_alarm_name="x", alarm_rule=rule).add_alarm_action(
        cloudwatch_actions.SnsAction(topic(s, k))
    )


def rule(s: Stack, target: Any) -> events.Rule:
    return events.Rule(s, "Rule", schedule=events.Schedule.rate(Duration.days(1)), targets=[target])


def instance(s: Stack, k: HardenedKey, **more: Any) -> rds.DatabaseInstance:
    return rds.DatabaseInstance(
        s,
        "Db",
        engine=rds.DatabaseInstanceEngine.POSTGRES,
        vpc=vpc(s),
        vpc_subnets=ISOLATED,
        storage_encryption_key=k,
        **more,
    )


def cluster(s: Stack, k: HardenedKey, **more: Any) -> rds.DatabaseCluster:
    return rds.DatabaseCluster(
        s,
        "Db",
        engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_4),
        vpc=vpc(s),
        vpc_subnets=ISOLATED,
        writer=rds.ClusterInstance.serverless_v2("writer"),
        storage_encryption_key=k,
        **more,
    )


def volume(k: HardenedKey) -> ec2.BlockDevice:
    return ec2.BlockDevice(device_name="/dev/sda1", volume=ec2.BlockDeviceVolume.ebs(8, encrypted=True, kms_key=k))


def launch_template(s: Stack, k: HardenedKey) -> ec2.LaunchTemplate:
    return ec2.LaunchTemplate(
        s,
        "Template",
        block_devices=[volume(k)],
        machine_image=ec2.MachineImage.latest_amazon_linux2023(),
        instance_type=ec2.InstanceType("t3.micro"),
        security_group=None,
    )


def scaling_group(s: Stack, k: HardenedKey) -> None:
    autoscaling.AutoScalingGroup(s, "Group", vpc=vpc(s), launch_template=launch_template(s, k), vpc_subnets=ISOLATED)


def machine(s: Stack, k: HardenedKey, **more: Any) -> sfn.StateMachine:
    return sfn.StateMachine(
        s,
        "Machine",
        definition_body=sfn.DefinitionBody.from_chainable(sfn.Pass(s, "Pass")),
        encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(k),
        **more,
    )


def two_machines(s: Stack, k: HardenedKey) -> None:
    for name in ("orders", "bills"):
        machine(Construct(s, name.capitalize()), k, state_machine_name=name)  # type: ignore[arg-type]


def machine_read(s: Stack, k: HardenedKey) -> None:
    made = machine(s, k, state_machine_name="orders")
    made.grant_read(role(s, "Reader"))
    made.grant_start_sync_execution(role(s, "Waiting"))
    made.grant_start_execution(role(s, "Starter"))


def task(s: Stack, step: sfn.IChainable) -> None:
    sfn.StateMachine(s, "Machine", definition_body=sfn.DefinitionBody.from_chainable(step))


def activity(s: Stack, k: HardenedKey) -> None:
    it = sfn.Activity(
        s,
        "Activity",
        activity_name="packing",
        encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(k),
    )
    it.grant(role(s, "Worker"), "states:GetActivityTask")
    task(s, tasks.StepFunctionsInvokeActivity(s, "Invoke", activity=it))


def hosted(s: Stack, k: HardenedKey, **more: Any) -> appconfig.HostedConfiguration:
    return appconfig.HostedConfiguration(
        s,
        "Config",
        application=appconfig.Application(s, "App"),
        kms_key=k,
        content=appconfig.ConfigurationContent.from_inline_text("x"),
        **more,
    )


def deployed(s: Stack, k: HardenedKey) -> None:
    application = appconfig.Application(s, "App")
    appconfig.HostedConfiguration(
        s,
        "Config",
        application=application,
        content=appconfig.ConfigurationContent.from_inline_text("x"),
        deploy_to=[application.add_environment("Env")],
        deployment_key=k,
    )


def from_secret(s: Stack, k: HardenedKey) -> None:
    secret = secretsmanager.Secret(s, "Secret", encryption_key=k)
    appconfig.SourcedConfiguration(
        s,
        "Config",
        application=appconfig.Application(s, "App"),
        location=appconfig.ConfigurationSource.from_secret(secret),
    )


def from_bucket(s: Stack, k: HardenedKey) -> None:
    configuration = appconfig.SourcedConfiguration(
        s,
        "Config",
        application=appconfig.Application(s, "App"),
        location=appconfig.ConfigurationSource.from_bucket(bucket(s, k, versioned=True), "x"),
    )
    # The L2 gives its role no right to the key, and the role refers to the bucket, so the key policy cannot name it.
    k.grant_decrypt(configuration.retrieval_role)


def schedule(s: Stack, k: HardenedKey, target: Any) -> None:
    scheduler.Schedule(
        s, "Schedule", schedule=scheduler.ScheduleExpression.rate(Duration.days(1)), target=target, key=k
    )


def pipe(s: Stack, k: HardenedKey, **more: Any) -> Any:
    from aws_cdk import aws_pipes as pipes

    source, sink = sqs.Queue(s, "Source"), sqs.Queue(s, "Sink")
    pipe_role = role(s, "PipeRole", "pipes.amazonaws.com")
    return pipes.CfnPipe(
        s,
        "Pipe",
        name="orders",
        role_arn=pipe_role.role_arn,
        source=source.queue_arn,
        target=sink.queue_arn,
        kms_key_identifier=k.key_arn,
        **more,
    )


def ingest(s: Stack, k: HardenedKey) -> None:
    ses.ReceiptRuleSet(s, "Rules", rules=[ses.ReceiptRuleOptions(actions=[ses_actions.S3(bucket=bucket(s, k))])])


def ingest_to_topic(s: Stack, k: HardenedKey) -> None:
    ses.ReceiptRuleSet(s, "Rules", rules=[ses.ReceiptRuleOptions(actions=[ses_actions.Sns(topic=topic(s, k))])])


def network_balancer(s: Stack, k: HardenedKey) -> None:
    balancer = elb.NetworkLoadBalancer(s, "Lb", vpc=vpc(s), vpc_subnets=ISOLATED)
    balancer.log_access_logs(bucket(s, k))


def dnssec(s: Stack, k: HardenedKey) -> None:
    zone = route53.PublicHostedZone(s, "Zone", zone_name="example.com")
    zone.enable_dnssec(kms_key=k)


def custom_sender(s: Stack, k: HardenedKey) -> None:
    sender = function(s)
    k.grant_decrypt(sender)
    cognito.UserPool(
        s, "Pool", custom_sender_kms_key=k, lambda_triggers=cognito.UserPoolTriggers(custom_email_sender=sender)
    )


# Encryption contexts that name a resource of the template, by the beginning of its logical id.
SECRET = {"SecretARN": "@Secret"}
OBJECT = {"aws:s3:arn": "@Bucket/report.csv"}
STREAM = {"aws:kinesis:arn": "@Stream"}


def read_secret(s: Stack, k: HardenedKey) -> None:
    secretsmanager.Secret(s, "Secret", encryption_key=k).grant_read(role(s))


def write_secret(s: Stack, k: HardenedKey) -> None:
    secret = secretsmanager.Secret(s, "Secret", encryption_key=k)
    secret.grant_write(role(s))


def rotated(s: Stack, k: HardenedKey) -> None:
    secret = secretsmanager.Secret(s, "Secret", encryption_key=k)
    secret.add_rotation_schedule("Rotation", rotation_lambda=function(s))


def injected(s: Stack, k: HardenedKey) -> None:
    secret = secretsmanager.Secret(s, "Secret", encryption_key=k)
    definition = ecs.FargateTaskDefinition(s, "Task")
    definition.add_container(
        "c", image=ecs.ContainerImage.from_registry("x"), secrets={"A": ecs.Secret.from_secrets_manager(secret)}
    )


def fargate(s: Stack, k: HardenedKey) -> None:
    ecs.Cluster(
        s,
        "Cluster",
        vpc=vpc(s),
        cluster_name="web",
        managed_storage_configuration=ecs.ManagedStorageConfiguration(fargate_ephemeral_storage_kms_key=k),
    )


def fargate_service(s: Stack, **more: Any) -> ecs.FargateService:
    definition = ecs.FargateTaskDefinition(s, "Task")
    definition.add_container(
        "c",
        image=ecs.ContainerImage.from_registry("x"),
        port_mappings=[ecs.PortMapping(container_port=80, name="http")],
    )
    made = ecs.Cluster(s, "Cluster", vpc=vpc(s))
    made.add_default_cloud_map_namespace(name="local")
    return ecs.FargateService(s, "Service", cluster=made, task_definition=definition, vpc_subnets=ISOLATED, **more)


def service_volume(s: Stack, k: HardenedKey) -> None:
    made = fargate_service(s)
    made.add_volume(
        ecs.ServiceManagedVolume(
            s,
            "Volume",
            name="data",
            managed_ebs_volume=ecs.ServiceManagedEBSVolumeConfiguration(
                role=role(s, "Infrastructure", "ecs.amazonaws.com"),
                kms_key_id=k,
                encrypted=True,
                size=__import__("aws_cdk").Size.gibibytes(8),
                volume_type=ec2.EbsDeviceVolumeType.GP3,
            ),
        )
    )
    made.task_definition.add_volume(name="data", configured_at_launch=True)
    mount = ecs.MountPoint(container_path="/d", source_volume="data", read_only=False)
    made.task_definition.default_container.add_mount_points(mount)  # type: ignore[union-attr]


def connect_tls(s: Stack, k: HardenedKey) -> None:
    fargate_service(
        s,
        service_connect_configuration=ecs.ServiceConnectProps(
            services=[
                ecs.ServiceConnectService(
                    port_mapping_name="http",
                    tls=ecs.ServiceConnectTlsConfiguration(
                        aws_pca_authority_arn=arn("acm-pca", "certificate-authority/x"),
                        kms_key=k,
                        role=role(s, "Tls", "ecs.amazonaws.com"),
                    ),
                )
            ]
        ),
    )


def stream_to_bucket(s: Stack, k: HardenedKey) -> None:
    firehose.DeliveryStream(s, "Stream", destination=firehose.S3Bucket(bucket(s, k), encryption_key=k))


def encrypted_stream(s: Stack, k: HardenedKey) -> None:
    firehose.DeliveryStream(
        s,
        "Stream",
        destination=firehose.S3Bucket(s3.Bucket(s, "Plain")),
        encryption=firehose.StreamEncryption.customer_managed_key(k),
    )


def project(s: Stack, k: HardenedKey) -> None:
    codebuild.Project(s, "Project", encryption_key=k, build_spec=codebuild.BuildSpec.from_object({"version": "0.2"}))


def canary(s: Stack, k: HardenedKey) -> None:
    synthetics.Canary(
        s,
        "Canary",
        runtime=synthetics.Runtime.SYNTHETICS_NODEJS_PUPPETEER_9_1,
        test=synthetics.Test.custom(code=synthetics.Code.from_inline("x"), handler="index.handler"),
        artifact_s3_encryption_mode=synthetics.ArtifactsEncryptionMode.KMS,
        artifact_s3_kms_key=k,
        artifacts_bucket_location=synthetics.ArtifactsBucketLocation(bucket=bucket(s, k)),
    )


def alarm_topic(s: Stack, k: HardenedKey) -> None:
    alarm(s).add_alarm_action(cloudwatch_actions.SnsAction(topic(s, k)))


def named_alarm_topic(s: Stack, k: HardenedKey) -> None:
    alarm(s, alarm_name="latency").add_ok_action(cloudwatch_actions.SnsAction(topic(s, k)))


def replication(s: Stack, k: HardenedKey) -> None:
    target = bucket(s, k, "Target", bucket_name="target", versioned=True)
    rule = s3.ReplicationRule(destination=target, kms_key=k, sse_kms_encrypted_objects=True)
    s3.Bucket(s, "Source", versioned=True, replication_rules=[rule])


def bucket_topic(s: Stack, k: HardenedKey) -> None:
    s3.Bucket(s, "Source").add_event_notification(
        s3.EventType.OBJECT_CREATED, notifications.SnsDestination(topic(s, k))
    )


def bucket_queue(s: Stack, k: HardenedKey) -> None:
    s3.Bucket(s, "Source").add_event_notification(
        s3.EventType.OBJECT_CREATED, notifications.SqsDestination(queue(s, k))
    )


def bucket_queue_same_key(s: Stack, k: HardenedKey) -> None:
    bucket(s, k, "Source").add_event_notification(
        s3.EventType.OBJECT_CREATED, notifications.SqsDestination(queue(s, k))
    )


def dead_subscription(s: Stack, k: HardenedKey) -> None:
    plain, dead = sqs.Queue(s, "Plain"), queue(s, k)
    sns.Topic(s, "Topic").add_subscription(subscriptions.SqsSubscription(plain, dead_letter_queue=dead))


def subscribed(s: Stack, k: HardenedKey) -> None:
    sns.Topic(s, "Topic").add_subscription(subscriptions.SqsSubscription(queue(s, k)))


def inventory(s: Stack, k: HardenedKey) -> None:
    s3.Bucket(s, "Source", inventories=[s3.Inventory(destination=s3.InventoryDestination(bucket=bucket(s, k)))])


def server_logs(s: Stack, k: HardenedKey) -> None:
    s3.Bucket(s, "Source", server_access_logs_bucket=bucket(s, k))


def flow_log(s: Stack, k: HardenedKey) -> None:
    vpc(s).add_flow_log("Flow", destination=ec2.FlowLogDestination.to_s3(bucket(s, k)))


def source(s: Stack, k: HardenedKey) -> None:
    function(s).add_event_source(sources.SqsEventSource(queue(s, k)))


def filtered(s: Stack, k: HardenedKey) -> None:
    function(s).add_event_source(
        sources.SqsEventSource(
            sqs.Queue(s, "Queue"), filters=[lambda_.FilterCriteria.filter({"a": ["b"]})], filter_encryption=k
        )
    )


def zipped(s: Stack, k: HardenedKey) -> None:
    code = lambda_.Code.from_bucket_v2(s3.Bucket(s, "Code"), "x.zip", source_kms_key=k)
    lambda_.Function(s, "Fn", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.h", code=code)


def zipped_named(s: Stack, k: HardenedKey) -> None:
    code = lambda_.Code.from_bucket_v2(s3.Bucket(s, "Code"), "x.zip", source_kms_key=k)
    lambda_.Function(s, "Fn", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.h", code=code, function_name="orders")


def dead_bus(s: Stack, k: HardenedKey) -> None:
    events.EventBus(s, "Bus", dead_letter_queue=queue(s, k))


def archive(s: Stack, k: HardenedKey) -> None:
    bus = events.EventBus(s, "Bus")
    bus.archive("Archive", event_pattern=events.EventPattern(source=["a"]), archive_name="a")
    bus.node.find_child("Archive").node.default_child.kms_key_identifier = k.key_arn  # type: ignore[union-attr]


def bus_and_archive(s: Stack, k: HardenedKey) -> None:
    """CDK has the key policy refer to the bus, which refers to the key."""
    events.Archive(
        s,
        "Archive",
        source_event_bus=events.EventBus(s, "Bus", event_bus_name="orders", kms_key=k),
        event_pattern=events.EventPattern(source=["a"]),
        kms_key=k,
    )


def table(s: Stack, k: HardenedKey) -> dynamodb.Table:
    return dynamodb.Table(
        s, "Table", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING), encryption_key=k
    )


def table_v2(s: Stack, k: HardenedKey) -> dynamodb.TableV2:
    return dynamodb.TableV2(
        s,
        "Table",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        encryption=dynamodb.TableEncryptionV2.customer_managed_key(k),
    )


def stream(s: Stack, k: HardenedKey) -> kinesis.Stream:
    return kinesis.Stream(s, "Stream", encryption_key=k)


BUS = arn("events", "event-bus/orders")
BUS_CONTEXT = {"aws:events:event-bus:arn": BUS}
MACHINE = {"aws:states:stateMachineArn": arn("states", "stateMachine:orders")}
OTHER_MACHINE = {"aws:states:stateMachineArn": arn("states", "stateMachine:bills")}
SCHEDULE = {"aws:scheduler:schedule:arn": arn("scheduler", "schedule/default/x")}
PIPE = {"aws:pipes:arn": arn("pipes", "pipe/orders")}
TRAIL = arn("cloudtrail", "trail/all")
# As CloudFormation makes it up: both the nested stack and the log group end in a random part.
NESTED_LOG = "log-group-nested-NestNestedStackNestNestedStackResourceD8FE4395-1ABCDEFGHIJKL-Log95422804-x"
FUNCTION = {"aws:lambda:FunctionArn": arn("lambda", "function:orders")}
FARGATE = {"aws:ecs:clusterAccount": ACCOUNT, "aws:ecs:clusterName": "web"}

CONSTRUCTIONS = (
    # -- secrets --
    Construction(
        "secret",
        lambda s, k: secretsmanager.Secret(s, "Secret", encryption_key=k),
        deploys("secretsmanager", "Decrypt Encrypt GenerateDataKey"),
    ),
    Construction("secret_read", read_secret, uses("Role", "secretsmanager", "Decrypt", SECRET)),
    Construction("secret_write", write_secret, uses("Role", "secretsmanager", "GenerateDataKey Decrypt", SECRET)),
    Construction("secret_rotated", rotated, uses("FnServiceRole", "secretsmanager", "Decrypt GenerateDataKey", {})),
    Construction("secret_injected", injected, uses("TaskExecutionRole", "secretsmanager", "Decrypt", SECRET)),
    # -- storage --
    Construction("bucket_read", lambda s, k: bucket(s, k).grant_read(role(s)), uses("Role", "s3", "Decrypt", OBJECT)),
    Construction(
        "bucket_write",
        lambda s, k: bucket(s, k).grant_write(role(s)),
        uses("Role", "s3", "GenerateDataKey Decrypt", OBJECT),
    ),
    Construction("bucket_server_logs", server_logs, service("logging.s3", SENDS)),
    Construction(
        "bucket_inventory", inventory, service("s3", "GenerateDataKey", account=True, arn="arn:aws:s3:::source")
    ),
    Construction("bucket_to_queue", bucket_queue, service("s3", SENDS, account=True, arn="arn:aws:s3:::source")),
    Construction(
        "bucket_to_queue_same_key", bucket_queue_same_key, service("s3", SENDS, account=True, arn="arn:aws:s3:::source")
    ),
    Construction("bucket_to_topic", bucket_topic, service("s3", SENDS, account=True, arn="arn:aws:s3:::source")),
    Construction(
        "file_system",
        lambda s, k: efs.FileSystem(s, "Fs", vpc=vpc(s), vpc_subnets=ISOLATED, kms_key=k),
        deploys("elasticfilesystem", "CreateGrant Decrypt GenerateDataKeyWithoutPlaintext"),
    ),
    Construction(
        "lustre",
        lambda s, k: fsx.LustreFileSystem(
            s,
            "Fs",
            vpc=vpc(s),
            vpc_subnet=s.node.find_child("Vpc").isolated_subnets[0],
            storage_capacity_gib=1200,
            kms_key=k,
            lustre_configuration=fsx.LustreConfiguration(deployment_type=fsx.LustreDeploymentType.SCRATCH_2),
        ),
        deploys("fsx", "CreateGrant Decrypt GenerateDataKeyWithoutPlaintext"),
    ),
    Construction("repository", lambda s, k: ecr.Repository(s, "Repo", encryption_key=k), deploys("ecr", "CreateGrant")),
    Construction(
        "vault",
        lambda s, k: backup.BackupVault(s, "Vault", encryption_key=k),
        deploys("backup", "CreateGrant Decrypt GenerateDataKey"),
    ),
    Construction(
        "vault_to_topic",
        lambda s, k: backup.BackupVault(s, "Vault", notification_topic=topic(s, k)),
        service("backup", SENDS, account=True),
    ),
    Construction(
        "volume",
        lambda s, k: ec2.Volume(
            s,
            "Volume",
            availability_zone="us-east-1a",
            size=__import__("aws_cdk").Size.gibibytes(1),
            encrypted=True,
            encryption_key=k,
        ),
        deploys("ec2", VOLUMES),
    ),
    Construction(
        "instance_volume",
        lambda s, k: ec2.Instance(
            s,
            "Box",
            vpc=vpc(s),
            vpc_subnets=ISOLATED,
            instance_type=ec2.InstanceType("t3.micro"),
            machine_image=ec2.MachineImage.latest_amazon_linux2023(),
            block_devices=[volume(k)],
        ),
        deploys("ec2", VOLUMES),
    ),
    Construction(
        "scaling_group",
        scaling_group,
        (
            *directly(SCALING, f"{ALL} DescribeKey"),
            *directly(SCALING, "CreateGrant", None, **{"kms:GrantIsForAWSResource": "true"}),
        ),
    ),
    # -- databases --
    Construction("database", lambda s, k: instance(s, k), deploys("rds", "CreateGrant")),
    Construction(
        "database_secret",
        lambda s, k: instance(s, k, credentials=rds.Credentials.from_generated_secret("admin", encryption_key=k)),
        (*deploys("rds", "CreateGrant"), *deploys("secretsmanager", "Decrypt GenerateDataKey")),
    ),
    Construction(
        "database_insights",
        lambda s, k: instance(s, k, enable_performance_insights=True, performance_insight_encryption_key=k),
        deploys("rds", "CreateGrant"),
    ),
    Construction("aurora", lambda s, k: cluster(s, k), deploys("rds", "CreateGrant")),
    Construction(
        "documents",
        lambda s, k: docdb.DatabaseCluster(
            s,
            "Db",
            vpc=vpc(s),
            vpc_subnets=ISOLATED,
            master_user=docdb.Login(username="app"),
            kms_key=k,
            instance_type=ec2.InstanceType("r5.large"),
        ),
        deploys("rds", "CreateGrant"),
    ),
    Construction("table", lambda s, k: table(s, k), deploys("dynamodb", f"{ALL} CreateGrant")),
    Construction("table_read", lambda s, k: table(s, k).grant_read_data(role(s)), uses("Role", "dynamodb", "Decrypt")),
    Construction("table_v2", lambda s, k: table_v2(s, k), deploys("dynamodb", f"{ALL} CreateGrant")),
    Construction(
        "stream_put",
        lambda s, k: stream(s, k).grant_write(role(s)),
        uses("Role", "kinesis", "GenerateDataKey", STREAM),
    ),
    Construction(
        "stream_get", lambda s, k: stream(s, k).grant_read(role(s)), uses("Role", "kinesis", "Decrypt", STREAM)
    ),
    Construction("firehose_to_bucket", stream_to_bucket, uses("StreamS3DestinationRole", "s3", SENDS)),
    Construction("firehose_encrypted", encrypted_stream, deploys("firehose", "CreateGrant")),
    Construction(
        "opensearch",
        lambda s, k: opensearch.Domain(
            s,
            "Domain",
            version=opensearch.EngineVersion.OPENSEARCH_2_11,
            encryption_at_rest=opensearch.EncryptionAtRestOptions(enabled=True, kms_key=k),
        ),
        deploys("es", "CreateGrant"),
    ),
    Construction(
        "elasticsearch",
        lambda s, k: elasticsearch.Domain(
            s,
            "Domain",
            version=elasticsearch.ElasticsearchVersion.V7_10,
            encryption_at_rest=elasticsearch.EncryptionAtRestOptions(enabled=True, kms_key=k),
        ),
        deploys("es", "CreateGrant"),
    ),
    # -- queues, topics, buses --
    Construction("queue_send", lambda s, k: queue(s, k).grant_send_messages(role(s)), uses("Role", "sqs", SENDS)),
    Construction(
        "queue_receive", lambda s, k: queue(s, k).grant_consume_messages(role(s)), uses("Role", "sqs", "Decrypt")
    ),
    Construction("topic_publish", lambda s, k: topic(s, k).grant_publish(role(s)), uses("Role", "sns", SENDS)),
    Construction("topic_to_queue", subscribed, service("sns", SENDS, arn=arn("sns", "topic"))),
    Construction("topic_dead_letters", dead_subscription, service("sns", SENDS, arn=arn("sns", "topic"))),
    Construction(
        "alarm_to_topic", alarm_topic, service("cloudwatch", SENDS, account=True, arn=arn("cloudwatch", "alarm:x"))
    ),
    Construction(
        "named_alarm_to_topic",
        named_alarm_topic,
        service("cloudwatch", SENDS, account=True, arn=arn("cloudwatch", "alarm:latency")),
    ),
    Construction(
        "composite_alarm_to_topic",
        composite,
        service("cloudwatch", SENDS, account=True, arn=arn("cloudwatch", "alarm:x")),
    ),
    Construction(
        "rule_to_queue",
        lambda s, k: rule(s, targets.SqsQueue(queue(s, k))),
        service("events", SENDS, arn=arn("events", "rule/x")),
    ),
    Construction("rule_to_topic", lambda s, k: rule(s, targets.SnsTopic(topic(s, k))), service("events", SENDS)),
    Construction(
        "rule_to_stream",
        lambda s, k: rule(s, targets.KinesisStream(stream(s, k))),
        uses("StreamEventsRole", "kinesis", "GenerateDataKey"),
    ),
    Construction(
        "rule_dead_letters",
        lambda s, k: rule(s, targets.LambdaFunction(function(s), dead_letter_queue=queue(s, k))),
        service("events", SENDS, arn=arn("events", "rule/x")),
    ),
    Construction(
        "replication",
        replication,
        tuple(
            ask
            for context in ("arn:aws:s3:::target", "arn:aws:s3:::target/object")
            for ask in uses("SourceReplicationRole", "s3", "Decrypt Encrypt GenerateDataKey", {"aws:s3:arn": context})
        ),
    ),
    Construction(
        "bus",
        lambda s, k: events.EventBus(s, "Bus", event_bus_name="orders", kms_key=k),
        (
            *deploys("events", "Decrypt Encrypt GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"),
            *service("events", f"{SENDS} DescribeKey", BUS_CONTEXT, account=True, arn=BUS),
        ),
    ),
    Construction("bus_dead_letters", dead_bus, service("events", SENDS, arn=arn("events", "event-bus/x"))),
    Construction(
        "archive",
        archive,
        (
            *deploys("events", SENDS),
            *service("events", f"{SENDS} ReEncryptFrom ReEncryptTo", BUS_CONTEXT),
            *service("events", "DescribeKey"),
        ),
    ),
    Construction(
        "bus_and_archive",
        bus_and_archive,
        (
            *deploys("events", f"{SENDS} Encrypt GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"),
            *service("events", f"{SENDS} ReEncryptFrom ReEncryptTo DescribeKey", BUS_CONTEXT),
        ),
    ),
    Construction(
        "pipe",
        lambda s, k: pipe(s, k),
        (
            *directly("PipeRole", SENDS, PIPE),
            *directly("deployer", SENDS, PIPE),
            *directly("PipeRole", SENDS, {"aws:pipe:arn": PIPE["aws:pipes:arn"]}),
        ),
    ),
    Construction(
        "schedule",
        lambda s, k: schedule(s, k, scheduler_targets.SqsSendMessage(sqs.Queue(s, "Queue"))),
        (
            *deploys("scheduler", SENDS, **{"aws:scheduler:schedule:arn": SCHEDULE["aws:scheduler:schedule:arn"]}),
            *directly("SchedulerRole", "Decrypt", SCHEDULE),
        ),
    ),
    Construction(
        "schedule_to_queue",
        lambda s, k: scheduler.Schedule(
            s,
            "Schedule",
            schedule=scheduler.ScheduleExpression.rate(Duration.days(1)),
            target=scheduler_targets.SqsSendMessage(queue(s, k)),
        ),
        uses("SchedulerRole", "sqs", SENDS),
    ),
    Construction(
        "machine",
        lambda s, k: machine(s, k, state_machine_name="orders"),
        (*deploys("states", SENDS), *directly("MachineRole", SENDS, MACHINE)),
    ),
    Construction(
        "two_machines",
        two_machines,
        (*directly("OrdersMachineRole", SENDS, MACHINE), *directly("BillsMachineRole", SENDS, OTHER_MACHINE)),
    ),
    Construction(
        "machine_read",
        machine_read,
        (*uses("Reader", "states", "Decrypt", MACHINE), *uses("Waiting", "states", "Decrypt", MACHINE)),
    ),
    Construction(
        "machine_logged",
        lambda s, k: machine(s, k, logs=sfn.LogOptions(destination=logs.LogGroup(s, "Log"))),
        (
            *directly("MachineRole", SENDS, MACHINE),
            *service("delivery.logs", "Decrypt"),
            *directly("MachineRole", "GenerateDataKey", {"SourceArn": LOGS_ARN}),
        ),
    ),
    Construction(
        "machine_sends",
        lambda s, k: task(
            s, tasks.SqsSendMessage(s, "Send", queue=queue(s, k), message_body=sfn.TaskInput.from_text("x"))
        ),
        uses("MachineRole", "sqs", SENDS),
    ),
    Construction(
        "machine_publishes",
        lambda s, k: task(s, tasks.SnsPublish(s, "Publish", topic=topic(s, k), message=sfn.TaskInput.from_text("x"))),
        uses("MachineRole", "sns", SENDS),
    ),
    Construction(
        "activity",
        activity,
        (
            *directly("MachineRole", SENDS, {"aws:states:activityArn": arn("states", "activity:packing")}),
            *uses("Worker", "states", "Decrypt", {"aws:states:activityArn": arn("states", "activity:packing")}),
        ),
    ),
    Construction("hosted_configuration", lambda s, k: hosted(s, k), directly("deployer", "GenerateDataKey")),
    Construction(
        "deployed_configuration",
        deployed,
        (
            *directly("deployer", "GenerateDataKey"),
            *service(
                "appconfig",
                "Decrypt",
                {"aws:appconfig:deployment:arn": arn("appconfig", "application/a/environment/e/deployment/1")},
            ),
        ),
    ),
    Construction(
        "configuration_from_secret",
        from_secret,
        uses("ConfigRole", "secretsmanager", "Decrypt", SECRET),
    ),
    Construction("configuration_from_bucket", from_bucket, uses("ConfigRole", "s3", "Decrypt"), by_grant=True),
    # -- compute --
    Construction(
        "environment",
        lambda s, k: function(s, environment={"A": "b"}, environment_encryption=k),
        deploys("lambda", "CreateGrant Encrypt"),
    ),
    Construction("zip", zipped, service("lambda", SENDS, FUNCTION)),
    Construction(
        "zip_of_a_named_function", zipped_named, (*deploys("lambda", SENDS), *service("lambda", SENDS, FUNCTION))
    ),
    Construction(
        "function_dead_letters",
        lambda s, k: function(s, dead_letter_queue=queue(s, k)),
        uses("FnServiceRole", "sqs", SENDS),
    ),
    Construction(
        "function_dead_letter_topic",
        lambda s, k: function(s, dead_letter_topic=topic(s, k)),
        uses("FnServiceRole", "sns", SENDS),
    ),
    Construction("queue_to_function", source, uses("FnServiceRole", "sqs", "Decrypt")),
    Construction(
        "filter_criteria", filtered, (*deploys("lambda", SENDS), *service(f"lambda.{REGION}", "Decrypt", FUNCTION))
    ),
    Construction(
        "kubernetes",
        lambda s, k: eks.Cluster(
            s,
            "Cluster",
            version=eks.KubernetesVersion.of("1.31"),
            vpc=vpc(s),
            vpc_subnets=[ISOLATED],
            secrets_encryption_key=k,
            default_capacity=0,
            default_capacity_type=eks.DefaultCapacityType.NODEGROUP,
        ),
        (
            Ask(who="deployer", action="kms:CreateGrant", sent={"kms:GrantIsForAWSResource": "false"}),
            *directly("deployer", "DescribeKey"),
        ),
    ),
    Construction(
        "fargate_storage",
        fargate,
        (
            *service("fargate", "GenerateDataKeyWithoutPlaintext", FARGATE),
            Ask(
                who="fargate.amazonaws.com",
                action="kms:CreateGrant",
                context=FARGATE,
                sent={"kms:GrantOperations": "Decrypt"},
            ),
        ),
    ),
    Construction(
        "service_volume",
        service_volume,
        (
            *uses("Infrastructure", "ec2", "GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo CreateGrant"),
            *directly("Infrastructure", "DescribeKey"),
        ),
    ),
    Construction(
        "service_connect_tls", connect_tls, directly("Tls", "Decrypt Encrypt GenerateDataKey GenerateDataKeyPair")
    ),
    Construction("build_project", project, uses("ProjectRole", "s3", SENDS)),
    Construction(
        "code_repository",
        lambda s, k: codecommit.Repository(s, "Repo", repository_name="r", kms_key=k),
        directly("deployer", f"{ALL} GenerateDataKeyWithoutPlaintext"),
    ),
    Construction("canary_artifacts", canary, uses("CanaryServiceRole", "s3", SENDS)),
    Construction(
        "custom_sender",
        custom_sender,
        directly("deployer", "CreateGrant", {"userpool-id": f"{REGION}_abc"}, **{"kms:GrantIsForAWSResource": "true"}),
    ),
    # -- logs --
    Construction(
        "log_group",
        lambda s, k: logs.LogGroup(s, "Log", encryption_key=k, log_group_name="/app"),
        (
            *service(f"logs.{REGION}", ALL, {"aws:logs:arn": arn("logs", "log-group:/app")}),
            *deploys("logs", ALL, aws__logs__arn=arn("logs", "log-group:/app")),
        ),
    ),
    Construction(
        "log_group_generated",
        lambda s, k: logs.LogGroup(s, "Log", encryption_key=k),
        service(f"logs.{REGION}", ALL, {"aws:logs:arn": arn("logs", "log-group:log-group-generated-Log95422804-x")}),
    ),
    Construction(
        "log_group_nested",
        lambda s, k: logs.LogGroup(NestedStack(s, "Nest"), "Log", encryption_key=k),
        service(f"logs.{REGION}", ALL, {"aws:logs:arn": arn("logs", f"log-group:{NESTED_LOG}")}),
    ),
    Construction(
        "trail",
        lambda s, k: cloudtrail.Trail(s, "Trail", trail_name="all", encryption_key=k),
        (
            *service("cloudtrail", "GenerateDataKey", {"aws:cloudtrail:arn": TRAIL}, account=True, arn=TRAIL),
            *service("cloudtrail", "Decrypt DescribeKey", account=True, arn=TRAIL),
        ),
    ),
    Construction(
        "trail_to_topic",
        lambda s, k: cloudtrail.Trail(s, "Trail", sns_topic=topic(s, k)),
        service("cloudtrail", SENDS, account=True),
    ),
    Construction("flow_log", flow_log, service("delivery.logs", f"{ALL} DescribeKey", account=True, arn=LOGS_ARN)),
    Construction("balancer_logs", network_balancer, service("delivery.logs", f"{ALL} DescribeKey")),
    Construction(
        "mail_to_bucket",
        ingest,
        service("ses", SENDS, account=True, arn=arn("ses", "receipt-rule-set/a:receipt-rule/b")),
    ),
    Construction(
        "mail_to_topic",
        ingest_to_topic,
        service("ses", SENDS, account=True, arn=arn("ses", "receipt-rule-set/a:receipt-rule/b")),
    ),
)
ASYMMETRIC = (
    Construction(
        "dnssec",
        dnssec,
        (
            *service(
                "dnssec-route53", "DescribeKey GetPublicKey Sign", account=True, arn="arn:aws:route53:::hostedzone/Z"
            ),
        ),
        signs=True,
    ),
)
