"""When silence is evidence: everything that may be missing takes it away, one at a time."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.account.records import Account, Key, Trail, Usage
from secure_kms_constructs.account.snapshots import Snapshot
from secure_kms_constructs.evidence import Observed, observe
from secure_kms_constructs.evidence.texts import report
from secure_kms_constructs.evidence.trails import read_trail, records_kms
from tests.unit.evidence.samples import ACCOUNT, KEY, OTHER_KEY, event, session

Json = dict[str, Any]
REGION = "us-west-2"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main"
PERIOD = ("2026-05-19T00:00:00Z", "2026-05-22T00:00:00Z")
DAYS = ("20260519", "20260520", "20260521")
EVENT = event("Decrypt", session())
ALL = {"ReadWriteType": "All", "IncludeManagementEvents": True}
WITHOUT_KMS = ALL | {"ExcludeManagementEventSources": ["kms.amazonaws.com"]}


def log_name(day: str, region: str = REGION) -> str:
    return f"{ACCOUNT}_CloudTrail_{region}_{day}T2045Z_abcdefghijklmnop.json.gz"


def write(path: Path, content: Any) -> None:
    path.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))


def digest(folder: Path, start: str, end: str, *names: str, trail: str = "main", region: str = REGION) -> Path:
    whole = {
        "awsAccountId": ACCOUNT,
        "digestStartTime": start,
        "digestEndTime": end,
        "logFiles": [{"s3Object": f"AWSLogs/{ACCOUNT}/CloudTrail/{region}/2026/05/20/{one}"} for one in names],
    }
    stamp = end.replace("-", "").replace(":", "")
    path = folder / f"{ACCOUNT}_CloudTrail-Digest_{region}_{trail}_{REGION}_{stamp}.json.gz"
    write(path, whole)
    return path


def fill(folder: Path, *more: Json, trail: str | None = "main") -> None:
    """Write a log file for each day, that of the second with the event; and what a trail says of them."""
    for day in DAYS:
        write(folder / log_name(day), {"Records": [EVENT, *more] if day == DAYS[1] else []})
    if trail:
        digest(folder, *PERIOD, *map(log_name, DAYS), trail=trail)


def without_digests(folder: Path) -> None:
    for path in folder.glob("*-Digest*"):
        path.unlink()


def trail(**more: Any) -> Trail:
    made = Trail(
        TRAIL, REGION, multi_region=False, logging=True, since="2026-01-01T00:00:00+00:00", selectors=[ALL], advanced=[]
    )
    return replace(made, **more)


def used(at: str = "2026-05-20T20:45:00+00:00", event_id: str = EVENT["eventID"]) -> Usage:
    return Usage("2026-01-01T00:00:00+00:00", "Decrypt", at, event_id)


def account(*keys: Key, trails: list[Trail] | None = None) -> Snapshot:
    made = Account(ACCOUNT, "aws", [REGION], keys=list(keys), trails=trails)
    return Snapshot("2026-05-22T00:00:00+00:00", [made])


COMPLETE = account(Key(KEY, last_usage=used()), trails=[trail()])


def seen(folder: Path, snapshot: Snapshot = COMPLETE, **more: Any) -> tuple[bool | None, str]:
    [found] = observe([str(folder)], snapshot=snapshot, **more).coverage or []
    return found.complete, "; ".join(found.why)


def test_it_is_evidence_where_everything_was_read(tmp_path: Path) -> None:
    fill(tmp_path)
    found = observe([str(tmp_path)], snapshot=COMPLETE)
    [one] = found.coverage or []
    assert (one.complete, one.why) == (True, [])
    assert (one.start, one.end) == ("2026-05-19T00:00:00Z", "2026-05-22T00:00:00Z")
    assert str(one) == f"complete for {KEY}"
    assert f"whoever was not seen did not use, in this period: {KEY}" in report(found)


NO_DIGEST = f"no digest tells whether all log files of {ACCOUNT} in {REGION} were read"


def of_another_trail(folder: Path) -> Snapshot:
    """Of two trails, only that without KMS was read."""
    without_digests(folder)
    digest(folder, *PERIOD, *map(log_name, DAYS), trail="other")
    other = trail(arn=TRAIL.replace("main", "other"), selectors=[WITHOUT_KMS])
    return account(Key(KEY, last_usage=used()), trails=[trail(), other])


def of_a_trail_with_another_home(folder: Path) -> Snapshot:
    without_digests(folder)
    digest(folder, *PERIOD, *map(log_name, DAYS), trail="other")
    other = trail(arn=TRAIL.replace("main", "other"), region="eu-west-1", multi_region=True)
    return account(Key(KEY, last_usage=used()), trails=[trail(), other])


def of_both_trails(folder: Path) -> Snapshot:
    digest(folder, PERIOD[0], "2026-05-22T00:00:01Z", *map(log_name, DAYS), trail="other")
    other = trail(arn=TRAIL.replace("main", "other"), selectors=[WITHOUT_KMS])
    return account(Key(KEY, last_usage=used()), trails=[trail(), other])


def with_a_gap_elsewhere(folder: Path) -> Snapshot:
    """Files of another region are missing, and another trail recorded there."""
    digest(folder, *PERIOD, log_name(DAYS[0], "eu-west-1"), trail="other", region="eu-west-1")
    other = trail(arn=TRAIL.replace("main", "other"), region="eu-west-1", multi_region=True)
    return account(Key(KEY, last_usage=used()), trails=[trail(), other])


def undigested(folder: Path) -> Snapshot:
    without_digests(folder)
    return COMPLETE


def without_a_day(folder: Path) -> Snapshot:
    without_digests(folder)
    (folder / log_name(DAYS[1])).rename(folder / log_name(DAYS[2]).replace("2045Z", "2050Z"))
    return COMPLETE


def without_names(folder: Path) -> Snapshot:
    without_digests(folder)
    for number, day in enumerate(DAYS):
        (folder / log_name(day)).rename(folder / f"{number}.json.gz")
    return COMPLETE


def of_another_region(folder: Path) -> Snapshot:
    without_digests(folder)
    for day in DAYS:
        (folder / log_name(day)).rename(folder / log_name(day, "eu-west-1"))
    return COMPLETE


def with_a_broken_file(folder: Path) -> Snapshot:
    (folder / "broken.json.gz").write_bytes(b"x")
    return COMPLETE


def with_a_broken_record(folder: Path) -> Snapshot:
    write(folder / "more.json.gz", {"Records": [EVENT | {"userIdentity": 7}]})
    return COMPLETE


def changed_by(name: str, **more: Any) -> Callable[[Path], Snapshot]:
    def change(folder: Path) -> Snapshot:
        changing = event(name, session(), eventSource="cloudtrail.amazonaws.com", eventID="change", **more)
        write(folder / "more.json.gz", {"Records": [changing]})
        return COMPLETE

    return change


def with_key(key: Key) -> Callable[[Path], Snapshot]:
    return lambda _folder: account(key, trails=[trail()])


def with_trails(*trails: Trail) -> Callable[[Path], Snapshot]:
    return lambda _folder: account(Key(KEY, last_usage=used()), trails=list(trails))


def with_home() -> Callable[[Path], Snapshot]:
    """A trail of another region, whose own files were read too."""

    def change(folder: Path) -> Snapshot:
        for start, end in (PERIOD[0], "2026-05-20T00:00:00Z"), ("2026-05-20T00:00:00Z", PERIOD[1]):
            digest(folder, start, end, region="eu-west-1")
        return account(Key(KEY, last_usage=used()), trails=[trail(region="eu-west-1", multi_region=True)])

    return change


LACKING: dict[str, tuple[Callable[[Path], Snapshot], bool | None, str]] = {
    "a day without a log file": (
        without_a_day,
        None,
        f"{NO_DIGEST}, and none is of 1 days (2026-05-20)",
    ),
    "files that are named otherwise": (
        without_names,
        None,
        f"no log file of {ACCOUNT} in {REGION} was read by the name that CloudTrail gives it",
    ),
    "files of another region": (
        of_another_region,
        None,
        f"no log file of {ACCOUNT} in {REGION} was read by the name that CloudTrail gives it",
    ),
    "a file that cannot be read": (
        with_a_broken_file,
        None,
        "1 files or records could not be read, and may be about any key",
    ),
    "a record that cannot be read": (
        with_a_broken_record,
        None,
        "1 files or records could not be read, and may be about any key",
    ),
    "selectors that were changed": (
        changed_by("PutEventSelectors"),
        None,
        "PutEventSelectors at 2026-05-20T20:45:00Z changed what is recorded",
    ),
    "logging that was stopped": (
        changed_by("StopLogging"),
        None,
        "StopLogging at 2026-05-20T20:45:00Z changed what is recorded",
    ),
    "a last use that was not read": (
        with_key(Key(KEY, last_usage=used(event_id="other"))),
        False,
        "KMS says it was used at 2026-05-20T20:45:00+00:00 (event other), and that event was not read",
    ),
    "log files alone": (undigested, None, NO_DIGEST),
    "digests of a trail without KMS": (of_another_trail, None, NO_DIGEST),
    "digests of one of two trails, whose changes are told elsewhere": (
        of_a_trail_with_another_home,
        None,
        f"who changed {TRAIL.replace('main', 'other')} is told in log files of {ACCOUNT} in eu-west-1, which were not "
        "read for the period",
    ),
    "a trail whose changes are told elsewhere": (
        with_trails(trail(region="eu-west-1", multi_region=True)),
        None,
        f"who changed {TRAIL} is told in log files of {ACCOUNT} in eu-west-1, which were not read for the period",
    ),
    "a trail whose changes are told to another account": (
        with_trails(trail(arn=TRAIL.replace(ACCOUNT, "999988887777"))),
        None,
        f"who changed {TRAIL.replace(ACCOUNT, '999988887777')} is told in log files of 999988887777 in {REGION}, which "
        "were not read for the period",
    ),
    "no trail that is known": (
        lambda _folder: account(Key(KEY, last_usage=used())),
        None,
        "whether a trail records all of KMS is not told: give --trail, or take the account file with --trails",
    ),
    "a trail of another region": (
        with_trails(trail(region="eu-west-1")),
        False,
        f"{TRAIL} does not record {REGION}",
    ),
    "a trail that does not record": (with_trails(trail(logging=False)), False, f"{TRAIL} does not record now"),
    "a trail of which that is not known": (with_trails(trail(logging=None)), None, f"{TRAIL} does not record now"),
    "a trail without KMS": (
        with_trails(trail(selectors=[WITHOUT_KMS])),
        False,
        f"{TRAIL} does not record all calls to KMS, reads and writes",
    ),
    "a trail whose selectors are not known": (
        with_trails(trail(selectors=None)),
        None,
        f"{TRAIL} may not record all calls to KMS, reads and writes",
    ),
    "a trail that began later": (
        with_trails(trail(since="2026-05-20T00:00:00+00:00")),
        None,
        f"{TRAIL} records since 2026-05-20T00:00:00+00:00, and the period begins at 2026-05-19T00:00:00Z",
    ),
    "a trail that does not say since when": (
        with_trails(trail(since=None)),
        None,
        f"{TRAIL} records since a time that is not told, and the period begins at 2026-05-19T00:00:00Z",
    ),
}


@pytest.mark.parametrize("name", LACKING)
def test_it_is_no_evidence_with(name: str, tmp_path: Path) -> None:
    fill(tmp_path)
    lack, complete, why = LACKING[name]
    snapshot = lack(tmp_path)
    # Digests of a trail of which nothing is known say nothing either.
    of_trail = NO_DIGEST in seen(tmp_path, snapshot)[1] and why.startswith(TRAIL) and "all calls" in why
    whole = f"{NO_DIGEST}; {why}" if of_trail else why
    assert seen(tmp_path, snapshot) == (complete, whole)
    said = "silence is no evidence" if complete is False else "silence may be no evidence"
    assert f"? {said} for {KEY}: {whole}" in report(observe([str(tmp_path)], snapshot=snapshot))


@pytest.mark.parametrize(
    "harmless",
    [
        changed_by("StopLogging", errorCode="AccessDenied"),
        changed_by("DescribeTrails"),
        changed_by("StopLogging", eventTime="2026-05-18T00:00:00Z"),
        with_key(Key(KEY, last_usage=used("2026-05-18T23:59:59+00:00", "other"))),
        with_key(Key(KEY, last_usage=used("2026-05-22T00:00:00+00:00", "other"))),
        with_key(Key(KEY, last_usage=Usage("2026-01-01T00:00:00+00:00"))),
        with_key(Key(KEY, last_usage=Usage("2026-01-01T00:00:00+00:00", "Decrypt", "2026-05-20T20:45:00+00:00"))),
        with_key(Key(KEY, manager="AWS")),
        with_trails(trail(arn=TRAIL.replace("main", "other"), logging=False), trail()),
        with_trails(trail(since="2026-05-19T00:00:00+00:00")),
        with_home(),
        of_both_trails,
        with_a_gap_elsewhere,
        lambda _folder: COMPLETE,
    ],
)
def test_what_takes_nothing_away(harmless: Callable[[Path], Snapshot], tmp_path: Path) -> None:
    fill(tmp_path)
    assert seen(tmp_path, harmless(tmp_path)) == (True, "")


def test_changes_count_where_the_period_is_not_told(tmp_path: Path) -> None:
    fill(tmp_path)
    changed_by("StopLogging")(tmp_path)
    complete, why = seen(tmp_path, without_names(tmp_path))
    assert complete is None
    assert "StopLogging at 2026-05-20T20:45:00Z changed what is recorded" in why


def test_a_trail_that_is_described_in_a_file_counts(tmp_path: Path) -> None:
    fill(tmp_path)
    unknown = account(Key(KEY, last_usage=used()))
    assert seen(tmp_path, unknown)[0] is None
    assert seen(tmp_path, unknown, trails=[trail()]) == (True, "")


def test_digests_tell_that_there_was_nothing_else(tmp_path: Path) -> None:
    fill(tmp_path, trail=None)
    (tmp_path / log_name(DAYS[0])).unlink()
    (tmp_path / log_name(DAYS[2])).unlink()
    digest(tmp_path, "2026-05-19T00:00:00Z", "2026-05-20T00:00:00Z")
    digest(tmp_path, "2026-05-20T00:00:00Z", "2026-05-21T00:00:00Z", log_name(DAYS[1]))
    found = observe([str(tmp_path)], snapshot=account(Key(KEY), trails=[trail()])).coverage or []
    assert [(one.complete, one.start, one.end) for one in found] == [
        (True, "2026-05-19T00:00:00Z", "2026-05-21T00:00:00Z")
    ]


def test_a_file_that_a_digest_lists_and_that_is_not_there_is_missing(tmp_path: Path) -> None:
    fill(tmp_path)
    lost = log_name("20260520").replace("2045Z", "2100Z")
    digest(tmp_path, *PERIOD, lost)
    assert seen(tmp_path) == (False, f"1 log files of {ACCOUNT} in {REGION} that a digest lists were not read ({lost})")


def test_time_between_digests_is_not_covered(tmp_path: Path) -> None:
    fill(tmp_path, trail=None)
    digest(tmp_path, "2026-05-19T00:00:00Z", "2026-05-20T00:00:00Z")
    digest(tmp_path, "2026-05-20T01:00:00Z", "2026-05-22T00:00:00Z")
    why = f"no digest of {ACCOUNT} in {REGION} is about 2026-05-20T00:00:00Z to 2026-05-20T01:00:00Z"
    assert seen(tmp_path) == (None, why)


def test_digests_of_an_hour_say_nothing_of_the_days_after(tmp_path: Path) -> None:
    fill(tmp_path, trail=None)
    digest(tmp_path, PERIOD[0], "2026-05-19T01:00:00Z", log_name(DAYS[0]))
    why = "digests are about 2026-05-19T00:00:00Z to 2026-05-19T01:00:00Z alone, and log files were read of 2 more days"
    assert seen(tmp_path) == (None, f"{why} (2026-05-20, 2026-05-21)")
    digest(tmp_path, "2026-05-19T01:00:00Z", "2026-05-21T00:00:01Z")
    assert seen(tmp_path)[0] is True


def test_a_digest_within_another_leaves_no_gap(tmp_path: Path) -> None:
    fill(tmp_path)
    digest(tmp_path, "2026-05-19T01:00:00Z", "2026-05-19T02:00:00Z")
    digest(tmp_path, "2026-05-19T05:00:00Z", "2026-05-19T06:00:00Z")
    assert seen(tmp_path) == (True, "")


def test_a_digest_without_times_is_a_problem(tmp_path: Path) -> None:
    fill(tmp_path)
    digest(tmp_path, "yesterday", "2026-05-20T00:00:00Z")
    assert [one.what for one in observe([str(tmp_path)]).evidence.problems] == ["digest file without times"]


def test_keys_of_a_region_that_was_read_are_told_apart(tmp_path: Path) -> None:
    fill(tmp_path)
    keys = Key(KEY, last_usage=used()), Key(OTHER_KEY, last_usage=used(event_id="other"))
    found: Observed = observe([str(tmp_path)], snapshot=account(*keys, trails=[trail()]))
    assert {one.key: one.complete for one in found.coverage or []} == {KEY: True, OTHER_KEY: False}


def test_without_an_account_file_nothing_is_said_of_silence(tmp_path: Path) -> None:
    fill(tmp_path)
    found = observe([str(tmp_path)])
    assert found.coverage is None
    assert "? whether silence is evidence is not known: give the account file with --snapshot" in report(found)


def field(name: str, **operators: list[str]) -> Json:
    return {"Field": name, **operators}


MANAGEMENT = field("eventCategory", Equals=["Management"])
SELECTORS: dict[str, tuple[list[Json], list[Json], bool | None]] = {
    "everything": ([ALL], [], True),
    "the default of what is not said": ([{}], [], True),
    "reads alone": ([ALL | {"ReadWriteType": "ReadOnly"}], [], False),
    "writes alone": ([ALL | {"ReadWriteType": "WriteOnly"}], [], False),
    "reads and writes apart": ([ALL | {"ReadWriteType": "ReadOnly"}, ALL | {"ReadWriteType": "WriteOnly"}], [], True),
    "data alone": ([ALL | {"IncludeManagementEvents": False}], [], False),
    "without KMS": ([ALL | {"ExcludeManagementEventSources": ["kms.amazonaws.com"]}], [], False),
    "without the Data API": ([ALL | {"ExcludeManagementEventSources": ["rdsdata.amazonaws.com"]}], [], True),
    "nothing": ([], [], False),
    "all management events": ([], [{"FieldSelectors": [MANAGEMENT]}], True),
    "all but KMS": (
        [],
        [{"FieldSelectors": [MANAGEMENT, field("eventSource", NotEquals=["kms.amazonaws.com"])]}],
        False,
    ),
    "all but the Data API": (
        [],
        [{"FieldSelectors": [MANAGEMENT, field("eventSource", NotEquals=["rdsdata.amazonaws.com"])]}],
        True,
    ),
    "KMS alone": ([], [{"FieldSelectors": [MANAGEMENT, field("eventSource", Equals=["kms.amazonaws.com"])]}], True),
    "another service alone": (
        [],
        [{"FieldSelectors": [MANAGEMENT, field("eventSource", Equals=["ec2.amazonaws.com"])]}],
        False,
    ),
    "services that begin so": ([], [{"FieldSelectors": [MANAGEMENT, field("eventSource", StartsWith=["kms."])]}], True),
    "all but those that end so": (
        [],
        [{"FieldSelectors": [MANAGEMENT, field("eventSource", NotEndsWith=[".amazonaws.com"])]}],
        False,
    ),
    "reads of all": ([], [{"FieldSelectors": [MANAGEMENT, field("readOnly", Equals=["true"])]}], False),
    "data events": ([], [{"FieldSelectors": [field("eventCategory", Equals=["Data"])]}], False),
    "some callers": (
        [],
        [{"FieldSelectors": [MANAGEMENT, field("userIdentity.arn", NotStartsWith=["arn:aws:sts"])]}],
        None,
    ),
    "a field without an operator": ([], [{"FieldSelectors": [MANAGEMENT, field("eventSource")]}], None),
    "an operator that is not known": ([], [{"FieldSelectors": [MANAGEMENT, field("eventSource", Like=["k*"])]}], None),
    "one of two is enough": (
        [],
        [{"FieldSelectors": [field("eventCategory", Equals=["Data"])]}, {"FieldSelectors": [MANAGEMENT]}],
        True,
    ),
}


@pytest.mark.parametrize("name", SELECTORS)
def test_selectors_record(name: str) -> None:
    basic, advanced, recorded = SELECTORS[name]
    assert records_kms(trail(selectors=basic, advanced=advanced)) is recorded


def test_a_trail_is_read_from_what_the_cli_prints(tmp_path: Path) -> None:
    described = {"TrailARN": TRAIL, "HomeRegion": REGION, "IsMultiRegionTrail": False, "Name": "main"}
    status = {"IsLogging": True, "StartLoggingTime": "2026-01-01T00:00:00+00:00"}
    path = tmp_path / "trail.json"
    path.write_text(json.dumps({"Trail": described, **status, "TrailARN": TRAIL, "EventSelectors": [ALL]}))
    assert read_trail(path) == trail()
    path.write_text(json.dumps({**described, **status, "AdvancedEventSelectors": [{"FieldSelectors": [MANAGEMENT]}]}))
    assert records_kms(read_trail(path)) is True
    path.write_text(json.dumps({"Trail": described}))
    assert (read_trail(path).logging, records_kms(read_trail(path))) == (None, None)


def test_selectors_may_leave_members_empty(tmp_path: Path) -> None:
    path = tmp_path / "trail.json"
    path.write_text(json.dumps({"TrailARN": TRAIL, "EventSelectors": [ALL | {"ExcludeManagementEventSources": None}]}))
    assert records_kms(read_trail(path)) is True
    path.write_text(json.dumps({"TrailARN": TRAIL, "AdvancedEventSelectors": [{"FieldSelectors": None}]}))
    assert records_kms(read_trail(path)) is True


@pytest.mark.parametrize(
    "text, why",
    [
        ("{", "is no JSON"),
        ("[]", "has no trail: put into one object what aws cloudtrail get-trail"),
        ("{}", "has no trail"),
        ('{"Trail": 7}', "has no trail"),
        (json.dumps({"TrailARN": TRAIL, "StartLoggingTime": 1779300000.1}), "StartLoggingTime must be like 2026-"),
        (json.dumps({"TrailARN": TRAIL, "IsLogging": "yes"}), "IsLogging must be true or false, got 'yes'"),
        *(
            (
                json.dumps({"TrailARN": TRAIL, name: value}),
                f"{name} must be as aws cloudtrail get-event-selectors prints",
            )
            for name, value in (
                ("EventSelectors", {}),
                ("EventSelectors", [5]),
                ("EventSelectors", [{"ExcludeManagementEventSources": "kms.amazonaws.com"}]),
                ("EventSelectors", [{"ExcludeManagementEventSources": [None]}]),
                ("AdvancedEventSelectors", [{"FieldSelectors": [5]}]),
                ("AdvancedEventSelectors", [{"FieldSelectors": {}}]),
                ("AdvancedEventSelectors", [{"FieldSelectors": [{"Field": "readOnly", "Equals": "true"}]}]),
            )
        ),
    ],
)
def test_what_is_no_trail_is_refused(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "trail.json").write_text(text)
    with pytest.raises(ValueError, match=why):
        read_trail(tmp_path / "trail.json")
    with pytest.raises(ValueError, match="cannot be read"):
        read_trail(tmp_path / "other.json")
