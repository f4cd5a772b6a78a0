"""The open findings of Security Hub, told with what an account file says of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.account.worklist import unread_findings, worklist


def as_text(snapshot: Snapshot) -> str:
    """Return a line for each, and where they could not be read."""
    unread = [f"? {one}" for one in unread_findings(snapshot)]
    return "\n".join([*map(str, worklist(snapshot)), *unread]) or "no finding is open"


def as_data(snapshots: Sequence[Snapshot]) -> dict[str, object]:
    """Return the same as JSON objects."""
    return {
        "securityHub": [vars(one) for snapshot in snapshots for one in worklist(snapshot)],
        "securityHubUnread": [one for snapshot in snapshots for one in unread_findings(snapshot)],
    }


def added_to(written: str, snapshots: Sequence[Snapshot], form: str) -> str:
    """Return a report of findings with them.

    :raises ValueError: where there is no account, or a format that has no place for them.
    """
    if not snapshots:
        raise ValueError("--security-hub is about account files, and none was given")
    if form == "json":
        return json.dumps(json.loads(written) | as_data(snapshots), indent=1)
    if form != "text":
        raise ValueError(f"--security-hub is told as text or json, got {form}")
    return "\n\n".join([written, *(f"SECURITY HUB\n\n{as_text(one)}" for one in snapshots)])
