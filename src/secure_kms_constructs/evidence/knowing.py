"""What an account file adds to what CloudTrail tells: paths of roles, and which roles and keys there are."""

from __future__ import annotations

from dataclasses import replace

from secure_kms_constructs.account import Snapshot

from .tallies import Tallies
from .uses import Observed


def wanted_events(snapshot: Snapshot) -> frozenset[str]:
    """Return the ids of the events by which keys were used last."""
    used = (key.last_usage for _, key in snapshot.keys)
    return frozenset(one.event for one in used if one is not None and one.event)


def with_paths(tallies: Tallies, snapshot: Snapshot) -> Tallies:
    """Return uses with the ARNs that roles have: that of a session has no path."""
    there = {one.arn for account in snapshot.accounts for one in account.identities}
    by_name = {_without_path(arn): arn for arn in there if ":role/" in arn}
    found = Tallies()
    for head, context, tally in tallies:
        name = head.principal
        if name not in there:
            name = by_name.get(name, name)
        found.put(head._replace(principal=name), context, tally)
    return found


def with_strangers(observed: Observed, snapshot: Snapshot) -> Observed:
    """Return what was observed with the roles, users and keys of the accounts read that are not there."""
    accounts = {one.account: one for one in snapshot.accounts}
    there = {one.arn for account in snapshot.accounts for one in account.identities}
    keys = {key.arn for _, key in snapshot.keys}
    gone, unknown = set(), set()
    for use in observed.uses:
        if use.account in accounts and use.principal not in there and not use.principal.endswith(":root"):
            gone.add(use.principal)
        if use.key is not None and use.key not in keys:
            unknown.add(use.key)
    evidence = replace(observed.evidence, gone=sorted(gone), unknown_keys=sorted(unknown))
    return replace(observed, evidence=evidence)


def _without_path(arn: str) -> str:
    head, _, name = arn.partition(":role/")
    return f"{head}:role/{name.rpartition('/')[2]}"
