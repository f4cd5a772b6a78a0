"""Buckets, volumes, file systems, images and backups."""

from __future__ import annotations

from .making import DATA_KEYS, REENCRYPT, VOLUMES, caller, deployer, nothing, role, service
from .needs import Basis, Require

_BUCKET = "AWS::S3::Bucket"
_S3 = "AmazonS3/latest/userguide/"
_ENCRYPTION = "BucketEncryption/ServerSideEncryptionConfiguration/*/ServerSideEncryptionByDefault/KMSMasterKeyID"
_METADATA = " ".join(
    f"MetadataConfiguration/{table}TableConfiguration/EncryptionConfiguration/KmsKeyArn"
    for table in ("Annotation", "Inventory", "Journal")
)
_REPLICAS = "ReplicationConfiguration/Rules/*/Destination/EncryptionConfiguration/ReplicaKmsKeyID"
# Not the ARN of the alias or the id alone: what CloudTrail and vended logs cannot deliver to.
_EBS = "ebs/latest/userguide/ebs-encryption-requirements"
_ECS_EBS = "AmazonECS/latest/developerguide/ebs-kms-encryption"
_MANAGED_EBS = "VolumeConfigurations/*/ManagedEBSVolume/KmsKeyId"

ROWS = (
    nothing(_BUCKET, _S3 + "UsingKMSEncryption"),
    caller(
        _BUCKET,
        "Decrypt GenerateDataKey",
        "s3",
        _S3 + "UsingKMSEncryption",
        paths=_ENCRYPTION,
        context={"aws:s3:arn": "arn:{partition}:s3:::{name}"},
        named_by="BucketName",
    ),
    *(
        service(
            _BUCKET,
            principal,
            "Decrypt GenerateDataKey",
            _S3 + "s3-tables-kms-permissions",
            paths=_METADATA,
            context={"aws:s3:arn": "arn:{partition}:s3tables:{region}:{account}:bucket/*"},
        )
        for principal in ("metadata.s3.amazonaws.com", "maintenance.s3tables.amazonaws.com")
    ),
    role(
        _BUCKET,
        "ReplicationConfiguration/Role",
        "Encrypt",
        _S3 + "replication-config-for-kms-objects",
        paths=_REPLICAS,
        via="s3",
        at_run=True,
    ),
    # With a Bucket Key the context is the bucket, without it is the object.
    *(
        role(
            _BUCKET,
            "ReplicationConfiguration/Role",
            "Decrypt",
            _S3 + "replication-config-for-kms-objects",
            paths=_ENCRYPTION,
            via="s3",
            context={"aws:s3:arn": context},
            named_by="BucketName",
            only_with="ReplicationConfiguration",
            at_run=True,
        )
        for context in ("arn:{partition}:s3:::{name}", "arn:{partition}:s3:::{name}/*")
    ),
    # A bucket that names no destination logs to itself.
    service(
        _BUCKET,
        "logging.s3.amazonaws.com",
        "Decrypt GenerateDataKey",
        _S3 + "enable-server-access-logging",
        paths=_ENCRYPTION,
        only_with="LoggingConfiguration",
        only_without="LoggingConfiguration/DestinationBucketName",
        at_run=True,
    ),
    deployer(
        "AWS::S3Express::DirectoryBucket",
        "Decrypt GenerateDataKey",
        "s3",
        _S3 + "s3-express-UsingKMSEncryption",
        basis=Basis.HANDLERS,
    ),
    nothing("AWS::S3Tables::TableBucket", _S3 + "s3-tables-kms-permissions"),
    service(
        "AWS::S3Tables::TableBucket",
        "maintenance.s3tables.amazonaws.com",
        "Decrypt GenerateDataKey",
        _S3 + "s3-tables-kms-permissions",
        context={"aws:s3:arn": "arn:{partition}:s3tables:{region}:{account}:bucket/{name}/*"},
        named_by="TableBucketName",
    ),
    deployer(
        "AWS::S3Vectors::VectorBucket", "Decrypt GenerateDataKey", "s3vectors", _S3 + "s3-vectors-data-encryption"
    ),
    deployer("AWS::S3Vectors::Index", "Decrypt GenerateDataKey", "s3vectors", _S3 + "s3-vectors-data-encryption"),
    *(
        service(
            f"AWS::S3Vectors::{kind}",
            "indexing.s3vectors.amazonaws.com",
            "Decrypt",
            _S3 + "s3-vectors-data-encryption",
            source_account=True,
            source_arn="arn:{partition}:s3vectors:{region}:{account}:bucket/*",
            requires=(Require.FULL_ARN,),
            at_run=True,
        )
        for kind in ("VectorBucket", "Index")
    ),
    deployer("AWS::EC2::Volume", VOLUMES, "ec2", _EBS),
    deployer("AWS::EC2::Instance", VOLUMES, "ec2", _EBS),
    role(
        "AWS::ECS::Service",
        "VolumeConfigurations/*/ManagedEBSVolume/RoleArn",
        "DescribeKey",
        _ECS_EBS,
        paths=_MANAGED_EBS,
    ),
    role(
        "AWS::ECS::Service",
        "VolumeConfigurations/*/ManagedEBSVolume/RoleArn",
        f"{DATA_KEYS} {REENCRYPT} CreateGrant",
        _ECS_EBS,
        paths=_MANAGED_EBS,
        via="ec2",
    ),
    deployer(
        "AWS::EFS::FileSystem",
        "CreateGrant Decrypt GenerateDataKeyWithoutPlaintext",
        "elasticfilesystem",
        "efs/latest/ug/EFSKMS",
    ),
    deployer(
        "AWS::FSx::FileSystem",
        "CreateGrant Decrypt GenerateDataKeyWithoutPlaintext",
        "fsx",
        "fsx/latest/WindowsGuide/encryption-at-rest",
    ),
    deployer("AWS::ECR::Repository", "CreateGrant RetireGrant", "ecr", "AmazonECR/latest/userguide/encryption-at-rest"),
    deployer(
        "AWS::Backup::BackupVault",
        "CreateGrant Decrypt GenerateDataKey RetireGrant",
        "backup",
        "aws-backup/latest/devguide/encryption",
        any_region=True,
    ),
)
