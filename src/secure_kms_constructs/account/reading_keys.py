"""Keys of one account and region, read with their policies, grants and aliases."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from .connections import Connection, GoneError
from .records import Key, Usage


def read_keys(to: Connection) -> tuple[list[Key], dict[str, str]]:
    """Return the keys, and the aliases whose key is not among them."""
    to.progress("keys")
    arns = [one["KeyArn"] for page in to.pages("kms", "ListKeys") for one in page["Keys"]]
    aliases = [one for page in to.pages("kms", "ListAliases") for one in page["Aliases"]]
    to.progress(f"{len(arns)} keys")
    found = to.each(partial(_key, to, aliases), dict.fromkeys(arns))
    keys = [one for one in found if one is not None]
    known = {one.id for one in keys}
    # An alias of AWS without a target has never been used. It is not asked about: DescribeKey would make its key.
    others = {one["AliasArn"]: one.get("TargetKeyId", "") for one in aliases if one.get("TargetKeyId") not in known}
    return keys, others


def _key(to: Connection, aliases: list[dict[str, Any]], arn: str) -> Key | None:
    try:
        return _read(to, aliases, arn)
    except GoneError:
        # Deleted between the list and the question.
        return None


def _read(to: Connection, aliases: list[dict[str, Any]], arn: str) -> Key:
    about = arn.rpartition("/")[2]
    described = to.call("kms", "DescribeKey", arn, KeyId=about)
    known = (described or {}).get("KeyMetadata", {})
    policy = to.call("kms", "GetKeyPolicy", arn, KeyId=about, PolicyName="default")
    grants = [one for page in to.pages("kms", "ListGrants", arn, KeyId=about) for one in page["Grants"]]
    complete = to.was_answered("kms", "ListGrants", arn)
    named = sorted(one["AliasName"] for one in aliases if one.get("TargetKeyId") == about)
    # Nobody but AWS may begin an alias so.
    manager = known.get("KeyManager", "AWS" if any(one.startswith("alias/aws/") for one in named) else "CUSTOMER")
    rotation = to.call("kms", "GetKeyRotationStatus", arn, KeyId=about) if _rotates(known, manager) else None
    usage = to.call("kms", "GetKeyLastUsage", arn, KeyId=about) if manager == "CUSTOMER" else None
    return Key(
        arn=arn,
        state=known.get("KeyState", "unknown"),
        manager=manager,
        spec=known.get("KeySpec", known.get("CustomerMasterKeySpec", "unknown")),
        usage=known.get("KeyUsage", "unknown"),
        origin=known.get("Origin", "unknown"),
        multi_region=bool(known.get("MultiRegion", False)),
        deletion=as_time(known.get("DeletionDate")),
        policy=as_json(policy["Policy"]) if policy else None,
        grants=[_grant(one) for one in grants] if complete else None,
        aliases=named,
        rotation=rotation.get("KeyRotationEnabled") if rotation else None,
        rotation_days=rotation.get("RotationPeriodInDays") if rotation else None,
        last_usage=_usage(usage) if usage is not None else None,
        related=sorted(_related(known) - {arn}),
    )


def _rotates(known: dict[str, Any], manager: str) -> bool:
    """Tell whether a key is of a kind that is rotated, so that asking is no error."""
    ours = manager == "CUSTOMER" and known.get("Origin", "AWS_KMS") == "AWS_KMS"
    alive = known.get("KeyState", "Enabled") in ("Enabled", "Disabled")
    return ours and alive and known.get("KeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"


def _related(known: dict[str, Any]) -> set[str]:
    """Return the ARNs of a multi-Region key: what one of them encrypted each of them decrypts."""
    regions = known.get("MultiRegionConfiguration") or {}
    every = [regions.get("PrimaryKey") or {}, *regions.get("ReplicaKeys", ())]
    return {str(one["Arn"]) for one in every if one.get("Arn")}


def _usage(answer: dict[str, Any]) -> Usage:
    last = answer.get("KeyLastUsage") or {}
    return Usage(
        as_time(answer.get("TrackingStartDate")),
        last.get("Operation"),
        as_time(last.get("Timestamp")),
        last.get("CloudTrailEventId"),
    )


_OF_GRANT = (
    *("GrantId", "Name", "GranteePrincipal", "GranteeServicePrincipal", "RetiringPrincipal"),
    *("RetiringServicePrincipal", "IssuingAccount", "Operations", "Constraints"),
)


def _grant(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what a grant says, without what differs whenever it is asked for."""
    kept = {name: answer[name] for name in _OF_GRANT if answer.get(name)}
    return kept | ({"CreationDate": as_time(answer["CreationDate"])} if answer.get("CreationDate") else {})


def as_time(moment: Any) -> str | None:
    """Return a moment as text; None where there is none."""
    return moment.isoformat() if hasattr(moment, "isoformat") else None if moment is None else str(moment)


def as_json(text: object) -> object:
    """Return a policy as objects; as it is where it is no JSON, so that it is reported."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
