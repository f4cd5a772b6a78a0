"""Integrations, connectors, browsers and exports: services that use a key by themselves, once it is given to them."""

from __future__ import annotations

from .making import DATA_KEYS, REENCRYPT, caller, deployer, linked_role, nothing, role, service
from .needs import Grants

_USES, _ARN = "Decrypt GenerateDataKey", "arn:{partition}:"
_RDS = "AmazonRDS/latest/AuroraUserGuide/zero-etl.creating"
_DYNAMODB = "redshift/latest/mgmt/zero-etl-setting-up.create-integration-ddb"
_SITES, _WORKSPACE = "iot-sitewise/latest/userguide/sd-encryption", "AWS::IoTSiteWise::Workspace"
_SUBSCRIBER = {"aws:iotsitewise:subscriberId": "{account}"}
_TICKETS, _CONNECTOR = (
    "securityhub/latest/userguide/securityhub-v2-integrations-key-policy",
    "AWS::SecurityHub::ConnectorV2",
)
_CONNECTORS = _ARN + "securityhub:{region}:{account}:connectorv2/*"
_THINGS, _IOT = "iot/latest/developerguide/encryption-at-rest", "AWS::IoT::EncryptionConfiguration"
_OF_THINGS = f"Decrypt Encrypt GenerateDataKeyWithoutPlaintext {REENCRYPT}"
_SYNC = "datasync/latest/userguide/location-credentials"
_BROWSERS = "workspaces-web/latest/adminguide/encryption-rest"
_OF_BROWSERS = f"Decrypt {DATA_KEYS} {REENCRYPT}"
_LENS, _LENSES = "AmazonS3/latest/userguide/storage_lens_encrypt_permissions", "AWS::S3::StorageLens"
_INVENTORY = "systems-manager/latest/userguide/inventory-resource-data-sync"
_INVENTORIES = "AWS::SSM::ResourceDataSync"
_CATALOG, _SETTINGS = "glue/latest/dg/encrypt-glue-data-catalog", "AWS::Glue::DataCatalogEncryptionSettings"
_AT_REST = "DataCatalogEncryptionSettings/EncryptionAtRest/"

