"""Files that are not as CloudTrail writes them: each is counted and named, and costs itself alone."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path

import pytest

from secure_kms_constructs.evidence import Observed, observe
from secure_kms_constructs.evidence.files import MEMBERS, find, named
from secure_kms_constructs.evidence.observing import observe_files
from tests.unit.evidence.samples import ACCOUNT, ADMIN, asked, event, session

GOOD = json.dumps({"Records": [event("Decrypt", session())]}).encode()
NAME = f"{ACCOUNT}_CloudTrail_us-west-2_20260520T2045Z_abcdefghijklmnop.json.gz"


def read(folder: Path, **content: bytes) -> Observed:
    """Read a good file beside others."""
    (folder / NAME).write_bytes(gzip.compress(GOOD))
    for name, text in content.items():
        (folder / f"{name}.json.gz").write_bytes(text)
    return observe([str(folder)])


BROKEN = {
    "empty": (b"", "file is empty"),
    "blank": (b" \n", "file is empty"),
    "empty_gzip": (gzip.compress(b""), "file is empty"),
    "cut_gzip": (gzip.compress(GOOD)[:-20], "file is gzip that is cut off"),
    "cut_header": (b"\x1f\x8b\x08", "file is gzip that is cut off"),
    "broken_gzip": (gzip.compress(GOOD)[:20] + b"\xff" * 200, "file is broken gzip"),
    "not_json": (b"version: 1", "file is no JSON, or cut off"),
    "cut_json": (GOOD[:-5], "file is no JSON, or cut off"),
    "not_text": (b'\xff\xfe{"Records": []}', "file is no JSON, or cut off"),
    "a_list": (b"[]", "file is JSON of another form than CloudTrail's"),
    "a_number": (b'{"Records": 7}', "file is JSON of another form than CloudTrail's"),
    "another": (b'{"Statement": []}', "file has no Records, as files of CloudTrail do"),
    "deep": (b'{"Records": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "file is no JSON, or cut off"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_costs_itself_alone(name: str, tmp_path: Path) -> None:
    content, what = BROKEN[name]
    found = read(tmp_path, **{name: content})
    assert [(one.what, one.count, one.where) for one in found.evidence.problems] == [
        (what, 1, [str(tmp_path / f"{name}.json.gz")])
    ]
    assert [one.principal for one in found.uses] == [ADMIN]
    assert found.evidence.files == 1


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "bomb.json.gz").write_bytes(gzip.compress(b" " * 3_000_000))
    (tmp_path / "good.json.gz").write_bytes(gzip.compress(GOOD))
    (tmp_path / "plain.json").write_bytes(b" " * 1_100_000)
    found = observe_files([str(tmp_path)], limit=1 << 20)
    assert [one.what for one in found.evidence.problems] == [
        "file unpacks to more than 1 MB",
        "file is larger than 1 MB",
    ]
    assert len(found.uses) == 1


def test_a_file_may_have_several_gzip_members(tmp_path: Path) -> None:
    content = gzip.compress(GOOD[:100]) + gzip.compress(GOOD[100:])
    (tmp_path / "one.json.gz").write_bytes(content)
    assert len(observe([str(tmp_path)]).uses) == 1


def test_a_file_of_very_many_members_is_none(tmp_path: Path) -> None:
    found = read(tmp_path, many=gzip.compress(b"") * MEMBERS + gzip.compress(GOOD))
    assert [one.what for one in found.evidence.problems] == [f"file has more than {MEMBERS} gzip members"]
    few = gzip.compress(b"") * (MEMBERS - 1) + gzip.compress(GOOD)
    assert read(tmp_path, many=few).evidence.problems == []


def test_members_together_are_limited(tmp_path: Path) -> None:
    (tmp_path / "bomb.json.gz").write_bytes(gzip.compress(b" " * 600_000) * 2)
    problems = observe_files([str(tmp_path)], limit=1 << 20).evidence.problems
    assert [one.what for one in problems] == ["file unpacks to more than 1 MB"]


def test_what_is_packed_is_told_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "packed.json").write_bytes(gzip.compress(GOOD))
    (tmp_path / "plain.json.gz").write_bytes(GOOD)
    found = observe([str(tmp_path)])
    assert (found.evidence.files, found.evidence.problems, len(found.uses)) == (2, [], 1)


def test_a_broken_record_costs_itself_alone(tmp_path: Path) -> None:
    records = [event("Decrypt", session()), event("Decrypt", session(), requestParameters=7), *([None] * 3)]
    records.append(event("Decrypt", session(), **asked({"Department": ["a"]})))
    (tmp_path / "trail.json").write_text(json.dumps({"Records": records}))
    found = observe([str(tmp_path)])
    assert [one.count for one in found.uses] == [1]
    assert [(one.count, one.where) for one in found.evidence.problems] == [
        (1, [f"{tmp_path}/trail.json#1"]),
        (1, [f"{tmp_path}/trail.json#5"]),
    ]
    assert (found.evidence.events, found.evidence.kms_events) == (6, 3)


@pytest.mark.parametrize("name", ["eventName", "errorCode", "resources", "requestParameters", "eventID"])
def test_a_member_that_stands_twice_costs_the_record(name: str, tmp_path: Path) -> None:
    """A reader takes the first or the last, and one of them may hide that a call was refused."""
    text = json.dumps({"Records": [event("Decrypt", session(), errorCode="AccessDenied")]})
    value = '"x"' if name.startswith("event") else "null"
    twice = text.replace('"eventVersion": "1.11",', f'"eventVersion": "1.11", "{name}": {value},')
    (tmp_path / "trail.json").write_text(twice)
    found = observe([str(tmp_path)])
    assert [one.what for one in found.evidence.problems] == ["record left out: it has a member twice"]
    assert not found.denied


def test_a_text_that_looks_like_a_member_is_none(tmp_path: Path) -> None:
    context = {"x": '"errorCode" "errorCode": "eventName"', "y": '"resources": "resources"'}
    (tmp_path / "trail.json").write_text(json.dumps({"Records": [event("Decrypt", session(), **asked(context))]}))
    found = observe([str(tmp_path)])
    assert [one.context for one in found.uses] == [context]
    assert not found.evidence.problems


def test_an_encryption_context_with_a_name_twice_costs_the_record(tmp_path: Path) -> None:
    text = json.dumps({"Records": [event("Decrypt", session(), **asked({"a": "1", "b": "2"}))]})
    (tmp_path / "trail.json").write_text(text.replace('"b"', '"a"'))
    found = observe([str(tmp_path)])
    assert [one.what for one in found.evidence.problems] == ["record left out: encryption context has a name twice"]
    assert not found.uses


def test_a_context_with_odd_names_is_read(tmp_path: Path) -> None:
    context = {'a":b': 'c":d', "": "", "ü": "\u2028"}
    (tmp_path / "trail.json").write_text(json.dumps({"Records": [event("Decrypt", session(), **asked(context))]}))
    assert [one.context for one in observe([str(tmp_path)]).uses] == [context]


def digest(*names: str) -> bytes:
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail/us-west-2/2026/05/20"
    listed = [{"s3Bucket": "logs", "s3Object": f"{folder}/{one}"} for one in names]
    whole = {
        "awsAccountId": ACCOUNT,
        "digestStartTime": "2026-05-20T20:00:00Z",
        "digestEndTime": "2026-05-20T21:00:00Z",
        "logFiles": listed,
    }
    return gzip.compress(json.dumps(whole).encode())


def test_a_digest_tells_which_files_are_missing(tmp_path: Path) -> None:
    lost = NAME.replace("2045Z", "2050Z")
    name = f"{ACCOUNT}_CloudTrail-Digest_us-west-2_trail_us-east-1_20260520T210000Z"
    found = read(tmp_path, **{name: digest(NAME, lost)})
    assert found.evidence.missing == [lost]
    assert [vars(one) for one in found.evidence.digests] == [
        {
            "account": ACCOUNT,
            "region": "us-west-2",
            "start": "2026-05-20T20:00:00Z",
            "end": "2026-05-20T21:00:00Z",
            "trail": "trail",
        }
    ]
    assert found.evidence.skipped == {"digest files": 1}


def test_a_file_that_is_there_is_not_missing(tmp_path: Path) -> None:
    assert read(tmp_path, digest=digest(NAME)).evidence.missing == []


def test_a_copy_of_a_file_counts_once(tmp_path: Path) -> None:
    packed = gzip.compress(GOOD, mtime=0)
    for name in ("one", "copy"):
        (tmp_path / f"{name}.json.gz").write_bytes(packed)
    found = observe([str(tmp_path)])
    assert [one.count for one in found.uses] == [1]
    assert (found.evidence.files, found.evidence.events) == (1, 1)
    assert found.evidence.skipped == {"files read before": 1}


def test_files_tell_account_region_and_day() -> None:
    assert named(Path(NAME)) == (ACCOUNT, "us-west-2", "2026-05-20")
    assert named(Path(f"{ACCOUNT}_CloudTrail-Digest_us-west-2_t_us-west-2_20260520T210000Z.json.gz")) is None
    assert named(Path("trail.json")) is None


def test_sources_are_files_folders_and_patterns(tmp_path: Path) -> None:
    for name in ("a/x.json", "a/b/y.json.gz", "a/readme.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(GOOD)
    found = find([str(tmp_path)])
    assert ([one.name for one in found.paths], found.others) == (["y.json.gz", "x.json"], 1)
    assert [one.name for one in find([str(tmp_path / "**" / "*.json")]).paths] == ["x.json"]
    assert [one.name for one in find([str(tmp_path / "a" / "readme.txt")]).paths] == ["readme.txt"]
    # Named twice, it is one.
    assert len(find([str(tmp_path / "a" / "x.json"), str(tmp_path / "a")]).paths) == 2


def test_a_source_without_files_is_refused(tmp_path: Path) -> None:
    for source in (tmp_path / "nothing", tmp_path / "*.json", tmp_path):
        with pytest.raises(ValueError, match="has no files: name files of CloudTrail, a folder of them or a pattern"):
            find([str(source)])
    (tmp_path / "readme.txt").write_text("x")
    with pytest.raises(ValueError, match=r"none of the files ends in \.json or \.json\.gz"):
        find([str(tmp_path)])
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ValueError, match="is neither a file nor a folder"):
        find([str(tmp_path / "pipe.json")])


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.json").write_bytes(GOOD)
    opened = Path.open

    def refuse(path: Path, *rest: str) -> object:
        if path.name == "secret.json":
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest)

    monkeypatch.setattr(Path, "open", refuse)
    problems = observe([str(tmp_path)]).evidence.problems
    assert [one.what for one in problems] == ["file cannot be read: Permission denied"]


def test_zlib_is_not_gzip(tmp_path: Path) -> None:
    (tmp_path / "z.json").write_bytes(zlib.compress(GOOD))
    assert [one.what for one in observe([str(tmp_path)]).evidence.problems] == ["file is no JSON, or cut off"]


def test_half_a_character_costs_its_record_alone(tmp_path: Path) -> None:
    other = json.dumps(event("Encrypt", session("Other"), userAgent="agent")).replace('"agent"', '"\\ud800"')
    whole = json.dumps({"Records": [event("Decrypt", session("Third")), {}]})
    text = whole.replace("{}]", f"{other}, {json.dumps(event('Sign', session('Fourth')))}]")
    found = read(tmp_path, odd=text.encode())
    assert [(one.count, one.where) for one in found.evidence.problems] == [(1, [f"{tmp_path / 'odd.json.gz'}#1"])]
    assert {one.principal.rpartition("/")[2] for one in found.uses} == {"Admin", "Third", "Fourth"}


@pytest.mark.parametrize("time", ["2026-99-99T99:99:99Z", "2026-02-30T00:00:00Z", "2026-05-20T25:00:00Z"])
def test_a_time_that_is_none_costs_its_record_alone(time: str, tmp_path: Path) -> None:
    text = json.dumps({"Records": [event("Decrypt", session("Other"), eventTime=time)]})
    found = read(tmp_path, odd=text.encode())
    assert [one.what for one in found.evidence.problems] == ["record left out: its eventTime is no time"]
    assert found.evidence.last == "2026-05-20T20:45:00Z"


def test_a_name_with_a_day_that_is_none_is_no_name_of_a_log(tmp_path: Path) -> None:
    assert named(tmp_path / NAME.replace("20260520", "20261399")) is None


def test_parameters_that_were_too_large_are_not_taken_for_none(tmp_path: Path) -> None:
    asked = {"omitted": True, "originalSize": 110000, "reason": "too large"}
    found = read(
        tmp_path, odd=json.dumps({"Records": [event("Decrypt", session("Other"), requestParameters=asked)]}).encode()
    )
    assert [one.what for one in found.evidence.problems] == [
        "record left out: its requestParameters were omitted for their size"
    ]
