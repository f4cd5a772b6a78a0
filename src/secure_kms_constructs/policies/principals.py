"""Who asks, and whom the ``Principal`` element of a key policy covers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cached_property, lru_cache

from .verdicts import PolicyError, Unknown, Verdict

_NAME = r"[\w+=,.@-]+"
_ACCOUNT = re.compile(r"\d{12}")
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_ROLE = re.compile(rf"arn:([\w-]+):iam::(\d{{12}}):role/(?:[^*?]*/)?({_NAME})")
_IDENTITY = re.compile(r"arn:[\w-]+:(?:iam|sts)::(\d{12}):(?!root$).+")
_USER = re.compile(rf"arn:([\w-]+):iam::(\d{{12}}):user/(?:[^*?]*/)?({_NAME})")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}(:.+)?")


class Kind(Enum):
    """Kinds of principals that make requests."""

    ROOT = "root user"
    USER = "user"
    ROLE = "role"
    SESSION = "role session"
    FEDERATED = "federated user"
    SERVICE = "service"


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-infotouse
PRINCIPAL_TYPES = {
    Kind.ROOT: "Account",
    Kind.USER: "User",
    Kind.ROLE: "AssumedRole",
    Kind.SESSION: "AssumedRole",
    Kind.FEDERATED: "FederatedUser",
}


# Whom a unique id may be of, by its beginning; others are of what is no principal, such as groups.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
_OF_ID = {"AROA": (Kind.ROLE, Kind.SESSION), "AIDA": (Kind.USER, Kind.FEDERATED)}

_CALLERS = (
    (Kind.ROOT, re.compile(r"arn:([\w-]+):iam::(\d{12}):root")),
    (Kind.USER, _USER),
    (Kind.ROLE, _ROLE),
    # AWS makes sessions of roles that nobody has, such as aws:ec2-infrastructure for the volumes of an instance:
    # https://docs.aws.amazon.com/kms/latest/developerguide/services-ebs.html
    (Kind.SESSION, re.compile(rf"arn:([\w-]+):sts::(\d{{12}}):assumed-role/((?:aws:)?{_NAME})/{_NAME}")),
    (Kind.FEDERATED, re.compile(rf"arn:([\w-]+):sts::(\d{{12}}):federated-user/({_NAME})")),
)


@dataclass(frozen=True)
class Caller:
    """The principal of a request.

    :param text: as given: an ARN, or the name of a service principal.
    :param account: its account, None for a service principal.
    :param name: the name of a user, role or federated user.
    """

    kind: Kind
    text: str
    partition: str = ""
    account: str | None = None
    name: str = ""

    @cached_property
    def root(self) -> str:
        """The ARN that stands for its account."""
        return f"arn:{self.partition}:iam::{self.account}:root"

    @property
    def principal_arn(self) -> str:
        """Its ``aws:PrincipalArn``; of a session that of a role without a path, which it does not tell."""
        if self.kind is Kind.SESSION:
            return f"arn:{self.partition}:iam::{self.account}:role/{self.name}"
        return self.text

    @cached_property
    def role(self) -> tuple[str | None, ...]:
        """What tells the role of a session: role names are unique in an account, whatever their path."""
        return (self.partition, self.account, self.name)


class Reach(IntEnum):
    """How far a key policy statement's principal covers a caller; each kind of reach includes those below it.

    ``ACCOUNT`` lets the identity policies of its account take effect. ``ROLE`` grants directly, within the
    permissions boundary. ``DIRECT`` grants also what the boundary leaves out.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


