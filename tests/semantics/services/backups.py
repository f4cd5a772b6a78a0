"""Plans of AWS Backup, whose role decrypts what it selects, and other roles and services that few apps have."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnResource, Size, Stack, Tags
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks as eks
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_backup import BackupResource

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import Ask, Build, Construction, deploys, directly, service, uses
from tests.semantics.services.constructions import SENDS, arn, bucket, role, topic, vpc

RENEWS = "Decrypt GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"


def table(s: Stack, k: HardenedKey, id: str = "Table") -> dynamodb.Table:
    partition = dynamodb.Attribute(name="p", type=dynamodb.AttributeType.STRING)
    customer = dynamodb.TableEncryption.CUSTOMER_MANAGED
    return dynamodb.Table(s, id, partition_key=partition, encryption=customer, encryption_key=k)


def plan(s: Stack, key: HardenedKey | None = None) -> backup.BackupPlan:
    return backup.BackupPlan.daily35_day_retention(s, "Plan", backup.BackupVault(s, "Vault", encryption_key=key))


def selected(s: Stack, k: HardenedKey) -> None:
    volume = ec2.Volume(
        s, "Volume", availability_zone="us-east-1a", size=Size.gibibytes(1), encrypted=True, encryption_key=k
    )
    by_name = [
        BackupResource.from_dynamo_db_table(table(s, k)),
        BackupResource.from_arn(bucket(s, k).bucket_arn),
        BackupResource.from_construct(volume),
    ]
    plan(s).add_selection("Chosen", resources=by_name, role=role(s))


def selected_by_tag(s: Stack, k: HardenedKey) -> None:
    Tags.of(table(s, k)).add("backup", "daily")
    plan(s).add_selection("Chosen", resources=[BackupResource.from_tag("backup", "daily")], role=role(s))


def selected_into_a_vault(s: Stack, k: HardenedKey) -> None:
    plan(s, k).add_selection("Chosen", resources=[BackupResource.from_arn("arn:aws:s3:::*")], role=role(s))


def copied_into_a_vault(s: Stack, k: HardenedKey) -> None:
    copies = backup.BackupPlan(s, "Plan", backup_vault=backup.BackupVault(s, "Here"))
    vault = backup.BackupVault(s, "Vault", encryption_key=k)
    copies.add_rule(
        backup.BackupPlanRule(copy_actions=[backup.BackupPlanCopyActionProps(destination_backup_vault=vault)])
    )
    copies.add_selection("Chosen", resources=[BackupResource.from_arn("arn:aws:s3:::*")], role=role(s))


def l1(kind: str, properties: Any) -> Build:
    return lambda s, k: CfnResource(s, "It", type=kind, properties=properties(s, k))


def mails_by_a_role(s: Stack, k: HardenedKey) -> dict[str, Any]:
    action = {"BucketName": bucket(s, k).bucket_name, "IamRoleArn": role(s).role_arn}
    return {"RuleSetName": "a", "Rule": {"Actions": [{"S3Action": action}]}}


def sealed_mails_by_a_role(s: Stack, k: HardenedKey) -> dict[str, Any]:
    action = {"BucketName": "mails", "IamRoleArn": role(s).role_arn, "KmsKeyArn": k.key_arn}
    return {"RuleSetName": "a", "Rule": {"Actions": [{"S3Action": action}]}}


def anomalies(s: Stack, k: HardenedKey) -> dict[str, Any]:
    subscriber = {"Type": "SNS", "Address": topic(s, k).topic_arn}
    return {"SubscriptionName": "x", "Frequency": "IMMEDIATE", "MonitorArnList": [], "Subscribers": [subscriber]}


def releases(s: Stack, k: HardenedKey) -> dict[str, Any]:
    trigger = {"TriggerName": "t", "TriggerEvents": ["DeploymentFailure"], "TriggerTargetArn": topic(s, k).topic_arn}
    return {"ApplicationName": "x", "ServiceRoleArn": role(s).role_arn, "TriggerConfigurations": [trigger]}


def kubernetes(s: Stack, k: HardenedKey) -> None:
    """CDK's older cluster, which a role of a custom resource makes."""
    layer = lambda_.LayerVersion.from_layer_version_arn(s, "Layer", arn("lambda", "layer:x:1"))
    eks.Cluster(
        s,
        "Cluster",
        version=eks.KubernetesVersion.V1_31,
        secrets_encryption_key=k,
        default_capacity=0,
        kubectl_layer=layer,
        vpc=vpc(s),
        vpc_subnets=[ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)],
    )


