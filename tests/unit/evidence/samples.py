"""Records of CloudTrail after the samples that AWS's pages show, each with the uses that must come out of it.

Written by hand: nothing of the reader is used here. Values are those of the pages where they matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
ACCOUNT, PARTNER = "111122223333", "444455556666"
KEY = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
CHINESE_KEY = f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/Alice"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/Admin"
TIME = "2026-05-20T20:45:00Z"
SECRET = f"arn:aws:secretsmanager:us-west-2:{ACCOUNT}:secret:test-secret-a1b2c3"
KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/"
DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"
SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"
IDENTITY = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"
CONTENTS = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html"
LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/durable-encryption-at-rest.html"


@dataclass(frozen=True)
class Sample:
    """A record, and what must come out.

    :param name: what it shows.
    :param page: the page with a sample like it; empty for one that only happens.
    :param uses: what must be found, in one of the lists of what was observed.
    :param among: which list that is.
    :param skipped: the kind it is left out as.
    :param problem: what must be said where it cannot be read.
    """

    name: str
    record: Json
    page: str = ""
    uses: list[Json] = field(default_factory=list)
    among: str = "uses"
    skipped: str = ""
    problem: str = ""


def user(name: str = "Alice") -> Json:
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    return {"type": "IAMUser", "principalId": "EX_PRINCIPAL_ID", "arn": arn, "accountId": ACCOUNT, "userName": name}


def session(role: str = "Admin", *, path: str = "/", by: str | None = None, account: str = ACCOUNT) -> Json:
    """Return a role's session, with the role that issued it."""
    issuer = {
        "type": "Role",
        "principalId": "AROAIGDT3HGFQZX4RY6RU",
        "arn": f"arn:aws:iam::{account}:role{path}{role}",
        "accountId": account,
        "userName": role,
    }
    return {
        "type": "AssumedRole",
        "principalId": "AROAIGDTESTANDEXAMPLE:user01",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/user01",
        "accountId": account,
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "sessionContext": {"attributes": {"mfaAuthenticated": "false"}, "sessionIssuer": issuer},
        **({"invokedBy": by} if by else {}),
    }


def without_issuer(role: str = "Admin", *, by: str | None = None) -> Json:
    """Return a role's session as the samples of Secrets Manager show it: with the type of a user, and no role."""
    made = session(role, by=by) | {"type": "IAMUser"}
    return made | {"sessionContext": {"attributes": {"mfaAuthenticated": "false"}}}


