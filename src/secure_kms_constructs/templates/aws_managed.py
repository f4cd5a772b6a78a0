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


@dataclass(frozen=True)
class AwsManaged:
    """An AWS-managed policy.

    :param source: the page that says what it allows.
    :param about_keys: its statements that are about KMS; most have none.
    """

    source: str
    about_keys: tuple[Mapping[str, object], ...] = ()

    @cached_property
    def document(self) -> Mapping[str, object]:
        """The policy as far as KMS is concerned."""
        return {"Version": "2012-10-17", "Statement": list(self.about_keys)}


def _row(name: str, *about_keys: Mapping[str, object]) -> tuple[str, AwsManaged]:
    return name, AwsManaged(f"{_PAGES}{name.rpartition('/')[2]}.html", about_keys)


# By the path and name in their ARN, whatever the partition.
AWS_MANAGED: Mapping[str, AwsManaged] = dict(
    (
        _row("AdministratorAccess", {"Effect": "Allow", "Action": "*", "Resource": "*"}),
        _row("AmazonEC2ContainerRegistryReadOnly"),
        _row("AmazonEKSWorkerNodePolicy"),
        _row("AmazonEKS_CNI_Policy"),
        _row("AmazonS3ReadOnlyAccess"),
        _row("AmazonSSMManagedInstanceCore"),
        _row("AWSXRayDaemonWriteAccess"),
        _row("CloudWatchAgentServerPolicy"),
        _row("CloudWatchLambdaInsightsExecutionRolePolicy"),
        _row(
            "PowerUserAccess",
            {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
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
