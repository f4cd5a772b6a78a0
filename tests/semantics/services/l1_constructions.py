"""L1s beside the constructs of which each other file asks: where an L2 writes a statement of its own, only its L1 shows
that this library does, and some properties name a key, or lead to one, in several ways.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_iam as iam

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import ACCOUNT, REGION, Ask, Construction, deploys, directly, only, service, uses
from tests.semantics.services.constructions import (
    ALL,
    BUS,
    BUS_CONTEXT,
    FARGATE,
    FUNCTION,
    LOGS_ARN,
    MACHINE,
    PIPE,
    SCALING,
    SCHEDULE,
    SENDS,
    VOLUMES,
    arn,
    bucket,
    queue,
    role,
    topic,
)
from tests.semantics.services.rare_constructions import template

GDK, GDKWP = "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"
EVERY = f"{ALL} {GDKWP}"
FOR_AWS = {"kms:GrantIsForAWSResource": "true"}
RULE = arn("events", "rule/x")


def sealed(s: Stack, k: HardenedKey) -> str:
    """Return a configuration profile of AppConfig under the key."""
    named = {"ApplicationId": "a", "Name": "n", "LocationUri": "hosted", "KmsKeyIdentifier": k.key_arn}
    return CfnResource(s, "Profile", type="AWS::AppConfig::ConfigurationProfile", properties=named).ref


def secret(s: Stack, k: HardenedKey) -> str:
    return CfnResource(s, "Secret", type="AWS::SecretsManager::Secret", properties={"KmsKeyId": k.key_arn}).ref


def activity(s: Stack, k: HardenedKey) -> str:
    sealing = {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": k.key_arn}
    named = {"Name": "a", "EncryptionConfiguration": sealing}
    return CfnResource(s, "Activity", type="AWS::StepFunctions::Activity", properties=named).ref


#: What a word in the properties below stands for.
WORDS: dict[str, Callable[[Stack, HardenedKey], Any]] = {
    "ACTIVITY": activity,
    "BUCKET": lambda s, k: bucket(s, k).bucket_name,
    "BUCKET ARN": lambda s, k: bucket(s, k).bucket_arn,
    "BUCKET DOMAIN": lambda s, k: bucket(s, k).bucket_regional_domain_name,
    "KEY": lambda _s, k: k.key_arn,
    "QUEUE": lambda s, k: queue(s, k).queue_arn,
    "QUEUE URL": lambda s, k: queue(s, k).queue_url,
    "PROFILE": sealed,
    "ROLE": lambda s, _k: role(s).role_arn,
    "SECRET": secret,
    "TEMPLATE": template,
    "TOPIC": lambda s, k: topic(s, k).topic_arn,
}


def replication(s: Stack, k: HardenedKey) -> None:
    """Make a bucket whose role holds what replicates, as the key policy alone would not be enough for S3."""
    replicating = role(s)
    replicating.add_to_policy(iam.PolicyStatement(actions=["kms:Encrypt"], resources=[k.key_arn]))
    made = at("ReplicationConfiguration/Rules/*/Destination/EncryptionConfiguration/ReplicaKmsKeyID", k.key_arn)
    made["ReplicationConfiguration"]["Role"] = replicating.role_arn
    CfnResource(s, "It", type="AWS::S3::Bucket", properties=made)


def at(path: str, value: Any) -> Any:
    """Return a value below a property path, ``*`` for a list with one member."""
    for part in reversed(path.split("/")):
        value = [value] if part == "*" else {part: value}
    return value


def merged(one: Any, other: Any) -> Any:
    """Return the properties of two, with the members of lists that stand at the same place as one."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            name: merged(one[name], other[name]) if name in one and name in other else {**one, **other}[name]
            for name in {**one, **other}
        }
    return [merged(one[0], other[0])] if isinstance(one, list) and isinstance(other, list) else other


def l1(name: str, kind: str, named: dict[str, Any], *asks: tuple[Ask, ...]) -> Construction:
    """Return one L1 of a type, by the values at its property paths."""

    def build(s: Stack, k: HardenedKey) -> None:
        properties: Any = {}
        for path, value in named.items():
            made = WORDS[value](s, k) if isinstance(value, str) and value in WORDS else value
            properties = merged(properties, at(path, made))
        CfnResource(s, "It", type=kind, properties=properties)

    return Construction(f"by_l1_{name}", build, tuple(it for several in asks for it in several))


