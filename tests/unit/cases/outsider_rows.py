"""Whom no template makes and who can decrypt nevertheless: each kind of names, with a neighbour that is nobody's.

Of each pair the second differs in one thing and admits fewer, for certain.
"""

from __future__ import annotations

from tests.unit.cases.access_rows import ANY_WITH, ROOT_ALONE, ROOT_USER, Rows
from tests.unit.landscapes import ACCOUNT, OTHER_ACCOUNT, ROOT_ARN, ROOT_MAY, allow, deny, identity, key, role_arn

ROOT = {"AWS": ROOT_ARN}
SSO = "aws-reserved/sso.amazonaws.com/*"
# All letters and signs of a name: none is left to stand for another.
LETTERS = "abcdefghijklmnopqrstuvwxyz"
EVERY_CHARACTER = [*LETTERS, *LETTERS.upper(), *"0123456789_+=,.@-"]
DECRYPT = " with kms:* on *: Decrypt"


def arn(resource: str, account: str = ACCOUNT, service: str = "iam") -> str:
    return f"arn:aws:{service}::{account}:{resource}"


def like(*arns: str) -> dict[str, list[str]]:
    return {"aws:PrincipalArn": list(arns)}


def admitted_and_denied(what: str, kind: str, pattern: str) -> list[Rows]:
    """A pattern of names in each of the places where a key policy may have it."""
    whose = f"  any {kind} of {ACCOUNT} like {arn(pattern)}"
    return [
        Rows(f"{what} decrypt where the account is admitted for them", (key(allow(ROOT, ArnLike=like(arn(pattern)))),),
             (f"{whose}{DECRYPT}",)),
        Rows(f"{what} decrypt where everyone is admitted for them", (key(allow("*", ArnLike=like(arn(pattern)))),),
             (f"{whose}: Decrypt",)),
        Rows(f"{what} decrypt where all others are denied",
             (key(ROOT_MAY, deny("*", ArnNotLike=like(arn(pattern)))),), (f"{whose}{DECRYPT}",)),
        Rows(f"{what} do not where they are denied as well",
             (key(allow(ROOT, ArnLike=like(arn(pattern))), deny("*", ArnLike=like(arn(pattern)))),), ("  nobody",)),
    ]  # fmt: skip