ROWS = (
    # -- zero-ETL integrations: the page has a source where DynamoDB is the source alone --
    service(
        "AWS::RDS::Integration",
        "redshift.amazonaws.com",
        "CreateGrant",
        _RDS,
        context={"aws:redshift:integration:arn": _ARN + "rds:{region}:{account}:integration:*"},
        grants=Grants.FOR_DATA,
    ),
    service(
        "AWS::Redshift::Integration",
        "redshift.amazonaws.com",
        "CreateGrant",
        _DYNAMODB,
        context={"aws:redshift:integration:arn": _ARN + "redshift:{region}:{account}:integration:*"},
        source_account=True,
        source_arn=_ARN + "*:{region}:{account}:integration:*",
        grants=Grants.FOR_DATA,
    ),
    # -- workspaces of sites: their context is in "every AWS KMS request", the source with data keys alone --
    deployer(_WORKSPACE, f"CreateGrant {_USES}", "iotsitewise", _SITES),
    service(
        _WORKSPACE,
        "iotsitewise.amazonaws.com",
        DATA_KEYS,
        _SITES,
        context=_SUBSCRIBER,
        source_account=True,
        source_arn=_ARN + "iotsitewise:{region}:{account}:workspace/*",
        at_run=True,
    ),
    service(
        _WORKSPACE,
        "iotsitewise.amazonaws.com",
        f"CreateGrant Decrypt DescribeKey {REENCRYPT}",
        _SITES,
        context=_SUBSCRIBER,
        sourceless=True,
        grants=Grants.FOR_DATA,
    ),
    # -- connectors to tickets --
    deployer(_CONNECTOR, f"{_USES} {REENCRYPT}", "securityhub", _TICKETS),
    caller(_CONNECTOR, f"{_USES} {REENCRYPT}", "securityhub", _TICKETS),
    service(
        _CONNECTOR,
        "connector.securityhub.amazonaws.com",
        f"{_USES} DescribeKey {REENCRYPT}",
        _TICKETS,
        context={"aws:securityhub:connectorV2Arn": _CONNECTORS},
        source_arn=_CONNECTORS,
        at_run=True,
    ),
    # -- things --
    deployer(_IOT, _OF_THINGS, "", _THINGS),
    role(
        _IOT,
        "KmsAccessRoleArn",
        f"{_OF_THINGS} DescribeKey",
        _THINGS,
        context={"aws-crypto-ec:vendor": "iot.amazonaws.com"},
    ),
    # "All control plane operations now require the caller to have kms:Decrypt"
    caller(_IOT, "Decrypt", "", _THINGS),
    # -- credentials of places that data is copied from and to --
    *(
        row
        for kind, under in (
            ("AzureBlob", ""),
            ("FSxONTAP", "Protocol/SMB/"),
            ("FSxWindows", ""),
            ("HDFS", ""),
            ("ObjectStorage", ""),
            ("SMB", ""),
        )
        for row in (
            deployer(
                f"AWS::DataSync::Location{kind}",
                f"Encrypt {_USES}",
                "secretsmanager",
                _SYNC,
                paths=f"{under}CmkSecretConfig/KmsKeyArn",
                any_region=True,
            ),
            linked_role(
                f"AWS::DataSync::Location{kind}",
                "datasync.amazonaws.com/AWSServiceRoleForDataSync",
                "Decrypt",
                _SYNC,
                paths=f"{under}CmkSecretConfig/KmsKeyArn",
                at_run=True,
            ),
            role(
                f"AWS::DataSync::Location{kind}",
                f"{under}CustomSecretConfig/SecretAccessRoleArn",
                "Decrypt",
                _SYNC,
                paths=f"{under}CustomSecretConfig/SecretArn",
                leads_to="AWS::SecretsManager::Secret",
                via="secretsmanager",
                context={"SecretARN": _ARN + "secretsmanager:{region}:{account}:secret:*"},
                at_run=True,
            ),
        )
    ),
    # -- browsers --
    *(
        row
        for kind in (
            *("BrowserSettings", "DataProtectionSettings", "IpAccessSettings", "Portal", "SessionLogger"),
            "UserSettings",
        )
        for row in (
            service(
                f"AWS::WorkSpacesWeb::{kind}",
                "workspaces-web.amazonaws.com",
                f"{_OF_BROWSERS} DescribeKey",
                _BROWSERS,
                source_account=True,
                source_arn=_ARN + "workspaces-web:{region}:{account}:*/*",
                at_run=True,
            ),
            caller(f"AWS::WorkSpacesWeb::{kind}", _OF_BROWSERS, "workspaces-web", _BROWSERS),
        )
    ),
    # -- exports: what is exported may be of another region than the bucket and its key --
    nothing(_LENSES, _LENS),
    service(
        _LENSES,
        "storage-lens.s3.amazonaws.com",
        "GenerateDataKey",
        _LENS,
        source_account=True,
        source_arn=_ARN + "s3:*:{account}:storage-lens/*",
        at_run=True,
    ),
    nothing(_INVENTORIES, _INVENTORY),
    service(
        _INVENTORIES,
        "ssm.amazonaws.com",
        "GenerateDataKey",
        _INVENTORY,
        source_account=True,
        source_arn=_ARN + "ssm:*:{account}:resource-data-sync/*",
        at_run=True,
    ),
    # -- the catalog of an account: by one role, or by whoever reads and writes it --
    role(
        _SETTINGS,
        _AT_REST + "CatalogEncryptionServiceRole",
        f"Encrypt {_USES}",
        _CATALOG,
        paths=_AT_REST + "SseAwsKmsKeyId",
        only_with=_AT_REST + "CatalogEncryptionServiceRole",
        at_run=True,
    ),
    caller(
        _SETTINGS,
        f"CreateGrant Encrypt {_USES}",
        "",
        _CATALOG,
        paths=_AT_REST + "SseAwsKmsKeyId",
        only_without=_AT_REST + "CatalogEncryptionServiceRole",
    ),
)
