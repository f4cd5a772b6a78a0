"""Integrations, connectors, browsers and exports under a key: one L1 for each page."""

from __future__ import annotations

from dataclasses import replace

from tests.semantics.services.asks import ACCOUNT, Ask, Construction, deploys, directly, service, uses
from tests.semantics.services.constructions import SENDS, arn
from tests.semantics.services.named_constructions import SECRET, WRITES, key_arn, l1, linked, named_role, secret

RENEWS = "ReEncryptFrom ReEncryptTo"
SITE, CONNECTOR = {"aws:iotsitewise:subscriberId": ACCOUNT}, arn("securityhub", "connectorv2/x")
THINGS = "Decrypt Encrypt GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"
LENS = "StorageLensConfiguration/DataExport/S3BucketDestination/Encryption/SSEKMS/KeyId"
CATALOG = "DataCatalogEncryptionSettings/EncryptionAtRest"
SYNCS = linked("datasync", "AWSServiceRoleForDataSync")


def hands_on(principal: str, context: dict[str, str], **more: bool | str) -> tuple[Ask, ...]:
    """Return the grants that a service makes of what it may do itself, which its page lists."""
    (one,) = service(principal, "CreateGrant", context, **more)  # type: ignore[arg-type]
    operations = ("CreateGrant", "Decrypt", "GenerateDataKey")
    return tuple(replace(one, sent={**one.sent, "kms:GrantOperations": operation}) for operation in operations)


def credentials(kind: str, under: str = "") -> tuple[Construction, ...]:
    """Return a place that data is copied from or to, by a secret of the service and by one of the user."""
    kept = l1(f"AWS::DataSync::Location{kind}", {f"{under}CmkSecretConfig/KmsKeyArn": key_arn})
    own = {f"{under}CustomSecretConfig/SecretAccessRoleArn": named_role, f"{under}CustomSecretConfig/SecretArn": secret}
    return (
        Construction(
            f"connects_{kind.lower()}",
            kept,
            (*deploys("secretsmanager", f"Encrypt {SENDS}"), *directly(SYNCS, "Decrypt")),
        ),
        Construction(
            f"connects_{kind.lower()}_by_role",
            l1(f"AWS::DataSync::Location{kind}", {**own}),
            uses("Role", "secretsmanager", "Decrypt", SECRET),
        ),
    )


CONNECTORS = (
    Construction(
        "connects_rds",
        l1("AWS::RDS::Integration", {"SourceArn": "a", "TargetArn": "b", "KMSKeyId": key_arn}),
        (
            *deploys("rds", "CreateGrant"),
            *hands_on("redshift", {"aws:redshift:integration:arn": arn("rds", "integration:x")}),
        ),
    ),
    Construction(
        "connects_redshift",
        l1("AWS::Redshift::Integration", {"SourceArn": "a", "TargetArn": "b", "KMSKeyId": key_arn}),
        (
            *deploys("redshift", "CreateGrant"),
            *hands_on(
                "redshift",
                {"aws:redshift:integration:arn": arn("redshift", "integration:x")},
                account=True,
                arn=arn("redshift", "integration:x"),
            ),
        ),
    ),
    Construction(
        "connects_sites",
        l1("AWS::IoTSiteWise::Workspace", {"WorkspaceName": "w", "KmsKeyId": key_arn}),
        (
            *deploys("iotsitewise", f"CreateGrant {SENDS}"),
            *service("iotsitewise", WRITES, SITE, account=True, arn=arn("iotsitewise", "workspace/x")),
            *service("iotsitewise", f"Decrypt DescribeKey {RENEWS}", SITE),
            *hands_on("iotsitewise", SITE),
        ),
    ),
    Construction(
        "connects_tickets",
        l1("AWS::SecurityHub::ConnectorV2", {"Name": "c", "KmsKeyArn": key_arn}),
        (
            *deploys("securityhub", f"{SENDS} {RENEWS}"),
            *service(
                "connector.securityhub",
                f"{SENDS} DescribeKey {RENEWS}",
                {"aws:securityhub:connectorV2Arn": CONNECTOR},
                arn=CONNECTOR,
            ),
        ),
    ),
    Construction(
        "connects_things",
        l1("AWS::IoT::EncryptionConfiguration", {"KmsAccessRoleArn": named_role, "KmsKeyArn": key_arn}),
        (
            *directly("deployer", THINGS),
            *directly("Role", THINGS, {"aws-crypto-ec:vendor": "iot.amazonaws.com"}),
            *directly("Role", "DescribeKey"),
        ),
    ),
    *credentials("AzureBlob"),
    *credentials("FSxONTAP", "Protocol/SMB/"),
    *credentials("FSxWindows"),
    *credentials("HDFS"),
    *credentials("ObjectStorage"),
    *credentials("SMB"),
    *(
        Construction(
            f"connects_{kind.lower()}",
            l1(f"AWS::WorkSpacesWeb::{kind}", {"CustomerManagedKey": key_arn}),
            service(
                "workspaces-web",
                f"Decrypt DescribeKey {WRITES} {RENEWS}",
                account=True,
                arn=arn("workspaces-web", f"{kind}/x"),
            ),
        )
        for kind in (
            *("BrowserSettings", "DataProtectionSettings", "IpAccessSettings", "Portal", "SessionLogger"),
            "UserSettings",
        )
    ),
    Construction(
        "connects_lens",
        l1("AWS::S3::StorageLens", {"StorageLensConfiguration/Id": "lens", LENS: key_arn}),
        service("storage-lens.s3", "GenerateDataKey", account=True, arn=arn("s3", "storage-lens/lens")),
    ),
    Construction(
        "connects_inventory",
        l1("AWS::SSM::ResourceDataSync", {"SyncName": "s", "S3Destination/KMSKeyArn": key_arn}),
        service("ssm", "GenerateDataKey", account=True, arn=arn("ssm", "resource-data-sync/s")),
    ),
    Construction(
        "connects_catalog",
        l1(
            "AWS::Glue::DataCatalogEncryptionSettings",
            {f"{CATALOG}/CatalogEncryptionServiceRole": named_role, f"{CATALOG}/SseAwsKmsKeyId": key_arn},
        ),
        directly("Role", f"Encrypt {SENDS}"),
    ),
)
