"""Roles that a resource names for what it reads and writes: they need the key of that, through its service."""

from __future__ import annotations

from .making import ALL, linked_role, nothing, role
from .needs import Basis, Need

_BUCKET, _TOPIC = "AWS::S3::Bucket", "AWS::SNS::Topic"
_SECRET, _STREAM = "AWS::SecretsManager::Secret", "AWS::Kinesis::Stream"
_SENDS = "Decrypt GenerateDataKey"
_SECRETS = "secretsmanager/latest/userguide/security-encryption"
_STREAMS = "streams/latest/dev/permissions-user-key-KMS"
_SNS = "sns/latest/dg/sns-key-management"
_S3 = "AmazonS3/latest/userguide/"
_APPROVAL = "Stages/*/Actions/*/"
_MATCHING = "entityresolution/latest/userguide/create-workflow-job-role"
_LAKE, _LOCATION = "lake-formation/latest/dg/register-encrypted", "AWS::LakeFormation::Resource"
_DMS, _ENDPOINT = "dms/latest/userguide/CHAP_Target.S3", "AWS::DMS::Endpoint"
_PARTNERS = "As2Config/BasicAuthSecretId SftpConfig/UserSecretId"
_RUN_COMMAND = "TaskInvocationParameters/MaintenanceWindowRunCommandParameters/"
_DMS_SETTINGS = (
    *("DocDb", "GcpMySQL", "IbmDb2", "MicrosoftSqlServer", "MongoDb", "MySql", "Oracle", "PostgreSql", "Redshift"),
    "Sybase",
)


def _reads(kind: str, named_in: str, paths: str, **more: object) -> Need:
    """Return that a role reads a secret."""
    secrets = {"SecretARN": "arn:{partition}:secretsmanager:{region}:{account}:secret:*"}
    more |= {"paths": paths, "leads_to": _SECRET, "via": "secretsmanager", "context": secrets, "at_run": True}
    return role(kind, named_in, "Decrypt", _SECRETS, **more)


def _streams(kind: str, named_in: str, paths: str, action: str) -> Need:
    """Return that a role puts into a stream, or gets from one."""
    return role(kind, named_in, action, _STREAMS, paths=paths, leads_to=_STREAM, via="kinesis", at_run=True)


def _publishes(kind: str, named_in: str, paths: str, **more: object) -> Need:
    """Return that a role publishes to a topic."""
    return role(kind, named_in, _SENDS, _SNS, paths=paths, leads_to=_TOPIC, via="sns", at_run=True, **more)