CASES = [
    *admitted_and_denied("roles below a path", "role", "role/team/*"),
    *admitted_and_denied("roles of Identity Center", "role", f"role/{SSO}"),
    *admitted_and_denied("users below a path", "user", "user/ops/*"),
    *admitted_and_denied("roles with a path", "role", "role/*/*"),
    Rows(
        "a group is nobody, whatever admits it",
        (key(allow(ROOT, ArnLike=like(arn("group/team/*")))),),
        ("  nobody",),
    ),
    Rows(
        "roles whose path alone is a pattern are those below it",
        (key(allow(ROOT, StringLike=like(arn("role/team/")))), identity("a")),
        ("  nobody",),
    ),
    Rows(
        "letters that a policy denies leave all other names",
        (key(ROOT_MAY, deny("*", ArnLike=like(role_arn("xzqjkvwyXZQJKVWY*")))),),
        (ROOT_USER, ANY_WITH),
    ),
    Rows(
        "letters that several patterns use together leave all other names",
        (key(ROOT_MAY, deny("*", ArnLike=like(role_arn("xzq*"), role_arn("*jkv?w"), role_arn("y*XZQJKVWY")))),),
        (ROOT_USER, ANY_WITH),
    ),
    Rows(
        "every first letter that a policy denies leaves no role",
        (
            key(
                allow(ROOT, ArnLike=like(role_arn("*"))),
                deny("*", ArnLike=like(*(role_arn(f"{one}*") for one in EVERY_CHARACTER))),
            ),
        ),
        (f"  any role of {ACCOUNT} like {role_arn('*')}{DECRYPT}",),
    ),
    Rows(
        "every first character of a path as well leaves no role at all",
        (
            key(
                allow(ROOT, ArnLike=like(role_arn("*"))),
                deny("*", ArnLike=like(*(role_arn(f"{one}*") for one in EVERY_CHARACTER), role_arn("*/*"))),
            ),
        ),
        ("  nobody",),
    ),
    Rows(
        "all but one of them leaves the roles with the one that is left",
        (
            key(
                allow(ROOT, ArnLike=like(role_arn("*"))),
                deny("*", ArnLike=like(*(role_arn(f"{one}*") for one in EVERY_CHARACTER[1:]), role_arn("*/*"))),
            ),
        ),
        (f"  any role of {ACCOUNT} like {role_arn('*')}{DECRYPT}",),
    ),
    Rows(
        "federated users are what is neither role nor user nor root user",
        (key(allow(ROOT, ArnNotLike=like(arn("role/*", "*"), arn("user/*", "*"), arn("root", "*")))),),
        (f"  any federated user of {ACCOUNT}{DECRYPT}",),
    ),
    Rows(
        "federated users denied too leave nobody",
        (
            key(
                allow(ROOT, ArnNotLike=like(arn("role/*", "*"), arn("user/*", "*"), arn("root", "*"))),
                deny("*", ArnLike=like(arn("federated-user/*", "*", "sts"))),
            ),
        ),
        ("  nobody",),
    ),
    Rows(
        "federated users are named by STS",
        (key(allow(ROOT, StringLike=like("arn:aws:sts::*"))),),
        (f"  any federated user of {ACCOUNT} like arn:aws:sts::*{DECRYPT}",),
    ),
    Rows(
        "federated users have no user name",
        (key(allow(ROOT, Null={"aws:username": "true"})),),
        (ROOT_USER, f"  any federated user of {ACCOUNT}{DECRYPT}", f"  any role of {ACCOUNT}{DECRYPT}"),
    ),
    Rows(
        "users have one",
        (key(allow(ROOT, Null={"aws:username": "false"})),),
        (f"  any user of {ACCOUNT}{DECRYPT}",),
    ),
    Rows(
        "a user that is named makes no federated user of others able to",
        (key(ROOT_ALONE, allow({"AWS": arn("user/bob")})), identity("bob", arn=arn("user/bob"))),
        ("  App/bob: Decrypt", ROOT_USER),
    ),
    Rows(
        "services that a pattern admits are told, and cost nobody else",
        (key(allow("*", StringLike={"aws:PrincipalServiceName": "*.amazonaws.com"})),),
        ("  any AWS service like *.amazonaws.com: Decrypt",),
    ),
    Rows(
        "services of no such name are nobody's",
        (key(allow("*", StringLike={"aws:PrincipalServiceName": "AWS *"})),),
        ("  nobody",),
    ),
    Rows(
        "a service of an unusual name might be there",
        (
            key(
                allow({"Service": "logs.amazonaws.com"}),
                allow("*", StringLike={"aws:PrincipalServiceName": "*.internal"}),
            ),
        ),
        ("  logs.amazonaws.com: Decrypt", "? any AWS service like *.internal: Decrypt"),
    ),
    Rows(
        "users are told by their names, whatever their path",
        (key(allow(ROOT, StringLike={"aws:username": "al*"}), deny("*", ArnLike=like(arn("user/al*")))),),
        (f"  any user of {ACCOUNT} like aws:username al*{DECRYPT}",),
    ),
    Rows(
        "a user whom two conditions on one value name is told",
        (
            key(
                allow(
                    ROOT,
                    StringEquals={"kms:EncryptionContext:owner": "alice"},
                    StringLike={"kms:EncryptionContext:owner": "${aws:username}"},
                )
            ),
        ),
        (f"  any user of {ACCOUNT} like aws:username alice{DECRYPT} if owner = ${{aws:username}}",),
    ),
    Rows(
        "a user in whose name no such value is, is not",
        (
            key(
                allow(
                    ROOT,
                    StringEquals={"kms:EncryptionContext:owner": "not/a name"},
                    StringLike={"kms:EncryptionContext:owner": "${aws:username}"},
                )
            ),
        ),
        ("  nobody",),
    ),
    Rows(
        "users without a path are told from those with one by a variable for their name",
        (
            key(
                allow(ROOT, StringEquals={"aws:PrincipalType": "User"}),
                deny("*", ArnLike=like(arn("user/${aws:username}"))),
            ),
        ),
        (f"  any user of {ACCOUNT} like arn:*:iam::*:*/*/* and {arn('user/*')}{DECRYPT}",),
    ),
    Rows(
        "a variable for a name within a text may tell anyone apart",
        (key(allow(ROOT, StringLike={"aws:PrincipalArn": "*${aws:username}-*"})),),
        (f"? any user of {ACCOUNT}{DECRYPT}", f"? any user of another account{DECRYPT}"),
    ),
    Rows(
        "accounts that a pattern admits are told from others",
        (key(allow("*", StringLike={"aws:PrincipalAccount": f"{OTHER_ACCOUNT[:4]}*"})),),
        (
            "? any AWS service: Decrypt",
            f"  any principal of another account like arn:*:*::{OTHER_ACCOUNT[:4]}*:*{DECRYPT}",
        ),
    ),
    Rows(
        "accounts that a pattern cannot have are nobody's, but what a service has for an account no page says",
        (key(allow("*", StringLike={"aws:PrincipalAccount": "abc*"})),),
        ("? any AWS service: Decrypt",),
    ),
    Rows(
        "what is not known of principals counts for each kind that conditions tell apart",
        (key({**allow({"AWS": [ROOT_ARN]}, StringEquals={"aws:PrincipalType": "User"})}),),
        (f"  any user of {ACCOUNT}{DECRYPT}",),
    ),
]
