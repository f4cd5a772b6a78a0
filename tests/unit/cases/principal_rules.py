"""Whom the principals of a key policy let in, and whom they let IAM policies let in."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    IAM,
    KMS,
    OTHER_ACCOUNT,
    ROOT,
    USES_KEY,
    Question,
    allow,
    deny,
    pair,
    policy,
    undecided,
)

_DEFAULT = KMS + "key-policy-default.html"
_OVERVIEW = KMS + "key-policy-overview.html"
_BOUNDARIES = IAM + "access_policies_boundaries.html"
_PRINCIPAL = IAM + "reference_policies_elements_principal.html"

ROLE, OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:role/app2"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/alice"
STRANGER = f"arn:aws:iam::{OTHER_ACCOUNT}:role/app"

delegated = Question(key_policy=DELEGATES, identity_policies=[USES_KEY])
named = Question(key_policy=policy(allow("kms:Decrypt", ROLE)))
anyone = Question(key_policy=policy(allow("kms:Decrypt", "*")))
_root_only = policy(allow("kms:*", ROOT, {"StringEquals": {"aws:PrincipalType": "Account"}}))

DELEGATION = [
    *pair(
        _DEFAULT,
        "by an IAM policy where the account is given by its bare id",
        replace(delegated, key_policy=policy(allow("kms:*", ACCOUNT))),
        "by an IAM policy where the key policy names another account",
        key_policy=policy(allow("kms:*", OTHER_ACCOUNT)),
    ),
    *pair(
        _DEFAULT,
        "by an IAM policy for an action that is delegated",
        replace(delegated, key_policy=policy(allow(["kms:Describe*", "kms:Decrypt"], ROOT))),
        "by an IAM policy for an action that is not delegated",
        action="kms:Encrypt",
    ),
    *pair(
        KMS + "conditions-kms.html",
        "by an IAM policy under the condition of the delegation",
        replace(
            delegated,
            key_policy=policy(
                allow("kms:*", ROOT, {"StringEquals": {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}})
            ),
            context={"kms:ViaService": "ssm.us-east-1.amazonaws.com"},
        ),
        "by an IAM policy against the condition of the delegation",
        context={"kms:ViaService": "s3.us-east-1.amazonaws.com"},
    ),
    *pair(
        KMS + "key-policies.html",
        "to the root user where the key policy names the account",
        Question(principal=ROOT, key_policy=DELEGATES),
        "to the root user where the key policy names only a role",
        key_policy=policy(allow("kms:*", ROLE)),
    ),
    *pair(
        IAM + "reference_policies_variables.html",
        "to the root user where permission delegation is prevented",
        Question(principal=ROOT, key_policy=_root_only, identity_policies=[USES_KEY]),
        "to a role where permission delegation is prevented, whatever its IAM policy says",
        principal=ROLE,
    ),
    *pair(
        IAM + "reference_policies_condition-keys.html",
        "by an IAM policy to the role named in aws:PrincipalArn",
        replace(delegated, key_policy=policy(allow("kms:*", ROOT, {"ArnEquals": {"aws:PrincipalArn": ROLE}}))),
        "by an IAM policy to another role than that of aws:PrincipalArn",
        principal=OTHER_ROLE,
    ),
    *pair(
        IAM + "reference_policies_condition-keys.html",
        "to a session of the role named in aws:PrincipalArn",
        replace(
            delegated,
            principal=SESSION,
            key_policy=policy(allow("kms:*", ROOT, {"ArnEquals": {"aws:PrincipalArn": ROLE}})),
        ),
        "to a session named itself in aws:PrincipalArn, which holds the role",
        key_policy=policy(allow("kms:*", ROOT, {"ArnEquals": {"aws:PrincipalArn": SESSION}})),
    ),
]
PRINCIPALS = [
    *pair(_DEFAULT, "to a role that the key policy names", named, "to another role", principal=OTHER_ROLE),
    *pair(
        _PRINCIPAL,
        "to a user that the key policy names with its path",
        Question(principal=USER, key_policy=policy(allow("kms:Decrypt", USER))),
        "to a user of that name under another path",
        principal=f"arn:aws:iam::{ACCOUNT}:user/alice",
    ),
    *pair(
        _PRINCIPAL,
        "to the session that the key policy names",
        Question(principal=SESSION, key_policy=policy(allow("kms:Decrypt", SESSION))),
        "to the role as such where the key policy names one session",
        principal=ROLE,
    ),
    *pair(
        _PRINCIPAL,
        "to a session of a role that the key policy names with its path",
        Question(
            principal=SESSION,
            key_policy=policy(allow("kms:Decrypt", f"arn:aws:iam::{ACCOUNT}:role/team/app")),
        ),
        "to a session of a role of another account",
        principal=SESSION.replace(ACCOUNT, OTHER_ACCOUNT),
    ),
    *pair(
        _PRINCIPAL,
        "to a role among several principals",
        replace(
            named,
            key_policy=policy(allow("kms:Decrypt", {"AWS": [OTHER_ROLE, ROLE], "Service": "s3.amazonaws.com"})),
        ),
        "by a wildcard in a principal's name, which stands for nobody",
        key_policy=policy(allow("kms:Decrypt", {"AWS": [f"{ROLE[:-1]}*"]})),
    ),
    *pair(
        _OVERVIEW,
        "to every identity of the account where the principal is everyone",
        anyone,
        "to another account where the principal is everyone and no IAM policy allows",
        principal=STRANGER,
    ),
    *pair(
        KMS + "conditions-kms.html",
        "to everyone of an account without any IAM policy",
        replace(anyone, key_policy=policy(allow("kms:*", "*", {"StringEquals": {"kms:CallerAccount": ACCOUNT}}))),
        "to everyone of another account",
        key_policy=policy(allow("kms:*", "*", {"StringEquals": {"kms:CallerAccount": OTHER_ACCOUNT}})),
    ),
    *pair(
        IAM + "reference_policies_condition-keys.html",
        "to a service principal where services are excepted from a Deny",
        Question(
            principal="s3.amazonaws.com",
            key_policy=policy(
                allow("kms:*", {"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]}),
                deny("kms:*", "*", {"Bool": {"aws:PrincipalIsAWSService": "false"}}),
            ),
        ),
        "to a service principal that no statement names",
        principal="sqs.amazonaws.com",
    ),
    *pair(
        _PRINCIPAL,
        "to a service under Service",
        Question(principal="s3.amazonaws.com", key_policy=policy(allow("kms:*", {"Service": "s3.amazonaws.com"}))),
        "to a service under AWS",
        key_policy=policy(allow("kms:*", {"AWS": "s3.amazonaws.com"})),
    ),
    *pair(
        _PRINCIPAL,
        "to a session of the role that the key policy names",
        Question(principal=SESSION, key_policy=policy(allow("kms:*", ROLE))),
        "to a user with the name of the role that the key policy names",
        principal=f"arn:aws:iam::{ACCOUNT}:user/app",
    ),
    *pair(
        _PRINCIPAL,
        "to a federated user that the key policy names",
        Question(principal=FEDERATED, key_policy=policy(allow("kms:*", FEDERATED))),
        "to another federated user",
        principal=f"{FEDERATED}2",
    ),
    undecided(
        _BOUNDARIES,
        "for a federated user where the key policy names a user of the account",
        Question(principal=FEDERATED, key_policy=policy(allow("kms:*", USER))),
    ),
]
CASES = [*DELEGATION, *PRINCIPALS]
