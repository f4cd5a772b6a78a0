"""What few apps have: the other properties and edges that the catalogue knows, so that each row is asked of once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_cdk import CfnResource, Stack

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import REGION, Construction, deploys, directly, service, uses
from tests.semantics.services.constructions import ALL, SCALING, SENDS, arn, queue, role, topic

Build = Callable[[Stack, HardenedKey], Any]
EVERY = f"{ALL} GenerateDataKeyWithoutPlaintext"
VOLUMES = "CreateGrant Decrypt GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"
SECRETS = f"CreateGrant {SENDS}"
RENEWS = "Decrypt Encrypt GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"


def l1(kind: str, properties: Callable[[Stack, HardenedKey], dict[str, Any]]) -> Build:
    return lambda s, k: CfnResource(s, "It", type=kind, properties=properties(s, k))


def keyed(kind: str, *path: str, **more: Any) -> Build:
    """Return one L1 that names the key in a property."""

    def properties(_stack: Stack, key: HardenedKey) -> dict[str, Any]:
        value: Any = key.key_arn
        for part in reversed(path):
            value = {part: value}
        return {**value, **more}

    return l1(kind, properties)


def notified(part: str, name: str) -> Callable[[Stack, HardenedKey], dict[str, Any]]:
    def properties(s: Stack, k: HardenedKey) -> dict[str, Any]:
        target = topic(s, k).topic_arn if name == "Topic" else queue(s, k).queue_arn
        told = [{"Event": "s3:ObjectCreated:*", name: target}]
        return {"BucketName": "source", "NotificationConfiguration": {part: told}}

    return properties


def template(s: Stack, k: HardenedKey) -> str:
    """Return a launch template whose disk is under the key."""
    disk = {"DeviceName": "/dev/sda1", "Ebs": {"Encrypted": True, "KmsKeyId": k.key_arn}}
    data = {"LaunchTemplateData": {"BlockDeviceMappings": [disk]}}
    return CfnResource(s, "Template", type="AWS::EC2::LaunchTemplate", properties=data).ref


def launched(s: Stack, k: HardenedKey) -> dict[str, Any]:
    return {"LaunchTemplate": {"LaunchTemplateId": template(s, k), "Version": "1"}}


def nodes(s: Stack, k: HardenedKey) -> dict[str, Any]:
    named = {"Id": template(s, k), "Version": "1"}
    return {"ClusterName": "c", "NodeRole": "arn:aws:iam::1:role/x", "Subnets": [], "LaunchTemplate": named}


def destination(*path: str) -> Callable[[Stack, HardenedKey], dict[str, Any]]:
    """Return a delivery stream whose destination writes to S3 under the key, by a role of its own."""

    def properties(s: Stack, k: HardenedKey) -> dict[str, Any]:
        value: Any = {
            "RoleARN": role(s).role_arn,
            "BucketARN": "arn:aws:s3:::x",
            "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": k.key_arn}},
        }
        for part in reversed(path):
            value = {part: value}
        made: dict[str, Any] = value
        return made

    return properties


DESTINATIONS = (
    ("ExtendedS3DestinationConfiguration",),
    ("S3DestinationConfiguration",),
    ("ExtendedS3DestinationConfiguration", "S3BackupConfiguration"),
    ("RedshiftDestinationConfiguration", "S3BackupConfiguration"),
    *(
        (f"{name}DestinationConfiguration", "S3Configuration")
        for name in (
            *("AmazonOpenSearchServerless", "Amazonopensearchservice", "Elasticsearch", "HttpEndpoint", "Iceberg"),
            *("Redshift", "Snowflake", "Splunk"),
        )
    ),
)


def by_pipe(part: str, target: str) -> Callable[[Stack, HardenedKey], dict[str, Any]]:
    def properties(s: Stack, k: HardenedKey) -> dict[str, Any]:
        named = topic(s, k).topic_arn if target == "topic" else queue(s, k).queue_arn
        plain = arn("sqs", "plain")
        return {"RoleArn": role(s, "PipeRole").role_arn, **{"Source": plain, "Target": plain}, part: named}

    return properties


def by_schedule(s: Stack, k: HardenedKey) -> dict[str, Any]:
    sends = {
        "Arn": topic(s, k).topic_arn,
        "RoleArn": role(s, "Sender").role_arn,
        "DeadLetterConfig": {"Arn": queue(s, k).queue_arn},
    }
    return {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": sends}


def released(s: Stack, k: HardenedKey) -> dict[str, Any]:
    profile = CfnResource(
        s,
        "Profile",
        type="AWS::AppConfig::ConfigurationProfile",
        properties={"ApplicationId": "a", "Name": "n", "LocationUri": "hosted", "KmsKeyIdentifier": k.key_arn},
    )
    return {"ApplicationId": "a", "ConfigurationProfileId": profile.ref, "EnvironmentId": "e"}


def crawled(s: Stack, k: HardenedKey) -> dict[str, Any]:
    sealed = {"S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": k.key_arn}]}
    settings = CfnResource(
        s,
        "Settings",
        type="AWS::Glue::SecurityConfiguration",
        properties={"Name": "s", "EncryptionConfiguration": sealed},
    )
    return {"Role": role(s).role_arn, "Targets": {}, "CrawlerSecurityConfiguration": settings.ref}


def mails(_stack: Stack, k: HardenedKey) -> dict[str, Any]:
    put = {"S3Action": {"BucketName": "plain", "KmsKeyArn": k.key_arn}}
    return {"RuleSetName": "rules", "Rule": {"Actions": [put]}}


def hook(s: Stack, k: HardenedKey) -> dict[str, Any]:
    named = {"NotificationTargetARN": queue(s, k).queue_arn, "RoleARN": role(s).role_arn}
    return {"AutoScalingGroupName": "g", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", **named}


def told(s: Stack, k: HardenedKey) -> dict[str, Any]:
    targets = [{"TargetType": "SNS", "TargetAddress": topic(s, k).topic_arn}]
    return {"Name": "n", "DetailType": "BASIC", "EventTypeIds": [], "Resource": "arn:x", "Targets": targets}


def airport(s: Stack, k: HardenedKey) -> dict[str, Any]:
    """Amazon S3 Express One Zone."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": k.key_arn}
    rule = {"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    assert s.region == REGION
    return {
        "DataRedundancy": "SingleAvailabilityZone",
        "LocationName": "use1-az4",
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
    }


def fleet_of_disks(s: Stack, k: HardenedKey) -> dict[str, Any]:
    return {"BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"KmsKeyId": k.key_arn}}], "ImageId": s.region}


RARE = (
    Construction(
        "rare_bucket_topic",
        l1("AWS::S3::Bucket", notified("TopicConfigurations", "Topic")),
        service("s3", SENDS, account=True),
    ),
    Construction(
        "rare_bucket_queue",
        l1("AWS::S3::Bucket", notified("QueueConfigurations", "Queue")),
        service("s3", SENDS, account=True, arn="arn:aws:s3:::source"),
    ),
    Construction("rare_express", l1("AWS::S3Express::DirectoryBucket", airport), deploys("s3", SENDS)),
    Construction(
        "rare_vector_index",
        keyed("AWS::S3Vectors::Index", "EncryptionConfiguration", "KmsKeyArn"),
        (
            *deploys("s3vectors", SENDS),
            *service("indexing.s3vectors", "Decrypt", account=True, arn=arn("s3vectors", "bucket/x")),
        ),
    ),
    Construction("rare_instance", l1("AWS::EC2::Instance", launched), deploys("ec2", VOLUMES)),
    Construction("rare_disks", l1("AWS::EC2::Instance", fleet_of_disks), deploys("ec2", VOLUMES)),
    Construction(
        "rare_nodes",
        l1("AWS::EKS::Nodegroup", nodes),
        (
            *directly(SCALING, f"{EVERY} DescribeKey"),
            *directly(SCALING, "CreateGrant", None, **{"kms:GrantIsForAWSResource": "true"}),
        ),
    ),
    *(
        Construction(
            f"rare_delivery_{number}",
            l1("AWS::KinesisFirehose::DeliveryStream", destination(*path)),
            uses("Role", "s3", SENDS),
        )
        for number, path in enumerate(DESTINATIONS)
    ),
    *(
        Construction(f"rare_secret_{number}", keyed(kind, *path), deploys("secretsmanager", SECRETS))
        for number, (kind, path) in enumerate(
            (
                ("AWS::RDS::DBInstance", ("MasterUserSecret", "KmsKeyId")),
                ("AWS::RDS::DBCluster", ("MasterUserSecret", "KmsKeyId")),
                ("AWS::DocDB::DBCluster", ("MasterUserSecretKmsKeyId",)),
                ("AWS::Redshift::Cluster", ("MasterPasswordSecretKmsKeyId",)),
                ("AWS::RedshiftServerless::Namespace", ("AdminPasswordSecretKmsKeyId",)),
            )
        )
    ),
    Construction(
        "rare_migration",
        keyed("AWS::DMS::ReplicationConfig", "ComputeConfig", "KmsKeyId"),
        deploys("dms", f"CreateGrant Encrypt GenerateDataKeyWithoutPlaintext {SENDS}"),
    ),
    *(
        Construction(
            f"rare_{name}", keyed(kind, "KmsKeyId"), tuple(it for via in vias for it in deploys(via, "CreateGrant"))
        )
        for name, kind, vias in (
            ("cache_snapshot", "AWS::ElastiCache::Snapshot", ("elasticache", "dax")),
            ("serverless_snapshot", "AWS::ElastiCache::ServerlessCacheSnapshot", ("elasticache", "dax")),
            ("memory_snapshot", "AWS::MemoryDB::Snapshot", ("memorydb",)),
        )
    ),
    Construction(
        "rare_pipe_to_queue", l1("AWS::Pipes::Pipe", by_pipe("Target", "queue")), uses("PipeRole", "sqs", SENDS)
    ),
    Construction(
        "rare_pipe_from_queue", l1("AWS::Pipes::Pipe", by_pipe("Source", "queue")), uses("PipeRole", "sqs", "Decrypt")
    ),
    Construction(
        "rare_pipe_to_topic", l1("AWS::Pipes::Pipe", by_pipe("Target", "topic")), uses("PipeRole", "sns", SENDS)
    ),
    Construction(
        "rare_schedule",
        l1("AWS::Scheduler::Schedule", by_schedule),
        (*uses("Sender", "sns", SENDS), *uses("Sender", "sqs", SENDS)),
    ),
    Construction("rare_release", l1("AWS::AppConfig::Deployment", released), directly("deployer", "Decrypt")),
    Construction(
        "rare_devops_service",
        keyed("AWS::DevOpsAgent::Service", "KmsKeyArn"),
        (
            *deploys("aidevops", EVERY),
            *service("aidevops", "DescribeKey"),
            *service(
                "aidevops",
                EVERY,
                {"aws-crypto-ec:aws:aidevops:arn": arn("aidevops", "service/x")},
                arn=arn("aidevops", "service/x"),
            ),
        ),
    ),
    Construction(
        "rare_security_integration",
        keyed("AWS::SecurityAgent::Integration", "KmsKeyId"),
        (
            *deploys("securityagent", "CreateGrant"),
            *deploys(
                "securityagent",
                RENEWS,
                **{"aws-crypto-ec__aws__securityagent__integration": arn("securityagent", "integration/x")},
            ),
            *service("securityagent", "DescribeKey"),
            *service(
                "securityagent",
                RENEWS,
                {"aws-crypto-ec:aws:securityagent:integration": arn("securityagent", "integration/x")},
                arn=arn("securityagent", "integration/x"),
            ),
        ),
    ),
    Construction("rare_crawler", l1("AWS::Glue::Crawler", crawled), directly("Role", f"{EVERY} DescribeKey")),
    Construction(
        "rare_mails",
        l1("AWS::SES::ReceiptRule", mails),
        service(
            "ses",
            "GenerateDataKey GenerateDataKeyWithoutPlaintext",
            account=True,
            arn=arn("ses", "receipt-rule-set/a:receipt-rule/b"),
        ),
    ),
    Construction("rare_hook", l1("AWS::AutoScaling::LifecycleHook", hook), uses("Role", "sqs", SENDS)),
    Construction(
        "rare_rule_of_notifications",
        l1("AWS::CodeStarNotifications::NotificationRule", told),
        service("codestar-notifications", SENDS, account=True),
    ),
)
