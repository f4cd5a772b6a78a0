"""The key policies of the CloudWatch Logs guide, with names in place of placeholders."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.cases.case import (
    ACCOUNT,
    OTHER_ACCOUNT,
    ROOT,
    Question,
    allow,
    pair,
    policy,
)

_DOCS = "https://docs.aws.amazon.com/"

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
LOGS = _DOCS + "AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
_GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/app/orders"
_LOGS_ACTIONS = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]


def _logs_policy(operator: str, value: str) -> dict[str, object]:
    return policy(
        allow("kms:*", ROOT, Sid="Enable IAM User Permissions"),
        allow(
            _LOGS_ACTIONS,
            {"Service": "logs.us-east-1.amazonaws.com"},
            {operator: {"kms:EncryptionContext:aws:logs:arn": value}},
        ),
    )


_logs = Question(
    principal="logs.us-east-1.amazonaws.com",
    context={"kms:EncryptionContext:aws:logs:arn": _GROUP},
    key_policy=_logs_policy("ArnEquals", _GROUP),
)
_VIA_LOGS = {"StringEquals": {"kms:ViaService": ["logs.us-east-1.amazonaws.com"]}}
_log_writer = Question(
    action="kms:GenerateDataKey",
    context={"kms:ViaService": "logs.us-east-1.amazonaws.com"},
    key_policy=policy(allow(_LOGS_ACTIONS, f"arn:aws:iam::{ACCOUNT}:role/app", _VIA_LOGS)),
)
LOGS_CASES = [
    *pair(
        LOGS,
        "to CloudWatch Logs for its log group",
        _logs,
        "to CloudWatch Logs for another log group",
        context={"kms:EncryptionContext:aws:logs:arn": f"{_GROUP}-2"},
    ),
    *pair(
        LOGS,
        "to CloudWatch Logs of the key's region",
        _logs,
        "to CloudWatch Logs of another region",
        principal="logs.eu-west-1.amazonaws.com",
    ),
    *pair(
        LOGS,
        "to CloudWatch Logs for any log group of the account",
        replace(_logs, key_policy=_logs_policy("ArnLike", f"arn:aws:logs:us-east-1:{ACCOUNT}:*")),
        "to CloudWatch Logs for log groups of an account that the pattern does not name",
        key_policy=_logs_policy("ArnLike", f"arn:aws:logs:us-east-1:{OTHER_ACCOUNT}:*"),
    ),
    *pair(
        _DOCS + "service-authorization/latest/reference/list_awskeymanagementservice.html",
        "to CloudWatch Logs to encrypt with an encryption context",
        replace(_logs, action="kms:Encrypt"),
        "to CloudWatch Logs without an encryption context, as every DescribeKey is",
        context={},
    ),
    *pair(
        LOGS,
        "to a role that writes through CloudWatch Logs",
        _log_writer,
        "to a role that writes through another service",
        context={"kms:ViaService": "s3.us-east-1.amazonaws.com"},
    ),
]

CASES = LOGS_CASES
