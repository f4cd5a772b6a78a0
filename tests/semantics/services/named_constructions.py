"""What delivers logs, or works by a role that a resource names: one L1 for each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import ACCOUNT, REGION, Construction, deploys, directly, service, uses
from tests.semantics.services.constructions import ALL, LOGS_ARN, SENDS, arn, bucket, role, topic

Value = Callable[[Stack, HardenedKey], Any]
EVERY = f"{ALL} GenerateDataKeyWithoutPlaintext"
WRITES = "GenerateDataKey GenerateDataKeyWithoutPlaintext"
DELIVERS = service("delivery.logs", f"{EVERY} DescribeKey", account=True, arn=LOGS_ARN)
SECRET = {"SecretARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:x"}
_SETTINGS = ("DocDb", "GcpMySQL", "MicrosoftSqlServer", "MongoDb", "MySql", "Oracle", "PostgreSql", "Redshift")
_AUDIO = "TestBotAliasSettings/ConversationLogSettings/AudioLogSettings"
_RUN_COMMAND = "TaskInvocationParameters/MaintenanceWindowRunCommandParameters"


def linked(service_name: str, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service_name}.amazonaws.com/{name}"


FLEET, SPOT_FLEET = (
    linked("ec2fleet", "AWSServiceRoleForEC2Fleet"),
    linked("spotfleet", "AWSServiceRoleForEC2SpotFleet"),
)
SPOT = linked("spot", "AWSServiceRoleForEC2Spot")
LAKE = linked("lakeformation", "AWSServiceRoleForLakeFormationDataAccess")


def l1(kind: str, values: dict[str, Value | str | int | bool]) -> Callable[[Stack, HardenedKey], Any]:
    """Return one L1 with values at property paths, ``*`` for a list of one."""

    def build(s: Stack, k: HardenedKey) -> None:
        properties: dict[str, Any] = {}
        for path, value in values.items():
            _put(properties, path.split("/"), value(s, k) if callable(value) else value)
        CfnResource(s, "It", type=kind, properties=properties)

    return build


def _put(node: Any, steps: list[str], value: Any) -> None:
    for place, step in enumerate(steps):
        is_last = place == len(steps) - 1
        made = value if is_last else [] if steps[place + 1] == "*" else {}
        if step != "*":
            node = node.setdefault(step, made)
        elif is_last or not node:
            node.append(made)
            node = made
        else:
            node = node[0]


def named_role(s: Stack, _key: HardenedKey) -> str:
    return str(role(s).role_arn)


def key_arn(_stack: Stack, k: HardenedKey) -> str:
    return k.key_arn


def bucket_name(s: Stack, k: HardenedKey) -> str:
    return bucket(s, k).bucket_name


def bucket_arn(s: Stack, k: HardenedKey) -> str:
    return bucket(s, k).bucket_arn


def stream(s: Stack, k: HardenedKey) -> str:
    return kinesis.Stream(s, "Stream", encryption_key=k).stream_arn


def secret(s: Stack, k: HardenedKey) -> str:
    return secretsmanager.Secret(s, "Secret", encryption_key=k).secret_arn


def topic_arn(s: Stack, k: HardenedKey) -> str:
    return topic(s, k).topic_arn


def encryption_policy(s: Stack, k: HardenedKey) -> str:
    return s.to_json_string({"Rules": [], "AWSOwnedKey": False, "KmsARN": k.key_arn})


NAMED = [
    # -- logs --
    *(
        Construction(f"named_logs_{kind.split('::')[1].lower()}", l1(kind, {path: value}), DELIVERS)
        for kind, path, value in (
            ("AWS::Route53Resolver::ResolverQueryLoggingConfig", "DestinationArn", bucket_arn),
            ("AWS::VpcLattice::AccessLogSubscription", "DestinationArn", bucket_arn),
            (
                "AWS::NetworkFirewall::LoggingConfiguration",
                "LoggingConfiguration/LogDestinationConfigs/*/LogDestination/bucketName",
                bucket_name,
            ),
            ("AWS::EC2::VerifiedAccessInstance", "LoggingConfigurations/S3/BucketName", bucket_name),
            ("AWS::Evidently::Project", "DataDelivery/S3/BucketName", bucket_name),
            ("AWS::FIS::ExperimentTemplate", "LogConfiguration/S3Configuration/BucketName", bucket_name),
            ("AWS::IVSChat::LoggingConfiguration", "DestinationConfiguration/S3/BucketName", bucket_name),
            ("AWS::InternetMonitor::Monitor", "InternetMeasurementsLogDelivery/S3Config/BucketName", bucket_name),
            ("AWS::KafkaConnect::Connector", "LogDelivery/WorkerLogDelivery/S3/Bucket", bucket_name),
            ("AWS::MSK::Cluster", "LoggingInfo/BrokerLogs/S3/Bucket", bucket_name),
            ("AWS::Pipes::Pipe", "LogConfiguration/S3LogDestination/BucketName", bucket_name),
        )
    ),
    # Its own page asks for less.
    Construction(
        "named_logs_wafv2",
        l1("AWS::WAFv2::LoggingConfiguration", {"LogDestinationConfigs/*": bucket_arn}),
        service("delivery.logs", f"Decrypt DescribeKey {WRITES}", account=True, arn=LOGS_ARN),
    ),
    Construction(
        "named_logs_of_distribution",
        l1("AWS::CloudFront::Distribution", {"DistributionConfig/Logging/Bucket": bucket_name}),
        service("delivery.logs", f"Decrypt {WRITES}"),
    ),
    # -- texts --
    Construction(
        "named_collection_policy",
        l1("AWS::OpenSearchServerless::SecurityPolicy", {"Policy": encryption_policy, "Type": "encryption"}),
        deploys("aoss", "CreateGrant"),
    ),
    Construction(
        "named_landing_zone",
        l1("AWS::ControlTower::LandingZone", {"Manifest/centralizedLogging/configurations/kmsKeyArn": key_arn}),
        (
            *service("config", SENDS),
            *service(
                "cloudtrail",
                f"Decrypt {WRITES}",
                {"aws:cloudtrail:arn": arn("cloudtrail", "trail/aws-controltower-BaselineCloudTrail")},
                arn=arn("cloudtrail", "trail/aws-controltower-BaselineCloudTrail"),
            ),
        ),
    ),
    # -- secrets --
    *(
        Construction(
            f"named_secret_{name}",
            l1(kind, {named_in: named_role, path: secret, **more}),
            uses("Role", "secretsmanager", "Decrypt", SECRET),
        )
        for name, kind, named_in, path, more in (
            (
                "of_build",
                "AWS::CodeBuild::Project",
                "ServiceRole",
                "Environment/EnvironmentVariables/*/Value",
                {"Environment/EnvironmentVariables/*/Type": "SECRETS_MANAGER"},
            ),
            (
                "of_task",
                "AWS::ECS::TaskDefinition",
                "ExecutionRoleArn",
                "ContainerDefinitions/*/Secrets/*/ValueFrom",
                {},
            ),
            ("of_proxy", "AWS::RDS::DBProxy", "RoleArn", "Auth/*/SecretArn", {}),
            ("of_partner", "AWS::Transfer::Connector", "AccessRole", "As2Config/BasicAuthSecretId", {}),
            ("of_server", "AWS::Transfer::Connector", "AccessRole", "SftpConfig/UserSecretId", {}),
            *(
                (
                    f"of_{engine.lower()}",
                    "AWS::DMS::Endpoint",
                    f"{engine}Settings/SecretsManagerAccessRoleArn",
                    f"{engine}Settings/SecretsManagerSecretId",
                    {},
                )
                for engine in _SETTINGS
            ),
        )
    ),
    # -- streams --
    *(
        Construction(
            f"named_stream_{name}", l1(kind, {named_in: named_role, path: stream}), uses("Role", "kinesis", action)
        )
        for name, kind, named_in, path, action in (
            (
                "to_firehose",
                "AWS::KinesisFirehose::DeliveryStream",
                "KinesisStreamSourceConfiguration/RoleARN",
                "KinesisStreamSourceConfiguration/KinesisStreamARN",
                "Decrypt",
            ),
            ("of_logs", "AWS::Logs::SubscriptionFilter", "RoleArn", "DestinationArn", "GenerateDataKey"),
            (
                "of_things",
                "AWS::IoT::TopicRule",
                "TopicRulePayload/Actions/*/Kinesis/RoleArn",
                "TopicRulePayload/Actions/*/Kinesis/StreamName",
                "GenerateDataKey",
            ),
            ("to_pipe", "AWS::Pipes::Pipe", "RoleArn", "Source", "Decrypt"),
            ("of_pipe", "AWS::Pipes::Pipe", "RoleArn", "Target", "GenerateDataKey"),
            ("of_rule", "AWS::Events::Rule", "Targets/*/RoleArn", "Targets/*/Arn", "GenerateDataKey"),
            ("of_schedule", "AWS::Scheduler::Schedule", "Target/RoleArn", "Target/Arn", "GenerateDataKey"),
        )
    ),
    # -- buckets --
    Construction(
        "named_replication",
        l1(
            "AWS::S3::Bucket",
            {
                "ReplicationConfiguration/Role": named_role,
                "ReplicationConfiguration/Rules/*/Destination/Bucket": bucket_arn,
            },
        ),
        uses("Role", "s3", SENDS),
    ),
    Construction(
        "named_malware_scans",
        l1(
            "AWS::GuardDuty::MalwareProtectionPlan",
            {"Role": named_role, "ProtectedResource/S3Bucket/BucketName": bucket_name},
        ),
        uses("Role", "s3", SENDS),
    ),
    Construction(
        "named_lake_by_role",
        l1("AWS::LakeFormation::Resource", {"RoleArn": named_role, "ResourceArn": bucket_arn}),
        directly("Role", EVERY),
    ),
    Construction(
        "named_lake",
        l1("AWS::LakeFormation::Resource", {"UseServiceLinkedRole": True, "ResourceArn": bucket_arn}),
        directly(LAKE, f"{EVERY} DescribeKey"),
    ),
    # -- what the key encrypts --
    *(
        Construction(
            f"named_output_{settings.lower()}",
            l1(
                "AWS::DMS::Endpoint",
                {f"{settings}/ServiceAccessRoleArn": named_role, f"{settings}/ServerSideEncryptionKmsKeyId": key_arn},
            ),
            uses("Role", "s3", EVERY),
        )
        for settings in ("S3Settings", "RedshiftSettings")
    ),
    *(
        Construction(
            f"named_{kind.lower()}",
            l1(
                f"AWS::EntityResolution::{kind}Workflow",
                {"RoleArn": named_role, "OutputSourceConfig/*/KMSArn": key_arn},
            ),
            directly("Role", "Encrypt GenerateDataKey"),
        )
        for kind in ("IdMapping", "Matching")
    ),
    Construction(
        "named_bot",
        l1(
            "AWS::Lex::Bot",
            {
                "RoleArn": named_role,
                f"{_AUDIO}/*/Destination/S3Bucket/KmsKeyArn": key_arn,
            },
        ),
        directly("Role", "GenerateDataKey"),
    ),
    Construction(
        "named_workflows",
        l1("AWS::MWAA::Environment", {"Name": "flows", "KmsKey": key_arn, "ExecutionRoleArn": named_role}),
        uses("Role", "sqs", f"Decrypt Encrypt {WRITES}"),
    ),
    Construction(
        "named_online_features",
        l1("AWS::SageMaker::FeatureGroup", {"OnlineStoreConfig/SecurityConfig/KmsKeyId": key_arn}),
        deploys("sagemaker", "CreateGrant Decrypt Encrypt GenerateDataKey ReEncryptFrom ReEncryptTo"),
    ),
    Construction(
        "named_offline_features",
        l1(
            "AWS::SageMaker::FeatureGroup",
            {"RoleArn": named_role, "OfflineStoreConfig/S3StorageConfig/KmsKeyId": key_arn},
        ),
        (*directly("Role", "GenerateDataKey"), *uses("Role", "s3", "Decrypt")),
    ),
    Construction(
        "named_ground_station",
        l1(
            "AWS::GroundStation::MissionProfile",
            {"StreamsKmsKey/KmsKeyArn": key_arn, "StreamsKmsRole": named_role},
        ),
        directly(
            "Role",
            "Decrypt GenerateDataKeyWithoutPlaintext",
            {"sourceAccount": ACCOUNT, "sourceArn": arn("groundstation", "mission-profile/p")},
        ),
    ),
    Construction(
        "named_jobs",
        l1(
            "AWS::EMRServerless::Application",
            {
                "MonitoringConfiguration/S3MonitoringConfiguration/EncryptionKeyArn": key_arn,
                "MonitoringConfiguration/ManagedPersistenceMonitoringConfiguration/EncryptionKeyArn": key_arn,
                "MonitoringConfiguration/CloudWatchLoggingConfiguration/EncryptionKeyArn": key_arn,
            },
        ),
        (
            *service("emr-serverless", SENDS, arn=f"arn:aws:emr-serverless:{REGION}:{ACCOUNT}:/applications/a"),
            *service(f"logs.{REGION}", SENDS, {"aws:logs:arn": arn("logs", "log-group:/jobs")}),
        ),
    ),
    # -- topics --
    *(
        Construction(f"named_topic_{name}", l1(kind, values), uses("Role", "sns", SENDS))
        for name, kind, values in (
            (
                "of_approval",
                "AWS::CodePipeline::Pipeline",
                {"RoleArn": named_role, "Stages/*/Actions/*/Configuration/NotificationArn": topic_arn},
            ),
            (
                "of_action",
                "AWS::CodePipeline::Pipeline",
                {
                    "RoleArn": "arn:aws:iam::111122223333:role/pipeline",
                    "Stages/*/Actions/*/RoleArn": named_role,
                    "Stages/*/Actions/*/Configuration/NotificationArn": topic_arn,
                },
            ),
            (
                "of_profile",
                "AWS::IoT::SecurityProfile",
                {"AlertTargets/sns/RoleArn": named_role, "AlertTargets/sns/AlertTargetArn": topic_arn},
            ),
            (
                "of_window",
                "AWS::SSM::MaintenanceWindowTask",
                {
                    f"{_RUN_COMMAND}/ServiceRoleArn": named_role,
                    f"{_RUN_COMMAND}/NotificationConfig/NotificationArn": topic_arn,
                },
            ),
            (
                "of_query",
                "AWS::Timestream::ScheduledQuery",
                {
                    "ScheduledQueryExecutionRoleArn": named_role,
                    "NotificationConfiguration/SnsConfiguration/TopicArn": topic_arn,
                },
            ),
        )
    ),
]
