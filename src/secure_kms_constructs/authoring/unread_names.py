"""Finds what names a resource under a key in a property that no row of the catalogue reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from secure_kms_constructs.aws import catalogue

from .apps import App, Found, Looked, referred
from .usages import Usage

# What is used with its key by whoever reads or writes it.
_USED = {
    *("AWS::EC2::LaunchTemplate", "AWS::Kinesis::Stream", "AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SQS::Queue"),
    "AWS::SecretsManager::Secret",
}
# Policies of these, and what names them to the code that it runs, whose role is granted by itself.
_NO_USE = {
    *("AWS::S3::AccessPoint", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"),
    *("AWS::SecretsManager::ResourcePolicy", "AWS::SecretsManager::RotationSchedule"),
    *("AWS::SecretsManager::SecretTargetAttachment", "AWS::SNS::Subscription", "AWS::SQS::QueueInlinePolicy"),
    *("AWS::CloudFormation::Stack", "AWS::CloudWatch::Dashboard", "AWS::SSM::Parameter", "AWS::Lambda::Permission"),
    *("AWS::EC2::VPCEndpoint", "AWS::Kinesis::ResourcePolicy", "AWS::Kinesis::StreamConsumer"),
    *("AWS::SNS::TopicInlinePolicy", "AWS::CloudFront::OriginAccessControl", "AWS::KMS::Alias", "AWS::KMS::Key"),
}
_NAMES = re.compile(
    "action|alarm|archive|bucket|credential|destination|dead|export|launchtemplate|location|log|notif|output|queue|s3|"
    "secret|sns|source|sqs|stream|target|topic|uri",
    re.IGNORECASE,
)
_CODE = re.compile(
    "code|containerdefinitions|content|definition|dimension|environment|metadata|parameters|polic|tags|"
    "userdata|variables|version",
    re.IGNORECASE,
)


def unread_names(app: App, uses: Iterable[Usage]) -> Iterator[tuple[Looked, Found, Looked]]:
    """Yield who names what in which property; not where a row of the catalogue is about that property."""
    under = {use.resource.path: use.resource for use in uses if use.target is None and use.resource.type in _USED}
    for resource in app.referring_to(under):
        if not resource.type.startswith("AWS::") or resource.type.startswith("AWS::IAM::") or resource.type in _NO_USE:
            continue
        for found in _texts(dict(resource.properties), ()):
            for path in dict.fromkeys(referred(found.value)):
                if path in under and path != resource.path and not _is_read(resource, found, under[path]):
                    yield resource, found, under[path]


def _texts(value: Any, steps: tuple[str, ...]) -> Iterator[Found]:
    """Yield the values of properties that hold no others, those that are names of something by what they are called."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _texts(one, (*steps, str(number)))
    elif isinstance(value, dict) and not _is_intrinsic(value):
        for name, one in value.items():
            yield from _texts(one, (*steps, str(name)))
    elif isinstance(value, dict):
        path = "/".join(steps)
        if _NAMES.search(path) and not _CODE.search(path):
            yield Found(steps, value)


def _is_intrinsic(value: dict[str, Any]) -> bool:
    return set(value) == {"Resource", "Attribute"} or any(name.startswith("Fn::") for name in value)


def _is_read(resource: Looked, found: Found, target: Looked) -> bool:
    rows = [row for row in catalogue.edges_from(resource.type) if target.type in row.leads_to]
    return any(_matches(path.split("/"), found.steps) for row in rows for path in row.paths)


def _matches(path: list[str], steps: tuple[str, ...]) -> bool:
    return all(part in ("*", step) for part, step in zip(path, steps, strict=False)) and len(path) <= len(steps)
