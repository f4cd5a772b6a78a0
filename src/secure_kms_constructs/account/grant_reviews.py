"""Grants reviewed: access that no policy shows, with what is wrong with each, and the call that takes it back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from secure_kms_constructs.aws.facts import ENCRYPTION_CONTEXT_ACTIONS

from .grantees import account_in, is_of_service, is_unique_id, source_of
from .records import Account, Key
from .snapshots import Snapshot

# Those of AWS itself have no role in the account.
_SESSION = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/([^:/]+)/.+")
_KMS = "https://docs.aws.amazon.com/kms/latest/"


@dataclass(frozen=True)
class Grant:
    """A grant on a key, and where it was read.

    :param raw: as ``ListGrants`` returns it.
    """

    raw: Mapping[str, Any]
    key: Key
    account: Account
    snapshot: Snapshot

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.raw.get("GrantId", ""))

    @property
    def grantee(self) -> str:
        """Whom it is for: an ARN, a service, or the unique id of somebody who is gone."""
        return str(self.raw.get("GranteePrincipal") or self.raw.get("GranteeServicePrincipal") or "nobody")

    @property
    def operations(self) -> tuple[str, ...]:
        """What it allows."""
        return tuple(map(str, self.raw.get("Operations", ())))

    @property
    def source(self) -> str:
        """The resource that a service acts for with it; empty where it says none."""
        return source_of(self.raw)

    @property
    def owner(self) -> str:
        """The account of the grantee, or of what a service acts for; empty where it cannot be told."""
        return account_in(self.grantee) or account_in(self.source)

    @property
    def is_of_service(self) -> bool:
        """Whether a service made it for itself."""
        return is_of_service(self.raw, self.account.account)

    @property
    def revoke(self) -> str:
        """The call that takes it back, for the command line of AWS."""
        given = ("--region", self.key.region, "--key-id", self.key.arn, "--grant-id", self.id)
        return shlex.join(("aws", "kms", "revoke-grant", *given))

    def __str__(self) -> str:
        acts = f", which acts for {self.source}" if self.source else ""
        return f"has grant {self.id[:12]} of {', '.join(self.operations)} to {self.grantee}{acts}"


@dataclass(frozen=True)
class GrantRule:
    """What can be wrong with a grant.

    :param name: stable, for remarks.
    :param title: what is wrong, after "a grant".
    :param why: what follows from it.
    :param fix: what to do beside revoking it.
    :param source: the page that says so.
    :param holds: whether it is so of a grant.
    """

    name: str
    title: str
    why: str
    fix: str
    source: str
    holds: Callable[[Grant], bool]


def _is_foreign(grant: Grant) -> bool:
    return bool(grant.owner) and grant.owner != grant.account.account


def _is_open(grant: Grant) -> bool:
    takes_context = any(f"kms:{one}" in ENCRYPTION_CONTEXT_ACTIONS.value for one in grant.operations)
    return takes_context and grant.key.spec == "SYMMETRIC_DEFAULT" and not grant.raw.get("Constraints")


def _is_stale(grant: Grant) -> bool:
    if is_unique_id(grant.grantee):
        return True
    # Whoever was not read may be there.
    there = grant.snapshot.identities.get(grant.owner)
    if there is None:
        return False
    if session := _SESSION.fullmatch(grant.grantee):
        # The ARN of a session has no path of its role.
        return not any(":role/" in one and one.endswith(f"/{session[1]}") for one in there)
    return (":role/" in grant.grantee or ":user/" in grant.grantee) and grant.grantee not in there


def _grants_on(grant: Grant) -> bool:
    return "CreateGrant" in grant.operations


GRANT_RULES = (
    GrantRule(
        "foreign-grant",
        "of another account",
        "No policy shows it, and the other account decides who acts as the grantee.",
        "Admit the role in the key policy with kms:ViaService instead, or make sure that the account is meant.",
        f"{_KMS}developerguide/grants.html",
        _is_foreign,
    ),
    GrantRule(
        "open-grant",
        "without constraints",
        "Its grantee decrypts whatever was encrypted with the key.",
        "Make it anew with EncryptionContextSubset, which names what it is for.",
        f"{_KMS}APIReference/API_GrantConstraints.html",
        _is_open,
    ),
    GrantRule(
        "stale-grant",
        "who does not exist",
        "It is left over, and hides those that are used.",
        "Let whatever makes grants name who retires them.",
        f"{_KMS}developerguide/grant-delete.html",
        _is_stale,
    ),
    GrantRule(
        "granting-grant",
        "who may grant it on",
        "Its grantee gives away what it may do itself, to anybody, and a revoked grant leaves those that it made.",
        "Make it anew without CreateGrant; services that need it make their grants themselves.",
        f"{_KMS}developerguide/create-grant-overview.html#grant-creategrant",
        _grants_on,
    ),
)


@dataclass(frozen=True)
class Review:
    """What is to be said of one grant.

    :param found: the rules that it breaks; none where there is nothing to say.
    """

    grant: Grant
    found: tuple[GrantRule, ...]


def reviews(snapshot: Snapshot) -> Iterator[Review]:
    """Yield each grant of a snapshot that no service made for itself, by key."""
    for account, key in snapshot.keys:
        for raw in key.grants or ():
            grant = Grant(raw, key, account, snapshot)
            if not grant.is_of_service:
                yield Review(grant, tuple(rule for rule in GRANT_RULES if rule.holds(grant)))


def unread(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the keys whose grants were not read: they may have any."""
    return tuple(key.arn for _, key in snapshot.keys if key.grants is None and key.manager != "AWS")


