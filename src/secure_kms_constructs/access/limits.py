"""Policies of the organization that whoever asks for a map knows to bind all accounts of its templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from secure_kms_constructs.policies import Policy, PolicyError, Unknown, parse_key_policy, parse_scp
from secure_kms_constructs.policies.outer import NO_OUTER, Outer
from secure_kms_constructs.templates.landscape import Landscape
from secure_kms_constructs.templates.organization import POLICY, RCP, SCP, name_of, policy_of

from .errors import AccessError
from .names import find


def limited(landscapes: Iterable[Landscape], scps: Sequence[object], rcps: Sequence[object]) -> tuple[Landscape, ...]:
    """Return landscapes with policies that bind all their accounts.

    :param scps: service control policies, one for each place: documents, or policies of the templates by construct.
    :param rcps: resource control policies, in the same form.
    :raises AccessError: when no policy of the templates is called so.
    :raises PolicyError: when a document is not well-formed.
    """
    for what, given in (("scps", scps), ("rcps", rcps)):
        if not isinstance(given, list | tuple):
            raise PolicyError(f"{what} must be a list of policies, got {given!r}")
    return tuple(_limited(one, scps, rcps) for one in landscapes) if scps or rcps else tuple(landscapes)


def _limited(landscape: Landscape, scps: Sequence[object], rcps: Sequence[object]) -> Landscape:
    given = Outer(
        tuple(_policy(one, f"SCP {place}", SCP, landscape) for place, one in enumerate(scps)),
        tuple(_policy(one, f"RCP {place}", RCP, landscape) for place, one in enumerate(rcps)),
    )
    found = dict(landscape.organization)
    accounts = {one.account for one in landscape.resources} | {
        key.arn.split(":")[4] for key in landscape.keys if key.source
    }
    for account in accounts:
        own = found.get(account, NO_OUTER)
        found[account] = Outer((*given.scps, *own.scps), (*given.rcps, *own.rcps))
    sources = {name_of(one): one.source for one in landscape.resources if one.type == POLICY}
    return replace(landscape, organization=found, sources={**landscape.sources, **sources})


def _policy(given: object, name: str, kind: str, landscape: Landscape) -> Policy:
    if isinstance(given, Policy):
        if given.is_key_policy is not (kind == RCP):
            wanted = "parse_key_policy" if kind == RCP else "parse_scp"
            raise PolicyError(f"{name} must come from {wanted}, got the parsed policy {given.name!r}")
        return given
    if isinstance(given, dict | Unknown):
        return parse_key_policy(given, name=name) if kind == RCP else parse_scp(given, name=name)
    made = {one.source.path: one for one in landscape.resources if one.type == POLICY}
    resource = find(given, "policy of the organization", made, {})
    if resource.properties.get("Type") != kind:
        raise AccessError(f"{name} must be of Type {kind}, got {resource.source.path}")
    return policy_of(resource)
