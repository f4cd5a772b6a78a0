"""What a grant is for: resources, and the keys they are under, as plain data beside the constructs that they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import Any, NamedTuple

from secure_kms_constructs.aws.services import Service, Use

from .statements import Statement, identity_via


class Whose(Enum):
    """Who writes the policy of a key."""

    HARDENED = auto()
    """A HardenedKey of this app."""
    PLAIN = auto()
    """Another key of this app."""
    IMPORTED = auto()
    """Its owner, who is somebody else."""
    MANAGED = auto()
    """AWS: the whole account is admitted through one service."""


class UsedKey(NamedTuple):
    """A key as a grant names it.

    :param key: the key whose policy has to admit the grantee.
    :param arn: its ARN as the identity policy can name it.
    """

    key: Any
    arn: str
    whose: Whose

    @property
    def admits(self) -> bool:
        """Whether its policy has to admit a grantee by name."""
        return self.whose is not Whose.MANAGED


@dataclass(frozen=True)
class Target:
    """A resource that a grant is for.

    :param resource: the construct.
    :param owned: whether it is of this app, so that its policy can be written.
    :param arn: its ARN as policies name it, in the encryption context too.
    :param exact: whether that is an ARN, not a pattern of one.
    :param region: where it is read, which ``kms:ViaService`` names.
    :param account: its account as text.
    :param key: its key; None for one that AWS manages, unless that key was given.
    :param named: returns an ARN that can be told without a reference to the resource; asked only where it matters.
    """

    resource: Any
    owned: bool
    arn: str
    exact: bool
    region: str
    account: str
    key: UsedKey | None
    named: Callable[[], str | None]

    @cached_property
    def known_arn(self) -> str | None:
        """An ARN that closes no circle in the key's policy, which the resource refers to; None where there is none."""
        return self.named()


def by_key(targets: Sequence[Target]) -> list[tuple[UsedKey, list[Target]]]:
    """Group targets by their key."""
    groups: dict[str, tuple[UsedKey, list[Target]]] = {}
    for target in targets:
        if target.key:
            groups.setdefault(target.key.arn, (target.key, []))[1].append(target)
    for key, under in groups.values():
        if len({target.region for target in under}) > 1:
            raise ValueError(f"one key serves one region, got {key.key.node.path} for several: one construct a region")
    return list(groups.values())


def key_policy_contexts(under: Sequence[Target]) -> list[str]:
    """Return the ARNs a key policy can name; none where one of them cannot be told, or it would be shut out."""
    known = []
    for target in under:
        if not target.known_arn:
            return []
        known.append(target.known_arn)
    return known


def kms_identity(service: Service, use: Use, targets: Sequence[Target]) -> list[Statement]:
    """Return the identity side of using the targets' keys through a service."""
    written: list[Statement] = []
    for key, under in by_key(targets):
        # Exact ARNs keep StringEquals; only what ends in a pattern needs wildcards.
        for exact in (True, False):
            contexts = [target.arn for target in under if target.exact is exact]
            if contexts:
                via = service.via(under[0].region)
                written += identity_via(service, use, key_arn=key.arn, via=via, context_values=contexts)
    return written
