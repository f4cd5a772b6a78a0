"""What one reader has counted so far, of which there may be several beside each other."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import msgspec

from . import files
from .events import NEEDLE, TRAIL_NEEDLE, Events, SkippedError, change_of, is_time
from .files import NamedFile
from .records import File
from .tables import Row, is_table, rows
from .tallies import Tallies
from .uses import Change, Lookup

# So many places are named for each problem.
PLACES = 5
# So many problems are told apart.
PROBLEMS = 200


@dataclass
class Counted:
    """What was counted."""

    tallies: Tallies = field(default_factory=Tallies)
    files: int = 0
    events: int = 0
    kms_events: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    days: set[NamedFile] = field(default_factory=set)
    digests: set[tuple[str, str, str, str, str]] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    changes: set[Change] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)
    lookups: list[Lookup] = field(default_factory=list)

    def trouble(self, what: str, where: str) -> None:
        """Count something that could not be read."""
        if what not in self.problems and len(self.problems) >= PROBLEMS:
            what = "other problems"
        self.problems[what] += 1
        places = self.places.setdefault(what, [])
        if len(places) < PLACES:
            places.append(where)

    def merge(self, other: Counted) -> None:
        """Add what another reader counted."""
        self.tallies.merge(other.tallies)
        self.files += other.files
        self.events += other.events
        self.kms_events += other.kms_events
        self.skipped.update(other.skipped)
        self.problems.update(other.problems)
        for what, places in other.places.items():
            self.places[what] = [*self.places.get(what, []), *places][:PLACES]
        for mine, others in (
            (self.names, other.names),
            (self.listed, other.listed),
            (self.wanted, other.wanted),
        ):
            mine |= others
        self.days |= other.days
        self.changes |= other.changes
        self.digests |= other.digests
        self.lookups += other.lookups


class Reader:
    """Reads files, and counts.

    :param wanted: ids of events that are looked for.
    """

    def __init__(self, wanted: frozenset[str] = frozenset(), limit: int = files.UNPACKED_BYTES) -> None:
        self.counted = Counted()
        self._events = Events()
        self._wanted = wanted
        self.limit = limit
        self._seen: set[bytes] = set()

    def read(self, paths: Iterable[Path]) -> Counted:
        """Read files."""
        for path in paths:
            self._file(path)
        return self.counted

    def _file(self, path: Path) -> None:
        try:
            packed = files.load(path, self.limit)
        except ValueError as error:
            self.counted.trouble(str(error), str(path))
            return
        self.file(packed, PurePath(path.name), str(path))

    def file(self, packed: bytes, name: PurePath, where: str) -> None:
        """Read what is in a file.

        :param where: how the file is called where something is wrong with it.
        """
        counted = self.counted
        try:
            if self._is_repeated(packed):
                # Its events were counted; that there is a file of this day was not.
                counted.skipped["files read before"] += 1
                self._name(name)
                return
            if is_table(name.name):
                self.table(rows(packed), where)
                counted.files += 1
                return
            file = files.taken_apart(packed, self.limit)
        except ValueError as error:
            counted.trouble(str(error), where)
            return
        counted.files += 1
        if file.digest_end is not None and file.records is None:
            self._digest(file, name, where)
            return
        self._name(name)
        self.count(_texts(file), where)

    def _name(self, path: PurePath) -> None:
        self.counted.names.add(path.name)
        if (name := files.named(path)) is not None:
            self.counted.days.add(name)

    def table(self, found: Iterable[Row | str], where: str) -> None:
        """Take over what was counted elsewhere."""
        for number, row in enumerate(found):
            if isinstance(row, str):
                self.counted.trouble(row, f"{where}#{number}")
            else:
                self.counted.tallies.put(row.head, row.context, row.tally)
                self.counted.events += row.tally.count
                self.counted.kms_events += row.tally.count

    def _is_repeated(self, packed: bytes) -> bool:
        digest = hashlib.blake2b(packed, digest_size=16).digest()
        if digest in self._seen:
            return True
        self._seen.add(digest)
        return False

    def _digest(self, file: File, path: PurePath, where: str) -> None:
        start, end = file.digest_start or "", file.digest_end or ""
        if not (is_time(start) and is_time(end)):
            self.counted.trouble("digest file without times", where)
            return
        self.counted.skipped["digest files"] += 1
        listed = [one.name.rpartition("/")[2] for one in file.delivered or ()]
        self.counted.listed.update(listed)
        named = files.digest_named(path)
        region, trail = (named.region, named.trail) if named else ("", "")
        self.counted.digests.add((file.account or "", region, start, end, trail))

    def count(self, texts: Iterable[bytes | msgspec.Raw], where: str) -> None:
        """Count the uses that records tell of."""
        counted, add = self.counted, self.counted.tallies.add
        for number, one in enumerate(texts):
            counted.events += 1
            text = bytes(one)
            if NEEDLE not in text:
                if TRAIL_NEEDLE in text and (change := change_of(text)) is not None:
                    counted.changes.add(change)
                continue
            try:
                told = list(self._events.uses(text))
            except SkippedError as kind:
                counted.skipped[str(kind)] += 1
                continue
            except (ValueError, RecursionError) as error:
                counted.kms_events += 1
                counted.trouble(f"record left out: {error}", f"{where}#{number}")
                continue
            counted.kms_events += 1
            for head, context, time, event, own in told:
                add(head, context, time, event, own)
            if self._wanted and told[0].event in self._wanted:
                counted.wanted.add(told[0].event)


def _texts(file: File) -> Iterator[bytes | msgspec.Raw]:
    yield from file.records or ()
    yield from (one.record.encode() for one in file.events or ())
