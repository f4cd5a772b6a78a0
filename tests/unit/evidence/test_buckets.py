"""Log files in S3 read as those of a folder are, in memory that does not grow with their number."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.account import Options
from secure_kms_constructs.evidence import Observed, buckets, observe
from secure_kms_constructs.evidence.live import Live
from secure_kms_constructs.evidence.observing import observe_files
from secure_kms_constructs.evidence.sources import Source
from tests.unit.account.fake_aws import FakeAws
from tests.unit.evidence.aws import Bucket, packed
from tests.unit.evidence.samples import ACCOUNT, SAMPLES, event, session

Json = dict[str, Any]
FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail/us-west-2/2026/05/20/"
NAME = f"{ACCOUNT}_CloudTrail_us-west-2_20260520T2045Z_abcdefghijklmnop.json.gz"
GOOD = packed(event("Decrypt", session()))
SOURCE = "s3://logs/AWSLogs/"


def read(bucket: Bucket, *sources: str, aws: FakeAws | None = None) -> Observed:
    live = Live(session=(aws or bucket.aws()).session())
    return observe(list(sources or (SOURCE,)), live=live)


def problems(found: Observed) -> list[tuple[str, list[str]]]:
    return [(one.what, one.where) for one in found.evidence.problems]


def test_the_same_files_are_the_same_uses(tmp_path: Path) -> None:
    files = {f"{FOLDER}{number}_{NAME}": packed(one.record) for number, one in enumerate(SAMPLES)}
    files[f"{FOLDER}{NAME}"] = GOOD
    for name, content in files.items():
        (tmp_path / name.rpartition("/")[2]).write_bytes(content)
    by_folder, by_bucket = observe([str(tmp_path)]), read(Bucket(files))
    assert len(by_folder.uses) > 20

    def without_places(found: Observed) -> Observed:
        told = [replace(one, where=[]) for one in found.evidence.problems]
        ordered = sorted(told, key=str)
        return replace(found, evidence=replace(found.evidence, sources=[], problems=ordered))

    assert without_places(by_bucket) == without_places(by_folder)
    assert by_bucket.evidence.sources == [SOURCE]
    assert [one.days for one in by_bucket.evidence.deliveries] == [["2026-05-20"]]


def test_a_prefix_is_what_names_begin_with() -> None:
    bucket = Bucket({f"a/{NAME}": GOOD, f"b/{NAME}": GOOD, f"ab{NAME}": GOOD})
    assert read(bucket, "s3://logs/a").evidence.files == 1
    assert read(bucket, "s3://logs/a").evidence.skipped == {"files read before": 1}
    assert read(bucket, "s3://logs/a/").evidence.skipped == {}
    for whole in ("s3://logs", "s3://logs/"):
        assert read(bucket, whole).evidence.skipped == {"files read before": 2}


def test_folders_and_other_files_are_left_out_and_counted() -> None:
    found = read(Bucket({"AWSLogs/": b"", f"AWSLogs/{NAME}": GOOD, "AWSLogs/x.txt": b"x", "AWSLogs/y.parquet": b"y"}))
    assert found.evidence.files == 1
    assert found.evidence.skipped == {"files that do not end in .json or .json.gz": 2}
    assert found.evidence.problems == []


def test_what_cannot_be_fetched_costs_itself_alone() -> None:
    names = {name: f"AWSLogs/{name}.json.gz" for name in ("closed", "cold", "gone", "bad")}
    refused = {names["closed"]: "AccessDenied", names["cold"]: "InvalidObjectState", names["gone"]: "NoSuchKey"}
    bucket = Bucket({**dict.fromkeys(names.values(), b"no gzip"), f"AWSLogs/{NAME}": GOOD}, refused=refused)
    found = read(bucket)
    assert len(found.uses) == 1
    assert sorted(problems(found)) == [
        (
            "file cannot be read (AccessDenied): allow s3:GetObject, and kms:Decrypt on the key of the trail",
            [f"s3://logs/{names['closed']}"],
        ),
        ("file cannot be read (InvalidObjectState)", [f"s3://logs/{names['cold']}"]),
        ("file cannot be read (NoSuchKey)", [f"s3://logs/{names['gone']}"]),
        ("file is no JSON, or cut off", [f"s3://logs/{names['bad']}"]),
    ]


def test_a_file_that_breaks_off_or_is_too_large_is_told() -> None:
    bucket = Bucket({f"cut/{NAME}": GOOD, "cut/z.json": b" " * 2_000_000})
    source = buckets.Prefix.of("s3://logs/cut/")
    from secure_kms_constructs.account.connections import Connection

    to = Connection(bucket.aws().session(), "us-east-1", "logs")
    found = observe_files([], limit=1 << 20, more=[Source("x", source.reading(to))])
    assert problems(found) == [
        ("file breaks off while it is read", [f"s3://logs/cut/{NAME}"]),
        ("file is larger than 1 MB", ["s3://logs/cut/z.json"]),
    ]


def test_half_a_list_is_told_and_what_was_listed_is_read() -> None:
    bucket = Bucket(
        {f"AWSLogs/{number}.json.gz": packed(event("Decrypt", session(f"R{number}"))) for number in range(5)}
    )
    bucket.refused["page 2"] = "SlowDown"
    found = read(bucket)
    assert len(found.uses) == 2
    [(what, where)] = problems(found)
    assert what.startswith("the list of files breaks off: which log files there are of s3://logs/AWSLogs/ not known")
    assert where == [SOURCE]


@pytest.mark.parametrize(
    "code, why",
    [
        ("AccessDenied", r"s3://logs/AWSLogs/ cannot be listed: .* allow s3:ListBucket"),
        ("NoSuchBucket", "bucket logs does not exist, or not for these credentials"),
        ("ExpiredToken", r"AWS does not accept the credentials \(ExpiredToken\): sign in again"),
    ],
)
def test_a_bucket_that_cannot_be_listed_is_a_mistake(code: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(Bucket({f"AWSLogs/{NAME}": GOOD}, refused={"page 1": code}))


@pytest.mark.parametrize(
    "source, why",
    [
        ("s3://logs/AWSLogs/9", "source s3://logs/AWSLogs/9 has no files: name a prefix"),
        ("s3://", "source must be s3://<bucket>/<prefix>, got 's3://'"),
        ("s3://UPPER/x", "source must be s3://<bucket>/<prefix>"),
        ("s3://logs/*.gz", "has a pattern, and S3 knows prefixes alone"),
    ],
)
def test_a_source_that_is_none_is_refused(source: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(Bucket({f"AWSLogs/{NAME}": GOOD}), source)


def test_files_are_fetched_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, as many as are fetched at once are in memory."""
    alive, most = set(), 0
    bucket = Bucket({f"AWSLogs/{number:03}.json.gz": GOOD + bytes([number % 2]) for number in range(60)})
    fetch = buckets._Reading._fetched

    def fetched(self: Any, name: str) -> Any:
        nonlocal most
        alive.add(name)
        most = max(most, len(alive))
        return fetch(self, name)

    monkeypatch.setattr(buckets._Reading, "_fetched", fetched)
    take = buckets.Reader.file

    def taken(self: Any, content: bytes, name: Any, where: str) -> None:
        take(self, content, name, where)
        alive.discard(where.removeprefix("s3://logs/"))

    monkeypatch.setattr(buckets.Reader, "file", taken)
    read(bucket)
    assert most <= buckets._AT_ONCE + 1
    assert not alive


def test_folders_and_buckets_are_read_together(tmp_path: Path) -> None:
    other = event("Decrypt", session("Other"), eventID="other")
    (tmp_path / "x.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [other]}).encode()))
    found = read(Bucket({f"AWSLogs/{NAME}": GOOD}), str(tmp_path), SOURCE)
    assert len(found.uses) == 2
    assert found.evidence.sources == [str(tmp_path), SOURCE]


def test_two_roles_are_one_too_many() -> None:
    aws = Bucket({f"AWSLogs/{NAME}": GOOD}).aws()
    lent = {"AccessKeyId": "A" * 16, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2026-01-01T00:00:00Z"}
    aws.answers["sts", "AssumeRole"] = lambda _: {"Credentials": lent}
    roles = tuple(f"arn:aws:iam::{one}:role/reader" for one in (ACCOUNT, "444455556666"))
    with pytest.raises(ValueError, match="--role-arn must name one role to read s3://"):
        observe([SOURCE], live=Live(Options(roles=roles), session=aws.session()))
    assert observe([SOURCE], live=Live(Options(roles=roles[:1]), session=aws.session())).uses
