"""Who called, and through which service, as a record tells it."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from secure_kms_constructs.aws.cloudtrail import AWS_INTERNAL, FORWARDING, INFRASTRUCTURE_ROLE, SERVICE_LINKED_PATH

from .records import Identity

_SERVICE = ".amazonaws.com"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_UNIQUE = ("AROA", "AIDA")

_SESSION = re.compile(r"(arn:[\w-]+):sts::(\d{12}):assumed-role/([^/]+)/.+")
_PRINCIPAL = re.compile(r"arn:[\w-]+:(?:iam::\d{12}:(?:root|role/.+|user/.+)|sts::\d{12}:federated-user/.+)")


class Caller(NamedTuple):
    """Whoever called.

    :param kind: ``principal``; ``service`` for AWS itself, service-linked roles included; ``account`` where the record
        tells no more than the account, as the owner's record of a call from another account does.
    :param name: the ARN of the role, user, federated user or root; the name of a service.
    :param id: the unique id of a role or user, which it keeps when it is renamed; empty where that is not told.
    """

    kind: str
    name: str
    account: str
    id: str = ""


def caller_of(identity: Identity | None) -> Caller | None:
    """Return who called; None where that is not told."""
    if identity is None:
        return None
    account = identity.account or ""
    arn = _arn(identity)
    if arn is None:
        if identity.type == "Root" and account:
            return Caller("principal", f"arn:aws:iam::{account}:root", account)
        if identity.type == "AWSAccount" and account:
            return Caller("account", "", account)
        if identity.type in ("AWSService", None) and identity.invoked_by:
            return Caller("service", identity.invoked_by, account)
        return None
    named = _named(arn)
    return named and named._replace(id=_id(identity))


def _id(identity: Identity) -> str:
    issuer = identity.session.issuer if identity.session else None
    told = issuer.id if issuer is not None and issuer.id else identity.id
    return told.partition(":")[0] if told and told.startswith(_UNIQUE) else ""


@lru_cache(maxsize=4096)
def _named(arn: str) -> Caller | None:
    if not _PRINCIPAL.fullmatch(arn):
        return None
    role = arn.partition(":role/")[2]
    own = role.rpartition("/")[2].startswith(INFRASTRUCTURE_ROLE.value) or SERVICE_LINKED_PATH.value in f"/{role}"
    return Caller("service" if role and own else "principal", arn, arn.split(":")[4])


def _arn(identity: Identity) -> str | None:
    issuer = identity.session.issuer if identity.session else None
    # A federated user has no more than the user who made its session.
    if issuer is not None and issuer.type in ("Role", "IAMUser") and issuer.arn:
        return issuer.arn
    arn = identity.arn
    if arn is not None and (session := _SESSION.fullmatch(arn)):
        # A session's ARN has the name of its role, and not its path. Samples of AWS have it beside other types too.
        return f"{session[1]}:iam::{session[2]}:role/{session[3]}"
    return arn


def service_of(identity: Identity, address: str | None, agent: str | None) -> str | None:
    """Return the service that made the call for its caller; None for a direct call."""
    if identity.invoked_by:
        return identity.invoked_by
    # "For services in AWS, only the DNS name is displayed": cloudtrail-event-reference-record-contents
    if not address or _is_ip(address):
        # EC2 acts for its caller under the caller's address, and the console of KMS has the same agent.
        return agent if agent and (agent == AWS_INTERNAL.value or agent.endswith(_SERVICE)) else None
    return AWS_INTERNAL.value if address.startswith(AWS_INTERNAL.value) else address


@lru_cache(maxsize=65536)
def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def via_of(service: str | None, region: str, key: str | None) -> str | None:
    """Return the ``kms:ViaService`` of a call; None where it came through no service, or that is not told.

    :param region: the region of the record. Where the key is of another, it is not that of the service.
    """
    known = FORWARDING.get(service) if service else None
    if key is not None and key.split(":")[3] != region:
        return None
    return f"{known.value}.{region}.amazonaws.com" if known else None
