"""What callers do with things under keys, and services for themselves; and what of the key it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from secure_kms_constructs.aws.catalogue import Who, needs_of

from .records import Account, Resource

# The CloudFormation type of each kind of thing.
TYPES = {
    "secret": "AWS::SecretsManager::Secret",
    "parameter": "AWS::SSM::Parameter",
    "log group": "AWS::Logs::LogGroup",
    "queue": "AWS::SQS::Queue",
    "topic": "AWS::SNS::Topic",
    "table": "AWS::DynamoDB::Table",
    "bucket": "AWS::S3::Bucket",
    "file system": "AWS::EFS::FileSystem",
    "database": "AWS::RDS::DBInstance",
}
# Which service uses the key of a thing by a grant that was made with the thing.
# https://docs.aws.amazon.com/efs/latest/ug/EFSKMS.html
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
BY_GRANT = {"file system": "elasticfilesystem", "database": "rds"}


@dataclass(frozen=True)
class Access:
    """What somebody does with a thing under a key, and what of the key that takes.

    :param action: the action on the thing, in lower case.
    :param kms: the KMS action that its service asks for in the caller's name.
    :param via: the service, as in ``kms:ViaService``.
    :param context: the name in the encryption context that has the thing's ARN; None where it has none.
    """

    kind: str
    action: str
    kms: str
    via: str
    context: str | None = None


# Each with its page in SERVICES: what a caller needs of the key beside the permission on the thing.
# https://docs.aws.amazon.com/kms/latest/developerguide/service-integration.html
ACCESSES = (
    Access("secret", "secretsmanager:getsecretvalue", "kms:Decrypt", "secretsmanager", "SecretARN"),
    Access("secret", "secretsmanager:putsecretvalue", "kms:GenerateDataKey", "secretsmanager", "SecretARN"),
    Access("parameter", "ssm:getparameter", "kms:Decrypt", "ssm", "PARAMETER_ARN"),
    Access("parameter", "ssm:getparameters", "kms:Decrypt", "ssm", "PARAMETER_ARN"),
    Access("queue", "sqs:receivemessage", "kms:Decrypt", "sqs"),
    Access("queue", "sqs:sendmessage", "kms:GenerateDataKey", "sqs"),
    Access("topic", "sns:publish", "kms:GenerateDataKey", "sns"),
    Access("table", "dynamodb:getitem", "kms:Decrypt", "dynamodb"),
    Access("table", "dynamodb:putitem", "kms:Decrypt", "dynamodb"),
    Access("bucket", "s3:getobject", "kms:Decrypt", "s3"),
    Access("bucket", "s3:putobject", "kms:GenerateDataKey", "s3"),
)


@dataclass(frozen=True)
class Service:
    """What a service asks of the key of a thing for itself.

    :param principal: its name.
    :param context: its encryption context.
    """

    principal: str
    actions: tuple[str, ...]
    context: tuple[tuple[str, str], ...]


def services_of(account: Account, thing: Resource) -> Iterator[Service]:
    """Return what services ask of the key of a thing by its policy."""
    suffix = "amazonaws.com.cn" if account.partition == "aws-cn" else "amazonaws.com"
    known = {"partition": account.partition, "account": account.account, "suffix": suffix}
    known |= {"region": thing.arn.split(":")[3], "name": thing.name}
    for need in needs_of(TYPES[thing.kind], "KmsKeyId"):
        if need.who is Who.SERVICE:
            context = tuple((name, _filled(value, known)) for name, value in need.context)
            yield Service(_filled(need.principal, known), need.actions, context)


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return text
