"""Policies of AWS-managed keys and AWS-managed policies, with names in place of placeholders."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    KEY,
    OTHER_ACCOUNT,
    ROOT,
    USES_KEY,
    Question,
    allow,
    deny,
    pair,
    policy,
)

_DOCS = "https://docs.aws.amazon.com/"

ALICE = f"arn:aws:iam::{ACCOUNT}:user/Alice"
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
MANAGED = _DOCS + "secretsmanager/latest/userguide/security-encryption.html"
_VIA_SECRETS = "secretsmanager.us-east-1.amazonaws.com"
SECRETS_MANAGER = policy(
    allow(
        ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:CreateGrant", "kms:DescribeKey"],
        {"AWS": ["*"]},
        {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": _VIA_SECRETS}},
    ),
    allow(
        "kms:GenerateDataKey*",
        {"AWS": ["*"]},
        {
            "StringEquals": {"kms:CallerAccount": ACCOUNT},
            "StringLike": {"kms:ViaService": "secretsmanager.*.amazonaws.com"},
        },
    ),
    allow(["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"], {"AWS": [ROOT]}),
)
_reader = Question(context={"kms:ViaService": _VIA_SECRETS}, key_policy=SECRETS_MANAGER)
_writer = replace(
    _reader,
    action="kms:GenerateDataKey",
    context={"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"},
)
_describer = Question(action="kms:DescribeKey", key_policy=SECRETS_MANAGER, identity_policies=[USES_KEY])
_NO_KMS = policy(allow("secretsmanager:*"))
MANAGED_CASES = [
    *pair(
        MANAGED,
        "to every role of the account through Secrets Manager by aws/secretsmanager, without any IAM policy",
        _reader,
        "to call KMS directly by aws/secretsmanager",
        context={},
    ),
    *pair(
        MANAGED,
        "to a user of the account through Secrets Manager by aws/secretsmanager",
        replace(_reader, principal=ALICE, identity_policies=[policy(allow("kms:*"))]),
        "to another account by aws/secretsmanager, even with an IAM policy",
        principal=f"arn:aws:iam::{OTHER_ACCOUNT}:user/Alice",
    ),
    *pair(
        MANAGED,
        "to make data keys through Secrets Manager of another region by aws/secretsmanager",
        _writer,
        "to decrypt through Secrets Manager of another region by aws/secretsmanager",
        action="kms:Decrypt",
    ),
    *pair(
        MANAGED,
        "to describe aws/secretsmanager directly with an IAM policy",
        _describer,
        "to describe aws/secretsmanager directly without one",
        identity_policies=[],
    ),
    *pair(
        _DOCS + "IAM/latest/UserGuide/access_policies_boundaries.html",
        "by aws/secretsmanager in spite of a boundary without KMS",
        replace(_reader, boundary=_NO_KMS),
        "by a boundary that denies KMS, whatever aws/secretsmanager says",
        boundary=policy(allow("secretsmanager:*"), deny("kms:*")),
    ),
    *pair(
        _DOCS + "lambda/latest/dg/configuration-envvars-encryption.html",
        "by aws/secretsmanager with an IAM policy that allows",
        replace(_reader, identity_policies=[USES_KEY]),
        "by an IAM policy that denies the key, whatever aws/secretsmanager says",
        identity_policies=[policy(deny("kms:Decrypt", resource=KEY))],
    ),
]

# https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-restrict-decryption.html
_VIA_SSM = "ssm.us-east-1.amazonaws.com"
_SSM = policy(
    allow(
        ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        {"AWS": "*"},
        {"StringEquals": {"kms:ViaService": _VIA_SSM, "kms:CallerAccount": ACCOUNT}},
    ),
    allow(["kms:Describe*", "kms:Get*", "kms:List*"], ROOT),
)
MANAGED_CASES += pair(
    _DOCS + "systems-manager/latest/userguide/ps-restrict-decryption.html",
    "to every role of the account through Parameter Store by aws/ssm",
    Question(context={"kms:ViaService": _VIA_SSM}, key_policy=_SSM),
    "through Secrets Manager by aws/ssm",
    context={"kms:ViaService": _VIA_SECRETS},
)

# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSSecretsManagerClientReadOnlyAccess.html
_CLIENT_POLICY = policy(
    allow(
        "kms:Decrypt",
        condition={
            "StringLike": {
                "kms:ViaService": "secretsmanager.*.amazonaws.com",
                "kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:*:*:secret:*",
            }
        },
    )
)
_SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf"
MANAGED_POLICY_CASES = pair(
    _DOCS + "aws-managed-policy/latest/reference/AWSSecretsManagerClientReadOnlyAccess.html",
    "to read a secret by AWSSecretsManagerClientReadOnlyAccess",
    Question(
        context={"kms:ViaService": _VIA_SECRETS, "kms:EncryptionContext:SecretARN": _SECRET},
        key_policy=DELEGATES,
        identity_policies=[_CLIENT_POLICY],
    ),
    "to decrypt something that is no secret by AWSSecretsManagerClientReadOnlyAccess",
    context={"kms:ViaService": _VIA_SECRETS},
)

CASES = [*MANAGED_CASES, *MANAGED_POLICY_CASES]
