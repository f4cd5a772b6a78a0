"""What policies and requests of the differential test are drawn from: few values, so that they often meet."""

from __future__ import annotations

REGION, ACCOUNT, OTHER_ACCOUNT = "us-east-1", "111122223333", "444455556666"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-1234abcd12ab34cd56ef1234567890ab"

ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
ROLE_WITH_PATH = f"arn:aws:iam::{ACCOUNT}:role/team/worker"
USER = f"arn:aws:iam::{ACCOUNT}:user/alice"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"
OTHER_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/two"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
FOREIGN_ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/app"
FOREIGN_USER = f"arn:aws:iam::{OTHER_ACCOUNT}:user/alice"
FOREIGN_ROOT = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
LOGS, TRAIL = f"logs.{REGION}.amazonaws.com", "cloudtrail.amazonaws.com"

CALLERS = (
    ROLE,
    ROLE_WITH_PATH,
    USER,
    SESSION,
    OTHER_SESSION,
    ROOT,
    FOREIGN_ROLE,
    FOREIGN_USER,
    FOREIGN_ROOT,
    LOGS,
    TRAIL,
)
# Root users and services have no policies of their own.
UNATTACHED = (ROOT, FOREIGN_ROOT, LOGS, TRAIL)
NAMED_IN_POLICIES = (*CALLERS[:9], ACCOUNT, OTHER_ACCOUNT)

WITH_CONTEXT = ("kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:CreateGrant")
ACTIONS = (*WITH_CONTEXT, "kms:DescribeKey", "kms:PutKeyPolicy", "kms:GetKeyPolicy")

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/db-AbCdEf"
OTHER_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ops/db-AbCdEf"
TRAIL_ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main"

# Condition keys, the values that requests have, and further values that only policies have.
STRINGS = {
    "kms:ViaService": (
        (f"secretsmanager.{REGION}.amazonaws.com", f"ssm.{REGION}.amazonaws.com"),
        ("secretsmanager.*.amazonaws.com", "s?m.*", f"SecretsManager.{REGION}.amazonaws.com", "*"),
    ),
    "kms:EncryptionContext:SecretARN": (
        (SECRET, OTHER_SECRET, "plain"),
        (f"{SECRET[:-6]}??????", f"{SECRET[:-7]}*", "*:secret:app/*", "${*}", "pla?n"),
    ),
    "aws:PrincipalTag/team": (
        ("red", "Red", "blue", "", "*"),
        (
            "r*",
            "?ed",
            "${aws:username}",
            "${aws:PrincipalTag/other}",
            "${aws:PrincipalTag/other, 'red'}",
            "${*}",
        ),
    ),
    "aws:PrincipalTag/other": (
        ("red", "blue", "a$b"),
        ("${aws:PrincipalTag/Team}", "a${$}b", "x${aws:none}y"),
    ),
    "aws:PrincipalOrgID": (("o-ours", "o-theirs"), ("o-*",)),
    "kms:CallerAccount": ((ACCOUNT, OTHER_ACCOUNT), ("1111*", "${aws:PrincipalAccount}")),
    "aws:PrincipalType": (("Account", "User", "AssumedRole"), ()),
    "aws:username": (("alice", "bob"), ("al*",)),
}
ARNS = {
    "aws:PrincipalArn": (
        (ROLE, ROLE_WITH_PATH, USER, ROOT),
        (
            f"arn:aws:iam::{ACCOUNT}:role/*",
            "arn:aws:iam::*:role/app",
            f"arn:aws:iam::{ACCOUNT}:role/team/*",
            "arn:*:iam::1111????3333:*",
            f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}",
        ),
    ),
    "aws:SourceArn": ((TRAIL_ARN, SECRET), (f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*", "arn:aws:*:*:*:*")),
    "kms:EncryptionContext:aws:cloudtrail:arn": ((TRAIL_ARN,), ("arn:aws:cloudtrail:*:*:trail/m?in",)),
}
# Texts of digits, which numeric operators compare too.
ACCOUNTS = {"aws:PrincipalAccount": ((ACCOUNT, OTHER_ACCOUNT), ("0", "222233334444"))}
NUMBERS = {"aws:MultiFactorAuthAge": (("0", "300", "300.5", "-1"), ("299", "300.0", "3600", "+1000"))}
DATES = {
    "aws:CurrentTime": (
        ("2026-01-01T00:00:00Z", "2026-06-01T12:00:00.5Z"),
        ("2026-01-01", "2026-01-01T02:00:00+02:00", "2026-06-01T12:00Z", "2025-12", "1767225600"),
    ),
    "aws:TokenIssueTime": (("2026-01-01T00:00:00Z",), ("2026-01-01T00:00:00Z", "2026-02-03")),
}
BOOLEANS = {
    "aws:MultiFactorAuthPresent": (("true", "false"), ("True",)),
    "aws:SecureTransport": (("true", "false"), ()),
    "aws:PrincipalIsAWSService": (("true", "false"), ()),
    # True without kms:ViaService too: not every service that calls for somebody has a name there.
    "aws:ViaAWSService": (("true", "false"), ()),
}
ADDRESSES = {
    "aws:SourceIp": (
        ("203.0.113.7", "198.51.100.1", "2001:db8:1234:5678::1"),
        ("203.0.113.0/24", "203.0.113.9/30", "0.0.0.0/0", "2001:db8:1234:5678::/64", "198.51.100.1"),
    )
}
BINARIES = {"aws:PrincipalTag/blob": (("QmluYXJ5", "AAAA"), ())}
LISTS = {
    "kms:EncryptionContextKeys": (("SecretARN", "Other"), ("Secret*", "secretarn")),
    "aws:CalledVia": (("cloudformation.amazonaws.com", "dynamodb.amazonaws.com"), ("*.amazonaws.com",)),
}

STRING_OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
)
_ARN_OPERATORS = ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike")
_COMPARISONS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")

