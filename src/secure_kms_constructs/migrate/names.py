"""Roles and users by the ends of their ARNs."""

from __future__ import annotations

from collections.abc import Iterable

from secure_kms_constructs.access.names import find
from secure_kms_constructs.account import Snapshot


def principals_named(snapshot: Snapshot, names: Iterable[str]) -> list[str]:
    """Return the ARNs of roles and users.

    :raises ValueError: for a name that means nobody, or more than one.
    """
    there = {one.arn: one.arn for account in snapshot.accounts for one in account.identities}
    return [find(name, "principal", there, {}) for name in names]