def linked(principal: str) -> tuple[Ask, ...]:
    """Return what a service-linked role asks that launches instances."""
    return (*directly(principal, f"{EVERY} DescribeKey"), *directly(principal, "CreateGrant", None, **FOR_AWS))


SEALED_BUCKET = "BucketEncryption/ServerSideEncryptionConfiguration/*/ServerSideEncryptionByDefault"

STORAGE = (
    *(
        l1(
            f"{part.lower()}_metadata",
            "AWS::S3::Bucket",
            {f"MetadataConfiguration/{part}TableConfiguration/EncryptionConfiguration/KmsKeyArn": "KEY"},
            *(
                service(principal, SENDS, {"aws:s3:arn": arn("s3tables", "bucket/aws-s3/table/x")})
                for principal in ("metadata.s3", "maintenance.s3tables")
            ),
        )
        for part in ("Annotation", "Journal")
    ),
    # "including the source bucket itself", where no destination is named
    l1(
        "own_logs",
        "AWS::S3::Bucket",
        {f"{SEALED_BUCKET}/KMSMasterKeyID": "KEY", "LoggingConfiguration/LogFilePrefix": "logs/"},
        service("logging.s3", SENDS),
    ),
    l1(
        "server_logs",
        "AWS::S3::Bucket",
        {"LoggingConfiguration/DestinationBucketName": "BUCKET"},
        service("logging.s3", SENDS),
    ),
    Construction(
        "by_l1_replication",
        replication,
        uses("Role", "s3", "Encrypt"),
    ),
    l1("volume", "AWS::EC2::Volume", {"KmsKeyId": "KEY"}, deploys("ec2", VOLUMES)),
    l1(
        "fleet_disks",
        "AWS::EC2::EC2Fleet",
        {"LaunchTemplateConfigs/*/Overrides/*/BlockDeviceMappings/*/Ebs/KmsKeyId": "KEY", "Type": "instant"},
        deploys("ec2", VOLUMES),
    ),
    l1(
        "instance_by_name",
        "AWS::EC2::Instance",
        {"LaunchTemplate/LaunchTemplateName": "TEMPLATE"},
        deploys("ec2", VOLUMES),
    ),
    *(
        l1(
            f"fleet_{by.lower()}",
            "AWS::EC2::EC2Fleet",
            {f"LaunchTemplateConfigs/*/LaunchTemplateSpecification/LaunchTemplate{by}": "TEMPLATE", "Type": "instant"},
            deploys("ec2", VOLUMES),
        )
        for by in ("Id", "Name")
    ),
    *(
        l1(f"group_{number}", "AWS::AutoScaling::AutoScalingGroup", {path: "TEMPLATE"}, linked(SCALING))
        for number, path in enumerate(
            (
                *("LaunchTemplate/LaunchTemplateId", "LaunchTemplate/LaunchTemplateName"),
                "MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification/LaunchTemplateId",
                "MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification/LaunchTemplateName",
                "MixedInstancesPolicy/LaunchTemplate/Overrides/*/LaunchTemplateSpecification/LaunchTemplateId",
                "MixedInstancesPolicy/LaunchTemplate/Overrides/*/LaunchTemplateSpecification/LaunchTemplateName",
            )
        )
    ),
    l1("nodes_by_name", "AWS::EKS::Nodegroup", {"LaunchTemplate/Name": "TEMPLATE"}, linked(SCALING)),
    l1(
        "files",
        "AWS::EFS::FileSystem",
        {"KmsKeyId": "KEY"},
        deploys("elasticfilesystem", f"CreateGrant {GDKWP}"),
    ),
    l1(
        "distribution",
        "AWS::CloudFront::Distribution",
        {"DistributionConfig/Origins/*/DomainName": "BUCKET DOMAIN"},
        service("cloudfront", "Decrypt", arn=f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"),
    ),
    *(
        l1(f"{name}_delivered", "AWS::S3::Bucket", {path: "BUCKET ARN", "BucketName": "source"}, asks)
        for name, path in (
            ("inventory", "InventoryConfigurations/*/Destination/BucketArn"),
            ("analytics", "AnalyticsConfigurations/*/StorageClassAnalysis/DataExport/Destination/BucketArn"),
        )
        for asks in (only(service("s3", GDK, account=True, arn="arn:aws:s3:::source"), ":::source", ":::payroll"),)
    ),
)

MESSAGES = (
    *(
        l1(
            f"{name}_{part}",
            kind,
            {f"{part}/*": "TOPIC"},
            service("cloudwatch", SENDS, account=True, arn=arn("cloudwatch", "alarm:x")),
        )
        for name, kind in (("alarm", "AWS::CloudWatch::Alarm"), ("composite", "AWS::CloudWatch::CompositeAlarm"))
        for part in ("OKActions", "InsufficientDataActions")
    ),
    l1("rule_to_topic", "AWS::Events::Rule", {"Targets/*/Arn": "TOPIC"}, service("events", SENDS)),
    l1("rule_to_queue", "AWS::Events::Rule", {"Targets/*/Arn": "QUEUE"}, service("events", SENDS, arn=RULE)),
    l1(
        "rule_dead_letters",
        "AWS::Events::Rule",
        {"Targets/*/DeadLetterConfig/Arn": "QUEUE"},
        service("events", SENDS, arn=RULE),
    ),
    l1(
        "topic_to_queue",
        "AWS::SNS::Subscription",
        {"Endpoint": "QUEUE"},
        service("sns", SENDS, arn=arn("sns", "topic")),
    ),
    l1(
        "topic_dead_letters",
        "AWS::SNS::Subscription",
        {"RedrivePolicy/deadLetterTargetArn": "QUEUE"},
        service("sns", SENDS, arn=arn("sns", "topic")),
    ),
    *(
        l1(
            f"bucket_to_{word.lower()}",
            "Custom::S3BucketNotifications",
            {f"NotificationConfiguration/{word}Configurations/*/{word}Arn": word.upper()},
            service("s3", SENDS, account=True),
        )
        for word in ("Queue", "Topic")
    ),
    l1(
        "vault_to_topic",
        "AWS::Backup::BackupVault",
        {"Notifications/SNSTopicArn": "TOPIC"},
        service("backup", SENDS, account=True),
    ),
    l1(
        "trail_to_topic",
        "AWS::CloudTrail::Trail",
        {"SnsTopicName": "TOPIC"},
        service("cloudtrail", SENDS, account=True),
    ),
    l1(
        "repository_to_topic",
        "AWS::CodeCommit::Repository",
        {"Triggers/*/DestinationArn": "TOPIC"},
        service("codecommit", SENDS, account=True),
    ),
    *(
        l1(
            f"mail_{action.lower()}",
            "AWS::SES::ReceiptRule",
            {f"Rule/Actions/*/{action}/TopicArn": "TOPIC"},
            service("ses", SENDS, account=True, arn=arn("ses", "receipt-rule-set/a:receipt-rule/b")),
        )
        for action in ("S3Action", "SNSAction", "BounceAction", "LambdaAction", "StopAction", "WorkmailAction")
    ),
    l1(
        "mail_to_bucket",
        "AWS::SES::ReceiptRule",
        {"Rule/Actions/*/S3Action/BucketName": "BUCKET"},
        service("ses", f"{SENDS} {GDKWP}", account=True, arn=arn("ses", "receipt-rule-set/a:receipt-rule/b")),
    ),
    l1(
        "mail_by_role",
        "AWS::SES::ReceiptRule",
        {"Rule/Actions/*/S3Action/BucketName": "BUCKET", "Rule/Actions/*/S3Action/IamRoleArn": "ROLE"},
        uses("Role", "s3", SENDS),
    ),
    l1(
        "sealed_mail_by_role",
        "AWS::SES::ReceiptRule",
        {"Rule/Actions/*/S3Action/KmsKeyArn": "KEY", "Rule/Actions/*/S3Action/IamRoleArn": "ROLE"},
        directly("Role", f"{GDK} {GDKWP}"),
    ),
    *(
        l1(
            f"machine_{number}",
            "AWS::StepFunctions::StateMachine",
            {"RoleArn": "ROLE", path: word},
            uses("Role", via, SENDS),
        )
        for number, (path, word, via) in enumerate(
            (path, word, via)
            for path in ("Definition/States/Do/Parameters/To", "DefinitionSubstitutions/To")
            for word, via in (("QUEUE URL", "sqs"), ("TOPIC", "sns"))
        )
    ),
    *(
        l1(
            f"machine_tasks_{number}",
            "AWS::StepFunctions::StateMachine",
            {"RoleArn": "ROLE", path: "ACTIVITY"},
            directly("Role", SENDS, {"aws:states:activityArn": arn("states", "activity:a")}),
        )
        for number, path in enumerate(("Definition/States/Do/Resource", "DefinitionSubstitutions/To"))
    ),
    l1(
        "machine",
        "AWS::StepFunctions::StateMachine",
        {"RoleArn": "ROLE", "EncryptionConfiguration/KmsKeyId": "KEY", "StateMachineName": "orders"},
        deploys("states", f"DescribeKey {GDK}"),
        only(directly("Role", SENDS, MACHINE), "orders"),
    ),
    l1(
        "schedule",
        "AWS::Scheduler::Schedule",
        {"KmsKeyArn": "KEY", "Target/RoleArn": "ROLE"},
        directly("Role", "Decrypt", SCHEDULE),
    ),
    l1(
        "schedule_to_queue",
        "AWS::Scheduler::Schedule",
        {"Target/Arn": "QUEUE", "Target/RoleArn": "ROLE"},
        uses("Role", "sqs", SENDS),
    ),
    l1(
        "pipe",
        "AWS::Pipes::Pipe",
        {"KmsKeyIdentifier": "KEY", "RoleArn": "ROLE", "Name": "orders"},
        only(directly("deployer", SENDS, PIPE), "orders"),
        only(directly("deployer", SENDS, {"aws:pipe:arn": PIPE["aws:pipes:arn"]}), "orders"),
        only(directly("Role", SENDS, PIPE), "orders"),
    ),
    l1(
        "bus",
        "AWS::Events::EventBus",
        {"KmsKeyIdentifier": "KEY", "Name": "orders"},
        only(service("events", SENDS, BUS_CONTEXT, account=True, arn=BUS), "orders"),
        service("events", "DescribeKey", account=True, arn=BUS),
    ),
    l1(
        "archive",
        "AWS::Events::Archive",
        {"KmsKeyIdentifier": "KEY", "SourceArn": BUS},
        only(service("events", f"{SENDS} ReEncryptFrom ReEncryptTo", BUS_CONTEXT), "orders"),
        service("events", "DescribeKey"),
    ),
    l1(
        "configuration_of_secret",
        "AWS::AppConfig::ConfigurationProfile",
        {"LocationUri": "SECRET", "RetrievalRoleArn": "ROLE"},
        uses("Role", "secretsmanager", "Decrypt", {"SecretARN": arn("secretsmanager", "secret:x-AbCdEf")}),
    ),
    l1(
        "configuration_of_bucket",
        "AWS::AppConfig::ConfigurationProfile",
        {"LocationUri": "BUCKET", "RetrievalRoleArn": "ROLE"},
        uses("Role", "s3", "Decrypt"),
    ),
    l1(
        "configuration",
        "AWS::AppConfig::HostedConfigurationVersion",
        {"ConfigurationProfileId": "PROFILE"},
        directly("deployer", GDK),
    ),
)

OTHERS = (
    l1(
        "table",
        "AWS::DynamoDB::Table",
        {"SSESpecification/KMSMasterKeyId": "KEY"},
        deploys("dynamodb", f"{EVERY} CreateGrant RevokeGrant"),
    ),
    l1(
        "global_table",
        "AWS::DynamoDB::GlobalTable",
        {"Replicas/*/SSESpecification/KMSMasterKeyId": "KEY"},
        deploys("dynamodb", f"{EVERY} CreateGrant RevokeGrant"),
    ),
    *(
        l1(f"database_{number}", f"AWS::RDS::{kind}", {path: "KEY"}, deploys("rds", "CreateGrant"))
        for number, (kind, path) in enumerate(
            (
                *(("DBInstance", "KmsKeyId"), ("DBInstance", "PerformanceInsightsKMSKeyId")),
                *(("DBInstance", "AutomaticBackupReplicationKmsKeyId"), ("DBCluster", "KmsKeyId")),
                ("DBCluster", "PerformanceInsightsKmsKeyId"),
            )
        )
    ),
    l1("documents", "AWS::DocDB::DBCluster", {"KmsKeyId": "KEY"}, deploys("rds", "CreateGrant")),
    l1(
        "delivery",
        "AWS::KinesisFirehose::DeliveryStream",
        {"DeliveryStreamEncryptionConfigurationInput/KeyARN": "KEY"},
        deploys("firehose", "CreateGrant"),
    ),
    l1("secret", "AWS::SecretsManager::Secret", {"KmsKeyId": "KEY"}, deploys("secretsmanager", f"{SENDS} Encrypt")),
    l1("environment", "AWS::Lambda::Function", {"KmsKeyArn": "KEY"}, deploys("lambda", "CreateGrant Encrypt")),
    l1(
        "durable", "AWS::Lambda::Function", {"DurableConfig/KMSKeyArn": "KEY"}, deploys("lambda", "CreateGrant Encrypt")
    ),
    l1(
        "zip",
        "AWS::Lambda::Function",
        {"Code/SourceKMSKeyArn": "KEY", "FunctionName": "orders"},
        deploys("lambda", SENDS),
        only(service("lambda", SENDS, FUNCTION), "orders"),
    ),
    *(
        l1(
            f"function_dead_letters_{via}",
            "AWS::Lambda::Function",
            {"Role": "ROLE", "DeadLetterConfig/TargetArn": word},
            uses("Role", via, SENDS),
        )
        for word, via in (("QUEUE", "sqs"), ("TOPIC", "sns"))
    ),
    l1(
        "fargate",
        "AWS::ECS::Cluster",
        {
            "ClusterName": "web",
            "Configuration/ManagedStorageConfiguration/FargateEphemeralStorageKmsKeyId": "KEY",
        },
        only(
            (
                *service("fargate", GDKWP, FARGATE),
                Ask(
                    who="fargate.amazonaws.com",
                    action="kms:CreateGrant",
                    context=FARGATE,
                    sent={"kms:GrantOperations": "Decrypt"},
                ),
            ),
            "web",
            "shop",
        ),
    ),
    replace(
        l1(
            "zone",
            "AWS::Route53::KeySigningKey",
            {"KeyManagementServiceArn": "KEY"},
            service(
                "dnssec-route53", "DescribeKey GetPublicKey Sign", account=True, arn="arn:aws:route53:::hostedzone/Z"
            ),
        ),
        signs=True,
    ),
    l1("build", "AWS::CodeBuild::Project", {"EncryptionKey": "KEY", "ServiceRole": "ROLE"}, uses("Role", "s3", EVERY)),
    *(
        l1(
            f"pipeline_{number}",
            "AWS::CodePipeline::Pipeline",
            {path: "KEY", "RoleArn": "ROLE"},
            uses("Role", "s3", f"{SENDS} Encrypt"),
        )
        for number, path in enumerate(
            ("ArtifactStore/EncryptionKey/Id", "ArtifactStores/*/ArtifactStore/EncryptionKey/Id")
        )
    ),
    l1(
        "canary",
        "AWS::Synthetics::Canary",
        {"ArtifactConfig/S3Encryption/KmsKeyArn": "KEY", "ExecutionRoleArn": "ROLE"},
        uses("Role", "s3", SENDS),
    ),
    l1(
        "custom_sender",
        "AWS::Cognito::UserPool",
        {"LambdaConfig/KMSKeyID": "KEY"},
        directly("deployer", "CreateGrant", {"userpool-id": f"{REGION}_abc"}, **FOR_AWS),
    ),
    l1(
        "zone_of_logs",
        "AWS::EC2::FlowLog",
        {"LogDestination": "BUCKET ARN"},
        service("delivery.logs", f"{EVERY} DescribeKey", account=True, arn=LOGS_ARN),
    ),
    l1(
        "application",
        "AWS::SecurityAgent::Application",
        {"DefaultKmsKeyId": "KEY", "RoleArn": "ROLE"},
        uses("Role", "securityagent", SENDS, {"aws:securityagent:agent-space": arn("securityagent", "agent-space/x")}),
        service("securityagent", "DescribeKey"),
    ),
)

BY_L1 = (*STORAGE, *MESSAGES, *OTHERS)
