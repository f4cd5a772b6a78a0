"""Reads accounts by their APIs. Everything only reads, and no secret value is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .calls import PARTS
from .connections import Connection, session_of, unusable
from .reading_findings import read_findings
from .reading_identities import read_identities
from .reading_keys import read_keys
from .reading_organization import read_organization, read_stacks
from .reading_resources import read_resources
from .reading_trails import read_trails
from .records import Account, Trail
from .snapshots import Snapshot

_ROLE = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/[\w+=,.@/-]+")
_SILENT: Callable[[str], None] = lambda _text: None  # noqa: E731 - a default that does nothing


@dataclass(frozen=True)
class Options:
    """How to read accounts.

    :param regions: by default the one of the session.
    :param roles: ARNs of roles to assume, each for its account; by default the caller's own account is read.
    :param account: the account that it must be, where only one is read.
    :param parts: what is read beside the account: ``stacks``, ``organization``, ``security-hub``, ``trails``.
    """

    regions: Sequence[str] = ()
    profile: str | None = None
    roles: Sequence[str] = ()
    endpoint_url: str | None = None
    account: str | None = None
    parts: Sequence[str] = ()
    progress: Callable[[str], None] = _SILENT


def take_snapshot(options: Options = Options(), *, session: Any = None) -> Snapshot:
    """Read accounts.

    :param session: a boto3 session; by default one made of the options.
    :raises ValueError: where nothing can be read: no credentials, another account, a region without KMS.
    """
    for part in options.parts:
        if part not in PARTS:
            raise ValueError(f"part must be one of {', '.join(PARTS)}, got {part!r}")
    session = session or session_of(options.profile)
    regions = _regions(options.regions, session)
    accounts = [_account(one, regions, options) for one in sessions_of(session, regions[0], options)]
    numbers = [one.account for one in accounts]
    if twice := next((one for one in numbers if numbers.count(one) > 1), None):
        raise ValueError(f"account {twice} would be read twice: name one role for each account")
    return Snapshot(datetime.now(timezone.utc).isoformat(timespec="seconds"), accounts)


def _regions(given: Sequence[str], session: Any) -> list[str]:
    regions = list(dict.fromkeys(given or ([session.region_name] if session.region_name else [])))
    if not regions:
        raise ValueError("region is not set: name one with --region, or more than one")
    known = {one for it in session.get_available_partitions() for one in session.get_available_regions("kms", it)}
    for region in regions:
        if region not in known:
            raise ValueError(f"region must be one that has KMS, such as eu-west-1, got {region!r}")
    return regions


def sessions_of(session: Any, region: str, options: Options) -> Iterable[Any]:
    """Return the session given, or one for each role to assume."""
    if not options.roles:
        return [session]
    return [_assumed(session, role, region, options.endpoint_url) for role in options.roles]


def _assumed(session: Any, role: str, region: str, endpoint_url: str | None) -> Any:
    if not _ROLE.fullmatch(role):
        raise ValueError(f"role must be the ARN of a role, arn:<partition>:iam::<account>:role/<name>, got {role!r}")
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = session.client("sts", region_name=region, endpoint_url=endpoint_url)
        made = client.assume_role(RoleArn=role, RoleSessionName="secure-kms")["Credentials"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        raise ValueError(f"role {role} cannot be assumed ({code}): allow sts:AssumeRole on it, and by it") from None
    except BotoCoreError as error:
        raise ValueError(unusable(error)) from None
    return type(session)(
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
        aws_session_token=made["SessionToken"],
    )


def _account(session: Any, regions: Sequence[str], options: Options) -> Account:
    number, partition = account_of(session, regions[0], options)
    if options.account and options.account != number:
        raise ValueError(f"account must be {options.account}, these credentials are of {number}: use others")
    places = [_place(session, region, number, options) for region in regions]
    read = read_identities(places[0])
    found = Account(
        number, partition, list(regions), read.identities, read.groups, read.policies, versions=read.versions
    )
    for place in places:
        keys, aliases = read_keys(place)
        found.keys.extend(keys)
        found.aliases.update(aliases)
        found.resources.extend(read_resources(place, partition=partition, first=place is places[0]))
        if "stacks" in options.parts:
            found.stacks.update(read_stacks(place))
    organization = read_organization(places[0]) if "organization" in options.parts else None
    hub = "security-hub" in options.parts
    findings = [one for place in places for one in read_findings(place)] if hub else None
    trails = _trails(places) if "trails" in options.parts else None
    unread = sorted((one for place in places for one in place.unread), key=lambda one: (one.action, one.about))
    more = {"organization": organization, "findings": findings, "trails": trails, "unread": list(dict.fromkeys(unread))}
    return Account(**{**vars(found), **more})


def account_of(session: Any, region: str, options: Options) -> tuple[str, str]:
    """Return the account of a session, and its partition."""
    first = Connection(session, region, "", options.endpoint_url)
    caller = first.call("sts", "GetCallerIdentity", "the account")
    if caller is None:
        raise ValueError(f"AWS does not say which account this is: {first.unread[0]}")
    return caller["Account"], caller["Arn"].split(":")[1]


def _trails(places: Iterable[Connection]) -> list[Trail]:
    # One that records all regions is told in each.
    return list({one.arn: one for place in places for one in read_trails(place)}.values())


def _place(session: Any, region: str, account: str, options: Options) -> Connection:
    def progress(text: str) -> None:
        options.progress(f"{account} {region}: {text}")

    return Connection(session, region, account, options.endpoint_url, progress=progress)
