"""What AWS documents that KMS is asked when a construct is deployed or used, and neighbours that must be denied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aws_cdk import Stack

from secure_kms_constructs import HardenedKey

ACCOUNT, REGION = "111122223333", "us-east-1"
OTHER_ACCOUNT = "999999999999"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
STRANGER = f"arn:aws:iam::{ACCOUNT}:role/Stranger"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request to KMS.

    :param who: ``deployer``, a service principal, an ARN, or the beginning of a role's logical id.
    :param sent: condition keys of the request that AWS documents.
    :param beside: what the resource is called, and another of the same account that must be denied.
    """

    who: str
    action: str
    via: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, str] | None = None

    def __str__(self) -> str:
        through = f" via {self.via}" if self.via else ""
        return f"{self.who} {self.action}{through}"

    @property
    def is_service(self) -> bool:
        """Whether a service calls in its own name."""
        return self.who.endswith(".amazonaws.com")

    def neighbours(self) -> Iterator[tuple[str, Ask]]:
        """Yield requests that differ in one field, and must be denied."""
        metadata = self.action in ("kms:DescribeKey", "kms:GetPublicKey")
        if self.is_service:
            yield "another service", replace(self, who="glacier.amazonaws.com")
        # Metadata is left to IAM policies.
        if not metadata:
            yield "a stranger with every permission", replace(self, who=STRANGER, sent=_of_roles(self))
            if self.via:
                yield "through another service", replace(self, via="lookoutvision")
                yield "directly", replace(self, via=None, sent=_of_roles(self))
        if self.beside:
            one, other = self.beside
            yield (
                "another resource",
                replace(
                    self,
                    context={name: value.replace(one, other) for name, value in self.context.items()},
                    sent={name: value.replace(one, other) for name, value in self.sent.items()},
                ),
            )
        for name in self.context:
            yield f"another {name}", replace(self, context={**self.context, name: _another(self.context[name])})
        for name in self.sent:
            if name.startswith("aws:Source") and ACCOUNT in self.sent[name]:
                # A source and its account come together: both are another's, or neither.
                sent = {key: _another(it) if key.startswith("aws:Source") else it for key, it in self.sent.items()}
                yield f"another {name}", replace(self, sent=sent)
        # Route 53's page binds what it does with the key to the hosted zone, not the grant.
        if "aws:SourceArn" in self.sent and self.action != "kms:CreateGrant":
            of_another = re.sub(r"^(arn:[^:]+):[^:]+:", r"\1:glacier:", self.sent["aws:SourceArn"])
            yield "a source of another kind", replace(self, sent={**self.sent, "aws:SourceArn": of_another})
        if self.action == "kms:CreateGrant":
            yield from self._other_grants()

    def _other_grants(self) -> Iterator[tuple[str, Ask]]:
        if "kms:GrantOperations" in self.sent:
            yield "a grant of more", replace(self, sent={**self.sent, "kms:GrantOperations": "Encrypt"})
        elif self.sent.get("kms:GrantIsForAWSResource") != "false":
            # Where a page says that the service asks so, no grant is another's.
            yield "a grant for no service", replace(self, sent={**self.sent, "kms:GrantIsForAWSResource": "false"})


def _of_roles(ask: Ask) -> dict[str, str]:
    """Return what a role's own call sends of it."""
    return {
        name: value
        for name, value in ask.sent.items()
        if name != "kms:GrantIsForAWSResource" and not name.startswith("aws:Source")
    }


def _another(value: str) -> str:
    """Return the same of another account, or another name where no account is in it."""
    return value.replace(ACCOUNT, OTHER_ACCOUNT) if ACCOUNT in value else f"other-{value}"


Build = Callable[[Stack, HardenedKey], Any]


@dataclass(frozen=True)
class Construction:
    """A construct under a key, and what KMS is asked because of it."""

    name: str
    build: Build
    asks: tuple[Ask, ...] = ()
    #: Whether the L2 grants its role on the key itself.
    by_grant: bool = False
    #: Whether it needs a key that signs.
    signs: bool = False


def deploys(via: str, actions: str, **context: str) -> tuple[Ask, ...]:
    """Return what the deployer asks through a service."""
    pairs = {name.replace("__", ":"): value for name, value in context.items()}
    return tuple(Ask(who="deployer", action=f"kms:{action}", via=via, context=pairs) for action in actions.split())


def directly(who: str, actions: str, context: Mapping[str, str] | None = None, **sent: str) -> tuple[Ask, ...]:
    """Return what a role or service asks in its own name."""
    return tuple(
        Ask(who=who, action=f"kms:{action}", context=context or {}, sent=dict(sent)) for action in actions.split()
    )


def service(
    principal: str, actions: str, context: Mapping[str, str] | None = None, *, account: bool = False, arn: str = ""
) -> tuple[Ask, ...]:
    """Return what a service principal asks."""
    sent = {"aws:SourceAccount": ACCOUNT} if account else {}
    sent |= {"aws:SourceArn": arn} if arn else {}
    return tuple(
        Ask(
            who=f"{principal}.amazonaws.com",
            action=f"kms:{action}",
            # DescribeKey has no encryption context.
            context={} if action in ("DescribeKey", "GetPublicKey") else context or {},
            sent=sent,
        )
        for action in actions.split()
    )


def uses(role: str, via: str, actions: str, context: Mapping[str, str] | None = None) -> tuple[Ask, ...]:
    """Return what a role asks through a service."""
    return tuple(Ask(who=role, action=f"kms:{action}", via=via, context=context or {}) for action in actions.split())


def only(asks: Iterable[Ask], one: str, other: str = "other") -> tuple[Ask, ...]:
    """Return requests about one resource, which must be denied about another of the same account."""
    return tuple(replace(ask, beside=(one, other)) if one in f"{ask.context}{ask.sent}" else ask for ask in asks)
