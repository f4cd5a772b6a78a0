"""Databases, caches and streams."""

from __future__ import annotations

from .making import ALL, DATA_KEYS, REENCRYPT, caller, deployer, nothing, role, service
from .needs import Basis

_RDS = "AmazonRDS/latest/UserGuide/Overview.Encryption.Keys"
_MANAGED = "AmazonRDS/latest/UserGuide/rds-secrets-manager"
_REDSHIFT = "redshift/latest/mgmt/working-with-db-encryption"
_CACHE = "AmazonElastiCache/latest/dg/at-rest-encryption"
_KINESIS = "streams/latest/dev/permissions-user-key-KMS"
_FIREHOSE = "firehose/latest/dev/encryption"
_DELIVERY = "AWS::KinesisFirehose::DeliveryStream"
_TO_S3 = "EncryptionConfiguration/KMSEncryptionConfig/AWSKMSKeyARN"
_DESTINATIONS = (
    *("ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"),
    "ExtendedS3DestinationConfiguration/S3BackupConfiguration",
    *(
        f"{name}/S3Configuration"
        for name in (
            *("AmazonOpenSearchServerlessDestinationConfiguration", "AmazonopensearchserviceDestinationConfiguration"),
            *("ElasticsearchDestinationConfiguration", "HttpEndpointDestinationConfiguration"),
            *("IcebergDestinationConfiguration", "RedshiftDestinationConfiguration"),
            *("SnowflakeDestinationConfiguration", "SplunkDestinationConfiguration"),
        )
    ),
    "RedshiftDestinationConfiguration/S3BackupConfiguration",
)

ROWS = (
    *(
        deployer(
            f"AWS::DynamoDB::{kind}",
            f"{ALL} CreateGrant RevokeGrant",
            "dynamodb",
            "amazondynamodb/latest/developerguide/encryption.usagenotes",
        )
        for kind in ("Table", "GlobalTable")
    ),
    nothing("AWS::Kinesis::Stream", _KINESIS),
    caller(
        "AWS::Kinesis::Stream",
        "Decrypt GenerateDataKey",
        "kinesis",
        _KINESIS,
        context={"aws:kinesis:arn": "arn:{partition}:kinesis:{region}:{account}:stream/{name}"},
        named_by="Name",
    ),
    # The encryption context is opaque: no condition on it.
    deployer(
        _DELIVERY,
        "CreateGrant RevokeGrant",
        "firehose",
        _FIREHOSE,
        paths="DeliveryStreamEncryptionConfigurationInput/KeyARN",
    ),
    *(nothing(_DELIVERY, _FIREHOSE, paths=f"{one}/{_TO_S3}") for one in _DESTINATIONS),
    *(
        role(
            _DELIVERY,
            f"{one}/RoleARN",
            "Decrypt GenerateDataKey",
            "firehose/latest/dev/controlling-access",
            paths=f"{one}/{_TO_S3}",
            via="s3",
            at_run=True,
        )
        for one in _DESTINATIONS
    ),
    deployer(
        "AWS::RDS::DBInstance",
        "CreateGrant",
        "rds",
        _RDS,
        paths="KmsKeyId PerformanceInsightsKMSKeyId AutomaticBackupReplicationKmsKeyId",
    ),
    deployer("AWS::RDS::DBCluster", "CreateGrant", "rds", _RDS, paths="KmsKeyId PerformanceInsightsKmsKeyId"),
    deployer(
        "AWS::DocDB::DBCluster",
        "CreateGrant",
        "rds",
        "documentdb/latest/developerguide/encryption-at-rest",
        paths="KmsKeyId",
    ),
    # The secret is made through Secrets Manager, in the deployer's name.
    *(
        deployer(kind, "CreateGrant Decrypt GenerateDataKey", "secretsmanager", source, paths=path, basis=basis)
        for kind, path, source, basis in (
            ("AWS::RDS::DBInstance", "MasterUserSecret/KmsKeyId", _MANAGED, Basis.PAGE),
            ("AWS::RDS::DBCluster", "MasterUserSecret/KmsKeyId", _MANAGED, Basis.PAGE),
            ("AWS::DocDB::DBCluster", "MasterUserSecretKmsKeyId", _MANAGED, Basis.BELIEF),
            ("AWS::Redshift::Cluster", "MasterPasswordSecretKmsKeyId", _MANAGED, Basis.BELIEF),
            ("AWS::RedshiftServerless::Namespace", "AdminPasswordSecretKmsKeyId", _MANAGED, Basis.BELIEF),
        )
    ),
    # No page and no handler list of these; those of AWS::DMS::Endpoint name the same and more.
    *(
        deployer(
            f"AWS::DMS::{kind}",
            "CreateGrant Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext",
            "dms",
            "dms/latest/userguide/CHAP_Security",
            basis=Basis.BELIEF,
        )
        for kind in ("ReplicationConfig", "ReplicationInstance")
    ),
    deployer("AWS::Neptune::DBCluster", f"{ALL} CreateGrant", "rds", "neptune/latest/userguide/encrypt"),
    deployer(
        "AWS::Redshift::Cluster",
        "CreateGrant Decrypt Encrypt GenerateDataKey",
        "redshift",
        _REDSHIFT,
        paths="KmsKeyId",
    ),
    deployer("AWS::Redshift::SnapshotCopyGrant", "CreateGrant", "redshift", _REDSHIFT),
    deployer(
        "AWS::ElastiCache::ReplicationGroup",
        "CreateGrant Decrypt Encrypt GenerateDataKey",
        "elasticache dax",
        _CACHE,
    ),
    *(
        deployer(f"AWS::ElastiCache::{kind}", "CreateGrant", "elasticache dax", _CACHE)
        for kind in ("ServerlessCache", "ServerlessCacheSnapshot", "Snapshot")
    ),
    *(
        deployer(f"AWS::MemoryDB::{kind}", "CreateGrant", "memorydb", "memorydb/latest/devguide/at-rest-encryption")
        for kind in ("Cluster", "Snapshot")
    ),
    deployer(
        "AWS::Cassandra::Table",
        f"CreateGrant Decrypt Encrypt {DATA_KEYS} {REENCRYPT}",
        "cassandra",
        "keyspaces/latest/devguide/encryption.customermanaged",
        any_region=True,
    ),
    # Who selects the key needs it too; the page prints the service alone, so that part is that of the handlers.
    service(
        "AWS::DSQL::Cluster",
        "dsql.amazonaws.com",
        f"Decrypt DescribeKey Encrypt GenerateDataKey {REENCRYPT}",
        "aurora-dsql/latest/userguide/data-encryption",
        context={"aws:dsql:ClusterId": "*"},
        source_arn="arn:{partition}:dsql:{region}:{account}:cluster/*",
    ),
    *(
        deployer(kind, "CreateGrant", "es", "opensearch-service/latest/developerguide/encryption-at-rest")
        for kind in ("AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain")
    ),
    # The text of an encryption policy names the key of the collections that it is for.
    deployer(
        "AWS::OpenSearchServerless::SecurityPolicy",
        "CreateGrant",
        "aoss",
        "opensearch-service/latest/developerguide/serverless-encryption",
        paths="Policy",
    ),
)
