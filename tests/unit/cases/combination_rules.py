"""How key policy, IAM policies, boundary and Deny decide together."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    IAM,
    KEY,
    KMS,
    OTHER_ACCOUNT,
    OTHER_KEY,
    OTHER_ROOT,
    ROOT,
    USES_KEY,
    Question,
    allow,
    deny,
    pair,
    policy,
)

_FOREIGN = KMS + "key-policy-modifying-external-accounts.html"
_BOUNDARIES = IAM + "access_policies_boundaries.html"
_PRINCIPAL = IAM + "reference_policies_elements_principal.html"
_LOGIC = IAM + "reference_policies_evaluation-logic.html"

ROLE, OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:role/app2"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"
STRANGER = f"arn:aws:iam::{OTHER_ACCOUNT}:role/app"
_NO_KMS = policy(allow("s3:*"))

delegated = Question(key_policy=DELEGATES, identity_policies=[USES_KEY])
named = Question(key_policy=policy(allow("kms:Decrypt", ROLE)))
stranger = replace(
    delegated, principal=STRANGER, key_policy=policy(allow(["kms:Decrypt", "kms:PutKeyPolicy"], OTHER_ROOT))
)

ACROSS_ACCOUNTS = [
    *pair(
        _FOREIGN,
        "across accounts by both sides",
        stranger,
        "across accounts by the IAM policy alone",
        key_policy=DELEGATES,
    ),
    *pair(
        _FOREIGN,
        "across accounts to a role that the key policy names and its IAM policy allows",
        replace(stranger, key_policy=policy(allow("kms:*", STRANGER))),
        "across accounts to a role that the key policy names, without an IAM policy",
        identity_policies=[],
    ),
    *pair(
        _FOREIGN,
        "across accounts to decrypt",
        stranger,
        "across accounts to change the key policy, even where both sides allow it",
        action="kms:PutKeyPolicy",
    ),
    *pair(
        _FOREIGN,
        "across accounts to the root user of the account that the key policy names",
        replace(stranger, principal=OTHER_ROOT, identity_policies=[]),
        "across accounts to the root user of an account that it does not name",
        principal="arn:aws:iam::777788889999:root",
    ),
    *pair(
        _LOGIC,
        "across accounts within the boundary",
        replace(stranger, boundary=policy(allow("kms:Decrypt"))),
        "across accounts outside the boundary, even where the principal is everyone",
        boundary=_NO_KMS,
    ),
    *pair(
        _FOREIGN,
        "to an account that owns the key, whatever the account in the key's ARN",
        replace(stranger, resource_account=OTHER_ACCOUNT, action="kms:PutKeyPolicy"),
        "to an account that does not own the key",
        resource_account=ACCOUNT,
    ),
]
BOUNDARIES = [
    *pair(
        _BOUNDARIES,
        "by an IAM policy within the boundary",
        replace(delegated, boundary=policy(allow("kms:*"))),
        "by an IAM policy outside the boundary",
        boundary=_NO_KMS,
    ),
    *pair(
        _BOUNDARIES,
        "to a role that the key policy names, within its boundary",
        replace(named, boundary=policy(allow("kms:*"))),
        "to a role that the key policy names, outside its boundary",
        boundary=_NO_KMS,
    ),
    *pair(
        _BOUNDARIES,
        "to a user that the key policy names, outside its boundary",
        Question(principal=USER, key_policy=policy(allow("kms:*", USER)), boundary=_NO_KMS),
        "to a user that the key policy names, by a boundary that denies",
        boundary=policy(allow("s3:*"), deny("kms:*")),
    ),
    *pair(
        _BOUNDARIES,
        "to a session that the key policy names, outside its role's boundary",
        Question(principal=SESSION, key_policy=policy(allow("kms:*", SESSION)), boundary=_NO_KMS),
        "to a session whose role the key policy names, outside its boundary",
        key_policy=policy(allow("kms:*", ROLE)),
    ),
    *pair(
        _PRINCIPAL,
        "to everyone with the role's aws:PrincipalArn, outside the boundary",
        Question(
            key_policy=policy(allow("kms:*", "*", {"ArnEquals": {"aws:PrincipalArn": ROLE}})),
            boundary=_NO_KMS,
        ),
        "to the account with the role's aws:PrincipalArn, outside the boundary",
        key_policy=policy(allow("kms:*", ROOT, {"ArnEquals": {"aws:PrincipalArn": ROLE}})),
    ),
]
DENIALS = [
    *pair(
        _LOGIC,
        "where the key policy denies something else",
        replace(named, key_policy=policy(allow("kms:*", ROLE), deny("kms:Encrypt", ROLE))),
        "where the key policy also denies",
        key_policy=policy(allow("kms:*", ROLE), deny("kms:Decrypt", ROLE)),
    ),
    *pair(
        _LOGIC,
        "where an IAM policy denies another key",
        replace(named, identity_policies=[policy(deny("kms:*", resource=OTHER_KEY))]),
        "where an IAM policy denies this key",
        identity_policies=[policy(deny("kms:*", resource=KEY))],
    ),
    *pair(
        _PRINCIPAL,
        "to a role where the key policy denies another account",
        replace(named, key_policy=policy(allow("kms:*", ROLE), deny("kms:*", OTHER_ROOT))),
        "to a role where the key policy denies its account",
        key_policy=policy(allow("kms:*", ROLE), deny("kms:*", ROOT)),
    ),
    *pair(
        _PRINCIPAL,
        "to a role with a boundary where the key policy denies another role",
        replace(
            named,
            key_policy=policy(allow("kms:*", ROLE), deny("kms:*", OTHER_ROLE)),
            boundary=policy(allow("kms:*")),
        ),
        "to a role with a boundary where the key policy denies it",
        key_policy=policy(allow("kms:*", ROLE), deny("kms:*", ROLE)),
    ),
    *pair(
        _PRINCIPAL,
        "to a session where the key policy denies another session",
        Question(principal=f"{SESSION}2", key_policy=policy(allow("kms:*", ROLE), deny("kms:*", SESSION))),
        "to the session that the key policy denies",
        principal=SESSION,
    ),
    *pair(
        IAM + "reference_policies_elements_condition_operators.html",
        "with the encryption context that a Deny spares",
        replace(
            delegated,
            context={"kms:EncryptionContext:Stage": "prod"},
            identity_policies=[
                USES_KEY,
                policy(deny("kms:*", condition={"StringNotEquals": {"kms:EncryptionContext:Stage": "prod"}})),
            ],
        ),
        "without an encryption context, by a Deny with a negated operator",
        context={},
    ),
]
CASES = [*ACROSS_ACCOUNTS, *BOUNDARIES, *DENIALS]
