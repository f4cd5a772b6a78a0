"""Templates on both sides of the lines of rules on what AWS refuses, or what does nothing."""

from __future__ import annotations

import json
from typing import Any

from secure_kms_constructs.checks.examples import (
    ACCOUNT,
    DEPLOYS,
    KEY_ARN,
    KEY_ID,
    OTHER_ACCOUNT,
    REGION,
    ROLE,
    ROOT,
    ROOT_ONLY,
    THE_KEY,
    VIA,
    VIA_SECRETS,
    allow,
    key,
    keyed,
    policy,
    template,
    uses,
)
from tests.unit.checks.service_variants import OF_SERVICES

FOUND, UNDECIDED, QUIET = True, None, False
Case = tuple[str, str, Any, bool | None]
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/app"
EVERY = KEY_ARN.replace(f"key/{KEY_ID}", "")


def use(action: Any = "kms:Decrypt", resource: Any = THE_KEY, condition: Any = None, **more: Any) -> Any:
    return uses(allow(None, action, condition, **({"Resource": resource} | more)))


def named(principal: Any, **more: Any) -> Any:
    element = {"AWS": principal} if not isinstance(principal, dict) else principal
    return keyed(allow(element, "kms:Decrypt", {"StringEquals": VIA}, **more))


_BOTH = template(
    Key=key(VIA_SECRETS), Role=ROLE, Policy=policy(allow(None, "kms:*"), allow(None, "kms:*", Effect="Deny"))
)
WILDCARDS: list[Case] = [
    ("KLP101", f"the wildcard {one}", use(resource=EVERY + one), FOUND)
    for one in ("key*", "k*", "ke*", "key?*", "key/?*")
] + [
    ("KLP101", "an ARN that ends after the service", use(resource="arn:aws:kms"), FOUND),
    ("KLP101", "an ARN that ends after another service", use(resource="arn:aws:s3"), QUIET),
    ("KLP101", "all multi-Region keys", use(resource=EVERY + "key/mrk-*"), QUIET),
    ("KLP101", "a Deny of all of KMS beside it", _BOTH, QUIET),
    ("KLP102", "a Deny of all of KMS beside it", _BOTH, QUIET),
    (
        "KLP102",
        "a Deny of all of KMS under a condition beside it",
        template(
            Key=key(VIA_SECRETS),
            Role=ROLE,
            Policy=policy(
                allow(None, "kms:*"), allow(None, "kms:*", {"Bool": {"aws:SecureTransport": "false"}}, Effect="Deny")
            ),
        ),
        FOUND,
    ),
    ("KLP105", "kms:Put* with key/*", use("kms:Put*", EVERY + "key/*"), FOUND),
    ("KLP105", "grants for anybody", use("kms:CreateGrant", "*"), FOUND),
    (
        "KLP105",
        "grants for services",
        use("kms:CreateGrant", "*", {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
        QUIET,
    ),
    ("KLP105", "the policy of one key", use("kms:PutKeyPolicy"), QUIET),
    ("KLP105", "every action, which other rules find", use("kms:*", "*"), QUIET),
    ("KLP105", "a Deny", use("kms:PutKeyPolicy", "*", Effect="Deny"), QUIET),
    (
        "KLP106",
        "another action on secrets",
        use("secretsmanager:DescribeSecret", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app"),
        FOUND,
    ),
    (
        "KLP106",
        "a name that may end with the six characters",
        use("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-AbCdEf"),
        QUIET,
    ),
    (
        "KLP106",
        "a prefix of names",
        use("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/*"),
        QUIET,
    ),
    ("KLP501", "a wildcard that no key of the templates admits", use("kms:Sign", "*"), UNDECIDED),
    ("KLP501", "a wildcard that a key of the templates admits", use("kms:Decrypt", "*", {"StringEquals": VIA}), QUIET),
]
MALFORMED: list[Case] = [
    ("KLP103", "no region", use(resource=KEY_ARN.replace(REGION, "")), FOUND),
    ("KLP103", "an account of 11 digits", use(resource=KEY_ARN.replace(ACCOUNT, ACCOUNT[1:])), FOUND),
    ("KLP103", "an alias in place of the id", use(resource=KEY_ARN.replace(KEY_ID, "alias/app")), FOUND),
    ("KLP103", "a space at the end", use(resource=KEY_ARN + " "), FOUND),
    ("KLP103", "any region", use(resource=KEY_ARN.replace(REGION, "*")), QUIET),
    ("KLP103", "any account", use(resource=KEY_ARN.replace(ACCOUNT, "*")), QUIET),
]
PRINCIPALS: list[Case] = [
    ("KLP207", "everybody", named("*"), QUIET),
    ("KLP207", "an account by its id", named(OTHER_ACCOUNT), QUIET),
    ("KLP207", "an account by its ARN", named(ROOT), QUIET),
    ("KLP207", "a session", named(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"), QUIET),
    ("KLP207", "a role with a path", named(f"arn:aws:iam::{ACCOUNT}:role/team/app"), QUIET),
    ("KLP207", "a service", named({"Service": "s3.amazonaws.com"}), QUIET),
    ("KLP207", "an account that is undefined", named("arn:aws:iam::undefined:root"), FOUND),
    ("KLP207", "no account", named("arn:aws:iam:::role/app"), FOUND),
    ("KLP207", "a group", named(f"arn:aws:iam::{ACCOUNT}:group/team"), FOUND),
    ("KLP207", "an instance profile", named(f"arn:aws:iam::{ACCOUNT}:instance-profile/app"), FOUND),
    ("KLP207", "a bare name", named("app"), FOUND),
    ("KLP207", "an empty list", named([]), FOUND),
    ("KLP207", "a slash for a colon", named(f"arn:aws:iam::{ACCOUNT}/role/app"), FOUND),
    ("KLP207", "another partition", named(ROLE_ARN.replace("arn:aws:", "arn:aws-cn:")), FOUND),
    ("KLP207", "what is left of a role that is gone", named("AROAEXAMPLEEXAMPLE123"), FOUND),
    ("KLP207", "an identity provider", named({"Federated": "accounts.google.com"}), FOUND),
    ("KLP207", "an ARN among others", named([ROLE_ARN, f"{ROLE_ARN}-*"]), FOUND),
    ("KLP208", "the keys of the account", keyed(dict(VIA_SECRETS, Resource=EVERY + "key/*")), QUIET),
    (
        "KLP208",
        "the keys of another account",
        keyed(dict(VIA_SECRETS, Resource=f"arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:key/*")),
        FOUND,
    ),
    ("KLP208", "a bucket", keyed(dict(VIA_SECRETS, Resource="arn:aws:s3:::bucket")), FOUND),
    (
        "KLP208",
        "every resource but a bucket",
        keyed(
            {
                **{name: one for name, one in VIA_SECRETS.items() if name != "Resource"},
                "NotResource": "arn:aws:s3:::bucket",
            }
        ),
        QUIET,
    ),
    ("KLP209", "an action without a service", keyed(allow(ROLE_ARN, "kms=Decrypt", {"StringEquals": VIA})), FOUND),
    ("KLP209", "an element that policies do not have", keyed(allow(ROLE_ARN, "kms:Decrypt", Conditions=VIA)), FOUND),
    (
        "KLP209",
        "a version that there is not",
        template(
            Key=key()
            | {"Properties": {"KeyPolicy": {"Version": "2013-10-17", "Statement": []}, "EnableKeyRotation": True}}
        ),
        FOUND,
    ),
    (
        "KLP209",
        "an operator in a role's policy",
        uses(allow(None, "kms:Decrypt", {"StringEqual": VIA}, Resource=THE_KEY)),
        FOUND,
    ),
    (
        "KLP209",
        "an account id without quotes",
        keyed(allow({"AWS": 111122223333}, "kms:Decrypt", {"StringEquals": VIA})),
        QUIET,
    ),
    (
        "KLP502",
        "a public statement beside a broken one",
        keyed(allow("*", "kms:Decrypt"), allow(ROLE_ARN, "kms=Decrypt")),
        FOUND,
    ),
]
NETWORKS: list[Case] = [
    ("KLP502", f"from {what}", keyed(allow("*", "kms:GetPublicKey", {"IpAddress": {"aws:SourceIp": ranges}})), verdict)
    for what, ranges, verdict in (
        ("every address", "0.0.0.0/0", FOUND),
        ("both halves of all addresses", ["0.0.0.0/1", "128.0.0.0/1"], FOUND),
        ("every address of version 6", "::/0", FOUND),
        ("one network", "203.0.113.0/24", QUIET),
        ("half of all addresses", "0.0.0.0/1", QUIET),
    )
]
_SPARED = {"aws:PrincipalArn": "${aws:PrincipalArn}"}
ALWAYS: list[Case] = [
    (
        "KLP201",
        "if there is a source, which a role has not",
        keyed(allow(ROOT, "kms:*", {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}})),
        FOUND,
    ),
    ("KLP201", "where there is no source", keyed(allow(ROOT, "kms:*", {"Null": {"aws:SourceArn": "true"}})), FOUND),
    ("KLP201", "a variable that is equal to itself", keyed(allow(ROOT, "kms:*", {"StringEquals": _SPARED})), FOUND),
    (
        "KLP201",
        "if there is a grant, which decrypting has not",
        keyed(allow(ROOT, "kms:*", {"BoolIfExists": {"kms:GrantIsForAWSResource": "true"}})),
        FOUND,
    ),
    ("KLP201", "where there is a source", keyed(allow(ROOT, "kms:*", {"Null": {"aws:SourceArn": "false"}})), QUIET),
]
_TRAIL = {"Service": "cloudtrail.amazonaws.com"}
SOURCES: list[Case] = [
    (
        "KLP205",
        f"the source {source}",
        keyed(allow(_TRAIL, "kms:GenerateDataKey", {"ArnLike": {"aws:SourceArn": source}})),
        verdict,
    )
    for source, verdict in (
        ("arn:aws:*:*:*:*", FOUND),
        ("arn:aws:cloudtrail:*:*:trail/*", FOUND),
        (f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*", QUIET),
        ("arn:aws:s3:::bucket", QUIET),
    )
]
DENIALS: list[Case] = [
    (
        "KLP304",
        "a Deny of uses where no service makes a grant",
        keyed(
            allow("*", ["kms:Decrypt", "kms:Encrypt"], {"Bool": {"kms:GrantIsForAWSResource": "false"}}, Effect="Deny")
        ),
        FOUND,
    ),
    (
        "KLP304",
        "a Deny of grants where no service makes one",
        keyed(allow("*", "kms:CreateGrant", {"Bool": {"kms:GrantIsForAWSResource": "false"}}, Effect="Deny")),
        QUIET,
    ),
]


def _bucket(*named: str, key_enabled: Any = True, algorithm: Any = "aws:kms", beside: Any = None) -> Any:
    by_default = {"SSEAlgorithm": algorithm, "KMSMasterKeyID": THE_KEY}
    rule = {"BucketKeyEnabled": key_enabled, "ServerSideEncryptionByDefault": by_default}
    encryption = {"ServerSideEncryptionConfiguration": [rule]}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "orders", "BucketEncryption": encryption}}
    statements = [
        allow(None, "kms:Decrypt", {"StringLike": {"kms:EncryptionContext:aws:s3:arn": one}}, Resource=THE_KEY)
        for one in (list(named), *(beside or ()))
    ]
    return template(Key=key(), Role=ROLE, Policy=policy(*statements), Bucket=bucket)


def _apart(held_by: str) -> Any:
    """A template whose objects and bucket are named in two policies, the second one held by a role."""
    both = _bucket(_OBJECTS)
    named = {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::orders"}}
    more = policy(allow(None, "kms:Decrypt", named, Resource=THE_KEY))
    more["Properties"]["Roles"] = [{"Ref": held_by}]
    return template(**both["Resources"], More=more, Other=ROLE)


_OBJECTS = "arn:aws:s3:::orders/*"
BUCKETS: list[Case] = [
    ("KLP305", "the bucket in another policy of the same role", _apart("Role"), QUIET),
    ("KLP305", "the bucket in a policy of another role", _apart("Other"), FOUND),
    ("KLP305", "some of its objects", _bucket("arn:aws:s3:::orders/in/*", _OBJECTS), FOUND),
    ("KLP305", "a Bucket Key as text", _bucket(_OBJECTS, key_enabled="true"), FOUND),
    ("KLP305", "no Bucket Key", _bucket(_OBJECTS, key_enabled=False), QUIET),
    ("KLP305", "a Bucket Key without KMS", _bucket(_OBJECTS, algorithm="AES256"), QUIET),
    ("KLP305", "a Bucket Key that comes later", _bucket(_OBJECTS, key_enabled={"Ref": "Later"}), UNDECIDED),
    ("KLP305", "another bucket", _bucket("arn:aws:s3:::invoices/*"), QUIET),
    ("KLP305", "a pattern that takes in the bucket", _bucket("arn:aws:s3:::orders*"), QUIET),
    ("KLP305", "the bucket in a statement beside it", _bucket(_OBJECTS, beside=["arn:aws:s3:::orders"]), QUIET),
    ("KLP305", "another bucket in a statement beside it", _bucket(_OBJECTS, beside=["arn:aws:s3:::x"]), FOUND),
]


def _keeps(condition: Any, **more: Any) -> Any:
    return {**allow("*", "kms:ScheduleKeyDeletion", condition), "Effect": "Deny", **more}


def _scp(condition: Any, kind: str = "SERVICE_CONTROL_POLICY", content: Any = None) -> Any:
    statement = {"Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*", "Condition": condition}
    if kind != "SERVICE_CONTROL_POLICY":
        statement["Principal"] = "*"
    document = content or {"Version": "2012-10-17", "Statement": [statement]}
    properties = {"Name": "keep", "Type": kind, "TargetIds": ["r-ab12"], "Content": document}
    return template(Key=key(), Keep={"Type": "AWS::Organizations::Policy", "Properties": properties})


# https://github.com/awslabs/landing-zone-accelerator-on-aws/issues/686
_ALIASES = {"kms:ResourceAliases": ["alias/accelerator/*", "alias/prod/*"]}
_ALL = {"ForAllValues:StringLike": _ALIASES}
_CONTENT = _scp(_ALL)["Resources"]["Keep"]["Properties"]["Content"]
_NOT_BY_SERVICE = {"kms:ViaService": "false"}
_PAIRS = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "tenant"}}
_OPERATIONS = {"ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"}}
SETS: list[Case] = [
    ("KLP307", "the published service control policy", _scp(_ALL), FOUND),
    ("KLP307", "a resource control policy", _scp(_ALL, "RESOURCE_CONTROL_POLICY"), FOUND),
    ("KLP307", "one given as text", _scp(_ALL, content=json.dumps(_CONTENT)), FOUND),
    ("KLP307", "one that is not well-formed", _scp(_ALL, content="{"), QUIET),
    ("KLP307", "a service control policy put right", _scp({"ForAnyValue:StringLike": _ALIASES}), QUIET),
    ("KLP307", "an encryption context", keyed(_keeps(_PAIRS, Action="kms:Decrypt")), FOUND),
    ("KLP307", "with a value asked for", keyed(_keeps({**_ALL, "Null": {"kms:ResourceAliases": "false"}})), QUIET),
    ("KLP307", "with a value of another key asked for", keyed(_keeps({**_ALL, "Null": _NOT_BY_SERVICE})), FOUND),
    ("KLP307", "one that AWS refuses", keyed(_keeps(_ALL, NotAction="kms:DescribeKey")), QUIET),
    ("KLP307", "with no value asked for", keyed(_keeps({**_ALL, "Null": {"kms:ResourceAliases": "true"}})), FOUND),
    ("KLP307", "a negation, which means them", keyed(_keeps({"ForAllValues:StringNotLike": _ALIASES})), QUIET),
    ("KLP307", "an Allow", keyed(allow(ROOT, "kms:DescribeKey", _ALL)), QUIET),
    ("KLP307", "an effect that is not known", keyed(_keeps(_ALL, Effect={"Fn::ImportValue": "effect"})), UNDECIDED),
    ("KLP307", "operations, which every grant has", keyed(_keeps(_OPERATIONS, Action="kms:CreateGrant")), QUIET),
]
OWNERS: list[Case] = [
    ("KLP507", "a role of Identity Center", keyed(base=(allow(f"{ROLE_ARN[:-3]}aws-reserved/x", "kms:*"),)), FOUND),
    ("KLP507", "two roles", keyed(base=(DEPLOYS, allow(ROLE_ARN, "kms:PutKeyPolicy"))), QUIET),
    ("KLP507", "the root user beside it", keyed(base=(DEPLOYS, ROOT_ONLY)), QUIET),
    ("KLP507", "whoever IAM lets", keyed(base=(DEPLOYS, allow(ROOT, "kms:PutKeyPolicy"))), QUIET),
    ("KLP507", "nobody, which another rule finds", keyed(base=(allow(ROLE_ARN, "kms:Decrypt"),)), QUIET),
]
_TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": THE_KEY}}
_EVENTS = allow({"Service": "events.amazonaws.com"}, "kms:Decrypt", {"StringEquals": {"aws:SourceAccount": ACCOUNT}})


def _replica(region: str, arn: str) -> Any:
    specification = {"KMSMasterKeyId": arn}
    replicas = [{"Region": region, "SSESpecification": specification}]
    return template(Table={"Type": "AWS::DynamoDB::GlobalTable", "Properties": {"Replicas": replicas}})


def _logs(value: Any, *statements: Any) -> Any:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/app", "KmsKeyId": value}}
    return template(Key=key(*statements), Logs=group)


_LOG_USE = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
_SECRET = f"arn:aws:secretsmanager:{REGION}:{OTHER_ACCOUNT}:secret:app-AbCdEf"
_READS = allow(None, "secretsmanager:GetSecretValue", Resource=_SECRET)
SERVICES: list[Case] = [
    ("KLP405", "material that is imported", keyed(Origin="EXTERNAL"), FOUND),
    ("KLP405", "true as text", keyed(KeySpec="RSA_4096", KeyUsage="SIGN_VERIFY", EnableKeyRotation="true"), FOUND),
    ("KLP405", "a symmetric key", keyed(), QUIET),
    ("KLP505", "a secret of another account without kms:Decrypt", template(Role=ROLE, Policy=policy(_READS)), FOUND),
    (
        "KLP505",
        "a secret of another account with kms:Decrypt",
        template(
            Role=ROLE,
            Policy=policy(_READS, allow(None, "kms:Decrypt", Resource=KEY_ARN.replace(ACCOUNT, OTHER_ACCOUNT))),
        ),
        QUIET,
    ),
    (
        "KLP506",
        "the global name of the service",
        _logs(THE_KEY, allow({"Service": "logs.amazonaws.com"}, _LOG_USE)),
        UNDECIDED,
    ),
    ("KLP506", "the id of a key", _logs({"Ref": "Key"}), FOUND),
    ("KLP508", "a table's replica under a key of another region", _replica("eu-west-1", KEY_ARN), FOUND),
    ("KLP508", "a table's replica under a key of its region", _replica(REGION, KEY_ARN), QUIET),
    (
        "KLP509",
        "a service that sends its source",
        template(Key=key(dict(_EVENTS, Principal={"Service": "s3.amazonaws.com"})), Topic=_TOPIC),
        QUIET,
    ),
    (
        "KLP509",
        "the ARN of a source",
        template(Key=key(dict(_EVENTS, Condition={"ArnLike": {"aws:SourceArn": "arn:*"}})), Topic=_TOPIC),
        FOUND,
    ),
    ("KLP509", "a key of no topic", keyed(_EVENTS), QUIET),
    (
        "KLP509",
        "the source if there is one",
        template(
            Key=key(dict(_EVENTS, Condition={"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}})), Topic=_TOPIC
        ),
        QUIET,
    ),
]
REFUSED = [
    *OF_SERVICES,
    *(*WILDCARDS, *MALFORMED, *PRINCIPALS, *NETWORKS, *ALWAYS),
    *(*SOURCES, *DENIALS, *BUCKETS, *SETS, *OWNERS, *SERVICES),
]
