"""Questions, and the reasons of their answers as text."""

from __future__ import annotations

from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    OTHER_ACCOUNT,
    OTHER_KEY,
    OTHER_ROOT,
    ROOT,
    USES_KEY,
    Question,
    allow,
    deny,
    policy,
    without,
)

ROLE, VIA = f"arn:aws:iam::{ACCOUNT}:role/app", "ssm.us-east-1.amazonaws.com"
STRANGER = f"arn:aws:iam::{OTHER_ACCOUNT}:role/app"
_via = {"StringEquals": {"kms:ViaService": [VIA, "s3.us-east-1.amazonaws.com"]}}
_GRANT = {"GranteePrincipal": ROLE, "Operations": ["Decrypt"]}
_NOBODY = f"key policy admits {ROLE} to kms:Decrypt by no statement"

CASES: list[tuple[str, Question, list[str]]] = [
    (
        "a delegation and the IAM policy that it lets decide",
        Question(
            key_policy=policy(allow("kms:Encrypt", ROOT), allow("kms:*", ROOT, Sid="Enable IAM")),
            identity_policies=[policy(allow("s3:*")), policy(allow("kms:*", Sid="Use"))],
        ),
        [
            "key policy statement 1 (Enable IAM) lets identity policies decide kms:Decrypt",
            "identity policy 1 statement 0 (Use) allows kms:Decrypt",
        ],
    ),
    (
        "a delegation without an IAM policy",
        Question(key_policy=DELEGATES),
        [
            "key policy statement 0 lets identity policies decide kms:Decrypt",
            "no identity policy allows kms:Decrypt",
        ],
    ),
    (
        "a grant for another encryption context, and one that allows",
        Question(
            key_policy=policy(allow("kms:Encrypt", ROLE)),
            context={"kms:EncryptionContext:team": "blue"},
            grants=[
                {**_GRANT, "GrantId": "g1", "Constraints": {"EncryptionContextSubset": {"team": "red"}}},
                {**_GRANT, "GrantId": "g2"},
            ],
        ),
        [
            _NOBODY,
            "grant g1 statement 0 does not apply: StringEquals kms:EncryptionContext:team wants red, the request has "
            "blue",
            "grant g2 statement 0 allows kms:Decrypt",
            "no identity policy allows kms:Decrypt",
        ],
    ),
    (
        "an IAM policy that the key policy does not admit",
        Question(key_policy=policy(allow("kms:*", OTHER_ROOT)), identity_policies=[USES_KEY]),
        [_NOBODY, "identity policy 0 statement 0 allows kms:Decrypt"],
    ),
    (
        "an explicit Deny, and nothing else",
        Question(
            key_policy=policy(allow("kms:*", ROLE), deny("kms:*", ROLE, Sid="No")),
            identity_policies=[policy(deny("kms:*"))],
            boundary=policy(allow("s3:*"), deny("kms:D*")),
        ),
        [
            "key policy statement 1 (No) denies kms:Decrypt",
            "identity policy 0 statement 0 denies kms:Decrypt",
            "permissions boundary statement 1 denies kms:Decrypt",
        ],
    ),
    (
        "the condition that fails, with what it wants and what the request has",
        Question(
            key_policy=policy(allow("kms:*", ROLE, _via | {"Bool": {"aws:SecureTransport": True}}, Sid="Via")),
            context={"kms:viaService": "sns.us-east-1.amazonaws.com"},
        ),
        [
            "key policy statement 0 (Via) does not apply: StringEquals kms:ViaService wants "
            f"{VIA} or s3.us-east-1.amazonaws.com, the request has sns.us-east-1.amazonaws.com",
            "key policy statement 0 (Via) does not apply: Bool aws:SecureTransport wants true, the request has none",
            _NOBODY,
            "no identity policy allows kms:Decrypt",
        ],
    ),
    (
        "all values of a multivalued key",
        Question(
            key_policy=policy(allow("kms:*", ROLE, {"ForAllValues:StringEquals": {"aws:CalledVia": []}})),
            context={"aws:CalledVia": ["a", "b"]},
        ),
        [
            "key policy statement 0 does not apply: ForAllValues:StringEquals aws:CalledVia wants no value, "
            "the request has a, b",
            _NOBODY,
            "no identity policy allows kms:Decrypt",
        ],
    ),
    (
        "a resource that is another key",
        Question(key_policy=DELEGATES, identity_policies=[policy(allow("kms:*", resource=OTHER_KEY))]),
        [
            "key policy statement 0 lets identity policies decide kms:Decrypt",
            "identity policy 0 statement 0 does not apply: its Resource is not this key",
            "no identity policy allows kms:Decrypt",
        ],
    ),
    (
        "a statement that has no effect",
        Question(
            key_policy=policy(without(allow("kms:*", ROLE), "Action"), without(allow("*", OTHER_ROOT), "Resource"))
        ),
        [
            "key policy statement 0 has no effect, because it has no Action",
            _NOBODY,
            "no identity policy allows kms:Decrypt",
        ],
    ),
    (
        "a statement without Resource, once",
        Question(key_policy=policy(without(allow("kms:*", ROLE), "Resource"))),
        [
            "key policy statement 0 has no effect, because it has no Resource",
            _NOBODY,
            "no identity policy allows kms:Decrypt",
        ],
    ),
    (
        "no Deny that does not apply, and nothing about others",
        Question(
            key_policy=policy(allow("kms:*", ROLE), deny("kms:*", ROLE, _via), allow("kms:*", OTHER_ROOT, _via)),
            identity_policies=[policy(allow("kms:*"), deny("kms:*", resource=OTHER_KEY))],
        ),
        ["key policy statement 0 allows kms:Decrypt", "identity policy 0 statement 0 allows kms:Decrypt"],
    ),
    (
        "of two conditions the one that fails",
        Question(
            key_policy=policy(allow("kms:*", ROLE, {"Null": {"aws:PrincipalArn": False, "aws:SourceArn": False}}))
        ),
        [
            "key policy statement 0 does not apply: Null aws:SourceArn wants false, the request has none",
            _NOBODY,
            "no identity policy allows kms:Decrypt",
        ],
    ),
    (
        "an action that works only within the account",
        Question(action="kms:PutKeyPolicy", key_policy=policy(allow("kms:*", ROLE)), identity_policies=[USES_KEY]),
        [
            "key policy statement 0 allows kms:PutKeyPolicy",
            "identity policy 0 statement 0 allows kms:PutKeyPolicy",
        ],
    ),
    (
        "a boundary that allows",
        Question(key_policy=DELEGATES, identity_policies=[USES_KEY], boundary=USES_KEY),
        [
            "key policy statement 0 lets identity policies decide kms:Decrypt",
            "identity policy 0 statement 0 allows kms:Decrypt",
            "permissions boundary statement 0 allows kms:Decrypt",
        ],
    ),
    (
        "a boundary that does not allow",
        Question(key_policy=policy(allow("kms:*", ROLE)), boundary=policy(allow("kms:*", resource=OTHER_KEY))),
        [
            "key policy statement 0 allows kms:Decrypt",
            "no identity policy allows kms:Decrypt",
            "permissions boundary statement 0 does not apply: its Resource is not this key",
            "permissions boundary does not allow kms:Decrypt",
        ],
    ),
    (
        "both sides across accounts",
        Question(principal=STRANGER, key_policy=policy(allow("kms:*", STRANGER)), identity_policies=[USES_KEY]),
        [
            "key policy statement 0 lets identity policies decide kms:Decrypt",
            "identity policy 0 statement 0 allows kms:Decrypt",
        ],
    ),
    (
        "an action that never works across accounts",
        Question(principal=STRANGER, action="kms:PutKeyPolicy", key_policy=policy(allow("kms:*", STRANGER))),
        [
            "kms:PutKeyPolicy never works on a key of another account",
            "no identity policy allows kms:PutKeyPolicy",
        ],
    ),
    (
        "the root user, who has no identity policies",
        Question(principal=ROOT, key_policy=DELEGATES),
        ["key policy statement 0 allows kms:Decrypt"],
    ),
    (
        "a service, which has no identity policies",
        Question(principal="s3.amazonaws.com", key_policy=DELEGATES),
        ["key policy admits s3.amazonaws.com to kms:Decrypt by no statement"],
    ),
]
