"""Defects to compare scanners by: each a name, a template that has it, and the same template without it."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

from secure_kms_constructs.checks import RULES, rule_named
from secure_kms_constructs.checks.examples import (
    ACCOUNT,
    KEY_ARN,
    OTHER_ACCOUNT,
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

Json = dict[str, Any]


class Defect(NamedTuple):
    """A pair of templates that differ in one defect."""

    name: str
    broken: Any
    clean: Any


DECRYPT = allow(None, "kms:Decrypt", {"StringEquals": VIA}, Resource=THE_KEY)
CLEAN = uses(DECRYPT)
READS = allow(None, "secretsmanager:GetSecretValue", Resource={"Ref": "Secret"})


def using(**change: Any) -> Json:
    return uses({**DECRYPT, **change})


def admitting(**change: Any) -> Json:
    return keyed({**VIA_SECRETS, **change})


def secret(**properties: Any) -> Json:
    return {"Type": "AWS::SecretsManager::Secret", "Properties": properties}


def inline(*statements: Any) -> Json:
    role = copy.deepcopy(dict(ROLE))
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    role["Properties"]["Policies"] = [{"PolicyName": "use", "PolicyDocument": document}]
    return template(Key=key(VIA_SECRETS), Role=role)


def attached(count: int) -> Json:
    role = copy.deepcopy(dict(ROLE))
    role["Properties"]["ManagedPolicyArns"] = [f"arn:aws:iam::{ACCOUNT}:policy/p{number}" for number in range(count)]
    return template(Role=role)


def log_group(region: str) -> Json:
    clean = copy.deepcopy(dict(rule_named("log-group-key").clean))
    statements = clean["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"]
    statements[-1]["Principal"]["Service"] = f"logs.{region}.amazonaws.com"
    return clean


OF_RULES = [Defect(rule.title, rule.broken, rule.clean) for rule in RULES]

MORE = [
    Defect("Every key of one account and region (key/*)", using(Resource=KEY_ARN.rpartition("/")[0] + "/*"), CLEAN),
    Defect("kms:* on * in a role's inline policy", inline(allow(None, "kms:*")), inline(DECRYPT)),
    Defect(
        "Everything but iam:* on * (NotAction)",
        inline({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        inline(DECRYPT),
    ),
    Defect("ReEncryptFrom on every key", using(Action="kms:ReEncryptFrom", Resource="*"), CLEAN),
    Defect("A bare key id as resource", using(Resource=KEY_ARN.rpartition("/")[2]), CLEAN),
    Defect(
        "The ARN of a secret as resource of kms:Decrypt",
        using(Resource=f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app"),
        CLEAN,
    ),
    Defect(
        "A key without a key policy",
        template(Key={"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True}}),
        keyed(),
    ),
    Defect(
        "The account id as principal, kms:*",
        admitting(Principal={"AWS": ACCOUNT}, Action="kms:*", Condition={}),
        keyed(VIA_SECRETS),
    ),
    Defect(
        "Everyone may use the key",
        keyed(allow("*", "kms:Decrypt")),
        keyed(),
    ),
    Defect(
        "Everyone but one role (NotPrincipal)",
        keyed(
            {"Effect": "Allow", "NotPrincipal": {"AWS": f"{ROOT[:-4]}role/x"}, "Action": "kms:Encrypt", "Resource": "*"}
        ),
        keyed(),
    ),
    Defect(
        "Everyone in an organization whose id is a wildcard",
        keyed(allow("*", "kms:GetPublicKey", {"StringLike": {"aws:PrincipalOrgID": "o-*"}})),
        keyed(allow("*", "kms:GetPublicKey", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})),
    ),
    Defect("Everyone may change the key policy", keyed(allow("*", "kms:PutKeyPolicy")), keyed()),
    Defect(
        "kms:ViaService with the suffix of China",
        admitting(Condition={"StringEquals": {"kms:ViaService": "ssm.cn-north-1.amazonaws.com.cn"}}),
        admitting(Condition={"StringEquals": {"kms:ViaService": "ssm.cn-north-1.amazonaws.com"}}),
    ),
    Defect(
        "kms:ViaService in upper case",
        admitting(Condition={"StringEquals": {"kms:ViaService": VIA["kms:ViaService"].upper()}}),
        keyed(VIA_SECRETS),
    ),
    Defect(
        "kms:ViaService where a service calls for itself",
        keyed(
            allow(
                {"Service": "cloudtrail.amazonaws.com"},
                "kms:GenerateDataKey",
                {"StringEquals": {"aws:SourceAccount": ACCOUNT, **VIA}},
            )
        ),
        keyed(
            allow(
                {"Service": "cloudtrail.amazonaws.com"},
                "kms:GenerateDataKey",
                {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            )
        ),
    ),
    Defect(
        "A condition key with a typing mistake (aws:PrincipleArn)",
        admitting(Condition={"StringEquals": VIA, "ArnEquals": {"aws:PrincipleArn": f"{ROOT[:-4]}role/app"}}),
        admitting(Condition={"StringEquals": VIA, "ArnEquals": {"aws:PrincipalArn": f"{ROOT[:-4]}role/app"}}),
    ),
    Defect(
        "aws:SourceAccount in the policy of a role",
        using(Condition={"StringEquals": {**VIA, "aws:SourceAccount": ACCOUNT}}),
        CLEAN,
    ),
    Defect(
        "A grant through a service that the key does not admit",
        using(Condition={"StringEquals": {"kms:ViaService": f"ssm.{REGION}.amazonaws.com"}}),
        CLEAN,
    ),
    Defect(
        "A grant on a key whose policy admits another role only",
        template(Key=key(allow(f"{ROOT[:-4]}role/other", "kms:Decrypt")), Role=ROLE, Policy=policy(DECRYPT)),
        CLEAN,
    ),
    Defect(
        "A reader of a secret under a key of another account",
        template(Secret=secret(KmsKeyId=KEY_ARN.replace(ACCOUNT, OTHER_ACCOUNT)), Role=ROLE, Policy=policy(READS)),
        rule_named("reader-without-decrypt").clean,
    ),
    Defect(
        "A reader of a secret under an imported key",
        template(Secret=secret(KmsKeyId=KEY_ARN), Role=ROLE, Policy=policy(READS)),
        rule_named("reader-without-decrypt").clean,
    ),
    Defect("A log group whose key admits CloudWatch Logs of another region", log_group("eu-west-1"), log_group(REGION)),
    Defect(
        "kms:Create*, which includes CreateGrant",
        keyed(
            allow(f"{ROOT[:-4]}role/admin", "kms:Create*"),
            base=keyed()["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"][:3],
        ),
        keyed(base=keyed()["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"][:3]),
    ),
    Defect("Eleven managed policies on a role", attached(11), attached(10)),
    # What others look for and the rules here do not.
    Defect("A misspelled action, kms:Decrupt", using(Action=["kms:Decrypt", "kms:Decrupt"]), CLEAN),
    Defect("A pending window that KMS refuses, 3 days", keyed(PendingWindowInDays=3), keyed(PendingWindowInDays=7)),
    Defect("A property that keys do not have", keyed(EnableRotation=True), keyed()),
    Defect(
        "A secret that is not rotated",
        template(Key=key(), Secret=secret(KmsKeyId=THE_KEY)),
        template(
            Key=key(),
            Secret=secret(KmsKeyId=THE_KEY),
            Rotation={
                "Type": "AWS::SecretsManager::RotationSchedule",
                "Properties": {
                    "SecretId": {"Ref": "Secret"},
                    "RotationRules": {"AutomaticallyAfterDays": 30},
                    "RotationLambdaARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rotate",
                },
            },
        ),
    ),
    Defect(
        "A secret under the key of AWS",
        template(Key=key(), Secret=secret()),
        template(Key=key(), Secret=secret(KmsKeyId=THE_KEY)),
    ),
    Defect(
        "A queue without encryption",
        template(Queue={"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": False}}),
        template(Queue={"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": True}}),
    ),
    Defect(
        "A log group without a key",
        template(Logs={"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 365}}),
        rule_named("log-group-key").clean,
    ),
    Defect("s3:* on *", inline(DECRYPT, allow(None, "s3:*")), inline(DECRYPT)),
    Defect("An inline policy instead of a managed one", inline(DECRYPT), template(Key=key(VIA_SECRETS), Role=ROLE)),
]

DEFECTS = OF_RULES + MORE
