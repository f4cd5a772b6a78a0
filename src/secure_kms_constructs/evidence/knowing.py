"""What an account file adds to what CloudTrail tells: paths of roles, and which roles and keys there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.account.records import Key
from secure_kms_constructs.aws.facts import KEY_ACTIONS
from secure_kms_constructs.policies import Policy, PolicyError, Unknown, parse_grant, parse_key_policy
from secure_kms_constructs.policies.evaluation import Policies, grants_allow
from secure_kms_constructs.policies.grants import unknown_grants
from secure_kms_constructs.policies.verdicts import Verdict

from .requests import call_of
from .tallies import Tallies
from .uses import Observed, Use

# The policy of a key without a statement for anybody.
_NOBODY = parse_key_policy({"Version": "2012-10-17", "Statement": []})


def wanted_events(snapshot: Snapshot) -> frozenset[str]:
    """Return the ids of the events by which keys were used last."""
    used = (key.last_usage for _, key in snapshot.keys)
    return frozenset(one.event for one in used if one is not None and one.event)


def with_paths(tallies: Tallies, snapshot: Snapshot | None) -> Tallies:
    """Return uses with the ARNs that roles and users have now: that of a session has no path, and an id stays."""
    identities = [one for account in snapshot.accounts for one in account.identities] if snapshot else []
    there = {one.arn for one in identities}
    by_id = {one.id: one.arn for one in identities if one.id}
    by_name = {_without_path(arn): arn for arn in there if ":role/" in arn}
    found = Tallies()
    for head, context, tally in tallies:
        name = by_id.get(head.id, head.principal)
        if name not in there:
            name = by_name.get(name, name)
        found.put(head._replace(principal=name, id=""), context, tally)
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


def with_grants(observed: Observed, snapshot: Snapshot) -> Observed:
    """Return what was observed with whether a grant of the account file allows each use."""
    keys = {key.arn: key for _, key in snapshot.keys}
    grants = {arn: None if key.grants is None else [_parsed(one) for one in key.grants] for arn, key in keys.items()}
    uses = [replace(use, by_grant=_by_grant(use, grants.get(use.key or ""), keys)) for use in observed.uses]
    return replace(observed, uses=uses)


def _parsed(grant: Mapping[str, object]) -> Policy:
    try:
        return parse_grant(grant)
    except PolicyError as error:
        return unknown_grants(Unknown(str(error)), name="grant")


def _by_grant(use: Use, grants: list[Policy] | None, keys: Mapping[str, Key]) -> Verdict:
    if use.key is None or use.action not in KEY_ACTIONS.value:
        return False
    if grants is None:
        return None
    told = grants_allow(call_of(use).request(doubtful=True), Policies(_NOBODY, (), None, tuple(grants)))
    # Which session made the calls is not kept, and Lambda grants to the session of a function.
    return None if told is False and _is_to_a_session(use, keys[use.key]) else told


def _is_to_a_session(use: Use, key: Key) -> bool:
    name = use.principal.rpartition("/")[2]
    session = f":sts::{use.account}:assumed-role/{name}/"
    operation = use.action.removeprefix("kms:")
    return any(
        session in str(one.get("GranteePrincipal", "")) and operation in one.get("Operations", ())
        for one in key.grants or ()
    )


def _without_path(arn: str) -> str:
    head, _, name = arn.partition(":role/")
    return f"{head}:role/{name.rpartition('/')[2]}"
