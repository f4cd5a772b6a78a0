"""Key policies that the guides of AWS services print, with names in place of placeholders."""

from __future__ import annotations

from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    KEY,
    OTHER_ACCOUNT,
    OTHER_ROOT,
    Question,
    allow,
    pair,
    policy,
)

_DOCS = "https://docs.aws.amazon.com/"

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
TRAIL = _DOCS + "awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html"
_TRAIL_ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
_OF_TRAIL = {"Null": {"kms:EncryptionContext:aws:cloudtrail:arn": "false"}}
_TRAIL_POLICY = policy(
    allow(
        "kms:GenerateDataKey*",
        {"Service": "cloudtrail.amazonaws.com"},
        {
            "StringLike": {
                "kms:EncryptionContext:aws:cloudtrail:arn": [
                    f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*",
                    f"arn:aws:cloudtrail:*:{OTHER_ACCOUNT}:trail/*",
                ]
            },
            "StringEquals": {"aws:SourceArn": _TRAIL_ARN},
        },
        Sid="EnableCloudTrailEncryptPermissions",
    ),
    allow("kms:Decrypt", f"arn:aws:iam::{ACCOUNT}:user/Bob", _OF_TRAIL, KEY),
    allow("kms:Decrypt", OTHER_ROOT, _OF_TRAIL, KEY),
)
_ENCRYPTED_BY_TRAIL = {"kms:EncryptionContext:aws:cloudtrail:arn": _TRAIL_ARN}
_trail = Question(
    principal="cloudtrail.amazonaws.com",
    action="kms:GenerateDataKey",
    context={"aws:SourceArn": _TRAIL_ARN, **_ENCRYPTED_BY_TRAIL},
    key_policy=_TRAIL_POLICY,
)
TRAIL_CASES = [
    *pair(
        TRAIL,
        "to CloudTrail for its trail",
        _trail,
        "to CloudTrail for another trail",
        context={"aws:SourceArn": f"{_TRAIL_ARN}-2", **_ENCRYPTED_BY_TRAIL},
    ),
    *pair(
        TRAIL,
        "to CloudTrail as a service principal",
        _trail,
        "to another service in CloudTrail's place",
        principal="s3.amazonaws.com",
    ),
    *pair(
        TRAIL,
        "to Bob to decrypt log files",
        Question(
            principal=f"arn:aws:iam::{ACCOUNT}:user/Bob",
            context=_ENCRYPTED_BY_TRAIL,
            key_policy=_TRAIL_POLICY,
        ),
        "to Bob to decrypt anything else",
        context={},
    ),
    *pair(
        TRAIL,
        "to a user of another account whose IAM policy allows it",
        Question(
            principal=f"arn:aws:iam::{OTHER_ACCOUNT}:user/Alice",
            context=_ENCRYPTED_BY_TRAIL,
            key_policy=_TRAIL_POLICY,
            identity_policies=[policy(allow("kms:Decrypt", resource=KEY))],
        ),
        "to a user of another account whose IAM policy names another key",
        identity_policies=[policy(allow("kms:Decrypt", resource=f"{KEY}0"))],
    ),
]

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-key-policy.html
_BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/orders"


def _bus_policy(source_account: str) -> dict[str, object]:
    equals = {
        "aws:SourceAccount": source_account,
        "aws:SourceArn": _BUS,
        "kms:EncryptionContext:aws:events:event-bus:arn": _BUS,
    }
    return policy(
        allow(
            ["kms:GenerateDataKey", "kms:Decrypt"],
            {"Service": "events.amazonaws.com"},
            {"StringEquals": equals},
        )
    )


_bus = Question(
    principal="events.amazonaws.com",
    context={
        "aws:SourceAccount": ACCOUNT,
        "aws:SourceArn": _BUS,
        "kms:EncryptionContext:aws:events:event-bus:arn": _BUS,
    },
    key_policy=_bus_policy(ACCOUNT),
)
SERVICE_CASES = [
    *pair(
        _DOCS + "eventbridge/latest/userguide/eb-encryption-key-policy.html",
        "to EventBridge for the event bus of the statement",
        _bus,
        "to EventBridge by the statement as printed, whose aws:SourceAccount is no account id",
        key_policy=_bus_policy(f"arn:aws:events:us-east-1:{ACCOUNT}"),
    ),
    *pair(
        _DOCS + "eventbridge/latest/userguide/eb-encryption-key-policy.html",
        "to EventBridge to decrypt",
        _bus,
        "to EventBridge to describe the key, which takes a statement of its own",
        action="kms:DescribeKey",
    ),
]

# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
SNS = _DOCS + "sns/latest/dg/sns-key-management.html"
_DATA_KEYS = ["kms:GenerateDataKey*", "kms:Decrypt"]
_ALARM = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:cpu"
_SOURCES = policy(
    allow(
        _DATA_KEYS,
        {"Service": "cloudwatch.amazonaws.com"},
        {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:*"},
        },
    )
)
SERVICE_CASES += [
    *pair(
        SNS,
        "to an event source of an encrypted topic",
        Question(
            principal="s3.amazonaws.com",
            key_policy=policy(allow(_DATA_KEYS, {"Service": "s3.amazonaws.com"})),
        ),
        "to an event source that the key policy does not name",
        principal="ses.amazonaws.com",
    ),
    *pair(
        SNS,
        "to an event source of this account",
        Question(
            principal="cloudwatch.amazonaws.com",
            context={"aws:SourceAccount": ACCOUNT, "aws:SourceArn": _ALARM},
            key_policy=_SOURCES,
        ),
        "to an event source of another account",
        context={"aws:SourceAccount": OTHER_ACCOUNT, "aws:SourceArn": _ALARM.replace(ACCOUNT, OTHER_ACCOUNT)},
    ),
    *pair(
        SNS,
        "to a publisher by the IAM policy of the page",
        Question(
            action="kms:GenerateDataKey",
            key_policy=DELEGATES,
            identity_policies=[
                policy(
                    allow(_DATA_KEYS, resource=KEY),
                    allow(["sns:Publish"], resource="arn:aws:sns:*:*:MyTopic"),
                )
            ],
        ),
        "to a publisher to encrypt by itself",
        action="kms:Encrypt",
    ),
]

CASES = [*TRAIL_CASES, *SERVICE_CASES]
