"""A party: a role, user, root, service or outsider of whom it is asked what they may do with a key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from secure_kms_constructs.policies import Policy, PolicyError, Unknown, parse_identity_policy
from secure_kms_constructs.policies.principals import Caller, Kind, parse_caller
from secure_kms_constructs.templates.landscape import Identity, Source

# The execution role of a CDK bootstrap stack: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
_DEPLOYER = re.compile(r"cdk-[a-z0-9_-]+-cfn-exec-role-\d{12}-[a-z0-9-]+")

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
    :param unless: the names of those beside whom it need not be told where they may do the same.
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

    @property
    def is_root(self) -> bool:
        """Whether it is the root user of an account."""
        return self.caller.kind is Kind.ROOT

    @property
    def is_service(self) -> bool:
        """Whether it is an AWS service that acts for itself."""
        return self.caller.kind is Kind.SERVICE

    @property
    def is_deployer(self) -> bool:
        """Whether it is the role with which CloudFormation deploys what CDK makes."""
        return self.caller.kind is Kind.ROLE and bool(_DEPLOYER.fullmatch(self.caller.name))

    @cached_property
    def caller(self) -> Caller:
        """The principal, taken apart."""
        return parse_caller(self.principal)


def of_identity(identity: Identity) -> Party:
    """Return an identity of the templates as a party."""
    name = identity.source.path if identity.source else named_by_arn(identity.arn)
    return Party(name, identity.arn, identity.policies, identity.boundary, identity.source)


def named_by_arn(arn: str) -> str:
    """Return what to call a principal that no template makes."""
    party = Party(arn, arn)
    if party.is_deployer:
        return f"deployer {party.caller.name}"
    return f"root user of {party.caller.account}" if party.is_root else arn


def of_mentioned(arn: str, identities: Iterable[Party]) -> Party | None:
    """Return a principal that a key policy mentions and no identity is; None where it is no principal.

    A session has the policies of its role. What others have, only their own templates tell.
    """
    try:
        caller = parse_caller(arn)
    except PolicyError:
        return None
    if caller.kind in (Kind.ROOT, Kind.SERVICE):
        return Party(named_by_arn(arn), arn)
    role = next((one for one in identities if caller.kind is Kind.SESSION and one.caller.role == caller.role), None)
    if role is not None:
        session = arn.rpartition("/")[2]
        return Party(f"{role.name} as {session}", arn, role.policies, role.boundary, role.source)
    unread = parse_identity_policy(Unknown("its policies are in none of the templates"), name=f"policies of {arn}")
    return Party(named_by_arn(arn), arn, (unread,))
