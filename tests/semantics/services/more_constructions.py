"""What pages of AWS speak of and no other construction has: L1s, edges, and the roles that ``key.grant`` names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_cdk import CfnResource, SecretValue, Stack
from aws_cdk import Tags as CdkTags
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn

from secure_kms_constructs import HardenedKey, Service, Use
from tests.semantics.services.asks import Construction
from tests.semantics.services.constructions import bucket, pipe, queue, role, topic, vpc

Properties = Callable[[Stack, HardenedKey], dict[str, Any]]


def raw(name: str, kind: str, properties: Properties) -> Construction:
    """Return one L1 of a type."""
    return Construction(name, lambda s, k: CfnResource(s, "It", type=kind, properties=properties(s, k)))


def keyed(name: str, kind: str, path: str, **more: Any) -> Construction:
    """Return one L1 that names the key in a property; ``*`` is a list with one member."""

    def properties(_stack: Stack, key: HardenedKey) -> dict[str, Any]:
        value: Any = key.key_arn
        for part in reversed(path.split("/")):
            value = [value] if part == "*" else {part: value}
        made: dict[str, Any] = value | more
        return made

    return raw(name, kind, properties)


def granted(build: Callable[[Stack, HardenedKey], Any], *named: str) -> Callable[[Stack, HardenedKey], None]:
    """Return what also grants a role on the key, as the finding at synth advises."""

    def both(s: Stack, k: HardenedKey) -> None:
        build(s, k)
        k.grant(role(s, "User"), *(f"kms:{one}" for one in named))

    return both


def replicated(s: Stack, k: HardenedKey) -> None:
    target = bucket(s, k, "Target", bucket_name="target", versioned=True)
    rule = s3.ReplicationRule(destination=target, kms_key=k, sse_kms_encrypted_objects=True)
    bucket(s, k, "Source", bucket_name="source", versioned=True, replication_rules=[rule])


def bucket_with_keys(s: Stack, k: HardenedKey) -> None:
    bucket(s, k, bucket_key_enabled=True).grant_read_write(role(s))


def analytics(s: Stack, k: HardenedKey) -> dict[str, Any]:
    export = {"Destination": {"BucketArn": bucket(s, k).bucket_arn, "Format": "CSV"}, "OutputSchemaVersion": "V_1"}
    return {
        "BucketName": "source",
        "AnalyticsConfigurations": [{"Id": "a", "StorageClassAnalysis": {"DataExport": export}}],
    }


def pipeline(s: Stack, k: HardenedKey) -> None:
    source, built = codepipeline.Artifact(), s3.Bucket(s, "Site")
    made = codepipeline.Pipeline(s, "Pipeline", artifact_bucket=bucket(s, k), role=role(s, "PipelineRole"))
    fetch = actions.S3SourceAction(action_name="a", bucket=s3.Bucket(s, "In"), bucket_key="x", output=source)
    put = actions.S3DeployAction(action_name="b", bucket=built, input=source, role=role(s, "DeployRole"))
    made.add_stage(stage_name="Source", actions=[fetch])
    made.add_stage(stage_name="Deploy", actions=[put])


def approved(s: Stack, k: HardenedKey) -> None:
    source = codepipeline.Artifact()
    made = codepipeline.Pipeline(s, "Pipeline", artifact_bucket=s3.Bucket(s, "Artifacts"))
    fetch = actions.S3SourceAction(action_name="a", bucket=s3.Bucket(s, "In"), bucket_key="x", output=source)
    made.add_stage(stage_name="Source", actions=[fetch])
    asks = actions.ManualApprovalAction(action_name="b", notification_topic=topic(s, k), role=role(s, "ApprovalRole"))
    made.add_stage(stage_name="Approve", actions=[asks])


def executed(s: Stack, k: HardenedKey) -> None:
    ecs.Cluster(s, "Cluster", vpc=vpc(s), execute_command_configuration=ecs.ExecuteCommandConfiguration(kms_key=k))
    k.grant(role(s, "TaskRole", "ecs-tasks.amazonaws.com"), "kms:Decrypt")
    k.grant(role(s, "Operator"), "kms:GenerateDataKey")


def managed_storage(s: Stack, k: HardenedKey) -> None:
    CfnResource(
        s,
        "It",
        type="AWS::ECS::Cluster",
        properties={"Configuration": {"ManagedStorageConfiguration": {"KmsKeyId": k.key_arn}}},
    )
    k.grant_via(role(s, "Infrastructure", "ecs.amazonaws.com"), Service.EBS, use=Use.PROVISION)


def sender(s: Stack, k: HardenedKey) -> None:
    made = ses.ConfigurationSet(s, "Mails")
    made.add_event_destination("Events", destination=ses.EventDestination.sns_topic(topic(s, k)))


def connection(_stack: Stack, k: HardenedKey) -> dict[str, Any]:
    CdkTags.of(k).add("EventBridgeApiDestinations", "true")
    parameters = {"ApiKeyName": "x", "ApiKeyValue": SecretValue.unsafe_plain_text("x").unsafe_unwrap()}
    return {
        "AuthorizationType": "API_KEY",
        "AuthParameters": {"ApiKeyAuthParameters": parameters},
        "KmsKeyIdentifier": k.key_arn,
    }


def recordings(s: Stack, k: HardenedKey) -> dict[str, Any]:
    CdkTags.of(k).add("SystemsManagerJustInTimeNodeAccessManaged", "true")
    destinations = {"S3Buckets": [{"BucketName": bucket(s, k).bucket_name, "BucketOwner": s.account}]}
    return {"ConnectionRecordingPreferences": {"KMSKeyArn": k.key_arn, "RecordingDestinations": destinations}}


def secure_parameter(s: Stack, k: HardenedKey) -> None:
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
        s, "Parameter", parameter_name="/orders/password", encryption_key=k
    )
    parameter.grant_read(role(s))
    parameter.grant_write(role(s, "Writer"))


def activity_worker(s: Stack, k: HardenedKey) -> None:
    sfn.Activity(s, "Activity", encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(k))
    through = Service(
        "StepFunctions", "states", None, {Use.READ: ("kms:Decrypt",)}, "https://docs.aws.amazon.com/x.html"
    )
    k.grant_via(role(s, "Worker"), through, use=Use.READ)


def notified_by_role(part: str, target: str) -> Properties:
    """Return a rule of AWS IoT that publishes by a role of its own."""

    def properties(s: Stack, k: HardenedKey) -> dict[str, Any]:
        publisher = role(s, "Publisher", "iot.amazonaws.com")
        named = {"TargetArn": topic(s, k).topic_arn} if target == "topic" else {"QueueUrl": queue(s, k).queue_url}
        action = {part: {"RoleArn": publisher.role_arn, **named}}
        return {"TopicRulePayload": {"Sql": "SELECT * FROM 'a'", "Actions": [action]}}

    return properties


def flow(s: Stack, k: HardenedKey) -> dict[str, Any]:
    runs = role(s, "FlowRole", "bedrock.amazonaws.com")
    return {"Name": "orders", "ExecutionRoleArn": runs.role_arn, "CustomerEncryptionKeyArn": k.key_arn}


def workflow(s: Stack, k: HardenedKey) -> dict[str, Any]:
    runs = role(s, "WorkflowRole", "airflow-serverless.amazonaws.com")
    return {
        "DefinitionS3Location": {"Bucket": "b", "ObjectKey": "x"},
        "RoleArn": runs.role_arn,
        "EncryptionConfiguration": {"Type": "CUSTOMER_MANAGED_KEY", "KmsKeyId": k.key_arn},
    }


def logged_pipe(s: Stack, k: HardenedKey) -> None:
    pipe(s, k, log_configuration={"level": "INFO", "includeExecutionData": ["ALL"]})


def scaling_to_topic(s: Stack, k: HardenedKey) -> dict[str, Any]:
    tells = {"TopicARN": topic(s, k).topic_arn, "NotificationTypes": ["autoscaling:EC2_INSTANCE_LAUNCH"]}
    return {"MinSize": "0", "MaxSize": "1", "NotificationConfigurations": [tells]}


def fleet(s: Stack, k: HardenedKey) -> None:
    template = CfnResource(
        s,
        "Template",
        type="AWS::EC2::LaunchTemplate",
        properties={
            "LaunchTemplateData": {
                "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"Encrypted": True, "KmsKeyId": k.key_arn}}]
            }
        },
    )
    named = {"LaunchTemplateId": template.ref, "Version": "1"}
    CfnResource(
        s,
        "Fleet",
        type="AWS::EC2::EC2Fleet",
        properties={
            "Type": "instant",
            "LaunchTemplateConfigs": [{"LaunchTemplateSpecification": named}],
            "TargetCapacitySpecification": {"TotalTargetCapacity": 1},
        },
    )


def on_topic(*steps: str, **more: Any) -> Properties:
    """Return properties that lead to a topic under the key."""

    def properties(s: Stack, k: HardenedKey) -> dict[str, Any]:
        value: Any = topic(s, k).topic_arn
        for part in reversed(steps):
            value = [value] if part == "*" else {part: value}
        made: dict[str, Any] = value | more
        return made

    return properties


def table_bucket(s: Stack, k: HardenedKey) -> None:
    CfnResource(
        s,
        "It",
        type="AWS::S3Tables::TableBucket",
        properties={"TableBucketName": "lake", "EncryptionConfiguration": {"KMSKeyArn": k.key_arn}},
    )


def delivery(s: Stack, k: HardenedKey) -> dict[str, Any]:
    return {"Name": "logs", "DestinationResourceArn": bucket(s, k).bucket_arn}


def recorder(s: Stack, k: HardenedKey) -> None:
    made = bucket(s, k)
    CfnResource(s, "It", type="AWS::Config::DeliveryChannel", properties={"S3BucketName": made.bucket_name})
    made.grant_write(role(s, "RecorderRole", "config.amazonaws.com"))


def user_of_service(service: Service, *named: str) -> Callable[[Stack, HardenedKey], None]:
    """Return a role that uses a resource of a service through it."""
    through = Service(
        service.name, service.prefix, None, {Use.READ: tuple(f"kms:{one}" for one in named)}, service.source
    )
    return lambda s, k: k.grant_via(role(s, "User"), through, use=Use.READ) and None


def beside(one: Construction, build: Callable[[Stack, HardenedKey], Any]) -> Construction:
    """Return a construction with something beside it."""

    def both(s: Stack, k: HardenedKey) -> None:
        one.build(s, k)
        build(s, k)

    return Construction(one.name, both)


METADATA = "MetadataConfiguration/InventoryTableConfiguration/EncryptionConfiguration/KmsKeyArn"

MORE = (
    Construction("bucket_with_bucket_key", bucket_with_keys),
    Construction("replication_of_encrypted", replicated),
    raw("bucket_analytics", "AWS::S3::Bucket", analytics),
    keyed("bucket_metadata_tables", "AWS::S3::Bucket", METADATA),
    Construction("table_bucket_users", granted(table_bucket, "Decrypt", "GenerateDataKey")),
    raw("log_delivery", "AWS::Logs::DeliveryDestination", delivery),
    raw(
        "repository_to_topic",
        "AWS::CodeCommit::Repository",
        on_topic("Triggers", "*", "DestinationArn", RepositoryName="r"),
    ),
    raw("accelerator_to_topic", "AWS::DAX::Cluster", on_topic("NotificationTopicARN")),
    raw("incidents_to_topic", "AWS::SSMIncidents::ResponsePlan", on_topic("ChatChannel", "ChatbotSns", "*")),
    raw("images_to_topic", "AWS::ImageBuilder::InfrastructureConfiguration", on_topic("SnsTopicArn")),
    raw("scaling_to_topic", "AWS::AutoScaling::AutoScalingGroup", scaling_to_topic),
    Construction("sender_to_topic", sender),
    Construction("approval_to_topic", approved),
    raw("things_to_topic", "AWS::IoT::TopicRule", notified_by_role("Sns", "topic")),
    raw("things_to_queue", "AWS::IoT::TopicRule", notified_by_role("Sqs", "queue")),
    keyed("copy_grant", "AWS::Redshift::SnapshotCopyGrant", "KmsKeyId"),
    Construction("execute_command", executed),
    Construction("cluster_storage", managed_storage),
    Construction("fleet", fleet),
    Construction("activity_worker", activity_worker),
    Construction(
        "store_of_events",
        granted(keyed("", "AWS::CloudTrail::EventDataStore", "KmsKeyId").build, "Decrypt", "GenerateDataKey"),
    ),
    Construction("pipeline", pipeline),
    Construction("pipe_logged", logged_pipe),
    raw("connection", "AWS::Events::Connection", connection),
    Construction("secure_parameter", secure_parameter),
    Construction("recorder", recorder),
    keyed("serverless_cache", "AWS::ElastiCache::ServerlessCache", "KmsKeyId"),
    keyed("scheduled_query", "AWS::Timestream::ScheduledQuery", "KmsKeyId"),
    keyed(
        "rejected_records",
        "AWS::Timestream::Table",
        "MagneticStoreWriteProperties/MagneticStoreRejectedDataLocation/S3Configuration/KmsKeyId",
    ),
    beside(
        keyed("guardrail", "AWS::Bedrock::Guardrail", "KmsKeyArn"),
        user_of_service(Service.BEDROCK, "Decrypt"),
    ),
    raw("flow", "AWS::Bedrock::Flow", flow),
    keyed("prompt", "AWS::Bedrock::Prompt", "CustomerEncryptionKeyArn"),
    keyed(
        "knowledge_base",
        "AWS::Bedrock::KnowledgeBase",
        "KnowledgeBaseConfiguration/ManagedKnowledgeBaseConfiguration/ServerSideEncryptionConfiguration/KmsKeyArn",
    ),
    Construction(
        "knowledge_source",
        granted(
            keyed("", "AWS::Bedrock::DataSource", "ServerSideEncryptionConfiguration/KmsKeyArn").build,
            *("Decrypt", "GenerateDataKey"),
        ),
    ),
    keyed(
        "query_results",
        "AWS::Athena::WorkGroup",
        "WorkGroupConfiguration/CustomerContentEncryptionConfiguration/KmsKey",
    ),
    keyed("tracker", "AWS::Location::Tracker", "KmsKeyId"),
    keyed("health_records", "AWS::HealthLake::FHIRDatastore", "SseConfiguration/KmsEncryptionConfig/KmsKeyId"),
    keyed("serverless_warehouse", "AWS::RedshiftServerless::Namespace", "KmsKeyId"),
    keyed("browser_portal", "AWS::WorkSpacesWeb::Portal", "CustomerManagedKey"),
    keyed(
        "spark",
        "AWS::EMRServerless::Application",
        "MonitoringConfiguration/ManagedPersistenceMonitoringConfiguration/EncryptionKeyArn",
    ),
    keyed("policy_store", "AWS::VerifiedPermissions::PolicyStore", "EncryptionSettings/KmsEncryptionSettings/Key"),
    keyed("agent_space", "AWS::DevOpsAgent::AgentSpace", "KmsKeyArn"),
    keyed("pentest_space", "AWS::SecurityAgent::AgentSpace", "KmsKeyId"),
    raw("workflow", "AWS::MWAAServerless::Workflow", workflow),
    raw("node_recordings", "AWS::SSMGuiConnect::Preferences", recordings),
    keyed("findings", "AWS::GuardDuty::PublishingDestination", "DestinationProperties/KmsKeyArn"),
    keyed("training_volume", "AWS::SageMaker::Domain", "KmsKeyId"),
)
