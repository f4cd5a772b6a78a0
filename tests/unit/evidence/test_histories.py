"""The event history asked key by key: what it finds is what files tell, and how far it is evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.account import Options
from secure_kms_constructs.account.records import Account, Key, Usage
from secure_kms_constructs.account.snapshots import Snapshot
from secure_kms_constructs.evidence import Observed, histories, observe
from secure_kms_constructs.evidence.histories import Pace
from secure_kms_constructs.evidence.live import Live
from secure_kms_constructs.evidence.texts import report
from tests.unit.account.fake_aws import FakeAws
from tests.unit.evidence.aws import History, packed
from tests.unit.evidence.samples import ACCOUNT, KEY, OTHER_KEY, SAMPLES, event, session
from tests.unit.evidence.test_coverage import COMPLETE, fill

Json = dict[str, Any]
NOW = datetime.now(timezone.utc)
RECENT = (NOW - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
LAST = "99999999-ba1a-467c-b4ba-f729d45ae521"


def decrypt(number: int, key: str = KEY, **more: Any) -> Json:
    return event("Decrypt", session(), keys=(key,), eventID=f"event-{number}", eventTime=RECENT, **more)


USED = decrypt(0) | {"eventID": LAST}


def usage(event_id: str = LAST, at: str = RECENT) -> Usage:
    return Usage("2026-01-01T00:00:00+00:00", "Decrypt", at.replace("Z", "+00:00"), event_id)


def account(**used: Usage | None) -> Snapshot:
    """Return an account with two keys."""
    keys = [Key(KEY, last_usage=used.get("key", usage())), Key(OTHER_KEY, last_usage=used.get("other"))]
    return Snapshot(NOW.isoformat(), [Account(ACCOUNT, "aws", ["us-west-2"], keys=keys)])


def look(history: History, *, snapshot: Snapshot | None = None, pages: int = 200) -> Observed:
    return ask(history.aws(), snapshot=snapshot, pages=pages)


def ask(aws: FakeAws, *, snapshot: Snapshot | None = None, pages: int = 200, **more: Any) -> Observed:
    live = Live(lookup=True, pages=pages, session=aws.session(), **more)
    return observe([], snapshot=snapshot or account(), live=live)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "_SECONDS", 0.0)


def told(found: Observed, key: str = KEY) -> tuple[bool | None, list[str]]:
    assert found.coverage is not None
    [one] = [one for one in found.coverage if one.key == key]
    return one.complete, one.why


def test_the_same_events_are_the_same_uses(tmp_path: Path) -> None:
    """Of each sample of AWS's pages that names one of the two keys among its resources."""
    records = [one.record for one in SAMPLES if one.uses and "eventID" in one.record]
    records = [one | {"eventID": f"{place}"} for place, one in enumerate(records)]
    named = [one for one in records if {it.get("ARN") for it in one["resources"]} & {KEY, OTHER_KEY}]
    assert len(named) > 30
    (tmp_path / "trail.json").write_text(json.dumps({"Records": named}))
    by_files = observe([str(tmp_path)], snapshot=account())
    by_history = look(History(named, size=7))
    for one, other in ((by_files, by_history),):
        lists = ("uses", "denied", "failed", "services", "foreign")
        assert [[replace(use, events=sorted(use.events)) for use in getattr(one, name)] for name in lists] == [
            [replace(use, events=sorted(use.events)) for use in getattr(other, name)] for name in lists
        ]


def test_all_pages_are_read_and_the_key_is_evidence() -> None:
    history = History([USED, *map(decrypt, range(1, 8))], size=3)
    found = look(history)
    assert [one.count for one in found.uses] == [8]
    assert told(found) == (True, [])
    assert [one["LookupAttributes"][0]["AttributeValue"] for one in history.asked] == [KEY, KEY, KEY, OTHER_KEY]
    assert [one.get("NextToken") for one in history.asked] == [None, "3", "6", None]


