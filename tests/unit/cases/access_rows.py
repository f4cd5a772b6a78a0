"""Who can decrypt, as the map tells it: each case a sentence, a key with identities, and the lines below the key.

Cases come in pairs that differ in one thing, the second with fewer who can.
"""

from __future__ import annotations

from dataclasses import dataclass

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates.landscape import Identity, Key, Note, Resource
from tests.unit.landscapes import (
    ACCOUNT,
    KEY,
    OTHER_ACCOUNT,
    PARAMETER_STORE,
    ROOT_ARN,
    ROOT_MAY,
    SECRET,
    SECRETS_MANAGER,
    allow,
    deny,
    identity,
    key,
    role_arn,
    secret,
)

ROOT_USER = f"  root user of {ACCOUNT}: Decrypt"
ANY_WITH = f"  any principal of {ACCOUNT} with kms:* on *: Decrypt"
OTHER_ROOT = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
VIA_ONE = {"kms:ViaService": SECRETS_MANAGER}
ONE_SECRET = {"kms:EncryptionContext:SecretARN": SECRET}
# As HardenedKey writes it: the account may not pass on what its root user may.
ROOT_ALONE = allow({"AWS": ROOT_ARN}, "kms:*", StringEquals={"aws:PrincipalType": "Account"})


@dataclass(frozen=True)
class Rows:
    """A sentence, what there is, and the lines that say who can decrypt."""

    name: str
    things: tuple[Key | Identity | Resource | Note, ...]
    lines: tuple[str, ...]


def for_reader(**condition: object) -> dict[str, object]:
    """The key policy statement that lets one role decrypt through what its identity policy says."""
    return allow({"AWS": ROOT_ARN}, **condition, ArnEquals={"aws:PrincipalArn": role_arn("reader")})


