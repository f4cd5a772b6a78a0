"""Parts of rows that no judged construction asks for, as pages and handlers have them: ends of grants, regions."""

from __future__ import annotations

import pytest

from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.aws.catalogue import Need, Who

CONNECTION = "AWS::Events::Connection"


def row(kind: str, who: Who, path: str = "") -> Need:
    """Return the row of a type that says most of one who needs the key."""
    paths = [path] if path else catalogue.key_paths(kind)
    found = [one for each in paths for one in catalogue.needs_of(kind, each) if one.who is who]
    return max(found, key=lambda one: len(one.actions))


# Page or handlers: the deployer ends the grant that it made, or the resource cannot be deleted.
@pytest.mark.parametrize(
    "kind, path, ends",
    [
        ("AWS::Backup::BackupVault", "EncryptionKeyArn", "kms:RetireGrant"),
        ("AWS::Bedrock::Guardrail", "KmsKeyArn", "kms:RetireGrant"),
        ("AWS::ECR::Repository", "EncryptionConfiguration/KmsKey", "kms:RetireGrant"),
        ("AWS::DynamoDB::Table", "SSESpecification/KMSMasterKeyId", "kms:RevokeGrant"),
        (
            "AWS::KinesisFirehose::DeliveryStream",
            "DeliveryStreamEncryptionConfigurationInput/KeyARN",
            "kms:RevokeGrant",
        ),
    ],
)
def test_who_makes_a_grant_ends_it(kind: str, path: str, ends: str) -> None:
    assert {"kms:CreateGrant", ends} <= set(row(kind, Who.DEPLOYER, path).actions)


# The pages print StringLike "<service>.*.amazonaws.com".
@pytest.mark.parametrize(
    "kind, who, via",
    [
        ("AWS::Backup::BackupVault", Who.DEPLOYER, "backup"),
        ("AWS::Cassandra::Table", Who.DEPLOYER, "cassandra"),
        ("AWS::SSMGuiConnect::Preferences", Who.DEPLOYER, "ssm-guiconnect"),
        ("AWS::SageMaker::FeatureGroup", Who.DEPLOYER, "sagemaker"),
        (CONNECTION, Who.DEPLOYER, "secretsmanager"),
        (CONNECTION, Who.LINKED_ROLE, "secretsmanager"),
    ],
)
def test_some_pages_want_any_region(kind: str, who: Who, via: str) -> None:
    found = row(kind, who)
    assert (found.any_region, found.via) == (True, (via,))
    several = {one.type for one in catalogue.written() if one.any_region}
    assert several == {
        *("AWS::Backup::BackupPlan", "AWS::Backup::BackupSelection", "AWS::Backup::BackupVault"),
        *("AWS::Cassandra::Table", "AWS::SageMaker::FeatureGroup", "AWS::SSMGuiConnect::Preferences", CONNECTION),
        *(
            f"AWS::DataSync::Location{place}"
            for place in ("AzureBlob", "FSxONTAP", "FSxWindows", "HDFS", "ObjectStorage", "SMB")
        ),
    }


@pytest.mark.parametrize(
    "kind, who, actions",
    [
        (CONNECTION, Who.DEPLOYER, "Decrypt Encrypt GenerateDataKey"),
        (CONNECTION, Who.LINKED_ROLE, "Decrypt DescribeKey GenerateDataKey"),
        ("AWS::CloudTrail::EventDataStore", Who.SERVICE, "Decrypt DescribeKey GenerateDataKey"),
        (
            "AWS::DMS::ReplicationInstance",
            Who.DEPLOYER,
            "CreateGrant Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext",
        ),
        (
            "AWS::DMS::ReplicationConfig",
            Who.DEPLOYER,
            "CreateGrant Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext",
        ),
        ("AWS::MWAAServerless::Workflow", Who.DEPLOYER, "CreateGrant Decrypt Encrypt GenerateDataKey"),
    ],
)
def test_each_action_of_a_row_that_nothing_judges_is_there(kind: str, who: Who, actions: str) -> None:
    assert row(kind, who).actions == tuple(f"kms:{one}" for one in actions.split())


def test_the_linked_role_of_connections_is_that_of_api_destinations() -> None:
    service, _, name = row(CONNECTION, Who.LINKED_ROLE).principal.partition("/")
    assert (service, name) == (
        "apidestinations.events.amazonaws.com",
        "AWSServiceRoleForAmazonEventBridgeApiDestinations",
    )