ROWS = (
    # -- secrets --
    _reads(
        "AWS::CodeBuild::Project",
        "ServiceRole",
        "Environment/EnvironmentVariables/*/Value",
        only_with="Environment/EnvironmentVariables/*/Type=SECRETS_MANAGER",
    ),
    _reads("AWS::ECS::TaskDefinition", "ExecutionRoleArn", "ContainerDefinitions/*/Secrets/*/ValueFrom"),
    _reads("AWS::RDS::DBProxy", "RoleArn", "Auth/*/SecretArn"),
    _reads("AWS::Transfer::Connector", "AccessRole", _PARTNERS),
    *(
        _reads(
            _ENDPOINT,
            f"{engine}Settings/SecretsManagerAccessRoleArn",
            f"{engine}Settings/SecretsManagerSecretId",
        )
        for engine in _DMS_SETTINGS
    ),
    _reads(
        _ENDPOINT,
        "OracleSettings/SecretsManagerOracleAsmAccessRoleArn",
        "OracleSettings/SecretsManagerOracleAsmSecretId",
    ),
    # -- streams --
    _streams(
        "AWS::KinesisFirehose::DeliveryStream",
        "KinesisStreamSourceConfiguration/RoleARN",
        "KinesisStreamSourceConfiguration/KinesisStreamARN",
        "Decrypt",
    ),
    _streams("AWS::Logs::SubscriptionFilter", "RoleArn", "DestinationArn", "GenerateDataKey"),
    _streams(
        "AWS::IoT::TopicRule",
        "TopicRulePayload/Actions/*/Kinesis/RoleArn",
        "TopicRulePayload/Actions/*/Kinesis/StreamName",
        "GenerateDataKey",
    ),
    _streams("AWS::Pipes::Pipe", "RoleArn", "Source", "Decrypt"),
    _streams("AWS::Pipes::Pipe", "RoleArn", "Target", "GenerateDataKey"),
    _streams("AWS::Events::Rule", "Targets/*/RoleArn", "Targets/*/Arn", "GenerateDataKey"),
    _streams("AWS::Scheduler::Schedule", "Target/RoleArn", "Target/Arn", "GenerateDataKey"),
    # Its own policy allows it through Kinesis, so it need not exist yet.
    *(
        linked_role(
            kind,
            "kinesisreplication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBKinesisDataStreamsReplication",
            "GenerateDataKey",
            "aws-managed-policy/latest/reference/DynamoDBKinesisReplicationServiceRolePolicy",
            paths=paths,
            leads_to=_STREAM,
            via="kinesis",
            at_run=True,
        )
        for kind, paths in (
            ("AWS::DynamoDB::Table", "KinesisStreamSpecification/StreamArn"),
            ("AWS::DynamoDB::GlobalTable", "Replicas/*/KinesisStreamSpecification/StreamArn"),
        )
    ),
    # -- buckets --
    # What is not encrypted by a rule of its own is by the default of the bucket.
    role(
        _BUCKET,
        "ReplicationConfiguration/Role",
        _SENDS,
        _S3 + "replication-config-for-kms-objects",
        paths="ReplicationConfiguration/Rules/*/Destination/Bucket",
        leads_to=_BUCKET,
        only_without="ReplicationConfiguration/Rules/*/Destination/EncryptionConfiguration/ReplicaKmsKeyID",
        via="s3",
        at_run=True,
    ),
    role(
        "AWS::GuardDuty::MalwareProtectionPlan",
        "Role",
        _SENDS,
        "guardduty/latest/ug/malware-protection-s3-iam-policy-prerequisite",
        paths="ProtectedResource/S3Bucket/BucketName",
        leads_to=_BUCKET,
        via="s3",
        at_run=True,
    ),
    role(_LOCATION, "RoleArn", ALL, _LAKE, paths="ResourceArn", leads_to=_BUCKET, only_with="RoleArn", at_run=True),
    linked_role(
        _LOCATION,
        "lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess",
        f"{ALL} DescribeKey",
        _LAKE,
        paths="ResourceArn",
        leads_to=_BUCKET,
        only_without="RoleArn",
        at_run=True,
    ),
    # -- a key that their output is encrypted with --
    *(
        row
        for settings in ("S3Settings", "RedshiftSettings")
        for row in (
            nothing(_ENDPOINT, _DMS, paths=f"{settings}/ServerSideEncryptionKmsKeyId"),
            role(
                _ENDPOINT,
                f"{settings}/ServiceAccessRoleArn",
                ALL,
                _DMS,
                paths=f"{settings}/ServerSideEncryptionKmsKeyId",
                via="s3",
                at_run=True,
            ),
        )
    ),
    *(
        role(
            f"AWS::EntityResolution::{kind}Workflow",
            "RoleArn",
            "Encrypt GenerateDataKey",
            _MATCHING,
            paths="OutputSourceConfig/*/KMSArn",
            at_run=True,
        )
        for kind in ("IdMapping", "Matching")
    ),
    role(
        "AWS::Lex::Bot",
        "RoleArn",
        "GenerateDataKey",
        "lexv2/latest/dg/conversation-logs-policies",
        paths="TestBotAliasSettings/ConversationLogSettings/AudioLogSettings/*/Destination/S3Bucket/KmsKeyArn",
        at_run=True,
    ),
    role(
        "AWS::GroundStation::MissionProfile",
        "StreamsKmsRole",
        "Decrypt GenerateDataKeyWithoutPlaintext",
        "ground-station/latest/ug/examples.pbs-agent",
        context={
            "sourceAccount": "{account}",
            "sourceArn": "arn:{partition}:groundstation:{region}:{account}:mission-profile/*",
        },
        at_run=True,
    ),
    # The queue of its workers is the service's own, under this key; its bucket is granted by itself.
    role(
        "AWS::MWAA::Environment",
        "ExecutionRoleArn",
        "Decrypt DescribeKey Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext",
        "mwaa/latest/userguide/mwaa-create-role",
        via="sqs",
        at_run=True,
    ),
    # -- topics --
    _publishes(
        "AWS::CodePipeline::Pipeline",
        "RoleArn",
        f"{_APPROVAL}Configuration/NotificationArn",
        only_without=f"{_APPROVAL}RoleArn",
    ),
    _publishes(
        "AWS::CodePipeline::Pipeline",
        f"{_APPROVAL}RoleArn",
        f"{_APPROVAL}Configuration/NotificationArn",
        only_with=f"{_APPROVAL}RoleArn",
    ),
    _publishes("AWS::IoT::SecurityProfile", "AlertTargets/*/RoleArn", "AlertTargets/*/AlertTargetArn"),
    _publishes(
        "AWS::SSM::MaintenanceWindowTask",
        f"{_RUN_COMMAND}ServiceRoleArn",
        f"{_RUN_COMMAND}NotificationConfig/NotificationArn",
    ),
    _publishes(
        "AWS::Timestream::ScheduledQuery",
        "ScheduledQueryExecutionRoleArn",
        "NotificationConfiguration/SnsConfiguration/TopicArn",
        basis=Basis.BELIEF,
    ),
)
