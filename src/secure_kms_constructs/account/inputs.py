"""What can be compared: account files, cloud assemblies and templates, told apart by what is in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.templates.givens import NOTHING_GIVEN, Givens, names_at, read_path
from secure_kms_constructs.templates.landscape import Landscape, Resource
from secure_kms_constructs.templates.shares import Shares

from .drift import Drift, compare_accounts, compare_templates
from .files import is_snapshot, snapshot_of
from .matching import match
from .snapshots import Snapshot

# What can be told to be deployed, and the property with its name.
_TOLD = {"AWS::KMS::Key": "", "AWS::IAM::Role": "RoleName", "AWS::IAM::User": "UserName"}


@dataclass(frozen=True)
class Templates:
    """A cloud assembly or template.

    :param landscapes: what it describes.
    """

    path: Path
    landscapes: tuple[Landscape, ...]


Input = Snapshot | Templates


@dataclass(frozen=True)
class Both:
    """Two inputs, read to be compared.

    :param stacks: by the names of stacks in the app, what they are called where they are deployed.
    """

    before: Input
    after: Input
    stacks: Mapping[str, str] = field(default_factory=dict)


def read_input(path: Path) -> Snapshot | Path:
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


def read_both(
    before: Path,
    after: Path,
    *,
    stacks: Mapping[str, str] | None = None,
    known: Givens = NOTHING_GIVEN,
    by_default: Givens | None = None,
) -> Both:
    """Read two of these.

    :param stacks: by the names of stacks in the app, what they are called where they are deployed.
    :param known: what the templates among them do not say.
    :param by_default: the same where none of the two is an account, which says more of itself.
    :raises ValueError: when one is none, or what is known is about templates and there is none.
    """
    one, other = read_input(before), read_input(after)
    if isinstance(one, Snapshot) and isinstance(other, Snapshot) and (stacks or known != NOTHING_GIVEN):
        raise ValueError("--stack, --account, --region, --same and --parameter are about templates: leave them out")
    if isinstance(one, Path) and isinstance(other, Snapshot):
        return Both(beside(one, other, stacks, known), other, stacks or {})
    shares = Shares(by_default or known)
    both = Both(_read(one, shares), _read(other, shares), stacks or {})
    if problems := shares.problems():
        raise ValueError(problems[0])
    return both


def compare(both: Both) -> Drift:
    """Return what differs.

    :raises ValueError: when they cannot be compared.
    """
    one, other = both.before, both.after
    if isinstance(one, Snapshot) and isinstance(other, Snapshot):
        return compare_accounts(one, other)
    if isinstance(one, Snapshot):
        raise ValueError("an account is compared with templates that come first: give the templates, then the account")
    if isinstance(other, Snapshot):
        return compare_templates(one.landscapes, other, stacks=both.stacks)
    return Drift(AccessMap(one.landscapes).diff(AccessMap(other.landscapes)))


def beside(
    path: Path, snapshot: Snapshot, stacks: Mapping[str, str] | None = None, known: Givens = NOTHING_GIVEN
) -> Templates:
    """Read templates whose keys, roles and users are those of an account where they are found there.

    Stacks that do not say where they go go to its one account and region.
    """
    accounts = snapshot.accounts
    account = accounts[0].account if len(accounts) == 1 else None
    region = accounts[0].regions[0] if account and len(accounts[0].regions) == 1 else None
    placed = replace(known, account=known.account or account, region=known.region or region)
    first = read_path(path, placed)
    same: dict[str, str] = {}
    for landscape in first:
        found = match(landscape, snapshot, stacks or {}).arns
        for one in landscape.resources:
            arn = found.get(one.source.path)
            if arn and _may_be(one, arn):
                # By the name that no two have.
                same[f"{one.source.stack}/{one.source.logical_id}"] = arn
    same |= known.same
    return Templates(path, read_path(path, replace(placed, same=same)) if same else first)


def _may_be(resource: Resource, arn: str) -> bool:
    """Tell whether a resource can be told to be what has an ARN: of its account and region, and by its name."""
    if resource.type not in _TOLD or (resource.arn or "").split(":")[:5] != arn.split(":")[:5]:
        return False
    name = resource.properties.get(_TOLD[resource.type])
    return not isinstance(name, str) or name == arn.rpartition("/")[2]


def _read(given: Snapshot | Path, shares: Shares) -> Input:
    return Templates(given, read_path(given, shares.of(names_at(given)))) if isinstance(given, Path) else given
