"""What can be compared: account files, cloud assemblies and templates, told apart by what is in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.templates import read_assembly, read_templates
from secure_kms_constructs.templates.landscape import Landscape

from .drift import Drift, compare_accounts, compare_templates
from .files import is_snapshot, snapshot_of
from .snapshots import Snapshot

Input = Snapshot | Path


def read_input(path: Path) -> Input:
    """Return the snapshot in a file, or the path where it holds templates.

    :raises ValueError: when there is nothing.
    """
    if not path.exists():
        raise ValueError(f"{path} does not exist")
    if path.is_dir() or path.suffix not in (".json", ""):
        return path
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        # A template in YAML may be called anything, and one that is broken is told where it is read.
        return path
    return snapshot_of(whole, str(path)) if is_snapshot(whole) else path


def compare(before: Path, after: Path, *, stacks: Mapping[str, str] | None = None) -> Drift:
    """Return what differs between two of these.

    :param stacks: by the names of stacks in the app, what they are called where they are deployed.
    :raises ValueError: when they cannot be compared.
    """
    one, other = read_input(before), read_input(after)
    if isinstance(one, Snapshot) and isinstance(other, Snapshot):
        return compare_accounts(one, other)
    if isinstance(other, Snapshot) and isinstance(one, Path):
        return compare_templates(landscapes(one, other), other, stacks=stacks)
    if isinstance(one, Snapshot):
        raise ValueError("an account is compared with templates that come first: give the templates, then the account")
    assert isinstance(other, Path)
    return Drift(AccessMap(landscapes(one)).diff(AccessMap(landscapes(other))))


def landscapes(path: Path, place: Snapshot | None = None) -> tuple[Landscape, ...]:
    """Return what templates describe.

    :param place: where stacks go that do not say it: to the account and first region of a snapshot.
    """
    account = place.accounts[0].account if place and len(place.accounts) == 1 else None
    region = place.accounts[0].regions[0] if place and account and len(place.accounts[0].regions) == 1 else None
    if path.is_dir():
        return read_assembly(path, account=account, region=region)
    return read_templates({path.name.split(".")[0]: path}, account=account, region=region)
