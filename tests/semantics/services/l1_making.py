"""How L1s are made by the values at their property paths, where a word stands for something under the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_kinesis as kinesis

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import Ask, Construction, directly
from tests.semantics.services.constructions import ALL, bucket, queue, role, topic
from tests.semantics.services.rare_constructions import template

GDK, GDKWP = "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"
EVERY = f"{ALL} {GDKWP}"
FOR_AWS = {"kms:GrantIsForAWSResource": "true"}


def sealed(s: Stack, k: HardenedKey) -> str:
    """Return a configuration profile of AppConfig under the key."""
    named = {"ApplicationId": "a", "Name": "n", "LocationUri": "hosted", "KmsKeyIdentifier": k.key_arn}
    return CfnResource(s, "Profile", type="AWS::AppConfig::ConfigurationProfile", properties=named).ref


def secret(s: Stack, k: HardenedKey) -> str:
    return CfnResource(s, "Secret", type="AWS::SecretsManager::Secret", properties={"KmsKeyId": k.key_arn}).ref


def activity(s: Stack, k: HardenedKey) -> str:
    sealing = {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": k.key_arn}
    named = {"Name": "a", "EncryptionConfiguration": sealing}
    return CfnResource(s, "Activity", type="AWS::StepFunctions::Activity", properties=named).ref


#: What a word in the properties below stands for.
WORDS: dict[str, Callable[[Stack, HardenedKey], Any]] = {
    "ACTIVITY": activity,
    "BUCKET": lambda s, k: bucket(s, k).bucket_name,
    "BUCKET ARN": lambda s, k: bucket(s, k).bucket_arn,
    "BUCKET DOMAIN": lambda s, k: bucket(s, k).bucket_regional_domain_name,
    "KEY": lambda _s, k: k.key_arn,
    "QUEUE": lambda s, k: queue(s, k).queue_arn,
    "QUEUE URL": lambda s, k: queue(s, k).queue_url,
    "PROFILE": sealed,
    "STREAM": lambda s, k: kinesis.Stream(s, "Stream", encryption_key=k).stream_arn,
    "ROLE": lambda s, _k: role(s).role_arn,
    "SECRET": secret,
    "TEMPLATE": template,
    "TOPIC": lambda s, k: topic(s, k).topic_arn,
}


def at(path: str, value: Any) -> Any:
    """Return a value below a property path, ``*`` for a list with one member."""
    for part in reversed(path.split("/")):
        value = [value] if part == "*" else {part: value}
    return value


def merged(one: Any, other: Any) -> Any:
    """Return the properties of two, with the members of lists that stand at the same place as one."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            name: merged(one[name], other[name]) if name in one and name in other else {**one, **other}[name]
            for name in {**one, **other}
        }
    return [merged(one[0], other[0])] if isinstance(one, list) and isinstance(other, list) else other


def l1(name: str, kind: str, named: dict[str, Any], *asks: tuple[Ask, ...]) -> Construction:
    """Return one L1 of a type, by the values at its property paths."""

    def build(s: Stack, k: HardenedKey) -> None:
        properties: Any = {}
        for path, value in named.items():
            made = WORDS[value](s, k) if isinstance(value, str) and value in WORDS else value
            properties = merged(properties, at(path, made))
        CfnResource(s, "It", type=kind, properties=properties)

    return Construction(f"by_l1_{name}", build, tuple(it for several in asks for it in several))


def linked(principal: str) -> tuple[Ask, ...]:
    """Return what a service-linked role asks that launches instances."""
    return (*directly(principal, f"{EVERY} DescribeKey"), *directly(principal, "CreateGrant", None, **FOR_AWS))


SEALED_BUCKET = "BucketEncryption/ServerSideEncryptionConfiguration/*/ServerSideEncryptionByDefault"
