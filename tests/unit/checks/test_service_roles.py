"""KLP513: what it says of a role that a resource names, and that its statement is the one that is missing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_kms_constructs.checks import Finding, check_templates
from secure_kms_constructs.checks.examples import ACCOUNT, REGION, ROLE, THE_KEY, allow, key, template

Json = dict[str, Any]
APP = f"arn:aws:iam::{ACCOUNT}:role/app"
NAMED = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "app"}}
ITS_ARN = {"Fn::GetAtt": ["Role", "Arn"]}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": THE_KEY}}
FOR_AWS = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def made(kind: str, **properties: Any) -> Json:
    return {"Type": kind, "Properties": properties}


def function(role: Any = ITS_ARN) -> Json:
    sends = {"DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}}}
    return made("AWS::Lambda::Function", **sends, **({"Role": role} if role else {}))


def volumes(actions: list[str], condition: Json | None = None) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ebs-kms-encryption.html"""
    return allow(APP, actions, condition)


DISK = made(
    "AWS::ECS::Service",
    VolumeConfigurations=[{"ManagedEBSVolume": {"KmsKeyId": THE_KEY, "RoleArn": ITS_ARN}}],
)
CLUSTER = made(
    "Custom::AWSCDK-EKS-Cluster",
    AssumeRoleArn=ITS_ARN,
    Config={"encryptionConfig": [{"provider": {"keyArn": THE_KEY}}]},
)
USES = ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"]
DISK_USES = [*(f"kms:{one}" for one in USES), "kms:DescribeKey"]


def found(*statements: Json, **resources: Any) -> list[Finding]:
    everything = template(Key=key(*statements), Role=NAMED, Queue=QUEUE, **resources)
    report = check_templates({"App": everything}, account=ACCOUNT, region=REGION)
    assert not [one for one in report.findings if one.rule == "KLP001"]
    return [one for one in report.findings if one.rule == "KLP513"]


def statement_of(finding: Finding) -> Json:
    text = finding.message.partition("its key policy needs ")[2].partition(", or the role's own")[0]
    statement: Json = json.loads(text)
    return statement


@pytest.mark.parametrize(
    "it, conditions",
    [
        (function(), {"kms:ViaService": [f"sqs.{REGION}.amazonaws.com"]}),
        # By itself, through no service.
        (
            made("AWS::StepFunctions::StateMachine", RoleArn=ITS_ARN, EncryptionConfiguration={"KmsKeyId": THE_KEY}),
            None,
        ),
        (
            made(
                "AWS::StepFunctions::StateMachine",
                RoleArn=ITS_ARN,
                StateMachineName="orders",
                EncryptionConfiguration={"KmsKeyId": THE_KEY},
            ),
            {
                "kms:EncryptionContext:aws:states:stateMachineArn": (
                    f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:orders"
                )
            },
        ),
    ],
)
def test_the_statement_that_it_prints_is_the_one_that_is_missing(it: Json, conditions: Any) -> None:
    [finding] = found(It=it)
    assert finding.message.startswith("App/Role cannot kms:Decrypt, kms:GenerateDataKey with the key")
    assert not finding.undecided
    statement = statement_of(finding)
    assert statement.get("Condition") == ({"StringEquals": conditions} if conditions else None)
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert found(statement, It=it) == []
    [left] = found({**statement, "Action": "kms:Decrypt"}, It=it)
    assert "cannot kms:GenerateDataKey with" in left.message


def test_a_grant_is_one_for_an_aws_service_and_nothing_else_is() -> None:
    assert found(volumes(DISK_USES), volumes(["kms:CreateGrant"], FOR_AWS), It=DISK) == []
    [finding] = found(volumes([*DISK_USES, "kms:CreateGrant"], FOR_AWS), It=DISK)[-1:]
    assert "kms:GenerateDataKey" in finding.message
    assert "kms:CreateGrant" not in finding.message.partition(" with ")[0]


def test_the_grant_of_a_cluster_is_not_for_an_aws_service() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html"""
    assert [one.message.partition(" with ")[0] for one in found(volumes(["kms:CreateGrant"], FOR_AWS), It=CLUSTER)]
    exempt = key(volumes(["kms:CreateGrant"]), base=())
    report = check_templates({"App": template(Key=exempt, Role=NAMED, It=CLUSTER)}, account=ACCOUNT, region=REGION)
    assert "KLP513" not in {one.rule for one in report.findings}


@pytest.mark.parametrize("role", [None, {"Ref": "AWS::NoValue"}, {"Fn::ImportValue": "role"}])
def test_a_role_that_cannot_be_told_is_for_its_owner_to_know(role: Any) -> None:
    assert found(It=function(role)) == []


def test_what_an_imported_role_holds_is_not_known() -> None:
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    [finding] = found(It=function(other))
    assert finding.undecided
    assert finding.message.startswith(f"{other} may be unable to kms:Decrypt, kms:GenerateDataKey with the key of")
    assert "its key policy needs" not in finding.message
    admits = allow(other, ["kms:Decrypt", "kms:GenerateDataKey"])
    assert found(admits, It=function(other)) == []
    attached = {"PolicyName": "p", "Roles": ["other"], "PolicyDocument": {"Statement": []}}
    denies = {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}
    for statement, certain in (({**denies, "Effect": "Allow"}, False), (denies, True)):
        attached["PolicyDocument"] = {"Version": "2012-10-17", "Statement": [statement]}
        several = found(admits, It=function(other), Policy=made("AWS::IAM::Policy", **attached))
        assert [one.undecided for one in several] == ([False] if certain else [])


def test_what_only_belief_asks_for_is_not_certain() -> None:
    key_of_it = {"ArtifactStore": {"EncryptionKey": {"Id": THE_KEY, "Type": "KMS"}}}
    [finding] = found(It=made("AWS::CodePipeline::Pipeline", RoleArn=ITS_ARN, **key_of_it))
    assert finding.undecided
    assert finding.message.startswith("App/Role may be unable to")


@pytest.mark.parametrize("name", ["app", APP, ITS_ARN])
def test_a_role_is_named_by_its_arn_or_its_name(name: Any) -> None:
    build = made("AWS::CodeBuild::Project", ServiceRole=name, EncryptionKey=THE_KEY)
    [finding] = found(It=build)
    assert finding.message.startswith("App/Role cannot")