def event(name: str, identity: Any, *, keys: tuple[str, ...] = (KEY,), **more: Any) -> Json:
    """Return a record as KMS writes them now."""
    identity = dict(identity) if isinstance(identity, dict) else identity
    service = identity.get("invokedBy") if isinstance(identity, dict) else None
    return {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": TIME,
        "eventSource": "kms.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-west-2",
        "sourceIPAddress": service or "192.0.2.0",
        "userAgent": service or "aws-sdk-java/2.30.22",
        "requestParameters": {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
        "responseElements": None,
        "requestID": "12345126-30d5-4b28-98b9-9153da559963",
        "eventID": "abcde202-ba1a-467c-b4ba-f729d45ae521",
        "readOnly": True,
        "resources": [{"accountId": one.split(":")[4], "type": "AWS::KMS::Key", "ARN": one} for one in keys],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        **more,
    }


def asked(context: Any = None, **more: Any) -> Json:
    return {"requestParameters": ({} if context is None else {"encryptionContext": context}) | more}


def use(action: str, principal: str = ALICE, **more: Any) -> Json:
    """Return a use as it must come out."""
    made = {
        "principal": principal,
        "account": ACCOUNT,
        "action": f"kms:{action}",
        "key": KEY,
        "service": None,
        "via": None,
        "context": {},
        "first": TIME,
        "last": TIME,
        "count": 1,
    }
    return made | more


def through(service: str, **more: Any) -> Json:
    via = f"{service}.us-west-2.amazonaws.com"
    return {"service": f"{service}.amazonaws.com", "via": via} | more


DEPARTMENT = {"Department": "Engineering", "Project": "Alpha"}
BOOKS = {"aws:dynamodb:tableName": "Books", "aws:dynamodb:subscriberId": ACCOUNT}
VERSIONED = {"SecretARN": SECRET, "SecretVersionId": "EXAMPLE1-90ab-cdef-fedc-ba987SECRET1"}
FUNCTION = {"aws:lambda:FunctionArn": f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:durable"}
RE_ENCRYPTED = {
    "sourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    "sourceEncryptionContext": DEPARTMENT,
    "destinationKeyId": OTHER_KEY.rpartition("/")[2],
    "destinationEncryptionContext": {"Level": "3A"},
}
GRANTING = {
    "keyId": KEY,
    "constraints": {"encryptionContextSubset": BOOKS},
    "operations": ["Encrypt", "RetireGrant"],
    "granteePrincipal": "dynamodb.us-west-2.amazonaws.com",
}
EC2 = f"arn:aws:iam::{ACCOUNT}:role/aws:ec2-infrastructure"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"

DOCUMENTED = [
    Sample(
        "a user decrypts: the request names no key, the record does",
        event("Decrypt", user(), **asked(DEPARTMENT)),
        f"{KMS}ct-decrypt.html",
        [use("Decrypt", context=DEPARTMENT)],
    ),
    Sample(
        "a key that is not the one of the ciphertext is no refusal by policies",
        event("Decrypt", user(), errorCode="IncorrectKeyException", **asked(DEPARTMENT)),
        f"{KMS}ct-decrypt.html#ct-decrypt-fail",
        [use("Decrypt", context=DEPARTMENT)],
        among="failed",
    ),
    Sample(
        "an external key store that refuses is no refusal by policies",
        event("Decrypt", user(), errorCode="KMSInvalidStateException", sourceIPAddress="192.0.2.0"),
        f"{KMS}ct-decrypt.html#ct-decrypt-xks-fail",
        [use("Decrypt")],
        among="failed",
    ),
    Sample(
        "a call from within AWS without a name: by which service is not told",
        event("Decrypt", user(), sourceIPAddress="AWS Internal", userAgent="AWS Internal"),
        f"{KMS}ct-decrypt.html#ct-decrypt-xks",
        [use("Decrypt", service="AWS Internal")],
    ),
    Sample(
        "a user encrypts",
        event("Encrypt", user(), **asked({"Department": "Engineering"}, keyId=KEY)),
        f"{KMS}ct-encrypt.html",
        [use("Encrypt", context={"Department": "Engineering"})],
    ),
    Sample(
        "a data key for a key that is named by its id, and resources without a type",
        event("GenerateDataKey", user(), **asked(DEPARTMENT, keyId=KEY.rpartition("/")[2]))
        | {"resources": [{"ARN": KEY, "accountId": ACCOUNT}]},
        f"{KMS}ct-generatedatakey.html",
        [use("GenerateDataKey", context=DEPARTMENT)],
    ),
    Sample(
        "a data key for a volume, of the key that an alias names",
        event(
            "GenerateDataKeyWithoutPlaintext",
            user(),
            userAgent="AWS Internal",
            **asked({"aws:ebs:id": "vol-13439757"}, keyId="alias/aws/ebs"),
        ),
        f"{KMS}ct-ec2one.html",
        [use("GenerateDataKeyWithoutPlaintext", service="AWS Internal", context={"aws:ebs:id": "vol-13439757"})],
    ),
    Sample(
        "a data key pair",
        event("GenerateDataKeyPair", user(), **asked(keyId=KEY)),
        f"{KMS}ct-generatedatakeypair.html",
        [use("GenerateDataKeyPair")],
    ),
    Sample(
        "ReEncrypt is two uses, of two keys with two contexts",
        event("ReEncrypt", user(), keys=(KEY, OTHER_KEY), requestParameters=RE_ENCRYPTED),
        f"{KMS}ct-reencrypt.html",
        [use("ReEncryptFrom", context=DEPARTMENT), use("ReEncryptTo", key=OTHER_KEY, context={"Level": "3A"})],
    ),
    Sample(
        "a grant that a user makes",
        event("CreateGrant", user(), requestParameters=GRANTING, readOnly=False),
        f"{KMS}ct-creategrant.html",
        [use("CreateGrant")],
    ),
    Sample(
        "the same before December 2022: the request alone tells the key",
        event("CreateGrant", user(), keys=(), requestParameters=GRANTING, readOnly=False),
        f"{KMS}logging-using-cloudtrail.html#searching-kms-ct",
        [use("CreateGrant")],
    ),
    Sample(
        "a grant that DynamoDB makes in somebody's name",
        event("CreateGrant", session(by="dynamodb.amazonaws.com"), requestParameters=GRANTING, readOnly=False),
        DYNAMODB,
        [use("CreateGrant", ADMIN, **through("dynamodb"))],
    ),
    Sample(
        "DynamoDB decrypts in somebody's name",
        event("Decrypt", session(by="dynamodb.amazonaws.com"), **asked(BOOKS)),
        DYNAMODB,
        [use("Decrypt", ADMIN, context=BOOKS, **through("dynamodb"))],
    ),
    Sample(
        "DynamoDB for itself is no use of a role",
        event("GenerateDataKey", {"type": "AWSService", "invokedBy": "dynamodb.amazonaws.com"}, **asked(BOOKS)),
        DYNAMODB,
        [use("GenerateDataKey", "dynamodb.amazonaws.com", account="", context=BOOKS)],
        among="services",
    ),
    Sample(
        "Secrets Manager's sample: a session with the type of a user and no role; the version is dropped",
        event("GenerateDataKey", without_issuer(by="secretsmanager.amazonaws.com"), **asked(VERSIONED)),
        SECRETS,
        [use("GenerateDataKey", ADMIN, context={"SecretARN": SECRET}, **through("secretsmanager"))],
    ),
    Sample(
        "Secrets Manager decrypts for a user",
        event("Decrypt", user() | {"invokedBy": "secretsmanager.amazonaws.com"}, **asked(VERSIONED)),
        SECRETS,
        [use("Decrypt", context={"SecretARN": SECRET}, **through("secretsmanager"))],
    ),
    Sample(
        "Secrets Manager tries whether it may use a key",
        event(
            "Decrypt",
            session(by="secretsmanager.amazonaws.com"),
            **asked({"SecretARN": SECRET, "SecretVersionId": "RequestToValidateKeyAccess"}),
        ),
        SECRETS,
        [use("Decrypt", ADMIN, context={"SecretARN": SECRET}, **through("secretsmanager"))],
    ),
    Sample(
        "the same in old logs: without any context",
        event("Decrypt", session(by="secretsmanager.amazonaws.com"), **asked()),
        SECRETS,
        [use("Decrypt", ADMIN, **through("secretsmanager"))],
    ),
    Sample(
        "a dry run of Lambda has an error and is a use: it would have succeeded",
        event(
            "GenerateDataKey",
            session("FunctionAuthor", by="lambda.amazonaws.com"),
            errorCode="DryRunOperationException",
            **asked(FUNCTION, dryRun=True, keyId=KEY),
        ),
        LAMBDA,
        [use("GenerateDataKey", f"arn:aws:iam::{ACCOUNT}:role/FunctionAuthor", context=FUNCTION, **through("lambda"))],
    ),
    Sample(
        "a dry run that policies refuse is denied",
        event("Decrypt", session(by="lambda.amazonaws.com"), errorCode="AccessDeniedException", **asked(dryRun=True)),
        f"{KMS}testing-permissions.html",
        [use("Decrypt", ADMIN, **through("lambda"))],
        among="denied",
    ),
    Sample(
        "EC2 decrypts for an instance as itself, by a grant",
        event("Decrypt", session("aws:ec2-infrastructure"), **asked({"aws:ebs:id": "vol-f67bafb2"})),
        f"{KMS}ct-ec2two.html",
        [use("Decrypt", EC2, context={"aws:ebs:id": "vol-f67bafb2"})],
        among="services",
    ),
    Sample(
        "a key is described",
        event("DescribeKey", user(), **asked(keyId=KEY.rpartition("/")[2])),
        f"{KMS}ct-describekey.html",
        [use("DescribeKey")],
    ),
    Sample(
        "when a key was used last is asked",
        event("GetKeyLastUsage", user(), **asked(keyId=KEY.rpartition("/")[2])),
        f"{KMS}ct-getkeylastusage.html",
        [use("GetKeyLastUsage")],
    ),
    Sample(
        "a key policy is written",
        event("PutKeyPolicy", user(), readOnly=False, **asked(keyId=KEY, policyName="default", policy="{}")),
        f"{KMS}ct-put-key-policy.html",
        [use("PutKeyPolicy")],
    ),
    Sample(
        "an alias is made: the key of its two resources counts",
        event("CreateAlias", user(), readOnly=False, **asked(aliasName="alias/my", targetKeyId=KEY))
        | {"resources": [{"ARN": f"{KEY.rpartition(':')[0]}:alias/my"}, {"ARN": KEY}]},
        f"{KMS}ct-createalias.html",
        [use("CreateAlias")],
    ),
    Sample(
        "the same before December 2022, with the id of the key",
        event("CreateAlias", user(), keys=(), **asked(aliasName="alias/my", targetKeyId=KEY.rpartition("/")[2])),
        f"{KMS}ct-createalias.html",
        [use("CreateAlias")],
    ),
    Sample(
        "aliases are listed: no key, and no parameters",
        event("ListAliases", user(), keys=(), requestParameters=None),
        f"{KMS}ct-listaliases.html",
        [use("ListAliases", key=None)],
    ),
    Sample(
        "a random number needs no key",
        event("GenerateRandom", user(), keys=(), requestParameters=None, resources=[]),
        f"{KMS}ct-generaterandom.html",
        [use("GenerateRandom", key=None)],
    ),
    Sample(
        "a key is made: it is told, and no policy can name it before",
        event("CreateKey", user(), readOnly=False, **asked()),
        f"{KMS}ct-createkey.html",
        [use("CreateKey", key=None)],
    ),
    Sample(
        "a signature",
        event("Sign", user(), **asked(keyId=KEY, messageType="RAW", signingAlgorithm="RSASSA_PKCS1_V1_5_SHA_512")),
        f"{KMS}ct-sign.html",
        [use("Sign")],
    ),
    Sample(
        "a MAC",
        event("GenerateMac", user(), **asked(keyId=KEY, macAlgorithm="HMAC_SHA_512")),
        f"{KMS}ct-generatemac.html",
        [use("GenerateMac")],
    ),
    Sample(
        "KMS rotates a key itself",
        event("RotateKey", {"accountId": ACCOUNT, "invokedBy": "AWS Internal"}, eventType="AwsServiceEvent"),
        f"{KMS}ct-rotatekey.html",
        skipped="events of KMS itself, such as RotateKey",
    ),
    Sample(
        "a role with a path is told with it",
        event("Decrypt", session("Reader", path="/team/app/")),
        IDENTITY,
        [use("Decrypt", f"arn:aws:iam::{ACCOUNT}:role/team/app/Reader")],
    ),
    Sample(
        "the root user",
        event("Decrypt", {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}),
        IDENTITY,
        [use("Decrypt", f"arn:aws:iam::{ACCOUNT}:root")],
    ),
    Sample(
        "a federated user has what the user has who made the session",
        event(
            "Decrypt",
            {
                "type": "FederatedUser",
                "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
                "accountId": ACCOUNT,
                "sessionContext": {"sessionIssuer": {"type": "IAMUser", "arn": ALICE}},
            },
        ),
        IDENTITY,
        [use("Decrypt", ALICE)],
    ),
    Sample(
        "a federated user of whom nobody is told who made the session",
        event(
            "Decrypt",
            {"type": "FederatedUser", "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob", "accountId": ACCOUNT},
        ),
        IDENTITY,
        [use("Decrypt", f"arn:aws:sts::{ACCOUNT}:federated-user/bob")],
    ),
    Sample(
        "a user of Identity Center without a role tells nobody",
        event("Decrypt", {"type": "IdentityCenterUser", "accountId": ACCOUNT, "onBehalfOf": {"userId": "5448"}}),
        IDENTITY,
        problem="record left out: it does not tell who called",
    ),
    Sample(
        "a role of Identity Center",
        event("Decrypt", session("AWSReservedSSO_Admin_0123456789abcdef", path="/aws-reserved/sso.amazonaws.com/")),
        IDENTITY,
        [
            use(
                "Decrypt",
                f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef",
            )
        ],
    ),
    Sample(
        "a service-linked role is AWS, not a role of the account",
        event("Decrypt", session(LINKED.rpartition("/")[2], path="/aws-service-role/autoscaling.amazonaws.com/")),
        IDENTITY,
        [use("Decrypt", LINKED)],
        among="services",
    ),
    Sample(
        "a call from another account, as the caller's account records it",
        event("Decrypt", session("Partner", account=PARTNER), recipientAccountId=PARTNER, sharedEventID="bf915fa6"),
        CONTENTS,
        [use("Decrypt", f"arn:aws:iam::{PARTNER}:role/Partner", account=PARTNER)],
    ),
    Sample(
        "the same call, as the key's account records it: no more than the account",
        event("Decrypt", {"type": "AWSAccount", "principalId": "AROAEX:s", "accountId": PARTNER}, sharedEventID="b"),
        CONTENTS,
        [use("Decrypt", "", account=PARTNER)],
        among="foreign",
    ),
]

REPORTED = [
    Sample(
        "a refused call without resources and parameters",
        event("Decrypt", session(), keys=(), errorCode="AccessDenied", requestParameters=None, resources=[]),
        uses=[use("Decrypt", ADMIN, key=None)],
        among="denied",
    ),
    Sample(
        "a refused call on a foreign key, which must never become a permission",
        event("GenerateDataKey", session(), errorCode="AccessDenied", **asked(keyId=OTHER_KEY)) | {"resources": []},
        uses=[use("GenerateDataKey", ADMIN, key=OTHER_KEY)],
        among="denied",
    ),
    Sample(
        "AWS Config tries what it may not",
        event("Decrypt", session("Config", by="config.amazonaws.com"), errorCode="AccessDenied"),
        uses=[use("Decrypt", f"arn:aws:iam::{ACCOUNT}:role/Config", service="config.amazonaws.com")],
        among="denied",
    ),
    Sample(
        "a service that may have used a role of its own: the kms:ViaService is not told",
        event("Decrypt", session("StateMachine", by="states.amazonaws.com")),
        uses=[use("Decrypt", f"arn:aws:iam::{ACCOUNT}:role/StateMachine", service="states.amazonaws.com")],
    ),
    Sample(
        "a service that only the address tells",
        event("Decrypt", session(), sourceIPAddress="ssm.amazonaws.com"),
        uses=[use("Decrypt", ADMIN, **through("ssm"))],
    ),
    Sample(
        "an object of S3 counts as its bucket and all below it",
        event("Decrypt", session(by="s3.amazonaws.com"), **asked({"aws:s3:arn": "arn:aws:s3:::logs/2026/a.gz"})),
        uses=[use("Decrypt", ADMIN, context={"aws:s3:arn": "arn:aws:s3:::logs/*"}, **through("s3"))],
    ),
    Sample(
        "with a bucket key it is the bucket",
        event("Decrypt", session(by="s3.amazonaws.com"), **asked({"aws:s3:arn": "arn:aws:s3:::logs"})),
        uses=[use("Decrypt", ADMIN, context={"aws:s3:arn": "arn:aws:s3:::logs"}, **through("s3"))],
    ),
    Sample(
        "a region of another partition has the same suffix",
        event("Decrypt", session(by="ssm.amazonaws.com"), awsRegion="cn-north-1", keys=(CHINESE_KEY,)),
        uses=[use("Decrypt", ADMIN, key=CHINESE_KEY, service="ssm.amazonaws.com", via="ssm.cn-north-1.amazonaws.com")],
    ),
    Sample(
        "a key of another region than the record leaves the service's region open",
        event("Decrypt", session(by="ssm.amazonaws.com"), awsRegion="us-east-1"),
        uses=[use("Decrypt", ADMIN, service="ssm.amazonaws.com")],
    ),
    Sample(
        "a name of a service in the agent",
        event("Decrypt", session(), userAgent="cloudformation.amazonaws.com"),
        uses=[use("Decrypt", ADMIN, service="cloudformation.amazonaws.com")],
    ),
    Sample(
        "an address of AWS with a number",
        event("Decrypt", session(), sourceIPAddress="AWS Internal/12"),
        uses=[use("Decrypt", ADMIN, service="AWS Internal")],
    ),
    Sample(
        "an endpoint of a VPC repeats the call",
        event("Decrypt", session(), eventType="AwsVpceEvent", eventCategory="NetworkActivity"),
        skipped="network activity events, which repeat others",
    ),
    Sample(
        "an insight is no call",
        event("Decrypt", session(), eventType="AwsCloudTrailInsight", eventCategory="Insight"),
        skipped="Insight events",
    ),
    Sample(
        "an event that only mentions KMS",
        event("GetEventSelectors", session(), eventSource="cloudtrail.amazonaws.com", note="kms.amazonaws.com"),
        skipped="events of other services",
    ),
    Sample(
        "an anonymous caller through S3",
        event("Decrypt", {"type": "Unknown", "invokedBy": "s3.amazonaws.com"}, errorCode="AccessDenied"),
        problem="record left out: it does not tell who called",
    ),
    Sample("an event without anybody", event("Decrypt", None), problem="record left out: it does not tell who called"),
    Sample(
        "a principal that is none",
        event("Decrypt", {"type": "AssumedRole", "arn": "HIDDEN_DUE_TO_SECURITY_REASONS", "accountId": ACCOUNT}),
        problem="record left out: it does not tell who called",
    ),
    Sample(
        "a call that succeeded and tells no key",
        event("Decrypt", session(), keys=(), requestParameters=None),
        problem="record left out: it does not tell the key",
    ),
    Sample(
        "an alias does not tell the key",
        event("Encrypt", session(), keys=(), **asked(keyId="alias/app")),
        problem="record left out: it does not tell the key",
    ),
    Sample(
        "a ReEncrypt that tells one of two keys",
        event("ReEncrypt", session(), requestParameters=RE_ENCRYPTED),
        problem="record left out: it is a ReEncrypt that tells one key",
    ),
    Sample(
        "a ReEncrypt whose keys stand in another order",
        event(
            "ReEncrypt",
            session(),
            keys=(OTHER_KEY, KEY),
            requestParameters={"destinationKeyId": OTHER_KEY.rpartition("/")[2]},
        ),
        problem="record left out: it is a ReEncrypt whose keys stand in another order",
    ),
    Sample(
        "an address that is none is a service that is not told",
        event("Decrypt", session(), sourceIPAddress="s3.amazonaws.com.cn"),
        uses=[use("Decrypt", ADMIN, service="s3.amazonaws.com.cn")],
    ),
    Sample(
        "an address of IPv6 is a direct call",
        event("Decrypt", session(), sourceIPAddress="2001:db8::1"),
        uses=[use("Decrypt", ADMIN)],
    ),
    Sample(
        "a ReEncrypt under the same key",
        event("ReEncrypt", session(), requestParameters={"destinationKeyId": KEY.rpartition("/")[2]}),
        uses=[use("ReEncryptFrom", ADMIN), use("ReEncryptTo", ADMIN)],
    ),
    Sample(
        "an action that KMS does not have",
        event("DecryptEverything", session()),
        problem="record left out: KMS has no action 'DecryptEverything'",
    ),
    Sample(
        "an encryption context with a number costs that record",
        event("Decrypt", session(), **asked({"Department": 1})),
        problem="record left out: it has another form: Expected `str`, got `int` - at `$[...]`"
        " of its encryption context",
    ),
    Sample(
        "parameters that are a text cost that record",
        event("Decrypt", session(), requestParameters="Department"),
        problem="record left out: it has another form: Expected `object | null`, got `str` - at `$.requestParameters`",
    ),
    Sample(
        "a time that is none",
        event("Decrypt", session(), eventTime="20.5.2026"),
        problem="record left out: its eventTime is no time",
    ),
    Sample(
        "an event without an id",
        {name: value for name, value in event("Decrypt", session()).items() if name != "eventID"},
        problem="record left out: it has another form: Object missing required field `eventID`",
    ),
]
SAMPLES = DOCUMENTED + REPORTED