FAMILIES = (
    (STRINGS, STRING_OPERATORS),
    (ARNS, (*_ARN_OPERATORS, "StringLike", "StringEquals")),
    (ACCOUNTS, (*STRING_OPERATORS, *(f"Numeric{one}" for one in _COMPARISONS))),
    (NUMBERS, tuple(f"Numeric{one}" for one in _COMPARISONS)),
    (DATES, tuple(f"Date{one}" for one in _COMPARISONS)),
    (BOOLEANS, ("Bool",)),
    (ADDRESSES, ("IpAddress", "NotIpAddress")),
    (BINARIES, ("BinaryEquals",)),
)
CONDITION_KEYS = {key: pools for keys, _ in FAMILIES for key, pools in keys.items()} | LISTS


# Conditions of which no page says what they do, each an operator, a key and its values.
UNSETTLED = (
    ("ArnLike", "aws:PrincipalArn", ["arn:aws:iam", f"arn:aws:iam::{ACCOUNT}"]),
    ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam"),
    ("ArnNotEqualsIfExists", "aws:SourceArn", ["*"]),
    ("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00"),
    ("DateLessThan", "aws:CurrentTime", ["2026-05-01 00:00:00Z"]),
    ("DateNotEquals", "aws:TokenIssueTime", "20260101T000000Z"),
    ("StringEquals", "aws:PrincipalOrgID", []),
    ("NumericLessThan", "aws:MultiFactorAuthAge", "1e9"),
)
# The role's name in another case.
OTHER_CASE = f"arn:aws:iam::{ACCOUNT}:role/APP"

REQUEST_VALUES = {key: mine for key, (mine, _) in CONDITION_KEYS.items()} | {
    "aws:PrincipalTag/keyid": tuple(one.split("/")[1] for one in (KEY, OTHER_KEY))
}

ACTION_VALUES = (
    *ACTIONS,
    "kms:*",
    "*",
    "KMS:Decrypt",
    "kms:dec*",
    "kms:De?rypt",
    "kms:*Key*",
    "kms:G*",
    "s3:*",
    "kms:Generate*Key",
)
RESOURCES = (
    "*",
    "arn:aws:kms",
    f"arn:aws:kms:{REGION}",
    "arn:aws:kms:us-*",
    f"arn:aws:kms:{REGION}:{ACCOUNT}",
    "arn:aws:s3",
    KEY,
    OTHER_KEY,
    f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*",
    "arn:aws:kms:*:*:key/*",
    f"arn:aws:kms:*:{ACCOUNT}:key/mrk-*",
    f"arn:aws:kms:{REGION}:{ACCOUNT}:*",
    f"arn:aws:kms:us-east-?:{ACCOUNT}:key/1234abcd-*-1234567890ab",
    f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/app",
    f"arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:key/*",
    f"arn:aws:kms:{REGION}:{ACCOUNT}:key/${{aws:PrincipalTag/keyid}}",
    f"arn:aws:kms:{REGION}:{ACCOUNT}:key/${{aws:PrincipalTag/keyid, '{OTHER_KEY.split('/')[1]}'}}",
)
