"""L1s whose key roles need that others name: those that back up, and those that may ask what reads with the key."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_iam as iam

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import Ask, Construction, uses
from tests.semantics.services.constructions import MACHINE, SENDS, arn, role
from tests.semantics.services.l1_making import SEALED_BUCKET, at

GRANTS, DISKS = "CreateGrant", "CreateGrant GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"


def selected(name: str, kind: str, path: str, *asks: tuple[Ask, ...]) -> Construction:
    """Return a resource under the key that a backup selection names."""

    def build(s: Stack, k: HardenedKey) -> None:
        it = CfnResource(s, "It", type=kind, properties=at(path, k.key_arn))
        chosen = {"SelectionName": "a", "IamRoleArn": role(s).role_arn, "Resources": [it.ref]}
        properties = {"BackupPlanId": "p", "BackupSelection": chosen}
        CfnResource(s, "Chosen", type="AWS::Backup::BackupSelection", properties=properties)

    return Construction(f"by_l1_backup_of_{name}", build, tuple(it for several in asks for it in several))


def reads(action: str, resource: str, of: dict[str, Any], *asks: tuple[Ask, ...]) -> Construction:
    """Return what a role may ask of a machine or activity under the key."""

    def build(s: Stack, k: HardenedKey) -> None:
        sealing = {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": k.key_arn}
        kind = f"AWS::StepFunctions::{resource}"
        it = CfnResource(s, "It", type=kind, properties={**of, "EncryptionConfiguration": sealing})
        role(s, "Reader").add_to_policy(iam.PolicyStatement(actions=[f"states:{action}"], resources=[it.ref]))

    return Construction(f"by_l1_{action.lower()}", build, tuple(it for several in asks for it in several))


BACKUPS = (
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
    selected("bucket", "AWS::S3::Bucket", f"{SEALED_BUCKET}/KMSMasterKeyID", uses("Role", "s3", "Decrypt")),
    selected("table", "AWS::DynamoDB::Table", "SSESpecification/KMSMasterKeyId", uses("Role", "dynamodb", SENDS)),
    selected(
        "global_table",
        "AWS::DynamoDB::GlobalTable",
        "Replicas/*/SSESpecification/KMSMasterKeyId",
        uses("Role", "dynamodb", SENDS),
    ),
    selected("instance", "AWS::EC2::Instance", "BlockDeviceMappings/*/Ebs/KmsKeyId", uses("Role", "ec2", DISKS)),
    selected("volume", "AWS::EC2::Volume", "KmsKeyId", uses("Role", "ec2", DISKS)),
    selected("files", "AWS::FSx::FileSystem", "KmsKeyId", uses("Role", "fsx", GRANTS)),
    *(
        selected(name, kind, "KmsKeyId", uses("Role", "rds", GRANTS))
        for name, kind in (
            ("database", "AWS::RDS::DBInstance"),
            ("databases", "AWS::RDS::DBCluster"),
            ("documents", "AWS::DocDB::DBCluster"),
            ("graph", "AWS::Neptune::DBCluster"),
        )
    ),
)

# https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
READERS = (
    *(
        reads(action, "StateMachine", {"StateMachineName": "orders"}, uses("Reader", "states", "Decrypt", MACHINE))
        for action in (
            *("DescribeExecution", "DescribeStateMachine", "DescribeStateMachineForExecution"),
            *("GetExecutionHistory", "StartSyncExecution"),
        )
    ),
    reads(
        "GetActivityTask",
        "Activity",
        {"Name": "tasks"},
        uses("Reader", "states", "Decrypt", {"aws:states:activityArn": arn("states", "activity:tasks")}),
    ),
)
