"""Grants, as the pages on grants and the API reference say they work; expected values by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from secure_kms_constructs.policies import Unknown
from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    KMS,
    OTHER_ACCOUNT,
    OTHER_ROOT,
    ROOT,
    Case,
    Question,
    allow,
    deny,
    pair,
    policy,
    undecided,
)

LEX = "lex.amazonaws.com"
GRANTS = KMS + "grants.html"
CREATE = KMS + "create-grant-overview.html"
CONSTRAINTS = "https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html"
LIST = "https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html"
RETIRE = KMS + "grant-delete.html"
EVALUATION = KMS + "policy-evaluation.html"

USER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/keyUserRole"
PATH_ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/keyUserRole"
SIBLING = f"arn:aws:iam::{ACCOUNT}:role/otherRole"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/adminRole"
FOREIGN = f"arn:aws:iam::{OTHER_ACCOUNT}:role/keyUserRole"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/keyUserRole/build"
DYNAMODB = "dynamodb.us-west-2.amazonaws.com"
# Admits nobody by itself: only root, and that only for managing.
SHUT = policy(allow("kms:PutKeyPolicy", ROOT, {"StringEquals": {"aws:PrincipalType": "Account"}}))
IT = {"Department": "IT"}


def grant(*operations: str, to: str = USER_ROLE, **more: Any) -> dict[str, Any]:
    """A grant as ``ListGrants`` returns it."""
    return {"GrantId": "abcde1237f76e4ba", "GranteePrincipal": to, "Operations": list(operations), **more}


def equals(**pairs: str) -> dict[str, Any]:
    """Exactly this encryption context."""
    return {"Constraints": {"EncryptionContextEquals": pairs}}


def subset(**pairs: str) -> dict[str, Any]:
    """At least this encryption context."""
    return {"Constraints": {"EncryptionContextSubset": pairs}}


def context(**pairs: str) -> dict[str, Any]:
    """The encryption context of a request, as KMS puts it into condition keys."""
    return {f"kms:EncryptionContext:{key}": value for key, value in pairs.items()} | {
        "kms:EncryptionContextKeys": list(pairs)
    }


def asks(one: dict[str, Any], action: str = "kms:Decrypt", who: str = USER_ROLE, **more: Any) -> Question:
    """A question to a key whose policy admits nobody, with one grant."""
    return Question(principal=who, action=action, key_policy=SHUT, grants=[one], **more)


def usages() -> list[Case]:
    """One operation of each kind of key, and one that is not in the grant."""
    cases: list[Case] = []
    for operation, other in (
        ("Encrypt", "kms:Decrypt"),
        ("GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
        ("GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKey"),
        ("GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext"),
        ("GenerateDataKeyPairWithoutPlaintext", "kms:GenerateDataKeyPair"),
        ("ReEncryptFrom", "kms:ReEncryptTo"),
        ("ReEncryptTo", "kms:ReEncryptFrom"),
        ("Sign", "kms:Verify"),
        ("Verify", "kms:Sign"),
        ("GenerateMac", "kms:VerifyMac"),
        ("VerifyMac", "kms:GenerateMac"),
        ("DeriveSharedSecret", "kms:GetPublicKey"),
        ("GetPublicKey", "kms:Sign"),
        ("DescribeKey", "kms:GetKeyPolicy"),
    ):
        allowed = f"by a grant of {operation}"
        cases += pair(
            GRANTS,
            allowed,
            asks(grant(operation), f"kms:{operation}"),
            f"{other} by a grant of {operation} alone",
            action=other,
        )
    return cases


WHO = [
    *pair(
        GRANTS,
        "to the grantee without any policy that allows it",
        asks(grant("Decrypt")),
        "to another role of the account than the grantee",
        principal=SIBLING,
    ),
    *pair(
        GRANTS,
        "to a session of the role that is the grantee",
        asks(grant("Decrypt"), who=SESSION),
        "to a session of another role than the grantee",
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/otherRole/build",
    ),
    *pair(
        GRANTS,
        "to the one session that is the grantee",
        asks(grant("Decrypt", to=SESSION), who=SESSION),
        "to another session of the role than the one that is the grantee",
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/keyUserRole/other",
    ),
    *pair(
        GRANTS,
        "to a session of a grantee role that has a path",
        asks(grant("Decrypt", to=PATH_ROLE), who=SESSION),
        "to a session of a role in another account with the name of the grantee",
        principal=f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/keyUserRole/build",
    ),
    *pair(
        GRANTS,
        "to a user that is the grantee",
        asks(grant("Decrypt", to=f"arn:aws:iam::{ACCOUNT}:user/Alice"), who=f"arn:aws:iam::{ACCOUNT}:user/Alice"),
        "to a user of a name that is not the grantee's",
        principal=f"arn:aws:iam::{ACCOUNT}:user/Bob",
    ),
    *pair(
        GRANTS,
        "to a grantee of another account without an identity policy",
        asks(grant("Decrypt", to=FOREIGN), who=FOREIGN),
        "to another role of the grantee's account",
        principal=f"arn:aws:iam::{OTHER_ACCOUNT}:role/otherRole",
    ),
    *pair(
        GRANTS,
        "to a foreign grantee beside a key policy that admits its account",
        replace(asks(grant("Decrypt", to=FOREIGN), who=FOREIGN), key_policy=policy(allow("kms:Decrypt", OTHER_ROOT))),
        "to a foreign role without an identity policy where only the key policy admits its account",
        grants=[grant("Encrypt", to=FOREIGN)],
    ),
    *pair(
        GRANTS,
        "to the root user of the account that is the grantee",
        asks(grant("Decrypt", to=OTHER_ROOT), who=OTHER_ROOT),
        "to the root user of another account than the grantee",
        principal=ROOT,
    ),
    undecided(
        GRANTS,
        "for a role of the account that is the grantee, because no page says whom in it that admits",
        asks(grant("Decrypt", to=ROOT)),
    ),
    *pair(
        LIST,
        "to the service principal that ListGrants gives as the grantee",
        asks(grant("Decrypt", to=DYNAMODB), who=DYNAMODB),
        "to another service principal than the grantee",
        principal="rds.us-west-2.amazonaws.com",
    ),
    *pair(
        LIST,
        "to the service that is the grantee service principal for its source",
        asks(
            grant(
                "Decrypt",
                to="",
                GranteeServicePrincipal=LEX,
                Constraints={"SourceArn": "arn:aws:x:::a"},
            ),
            who=LEX,
            context={"aws:SourceArn": "arn:aws:x:::a"},
        ),
        "to the service that is the grantee service principal for another source",
        context={"aws:SourceArn": "arn:aws:x:::b"},
    ),
    *pair(
        GRANTS,
        "to a role whose grant stands under its own ARN",
        asks(grant("Decrypt")),
        "to a role made again after the grantee of its name was deleted, whose unique id is left",
        grants=[grant("Decrypt", to="AROAEXAMPLEEXAMPLEEX")],
    ),
    *pair(
        GRANTS,
        "by one of two grants to the same grantee",
        replace(asks(grant("Encrypt")), grants=[grant("Encrypt"), grant("Decrypt")]),
        "by none of two grants to the same grantee",
        grants=[grant("Encrypt"), grant("Sign")],
    ),
    undecided(
        GRANTS,
        "for anybody where the grants could not be read",
        replace(asks(grant("Decrypt")), grants=[Unknown("kms:ListGrants was denied")]),
    ),
    Case(
        "denied what no grant can give where the grants could not be read",
        replace(asks(grant("Decrypt"), "kms:PutKeyPolicy"), grants=[Unknown("kms:ListGrants was denied")]),
        False,
        GRANTS,
    ),
]

CONTEXTS = [
    *pair(
        CREATE,
        "with exactly the encryption context that the grant wants",
        asks(grant("Decrypt", **equals(**IT)), context=context(**IT)),
        "with one more pair than the grant wants exactly",
        context=context(**IT, Purpose="Test"),
    ),
    *pair(
        CREATE,
        "with exactly two pairs that the grant wants",
        asks(grant("Decrypt", **equals(**IT, Purpose="Test")), context=context(**IT, Purpose="Test")),
        "with one of two pairs that the grant wants exactly",
        context=context(**IT),
    ),
    *pair(
        CREATE,
        "with a value that the grant wants exactly",
        asks(grant("GenerateDataKey", **equals(**IT)), "kms:GenerateDataKey", context=context(**IT)),
        "with a value in another case than the grant wants exactly",
        context=context(Department="it"),
    ),
    *pair(
        CONSTRAINTS,
        "with a key in another case than in the grant, exactly",
        asks(grant("Decrypt", **equals(**IT)), context=context(department="IT")),
        "without an encryption context where the grant wants one exactly",
        context={},
    ),
    *pair(
        CREATE,
        "with just the pair of which the grant wants at least",
        asks(grant("Decrypt", **subset(**IT)), context=context(**IT)),
        "with another value of the pair of which the grant wants at least",
        context=context(Department="HR"),
    ),
    *pair(
        CREATE,
        "with more pairs than the grant wants at least",
        asks(grant("Decrypt", **subset(**IT)), context=context(**IT, Purpose="Test")),
        "with other pairs than the grant wants at least",
        context=context(Purpose="Test"),
    ),
    *pair(
        CREATE,
        "with both pairs that the grant wants at least",
        asks(grant("Decrypt", **subset(**IT, Purpose="Test")), context=context(**IT, Purpose="Test", More="x")),
        "with one of two pairs that the grant wants at least",
        context=context(**IT, More="x"),
    ),
    *pair(
        CONSTRAINTS,
        "with a key in another case than in the grant, at least",
        asks(grant("Decrypt", **subset(**IT)), context=context(DEPARTMENT="IT", Purpose="Test")),
        "without an encryption context where the grant wants one at least",
        context={},
    ),
    *pair(
        CREATE,
        "with an asterisk in the context that the grant has too",
        asks(grant("Decrypt", **subset(Department="*")), context=context(Department="*")),
        "with a text for which an asterisk in the grant is no wildcard",
        context=context(**IT),
    ),
    *pair(
        CREATE,
        "with a dollar and braces in the context that the grant has too",
        asks(grant("Decrypt", **subset(Who="${aws:PrincipalArn}")), context=context(Who="${aws:PrincipalArn}")),
        "with the principal's ARN, for which a variable in the grant does not stand",
        context=context(Who=USER_ROLE),
    ),
    *pair(
        CREATE,
        "DescribeKey without context by a grant that wants one exactly",
        asks(grant("DescribeKey", "Decrypt", **equals(**IT)), "kms:DescribeKey"),
        "Decrypt without context by a grant that also has DescribeKey",
        action="kms:Decrypt",
    ),
    *pair(
        CREATE,
        "DescribeKey without context by a grant that wants one at least",
        asks(grant("DescribeKey", "Encrypt", **subset(**IT)), "kms:DescribeKey"),
        "Encrypt without context by a grant that also has DescribeKey",
        action="kms:Encrypt",
    ),
    *pair(
        CREATE,
        "RetireGrant without context by a grant that wants one exactly",
        asks(grant("RetireGrant", "Decrypt", **equals(**IT)), "kms:RetireGrant"),
        "Decrypt without context by a grant that also has RetireGrant",
        action="kms:Decrypt",
    ),
    *pair(
        CREATE,
        "RetireGrant without context by a grant that wants one at least",
        asks(grant("RetireGrant", "ReEncryptTo", **subset(**IT)), "kms:RetireGrant"),
        "ReEncryptTo without context by a grant that also has RetireGrant",
        action="kms:ReEncryptTo",
    ),
    *pair(
        CONSTRAINTS,
        "Sign with an asymmetric key, which has no encryption context",
        asks(grant("Sign", "Verify", Constraints={}), "kms:Sign"),
        "Decrypt by a grant of an asymmetric key to sign",
        action="kms:Decrypt",
    ),
    *pair(
        CREATE,
        "to DynamoDB for the table that its grant names",
        asks(
            grant("Decrypt", to=DYNAMODB, **subset(**{"aws:dynamodb:tableName": "Services"})),
            who=DYNAMODB,
            context=context(**{"aws:dynamodb:tableName": "Services", "aws:dynamodb:subscriberId": ACCOUNT}),
        ),
        "to DynamoDB for another table than its grant names",
        context=context(**{"aws:dynamodb:tableName": "Other", "aws:dynamodb:subscriberId": ACCOUNT}),
    ),
]

_PARENT = grant("GenerateDataKey", "Decrypt", "CreateGrant", **subset(**IT))
_EXACT = grant("Decrypt", "CreateGrant", **equals(**IT))
_CHILD = {"kms:GrantOperations": ["Decrypt"], "kms:GrantConstraintType": "EncryptionContextSubset", **context(**IT)}
_SAME = _CHILD | {"kms:GrantConstraintType": "EncryptionContextEquals"}

GRANTING = [
    *pair(
        CREATE,
        "to grant some of the operations of a grant that lets grant",
        asks(_PARENT, "kms:CreateGrant", context=_CHILD),
        "to grant an operation that the grant that lets grant has not",
        context=_CHILD | {"kms:GrantOperations": ["Decrypt", "ReEncryptFrom"]},
    ),
    *pair(
        CREATE,
        "to grant to grant, by a grant that lets grant",
        asks(_PARENT, "kms:CreateGrant", context=_CHILD | {"kms:GrantOperations": ["CreateGrant", "Decrypt"]}),
        "to grant by a grant without CreateGrant",
        grants=[grant("GenerateDataKey", "Decrypt", **subset(**IT))],
    ),
    *pair(
        CREATE,
        "to grant with one pair more than the parent wants at least",
        asks(_PARENT, "kms:CreateGrant", context=_CHILD | context(**IT, Purpose="Test")),
        "to grant without the pair that the parent wants at least",
        context={"kms:GrantOperations": ["Decrypt"]},
    ),
    *pair(
        CREATE,
        "to grant an exact context where the parent wants one at least",
        asks(_PARENT, "kms:CreateGrant", context=_SAME),
        "to grant another exact context than the parent wants at least",
        context=_SAME | context(Department="HR"),
    ),
    *pair(
        CREATE,
        "to grant the exact context of the parent",
        asks(_EXACT, "kms:CreateGrant", context=_SAME),
        "to grant at least a context where the parent wants it exactly",
        context=_CHILD,
    ),
    *pair(
        CREATE,
        "to grant all operations by a grant without constraints",
        asks(grant("Decrypt", "CreateGrant"), "kms:CreateGrant", context={"kms:GrantOperations": ["Decrypt"]}),
        "to another to grant by a grant that lets grant",
        principal=SIBLING,
    ),
    *pair(
        CREATE,
        "to grant what the parent has not, by a policy that allows CreateGrant",
        replace(
            asks(_PARENT, "kms:CreateGrant", context=_CHILD | {"kms:GrantOperations": ["Sign"]}),
            key_policy=policy(allow("kms:CreateGrant", USER_ROLE)),
        ),
        "to grant what the parent has not, where a policy allows another action",
        key_policy=policy(allow("kms:Encrypt", USER_ROLE)),
    ),
]

RETIRING = [
    *pair(
        RETIRE,
        "to the retiring principal to retire the grant",
        asks(grant("Decrypt", RetiringPrincipal=ADMIN), "kms:RetireGrant", who=ADMIN),
        "to the grantee to retire a grant without RetireGrant",
        principal=USER_ROLE,
    ),
    *pair(
        RETIRE,
        "to the grantee to retire a grant with RetireGrant",
        asks(grant("RetireGrant"), "kms:RetireGrant"),
        "to another to retire a grant with RetireGrant",
        principal=SIBLING,
    ),
    *pair(
        RETIRE,
        "to the retiring service principal to retire the grant",
        asks(grant("Decrypt", RetiringServicePrincipal=LEX), "kms:RetireGrant", who=LEX),
        "to the retiring service principal to decrypt",
        action="kms:Decrypt",
    ),
    *pair(
        RETIRE,
        "to decrypt to the grantee of a grant with a retiring principal",
        asks(grant("Decrypt", RetiringPrincipal=ADMIN)),
        "to decrypt to the retiring principal of a grant",
        principal=ADMIN,
    ),
]

_USES = policy(allow("kms:*"))
LIMITS = [
    *pair(
        EVALUATION,
        "by a grant where an identity policy denies another action",
        replace(asks(grant("Decrypt")), identity_policies=[policy(deny("kms:Encrypt"))]),
        "by a grant where an identity policy denies the action",
        identity_policies=[policy(deny("kms:Decrypt"))],
    ),
    *pair(
        EVALUATION,
        "by a grant where the key policy denies another role",
        replace(asks(grant("Decrypt")), key_policy=policy(deny("kms:*", SIBLING))),
        "by a grant where the key policy denies the grantee",
        key_policy=policy(deny("kms:*", USER_ROLE)),
    ),
    *pair(
        EVALUATION,
        "to a foreign grantee where its identity policy denies another key",
        replace(
            asks(grant("Decrypt", to=FOREIGN), who=FOREIGN), identity_policies=[policy(deny("kms:*", resource="arn:x"))]
        ),
        "to a foreign grantee where its identity policy denies all keys",
        identity_policies=[policy(deny("kms:*"))],
    ),
    *pair(
        EVALUATION,
        "by a grant within a boundary that allows it",
        replace(asks(grant("Decrypt")), boundary=policy(allow("kms:Decrypt"))),
        "by a grant where the boundary denies it",
        boundary=policy(deny("kms:Decrypt")),
    ),
    undecided(
        EVALUATION,
        "by a grant outside the permissions boundary, of which no page tells",
        replace(asks(grant("Decrypt")), boundary=policy(allow("s3:*"))),
    ),
    *pair(
        EVALUATION,
        "by an identity policy beside a grant that does not match",
        replace(asks(grant("Decrypt", **equals(**IT))), key_policy=DELEGATES, identity_policies=[_USES]),
        "by a grant that does not match where no identity policy allows",
        identity_policies=[],
    ),
    *pair(
        EVALUATION,
        "by a grant where the Deny of the key policy is for direct calls and it comes through a service",
        replace(
            asks(grant("Decrypt"), context={"kms:ViaService": "s3.us-east-1.amazonaws.com"}),
            key_policy=policy(deny("kms:Decrypt", "*", {"Null": {"kms:ViaService": "true"}})),
        ),
        "by a grant where the Deny of the key policy is for direct calls and it is one",
        context={},
    ),
]

CASES = [*usages(), *WHO, *CONTEXTS, *GRANTING, *RETIRING, *LIMITS]
