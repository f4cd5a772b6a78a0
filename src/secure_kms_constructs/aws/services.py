"""The AWS services that call KMS for their callers, and what they need, each with its source.

Plain Python: nothing here needs Node.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from .facts import SYMMETRIC_ACTIONS

_DOCS = "https://docs.aws.amazon.com/"


class Use(str, Enum):
    """What a principal does with a key through an AWS service."""

    READ = "read"
    WRITE = "write"
    PROVISION = "provision"


class _Constants(type):
    """Makes the constants that are not written here from the catalogue, once they are asked for."""

    def __getattr__(cls, name: str) -> Service:
        # Not while the class itself is made, which asks for its own.
        if not name.isupper() or name.startswith("_") or "SERVICES" not in globals():
            raise AttributeError(name)
        from .catalogue.constants import provisioning_named

        others = tuple((key, value.prefix) for key, value in vars(cls).items() if isinstance(value, Service))
        found = provisioning_named(name, others)
        return Service(found.name, found.prefix, None, {Use.PROVISION: found.actions}, found.page)


@dataclass(frozen=True)
class Service(metaclass=_Constants):
    """An AWS service that calls KMS for its caller (forward access session).

    The constants are the services with documented rows: those written here, and for ``provision_via`` one for each
    CloudFormation namespace whose ``kms:ViaService`` a page names, in capitals (``Service.EFS``, ``Service.ECR``;
    docs/services.md lists them). For another one make a ``Service`` of your own.

    :param name: how statement ids and messages call it, letters only.
    :param prefix: first label of ``kms:ViaService``, as in the table of the KMS condition keys page.
    :param context_key: encryption-context key whose value is the resource's ARN; None where there is none.
    :param actions: KMS actions the caller needs, for each documented use.
    :param source: the AWS page that says so.
    """

    name: str
    prefix: str
    context_key: str | None
    actions: Mapping[Use, tuple[str, ...]] = field(hash=False)
    source: str = field(compare=False)

    SECRETS_MANAGER: ClassVar[Service]
    PARAMETER_STORE: ClassVar[Service]
    CLOUDWATCH_LOGS: ClassVar[Service]
    DYNAMODB: ClassVar[Service]
    EBS: ClassVar[Service]
    RDS: ClassVar[Service]
    S3: ClassVar[Service]
    LAMBDA: ClassVar[Service]
    KINESIS: ClassVar[Service]
    SNS: ClassVar[Service]
    SQS: ClassVar[Service]

    def __repr__(self) -> str:
        constant = next((key for key, value in vars(Service).items() if value == self), self.name.upper())
        is_constant = getattr(Service, constant, None) == self
        return f"Service.{constant}" if is_constant else f"Service({self.name!r}, {self.prefix!r}, ...)"

    def via(self, region: str) -> str:
        """Return the ``kms:ViaService`` value of a call in ``region``.

        The suffix is ``.amazonaws.com`` in every partition:
        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
        """
        if "${" not in region and not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", region):
            raise ValueError(f"region must be one like eu-west-1, got {region!r}: no kms:ViaService names it")
        return f"{self.prefix}.{region}.amazonaws.com"

    def actions_for(self, use: Use) -> tuple[str, ...]:
        """Return the KMS actions for ``use``; ValueError where AWS documents none."""
        if use not in self.actions:
            known = ", ".join(sorted(u.value for u in self.actions))
            raise ValueError(
                f"no KMS actions are documented for use {use.value!r} through {self.name}, choose one of: {known}"
            )
        return self.actions[use]


Service.SECRETS_MANAGER = Service(
    "SecretsManager",
    "secretsmanager",
    "SecretARN",
    {
        Use.READ: ("kms:Decrypt",),
        Use.WRITE: ("kms:Decrypt", "kms:GenerateDataKey"),
        # Encrypt only when UpdateSecret moves the versions to another key.
        Use.PROVISION: ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
    },
    _DOCS + "secretsmanager/latest/userguide/security-encryption.html",
)
Service.PARAMETER_STORE = Service(
    "ParameterStore",
    "ssm",
    "PARAMETER_ARN",
    {
        Use.READ: ("kms:Decrypt",),
        # Encrypt for standard parameters, GenerateDataKey for advanced ones.
        Use.WRITE: ("kms:Encrypt", "kms:GenerateDataKey"),
    },
    _DOCS + "systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html",
)
Service.CLOUDWATCH_LOGS = Service(
    "CloudWatchLogs",
    "logs",
    "aws:logs:arn",
    {
        Use.READ: ("kms:Decrypt",),
        Use.WRITE: ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
        Use.PROVISION: SYMMETRIC_ACTIONS.value + ("kms:DescribeKey",),
    },
    _DOCS + "AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
Service.DYNAMODB = Service(
    "DynamoDB",
    "dynamodb",
    None,
    {Use.PROVISION: SYMMETRIC_ACTIONS.value + ("kms:CreateGrant", "kms:DescribeKey")},
    _DOCS + "amazondynamodb/latest/developerguide/encryption.usagenotes.html",
)
Service.EBS = Service(
    "EBS",
    "ec2",
    None,
    {
        Use.PROVISION: (
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        )
    },
    _DOCS + "ebs/latest/userguide/ebs-encryption-requirements.html",
)
Service.RDS = Service(
    "RDS",
    "rds",
    None,
    {Use.PROVISION: ("kms:CreateGrant", "kms:DescribeKey")},
    _DOCS + "AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html",
)
Service.LAMBDA = Service(
    "Lambda",
    "lambda",
    None,
    # The page names CreateGrant and Encrypt, the handlers of CloudFormation the others too.
    {Use.PROVISION: ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")},
    _DOCS + "lambda/latest/dg/configuration-envvars-encryption.html",
)
Service.KINESIS = Service(
    "Kinesis",
    "kinesis",
    "aws:kinesis:arn",
    {Use.READ: ("kms:Decrypt",), Use.WRITE: ("kms:GenerateDataKey",)},
    _DOCS + "streams/latest/dev/permissions-user-key-KMS.html",
)
# The context is the object's ARN, with a Bucket Key the bucket's.
Service.S3 = Service(
    "S3",
    "s3",
    "aws:s3:arn",
    {Use.READ: ("kms:Decrypt",), Use.WRITE: ("kms:Decrypt", "kms:GenerateDataKey")},
    _DOCS + "AmazonS3/latest/userguide/UsingKMSEncryption.html",
)
# No page gives the encryption context of SNS and SQS, so none is required of them.
Service.SNS = Service(
    "SNS",
    "sns",
    None,
    {Use.WRITE: ("kms:Decrypt", "kms:GenerateDataKey")},
    _DOCS + "sns/latest/dg/sns-key-management.html",
)
Service.SQS = Service(
    "SQS",
    "sqs",
    None,
    {Use.READ: ("kms:Decrypt",), Use.WRITE: ("kms:Decrypt", "kms:GenerateDataKey")},
    _DOCS + "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
)

SERVICES = tuple(value for value in vars(Service).values() if isinstance(value, Service))


def written(service: Service) -> str:
    """Return how code names a service that is written here."""
    return next(f"Service.{name}" for name, value in vars(Service).items() if value == service)
