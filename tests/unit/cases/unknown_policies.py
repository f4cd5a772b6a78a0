"""Policies of which a part is not known: never denied on account of it, and never allowed."""

from __future__ import annotations

from dataclasses import replace

from secure_kms_constructs.policies import Unknown
from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    KMS,
    OTHER_KEY,
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

SOURCE = KMS + "policy-evaluation.html"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
UNKNOWN = Unknown("Parameter Name")
named = Question(key_policy=policy(allow("kms:Decrypt", ROLE)))
delegated = Question(key_policy=DELEGATES, identity_policies=[USES_KEY])
_conditioned = {"StringEquals": {"kms:ViaService": UNKNOWN}}
_VIA = {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}


def _key_policy(*statements: object) -> Question:
    return replace(named, key_policy=policy(*statements))


def _identity_policy(*statements: object) -> Question:
    return replace(delegated, identity_policies=[policy(*statements)])


CASES = [
    *pair(
        SOURCE,
        "by a known statement beside an unknown Allow",
        _key_policy(allow("kms:*", ROLE), allow(UNKNOWN, ROLE)),
        "by a known Deny beside an unknown Allow",
        key_policy=policy(deny("kms:*", ROLE), allow(UNKNOWN, ROLE)),
    ),
    *pair(
        SOURCE,
        "by a known value beside an unknown one",
        _key_policy(allow("kms:*", {"AWS": [ROLE, UNKNOWN]})),
        "by a known value that does not match, whatever the unknown condition",
        key_policy=policy(allow("kms:Encrypt", ROLE, _conditioned)),
    ),
    *pair(
        SOURCE,
        "by IfExists on a key that the request does not have, whatever the unknown value",
        _key_policy(allow("kms:*", ROLE, {"StringEqualsIfExists": {"kms:ViaService": UNKNOWN}})),
        "by an unknown value of a key that the request does not have",
        key_policy=policy(allow("kms:*", ROLE, _conditioned)),
    ),
    undecided(SOURCE, "by an unknown key policy", replace(named, key_policy=UNKNOWN)),
    *pair(
        SOURCE,
        "by a known IAM policy",
        delegated,
        "by an IAM policy that denies, whatever the unknown key policy",
        identity_policies=[policy(deny("kms:*"))],
    ),
    undecided(SOURCE, "by an unknown IAM policy", replace(delegated, identity_policies=[UNKNOWN])),
    undecided(
        SOURCE,
        "by an unknown IAM policy beside one that allows, because it may deny",
        replace(delegated, identity_policies=[USES_KEY, UNKNOWN]),
    ),
    undecided(SOURCE, "by an unknown boundary", replace(delegated, boundary=UNKNOWN)),
    undecided(SOURCE, "by an unknown statement", _key_policy(UNKNOWN)),
    undecided(SOURCE, "by an unknown list of statements", replace(named, key_policy={"Statement": UNKNOWN})),
    undecided(SOURCE, "by an unknown effect", _key_policy(allow("kms:*", ROLE) | {"Effect": UNKNOWN})),
    undecided(
        SOURCE,
        "by an unknown effect beside a statement that allows",
        _key_policy(allow("kms:*", ROLE), allow("kms:*", ROLE) | {"Effect": UNKNOWN}),
    ),
    *pair(
        SOURCE,
        "to a known principal under a condition that holds",
        _key_policy(allow("kms:*", ROLE, {"Null": {"kms:ViaService": True}})),
        "to an unknown principal under a condition that fails",
        key_policy=policy(allow("kms:*", {"AWS": UNKNOWN}, {"Null": {"kms:ViaService": False}})),
    ),
    undecided(SOURCE, "by an unknown principal", _key_policy(allow("kms:*", {"AWS": UNKNOWN}))),
    undecided(SOURCE, "by an unknown Principal element", _key_policy(allow("kms:*", UNKNOWN))),
    undecided(
        SOURCE,
        "by an unknown NotPrincipal",
        _key_policy(allow("kms:*", ROLE), deny("kms:*", NotPrincipal=UNKNOWN)),
    ),
    undecided(
        SOURCE,
        "by a role that may be principal, outside its boundary",
        replace(named, key_policy=policy(allow("kms:*", {"AWS": [ROLE, UNKNOWN]})), boundary=policy(allow("s3:*"))),
    ),
    undecided(SOURCE, "by an unknown action", _key_policy(allow(["kms:Encrypt", UNKNOWN], ROLE))),
    undecided(
        SOURCE,
        "by an unknown NotAction",
        _key_policy(without(allow(None, ROLE, NotAction=UNKNOWN), "Action")),
    ),
    undecided(SOURCE, "by an unknown resource", _identity_policy(allow("kms:*", resource=[OTHER_KEY, UNKNOWN]))),
    undecided(
        SOURCE,
        "by an unknown NotResource",
        _identity_policy(without(allow("kms:*", NotResource=[OTHER_KEY, UNKNOWN]), "Resource")),
    ),
    undecided(
        SOURCE,
        "by an unknown condition value",
        replace(_key_policy(allow("kms:*", ROLE, _conditioned)), context=_VIA),
    ),
    undecided(
        SOURCE,
        "by an unknown value of a negated operator",
        replace(_key_policy(allow("kms:*", ROLE, {"StringNotEquals": {"kms:ViaService": UNKNOWN}})), context=_VIA),
    ),
    *pair(
        SOURCE,
        "by a statement that allows, beside an unknown condition of another",
        _identity_policy(allow("kms:*"), allow("kms:*", condition=UNKNOWN)),
        "where the only statement that may apply is a Deny of the IAM policy",
        identity_policies=[policy(deny("kms:*", condition=UNKNOWN))],
    ),
    *pair(
        SOURCE,
        "by a statement that allows, beside another of unknown principals",
        _key_policy(allow("kms:*", ROLE), allow("kms:*", UNKNOWN)),
        "where the only statement that may apply is a Deny of the key policy",
        key_policy=policy(deny("kms:*", ROLE, UNKNOWN)),
    ),
    *pair(
        SOURCE,
        "beside a statement of unknown effect that does not apply",
        _key_policy(allow("kms:*", ROLE), allow("kms:*", ROLE, {"Null": _VIA}) | {"Effect": UNKNOWN}),
        "by a statement of unknown effect that does not apply",
        key_policy=policy(allow("kms:*", ROLE, {"Null": _VIA}) | {"Effect": UNKNOWN}),
    ),
    undecided(
        SOURCE,
        "by a Deny for an unknown principal",
        _key_policy(allow("kms:*", ROLE), deny("kms:*", {"AWS": UNKNOWN})),
    ),
    undecided(SOURCE, "by an unknown Condition", _key_policy(allow("kms:*", ROLE, UNKNOWN))),
    undecided(SOURCE, "by an unknown operator's keys", _key_policy(allow("kms:*", ROLE, {"StringEquals": UNKNOWN}))),
    undecided(
        SOURCE,
        "by an unknown value of Null",
        _key_policy(allow("kms:*", ROLE, {"Null": {"kms:ViaService": UNKNOWN}})),
    ),
    undecided(
        SOURCE,
        "by a Deny under an unknown condition",
        replace(_key_policy(allow("kms:*", ROLE), deny("kms:*", ROLE, _conditioned)), context=_VIA),
    ),
    *pair(
        SOURCE,
        "across accounts by both sides, all known",
        Question(
            principal=OTHER_ROOT.replace("root", "role/app"),
            key_policy=policy(allow("kms:*", OTHER_ROOT)),
            identity_policies=[USES_KEY],
        ),
        "across accounts by an unknown IAM policy where the key policy does not admit",
        key_policy=policy(allow("kms:*", ROOT)),
    ),
    undecided(
        SOURCE,
        "across accounts where the key policy admits and the IAM policy is unknown",
        Question(
            principal=OTHER_ROOT.replace("root", "role/app"),
            key_policy=policy(allow("kms:*", OTHER_ROOT)),
            identity_policies=[policy(allow(UNKNOWN))],
        ),
    ),
]
