"""The services of the catalogue by the names of their constants, for ``provision_via``."""

from __future__ import annotations

import difflib
from functools import cache
from typing import NamedTuple

from .needs import Who
from .prefixes import PREFIXES, page_of, prefix_of
from .reading import key_paths, needs_of, resource_types

# What a service is called where its CloudFormation namespace is not its name.
_ALSO = {
    "EVENTBRIDGE": "Events",
    "FIREHOSE": "KinesisFirehose",
    "KEYSPACES": "Cassandra",
    "OPENSEARCH": "OpenSearchService",
    "PROMETHEUS": "APS",
    "STEP_FUNCTIONS": "StepFunctions",
    "VERIFIED_ACCESS": "VerifiedAccess",
}


@cache
def names() -> dict[str, str]:
    """Return the CloudFormation namespaces by the names of their constants: in capitals, and as they are known."""
    return {namespace.upper(): namespace for namespace in PREFIXES} | _ALSO


class Provisioning(NamedTuple):
    """A service, and what the deployer needs for all its types.

    :param page: the page that names the prefix.
    """

    name: str
    prefix: str
    actions: tuple[str, ...]
    page: str


@cache
def provisioning_named(name: str, others: tuple[tuple[str, str], ...] = ()) -> Provisioning:
    """Return a service by the name of its constant.

    :param others: names and prefixes of the constants that are written out, for who means one of them.
    :raises AttributeError: for a service whose ``kms:ViaService`` no page names, and for what is none.
    """
    namespace = names().get(name)
    if namespace is None:
        meant = [other for other, prefix in others if prefix == name.lower()]
        near = meant or difflib.get_close_matches(name, {**names(), **dict(others)}, n=3)
        hint = f"did you mean {' or '.join(near)}, or" if near else "no page names its kms:ViaService;"
        raise AttributeError(f"Service has no constant {name}: {hint} make one, Service(name, prefix, None, ...)")
    prefix = PREFIXES[namespace]
    actions = {
        action
        for kind in resource_types()
        if prefix_of(kind) == prefix
        for path in key_paths(kind)
        for need in needs_of(kind, path)
        if need.who is Who.DEPLOYER and prefix in need.via
        for action in need.actions
    }
    return Provisioning(namespace, prefix, tuple(sorted(actions)), page_of(prefix))
