"""Whether silence is evidence: of each key, whether what was read has every call of a period.

It has where a trail records all calls to KMS, recorded them all the time, every log file of the period that digests
list was read, and the last use that KMS itself remembers is among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cached_property

from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.account.records import Account, Key, Trail
from secure_kms_constructs.policies.verdicts import Verdict, all_of

from .trails import records_kms
from .uses import Coverage, Digest, Evidence

# So many days or files are named.
_NAMED = 3
_DAY = timedelta(days=1)
Reason = tuple[Verdict, str]


def coverage_of(evidence: Evidence, snapshot: Snapshot, trails: Sequence[Trail] = ()) -> list[Coverage]:
    """Return of each key of an account whether what was read has all of its calls.

    :param trails: trails beside those that the account file has.
    """
    found = []
    for account in snapshot.accounts:
        known = [*(account.trails or ()), *trails]
        places = {region: _Place(evidence, account, region, known) for region in account.regions}
        found += [places[key.region].of_key(key) for key in account.keys if key.region in places]
    return found


@dataclass(frozen=True)
class _Place:
    """What was read of an account in a region."""

    evidence: Evidence
    account: Account
    region: str
    trails: Sequence[Trail]

    def of_key(self, key: Key) -> Coverage:
        start, end = self.period or (None, None)
        reasons = [*self.reasons, *last_use(self.evidence, key, self.period)]
        complete = all_of(verdict for verdict, _ in reasons)
        return Coverage(key.arn, complete, [why for verdict, why in reasons if verdict is not True], start, end)

    @cached_property
    def reasons(self) -> list[Reason]:
        """What there is to say of all keys of the place, with whether it lets silence be evidence."""
        return [*self._delivered(), *self._recorded(), *unread(self.evidence)]

    @cached_property
    def period(self) -> tuple[str, str] | None:
        """From when to when log files were read; None where their names do not tell."""
        windows = self._windows
        if windows:
            return windows[0][0], max(end for _, end in windows)
        days = self._days
        return (f"{days[0]}T00:00:00Z", f"{_after(days[-1])}T00:00:00Z") if days else None

    @property
    def _days(self) -> list[str]:
        mine = (self.account.account, self.region)
        return next((one.days for one in self.evidence.deliveries if (one.account, one.region) == mine), [])

    @cached_property
    def _windows(self) -> list[tuple[str, str]]:
        return sorted((one.start, one.end) for one in self._digests)

    @cached_property
    def _digests(self) -> list[Digest]:
        mine = (self.account.account, self.region)
        here = [one for one in self.evidence.digests if (one.account, one.region) == mine]
        return [one for one in here if self._is_of_use(one.trail)]

    def _is_of_use(self, name: str) -> bool:
        """Tell whether digests of a trail are about files in which calls to KMS would be."""
        named = [one for one in self._here if one.arn.rpartition("/")[2] == name]
        return all(records_kms(one) is True for one in named or self._here)

    @property
    def _read(self) -> Sequence[Trail]:
        """The trails that digests among what was read are of; all where none says."""
        names = {one.trail for one in self._digests}
        return [one for one in self.trails if one.arn.rpartition("/")[2] in names] or self.trails

    @cached_property
    def _here(self) -> list[Trail]:
        """The trails that record the region."""
        return [one for one in self.trails if one.multi_region or one.region == self.region]

    def _delivered(self) -> Iterator[Reason]:
        where = f"of {self.account.account} in {self.region}"
        mark = f"{self.account.account}_CloudTrail_{self.region}_"
        missing = [one for one in self.evidence.missing if one.startswith(mark)]
        if missing:
            yield False, f"{len(missing)} log files {where} that a digest lists were not read{_some(missing)}"
        if self.period is None:
            yield None, f"no log file {where} was read by the name that CloudTrail gives it"
        elif self._windows:
            end = self._windows[0][1]
            for start, until in self._windows:
                if start > end:
                    yield None, f"no digest {where} is about {end} to {start}"
                end = max(end, until)
            yield from self._outside()
        else:
            lacking = list(_between(self._days))
            days = f", and none is of {len(lacking)} days{_some(lacking)}" if lacking else ""
            yield None, f"no digest tells whether all log files {where} were read{days}"

    def _outside(self) -> Iterator[Reason]:
        """Doubt digests that are about less than what was read: of what is outside nobody says that it is all."""
        assert self.period is not None
        start, end = self.period
        outside = [day for day in self._days if f"{_after(day)}T00:00:00Z" <= start or f"{day}T00:00:00Z" >= end]
        if outside:
            more = f"{len(outside)} more days{_some(outside)}"
            yield None, f"digests are about {start} to {end} alone, and log files were read of {more}"

    def _recorded(self) -> Iterator[Reason]:
        if not self.trails:
            yield (
                None,
                "whether a trail records all of KMS is not told: give --trail, or take the account file with --trails",
            )
            return
        rated = [(self._of_trail(one), one) for one in self._read]
        # Of trails whose files were read, each has to record; of others one is enough, and nobody says which was read.
        best, trail = (min if self._windows else max)(rated, key=lambda one: RANK[one[0][0]])
        yield best
        for _, read in rated if self._windows else [(best, trail)]:
            if best[0] is True and not self._sees_changes(read):
                home = f"{read.arn.split(':')[4]} in {read.region}"
                yield None, f"who changed {read.arn} is told in log files of {home}, which were not read for the period"
        for one in self.evidence.changes:
            if self.period is None or one.time >= self.period[0]:
                yield None, f"{one.name} at {one.time} changed what is recorded"

    def _sees_changes(self, trail: Trail) -> bool:
        """Tell whether the files were read in which a change of a trail is: of its home region, by digests."""
        home = (trail.arn.split(":")[4], trail.region)
        if home == (self.account.account, self.region) or self.period is None:
            return True
        windows = sorted((one.start, one.end) for one in self.evidence.digests if (one.account, one.region) == home)
        end = self.period[0]
        for start, until in windows:
            if moment_of(start) <= moment_of(end):
                end = max(end, until)
        return moment_of(end) >= moment_of(self.period[1])

    def _of_trail(self, trail: Trail) -> Reason:
        if not trail.multi_region and trail.region != self.region:
            return False, f"{trail.arn} does not record {self.region}"
        if trail.logging is not True:
            return trail.logging, f"{trail.arn} does not record now"
        verdict = records_kms(trail)
        if verdict is not True:
            maybe = "does not record" if verdict is False else "may not record"
            return verdict, f"{trail.arn} {maybe} all calls to KMS, reads and writes"
        if self.period is not None and (trail.since is None or moment_of(trail.since) > moment_of(self.period[0])):
            since = trail.since or "a time that is not told"
            return None, f"{trail.arn} records since {since}, and the period begins at {self.period[0]}"
        return True, ""


def unread(evidence: Evidence) -> Iterator[Reason]:
    """Doubt what was read where something could not be."""
    number = sum(one.count for one in evidence.problems)
    if number:
        yield None, f"{number} files or records could not be read, and may be about any key"


def last_use(evidence: Evidence, key: Key, period: tuple[str, str] | None) -> Iterator[Reason]:
    """Compare with what KMS remembers of a key's last use.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyLastUsage.html
    """
    last = key.last_usage
    if key.manager != "CUSTOMER" or last is None or period is None or not (last.at and last.event):
        return
    within = moment_of(period[0]) <= moment_of(last.at) < moment_of(period[1])
    if within and last.event not in evidence.wanted:
        yield False, f"KMS says it was used at {last.at} (event {last.event}), and that event was not read"


RANK = {True: 2, None: 1, False: 0}


def moment_of(text: str) -> datetime:
    """Return a time that is written in ISO 8601; of universal time where it does not say."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _after(day: str) -> str:
    return (date.fromisoformat(day) + _DAY).isoformat()


def _between(days: Sequence[str]) -> Iterator[str]:
    """Return the days between the first and the last that are not there."""
    there = set(days)
    day = days[0]
    while day < days[-1]:
        day = _after(day)
        if day not in there:
            yield day


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = ", ..." if len(listed) > _NAMED else ""
    return f" ({', '.join(listed[:_NAMED])}{more})"
