"""Templates on both sides of each line that a rule draws: what it finds, what it cannot tell, what it leaves alone."""

from __future__ import annotations

import copy
from typing import Any

from secure_kms_constructs.checks.examples import (
    ACCOUNT,
    DEPLOYS,
    KEY_ARN,
    KEY_ID,
    OTHER_ACCOUNT,
    OTHER_ROOT,
    REGION,
    ROLE,
    ROOT,
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
from secure_kms_constructs.checks.rules import rule_named
from tests.unit.checks.refused_variants import REFUSED

FOUND, UNDECIDED, QUIET = True, None, False
Case = tuple[str, str, Any, bool | None]

EVERY = KEY_ARN.replace(KEY_ID, "*")
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/app"
TRAIL = {"Service": "cloudtrail.amazonaws.com"}


def use(action: Any = "kms:Decrypt", resource: Any = THE_KEY, condition: Any = None, **more: Any) -> Any:
    return uses(allow(None, action, condition, **({"Resource": resource} | more)))


NOT_ACTION = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
NOT_RESOURCE = {"Effect": "Allow", "Action": "kms:Decrypt", "NotResource": KEY_ARN}
IDENTITY: list[Case] = [
    ("KLP101", "kms:ReEncryptFrom alone on every key", use("kms:ReEncryptFrom", "*"), FOUND),
    ("KLP101", "an effect that is not known", use(resource="*", Effect={"Fn::ImportValue": "effect"}), UNDECIDED),
    ("KLP101", "kms:Encrypt on every key", use("kms:Encrypt", "*"), QUIET),
    ("KLP101", "every action but those of IAM", uses(NOT_ACTION), FOUND),
    ("KLP101", "every key but one", uses(NOT_RESOURCE), FOUND),
    ("KLP101", "every key of one region", use(resource=EVERY), FOUND),
    (
        "KLP101",
        "every key of one region, chosen by alias",
        use(resource=EVERY, condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/app"}}),
        QUIET,
    ),
    (
        "KLP101",
        "every key there is, chosen by alias",
        use(resource="*", condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/app"}}),
        FOUND,
    ),
    (
        "KLP101",
        "every key of one region, through a service",
        use(resource=EVERY, condition={"StringEquals": VIA}),
        FOUND,
    ),
    ("KLP101", "a Deny on every key", use(resource="*", Effect="Deny"), QUIET),
    ("KLP101", "all ARNs of KMS", use(resource="arn:aws:kms:*"), FOUND),
    ("KLP101", "all objects of a bucket", use("s3:*", "arn:aws:s3:::bucket/*"), QUIET),
    ("KLP102", "every action of every service, which KLP101 finds", use("*", "*"), QUIET),
    ("KLP102", "kms:**", use("kms:**"), FOUND),
    ("KLP102", "kms:Describe*", use("kms:Describe*"), QUIET),
    ("KLP103", "an alias name", use(resource="alias/app"), FOUND),
    ("KLP103", "a key id", use(resource=KEY_ID), FOUND),
    ("KLP103", "an ARN without key/", use(resource=KEY_ARN.replace("key/", "")), FOUND),
    ("KLP103", "part of a key id", use(resource=KEY_ARN[:-6] + "*"), FOUND),
    ("KLP103", "all multi-Region keys", use(resource=KEY_ARN.replace(KEY_ID, "mrk-*")), QUIET),
    (
        "KLP103",
        "an alias for an action on aliases",
        use("kms:CreateAlias", KEY_ARN.replace(f"key/{KEY_ID}", "alias/app")),
        QUIET,
    ),
    ("KLP103", "the ARN of a bucket for an action of KMS", use(resource="arn:aws:s3:::bucket"), FOUND),
    (
        "KLP103",
        "the ARN of a bucket beside actions of S3",
        use(["kms:Decrypt", "s3:GetObject"], ["arn:aws:s3:::bucket/x", THE_KEY]),
        QUIET,
    ),
    ("KLP103", "a Deny of an alias", use(resource="alias/app", Effect="Deny"), FOUND),
]

ALIKE = {"StringLike": {"aws:PrincipalArn": "*"}}
GRANTS = ["kms:CreateGrant", "kms:ListGrants"]
KEY_POLICY: list[Case] = [
    ("KLP201", "the account by its id", keyed(allow(ACCOUNT, "kms:*")), FOUND),
    ("KLP201", "one use of the key", keyed(allow(ROOT, "kms:Decrypt")), FOUND),
    ("KLP201", "metadata", keyed(allow(ROOT, "kms:DescribeKey")), QUIET),
    ("KLP201", "under a condition that everybody meets", keyed(allow(ROOT, "kms:*", ALIKE)), FOUND),
    (
        "KLP201",
        "under a condition that some meet",
        keyed(allow(ROOT, "kms:*", {"StringLike": {"aws:PrincipalArn": "*/app-*"}})),
        QUIET,
    ),
    (
        "KLP201",
        "under a condition on what no request for the policy has",
        keyed(allow(ROOT, "kms:*", {"StringEqualsIfExists": {"aws:SourceArn": "arn:aws:s3:::bucket"}})),
        FOUND,
    ),
    (
        "KLP201",
        "under a condition on what other actions have",
        keyed(allow(ROOT, "kms:*", {"BoolIfExists": {"kms:BypassPolicyLockoutSafetyCheck": "false"}})),
        FOUND,
    ),
    (
        "KLP201",
        "under a condition that whoever has no tag meets",
        keyed(allow(ROOT, "kms:*", {"StringNotEquals": {"aws:PrincipalTag/team": "red"}})),
        QUIET,
    ),
    ("KLP201", "a key without a policy", template(Key={"Type": "AWS::KMS::Key"}), FOUND),
    ("KLP201", "a Deny", keyed(allow(ROOT, "kms:*", Effect="Deny")), QUIET),
    ("KLP202", "another account by its id", keyed(allow(OTHER_ACCOUNT, "kms:Decrypt")), FOUND),
    ("KLP202", "metadata for another account", keyed(allow(OTHER_ROOT, "kms:DescribeKey")), QUIET),
    (
        "KLP202",
        "a role of another account",
        keyed(allow(ROLE_ARN.replace(ACCOUNT, OTHER_ACCOUNT), "kms:Decrypt")),
        QUIET,
    ),
    ("KLP204", "kms:Create*", keyed(allow(ROLE_ARN, "kms:Create*"), base=()), FOUND),
    ("KLP204", "kms:Create* where the policy denies such grants", keyed(allow(ROLE_ARN, "kms:Create*")), QUIET),
    ("KLP204", "through a service", keyed(allow(ROLE_ARN, GRANTS, {"StringEquals": VIA}), base=()), QUIET),
    (
        "KLP204",
        "through any service, by a wildcard",
        keyed(allow(ROLE_ARN, GRANTS, {"StringLike": {"kms:ViaService": "*"}}), base=()),
        FOUND,
    ),
    ("KLP204", "a service by itself", keyed(allow(TRAIL, GRANTS), base=()), QUIET),
    ("KLP204", "kms:*, which other rules find", keyed(allow(ROLE_ARN, "kms:*"), base=()), QUIET),
    (
        "KLP205",
        "an encryption context",
        keyed(
            allow(
                TRAIL,
                "kms:GenerateDataKey",
                {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*"}},
            )
        ),
        QUIET,
    ),
    (
        "KLP205",
        "an encryption context that may be anything",
        keyed(allow(TRAIL, "kms:GenerateDataKey", {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "*"}})),
        FOUND,
    ),
    (
        "KLP205",
        "EventBridge, which has no source",
        keyed(allow({"Service": "events.amazonaws.com"}, "kms:Decrypt")),
        QUIET,
    ),
    ("KLP205", "metadata", keyed(allow(TRAIL, "kms:DescribeKey")), QUIET),
    ("KLP206", "no Action in an identity policy", uses({"Effect": "Allow", "Resource": THE_KEY}), FOUND),
]

CHINA = "ssm.cn-north-1.amazonaws.com.cn"
IN_CHINA = "ssm.cn-north-1.amazonaws.com"
CONTEXT = {"kms:EncryptionContext:SecretARN": "arn"}


def under(operator: str, name: str, value: Any, **change: Any) -> Any:
    return keyed({**VIA_SECRETS, "Condition": {operator: {name: value}}, **change})


CONDITIONS: list[Case] = [
    ("KLP301", "the suffix of China", under("StringEquals", "kms:ViaService", CHINA), FOUND),
    ("KLP301", "a region of China with the common suffix", under("StringEquals", "kms:ViaService", IN_CHINA), QUIET),
    ("KLP301", "upper case", under("StringEquals", "kms:ViaService", IN_CHINA.upper()), FOUND),
    ("KLP301", "upper case, ignored", under("StringEqualsIgnoreCase", "kms:ViaService", IN_CHINA.upper()), QUIET),
    (
        "KLP301",
        "a service of no page",
        under("StringEquals", "kms:ViaService", "secretmanager.us-east-1.amazonaws.com"),
        UNDECIDED,
    ),
    ("KLP301", "a wildcard for the service", under("StringLike", "kms:ViaService", "*.us-east-1.amazonaws.com"), QUIET),
    ("KLP301", "nothing that can be told", keyed(allow(ROLE_ARN, "kms:Decrypt", {"Ref": "Later"})), UNDECIDED),
    ("KLP301", "Identity Center", under("StringLike", "kms:ViaService", "sso.*.amazonaws.com"), QUIET),
    ("KLP301", "its store", under("StringEquals", "kms:ViaService", "identitystore.us-east-1.amazonaws.com"), QUIET),
    ("KLP301", "a wildcard at the end", under("StringLike", "kms:ViaService", "ssm.*"), QUIET),
    ("KLP301", "a wildcard before a wrong end", under("StringLike", "kms:ViaService", "ssm.*.example.com"), FOUND),
    ("KLP301", "a service by itself", under("StringEquals", "kms:ViaService", IN_CHINA, Principal=TRAIL), UNDECIDED),
    (
        "KLP301",
        "a service by itself, if there is one",
        under("StringEqualsIfExists", "kms:ViaService", IN_CHINA, Principal=TRAIL),
        QUIET,
    ),
    ("KLP301", "whether there is one", under("Null", "kms:ViaService", "false"), QUIET),
    ("KLP302", "kms:Describe*", keyed(allow(ROOT, "kms:Describe*", {"StringEquals": CONTEXT})), FOUND),
    ("KLP302", "kms:*, some of which have one", keyed(allow(ROOT, "kms:*", {"StringEquals": CONTEXT})), QUIET),
    ("KLP302", "if there is one", keyed(allow(ROOT, "kms:DescribeKey", {"StringEqualsIfExists": CONTEXT})), QUIET),
    (
        "KLP302",
        "an action of another service",
        use(["kms:Decrypt", "s3:GetObject"], condition={"StringEquals": CONTEXT}),
        QUIET,
    ),
    ("KLP303", "in an identity policy", use(condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), FOUND),
    (
        "KLP303",
        "for a service",
        keyed(allow(TRAIL, "kms:Decrypt", {"StringEquals": {"aws:SourceAccount": ACCOUNT}})),
        QUIET,
    ),
    (
        "KLP303",
        "for everyone, services included",
        keyed(allow("*", "kms:Decrypt", {"StringEquals": {"aws:SourceAccount": ACCOUNT}})),
        QUIET,
    ),
    (
        "KLP306",
        "the ARN of a source",
        under("StringEquals", "aws:SourceArn", "arn:aws:s3:::logs-*", Principal=TRAIL),
        FOUND,
    ),
    ("KLP306", "an account", under("StringEquals", "aws:SourceAccount", "1111*", Principal=TRAIL), FOUND),
    ("KLP306", "one of several values", under("StringEquals", "aws:PrincipalArn", [ROLE_ARN, f"{ROLE_ARN}-*"]), FOUND),
    ("KLP306", "if there is one", under("StringEqualsIfExists", "aws:PrincipalArn", f"{ROLE_ARN}-?"), FOUND),
    ("KLP306", "all but a pattern", under("StringNotEquals", "aws:PrincipalArn", f"{ROLE_ARN}-*"), FOUND),
    ("KLP306", "a context of the caller's own", under("StringEquals", "kms:EncryptionContext:app", "a*"), UNDECIDED),
    ("KLP306", "the sign itself", under("StringEquals", "aws:PrincipalArn", f"{ROLE_ARN}-${{*}}"), QUIET),
    ("KLP306", "a variable", under("StringEquals", "aws:PrincipalArn", "${aws:PrincipalTag/team?}"), QUIET),
    ("KLP306", "an ARN operator", under("ArnEquals", "aws:PrincipalArn", f"{ROLE_ARN}-*"), QUIET),
    ("KLP306", "what is sent so", under("StringEquals", "kms:EncryptionContext:SourceArn", "arn:aws:logs:*"), QUIET),
    ("KLP306", "a service to come through", under("StringEquals", "kms:ViaService", "ssm.*.amazonaws.com"), QUIET),
    (
        "KLP303",
        "in a Deny",
        keyed(allow(ROOT, "kms:Decrypt", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, Effect="Deny")),
        QUIET,
    ),
    ("KLP303", "if there is one", use(condition={"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}), QUIET),
    ("KLP304", "a typing mistake", under("ArnEquals", "aws:PrincipleArn", ROLE_ARN), FOUND),
    ("KLP304", "a typing mistake in a negated condition", under("ArnNotEquals", "aws:PrincipleArn", ROLE_ARN), FOUND),
    ("KLP304", "a key of another service", under("StringEquals", "s3:prefix", "x"), UNDECIDED),
    ("KLP304", "a key that every service has", under("ArnEquals", "ec2:SourceInstanceArn", "arn"), QUIET),
    ("KLP304", "a tag of the principal", under("StringEquals", "aws:PrincipalTag/team", "x"), QUIET),
    ("KLP304", "a tag of a request that has none", under("StringEquals", "aws:RequestTag/team", "x"), FOUND),
    (
        "KLP304",
        "a key of other actions, if there is one",
        under("StringEqualsIfExists", "kms:GrantOperations", "x"),
        QUIET,
    ),
]

ORG = {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}
AVAILABLE = "kms:GetPublicKey"


def everyone(condition: Any = None, action: Any = AVAILABLE, **more: Any) -> Any:
    return keyed(allow("*", action, condition, **more))


FOREIGN = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": AVAILABLE,
    "Resource": "*",
    "Condition": {"StringNotEquals": {"kms:CallerAccount": ACCOUNT}},
}
NOT_APP = {"Effect": "Allow", "NotPrincipal": {"AWS": ROLE_ARN}, "Action": AVAILABLE, "Resource": "*"}
NAMED = template(
    Key=key(allow(ROLE_ARN, "kms:Decrypt")),
    Role={**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "app"}},
    Policy=policy(allow(None, "kms:Decrypt", Resource=THE_KEY)),
)


def denied() -> Any:
    made = copy.deepcopy(use())
    made["Resources"]["No"] = policy(allow(None, "kms:Decrypt", Effect="Deny"))
    return made


def two_services() -> Any:
    """Two statements that differ in the service only, of which the key policy admits one."""
    through = (
        {"StringEquals": {"kms:ViaService": f"{one}.{REGION}.amazonaws.com"}} for one in ("secretsmanager", "ssm")
    )
    statements = [allow(None, "kms:Decrypt", condition, Resource=THE_KEY) for condition in through]
    return template(Key=key(VIA_SECRETS), Role=ROLE, Policy=policy(*statements))


def two_roles() -> Any:
    """Two roles with the same statement, of which the key policy names one."""
    roles = {}
    for name in ("app", "other"):
        roles[name] = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": name}}
        use_key = policy(allow(None, "kms:Decrypt", Resource=THE_KEY))
        use_key["Properties"]["Roles"] = [{"Ref": name}]
        roles[f"{name}Policy"] = use_key
    return template(Key=key(allow(ROLE_ARN, "kms:Decrypt")), **roles)


def one_of_two(restricted: str) -> Any:
    """Two roles with the same statement on a key that leaves its use to IAM, of which one is restricted otherwise."""
    made = two_roles()
    resources = made["Resources"]
    resources["Key"] = key(allow(ROOT, "kms:Decrypt"))
    if restricted == "deny":
        resources["No"] = policy(allow(None, "kms:Decrypt", Effect="Deny"))
        resources["No"]["Properties"]["Roles"] = [{"Ref": "other"}]
    else:
        limit = {"PolicyDocument": {"Version": "2012-10-17", "Statement": [allow(None, "s3:GetObject")]}}
        resources["Limit"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": limit}
        resources["other"]["Properties"]["PermissionsBoundary"] = {"Ref": "Limit"}
    return made


ACCESS: list[Case] = [
    (
        "KLP501",
        "through another service than the key admits",
        use(condition={"StringEquals": {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}}),
        FOUND,
    ),
    ("KLP501", "through the service that the key admits", use(condition={"StringEquals": VIA}), QUIET),
    ("KLP501", "a role that the key policy names", NAMED, QUIET),
    ("KLP501", "another role than the key policy names", two_roles(), FOUND),
    ("KLP501", "a role that is denied it, beside one that is not", one_of_two("deny"), FOUND),
    ("KLP501", "a role with a boundary, beside one without", one_of_two("boundary"), FOUND),
    ("KLP501", "another service than a statement before", two_services(), FOUND),
    ("KLP501", "what another policy of the role denies", denied(), FOUND),
    ("KLP501", "all keys, some of which may admit it", use(resource="*"), QUIET),
    ("KLP501", "kms:*, some of which is admitted", use("kms:*"), QUIET),
    ("KLP501", "a key that is not in the templates", use(resource=KEY_ARN), UNDECIDED),
    (
        "KLP501",
        "a policy that nobody has",
        template(
            Key=key(),
            Policy={
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [allow(None, "kms:Decrypt", Resource=THE_KEY)],
                    }
                },
            },
        ),
        QUIET,
    ),
    ("KLP502", "everyone of an organization", everyone({"StringEquals": ORG}), QUIET),
    ("KLP502", "everyone of an organization, if any", everyone({"StringEqualsIfExists": ORG}), FOUND),
    ("KLP502", "everyone but an organization", everyone({"StringNotEquals": ORG}), FOUND),
    ("KLP502", "everyone of any organization", everyone({"StringLike": {"aws:PrincipalOrgID": "o-*"}}), FOUND),
    ("KLP502", "everyone of the account", everyone({"StringEquals": {"kms:CallerAccount": ACCOUNT}}), QUIET),
    (
        "KLP502",
        "roles of the account by a pattern, which Security Hub counts",
        everyone({"ArnLike": {"aws:PrincipalArn": ROLE_ARN + "-*"}}),
        FOUND,
    ),
    ("KLP502", "one role of the account", everyone({"ArnEquals": {"aws:PrincipalArn": ROLE_ARN}}), QUIET),
    ("KLP502", "everyone but one role", keyed(NOT_APP), FOUND),
    ("KLP502", "everyone, but a Deny leaves the account only", keyed(allow("*", AVAILABLE), FOREIGN), QUIET),
    ("KLP502", "what works in the account only", everyone(action="kms:EnableKey"), FOUND),
    (
        "KLP502",
        "what works in the account only, under a condition",
        everyone({"StringEquals": ORG}, "kms:EnableKey"),
        QUIET,
    ),
    ("KLP502", "a Deny for everyone", everyone(Effect="Deny"), QUIET),
    (
        "KLP503",
        "a role by its ARN in a condition",
        keyed(allow(ROOT, "kms:PutKeyPolicy", {"ArnEquals": {"aws:PrincipalArn": ROLE_ARN}}), base=()),
        UNDECIDED,
    ),
    ("KLP503", "a Deny for all", keyed(allow("*", "kms:PutKeyPolicy", Effect="Deny")), FOUND),
    ("KLP503", "another account, for which it never works", keyed(allow(OTHER_ROOT, "kms:*"), base=()), FOUND),
    (
        "KLP503",
        "everyone of the account",
        keyed(allow("*", "kms:PutKeyPolicy", {"StringEquals": {"kms:CallerAccount": ACCOUNT}}), base=()),
        QUIET,
    ),
    (
        "KLP504",
        "a use through a service only",
        keyed(allow(ROLE_ARN, DEPLOYS["Action"]), allow(ROLE_ARN, "kms:Decrypt", {"StringEquals": VIA})),
        QUIET,
    ),
    (
        "KLP504",
        "a use in another statement",
        keyed(allow(ROLE_ARN, DEPLOYS["Action"]), allow(ROLE_ARN, "kms:Sign")),
        FOUND,
    ),
    ("KLP504", "a use of which nothing is managed", keyed(allow(ROLE_ARN, ["kms:Decrypt", "kms:DescribeKey"])), QUIET),
    (
        "KLP504",
        "the root user",
        keyed(allow(ROOT, "kms:Decrypt", {"StringEquals": {"aws:PrincipalType": "Account"}})),
        QUIET,
    ),
]

CLEAN_READER = rule_named("reader-without-decrypt").clean
CLEAN_LOGS = rule_named("log-group-key").clean


def reading(resource: Any = None, **properties: Any) -> Any:
    made = copy.deepcopy(dict(rule_named("reader-without-decrypt").broken))
    made["Resources"]["Secret"]["Properties"] = properties
    if resource:
        made["Resources"]["Policy"]["Properties"]["PolicyDocument"]["Statement"][0]["Resource"] = resource
    return made


def aliased(made: Any, name: str, logical_id: str) -> Any:
    """The template, its key named by an alias."""
    changed = copy.deepcopy(dict(made))
    alias = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/app", "TargetKeyId": {"Ref": "Key"}}}
    changed["Resources"]["Alias"] = alias
    changed["Resources"][logical_id]["Properties"][name] = "alias/app"
    return changed


def logging(**change: Any) -> Any:
    made = copy.deepcopy(dict(CLEAN_LOGS))
    made["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"][-1] |= change
    return made


WHOLE = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
ROLES = [f"arn:aws:iam::aws:policy/p{number}" for number in range(11)]


def attached(count: int) -> Any:
    return template(Role={**ROLE, "Properties": {**ROLE["Properties"], "ManagedPolicyArns": ROLES[:count]}})


def user(count: int) -> Any:
    names = [f"arn:aws:s3:::bucket-{number:04}/*" for number in range(count)]
    made = policy(allow(None, "s3:GetObject", Resource=names))
    made["Properties"] = {**made["Properties"], "Users": [{"Ref": "User"}]}
    del made["Properties"]["Roles"]
    return template(User={"Type": "AWS::IAM::User"}, Policy=made)


SERVICES: list[Case] = [
    ("KLP505", "a secret under the default key", reading(Description="x"), QUIET),
    ("KLP505", "a secret under the default key, by name", reading(KmsKeyId="alias/aws/secretsmanager"), QUIET),
    ("KLP505", "a key by its id", reading(KmsKeyId={"Ref": "Key"}), FOUND),
    ("KLP505", "a key by its alias", aliased(rule_named("reader-without-decrypt").broken, "KmsKeyId", "Secret"), FOUND),
    ("KLP505", "a key by its alias, and decrypt", aliased(CLEAN_READER, "KmsKeyId", "Secret"), QUIET),
    ("KLP505", "a reader of all secrets there are", reading("*", KmsKeyId=THE_KEY), QUIET),
    ("KLP505", "a reader of all secrets by ARN", reading(WHOLE + "*", KmsKeyId=THE_KEY), QUIET),
    ("KLP505", "a reader of another secret", reading(WHOLE + "other-AbCdEf", KmsKeyId=THE_KEY), QUIET),
    ("KLP505", "a key of another account", reading(KmsKeyId=KEY_ARN.replace(ACCOUNT, OTHER_ACCOUNT)), FOUND),
    ("KLP505", "a key that is not in the templates", reading(KmsKeyId=KEY_ARN), UNDECIDED),
    ("KLP506", "the service of another region", logging(Principal={"Service": "logs.eu-west-1.amazonaws.com"}), FOUND),
    (
        "KLP506",
        "the context of another log group",
        logging(
            Condition={
                "ArnEquals": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/other"}
            }
        ),
        FOUND,
    ),
    (
        "KLP506",
        "the log groups of the account",
        logging(Condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:*"}}),
        QUIET,
    ),
    ("KLP506", "the account as source", logging(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), QUIET),
    ("KLP506", "no encryption", logging(Action="kms:Decrypt"), FOUND),
    ("KLP506", "a log group without a key", template(Logs={"Type": "AWS::Logs::LogGroup"}), QUIET),
    ("KLP602", "eleven managed policies", attached(11), FOUND),
    ("KLP602", "ten managed policies", attached(10), QUIET),
    ("KLP602", "a user, whose quota is smaller", user(80), FOUND),
    ("KLP602", "a user within it", user(30), QUIET),
]

KEYS: list[Case] = [
    ("KLP401", "a key that cannot be rotated", keyed(KeySpec="HMAC_256", EnableKeyRotation=False), QUIET),
    ("KLP401", "a key whose material is imported", keyed(Origin="EXTERNAL", EnableKeyRotation=False), QUIET),
    ("KLP401", "true as text", keyed(EnableKeyRotation="true"), QUIET),
    ("KLP401", "false as text", keyed(EnableKeyRotation="false"), FOUND),
    ("KLP402", "29 days as text", keyed(PendingWindowInDays="29"), FOUND),
    ("KLP402", "30 days as text", keyed(PendingWindowInDays="30"), QUIET),
    ("KLP403", "false", keyed(BypassPolicyLockoutSafetyCheck=False), QUIET),
    ("KLP404", "a key that signs", keyed(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"), QUIET),
]

VARIANTS = [*REFUSED, *IDENTITY, *KEY_POLICY, *CONDITIONS, *ACCESS, *SERVICES, *KEYS]
