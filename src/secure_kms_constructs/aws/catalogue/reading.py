"""What the catalogue says of a CloudFormation type."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from .backups import VAULTS
from .needs import Basis, Need, Who
from .prefixes import prefix_of

SCHEMAS = "https://github.com/aws-cloudformation/cfn-lint"
_HELD = {"kms:DescribeKey", "kms:ListGrants"}


class Handlers(NamedTuple):
    """What the registry says of a type.

    :param keys: properties that take a key; none for a type that uses the key of the resource it belongs to.
    :param actions: KMS actions of its handlers, owner actions filtered out.
    :param at_delete: those of its delete handler.
    :param owner: owner actions that its handlers list, and that no key policy should give them.
    :param known: whether the registry lists handlers at all.
    """

    keys: tuple[str, ...]
    actions: frozenset[str]
    at_delete: frozenset[str]
    owner: frozenset[str]
    known: bool


@lru_cache(maxsize=1)
def _handlers() -> Mapping[str, Handlers]:
    read = json.loads((Path(__file__).parent / "handlers.json").read_text())
    return {name: _entry(entry) for name, entry in read.items()}


def _entry(entry: dict[str, str]) -> Handlers:
    parts = {one: _actions(entry.get(one, "")) for one in ("create", "read", "update", "delete", "owner")}
    uses = frozenset().union(*(actions for one, actions in parts.items() if one != "owner"))
    return Handlers(tuple(entry["keys"]), uses, parts["delete"], parts["owner"], entry.get("handlers", True) is True)


def _actions(words: str) -> frozenset[str]:
    return frozenset(f"kms:{word}" for word in words.split())


@lru_cache(maxsize=1)
def _written() -> Mapping[str, tuple[Need, ...]]:
    from . import (
        agents,
        backups,
        compute,
        connectors,
        databases,
        deliveries,
        edges,
        jobs,
        launches,
        messages,
        named_roles,
        others,
        runtimes,
        storage,
        topics,
    )

    rows: dict[str, list[Need]] = defaultdict(list)
    own = (storage, launches, databases, messages, compute, agents, jobs, connectors, others, runtimes)
    for module in (*own, topics, edges, deliveries, named_roles, backups):
        for row in module.ROWS:
            rows[row.type].append(row)
    return {name: tuple(found) for name, found in rows.items()}


def written() -> tuple[Need, ...]:
    """Return the rows written by hand, edges among them."""
    return tuple(row for rows in _written().values() for row in rows)


@lru_cache(maxsize=1)
def resource_types() -> tuple[str, ...]:
    """Return every type that has a row, whether it takes a key, inherits one or leads to one."""
    return tuple(sorted({*_handlers(), *_written()}))


def handlers_of(kind: str) -> Handlers | None:
    """Return what the registry says of a type; None where it has nothing about keys."""
    return _handlers().get(kind)


def inherits(kind: str) -> bool:
    """Tell whether a type uses the key of the resource it belongs to: it takes none, and its handlers call KMS."""
    found = _handlers().get(kind)
    return found is not None and not found.keys


@cache
def key_paths(kind: str) -> tuple[str, ...]:
    """Return the properties of a type that take a key."""
    found = _handlers().get(kind)
    named = (path for row in _written().get(kind, ()) if not row.is_edge for path in row.paths)
    return tuple(dict.fromkeys((*(found.keys if found else ()), *named)))


@cache
def needs_of(kind: str, path: str) -> tuple[Need, ...]:
    """Return what a resource needs of the key that one of its properties names.

    Where no page was read for the deployer, what the handlers list; ``actions`` is empty where they list nothing.
    """
    rows = [row for row in _written().get(kind, ()) if not row.is_edge]
    found = list(_for_path(rows, path))
    if not any(row.who is Who.DEPLOYER for row in found):
        found.append(_by_handlers(kind))
    return tuple(found)


def _for_path(rows: Iterable[Need], path: str) -> Iterable[Need]:
    rows = list(rows)
    for row in rows:
        others = (it for it in rows if it.who is row.who and it.paths)
        if path in row.paths or (not row.paths and not any(path in it.paths for it in others)):
            yield row


@cache
def _by_handlers(kind: str) -> Need:
    found, prefix = _handlers().get(kind), prefix_of(kind)
    actions = tuple(sorted(found.actions - _HELD)) if found else ()
    return Need(
        type=kind,
        who=Who.DEPLOYER,
        actions=actions,
        via=(prefix,) if prefix else (),
        unnamed_via=not prefix,
        basis=Basis.HANDLERS,
        source=SCHEMAS,
    )


@cache
def edges_from(kind: str) -> tuple[Need, ...]:
    """Return what resources of a type need of the keys of others."""
    return tuple(row for row in _written().get(kind, ()) if row.is_edge)


@lru_cache(maxsize=1)
def edges_to() -> Mapping[str, tuple[Need, ...]]:
    """Return the edges by the type that they lead to."""
    found: dict[str, list[Need]] = defaultdict(list)
    for rows in _written().values():
        for row in rows:
            for target in row.leads_to:
                found[target].append(row)
    return {name: tuple(rows) for name, rows in found.items()}


# Types that have no key of their own, and lead to what has one: whoever uses them uses that.
_THROUGH = {
    "AWS::Backup::BackupPlan": (VAULTS, "AWS::Backup::BackupVault"),
    "AWS::EC2::Instance": (("LaunchTemplate/LaunchTemplateId",), "AWS::EC2::LaunchTemplate"),
}


def leads_through(kind: str) -> tuple[tuple[str, ...], str] | None:
    """Return the properties by which a type leads on to a type under a key, and that type; None for most."""
    return _THROUGH.get(kind)


def through_types() -> tuple[str, ...]:
    """Return the types that lead on to another one."""
    return tuple(_THROUGH)


@cache
def source_of(principal: str, to: str = "") -> str | None:
    """Return the source key that all calls of a service principal carry by their pages.

    A service may send it for one edge and not for another, so only what all rows say counts: ``aws:SourceAccount``,
    ``aws:SourceArn`` with an account in it, nothing; None for a principal of which no page was read.

    :param to: the namespace of what the calls are for, such as ``SQS``, where that is known.
    """
    rows = [row for row in written() if row.who is Who.SERVICE and row.principal == principal]
    rows = [row for row in rows if not to or any(f"::{to}::" in target for target in row.leads_to)]
    if not rows:
        return None
    if all(row.source_account for row in rows):
        return "aws:SourceAccount"
    return "aws:SourceArn" if all("{account}" in row.source_arn for row in rows) else ""


@cache
def context_pattern(name: str, kind: str) -> tuple[str, str]:
    """Return the pattern of an encryption context that names a resource, and the property that names this.

    :param name: of the encryption context, in any case.
    :return: empty texts where no page says what the service of the type sends.
    """
    found = (
        (value, row.named_by)
        for row in _written().get(kind, ())
        for key, value in row.context
        if key.lower() == name.lower() and row.named_by
    )
    # That of the resource itself, where there is one of what is in it too.
    return min(found, key=lambda one: len(one[0]), default=("", ""))


def inherited_need(kind: str) -> Need:
    """Return what the deployer needs for a resource that uses the key of the one it belongs to."""
    return _by_handlers(kind)
