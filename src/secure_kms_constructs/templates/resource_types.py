"""What CloudFormation answers to ``Ref`` and ``Fn::GetAtt``, by resource type: names, ARNs and their shapes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
IAM_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
IAM_PATH = re.compile(r"/([!-~]{1,510}/)?")
# Whoever has policies, or whose members do.
IAM_NOUNS: Mapping[str, str] = {"AWS::IAM::Role": "role", "AWS::IAM::User": "user", "AWS::IAM::Group": "group"}

ARN, NAME = "{arn}", "{name}"
# The name that CloudFormation makes up, here with at most 62 characters, as a role's name may have 64.
_GENERATED = "{stack:.24}-{logical_id:.24}-{upper12}"


@dataclass(frozen=True)
class ResourceType:
    """Formats over ``{name}``, ``{arn}``, the environment (``{p}``, ``{r}``, ``{a}``), ``{path}`` and random parts.

    :param arn: its ARN; empty for a type without one.
    :param named_by: the property that names it.
    :param generated: its name where no property tells it.
    :param ref: what ``Ref`` returns.
    :param attributes: what ``Fn::GetAtt`` returns.
    """

    arn: str
    named_by: str = ""
    generated: str = _GENERATED
    ref: str = NAME
    attributes: Mapping[str, str] = field(default_factory=lambda: {"Arn": ARN})


def _regional(service: str, resource: str) -> str:
    return f"arn:{{p}}:{service}:{{r}}:{{a}}:{resource}"


def _iam(kind: str) -> str:
    return f"arn:{{p}}:iam::{{a}}:{kind}{{path}}{{name}}"


_LOWER = "{stack:.20}-{logical_id:.20}-{lower12}"
_KEY = ResourceType(_regional("kms", "key/{name}"), generated="{key_id}", attributes={"Arn": ARN, "KeyId": NAME})
# A secret of Secrets Manager that another service makes; its name starts with that service's.
_OWNED_SECRET = _regional("secretsmanager", "secret:rds!{stack:.24}-{logical_id:.24}-{six}")
_DB_CLUSTER = ResourceType(
    _regional("rds", "cluster:{name}"),
    "DBClusterIdentifier",
    _LOWER,
    attributes={"DBClusterArn": ARN, "MasterUserSecret.SecretArn": _OWNED_SECRET},
)

TYPES: Mapping[str, ResourceType] = {
    "AWS::Backup::BackupVault": ResourceType(
        _regional("backup", "backup-vault:{name}"),
        "BackupVaultName",
        attributes={"BackupVaultArn": ARN, "BackupVaultName": NAME},
    ),
    "AWS::CloudTrail::Trail": ResourceType(_regional("cloudtrail", "trail/{name}"), "TrailName"),
    "AWS::CodeBuild::Project": ResourceType(_regional("codebuild", "project/{name}"), "Name"),
    "AWS::CodePipeline::Pipeline": ResourceType(_regional("codepipeline", "{name}"), "Name", attributes={}),
    "AWS::DynamoDB::GlobalTable": ResourceType(_regional("dynamodb", "table/{name}"), "TableName"),
    "AWS::DynamoDB::Table": ResourceType(_regional("dynamodb", "table/{name}"), "TableName"),
    "AWS::ECR::Repository": ResourceType(_regional("ecr", "repository/{name}"), "RepositoryName", _LOWER),
    "AWS::ECS::Cluster": ResourceType(_regional("ecs", "cluster/{name}"), "ClusterName"),
    "AWS::EFS::FileSystem": ResourceType(
        _regional("elasticfilesystem", "file-system/{name}"),
        generated="fs-{hex32:.17}",
        attributes={"Arn": ARN, "FileSystemId": NAME},
    ),
    "AWS::EKS::Cluster": ResourceType(_regional("eks", "cluster/{name}"), "Name"),
    "AWS::Events::EventBus": ResourceType(
        _regional("events", "event-bus/{name}"), "Name", attributes={"Arn": ARN, "Name": NAME}
    ),
    "AWS::IAM::Group": ResourceType(_iam("group"), "GroupName"),
    "AWS::IAM::InstanceProfile": ResourceType(_iam("instance-profile"), "InstanceProfileName"),
    "AWS::IAM::ManagedPolicy": ResourceType(
        _iam("policy"), "ManagedPolicyName", ref=ARN, attributes={"PolicyArn": ARN}
    ),
    "AWS::IAM::Policy": ResourceType("", "PolicyName", attributes={}),
    "AWS::IAM::Role": ResourceType(_iam("role"), "RoleName", attributes={"Arn": ARN, "RoleId": "AROA{upper17}"}),
    "AWS::IAM::User": ResourceType(_iam("user"), "UserName"),
    "AWS::KMS::Alias": ResourceType(_regional("kms", "{name}"), "AliasName", attributes={}),
    "AWS::KMS::Key": _KEY,
    "AWS::KMS::ReplicaKey": _KEY,
    "AWS::Kinesis::Stream": ResourceType(_regional("kinesis", "stream/{name}"), "Name"),
    "AWS::KinesisFirehose::DeliveryStream": ResourceType(
        _regional("firehose", "deliverystream/{name}"), "DeliveryStreamName"
    ),
    "AWS::Lambda::Function": ResourceType(_regional("lambda", "function:{name}"), "FunctionName"),
    # The ARN of a log group as policies and encryption contexts name it; Fn::GetAtt adds ":*".
    # It may be so long that none is cut.
    "AWS::Logs::LogGroup": ResourceType(
        _regional("logs", "log-group:{name}"),
        "LogGroupName",
        "{stack}-{logical_id}-{upper12}",
        attributes={"Arn": "{arn}:*"},
    ),
    "AWS::RDS::DBCluster": _DB_CLUSTER,
    "AWS::RDS::DBInstance": ResourceType(
        _regional("rds", "db:{name}"),
        "DBInstanceIdentifier",
        _LOWER,
        attributes={"DBInstanceArn": ARN, "MasterUserSecret.SecretArn": _OWNED_SECRET},
    ),
    "AWS::S3::Bucket": ResourceType(
        "arn:{p}:s3:::{name}",
        "BucketName",
        _LOWER,
        attributes={
            "Arn": ARN,
            "DomainName": "{name}.s3.{suffix}",
            "RegionalDomainName": "{name}.s3.{r}.{suffix}",
        },
    ),
    "AWS::SNS::Topic": ResourceType(
        _regional("sns", "{name}"), "TopicName", ref=ARN, attributes={"TopicArn": ARN, "TopicName": NAME}
    ),
    "AWS::SQS::Queue": ResourceType(
        _regional("sqs", "{name}"),
        "QueueName",
        ref="https://sqs.{r}.{suffix}/{a}/{name}",
        attributes={"Arn": ARN, "QueueName": NAME, "QueueUrl": "https://sqs.{r}.{suffix}/{a}/{name}"},
    ),
    "AWS::SSM::Parameter": ResourceType(
        _regional("ssm", "parameter/{unslashed}"), "Name", "CFN-{logical_id}-{upper12}"
    ),
    "AWS::SecretsManager::Secret": ResourceType(
        _regional("secretsmanager", "secret:{name}-{six}"),
        "Name",
        "{logical_id}-{upper12}",
        ref=ARN,
        attributes={"Id": ARN},
    ),
    "AWS::StepFunctions::StateMachine": ResourceType(
        _regional("states", "stateMachine:{name}"), "StateMachineName", ref=ARN, attributes={"Arn": ARN, "Name": NAME}
    ),
}

# Their Ref is the value of one of their properties: the secret that they belong to.
REF_IS_PROPERTY: Mapping[str, str] = {
    "AWS::SecretsManager::ResourcePolicy": "SecretId",
    "AWS::SecretsManager::RotationSchedule": "SecretId",
    "AWS::SecretsManager::SecretTargetAttachment": "SecretId",
}
