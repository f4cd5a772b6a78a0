"""What was observed, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from secure_kms_constructs.policies.lines import one_line

from .uses import Coverage, Evidence, Observed, Use

# So many rows of what is only to be known are shown.
_SHOWN = 20


def report(observed: Observed) -> str:
    """Return what was read and what was not, and how many uses there are of which kind."""
    return "\n".join(map(one_line, _lines(observed)))


def _lines(observed: Observed) -> Iterator[str]:
    evidence = observed.evidence
    yield f"{evidence.files:,} files, {evidence.events:,} events, {evidence.kms_events:,} of KMS{_period(evidence)}"
    principals = len({use.principal for use in observed.uses})
    keys = len({use.key for use in observed.uses if use.key})
    yield f"{_count(observed.uses)} of {principals:,} roles and users and {keys:,} keys"
    for what, uses in (
        ("denied by policies, and so never a reason to allow", observed.denied),
        ("failed for another reason, which says nothing about permissions", observed.failed),
        ("AWS services for themselves", observed.services),
        ("other accounts, of whom only the account is told", observed.foreign),
    ):
        if uses:
            yield f"{_count(uses)}: {what}"
    for kind, number in evidence.skipped.items():
        yield f"left out: {number:,} {kind}"
    yield from _untold(observed.uses)
    yield from _strangers(evidence)
    yield from _some("? log files that a digest lists were not read", evidence.missing)
    for problem in evidence.problems:
        yield f"? {problem}"
    if evidence.lookups:
        yield (
            f"event history: {len(evidence.lookups):,} keys, each in its own region, the last 90 days at most; "
            "keys that the account file does not have were not asked for"
        )
    yield from _covered(observed.coverage)


def _period(evidence: Evidence) -> str:
    return f", from {evidence.first} to {evidence.last}" if evidence.first else ""


def _count(uses: list[Use]) -> str:
    return f"{len(uses):,} different uses, {sum(use.count for use in uses):,} calls"


def _covered(coverage: list[Coverage] | None) -> Iterator[str]:
    """Say of which keys silence is evidence; keys with the same reasons together."""
    if coverage is None:
        yield "? whether silence is evidence is not known: give the account file with --snapshot"
        return
    alike: dict[tuple[bool | None, tuple[str, ...]], list[str]] = {}
    for one in coverage:
        alike.setdefault((one.complete, tuple(one.why)), []).append(one.key)
    for (complete, why), keys in alike.items():
        listed = ", ".join(keys[:_SHOWN]) + (f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else "")
        if complete:
            yield f"whoever was not seen did not use, in this period: {listed}"
        else:
            said = "silence is no evidence" if complete is False else "silence may be no evidence"
            yield f"? {said} for {listed}: {'; '.join(why)}"


def _untold(uses: Iterable[Use]) -> Iterator[str]:
    services = {use.service for use in uses if use.service is not None and use.via is None}
    for one in sorted(services):
        yield f"? calls that {one} made for somebody: by which kms:ViaService is not told"


def _strangers(evidence: Evidence) -> Iterator[str]:
    yield from _some("? roles and users that are not in the account file", evidence.gone or [])
    yield from _some("? keys that are not in the account file", evidence.unknown_keys or [])


def _some(what: str, found: list[str]) -> Iterator[str]:
    if found:
        more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
        yield f"{what}: {', '.join(found[:_SHOWN])}{more}"
