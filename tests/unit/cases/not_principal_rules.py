"""Whom the NotPrincipal of a key policy leaves out."""

from __future__ import annotations

from dataclasses import replace

from secure_kms_constructs.policies import Unknown
from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    IAM,
    OTHER_ROOT,
    ROOT,
    USES_KEY,
    Question,
    allow,
    deny,
    pair,
    policy,
    undecided,
    without,
)

_NOT_PRINCIPAL = IAM + "reference_policies_elements_notprincipal.html"

ROLE, OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:role/app2"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"

delegated = Question(key_policy=DELEGATES, identity_policies=[USES_KEY])
anyone = Question(key_policy=policy(allow("kms:Decrypt", "*")))

_spared = policy(allow("kms:*", ROOT), without(deny("kms:*"), "Principal") | {"NotPrincipal": {"AWS": [ROLE, ROOT]}})
NOT_PRINCIPAL = [
    *pair(
        _NOT_PRINCIPAL,
        "to a role that NotPrincipal lists with its account",
        replace(delegated, key_policy=_spared),
        "to another role of the account that NotPrincipal lists",
        principal=OTHER_ROLE,
    ),
    *pair(
        _NOT_PRINCIPAL,
        "to a session of a role that NotPrincipal lists with its account",
        replace(delegated, principal=SESSION, key_policy=_spared),
        "to a session of a role that NotPrincipal does not list",
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/app2/one",
    ),
    *pair(
        _NOT_PRINCIPAL,
        "to a role that NotPrincipal lists and that has no boundary",
        replace(delegated, key_policy=_spared),
        "to a role that NotPrincipal lists and that has a boundary",
        boundary=policy(allow("kms:*")),
    ),
    undecided(
        _NOT_PRINCIPAL,
        "to a role that NotPrincipal lists and that may have a boundary",
        replace(delegated, key_policy=_spared, boundary=Unknown("whether it has one")),
    ),
    *pair(
        _NOT_PRINCIPAL,
        "to the root user where NotPrincipal lists the account",
        Question(principal=ROOT, key_policy=_spared),
        "to the root user where NotPrincipal lists another account",
        key_policy=policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": OTHER_ROOT})),
    ),
    *pair(
        _NOT_PRINCIPAL,
        "to the root user where NotPrincipal lists the account by its bare id",
        Question(
            principal=ROOT,
            key_policy=policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": ACCOUNT})),
        ),
        "to the root user where NotPrincipal lists only a role",
        key_policy=policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": ROLE})),
    ),
    *pair(
        _NOT_PRINCIPAL,
        "to a service that NotPrincipal lists",
        Question(
            principal="s3.amazonaws.com",
            key_policy=policy(
                allow("kms:*", {"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]}),
                deny("kms:*", NotPrincipal={"Service": "s3.amazonaws.com"}),
            ),
        ),
        "to a service that NotPrincipal does not list",
        principal="sns.amazonaws.com",
    ),
    undecided(
        _NOT_PRINCIPAL,
        "for a role that NotPrincipal lists without its account",
        replace(delegated, key_policy=policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": ROLE}))),
    ),
    *pair(
        _NOT_PRINCIPAL,
        "to everyone but the principals of NotPrincipal in an Allow, which AWS does not support",
        replace(anyone, key_policy=policy(allow("kms:*", NotPrincipal={"AWS": [OTHER_ROLE, ROOT]}))),
        "to a principal of NotPrincipal in an Allow",
        principal=OTHER_ROLE,
    ),
    *pair(
        _NOT_PRINCIPAL,
        "where the NotPrincipal of a Deny is everyone",
        replace(delegated, key_policy=policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal="*"))),
        "where the NotPrincipal of a Deny is someone else",
        key_policy=policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": OTHER_ROLE})),
    ),
]


CASES = NOT_PRINCIPAL