def as_text(snapshot: Snapshot, keys: tuple[str, ...] | None = None, who: str | None = None) -> str:
    """Return the review for people: below each key its grants, what is wrong with them, and how to take them back.

    :param keys: only these keys.
    :param who: only this grantee.
    """
    blocks = []
    for one in _asked(snapshot, keys, who):
        grant = one.grant
        lines = [f"{grant.key.arn} ({grant.key.called}) {grant}{_constraints(grant)}{_since(grant)}"]
        for rule in one.found:
            lines += [f"  {rule.name}: {rule.title}. {rule.why}", f"    {rule.fix} {rule.source}"]
        if one.found:
            lines.append(f"  to take it back: {grant.revoke}")
        blocks.append("\n".join(lines))
    left_out = sum(Grant(raw, key, it, snapshot).is_of_service for it, key in snapshot.keys for raw in key.grants or ())
    if left_out:
        blocks.append(f"{left_out} that services made for themselves are left out")
    blocks += [f"? grants of {arn} were not read: it may have any" for arn in unread(snapshot) if _of(arn, keys)]
    return "\n\n".join(blocks) or "there are no grants"


def as_data(snapshot: Snapshot, keys: tuple[str, ...] | None = None, who: str | None = None) -> dict[str, Any]:
    """Return the same as JSON objects."""
    found = [
        {
            "key": one.grant.key.arn,
            "id": one.grant.id,
            "grantee": one.grant.grantee,
            "operations": list(one.grant.operations),
            "constraints": one.grant.raw.get("Constraints") or {},
            "created": one.grant.raw.get("CreationDate"),
            "found": [rule.name for rule in one.found],
            "revoke": one.grant.revoke,
        }
        for one in _asked(snapshot, keys, who)
    ]
    return {"grants": found, "grantsUnread": [arn for arn in unread(snapshot) if _of(arn, keys)]}


def _asked(snapshot: Snapshot, keys: tuple[str, ...] | None, who: str | None) -> Iterator[Review]:
    for one in reviews(snapshot):
        if _of(one.grant.key.arn, keys) and who in (None, one.grant.grantee):
            yield one


def _of(arn: str, keys: tuple[str, ...] | None) -> bool:
    return keys is None or arn in keys


def _constraints(grant: Grant) -> str:
    """Return under which condition it holds."""
    parts = []
    for name, value in (grant.raw.get("Constraints") or {}).items():
        pairs = value.items() if isinstance(value, Mapping) else [("", value)]
        parts += [f"{name} {f'{key} = ' if key else ''}{one}" for key, one in pairs]
    return f" if {', '.join(parts)}" if parts else ""


def _since(grant: Grant) -> str:
    created = str(grant.raw.get("CreationDate") or "")[:10]
    return f", since {created}" if created else ""
