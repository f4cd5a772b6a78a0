"""Who needs the keys of what AWS Backup backs up: the role of a selection, for each resource that it selects."""

from __future__ import annotations

from .making import REENCRYPT, caller, role
from .needs import Basis, Need

SELECTION = "AWS::Backup::BackupSelection"
# Where a plan keeps backups, and where it copies them to: "AWS Backup encrypts the copy using the KMS key of the target
# vault", by grants "as part of backup, copy, and storage operations".
VAULTS = (
    "BackupPlan/BackupPlanRule/*/TargetBackupVault",
    "BackupPlan/BackupPlanRule/*/CopyActions/*/DestinationBackupVaultArn",
)

_ENCRYPTION = "aws-backup/latest/devguide/encryption"
# What AWS attaches to these roles; the page above says that the role needs the key, or objects are left out.
_ROLE_POLICY = "aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup"
_OF_BUCKETS = "aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForS3Backup"
_DATABASES = " ".join(
    f"AWS::{kind}"
    for kind in ("DocDB::DBCluster", "Neptune::DBCluster", "RDS::DBCluster", "RDS::DBInstance", "FSx::FileSystem")
)


def _selected(kinds: str, actions: str, via: str, path: str, **more: object) -> Need:
    """Return what the role of a selection needs for the resources that it selects."""
    return role(
        SELECTION,
        "BackupSelection/IamRoleArn",
        actions,
        path,
        paths="BackupSelection/Resources/*",
        leads_to=kinds,
        via=via,
        at_run=True,
        **more,
    )


ROWS = (
    _selected("AWS::DynamoDB::GlobalTable AWS::DynamoDB::Table", "Decrypt GenerateDataKey", "dynamodb", _ENCRYPTION),
    _selected("AWS::S3::Bucket", "Decrypt", "s3", _OF_BUCKETS),
    _selected(
        "AWS::EC2::Instance AWS::EC2::Volume",
        f"CreateGrant GenerateDataKeyWithoutPlaintext {REENCRYPT}",
        "ec2",
        _ROLE_POLICY,
    ),
    _selected("AWS::DSQL::Cluster", "Decrypt", "dsql", _ROLE_POLICY, context={"aws:dsql:ClusterId": "*"}),
    # The policy allows grants without naming the service. Elastic File System reads with the grant that it has.
    *(
        _selected(kind, "CreateGrant", "fsx" if "FSx" in kind else "rds", _ROLE_POLICY, basis=Basis.BELIEF)
        for kind in _DATABASES.split()
    ),
    # The vault's own key, by the plan that names the vault; who selects for it elsewhere is told.
    caller(
        "AWS::Backup::BackupPlan",
        "CreateGrant Decrypt GenerateDataKey",
        "backup",
        _ENCRYPTION,
        paths=" ".join(VAULTS),
        leads_to="AWS::Backup::BackupVault",
        any_region=True,
    ),
    role(
        SELECTION,
        "BackupSelection/IamRoleArn",
        "CreateGrant Decrypt GenerateDataKey",
        _ENCRYPTION,
        paths="BackupPlanId",
        leads_to="AWS::Backup::BackupPlan",
        via="backup",
        any_region=True,
        at_run=True,
    ),
)
