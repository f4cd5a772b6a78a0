"""Policies of the organization that whoever asks for a map knows to bind all accounts of its templates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from secure_kms_constructs.policies import Policy, PolicyError, Unknown, parse_key_policy, parse_scp
from secure_kms_constructs.policies.documents import doubted
from secure_kms_constructs.policies.outer import NO_OUTER, Outer
from secure_kms_constructs.templates.landscape import Landscape
from secure_kms_constructs.templates.organization import POLICY, RCP, SCP, name_of, policy_of

from .errors import AccessError
from .names import find


def limited(
    read: Callable[[Collection[Policy]], tuple[Landscape, ...]], scps: Sequence[object], rcps: Sequence[object]
) -> tuple[Landscape, ...]:
    """Return landscapes with policies that bind all their accounts.

    :param read: reads them, told of policies that may name accounts, regions and principals, too.
    :param scps: service control policies, one for each place: documents, or policies of the templates by construct.
    :param rcps: resource control policies, in the same form.
    :raises AccessError: when no policy of the templates is called so.
    :raises PolicyError: when a document is not well-formed.
    """
    for what, given in (("scps", scps), ("rcps", rcps)):
        if not isinstance(given, list | tuple):
            raise PolicyError(f"{what} must be a list of policies, got {given!r}")
    if not scps and not rcps:
        return read(())
    # Those that templates make are found in what they describe.
    whole = all(isinstance(one, dict | Unknown | Policy) for one in (*scps, *rcps))
    first = [_given(one, scps, rcps) for one in ([None] if whole else read(()))]
    beside = [policy for outer in first for policy in (*outer.scps, *outer.rcps)]
    return tuple(_limited(one, _given(one, scps, rcps)) for one in read(beside))


def _given(landscape: Landscape | None, scps: Sequence[object], rcps: Sequence[object]) -> Outer:
    return Outer(
        tuple(_policy(one, f"SCP {place}", SCP, landscape) for place, one in enumerate(scps)),
        tuple(_policy(one, f"RCP {place}", RCP, landscape) for place, one in enumerate(rcps)),
    )


def _limited(landscape: Landscape, given: Outer) -> Landscape:
    found = dict(landscape.organization)
    accounts = {one.account for one in landscape.resources} | {
        key.arn.split(":")[4] for key in landscape.keys if key.source
    }
    for account in accounts:
        own = found.get(account, NO_OUTER)
        found[account] = Outer((*given.scps, *own.scps), (*given.rcps, *own.rcps))
    sources = {name_of(one): one.source for one in landscape.resources if one.type == POLICY}
    return replace(landscape, organization=found, sources={**landscape.sources, **sources})


def _policy(given: object, name: str, kind: str, landscape: Landscape | None) -> Policy:
    if isinstance(given, Policy):
        if given.is_key_policy is not (kind == RCP):
            wanted = "parse_key_policy" if kind == RCP else "parse_scp"
            raise PolicyError(f"{name} must come from {wanted}, got the parsed policy {given.name!r}")
        return given
    if isinstance(given, dict | Unknown):
        return parse_key_policy(given, name=name) if kind == RCP else parse_scp(given, name=name)
    resources = landscape.resources if landscape else ()
    made = {one.source.path: one for one in resources if one.type == POLICY}
    resource = find(given, "policy of the organization", made, {})
    if resource.properties.get("Type") != kind:
        raise AccessError(f"{name} must be of Type {kind}, got {resource.source.path}")
    return doubted(policy_of(resource), resource.doubt)
