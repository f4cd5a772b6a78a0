"""The keys of templates, and those that they only mention."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from secure_kms_constructs.aws.arns import KEY_ARN
from secure_kms_constructs.policies import Unknown, parse_key_policy
from secure_kms_constructs.policies.documents import doubted

from .documents import Documents
from .landscape import Key, Resource
from .resources import Described

KEY_TYPES = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")


def keys_of(resources: Iterable[Described], documents: Documents) -> tuple[Key, ...]:
    """Return the keys of the templates, then those that policies and properties name by a literal ARN."""
    made: list[Key] = []
    mentioned: dict[str, None] = {}
    for one in resources:
        resource = one.resource
        if resource.type in KEY_TYPES and resource.arn:
            made.append(_key(resource, resource.arn, documents))
        mentioned |= dict.fromkeys(_mentioned(resource.properties))
    others = sorted(mentioned.keys() - {key.arn for key in made})
    return (*made, *(_outside(arn) for arn in others))


def _key(resource: Resource, arn: str, documents: Documents) -> Key:
    name = f"key policy of {resource.source.path}"
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    document = resource.properties.get("KeyPolicy", default_policy(resource))
    policy = documents.key_policy(document, name, resource.source)
    return Key(arn, doubted(policy, resource.doubt), resource.source)


def default_policy(resource: Resource) -> dict[str, object]:
    """Return the policy that KMS gives a key whose template has none."""
    root = f"arn:{resource.partition}:iam::{resource.account}:root"
    statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _outside(arn: str) -> Key:
    name = f"key policy of {arn}"
    return Key(arn, parse_key_policy(Unknown(f"{name}, which no template makes"), name=name), None)


def _mentioned(properties: Any) -> Iterator[str]:
    # It goes through all values there are, so it calls no function for what is no key.
    pending = [properties]
    for value in pending:
        if value.__class__ is str:
            if ":key/" in value and re.fullmatch(KEY_ARN, value):
                yield value
        elif value.__class__ is dict:
            pending += value.values()
        elif value.__class__ is list:
            pending += value