def test_the_period_is_that_of_the_history() -> None:
    history = History([USED])
    [covered, _] = look(history).coverage or []
    request = history.asked[0]
    assert timedelta(days=89) < request["EndTime"] - request["StartTime"] < timedelta(days=90)
    assert timedelta(minutes=14) < datetime.now(timezone.utc) - request["EndTime"] < timedelta(minutes=20)
    assert covered.start == request["StartTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert covered.end == request["EndTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert covered.alone


def test_an_event_of_two_keys_counts_once() -> None:
    both = event("ReEncrypt", session(), keys=(KEY, OTHER_KEY), eventTime=RECENT)
    found = look(History([USED, *(both | {"eventID": f"{one}"} for one in range(10))]))
    assert sorted((one.action, one.count) for one in found.uses) == [
        ("kms:Decrypt", 1),
        ("kms:ReEncryptFrom", 10),
        ("kms:ReEncryptTo", 10),
    ]
    assert found.evidence.skipped == {"events of two keys, counted with the other": 10}


def test_what_another_key_did_not_read_to_the_end_is_not_left_to_it() -> None:
    both = event("ReEncrypt", session(), keys=(KEY, OTHER_KEY), eventTime=RECENT, eventID="both")
    found = look(History([USED, *map(decrypt, range(50)), both]), pages=1)
    assert "kms:ReEncryptTo" in {one.action for one in found.uses}


def test_a_busy_key_is_left_to_log_files() -> None:
    history = History([USED, *map(decrypt, range(1, 200))])
    found = look(history, pages=2)
    complete, [why] = told(found)
    assert complete is False
    assert why == (
        "its event history has more than 2 pages: read the log files of a trail, as files or by s3://, "
        "or say --lookup-pages"
    )
    assert len(history.asked) == 3
    # It answered in as many pages as are read: that is all of it.
    assert told(look(History([USED, *map(decrypt, range(1, 100))]), pages=2)) == (True, [])
    assert told(look(history, pages=4)) == (True, [])


@pytest.mark.parametrize("after, kept", [(0, 0), (1, 50)])
@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_what_is_refused_is_told_and_the_rest_kept(code: str, after: int, kept: int) -> None:
    records = [USED, *map(decrypt, range(1, 99))]
    found = look(History(records, breaks=(after, code)))
    complete, why = told(found)
    assert complete is False
    assert why[0].startswith(f"its event history was not answered to the end: the event history of {KEY} not known")
    assert sum(one.count for one in found.uses) == kept


def test_credentials_that_have_expired_end_it() -> None:
    with pytest.raises(ValueError, match=r"AWS does not accept the credentials \(ExpiredTokenException\): sign in"):
        look(History([USED], breaks=(1, "ExpiredTokenException")))


def test_credentials_of_another_account_are_refused() -> None:
    aws = History([USED]).aws()
    aws.answers["sts", "GetCallerIdentity"] = lambda _: {
        "Account": "444455556666",
        "Arn": "arn:aws:iam::444455556666:x",
    }
    with pytest.raises(
        ValueError, match="credentials are of account 444455556666, and the account file has 1111222233"
    ):
        ask(aws)
    assert ("cloudtrail", "LookupEvents") not in {one[:2] for one in aws.calls}


def test_roles_are_assumed() -> None:
    aws = History([USED]).aws()
    lent = {"AccessKeyId": "A" * 16, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": NOW}
    aws.answers["sts", "AssumeRole"] = lambda _: {"Credentials": lent}
    ask(aws, options=Options(roles=(f"arn:aws:iam::{ACCOUNT}:role/reader",)))
    assert [one[1] for one in aws.calls[:2]] == ["AssumeRole", "GetCallerIdentity"]


def test_a_last_use_that_was_not_found_disproves_it() -> None:
    complete, why = told(look(History([decrypt(1)])))
    assert complete is False
    assert (
        why[0] == f"KMS says it was used at {RECENT.replace('Z', '+00:00')} (event {LAST}), and that event was not read"
    )


def test_nothing_found_is_evidence_only_where_a_last_use_shows_that_it_is_found() -> None:
    """An empty answer is also what a wrong question gets."""
    found = look(History([USED]))
    assert told(found, OTHER_KEY) == (True, [])
    long_ago = account(key=usage(at="2026-01-01T00:00:00Z"))
    complete, why = told(look(History([decrypt(1)]), snapshot=long_ago), OTHER_KEY)
    assert complete is None
    assert why == [
        f"no last use that KMS remembers shows that the history of {ACCOUNT} in us-west-2 is found by the ARN of keys"
    ]


def test_a_record_that_is_broken_is_told() -> None:
    history = History([USED])
    aws = history.aws()

    def answer(request: Json) -> Json:
        found = history(request)
        return found | {
            "Events": [*found["Events"], {"EventId": "x"}, {"CloudTrailEvent": '{"x": "kms.amazonaws.com"'}]
        }

    aws.answers["cloudtrail", "LookupEvents"] = answer
    found = ask(aws)
    assert [one.count for one in found.uses] == [1]
    assert sum(one.count for one in found.evidence.problems) >= 2
    assert told(found)[0] is None
    assert "event of the history without its record" in {one.what for one in found.evidence.problems}


def test_requests_are_half_a_second_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "_SECONDS", 0.5)
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(lambda: now[0], sleep)
    pace.wait()
    pace.wait()
    now[0] += 0.2
    pace.wait()
    now[0] += 5
    pace.wait()
    assert slept == [pytest.approx(0.5), pytest.approx(0.3)]


def test_each_page_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []
    monkeypatch.setattr(Pace, "wait", lambda _self: waited.append(1))
    history = History([USED, *map(decrypt, range(1, 120))])
    look(history)
    assert len(waited) == len(history.asked) == 4


def test_files_that_prove_more_are_kept(tmp_path: Path) -> None:
    """With both, a key has the better evidence of the two."""
    fill(tmp_path)
    live = Live(lookup=True, session=History([], breaks=(0, "AccessDeniedException")).aws().session())
    found = observe([str(tmp_path)], snapshot=COMPLETE, live=live)
    assert told(found) == (True, [])
    assert not (found.coverage or [])[0].alone


def test_the_report_says_what_it_is() -> None:
    text = report(look(History([USED])))
    assert "event history: 2 keys, each in its own region, the last 90 days at most; keys that the account" in text


def test_it_needs_an_account_file() -> None:
    with pytest.raises(
        ValueError, match="the event history is asked for the keys of an account: give the account file"
    ):
        observe([], live=Live(lookup=True, session=History([]).aws().session()))
    nothing = Snapshot("2026-01-01T00:00:00Z", [])
    with pytest.raises(ValueError, match="the account file has no regions: take it anew with `secure-kms account snap"):
        ask(History([]).aws(), snapshot=nothing)


def test_better_evidence_than_that_of_files_is_kept_too(tmp_path: Path) -> None:
    """Files of a day without digests are no evidence, and the history is."""
    (tmp_path / f"{ACCOUNT}_CloudTrail_us-west-2_20260520T2045Z_abcdefghijklmnop.json.gz").write_bytes(
        packed(decrypt(1))
    )
    live = Live(lookup=True, session=History([USED, decrypt(1)]).aws().session())
    found = observe([str(tmp_path)], snapshot=account(), live=live)
    assert told(found) == (True, [])
    assert [one.count for one in found.uses] == [2]
    assert told(observe([str(tmp_path)], snapshot=account()))[0] is not True