CASES = [
    Rows(
        "a key that delegates to its account lets every identity with permission decrypt",
        (key(ROOT_MAY), identity("admin", allow(action="kms:*")), identity("other", allow(action="s3:*"))),
        ("  App/admin: Decrypt", ROOT_USER, ANY_WITH),
    ),
    Rows(
        "a key that admits the root user alone does not",
        (key(ROOT_ALONE), identity("admin", allow(action="kms:*")), identity("other", allow(action="s3:*"))),
        (ROOT_USER,),
    ),
    Rows(
        "a role decrypts one secret through one service",
        (
            key(ROOT_ALONE, for_reader(StringEquals=VIA_ONE)),
            identity("reader", allow(resource=KEY, StringEquals=VIA_ONE | ONE_SECRET)),
            identity("admin", allow(action="kms:*")),
            secret(),
        ),
        ("  App/reader: Decrypt via secretsmanager if SecretARN = App/Secret", ROOT_USER),
    ),
    Rows(
        "a role whose identity policy is about another key does not",
        (
            key(ROOT_ALONE, for_reader(StringEquals=VIA_ONE)),
            identity("reader", allow(resource=KEY[:-1] + "0", StringEquals=VIA_ONE | ONE_SECRET)),
            secret(),
        ),
        (ROOT_USER,),
    ),
    Rows(
        "a role that a key policy names directly decrypts without a policy of its own",
        (key(ROOT_ALONE, allow({"AWS": role_arn("reader")})), identity("reader"), identity("other")),
        ("  App/reader: Decrypt", ROOT_USER),
    ),
    Rows(
        "a role that a key policy names does not beyond its boundary",
        (
            key(ROOT_ALONE, allow({"AWS": role_arn("reader")})),
            identity("reader", boundary=allow(action="s3:*")),
            identity("other"),
        ),
        (ROOT_USER,),
    ),
    Rows(
        "a Deny with a condition leaves the circumstances in which it does not apply",
        (
            key(ROOT_ALONE, allow({"AWS": role_arn("reader")})),
            identity("reader", deny(Bool={"aws:SecureTransport": "false"})),
        ),
        ("  App/reader: Decrypt if aws:SecureTransport = true or none", ROOT_USER),
    ),
    Rows(
        "a Deny without a condition leaves none",
        (key(ROOT_ALONE, allow({"AWS": role_arn("reader")})), identity("reader", deny())),
        (ROOT_USER,),
    ),
    Rows(
        "two statements with circumstances of their own make two lines",
        (
            key(ROOT_MAY),
            identity("reader", allow(StringEquals=VIA_ONE), allow(StringLike={"aws:PrincipalTag/team": "red*"})),
        ),
        (
            "  App/reader: Decrypt if aws:PrincipalTag/team = red*",
            "  App/reader: Decrypt via secretsmanager",
            ROOT_USER,
            ANY_WITH,
        ),
    ),
    Rows(
        "a service is one of several, an encryption context anything but what is denied",
        (
            key(ROOT_MAY),
            identity(
                "reader",
                allow(StringEquals={"kms:ViaService": [SECRETS_MANAGER, PARAMETER_STORE]}),
                deny(StringEquals=ONE_SECRET),
            ),
            secret(),
        ),
        (
            "  App/reader: Decrypt via secretsmanager or ssm if any SecretARN but App/Secret or none",
            ROOT_USER,
            ANY_WITH,
        ),
    ),
    Rows(
        "a pattern without the values that another statement denies",
        (
            key(ROOT_MAY),
            identity(
                "reader",
                allow(StringLike={"kms:EncryptionContext:stage": ["test-*", "dev"]}),
                deny(StringEquals={"kms:EncryptionContext:stage": "dev"}),
            ),
        ),
        ("  App/reader: Decrypt if stage = test-*", ROOT_USER, ANY_WITH),
    ),
    Rows(
        "a literal within a pattern is not told beside it",
        (
            key(ROOT_MAY),
            identity("reader", allow(StringLike={"kms:EncryptionContext:stage": ["test-*", "test-1"]})),
        ),
        ("  App/reader: Decrypt if stage = test-*", ROOT_USER, ANY_WITH),
    ),
    Rows(
        "circumstances within wider ones are not told beside them",
        (
            key(ROOT_ALONE, for_reader()),
            identity(
                "reader",
                allow(StringEquals={"aws:PrincipalTag/a": "1", "aws:PrincipalTag/b": "1"}),
                allow(StringEquals={"aws:PrincipalTag/a": ["1", "2"]}),
                allow(StringEquals={"aws:PrincipalTag/b": "1", "aws:PrincipalTag/c": "1"}),
            ),
        ),
        (
            "  App/reader: Decrypt if aws:PrincipalTag/a = 1 or 2",
            "  App/reader: Decrypt if aws:PrincipalTag/b = 1 and aws:PrincipalTag/c = 1",
            ROOT_USER,
        ),
    ),
    Rows(
        "a number is between two limits",
        (
            key(ROOT_ALONE, for_reader()),
            identity(
                "reader",
                allow(
                    NumericGreaterThan={"aws:MultiFactorAuthAge": "1"}, NumericLessThan={"aws:MultiFactorAuthAge": "2"}
                ),
            ),
        ),
        ("  App/reader: Decrypt if aws:MultiFactorAuthAge > 1 and < 2", ROOT_USER),
    ),
    Rows(
        "two tags that a policy compares must be different",
        (
            key(ROOT_ALONE, for_reader()),
            identity("reader", allow(), deny(StringEquals={"aws:PrincipalTag/a": "${aws:PrincipalTag/b}"})),
        ),
        (
            "  App/reader: Decrypt if any aws:PrincipalTag/a "
            "and any aws:PrincipalTag/b but ${aws:PrincipalTag/a} or none",
            "  App/reader: Decrypt if no aws:PrincipalTag/a",
            ROOT_USER,
        ),
    ),
    Rows(
        "a tag without a value differs from one with",
        (key(ROOT_ALONE, for_reader()), identity("reader", allow(), deny(StringLike={"aws:PrincipalTag/a": "?*"}))),
        ("  App/reader: Decrypt if any aws:PrincipalTag/a but ?* or none", ROOT_USER),
    ),
    Rows(
        "what is no ARN might not be what an ARN is compared with",
        (
            key(ROOT_ALONE, for_reader()),
            identity("reader", allow(ArnNotLike={"kms:EncryptionContext:a": "arn:aws:s3:*:*:a*"})),
        ),
        (
            "  App/reader: Decrypt if a = other ARNs or none",
            "? App/reader: Decrypt if a = other texts",
            ROOT_USER,
        ),
    ),
    Rows(
        "roles that are named like a pattern are told apart from the others of the account",
        (key(ROOT_ALONE, allow({"AWS": ROOT_ARN}, ArnLike={"aws:PrincipalArn": role_arn("app-*")})), identity("app-x")),
        (ROOT_USER, f"  any role of {ACCOUNT} like {role_arn('app-*')} with kms:* on *: Decrypt"),
    ),
    Rows(
        "a role that is not named like the pattern does not",
        (
            key(ROOT_ALONE, allow({"AWS": ROOT_ARN}, ArnLike={"aws:PrincipalArn": role_arn("app-*")})),
            identity("admin", allow(action="kms:*")),
        ),
        (ROOT_USER, f"  any role of {ACCOUNT} like {role_arn('app-*')} with kms:* on *: Decrypt"),
    ),
    Rows(
        "another account decrypts where the key policy admits it, and says so once",
        (key(ROOT_MAY, allow({"AWS": OTHER_ROOT})), identity("other", arn=role_arn("other", OTHER_ACCOUNT))),
        (
            ROOT_USER,
            ANY_WITH,
            f"  any principal of {OTHER_ACCOUNT} with kms:* on *: Decrypt",
        ),
    ),
    Rows(
        "everyone decrypts under a public key policy",
        (key(allow("*")), identity("other")),
        (
            "  App/other: Decrypt",
            ROOT_USER,
            "  any AWS service: Decrypt",
            f"  any principal of {ACCOUNT}: Decrypt",
            "  any principal of another account with kms:* on *: Decrypt",
        ),
    ),
    Rows(
        "the principals of an organization decrypt under one that asks for it",
        (key(allow("*", StringEquals={"aws:PrincipalOrgID": "o-ours"})),),
        (
            f"{ROOT_USER} if aws:PrincipalOrgID = o-ours",
            f"  any principal of {ACCOUNT}: Decrypt if aws:PrincipalOrgID = o-ours",
            "  any principal of another account with kms:* on *: Decrypt if aws:PrincipalOrgID = o-ours",
        ),
    ),
    Rows(
        "only the account's principals decrypt under one that asks for the account",
        (key(allow("*", StringEquals={"kms:CallerAccount": ACCOUNT} | VIA_ONE)), identity("other")),
        (
            "  App/other: Decrypt via secretsmanager",
            f"{ROOT_USER} via secretsmanager",
            f"  any principal of {ACCOUNT}: Decrypt via secretsmanager",
        ),
    ),
    Rows(
        "users alone decrypt where the key policy asks for the type of principal",
        (key(allow({"AWS": ROOT_ARN}, StringEquals={"aws:PrincipalType": "User"})), identity("a", allow())),
        (f"  any user of {ACCOUNT} with kms:* on *: Decrypt",),
    ),
    Rows(
        "a service decrypts for what calls it",
        (
            key(
                ROOT_ALONE,
                allow({"Service": "cloudtrail.amazonaws.com"}, StringEquals={"aws:SourceAccount": ACCOUNT}),
            ),
        ),
        (f"  cloudtrail.amazonaws.com: Decrypt if aws:SourceAccount = {ACCOUNT}", ROOT_USER),
    ),
    Rows(
        "a role never does under a condition that only calls of services meet",
        (key(ROOT_ALONE, allow({"AWS": role_arn("r")}, StringEquals={"aws:SourceAccount": ACCOUNT})), identity("r")),
        (ROOT_USER,),
    ),
    Rows(
        "a session that a key policy names is told apart from its role",
        (
            key(ROOT_ALONE, allow({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/one"})),
            identity("reader"),
        ),
        ("  App/reader as one: Decrypt", ROOT_USER),
    ),
    Rows(
        "a role of no template might, because its own policies are not known",
        (key(ROOT_ALONE, allow({"AWS": role_arn("imported")})),),
        (f"? {role_arn('imported')}: Decrypt", ROOT_USER),
    ),
    Rows(
        "the deploying role is called so",
        (key(ROOT_ALONE, allow({"AWS": role_arn("cdk-hnb659fds-cfn-exec-role-111122223333-us-east-1")})),),
        ("? deployer cdk-hnb659fds-cfn-exec-role-111122223333-us-east-1: Decrypt", ROOT_USER),
    ),
    Rows(
        "a value that is not known makes unknown who can",
        (
            key(ROOT_MAY),
            identity("reader", allow(StringEquals={"kms:EncryptionContext:SecretARN": Unknown("Parameter Secret")})),
        ),
        ("? App/reader: Decrypt if any SecretARN", ROOT_USER, ANY_WITH),
    ),
    Rows(
        "a principal that is not known might be anyone",
        (key(ROOT_ALONE, allow({"AWS": Unknown("Parameter Reader")})), identity("reader", allow())),
        (
            "? App/reader: Decrypt",
            ROOT_USER,
            "? any AWS service: Decrypt",
            f"? any principal of {ACCOUNT}: Decrypt",
            "? any principal of another account with kms:* on *: Decrypt",
        ),
    ),
    Rows(
        "of a key whose policy is not known it is not known who can",
        (key(path="App/Key"), identity("reader", allow())),
        ("? App/reader: Decrypt", "? anyone whom its policy admits: Decrypt"),
    ),
    Rows(
        "two tags that a policy compares must be equal",
        (
            key(ROOT_ALONE, for_reader()),
            identity("reader", allow(StringEquals={"aws:PrincipalTag/a": "${aws:PrincipalTag/b}"})),
        ),
        ("  App/reader: Decrypt if any aws:PrincipalTag/a and aws:PrincipalTag/b = ${aws:PrincipalTag/a}", ROOT_USER),
    ),
    Rows(
        "a variable within a text is more than can be told apart",
        (
            key(ROOT_ALONE, for_reader()),
            identity("reader", allow(StringEquals={"aws:PrincipalTag/a": "team-${aws:PrincipalTag/b}"})),
        ),
        ("? App/reader: Decrypt", ROOT_USER),
    ),
    Rows(
        "members of a set are all of those listed",
        (
            key(ROOT_ALONE, for_reader()),
            identity("reader", allow(**{"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["A", "B"]}})),
        ),
        ("  App/reader: Decrypt if kms:EncryptionContextKeys = [A or B] or none", ROOT_USER),
    ),
    Rows(
        "numbers, dates, addresses and presence are told as the policy compares them",
        (
            key(ROOT_ALONE, for_reader()),
            identity(
                "reader",
                allow(
                    NumericLessThan={"aws:MultiFactorAuthAge": "300"},
                    DateGreaterThan={"aws:CurrentTime": "2026-01-01"},
                    IpAddress={"aws:SourceIp": "203.0.113.0/24"},
                    Null={"aws:SourceVpc": "true"},
                ),
            ),
        ),
        (
            "  App/reader: Decrypt if aws:CurrentTime > 2026-01-01 and aws:MultiFactorAuthAge < 300 "
            "and aws:SourceIp = 203.0.113.0/24 and no aws:SourceVpc",
            ROOT_USER,
        ),
    ),
    Rows(
        "a set operator on a key with one value is about that value",
        (
            key(ROOT_ALONE, for_reader()),
            identity("reader", allow(**{"ForAllValues:StringEquals": {"aws:PrincipalTag/a": "x"}})),
        ),
        ("  App/reader: Decrypt if aws:PrincipalTag/a = (empty) or x or none", ROOT_USER),
    ),
    Rows(
        "a variable in the resource is what names this key",
        (
            key(ROOT_ALONE, for_reader()),
            identity("reader", allow(resource=f"{KEY.split('/')[0]}/${{aws:PrincipalTag/key}}")),
        ),
        (f"  App/reader: Decrypt if aws:PrincipalTag/key = {KEY.split('/')[1]}", ROOT_USER),
    ),
    Rows(
        "a variable beside a wildcard in the resource is more than can be told apart",
        (
            key(ROOT_ALONE, for_reader()),
            identity("reader", allow(resource=f"{KEY.split('/')[0]}/${{aws:PrincipalTag/key}}*")),
        ),
        ("? App/reader: Decrypt", ROOT_USER),
    ),
    Rows(
        "a variable without a value is its default",
        (
            key(ROOT_ALONE, for_reader()),
            identity(
                "reader",
                allow(
                    StringEquals={"aws:PrincipalTag/a": "${aws:PrincipalTag/b, 'red'}"},
                    Null={"aws:PrincipalTag/b": "true"},
                ),
            ),
        ),
        ("  App/reader: Decrypt if aws:PrincipalTag/a = red and no aws:PrincipalTag/b", ROOT_USER),
    ),
    Rows(
        "no page says whether a service that calls for itself calls through another",
        (key(ROOT_ALONE, allow({"Service": "logs.us-east-1.amazonaws.com"}, StringEquals=VIA_ONE)),),
        ("? logs.us-east-1.amazonaws.com: Decrypt", ROOT_USER),
    ),
    Rows(
        "a service that another one calls through is not the one that is denied what comes through no other",
        (
            key(
                ROOT_ALONE,
                allow({"Service": "logs.us-east-1.amazonaws.com"}),
                deny("*", StringNotEquals=VIA_ONE),
            ),
        ),
        ("? logs.us-east-1.amazonaws.com: Decrypt", "  root user of 111122223333: Decrypt via secretsmanager"),
    ),
    Rows(
        "a service that calls for itself is of no account",
        (key(ROOT_ALONE, allow("*", StringEquals={**VIA_ONE, "kms:CallerAccount": ACCOUNT})),),
        (ROOT_USER, f"  any principal of {ACCOUNT}: Decrypt via secretsmanager"),
    ),
    Rows(
        "a call through a service is one through any service, whether or not kms:ViaService has a name for it",
        (key(ROOT_ALONE, for_reader()), identity("reader", allow(Bool={"aws:ViaAWSService": "true"}))),
        (
            "  App/reader: Decrypt if any kms:ViaService",
            "  App/reader: Decrypt if aws:ViaAWSService = true",
            ROOT_USER,
        ),
    ),
    Rows(
        "a user is told from others by a variable in the key policy",
        (
            key(allow("*", StringEquals={"aws:PrincipalTag/owner": "${aws:username}"})),
            identity("alice", arn=f"arn:aws:iam::{ACCOUNT}:user/alice"),
            identity("bob", arn=f"arn:aws:iam::{ACCOUNT}:user/bob"),
        ),
        (
            "  App/alice: Decrypt if aws:PrincipalTag/owner = ${aws:username}",
            "  App/bob: Decrypt if aws:PrincipalTag/owner = ${aws:username}",
            f"  any user of {ACCOUNT}: Decrypt if aws:PrincipalTag/owner = ${{aws:username}}",
            "  any user of another account with kms:* on *: Decrypt if aws:PrincipalTag/owner = ${aws:username}",
        ),
    ),
    Rows(
        "federated users are told from others where the key policy asks for them",
        (key(allow({"AWS": ROOT_ARN}, StringEquals={"aws:PrincipalType": "FederatedUser"})),),
        (f"  any federated user of {ACCOUNT} with kms:* on *: Decrypt",),
    ),
    Rows(
        "root users of all accounts decrypt where the key policy asks for nothing but the type",
        (key(allow("*", StringEquals={"aws:PrincipalType": "Account"})),),
        (ROOT_USER, "? any AWS service: Decrypt", "  root user of another account: Decrypt"),
    ),
    Rows(
        "a Deny of all but some denies whoever has a boundary",
        (
            key(allow("*"), {k: v for k, v in deny("*").items() if k != "Principal"} | {"NotPrincipal": {"AWS": "*"}}),
            identity("free"),
            identity("bounded", boundary=allow()),
        ),
        (
            "  App/free: Decrypt",
            ROOT_USER,
            "  any AWS service: Decrypt",
            f"  any principal of {ACCOUNT}: Decrypt",
            "  any principal of another account with kms:* on *: Decrypt",
        ),
    ),
    Rows(
        "all resources but some others are this key too",
        (
            key(ROOT_MAY),
            identity("reader", {"Effect": "Allow", "Action": "k*:*", "NotResource": f"{KEY}0"}),
            identity("other", {"Effect": "Allow", "Action": "k*:*", "NotResource": KEY}),
            identity("without"),
        ),
        ("  App/reader: Decrypt", ROOT_USER, ANY_WITH),
    ),
    Rows(
        "a role of the templates is named like a pattern",
        (
            key(allow("*", ArnLike={"aws:PrincipalArn": role_arn("app-*")})),
            identity("app-x"),
            identity("other"),
        ),
        (
            "  App/app-x: Decrypt",
            f"  any role of {ACCOUNT} like {role_arn('app-*')}: Decrypt",
        ),
    ),
]
