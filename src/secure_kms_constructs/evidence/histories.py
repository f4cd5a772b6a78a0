"""The event history of CloudTrail, asked key by key: 90 days of an account in a region, whatever its trails record.

KMS cannot be left out of it: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from secure_kms_constructs.account import Options, Snapshot
from secure_kms_constructs.account.connections import Connection
from secure_kms_constructs.account.reading import account_of, sessions_of
from secure_kms_constructs.account.records import Key

from .counting import Reader
from .sources import Source
from .uses import Lookup

# https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html: the size of a page, and two
# requests a second for an account and region.
PAGE = 50
_SECONDS = 0.5
# So many pages of a key are read unless more are asked for: 10,000 events in 100 seconds.
PAGES = 200
# An event is there some minutes after the call, and what is older than 90 days is refused.
_DELAY = timedelta(minutes=15)
_REACH = timedelta(days=90) - timedelta(hours=1)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
FILES = "read the log files of a trail, as files or by s3://"


@dataclass
class Pace:
    """Keeps requests apart."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _next: float = 0.0

    def wait(self) -> None:
        """Wait until the next request may be made."""
        rest = self._next - self.now()
        if rest > 0:
            self.sleep(rest)
        self._next = self.now() + _SECONDS


@dataclass
class History:
    """Reads the event history of one account in one region.

    :param pages: how many pages of a key are read.
    """

    to: Connection
    pages: int = PAGES
    pace: Pace = field(default_factory=Pace)
    _whole: set[str] = field(default_factory=set)

    def read(self, keys: Sequence[Key], reader: Reader, progress: Callable[[str], None]) -> None:
        """Read what happened to keys."""
        for number, key in enumerate(keys):
            progress(f"event history of {self.to.account} in {self.to.region}: key {number + 1} of {len(keys)}")
            found = self._key(key, reader)
            reader.counted.lookups.append(found)
            if not found.why:
                self._whole.add(key.arn)

    def _key(self, key: Key, reader: Reader) -> Lookup:
        end = datetime.now(timezone.utc) - _DELAY
        start = end + _DELAY - _REACH
        before, why = reader.counted.events, ""
        for number, page in enumerate(self._pages(key.arn, start, end)):
            texts = [text for one in page.get("Events", []) for text in self._record(one, key.arn, reader)]
            reader.count(texts, f"event history of {key.arn}, page {number + 1}")
            if number + 1 == self.pages and "NextToken" in page:
                why = f"its event history has more than {self.pages:,} pages: {FILES}, or say --lookup-pages"
                break
        if not self.to.was_answered("cloudtrail", "LookupEvents", key.arn):
            refused = next(one for one in reversed(self.to.unread) if one.about == key.arn)
            why = f"its event history was not answered to the end: {refused}"
        seen = key.last_usage is not None and key.last_usage.event in reader.counted.wanted
        events = reader.counted.events - before
        return Lookup(key.arn, start.strftime(_TIME), end.strftime(_TIME), events, seen, why)

    def _pages(self, arn: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        wanted = [{"AttributeKey": "ResourceName", "AttributeValue": arn}]
        asked = {"LookupAttributes": wanted, "StartTime": start, "EndTime": end, "MaxResults": PAGE}
        pages = self.to.pages("cloudtrail", "LookupEvents", arn, **asked)
        more = True
        while more:
            self.pace.wait()
            page = next(pages, None)
            if page is None:
                return
            more = "NextToken" in page
            yield page

    def _record(self, event: dict[str, Any], arn: str, reader: Reader) -> Iterator[bytes]:
        """Return the record of an event; none of one that another key had too, as ReEncrypt has two keys."""
        named = {one.get("ResourceName") for one in event.get("Resources") or ()} - {arn}
        if named & self._whole:
            reader.counted.skipped["events of two keys, counted with the other"] += 1
        elif event.get("CloudTrailEvent"):
            yield event["CloudTrailEvent"].encode(errors="surrogatepass")
        else:
            reader.counted.trouble("event of the history without its record", f"event history of {arn}")


def histories(
    snapshot: Snapshot, options: Options, *, pages: int = PAGES, session: Any, pace: Callable[[], Pace] = Pace
) -> Source:
    """Return the event history of the keys of an account file, as a source.

    :param options: whose credentials to use; the regions are those of the keys.
    :param session: of boto3.
    :raises ValueError: where credentials are of an account that the file does not have.
    """
    known = {one.account: one for one in snapshot.accounts}
    regions = [region for one in snapshot.accounts for region in one.regions]
    if not regions:
        raise ValueError("the account file has no regions: take it anew with `secure-kms account snapshot`")
    found: list[tuple[Connection, list[Key]]] = []
    for one in sessions_of(session, regions[0], options):
        number, _ = account_of(one, regions[0], options)
        if number not in known:
            has = ", ".join(sorted(known))
            raise ValueError(f"credentials are of account {number}, and the account file has {has}: use others")
        for region in known[number].regions:
            keys = [key for key in known[number].keys if key.region == region]
            if keys:
                found.append((Connection(one, region, number, options.endpoint_url), keys))

    def read(reader: Reader, progress: Callable[[str], None]) -> None:
        for to, keys in found:
            History(to, pages, pace()).read(keys, reader, progress)

    places = ", ".join(f"{to.account} in {to.region}" for to, _ in found)
    return Source(f"event history of {places or 'no key'}", read)
