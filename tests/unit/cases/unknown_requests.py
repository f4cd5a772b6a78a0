"""Requests of which a part is not known: never denied on account of it, and never allowed."""

from __future__ import annotations

from dataclasses import replace

from secure_kms_constructs.policies import Unknown
from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    KEY,
    KMS,
    USES_KEY,
    Question,
    allow,
    pair,
    policy,
    undecided,
)

SOURCE = KMS + "policy-evaluation.html"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
UNKNOWN = Unknown("Parameter Name")
named = Question(key_policy=policy(allow("kms:Decrypt", ROLE)))
delegated = Question(key_policy=DELEGATES, identity_policies=[USES_KEY])
_VIA = {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}


def _key_policy(*statements: object) -> Question:
    return replace(named, key_policy=policy(*statements))


def _identity_policy(*statements: object) -> Question:
    return replace(delegated, identity_policies=[policy(*statements)])


CASES = [
    *pair(
        SOURCE,
        "by a value of the request that is known",
        replace(_key_policy(allow("kms:*", ROLE, {"StringEquals": _VIA})), context=_VIA),
        "by a key that the request does not have",
        context={},
    ),
    undecided(
        SOURCE,
        "by a value of the request that is not known",
        replace(_key_policy(allow("kms:*", ROLE, {"StringEquals": _VIA})), context={"kms:ViaService": UNKNOWN}),
    ),
    undecided(
        SOURCE,
        "by Null on a key that the request may have",
        replace(
            _key_policy(allow("kms:*", ROLE, {"Null": {"kms:ViaService": True}})),
            context={"kms:ViaService": UNKNOWN},
        ),
    ),
    undecided(
        SOURCE,
        "by aws:ViaAWSService of a call that may come through a service",
        replace(
            _key_policy(allow("kms:*", ROLE, {"Bool": {"aws:ViaAWSService": True}})),
            context={"kms:ViaService": UNKNOWN},
        ),
    ),
    undecided(
        SOURCE,
        "by one unknown value of several",
        replace(
            _key_policy(allow("kms:*", ROLE, {"ForAllValues:StringEquals": {"aws:CalledVia": "a"}})),
            context={"aws:CalledVia": ["a", UNKNOWN]},
        ),
    ),
    *pair(
        SOURCE,
        "by ForAnyValue with one known value of several",
        replace(
            _key_policy(allow("kms:*", ROLE, {"ForAnyValue:StringEquals": {"aws:CalledVia": "a"}})),
            context={"aws:CalledVia": ["a", UNKNOWN]},
        ),
        "by ForAnyValue with none of several known values",
        context={"aws:CalledVia": ["b", "c"]},
    ),
    undecided(
        SOURCE,
        "by a multivalued key of which nothing is known",
        replace(
            _key_policy(allow("kms:*", ROLE, {"ForAllValues:StringEquals": {"aws:CalledVia": "a"}})),
            context={"aws:CalledVia": UNKNOWN},
        ),
    ),
    undecided(
        SOURCE,
        "by a variable whose value is not known",
        replace(
            _identity_policy(allow("kms:*", resource=f"{KEY.split('/')[0]}/${{aws:PrincipalTag/key}}")),
            context={"aws:PrincipalTag/key": UNKNOWN},
        ),
    ),
    undecided(
        SOURCE,
        "by a variable in a condition whose value is not known",
        replace(
            _key_policy(allow("kms:*", ROLE, {"StringEquals": {"aws:PrincipalTag/a": "${aws:PrincipalTag/b}"}})),
            context={"aws:PrincipalTag/a": "x", "aws:PrincipalTag/b": UNKNOWN},
        ),
    ),
]
