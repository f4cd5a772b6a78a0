"""Questions to the evaluator and the answers that AWS documents, in pairs that differ in one field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ACCOUNT, OTHER_ACCOUNT, REGION = "111122223333", "444455556666", "us-east-1"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
OTHER_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
ROOT, OTHER_ROOT = f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{OTHER_ACCOUNT}:root"

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of ``evaluate``."""

    principal: str = f"arn:aws:iam::{ACCOUNT}:role/app"
    action: str = "kms:Decrypt"
    key: str = KEY
    context: Json = field(default_factory=dict)
    resource_account: str | None = None
    key_policy: Any
    identity_policies: Sequence[Any] = ()
    boundary: Any = None
    grants: Sequence[Any] = ()
    session_policies: Sequence[Any] = ()
    scps: Sequence[Any] = ()
    rcps: Sequence[Any] = ()
    endpoint_policy: Any = None


@dataclass(frozen=True)
class Case:
    """A sentence, a question, and the documented answer: None where AWS documents none."""

    name: str
    question: Question
    allowed: bool | None
    source: str


def pair(source: str, allowed: str, question: Question, denied: str, /, **change: Any) -> list[Case]:
    """An allowed case, and the neighbour that differs in the one field given and is denied."""
    assert len(change) == 1, f"{denied}: a neighbour differs in one field"
    return [
        Case(f"allowed {allowed}", question, True, source),
        Case(f"denied {denied}", replace(question, **change), False, source),
    ]


def undecided(source: str, name: str, question: Question) -> Case:
    """A case that depends on something unknown or not documented."""
    return Case(f"undecided {name}", question, None, source)


def policy(*statements: Any, version: str = "2012-10-17") -> dict[str, Any]:
    """A policy document."""
    return {"Version": version, "Statement": list(statements)}


def allow(
    action: Any, principal: Any = None, condition: Any = None, resource: Any = "*", **more: Any
) -> dict[str, Any]:
    """An Allow statement; a text as principal is an ARN or an account, anything else the element's value."""
    element = {"AWS": principal} if isinstance(principal, str) and principal != "*" else principal
    statement = {"Effect": "Allow", "Action": action, "Resource": resource} | more
    if element is not None:
        statement["Principal"] = element
    return statement | {"Condition": condition} if condition is not None else statement


def deny(action: Any, principal: Any = None, condition: Any = None, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A Deny statement."""
    return allow(action, principal, condition, resource, **more) | {"Effect": "Deny"}


def without(statement: Mapping[str, Any], *elements: str) -> dict[str, Any]:
    """The statement without some elements."""
    return {name: value for name, value in statement.items() if name not in elements}


DELEGATES = policy(allow("kms:*", ROOT))
USES_KEY = policy(allow("kms:*", resource=KEY))


def under(condition: Json, context: Json, **version: str) -> Question:
    """A question whose answer is that of one condition."""
    return Question(
        key_policy=policy(allow("kms:*", ROOT)),
        identity_policies=[policy(allow("kms:*", condition=condition), **version)],
        context=context,
    )


def holds(source: str, name: str, condition: Json, context: Json, otherwise: str, other: Json) -> list[Case]:
    """A condition that one context meets and another does not."""
    return pair(source, name, under(condition, context), otherwise, context=other)