def agents(s: Stack, k: HardenedKey) -> dict[str, Any]:
    return {"DefaultKmsKeyId": k.key_arn, "RoleArn": role(s).role_arn}


def agents_of(kind: str) -> str:
    return arn("securityagent", f"{kind}/x")


def allow(*actions: str, **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [f"kms:{one}" for one in actions], "Resource": "*", "Condition": condition}


#: What the policy that AWS attaches to the role of a plan says of keys: any key, as far as the key policy lets it.
#: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
OF_BACKUPS: dict[str, Any] = {
    "service-role/AWSBackupServiceRolePolicyForBackup": {
        "Version": "2012-10-17",
        "Statement": [
            allow("Decrypt", "GenerateDataKey", StringLike={"kms:ViaService": ["dynamodb.*.amazonaws.com"]}),
            {"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*"},
            allow("CreateGrant", Bool={"kms:GrantIsForAWSResource": "true"}),
            allow(
                *("GenerateDataKeyWithoutPlaintext", "ReEncryptTo", "ReEncryptFrom"),
                **{
                    "StringLike": {"kms:ViaService": ["ec2.*.amazonaws.com"]},
                    "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:ebs:id"},
                },
            ),
        ],
    }
}
DISKS = "CreateGrant GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"

BACKUPS = (
    Construction(
        "backup_selection",
        selected,
        (
            *uses("Role", "dynamodb", SENDS),
            *uses("Role", "s3", "Decrypt"),
            *uses("Role", "ec2", DISKS),
        ),
    ),
    Construction(
        "postgres",
        l1("AWS::DSQL::Cluster", lambda _, k: {"KmsEncryptionKey": k.key_arn}),
        deploys("dsql", "Decrypt Encrypt GenerateDataKey"),
    ),
    Construction(
        "kubernetes_by_a_custom_resource",
        kubernetes,
        (Ask(who="ClusterCreationRole", action="kms:CreateGrant", sent={"kms:GrantIsForAWSResource": "false"}),),
    ),
    Construction("backup_selection_by_tag", selected_by_tag, uses("Role", "dynamodb", SENDS)),
    Construction("backup_vault_of_a_plan", selected_into_a_vault, uses("Role", "backup", f"CreateGrant {SENDS}")),
    Construction("backup_copied_to_a_vault", copied_into_a_vault, uses("Role", "backup", f"CreateGrant {SENDS}")),
    Construction("mails_by_a_role", l1("AWS::SES::ReceiptRule", mails_by_a_role), uses("Role", "s3", SENDS)),
    Construction(
        "sealed_mails_by_a_role",
        l1("AWS::SES::ReceiptRule", sealed_mails_by_a_role),
        directly("Role", "GenerateDataKey"),
    ),
    Construction(
        "anomaly_to_topic",
        l1("AWS::CE::AnomalySubscription", anomalies),
        service("costalerts", SENDS, account=True),
    ),
    Construction("release_to_topic", l1("AWS::CodeDeploy::DeploymentGroup", releases), uses("Role", "sns", SENDS)),
    Construction(
        "security_application",
        l1("AWS::SecurityAgent::Application", agents),
        (
            *uses("Role", "securityagent", SENDS, {"aws:securityagent:agent-space": agents_of("agent-space")}),
            *uses("deployer", "securityagent", RENEWS, {"aws:securityagent:agent-space": agents_of("agent-space")}),
            *service(
                "securityagent",
                RENEWS,
                {"aws:securityagent:agent-space": agents_of("agent-space")},
                arn=agents_of("agent-space"),
            ),
            *service(
                "securityagent",
                f"{RENEWS} Encrypt",
                {"aws-crypto-ec:aws:securityagent:integration": agents_of("integration")},
                arn=agents_of("integration"),
            ),
        ),
    ),
)
