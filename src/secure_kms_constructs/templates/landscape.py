"""The keys, identities and resources that templates describe, with what cannot be told from them as ``Unknown``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from secure_kms_constructs.policies import Policy, Unknown
from secure_kms_constructs.policies.outer import Outer


@dataclass(frozen=True, order=True)
class Source:
    """Where a template says it.

    :param path: the construct path, without the ``/Resource`` of the L1; ``<stack>/<logical id>`` where the
        template names no path.
    """

    stack: str
    logical_id: str
    path: str


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource of a template, its intrinsic functions resolved as far as they can be.

    :param type: the CloudFormation type, such as ``AWS::KMS::Key``.
    :param arn: its ARN, with a stand-in for a part that only deployment tells; None for a type without one.
    :param properties: what cannot be told is ``Unknown``, whole or inside.
    :param doubt: why nothing of it is for certain; None where it is.
    """

    type: str
    source: Source
    partition: str
    region: str
    account: str
    arn: str | None
    properties: Mapping[str, object]
    metadata: Mapping[str, object] = field(default_factory=dict)
    doubt: Unknown | None = None


@dataclass(frozen=True, eq=False)
class Key:
    """A key: one of the templates, or one that they only mention.

    :param source: None for a key that is only mentioned; then its policy is unknown.
    :param grants: those on the key; templates have none, accounts do.
    :param of_aws: whether AWS manages it, so that no resource control policy binds it.
    """

    arn: str
    policy: Policy
    source: Source | None
    grants: tuple[Policy, ...] = ()
    of_aws: bool = False


@dataclass(frozen=True, eq=False)
class Identity:
    """A role or user: one of the templates, or one that they only mention or attach policies to.

    :param policies: all of its policies that the templates tell, and an unknown one where there may be more.
    :param source: None for one that is only mentioned.
    """

    arn: str
    policies: tuple[Policy, ...]
    boundary: Policy | None
    source: Source | None


@dataclass(frozen=True)
class Note:
    """Something that could not be read, and what follows from it.

    :param unread: whether it may make or change keys, roles or policies.
    :param mistake: whether it is a mistake in a policy, which a rule finds.
    """

    source: Source | None
    text: str
    unread: bool = False
    mistake: bool = False


@dataclass(frozen=True, eq=False)
class Landscape:
    """All that some templates describe, under one assumption about their conditions.

    :param assumes: the conditions and parameters that the templates leave open and this landscape decides, by
        ``<stack>/<name>``; empty where none matters.
    :param places: where stacks that do not say it go here, with the stand-ins; empty for no place that is named.
    :param sources: the source of each policy's statements, by the policy's name.
    :param organization: the policies of the organization that bind an account, by its id.
    """

    keys: tuple[Key, ...]
    identities: tuple[Identity, ...]
    resources: tuple[Resource, ...]
    notes: tuple[Note, ...] = ()
    assumes: Mapping[str, bool | str] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    organization: Mapping[str, Outer] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
