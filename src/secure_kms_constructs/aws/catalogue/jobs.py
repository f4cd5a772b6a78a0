"""Jobs without servers, and stores of features."""

from __future__ import annotations

from .making import REENCRYPT, caller, deployer, role, service
from .needs import Basis

_JOBS, _LOGGED = "AWS::EMRServerless::Application", "emr/latest/EMR-Serverless-UserGuide/jobs-log-encryption"
_LOGS = " ".join(
    f"MonitoringConfiguration/{where}MonitoringConfiguration/EncryptionKeyArn" for where in ("ManagedPersistence", "S3")
)
_TO_CLOUDWATCH = "MonitoringConfiguration/CloudWatchLoggingConfiguration/EncryptionKeyArn"
_DISKS = "DiskEncryptionConfiguration/EncryptionKeyArn"
_FEATURES, _STORE = "AWS::SageMaker::FeatureGroup", "sagemaker/latest/dg/feature-store-security"
_ONLINE = "OnlineStoreConfig/SecurityConfig/KmsKeyId"
_OFFLINE = "OfflineStoreConfig/S3StorageConfig/KmsKeyId"
_RECORDS = " ".join(f"sagemaker:{verb}Record" for verb in ("BatchGet", "BatchWrite", "Delete", "Get", "List", "Put"))

ROWS = (
    service(
        _JOBS,
        "emr-serverless.amazonaws.com",
        "Decrypt GenerateDataKey",
        _LOGGED,
        paths=_LOGS,
        source_arn="arn:{partition}:emr-serverless:{region}:{account}:/applications/*",
        at_run=True,
    ),
    service(
        _JOBS,
        "logs.{region}.{suffix}",
        "Decrypt GenerateDataKey",
        _LOGGED,
        paths=_TO_CLOUDWATCH,
        context={"aws:logs:arn": "arn:{partition}:logs:{region}:{account}:*"},
        at_run=True,
    ),
    # The property is missing in the registry schema.
    service(
        _JOBS,
        "emr-serverless.amazonaws.com",
        "Decrypt GenerateDataKey",
        "emr/latest/EMR-Serverless-UserGuide/disk-encryption-cmk",
        paths=_DISKS,
        source_account=True,
        source_arn="arn:{partition}:emr-serverless:{region}:{account}:/applications/*",
        at_run=True,
    ),
    # Whoever submits a job, and the role that it runs as.
    caller(_JOBS, "Decrypt GenerateDataKey", "", _LOGGED, paths=f"{_DISKS} {_LOGS}"),
    deployer(
        _FEATURES,
        f"CreateGrant Decrypt Encrypt GenerateDataKey {REENCRYPT} RetireGrant RevokeGrant",
        "sagemaker",
        _STORE,
        paths=_ONLINE,
        any_region=True,
    ),
    # "cannot be used for the offline store. ... it will fail the CreateFeatureGroup API operation"
    role(_FEATURES, "RoleArn", "GenerateDataKey", _STORE, paths=_OFFLINE),
    # For the Bucket Key of its bucket.
    role(_FEATURES, "RoleArn", "Decrypt", _STORE, paths=_OFFLINE, via="s3", basis=Basis.BELIEF),
    *(
        caller(_FEATURES, "Decrypt", "sagemaker", _STORE, paths=_ONLINE, any_region=True, asked_by=asked_by)
        for asked_by in (_RECORDS, "")
    ),
)
