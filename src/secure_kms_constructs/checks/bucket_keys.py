"""A rule on grants that name the objects of a bucket whose Bucket Key sends the bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.conditions import Condition
from secure_kms_constructs.policies.verdicts import Verdict
from secure_kms_constructs.templates.landscape import Resource

from .context import Context
from .documents import Written
from .examples import REGION, ROLE, THE_KEY, allow, key, policy, template
from .findings import Found, Severity
from .rule import Rule

_BUCKET = "AWS::S3::Bucket"
_CONTEXT = "kms:encryptioncontext:aws:s3:arn"
_SOURCE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html"


def _objects_alone(context: Context) -> Iterator[Found]:
    buckets = [(one, sure) for one in context.of_types(_BUCKET) if (sure := _has_bucket_key(one)) is not False]
    if not buckets:
        return
    asked = [
        (one, condition)
        for one in (*context.identity_statements, *context.key_statements)
        if one.allows is not False
        for condition in one.statement.conditions
        if condition.key.lower() == _CONTEXT
    ]
    for bucket, sure in buckets:
        arn = str(bucket.arn)
        for one, condition in asked:
            objects, whole = _matches(condition, f"{arn}/object"), _matches(condition, arn)
            if objects is False or whole is True:
                continue
            if any(_matches(beside, arn) and _goes_with(context, one, it) for it, beside in asked):
                continue
            doubt = sure is None or objects is None or whole is None or one.allows is None
            values = ", ".join(map(str, condition.values))
            yield one.found(
                f"{'may name' if doubt else 'names'} the objects of {bucket.source.path} alone, whose Bucket Key sends "
                f"the bucket: {values}",
                "Condition",
                undecided=doubt,
            )


def _has_bucket_key(bucket: Resource) -> Verdict:
    """Tell whether a bucket sends its own ARN to KMS in place of the object's."""
    encryption = bucket.properties.get("BucketEncryption")
    rules = encryption.get("ServerSideEncryptionConfiguration") if isinstance(encryption, Mapping) else encryption
    if isinstance(rules, Unknown):
        return None
    verdicts = [_rule_has(one) for one in rules] if isinstance(rules, list) else []
    return True if True in verdicts else None if None in verdicts else False


def _rule_has(rule: Any) -> Verdict:
    if not isinstance(rule, Mapping):
        return None
    by_default = rule.get("ServerSideEncryptionByDefault")
    algorithm = by_default.get("SSEAlgorithm") if isinstance(by_default, Mapping) else by_default
    enabled = rule.get("BucketKeyEnabled")
    if str(enabled).lower() not in ("true", "false", "none") or isinstance(algorithm, Unknown):
        return None
    return str(enabled).lower() == "true" and algorithm == "aws:kms"


def _matches(condition: Condition, arn: str) -> Verdict:
    return condition.matches(lambda name: arn if name == _CONTEXT else Unknown(name))


def _goes_with(context: Context, one: Written, other: Written) -> bool:
    """Tell whether whoever has a statement has another one too."""
    if one.document is other.document:
        return True
    return bool(set(context.holders(one.document)) & set(context.holders(other.document)))


def _example(*named: str) -> dict[str, object]:
    rule = {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": THE_KEY},
    }
    bucket = {
        "Type": _BUCKET,
        "Properties": {
            "BucketName": "orders",
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
        },
    }
    via = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    condition = {**via, "StringLike": {"kms:EncryptionContext:aws:s3:arn": list(named)}}
    reads = allow(None, "kms:Decrypt", condition, Resource=THE_KEY)
    admits = allow({"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}, "kms:Decrypt", via)
    return template(Key=key(admits), Role=ROLE, Policy=policy(reads), Bucket=bucket)


RULES = (
    Rule(
        id="KLP305",
        name="objects-under-a-bucket-key",
        title="A grant names the objects of a bucket, whose Bucket Key sends the bucket",
        severity=Severity.ERROR,
        controls=("ours",),
        why="With a Bucket Key Amazon S3 sends the ARN of the bucket as encryption context, not the object's, so the "
        "condition never holds.",
        fix="Name the bucket beside its objects: objects from before the Bucket Key keep their own.",
        source=_SOURCE,
        broken=_example("arn:aws:s3:::orders/*"),
        clean=_example("arn:aws:s3:::orders", "arn:aws:s3:::orders/*"),
        check=_objects_alone,
    ),
)
