"""Reads CloudTrail files, in several processes where there are many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from zlib import crc32

from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.account.records import Trail

from . import files
from .counting import Counted, Reader
from .coverage import coverage_of
from .history_coverage import with_histories
from .knowing import wanted_events, with_grants, with_paths, with_strangers
from .sources import Source
from .tallies import Head, Tally
from .uses import Delivery, Digest, Evidence, Observed, Problem, Use

# Below this, another process takes longer to start than to read.
_WORTH_BYTES = 8 * 1024 * 1024
_PARTS = 8


def observe_files(
    sources: Sequence[str],
    *,
    snapshot: Snapshot | None = None,
    trails: Sequence[Trail] = (),
    processes: int = 1,
    limit: int = files.UNPACKED_BYTES,
    more: Sequence[Source] = (),
    progress: Callable[[str], None] = lambda _text: None,
) -> Observed:
    """Return the uses of keys that files of CloudTrail tell of; see :func:`secure_kms_constructs.evidence.observe`."""
    found = files.find(sources) if sources or not more else files.Found([])
    counted = Counted()
    wanted = wanted_events(snapshot) if snapshot else frozenset()
    read = partial(_read, wanted, limit)
    parts = _parts(found.paths, processes)
    if len(parts) == 1:
        counted = read(parts[0])
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            for number, one in enumerate(pool.map(read, parts)):
                counted.merge(one)
                progress(f"{number + 1} of {len(parts)} parts read, {counted.kms_events:,} events of KMS")
    if found.others:
        counted.skipped[files.OTHERS] = found.others
    for source in more:
        reader = Reader(wanted, limit)
        source.read(reader, progress)
        counted.merge(reader.counted)
    names = [*sources, *(one.name for one in more)]
    counted.tallies = with_paths(counted.tallies, snapshot)
    if snapshot is None:
        return observed_of(counted, names)
    observed = with_grants(with_strangers(observed_of(counted, names), snapshot), snapshot)
    coverage = coverage_of(observed.evidence, snapshot, trails)
    return replace(observed, coverage=with_histories(coverage, observed.evidence, snapshot))


def _read(wanted: frozenset[str], limit: int, paths: list[Path]) -> Counted:
    return Reader(wanted, limit).read(paths)


def _parts(paths: list[Path], processes: int) -> list[list[Path]]:
    """Return the files in parts. Copies of a file, which have its name, are in one part."""
    if processes < 2 or sum(one.stat().st_size for one in paths) < _WORTH_BYTES:
        return [paths]
    number = processes * _PARTS
    parts: list[list[Path]] = [[] for _ in range(number)]
    for path in paths:
        parts[crc32(path.name.encode()) % number].append(path)
    return [one for one in parts if one]


def observed_of(counted: Counted, sources: Iterable[str]) -> Observed:
    """Return what was counted as it is kept."""
    rows = [(head, _use(head, context, tally)) for head, context, tally in counted.tallies]
    rows.sort(key=lambda row: _order(row[1]))
    times = [(one.first, one.last) for _, one in rows]

    def those(outcome: str, kind: str = "principal") -> list[Use]:
        return [use for head, use in rows if head.outcome == outcome and head.kind == kind]

    evidence = replace(
        _evidence(counted, list(sources)),
        first=min((first for first, _ in times), default=None),
        last=max((last for _, last in times), default=None),
    )
    return Observed(
        evidence,
        those("used"),
        [*those("denied"), *those("denied", "service"), *those("denied", "account")],
        [*those("failed"), *those("failed", "service"), *those("failed", "account")],
        those("used", "service"),
        those("used", "account"),
    )


def _use(head: Head, context: tuple[tuple[str, str | None], ...] | None, tally: Tally) -> Use:
    return Use(
        head.principal,
        head.account,
        head.action,
        head.key,
        head.service,
        head.via,
        None if context is None else dict(context),
        tally.first,
        tally.last,
        tally.count,
        sorted(tally.events),
    )


def _order(use: Use) -> tuple[str, ...]:
    context = "~" if use.context is None else repr(sorted(use.context.items(), key=str))
    return (use.principal, use.account, use.key or "", use.action, use.service or "", use.via or "", context)


def _evidence(counted: Counted, sources: list[str]) -> Evidence:
    problems = [Problem(what, count, counted.places[what]) for what, count in counted.problems.most_common()]
    places = sorted({(one.account, one.region) for one in counted.days})
    deliveries = [
        Delivery(account, region, sorted(one.day for one in counted.days if one[:2] == (account, region)))
        for account, region in places
    ]
    return Evidence(
        sources=sources,
        files=counted.files,
        events=counted.events,
        kms_events=counted.kms_events,
        skipped=dict(sorted(counted.skipped.items())),
        problems=problems,
        deliveries=deliveries,
        digests=[Digest(*one) for one in sorted(counted.digests)],
        missing=sorted(counted.listed - counted.names),
        changes=sorted(counted.changes, key=lambda one: (one.time, one.event)),
        wanted=sorted(counted.wanted),
        lookups=sorted(counted.lookups, key=lambda one: one.key),
    )