@dataclass(frozen=True)
class Principals:
    """The value of a ``Principal`` or ``NotPrincipal`` element.

    :param aws: ARNs and account ids.
    :param services: service principals.
    :param roles: what ``Caller.role`` is of the roles in ``aws``.
    :param user_accounts: the accounts of the users in ``aws``.
    :param identity_accounts: the accounts of the users, roles and sessions in ``aws``.
    :param lowered: the ARNs in lower case.
    :param lowered_services: service principals in lower case.
    :param lowered_roles: those of roles in lower case, without their paths, which sessions do not tell.
    :param ids: unique ids. No page says whether KMS takes one, and for whom.
    :param partly_unknown: whether it has values that are not known.
    """

    aws: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    roles: frozenset[tuple[str | None, ...]] = frozenset()
    user_accounts: frozenset[str | None] = frozenset()
    identity_accounts: frozenset[str] = frozenset()
    lowered: frozenset[str] = frozenset()
    lowered_services: frozenset[str] = frozenset()
    lowered_roles: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    partly_unknown: bool = False

    def reach(self, caller: Caller) -> Reach:
        """Return how far the known values cover a caller."""
        if "*" in self.aws:
            return Reach.DIRECT
        if caller.kind is Kind.SERVICE:
            return Reach.DIRECT if caller.text in self.services else Reach.NONE
        if caller.kind is Kind.ROOT:
            # The account principal represents "the account and its administrators, including the account root
            # user": https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
            return Reach.DIRECT if self.has_account(caller) else Reach.NONE
        if caller.text in self.aws:
            return Reach.ROLE if caller.kind is Kind.ROLE else Reach.DIRECT
        if caller.kind is Kind.SESSION and caller.role in self.roles:
            return Reach.ROLE
        return Reach.ACCOUNT if self.has_account(caller) else Reach.NONE

    def covers_with_all(self, caller: Caller) -> bool:
        """Tell whether they cover a caller as everybody does, and surely not by its name."""
        return "*" in self.aws and not self.partly_unknown and caller.text not in self.lowered_services

    def may_cover(self, caller: Caller) -> bool:
        """Tell whether they may cover a caller whom the known values do not."""
        # A statement for a user extends to its federated sessions, but those do not tell whose they are:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        if caller.kind is Kind.SERVICE and caller.text in self.lowered_services and caller.text not in self.services:
            # Whether AWS takes the name of a service in another case, no page says.
            return True
        if self.partly_unknown or (caller.kind is Kind.FEDERATED and caller.account in self.user_accounts):
            return True
        if any(caller.kind in _OF_ID.get(one[:4], ()) for one in self.ids):
            return True
        # No two roles have names that differ in case only. Whether one is found by such a name, no page says; of users
        # one does: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
        return self._names_in_another_case(caller) and self.reach(caller) <= Reach.ACCOUNT

    def _names_in_another_case(self, caller: Caller) -> bool:
        if caller.kind is Kind.SESSION and caller.principal_arn.lower() in self.lowered_roles:
            return True
        return caller.kind in (Kind.ROLE, Kind.SESSION) and caller.text.lower() in self.lowered

    def exempts(self, caller: Caller) -> Verdict:
        """Return whether, as ``NotPrincipal``, they leave a caller out.

        AWS asks to list the account beside the principal: without it, the caller "might" be covered.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        if "*" in self.aws or caller.text in self.services:
            return True
        listed, account = self.reach(caller) > Reach.ACCOUNT, self.has_account(caller)
        if listed and account:
            return True
        # Whether an account that stands alone is spared with all its principals, the page does not say.
        alone = account and caller.account not in self.identity_accounts
        return None if listed or alone or self.may_cover(caller) else False

    def has_account(self, caller: Caller) -> bool:
        """Tell whether the caller's account is among them."""
        return caller.root in self.aws or caller.account in self.aws


@lru_cache(maxsize=65536)
def parse_caller(text: str) -> Caller:
    """Read the principal of a request.

    :raises PolicyError: for anything but the ARN of a user, role, session or root user, or a service's name.
    """
    for kind, pattern in _CALLERS:
        if match := pattern.fullmatch(text):
            partition, account, *name = match.groups()
            return Caller(kind, text, partition, account, *name)
    if _SERVICE.fullmatch(text):
        return Caller(Kind.SERVICE, text)
    raise PolicyError(
        "principal must be the ARN of a user, role, role session, federated user or account root, or the "
        f"name of a service such as logs.us-east-1.amazonaws.com, got {text!r}"
    )


def is_unique_id(text: str) -> bool:
    """Tell whether a text is the unique id of something of IAM, or of a session of a role."""
    return _UNIQUE_ID.fullmatch(text) is not None


def parse_principals(value: object, where: str, *, stored: bool = False) -> Principals:
    """Parse a ``Principal`` or ``NotPrincipal`` element.

    :param stored: whether AWS returned it. Then a unique id stands for a user or role that is gone:
        https://repost.aws/knowledge-center/iam-resource-policy-format
    :raises PolicyError: for anything but ``"*"`` or an object of the documented kinds.
    """
    if isinstance(value, Unknown):
        return Principals(partly_unknown=True)
    if value == "*":
        value = {"AWS": "*"}
    if not isinstance(value, Mapping):
        raise PolicyError(f'{where} must be "*" or an object such as {{"AWS": "<ARN>"}}, got {value!r}')
    values = {kind: tuple(_values(kind, one, where)) for kind, one in value.items()}
    known = {kind: frozenset(one for one in ones if isinstance(one, str)) for kind, ones in values.items()}
    aws = known.get("AWS", frozenset())
    roles = [match for one in aws if (match := _ROLE.fullmatch(one))]
    ids = () if stored else (one for one in aws if is_unique_id(one))
    return Principals(
        aws=aws,
        services=known.get("Service", frozenset()),
        roles=frozenset(match.groups() for match in roles),
        user_accounts=frozenset(match[2] for one in aws if (match := _USER.fullmatch(one))),
        identity_accounts=frozenset(match[1] for one in aws if (match := _IDENTITY.fullmatch(one))),
        lowered=frozenset(one.lower() for one in aws),
        lowered_services=frozenset(one.lower() for one in known.get("Service", frozenset())),
        lowered_roles=frozenset(f"arn:{one[1]}:iam::{one[2]}:role/{one[3]}".lower() for one in roles),
        ids=frozenset(ids),
        partly_unknown=any(isinstance(one, Unknown) for ones in values.values() for one in ones),
    )


def _values(kind: object, value: object, where: str) -> Iterator[str | Unknown]:
    # Federated identities and canonical users come to KMS as roles, or not at all.
    if kind not in ("AWS", "Service", "Federated", "CanonicalUser"):
        raise PolicyError(f"{where} must name principals under AWS or Service, got {kind!r}")
    for one in value if isinstance(value, list | tuple) else [value]:
        if not isinstance(one, str | Unknown):
            raise PolicyError(f"{where} {kind} must be text or a list of texts, got {one!r}")
        yield one
