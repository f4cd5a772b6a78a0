"""AWS-managed policies whose text is known here; the text of any other is unknown.

AWS may change them. A row says what its page said when it was read, in November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

_PAGES = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/"
_ARN = re.compile(r"arn:[\w-]+:iam::aws:policy/(.+)")
_ANY = {"Resource": "*"}


@dataclass(frozen=True)
class AwsManaged:
    """An AWS-managed policy.

    :param source: the page that says what it allows.
    :param statements: those that are about keys and secrets; most have none.
    """

    source: str
    statements: tuple[Mapping[str, object], ...] = ()

    @cached_property
    def document(self) -> Mapping[str, object]:
        """The policy as far as keys and secrets are concerned."""
        return {"Version": "2012-10-17", "Statement": list(self.statements)}


def _row(name: str, *statements: Mapping[str, object]) -> tuple[str, AwsManaged]:
    return name, AwsManaged(f"{_PAGES}{name.rpartition('/')[2]}.html", statements)


# By the path and name in their ARN, whatever the partition.
AWS_MANAGED: Mapping[str, AwsManaged] = dict(
    (
        _row("AdministratorAccess", {"Effect": "Allow", "Action": "*", **_ANY}),
        _row("AmazonEC2ContainerRegistryReadOnly"),
        _row("AmazonEKSWorkerNodePolicy"),
        _row("AmazonEKS_CNI_Policy"),
        _row("AmazonS3ReadOnlyAccess"),
        _row("AmazonSSMManagedInstanceCore"),
        # The partition that its ARNs have in aws is another one elsewhere.
        _row(
            "AWSSecretsManagerClientReadOnlyAccess",
            {
                "Effect": "Allow",
                "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                "Resource": "arn:*:secretsmanager:*:*:secret:*",
            },
            {"Effect": "Allow", "Action": ["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"], **_ANY},
            {
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": "arn:*:kms:*:*:key/*",
                "Condition": {
                    "StringLike": {
                        "kms:EncryptionContext:SecretARN": "arn:*:secretsmanager:*:*:secret:*",
                        "kms:ViaService": "secretsmanager.*.amazonaws.com",
                    }
                },
            },
        ),
        _row("AWSXRayDaemonWriteAccess"),
        _row("CloudWatchAgentServerPolicy"),
        _row("CloudWatchLambdaInsightsExecutionRolePolicy"),
        _row(
            "PowerUserAccess",
            {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], **_ANY},
        ),
        _row(
            "SecretsManagerReadWrite",
            {
                "Effect": "Allow",
                "Action": ["secretsmanager:*", "kms:DescribeKey", "kms:ListAliases", "kms:ListKeys"],
                **_ANY,
            },
        ),
        _row("service-role/AWSLambdaBasicExecutionRole"),
        _row("service-role/AWSLambdaDynamoDBExecutionRole"),
        _row("service-role/AWSLambdaKinesisExecutionRole"),
        _row("service-role/AWSLambdaRole"),
        _row("service-role/AWSLambdaSQSQueueExecutionRole"),
        _row("service-role/AWSLambdaVPCAccessExecutionRole"),
        _row("service-role/AmazonAPIGatewayPushToCloudWatchLogs"),
        _row("service-role/AmazonECSTaskExecutionRolePolicy"),
        _row("service-role/AmazonRDSEnhancedMonitoringRole"),
    )
)


def aws_managed(arn: str) -> AwsManaged | None:
    """Return the AWS-managed policy of an ARN; None where it is no such, or its text is not known here."""
    match = _ARN.fullmatch(arn)
    return AWS_MANAGED.get(match[1]) if match else None
