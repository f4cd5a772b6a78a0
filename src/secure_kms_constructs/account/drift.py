"""What differs between accounts, templates and both: by trying requests, not by comparing text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from secure_kms_constructs.access import AccessMap, Diff
from secure_kms_constructs.policies import Policy
from secure_kms_constructs.templates.landscape import Identity, Landscape

from .calls import Answer
from .landscapes import Naming, landscape_of
from .matching import Matched, match
from .records import Account, Key
from .snapshots import Snapshot

_NOT_READ = ("kms:ListKeys", "iam:GetAccountAuthorizationDetails")
# The state of a key that could not be described.
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Change:
    """Something that changed beside who has access.

    :param kind: such as ``key-off`` or ``alias-moved``.
    :param about: the construct path, else the ARN.
    """

    kind: str
    about: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.about} {self.text}"


@dataclass(frozen=True)
class Drift:
    """What differs.

    :param access: who gained or lost access, or has it wider or narrower.
    :param changes: what else changed.
    :param unknown: what could not be read, and so may differ too.
    :param documented: access that somebody documented, which is no difference; and exceptions that have ended.
    :param is_whole: whether all was read that a difference could be in.
    """

    access: Diff
    changes: tuple[Change, ...] = ()
    unknown: tuple[str, ...] = ()
    documented: tuple[str, ...] = ()
    is_whole: bool = True

    def __bool__(self) -> bool:
        return bool(self.access) or bool(self.changes)

    def __str__(self) -> str:
        parts = [str(self.access)] if self.access or not self.changes else []
        parts += ["\n".join(map(str, self.changes))] if self.changes else []
        parts += ["\n".join(["not known", *(f"? {one}" for one in self.unknown)])] if self.unknown else []
        parts += ["\n".join(["documented", *self.documented])] if self.documented else []
        return "\n\n".join(parts)


def compare_accounts(before: Snapshot, after: Snapshot) -> Drift:
    """Return what changed in accounts between two snapshots.

    :raises ValueError: where keys or roles of one could not be read, or they are of different accounts.
    """
    mine, theirs = ({one.account for one in it.accounts} for it in (before, after))
    if mine != theirs:
        raise ValueError(
            f"both must be of the same accounts, got {', '.join(sorted(mine))} and {', '.join(sorted(theirs))}"
        )
    for one in (before, after):
        _check_read(one)
    known = _known(before, after)
    maps = [AccessMap((landscape_of(one.accounts, service_grants=False),)) for one in known]
    unknown = (*_unread(before, after), *_only_in_one(before, after))
    is_whole = _is_whole(before, after) and not _only_in_one(before, after)
    return Drift(maps[0].diff(maps[1]), tuple(_between(before, after)), unknown, is_whole=is_whole)


def compare_templates(
    templates: Iterable[Landscape], account: Snapshot, *, stacks: Mapping[str, str] | None = None
) -> Drift:
    """Return what of an account is not as the templates say. What no template makes is left as it is.

    :param templates: what the templates describe, once for each way in which their conditions may turn out; the way
        that is nearest to the account counts.
    :param stacks: by the names of stacks in the app, what they are called where they are deployed.
    :raises ValueError: where keys or roles could not be read, or no key of the templates is in the account.
    """
    _check_read(account)
    found = [_compared(one, account, stacks or {}) for one in templates]
    return min(found, key=lambda one: len(one.access.differences) + len(one.changes))


def _compared(templates: Landscape, snapshot: Snapshot, stacks: Mapping[str, str]) -> Drift:
    matched = match(templates, snapshot, stacks)
    own = [key for key in templates.keys if key.source]
    here = [key for key in own if key.source and key.source.path in matched.arns]
    if own and not here:
        raise ValueError(
            "no key of the templates was found in the account: take the snapshot with --stacks, and name stacks that "
            "are called otherwise with --stack NAME=DEPLOYED"
        )
    [known] = _known(snapshot)
    readable = {key.arn for _, key in known.keys}
    here = [key for key in here if key.source and matched.arns[key.source.path] in readable]
    paths = {arn: path for path, arn in matched.arns.items()}
    placed = {one.source.path: one.arn for one in templates.resources if one.arn}
    instead = {arn: placed[path] for arn, path in paths.items() if path in placed and placed[path] != arn}
    before = _before(templates, snapshot, Naming(paths, instead), {one.arn for one in here})
    live = landscape_of(known.accounts, Naming(paths), service_grants=False)
    wanted = {key.source.path for key in here if key.source}
    read = {one.arn for one in live.resources}
    placed_there = ((one, matched.arns.get(one.source.path)) for one in templates.resources)
    more = tuple(replace(one, arn=arn) for one, arn in placed_there if arn and arn not in read)
    keys = tuple(one for one in live.keys if one.source and one.source.path in wanted)
    after = replace(live, keys=keys, resources=(*live.resources, *more))
    diff = AccessMap((before,)).diff(AccessMap((after,)))
    changes = tuple(_changes(templates, snapshot, matched))
    return Drift(diff, changes, _unread(snapshot), is_whole=_is_whole(snapshot))


def _before(templates: Landscape, snapshot: Snapshot, naming: Naming, keys: set[str]) -> Landscape:
    """Return the templates with the roles and users of the account that they do not make."""
    live = landscape_of(snapshot.accounts, naming, service_grants=False)
    made = {one.arn for one in templates.identities if one.source}
    known = {policy.name: policy for one in live.identities for policy in one.policies}
    identities = [_with_known(one, known) for one in templates.identities if one.source]
    others = [one for one in live.identities if one.arn not in made]
    there = {one.arn for one in others} | made
    unknown = [one for one in templates.identities if not one.source and one.arn not in there]
    return replace(
        templates,
        keys=tuple(one for one in templates.keys if one.arn in keys),
        identities=(*identities, *others, *unknown),
        sources={**live.sources, **templates.sources},
        # What an app does not make, and what binds it all the same.
        organization=templates.organization or live.organization,
    )


def _with_known(identity: Identity, known: Mapping[str, Policy]) -> Identity:
    """Return an identity with the text that policies of AWS have in the account."""
    policies = (known.get(one.name, one) if ":iam::aws:policy/" in one.name else one for one in identity.policies)
    return replace(identity, policies=tuple(policies))


def _changes(templates: Landscape, snapshot: Snapshot, matched: Matched) -> Iterator[Change]:
    for path in matched.missing:
        yield Change("missing", path, "is not in the account, or was not found there")
    keys = {key.arn: key for _, key in snapshot.keys}
    for one in templates.resources:
        key = keys.get(matched.arns.get(one.source.path, ""))
        if key is not None and one.type in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
            if key.state not in ("Enabled", _UNKNOWN) and one.properties.get("Enabled") not in (False, "false"):
                yield Change("key-off", one.source.path, f"is {key.state}")
            if key.rotation is False and one.properties.get("EnableKeyRotation") in (True, "true"):
                yield Change("rotation-off", one.source.path, "is not rotated")
    yield from _aliases(templates, snapshot, matched)


def _aliases(templates: Landscape, snapshot: Snapshot, matched: Matched) -> Iterator[Change]:
    keys = {key.arn: key for account, key in snapshot.keys if _aliases_are_known(account, key)}
    paths = {one.arn: one.source.path for one in templates.resources if one.arn}
    for one in templates.resources:
        name, target = one.properties.get("AliasName"), str(one.properties.get("TargetKeyId"))
        if one.type != "AWS::KMS::Alias" or not isinstance(name, str):
            continue
        meant = next((path for arn, path in paths.items() if arn.endswith(f"/{target.rpartition('/')[2]}")), None)
        wanted = matched.arns.get(meant or "")
        if wanted not in keys:
            continue
        holder = next((key.arn for key in keys.values() if name in key.aliases and _near(key.arn, wanted)), None)
        if holder != wanted:
            to = f"points to {holder}" if holder else "is gone"
            yield Change("alias-moved", one.source.path, f"{name} {to}, not to {wanted}")


def _near(arn: str, other: str) -> bool:
    return arn.split(":")[3:5] == other.split(":")[3:5]


def _between(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    olds, news = ({key.arn: (account, key) for account, key in one.keys} for one in (before, after))
    for arn in sorted({*olds, *news}):
        if arn not in olds or arn not in news:
            yield Change("new-key" if arn in news else "gone-key", arn, "was made" if arn in news else "is gone")
            continue
        (old_account, old), (new_account, new) = olds[arn], news[arn]
        if old.state != new.state and _UNKNOWN not in (old.state, new.state):
            yield Change("key-off" if new.state != "Enabled" else "key-on", arn, f"was {old.state} and is {new.state}")
        known = _aliases_are_known(old_account, old) and _aliases_are_known(new_account, new)
        if known and old.aliases != new.aliases:
            said = f"was {', '.join(old.aliases) or 'nothing'} and is {', '.join(new.aliases) or 'nothing'}"
            yield Change("alias-moved", arn, said)
        if old.rotation != new.rotation and None not in (old.rotation, new.rotation):
            yield Change("rotation-on" if new.rotation else "rotation-off", arn, "changed")


def _aliases_are_known(account: Account, key: Key) -> bool:
    return account.missing("kms:ListAliases", key.region) is None


def _check_read(snapshot: Snapshot) -> None:
    for one in snapshot.unread:
        if one.action in _NOT_READ:
            raise ValueError(f"nothing can be compared: {one}")


def _unread(*snapshots: Snapshot) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one) for snapshot in snapshots for one in snapshot.unread))


def _known(*snapshots: Snapshot) -> list[Snapshot]:
    """Return what is known in each: not keys whose policy was not read in one, nor grants and organizations of such.

    Else everybody might have gained, which says nothing.
    """
    every = [key for one in snapshots for _, key in one.keys]
    shut = {key.arn for key in every if key.policy is None}
    ungranted = {key.arn for key in every if key.grants is None}
    free = {account.account for one in snapshots for account in one.accounts if account.organization is None}

    def known(account: Account) -> Account:
        keys = (replace(one, grants=[]) if one.arn in ungranted else one for one in account.keys)
        organization = None if account.account in free else account.organization
        return replace(account, keys=[one for one in keys if one.arn not in shut], organization=organization)

    return [replace(one, accounts=[known(account) for account in one.accounts]) for one in snapshots]


def _only_in_one(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return which accounts have the policies of the organization in one of two files."""
    read, others = ({one.account for one in it.accounts if one.organization is not None} for it in (before, after))
    return tuple(
        f"the policies of the organization of {account} are in one of the files only: take both with --organization"
        for account in sorted(read ^ others)
    )


def _is_whole(*snapshots: Snapshot) -> bool:
    keys = (key for one in snapshots for _, key in one.keys)
    return not any(key.policy is None or key.grants is None for key in keys) and not any(
        Answer.DIFF in one.answers for snapshot in snapshots for one in snapshot.unread
    )
