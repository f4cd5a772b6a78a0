"""Documented exceptions, found again in an account and in what changed of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from secure_kms_constructs.access import Diff
from secure_kms_constructs.access.diffs import Change, Difference
from secure_kms_constructs.checks import Acknowledgement
from secure_kms_constructs.checks.acknowledgements import in_assembly, in_templates, review_date
from secure_kms_constructs.checks.rules import rule_named

from .drift import Drift
from .exceptions import as_acknowledgements, read_exceptions
from .inputs import Both, Templates, beside
from .matching import match, roles_of
from .records import Account, Identity
from .remarks import WIDE, Remark
from .snapshots import Snapshot

_MORE = (Change.GAINED, Change.WIDENED, Change.CHANGED)
_DECRYPTS = {"kms:Decrypt", "kms:ReEncryptFrom"}


def documented(
    paths: Iterable[Path], snapshot: Snapshot, *, stacks: Mapping[str, str] | None = None
) -> tuple[Acknowledgement, ...]:
    """Return the exceptions of files of them, and of the apps and templates that document some, about an account.

    :param stacks: by the names of stacks in the app, what they are called where they are deployed.
    :raises ValueError: when one is neither.
    """
    found: list[Acknowledgement] = []
    for path in paths:
        if path.suffix == ".toml":
            found += as_acknowledgements(read_exceptions(path))
        elif path.exists():
            found += _of_templates(beside(path, snapshot, stacks), snapshot, stacks or {})
        else:
            raise ValueError(f"{path} does not exist")
    return tuple(dict.fromkeys(found))


def _of_templates(templates: Templates, snapshot: Snapshot, stacks: Mapping[str, str]) -> Iterator[Acknowledgement]:
    path, described = templates.path, templates.landscapes
    given = [*(in_assembly(path) if path.is_dir() else ()), *in_templates(described)]
    for landscape in described:
        found = list(match(landscape, snapshot, stacks).arns.items())
        found += [(one.source.path, arn) for one in landscape.resources for arn in roles_of(one, snapshot)]
        for made, arn in found:
            for one in given:
                if f"{made}/".startswith(f"{one.path.removesuffix('/Resource')}/"):
                    yield replace(one, path=arn)


def _by_names(
    known: Iterable[Acknowledgement], templates: Templates, snapshot: Snapshot, stacks: Mapping[str, str]
) -> tuple[Acknowledgement, ...]:
    """Return exceptions also by the construct paths by which a comparison with templates calls what they are about."""
    known = tuple(known)
    matches = [match(one, snapshot, stacks).arns for one in templates.landscapes]
    named = (
        replace(one, path=path) for arns in matches for path, arn in arns.items() for one in known if one.path == arn
    )
    return tuple(dict.fromkeys((*known, *named)))


def holds(one: Acknowledgement, today: date) -> bool:
    """Tell whether an exception has not ended."""
    due = review_date(one.reason)
    return due is not None and due >= today


def said(one: Acknowledgement, today: date) -> str:
    """Return an exception with its reason and end, in words."""
    ended = "documented exception" if holds(one, today) else "exception that has ended"
    return f"{ended} from {rule_named(one.rule).name}: {one.reason}"


def remarked(
    remarks: Iterable[Remark], known: Iterable[Acknowledgement], snapshot: Snapshot, today: date
) -> Iterator[Remark]:
    """Return remarks, those that somebody documented with the reason: of the role, or of a policy that it has."""
    wide = {rule_named(name).id for name in WIDE}
    reasons: dict[str, list[str]] = {}
    for one in known:
        if one.rule in wide:
            reasons.setdefault(one.path, []).append(said(one, today))
    attached = {one.arn: policies for account in snapshot.accounts for one, policies in _attached(account)}
    for remark in remarks:
        if remark.kind != "all-keys":
            yield remark
            continue
        why = list(reasons.get(remark.about, ()))
        why += [f"{arn}: {one}" for arn in attached.get(remark.about, ()) for one in reasons.get(arn, ())]
        yield replace(remark, text=f"{remark.text} ({'; '.join(why)})") if why else remark


def _attached(account: Account) -> Iterator[tuple[Identity, list[str]]]:
    """Return roles and users with their managed policies, those of their groups included."""
    of_groups = {one.name: one.attached for one in account.groups}
    for one in account.identities:
        yield one, [*one.attached, *(arn for name in one.groups for arn in of_groups.get(name, ()))]


def with_exceptions(drift: Drift, both: Both, paths: Iterable[Path], *, today: date | None = None) -> Drift:
    """Return what differs, with the exceptions set apart: those that are given, and those of the templates before.

    :param both: what was compared.
    :param today: the day on which exceptions may have ended; by default the current one.
    :raises ValueError: where exceptions are given and no account is compared.
    """
    paths, snapshot, before = list(paths), both.after, both.before
    if not isinstance(snapshot, Snapshot):
        if paths:
            raise ValueError("--exceptions is about account files, and none was given")
        return drift
    known = documented(paths, snapshot, stacks=both.stacks)
    if isinstance(before, Templates):
        known = tuple(dict.fromkeys((*known, *_of_templates(before, snapshot, both.stacks))))
        known = _by_names(known, before, snapshot, both.stacks)
    return set_apart(drift, known, today or date.today())


def set_apart(drift: Drift, known: Iterable[Acknowledgement], today: date) -> Drift:
    """Return what differs, without the access that is documented, which is told apart; what has ended counts again."""
    known = tuple(known)
    left, apart, ended = [], list(drift.documented), []
    for difference in drift.access.differences:
        about = [one for one in known if _explains(one, difference)]
        why = next((one for one in about if holds(one, today)), None)
        if why is not None:
            apart.append(f"{difference.key} {difference} ({said(why, today)})")
        else:
            left.append(difference)
            ended += [f"{difference.principal}: {said(one, today)}" for one in about]
    return replace(drift, access=Diff(tuple(left)), documented=tuple(dict.fromkeys([*apart, *ended])))


def _explains(one: Acknowledgement, difference: Difference) -> bool:
    """Tell whether whoever may decrypt with every key, or do everything, by an exception has no more than that."""
    if one.path != difference.principal or difference.change not in _MORE:
        return False
    decrypts, everything = (rule_named(name).id for name in WIDE)
    return one.rule == everything or (one.rule == decrypts and _DECRYPTS.issuperset(difference.actions))
