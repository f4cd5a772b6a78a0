"""Landscapes made by hand, as the templates of an app would give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.policies import Unknown, parse_identity_policy, parse_key_policy
from secure_kms_constructs.templates.landscape import Identity, Key, Landscape, Note, Resource, Source

Json = dict[str, Any]

REGION, ACCOUNT, OTHER_ACCOUNT = "us-east-1", "111122223333", "444455556666"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:App-Secret-AbCdEf"
SECRETS_MANAGER, PARAMETER_STORE = f"secretsmanager.{REGION}.amazonaws.com", f"ssm.{REGION}.amazonaws.com"


def role_arn(name: str, account: str = ACCOUNT) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{account}:role/{name}"


def document(*statements: Json) -> Json:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(principal: Any = None, action: Any = "kms:Decrypt", resource: Any = "*", **condition: Any) -> Json:
    """An Allow statement, of a key policy where it has a principal."""
    who = {} if principal is None else {"Principal": principal}
    statement = {"Effect": "Allow", **who, "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def deny(principal: Any = None, action: Any = "kms:Decrypt", resource: Any = "*", **condition: Any) -> Json:
    """A Deny statement, of a key policy where it has a principal."""
    return {**allow(principal, action, resource, **condition), "Effect": "Deny"}


ROOT_MAY = allow({"AWS": ROOT_ARN}, "kms:*")


def source(path: str) -> Source:
    """Where a template says it."""
    return Source("App", path.replace("/", ""), path)


def key(*statements: Json, arn: str = KEY, path: str | None = "App/Key") -> Key:
    """A key with a policy; without statements its policy is not known."""
    policy = document(*statements) if statements else Unknown("the key is in none of the templates")
    return Key(arn, parse_key_policy(policy, name=f"policy of {path}"), source(path) if path else None)


def identity(
    name: str, *statements: Json | Unknown, boundary: Json | None = None, arn: str = "", path: str = ""
) -> Identity:
    """A role with a policy of these statements, at the construct path ``App/<name>``."""
    path = path or f"App/{name}"
    policies = [parse_identity_policy(document(*statements), name=f"policy of {path}")] if statements else []
    bound = parse_identity_policy(document(boundary), name=f"boundary of {path}") if boundary else None
    return Identity(arn or role_arn(name), tuple(policies), bound, source(path))


def secret() -> Resource:
    """The secret that ``SECRET`` is the ARN of."""
    return Resource("AWS::SecretsManager::Secret", source("App/Secret"), "aws", REGION, ACCOUNT, SECRET, {})


def landscape(*things: Key | Identity | Resource | Note, assumes: Mapping[str, bool] | None = None) -> Landscape:
    """All of these together."""
    keys = tuple(one for one in things if isinstance(one, Key))
    identities = tuple(one for one in things if isinstance(one, Identity))
    policies = [(one.policy, one.source) for one in keys] + [
        (policy, one.source) for one in identities for policy in one.policies
    ]
    return Landscape(
        keys,
        identities,
        tuple(one for one in things if isinstance(one, Resource)),
        tuple(one for one in things if isinstance(one, Note)),
        assumes or {},
        {policy.name: where for policy, where in policies if where},
    )


def access(*things: Key | Identity | Resource | Note) -> AccessMap:
    """The map of access of all of these together."""
    return AccessMap((landscape(*things),))
