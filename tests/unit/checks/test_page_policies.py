"""The key policies that AWS's pages print are never found at fault for the service that they are printed for."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.checks.examples import ACCOUNT, REGION, ROLE, THE_KEY, allow, deploys, key, template
from secure_kms_constructs.templates import read_templates
from tests.unit.checks.test_rules import found_in

KEYS = ("KLP306", "KLP509", "KLP510", "KLP511", "KLP512", "KLP513")
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
HERE = f"{REGION}:{ACCOUNT}"
DELEGATES = allow(ROOT, "kms:*")


def by(service: str, actions: Any, condition: Any = None) -> Any:
    return allow({"Service": f"{service}.amazonaws.com"}, actions, condition)


def equals(**values: str) -> Any:
    return {"StringEquals": {name.replace("__", ":"): value for name, value in values.items()}}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


QUEUE, TOPIC = resource("AWS::SQS::Queue", KmsMasterKeyId=THE_KEY), resource("AWS::SNS::Topic", KmsMasterKeyId=THE_KEY)
BUCKET = resource(
    "AWS::S3::Bucket",
    BucketEncryption={
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"KMSMasterKeyID": THE_KEY}}]
    },
)
NAMED = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "app"}}
BUS = f"arn:aws:events:{HERE}:event-bus/orders"
FARGATE = {
    "kms:EncryptionContext:aws:ecs:clusterAccount": [ACCOUNT],
    "kms:EncryptionContext:aws:ecs:clusterName": ["web"],
}
TRAIL = f"arn:aws:cloudtrail:{HERE}:trail/mine"
CONNECTORS = f"arn:aws:securityhub:{HERE}:connectorv2/*"
HANDED_ON = {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "GenerateDataKey", "CreateGrant"]}}
MACHINE = f"arn:aws:states:{HERE}:stateMachine:orders"

PAGES: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "AmazonS3/latest/userguide/grant-destinations-permissions-to-s3": (
        [by("s3", ["kms:GenerateDataKey", "kms:Decrypt"])],
        {
            "Queue": QUEUE,
            "Source": resource(
                "AWS::S3::Bucket",
                NotificationConfiguration={"QueueConfigurations": [{"Queue": {"Fn::GetAtt": ["Queue", "Arn"]}}]},
            ),
        },
    ),
    "sns/latest/dg/sns-key-management": (
        [by("cloudwatch", ["kms:GenerateDataKey*", "kms:Decrypt"])],
        {"Topic": TOPIC, "Alarm": resource("AWS::CloudWatch::Alarm", AlarmActions=[{"Ref": "Topic"}])},
    ),
    "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management": (
        [by("sns", ["kms:GenerateDataKey", "kms:Decrypt"])],
        {
            "Queue": QUEUE,
            "Subscription": resource(
                "AWS::SNS::Subscription", Endpoint={"Fn::GetAtt": ["Queue", "Arn"]}, Protocol="sqs"
            ),
        },
    ),
    "eventbridge/latest/userguide/eb-encryption-key-policy": (
        [
            by(
                "events",
                ["kms:Decrypt", "kms:GenerateDataKey"],
                equals(
                    aws__SourceAccount=ACCOUNT,
                    aws__SourceArn=BUS,
                    **{"kms:EncryptionContext:aws:events:event-bus:arn": BUS},
                ),
            ),
            by("events", "kms:DescribeKey", equals(aws__SourceAccount=ACCOUNT, aws__SourceArn=BUS)),
            deploys("events", "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
            deploys("events", "ReEncryptFrom", "ReEncryptTo"),
        ],
        {"Bus": resource("AWS::Events::EventBus", Name="orders", KmsKeyIdentifier=THE_KEY)},
    ),
    "awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail": (
        [
            by(
                "cloudtrail",
                "kms:GenerateDataKey*",
                {
                    **equals(aws__SourceArn=TRAIL),
                    "StringLike": {
                        "kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"
                    },
                },
            ),
            by("cloudtrail", ["kms:DescribeKey", "kms:Decrypt"], equals(aws__SourceArn=TRAIL)),
        ],
        {"Trail": resource("AWS::CloudTrail::Trail", TrailName="mine", KMSKeyId=THE_KEY)},
    ),
    "lambda/latest/dg/invocation-eventfiltering": (
        [
            by(
                f"lambda.{REGION}",
                "kms:Decrypt",
                {"StringLike": {"aws:SourceArn": f"arn:aws:lambda:{HERE}:event-source-mapping:*"}},
            ),
            deploys("lambda", "Decrypt", "GenerateDataKey"),
        ],
        {"Mapping": resource("AWS::Lambda::EventSourceMapping", KmsKeyArn=THE_KEY, FunctionName="orders")},
    ),
    "AmazonECS/latest/developerguide/fargate-create-storage-key": (
        [
            by("fargate", "kms:GenerateDataKeyWithoutPlaintext", {"StringEquals": FARGATE}),
            by(
                "fargate",
                "kms:CreateGrant",
                {"StringEquals": FARGATE, "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]}},
            ),
        ],
        {
            "Cluster": resource(
                "AWS::ECS::Cluster",
                ClusterName="web",
                Configuration={"ManagedStorageConfiguration": {"FargateEphemeralStorageKmsKeyId": THE_KEY}},
            )
        },
    ),
    "Route53/latest/DeveloperGuide/access-control-managing-permissions": (
        [
            by(
                "dnssec-route53",
                ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"],
                equals(aws__SourceAccount=ACCOUNT),
            ),
            by(
                "dnssec-route53",
                "kms:CreateGrant",
                {**equals(aws__SourceAccount=ACCOUNT), "Bool": {"kms:GrantIsForAWSResource": True}},
            ),
        ],
        {"Signing": resource("AWS::Route53::KeySigningKey", Name="ksk", KeyManagementServiceArn=THE_KEY)},
    ),
    "config/latest/developerguide/s3-kms-key-policy": (
        [by("config", ["kms:Decrypt", "kms:GenerateDataKey"], equals(aws__SourceAccount=ACCOUNT))],
        {"Channel": resource("AWS::Config::DeliveryChannel", S3BucketName="b", S3KmsKeyArn=THE_KEY)},
    ),
    "AmazonS3/latest/userguide/configure-inventory": (
        [
            by(
                "s3",
                "kms:GenerateDataKey",
                {**equals(aws__SourceAccount=ACCOUNT), "ArnLike": {"aws:SourceArn": ["arn:aws:s3:::source"]}},
            )
        ],
        {
            "Bucket": BUCKET,
            "Source": resource(
                "AWS::S3::Bucket",
                BucketName="source",
                InventoryConfigurations=[{"Destination": {"BucketArn": {"Fn::GetAtt": ["Bucket", "Arn"]}}}],
            ),
        },
    ),
    "elasticloadbalancing/latest/network/enable-access-logs": (
        [
            by(
                "delivery.logs",
                ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
            )
        ],
        {
            "Bucket": BUCKET,
            "Balancer": resource(
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                Type="network",
                LoadBalancerAttributes=[{"Key": "access_logs.s3.bucket", "Value": {"Ref": "Bucket"}}],
            ),
        },
    ),
    "waf/latest/developerguide/logging-s3": (
        [by("delivery.logs", "kms:GenerateDataKey*")],
        {
            "Bucket": BUCKET,
            "Logs": resource(
                "AWS::WAFv2::LoggingConfiguration", LogDestinationConfigs=[{"Fn::GetAtt": ["Bucket", "Arn"]}]
            ),
        },
    ),
    "AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3": (
        [by("delivery.logs", "kms:GenerateDataKey*")],
        {
            "Bucket": BUCKET,
            "Site": resource(
                "AWS::CloudFront::Distribution",
                DistributionConfig={"Logging": {"Bucket": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]}}},
            ),
        },
    ),
    "msk/latest/developerguide/msk-logging": (
        [
            by(
                "delivery.logs",
                ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
            )
        ],
        {
            "Bucket": BUCKET,
            "Brokers": resource(
                "AWS::MSK::Cluster",
                LoggingInfo={"BrokerLogs": {"S3": {"Enabled": True, "Bucket": {"Ref": "Bucket"}}}},
            ),
        },
    ),
    "AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-S3": (
        [
            by(
                "delivery.logs",
                ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                {
                    **equals(aws__SourceAccount=ACCOUNT),
                    "ArnLike": {"aws:SourceArn": [f"arn:aws:logs:{HERE}:*"]},
                },
            )
        ],
        {
            "Bucket": BUCKET,
            "Wall": resource(
                "AWS::NetworkFirewall::LoggingConfiguration",
                LoggingConfiguration={"LogDestinationConfigs": [{"LogDestination": {"bucketName": {"Ref": "Bucket"}}}]},
            ),
        },
    ),
    "athena/latest/ug/managed-results": (
        [
            by(
                "encryption.athena",
                ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
                {
                    "ArnLike": {
                        "kms:EncryptionContext:aws:athena:arn": f"arn:aws:athena:{HERE}:workgroup/*",
                        "aws:SourceArn": f"arn:aws:athena:{HERE}:workgroup/*",
                    },
                    **equals(aws__SourceAccount=ACCOUNT),
                },
            ),
            deploys("athena", "Decrypt", "GenerateDataKey"),
        ],
        {
            "Group": resource(
                "AWS::Athena::WorkGroup",
                Name="sales",
                WorkGroupConfiguration={
                    "ManagedQueryResultsConfiguration": {"EncryptionConfiguration": {"KmsKey": THE_KEY}}
                },
            )
        },
    ),
    "emr/latest/EMR-Serverless-UserGuide/jobs-log-encryption": (
        [
            by(
                "emr-serverless",
                ["kms:Decrypt", "kms:GenerateDataKey"],
                {"StringLike": {"aws:SourceArn": f"arn:aws:emr-serverless:{HERE}:/applications/x"}},
            ),
        ],
        {
            "Jobs": resource(
                "AWS::EMRServerless::Application",
                MonitoringConfiguration={"S3MonitoringConfiguration": {"EncryptionKeyArn": THE_KEY}},
            )
        },
    ),
    "eventbridge/latest/userguide/eb-encryption-pipes-cmkey": (
        [
            allow(
                f"arn:aws:iam::{ACCOUNT}:role/app",
                ["kms:DescribeKey"],
            ),
            allow(
                f"arn:aws:iam::{ACCOUNT}:role/app",
                ["kms:Decrypt", "kms:GenerateDataKey"],
                {"StringEquals": {"kms:EncryptionContext:aws:pipe:arn": f"arn:aws:pipes:{HERE}:pipe/orders"}},
            ),
        ],
        {
            "Role": NAMED,
            "Pipe": resource(
                "AWS::Pipes::Pipe", Name="orders", RoleArn={"Fn::GetAtt": ["Role", "Arn"]}, KmsKeyIdentifier=THE_KEY
            ),
        },
    ),
    "step-functions/latest/dg/encryption-at-rest": (
        [
            DELEGATES,
            by("delivery.logs", "kms:Decrypt"),
            allow(
                f"arn:aws:iam::{ACCOUNT}:role/app",
                ["kms:Decrypt", "kms:GenerateDataKey"],
                {"StringEquals": {"kms:EncryptionContext:aws:states:stateMachineArn": MACHINE}},
            ),
            allow(
                f"arn:aws:iam::{ACCOUNT}:role/app",
                "kms:GenerateDataKey",
                {"StringEquals": {"kms:EncryptionContext:SourceArn": f"arn:aws:logs:{HERE}:*"}},
            ),
        ],
        {
            "Role": NAMED,
            "Machine": resource(
                "AWS::StepFunctions::StateMachine",
                StateMachineName="orders",
                RoleArn={"Fn::GetAtt": ["Role", "Arn"]},
                LoggingConfiguration={"Level": "ALL"},
                EncryptionConfiguration={"KmsKeyId": THE_KEY},
            ),
        },
    ),
    "aws-backup/latest/devguide/encryption": (
        [
            allow(ROOT, ["kms:ListKeys", "kms:DescribeKey", "kms:GenerateDataKey", "kms:ListAliases", "kms:Decrypt"]),
            allow(
                ROOT,
                "kms:CreateGrant",
                {
                    "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:backup:backup-vault"},
                    "Bool": {"kms:GrantIsForAWSResource": True},
                    "StringLike": {"kms:ViaService": "backup.*.amazonaws.com"},
                },
            ),
        ],
        {"Vault": resource("AWS::Backup::BackupVault", BackupVaultName="v", EncryptionKeyArn=THE_KEY)},
    ),
    "AmazonS3/latest/userguide/storage_lens_encrypt_permissions": (
        [
            by(
                "storage-lens.s3",
                ["kms:GenerateDataKey"],
                equals(aws__SourceArn=f"arn:aws:s3:{HERE}:storage-lens/lens", aws__SourceAccount=ACCOUNT),
            )
        ],
        {
            "Lens": resource(
                "AWS::S3::StorageLens",
                StorageLensConfiguration={
                    "Id": "lens",
                    "DataExport": {"S3BucketDestination": {"Encryption": {"SSEKMS": {"KeyId": THE_KEY}}}},
                },
            )
        },
    ),
    "systems-manager/latest/userguide/inventory-resource-data-sync": (
        [
            by(
                "ssm",
                ["kms:GenerateDataKey"],
                {
                    "StringLike": {"aws:SourceAccount": ACCOUNT},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:ssm:*:{ACCOUNT}:resource-data-sync/*"},
                },
            )
        ],
        {"Sync": resource("AWS::SSM::ResourceDataSync", SyncName="s", S3Destination={"KMSKeyArn": THE_KEY})},
    ),
    "securityhub/latest/userguide/securityhub-v2-integrations-key-policy": (
        [
            by(
                "connector.securityhub",
                ["kms:GenerateDataKey", "kms:Decrypt", "kms:ReEncrypt*"],
                {
                    "ArnLike": {"aws:SourceArn": CONNECTORS},
                    "StringLike": {
                        "kms:EncryptionContext:aws:securityhub:connectorV2Arn": CONNECTORS,
                        "kms:EncryptionContext:aws:securityhub:providerName": "SERVICENOW",
                    },
                },
            ),
            by("connector.securityhub", ["kms:DescribeKey"], {"ArnLike": {"aws:SourceArn": CONNECTORS}}),
            deploys("securityhub", "GenerateDataKey", "Decrypt", "ReEncryptFrom", "ReEncryptTo"),
        ],
        {"Connector": resource("AWS::SecurityHub::ConnectorV2", Name="c", KmsKeyArn=THE_KEY)},
    ),
    "workspaces-web/latest/adminguide/encryption-rest": (
        [
            DELEGATES,
            by(
                "workspaces-web",
                [
                    *("kms:DescribeKey", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt"),
                    *("kms:ReEncryptTo", "kms:ReEncryptFrom"),
                ],
                equals(aws__SourceAccount=ACCOUNT),
            ),
        ],
        {"Portal": resource("AWS::WorkSpacesWeb::Portal", CustomerManagedKey=THE_KEY)},
    ),
    "iot-sitewise/latest/userguide/sd-encryption": (
        [
            by(
                "iotsitewise",
                "kms:GenerateDataKey*",
                {
                    **equals(aws__SourceAccount=ACCOUNT),
                    "ArnLike": {"aws:SourceArn": f"arn:aws:iotsitewise:{HERE}:workspace/*"},
                },
            ),
            by("iotsitewise", ["kms:Decrypt", "kms:DescribeKey", "kms:ReEncrypt*"]),
            by("iotsitewise", "kms:CreateGrant", HANDED_ON),
            deploys("iotsitewise", "CreateGrant", "Decrypt", "GenerateDataKey"),
        ],
        {"Workspace": resource("AWS::IoTSiteWise::Workspace", WorkspaceName="w", KmsKeyId=THE_KEY)},
    ),
    "AmazonRDS/latest/AuroraUserGuide/zero-etl.creating": (
        [DELEGATES, by("redshift", "kms:CreateGrant", HANDED_ON)],
        {"Integration": resource("AWS::RDS::Integration", SourceArn="a", TargetArn="b", KMSKeyId=THE_KEY)},
    ),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_s_own_policy_is_right(page: str) -> None:
    statements, resources = PAGES[page]
    found = [one for one in found_in(template(Key=key(*statements), **resources)) if one.rule in KEYS]
    assert not [one for one in found if not one.undecided], "\n".join(map(str, found))


@pytest.mark.parametrize("page", [page for page in PAGES if "backup" not in page])
def test_without_it_there_is_a_finding(page: str) -> None:
    """What is allowed has a neighbour that is not: the policies above decide, not that nothing is looked at."""
    _, resources = PAGES[page]
    found = [one for one in found_in(template(Key=key(), **resources)) if one.rule in KEYS]
    assert any(not one.undecided for one in found)


@pytest.mark.parametrize(
    "name",
    [name for name in catalogue.resource_types() if catalogue.key_paths(name) and not name.startswith("AWS::KMS")],
)
def test_whatever_its_property_is_called_a_resource_with_a_key_is_read(name: str) -> None:
    value: Any = THE_KEY
    for part in reversed(catalogue.key_paths(name)[0].split("/")):
        value = [value] if part == "*" else {part: value}
    [landscape] = read_templates(
        {"Stack": template(Key=key(), It=resource(name, **value))}, account=ACCOUNT, region=REGION
    )
    assert name in [one.type for one in landscape.resources]
