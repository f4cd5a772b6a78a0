"""A party: a role, user, root, service or outsider of whom it is asked what they may do with a key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from secure_kms_constructs.policies import Policy, PolicyError, Unknown, parse_identity_policy
from secure_kms_constructs.policies.patterns import ContextValue
from secure_kms_constructs.policies.principals import Caller, Kind, parse_caller
from secure_kms_constructs.templates.landscape import Identity, Landscape, Source

# The execution role of a CDK bootstrap stack: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
_DEPLOYER = re.compile(r"cdk-[a-z0-9_-]+-cfn-exec-role-(\d{12})-[a-z0-9-]+")
# What names of those begin with whom no template makes. A path may be any text, so that of an identity which begins
# so is told with a word in front.
_RESERVED = re.compile(r"(any|anyone|root user|deployer|construct) |arn:|[^/]*$")
# What names are made of, and how long they may be: parse_caller is about the first alone.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
_LONGEST = {Kind.ROLE: 64, Kind.USER: 64, Kind.SESSION: 64, Kind.FEDERATED: 32}
# An ARN that somebody could have as far as IAM's rules for names and paths go.
_POSSIBLE = re.compile(
    r"arn:[\w-]+:(iam::\d{12}:(role|user)/([!-~]+/)?|sts::\d{12}:(assumed-role/[\w+=,.@-]+|federated-user)/)[\w+=,.@-]+",
    re.ASCII,
)

EVERYTHING = parse_identity_policy(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}},
    name="kms:* on *",
)


@dataclass(frozen=True, eq=False)
class Party:
    """Someone of whom it is asked.

    :param name: the construct path of an identity of the templates, else its ARN or what it stands for.
    :param principal: as whom it asks.
    :param policies: its own policies.
    :param boundary: its permissions boundary.
    :param source: where the templates make it; None for others.
    :param outsider: whether it stands for all of a kind.
    :param general: what to call it and others that may do the same; None where it is called by its name only.
    :param untold: why it is not known what it may do, whatever the policies say; None where they tell.
    :param doubt: why it is not known whether there is such a one; what it cannot do is certain nevertheless.
    :param unless: the names of those beside whom it need not be told where they may do the same.
    :param session_of: the ARN of the user who makes the federated session that it is.
    :param role: the ARN of the role whose session it is, where the role is read.
    :param stands_for: further names that it is meant by, such as that of the role whose session it is.
    """

    name: str
    principal: str
    policies: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    source: Source | None = None
    outsider: bool = False
    general: str | None = None
    unless: tuple[str, ...] = ()
    untold: str | None = None
    doubt: str | None = None
    session_of: str | None = None
    role: str | None = None
    stands_for: frozenset[str] = frozenset()

    def is_called(self, name: str) -> bool:
        """Tell whether a name means it, alone or among others."""
        own = (self.name, self.general, None if self.outsider else self.principal)
        return name in own or name in self.stands_for

    @property
    def told(self) -> dict[str, ContextValue]:
        """What its ARN does not tell of its requests: of a session the role's path."""
        if self.caller.kind is not Kind.SESSION:
            return {}
        return {"aws:principalarn": self.role or Unknown(f"the path of the role of {self.principal} is not read")}

    @property
    def is_root(self) -> bool:
        """Whether it is the root user of an account."""
        return self.caller.kind is Kind.ROOT

    @property
    def is_user(self) -> bool:
        """Whether it is a user."""
        return self.caller.kind is Kind.USER

    @property
    def is_service(self) -> bool:
        """Whether it is an AWS service that acts for itself."""
        return self.caller.kind is Kind.SERVICE

    @property
    def is_only_named(self) -> bool:
        """Whether it is a role or user of which no template says more than the name."""
        is_somebody = self.caller.kind in (Kind.ROLE, Kind.USER)
        return is_somebody and self.source is None and not self.outsider and not self.untold

    @property
    def is_deployer(self) -> bool:
        """Whether it is the role with which CloudFormation deploys what CDK makes in its account.

        One that the templates make is not: whoever writes a template may call a role so.
        """
        if self.source is not None or self.outsider or self.caller.kind is not Kind.ROLE:
            return False
        match = _DEPLOYER.fullmatch(self.caller.name)
        return match is not None and match[1] == self.caller.account

    @cached_property
    def caller(self) -> Caller:
        """The principal, taken apart."""
        return parse_caller(self.principal)


def of_identity(identity: Identity, *, alone: bool = True) -> Party:
    """Return an identity of the templates as a party.

    :param alone: whether no other has its path.
    """
    # One that was read from an account has its ARN for a path.
    is_made = identity.source is not None and identity.source.path != identity.arn
    name = _path(identity.source, alone=alone) if identity.source and is_made else named_by_arn(identity.arn)
    return Party(name, identity.arn, identity.policies, identity.boundary, identity.source)


def _path(source: Source, *, alone: bool) -> str:
    path = f"construct {source.path}" if _RESERVED.match(source.path) else source.path
    return path if alone else f"{path} ({source.stack}/{source.logical_id})"


def named_by_arn(arn: str) -> str:
    """Return what to call a principal that no template makes."""
    party = Party(arn, arn)
    if party.is_deployer:
        return f"deployer {party.caller.name}"
    return f"root user of {party.caller.account}" if party.is_root else arn


def of_mentioned(arn: str, identities: Iterable[Party]) -> Party | None:
    """Return a principal that a key policy mentions and no identity is; None where nobody can be called so.

    A session has the policies of its role, and whoever asks with the role chooses its name. What others have, only
    their own templates tell.
    """
    caller = caller_of(arn)
    if caller is None:
        if not _POSSIBLE.fullmatch(arn):
            return None
        _, partition, _, _, account, _ = arn.split(":", 5)
        untold = "its name can neither be read nor be told to be nobody's"
        return Party(arn, f"arn:{partition}:iam::{account}:role/other", untold=untold)
    if caller.kind in (Kind.ROOT, Kind.SERVICE):
        return Party(named_by_arn(arn), arn)
    roles = [one for one in identities if caller.kind is Kind.SESSION and one.caller.role == caller.role]
    if roles:
        role, session = roles[0], arn.rpartition("/")[2]
        names = frozenset(one.name for one in roles)
        whose = role.principal if {one.principal for one in roles} == {role.principal} else None
        return Party(
            f"{role.name} as {session}", arn, role.policies, role.boundary, role.source, role=whose, stands_for=names
        )
    return Party(named_by_arn(arn), arn, (_unread(arn),))


def with_named(landscape: Landscape, named: Iterable[str]) -> Landscape:
    """Return a landscape with further roles and users that are only named."""
    known = {one.arn for one in landscape.identities}
    more = (Identity(arn, (_unread(arn),), None, None) for arn in sorted(named) if arn not in known)
    return replace(landscape, identities=(*landscape.identities, *more))


def _unread(arn: str) -> Policy:
    return parse_identity_policy(Unknown("its policies are in none of the templates"), name=f"policies of {arn}")


def caller_of(text: str) -> Caller | None:
    """Return the principal that has a name; None where it is not the name of one."""
    try:
        return parse_caller(text)
    except PolicyError:
        return None


def is_short_enough(caller: Caller) -> bool:
    """Tell whether IAM gives names of that length."""
    return len(caller.name) <= _LONGEST.get(caller.kind, len(caller.name))
