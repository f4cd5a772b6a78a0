"""Whether silence is evidence where the event history was asked key by key.

Trails do not change what the history has. Whether it finds events by the ARN of a key is shown by the last uses that
KMS remembers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.account.records import Key
from secure_kms_constructs.policies.verdicts import all_of

from .coverage import RANK, Reason, last_use, unread
from .uses import Coverage, Evidence, Lookup


def with_histories(coverage: Sequence[Coverage], evidence: Evidence, snapshot: Snapshot) -> list[Coverage]:
    """Return of each key the better evidence: that of files, or that of the event history."""
    lookups = {one.key: one for one in evidence.lookups}
    shown = {_place(one.key) for one in evidence.lookups if one.last_use}
    keys = {key.arn: key for _, key in snapshot.keys}
    found = []
    for one in coverage:
        lookup = lookups.get(one.key)
        asked = None if lookup is None else _of_key(lookup, keys[one.key], evidence, _place(one.key) in shown)
        with_files = one.start is not None
        found.append(one if asked is None or (with_files and RANK[one.complete] > RANK[asked.complete]) else asked)
    return found


def _of_key(lookup: Lookup, key: Key, evidence: Evidence, shown: bool) -> Coverage:
    reasons = list(_reasons(lookup, key, evidence, shown))
    why = [why for _, why in reasons]
    return Coverage(key.arn, all_of(verdict for verdict, _ in reasons), why, lookup.start, lookup.end, alone=True)


def _reasons(lookup: Lookup, key: Key, evidence: Evidence, shown: bool) -> Iterator[Reason]:
    if lookup.why:
        yield False, lookup.why
    yield from last_use(evidence, key, (lookup.start, lookup.end))
    if not shown:
        where = " in ".join(_place(key.arn))
        yield (
            None,
            f"no last use that KMS remembers shows that the history of {where} is found by the ARN of keys",
        )
    yield from unread(evidence)


def _place(arn: str) -> tuple[str, str]:
    """Return the account and region of a key."""
    parts = arn.split(":")
    return parts[4], parts[3]
