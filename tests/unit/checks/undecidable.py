"""For each rule a template of which it cannot tell: what matters to it stands in a parameter without a value."""

from __future__ import annotations

from typing import Any

from secure_kms_constructs.checks.examples import (
    ACCOUNT,
    BASE,
    DEPLOYS,
    NO_FOREIGN_GRANTS,
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

UNKNOWN = {"Ref": "Later"}
LATER = {"Later": {"Type": "String"}}
VIA_UNKNOWN = {"StringEquals": {"kms:ViaService": UNKNOWN, "kms:CallerAccount": ACCOUNT}}
ANY = allow(None, "kms:Decrypt", Resource=THE_KEY)
LONG = [f"arn:aws:s3:::bucket-{number:04}/*" for number in range(330)]
SECRET = {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": UNKNOWN}}
BUCKET = {
    "Type": "AWS::S3::Bucket",
    "Properties": {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {
                    "BucketKeyEnabled": True,
                    "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": THE_KEY},
                }
            ]
        }
    },
}

# Rules that always can tell, and why.
ALWAYS_TELLS = {
    "KLP511": "it finds only what everybody who may change the key is denied for sure",
    "KLP209": "what is not known is no mistake; KLP206 says of a statement that it is not known",
    "KLP104": "CDK writes the dummy into the template as text, so no value that comes later can be it",
}


def with_parameter(made: dict[str, Any]) -> dict[str, Any]:
    """A template that has the parameter."""
    return {"Parameters": LATER} | made


def long_key() -> dict[str, Any]:
    """A key policy that is long enough only with what is not known."""
    roles = [f"arn:aws:iam::{ACCOUNT}:role/reader-{number:04}" for number in range(580)]
    condition = VIA_SECRETS["Condition"] | {"ArnEquals": {"aws:PrincipalArn": [*roles, *[UNKNOWN] * 40]}}
    return keyed(dict(VIA_SECRETS, Condition=condition))


def long_role() -> dict[str, Any]:
    """Role policies that are long enough only with what is not known."""
    statement = allow(None, "s3:GetObject", Resource=[*LONG[:250], *[UNKNOWN] * 20])
    return template(Role=ROLE, Policy=policy(statement))


UNDECIDABLE: dict[str, dict[str, Any]] = {
    "KLP101": uses(dict(ANY, Resource=UNKNOWN)),
    "KLP102": uses(dict(ANY, Action=UNKNOWN)),
    "KLP103": uses(dict(ANY, Resource=UNKNOWN)),
    "KLP105": uses(allow(None, "kms:PutKeyPolicy", Resource=UNKNOWN)),
    "KLP106": uses(allow(None, "secretsmanager:GetSecretValue", Resource=UNKNOWN)),
    "KLP201": keyed(dict(VIA_SECRETS, Condition=UNKNOWN)),
    "KLP202": keyed(allow({"AWS": UNKNOWN}, "kms:Decrypt")),
    "KLP203": keyed(
        base=(*[one for one in BASE if one is not NO_FOREIGN_GRANTS], dict(NO_FOREIGN_GRANTS, Effect=UNKNOWN))
    ),
    "KLP204": uses(dict(ANY, Action=UNKNOWN)),
    "KLP205": keyed(allow({"Service": "cloudtrail.amazonaws.com"}, "kms:GenerateDataKey") | {"Condition": UNKNOWN}),
    "KLP206": keyed(UNKNOWN),
    "KLP207": keyed(allow({"AWS": UNKNOWN}, "kms:Decrypt", {"StringEquals": VIA})),
    "KLP208": keyed(dict(VIA_SECRETS, Resource=UNKNOWN)),
    "KLP301": keyed(dict(VIA_SECRETS, Condition=VIA_UNKNOWN)),
    "KLP302": keyed(
        allow(ROOT, [UNKNOWN], {"StringEquals": {**VIA, "kms:EncryptionContext:SecretARN": "arn"}})  # type: ignore[list-item]
    ),
    "KLP303": keyed(allow({"AWS": UNKNOWN}, "kms:Decrypt", {"StringEquals": {"aws:SourceAccount": ACCOUNT}})),
    "KLP304": keyed(dict(VIA_SECRETS, Condition={"StringEquals": VIA, "StringLike": UNKNOWN})),
    "KLP305": template(
        Key=key(),
        Role=ROLE,
        Policy=policy(
            allow(None, "kms:Decrypt", {"StringLike": {"kms:EncryptionContext:aws:s3:arn": UNKNOWN}}, Resource=THE_KEY)
        ),
        Bucket=BUCKET,
    ),
    "KLP306": keyed(allow(ROOT, "kms:Decrypt", {"StringEquals": {"kms:EncryptionContext:SecretARN": UNKNOWN, **VIA}})),
    "KLP307": keyed(allow("*", "kms:DisableKey", {"ForAllValues:StringLike": UNKNOWN}, Effect="Deny")),
    "KLP401": keyed(EnableKeyRotation=UNKNOWN),
    "KLP402": keyed(PendingWindowInDays=UNKNOWN),
    "KLP403": keyed(BypassPolicyLockoutSafetyCheck=UNKNOWN),
    "KLP404": keyed(KeySpec=UNKNOWN, EnableKeyRotation=False),
    "KLP405": keyed(KeySpec=UNKNOWN),
    "KLP501": template(Key=key(dict(VIA_SECRETS, Principal={"AWS": UNKNOWN})), Role=ROLE, Policy=policy(ANY)),
    "KLP502": keyed(allow("*", "kms:Decrypt", {"StringEquals": {"kms:CallerAccount": UNKNOWN}})),
    "KLP503": keyed(base=(*[one for one in BASE if one is not DEPLOYS], dict(DEPLOYS, Principal={"AWS": UNKNOWN}))),
    "KLP504": keyed(allow(f"arn:aws:iam::{ACCOUNT}:role/app", [*DEPLOYS["Action"], UNKNOWN])),
    "KLP505": template(
        Key=key(),
        Secret=SECRET,
        Role=ROLE,
        Policy=policy(allow(None, "secretsmanager:GetSecretValue", Resource={"Ref": "Secret"})),
    ),
    "KLP506": template(Logs={"Type": "AWS::Logs::LogGroup", "Properties": {"KmsKeyId": UNKNOWN}}),
    "KLP507": keyed(base=(dict(DEPLOYS, Effect=UNKNOWN), NO_FOREIGN_GRANTS)),
    "KLP508": template(
        Secret={
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"ReplicaRegions": [{"Region": "eu-west-1", "KmsKeyId": UNKNOWN}]},
        }
    ),
    "KLP509": template(Topic={"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": UNKNOWN}}),
    "KLP510": template(
        Key=key(allow(UNKNOWN, ["kms:Decrypt", "kms:GenerateDataKey"])),  # type: ignore[arg-type]
        Topic={"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": THE_KEY}},
        Alarm={"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmActions": [{"Ref": "Topic"}]}},
    ),
    "KLP512": template(
        Key=key(MultiRegion=UNKNOWN),
        Airflow={"Type": "AWS::MWAA::Environment", "Properties": {"KmsKey": THE_KEY, "Name": "flow"}},
    ),
    "KLP513": template(
        Key=key(),
        Queue={"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": THE_KEY}},
        Function={
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Role": f"arn:aws:iam::{ACCOUNT}:role/of-another-template",
                "DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}},
            },
        },
    ),
    "KLP601": long_key(),
    "KLP602": long_role(),
}
