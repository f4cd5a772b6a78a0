"""Key policies of the KMS Developer Guide, as printed except for names in place of placeholders."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    KEY_ID,
    KMS,
    OTHER_ACCOUNT,
    OTHER_ROOT,
    ROOT,
    USES_KEY,
    Question,
    allow,
    deny,
    pair,
    policy,
)

_CRYPTO = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]

# https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
EVALUATION = KMS + "policy-evaluation.html"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/Alice"
alice = Question(principal=ALICE, key_policy=DELEGATES, identity_policies=[USES_KEY])
_SHARED = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
]
_KEY_2 = f"arn:aws:kms:us-west-2:{OTHER_ACCOUNT}:key/{KEY_ID}"
engineering = Question(
    principal=f"arn:aws:iam::{ACCOUNT}:role/Engineering",
    key=_KEY_2,
    key_policy=policy(allow("kms:*", OTHER_ROOT), allow(_SHARED, ROOT)),
    identity_policies=[policy(allow(_SHARED, resource=[_KEY_2]))],
)
EVALUATION_CASES = [
    *pair(
        EVALUATION,
        "to Alice by an IAM policy where the default key policy delegates to the account",
        alice,
        "to Alice where the default key policy delegates and no IAM policy allows",
        identity_policies=[],
    ),
    *pair(
        EVALUATION,
        "across accounts when key policy and IAM policy both allow",
        engineering,
        "across accounts when no IAM policy allows",
        identity_policies=[],
    ),
    *pair(
        EVALUATION,
        "across accounts for an action that both list",
        replace(engineering, action="kms:GenerateDataKey"),
        "across accounts for an action that neither lists",
        action="kms:CreateGrant",
    ),
]

# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html#key-policy-example
CONSOLE = KMS + "key-policy-default.html"
_ADMIN, _USER = (
    f"arn:aws:iam::{ACCOUNT}:role/ExampleAdminRole",
    f"arn:aws:iam::{ACCOUNT}:role/ExampleUserRole",
)
_ADMINISTRATION = [
    "kms:Create*",
    "kms:Describe*",
    "kms:Enable*",
    "kms:List*",
    "kms:Put*",
    "kms:Update*",
    "kms:Revoke*",
    "kms:Disable*",
    "kms:Get*",
    "kms:Delete*",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
    "kms:RotateKeyOnDemand",
]
_FOR_SERVICES = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
CONSOLE_POLICY = policy(
    allow("kms:*", ROOT, Sid="EnableIAMUserPermissions"),
    allow(_ADMINISTRATION, _ADMIN, Sid="AllowKeyAdministratorsAccess"),
    allow(_CRYPTO, _USER, Sid="AllowKeyUse"),
    allow(["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"], _USER, _FOR_SERVICES),
)
_grant = Question(
    principal=_USER,
    action="kms:CreateGrant",
    context={"kms:GrantIsForAWSResource": True},
    key_policy=CONSOLE_POLICY,
)
CONSOLE_CASES = [
    *pair(
        CONSOLE,
        "to an administrator of the console's key policy to change it",
        Question(principal=_ADMIN, action="kms:PutKeyPolicy", key_policy=CONSOLE_POLICY),
        "to an administrator of the console's key policy to decrypt",
        action="kms:Decrypt",
    ),
    *pair(
        CONSOLE,
        "to a user of the console's key policy to decrypt without any IAM policy",
        Question(principal=_USER, key_policy=CONSOLE_POLICY),
        "to a role that the console's key policy does not name",
        principal=f"arn:aws:iam::{ACCOUNT}:role/Another",
    ),
    *pair(
        CONSOLE,
        "to a user of the console's key policy to make a grant for an AWS service",
        _grant,
        "to a user of the console's key policy to make a grant for anyone",
        context={"kms:GrantIsForAWSResource": False},
    ),
    *pair(
        CONSOLE,
        "to a session of a role that the console's key policy names",
        Question(principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/ExampleUserRole/today", key_policy=CONSOLE_POLICY),
        "to a session of another role",
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/Another/today",
    ),
]

# https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html
MRK = KMS + "multi-region-keys-auth.html"
_MRK_ID = "mrk-1234abcd12ab34cd56ef1234567890ab"
_REPLICA = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{_MRK_ID}"
_related = Question(
    action="kms:DescribeKey",
    key=_REPLICA,
    key_policy=DELEGATES,
    identity_policies=[
        policy(allow(["kms:Describe*", "kms:List*"], resource=f"arn:aws:kms:*:{ACCOUNT}:key/{_MRK_ID}"))
    ],
)
_ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:role/Administrator"
_REPLICA_REGIONS = {"StringEquals": {"kms:ReplicaRegion": ["us-east-1", "eu-west-3", "ap-southeast-2"]}}
_replicate = Question(
    principal=_ADMINISTRATOR,
    action="kms:ReplicateKey",
    context={"kms:ReplicaRegion": "eu-west-3"},
    key_policy=policy(allow("kms:ReplicateKey", _ADMINISTRATOR, _REPLICA_REGIONS)),
)
_no_multi_region = Question(
    key_policy=DELEGATES,
    context={"kms:MultiRegion": False},
    identity_policies=[USES_KEY, policy(deny("kms:*", condition={"Bool": {"kms:MultiRegion": True}}))],
)
MRK_CASES = [
    *pair(
        MRK,
        "on a replica by an IAM policy with a wildcard for the region",
        _related,
        "on a replica by an IAM policy for the region of the primary",
        identity_policies=[policy(allow(["kms:Describe*"], resource=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{_MRK_ID}"))],
    ),
    *pair(
        MRK,
        "to replicate into a region that the key policy lists",
        _replicate,
        "to replicate into a region that it does not list",
        context={"kms:ReplicaRegion": "us-west-1"},
    ),
    *pair(
        MRK,
        "to use a single-Region key where multi-Region keys are denied",
        _no_multi_region,
        "to use a multi-Region key where these are denied",
        context={"kms:MultiRegion": True},
    ),
    *pair(
        MRK,
        "to change the primary region by the key policy",
        replace(
            _replicate,
            action="kms:UpdatePrimaryRegion",
            key_policy=policy(allow("kms:UpdatePrimaryRegion", _ADMINISTRATOR)),
        ),
        "to another role to change the primary region",
        principal=f"{_ADMINISTRATOR}2",
    ),
]

CASES = [*EVALUATION_CASES, *CONSOLE_CASES, *MRK_CASES]
