"""Log files in a bucket, read over HTTP: signed requests, streams and refusals that nobody here made up."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import boto3
import pytest
from emulator import ACCOUNT, REGION, ROOT, Emulator

from secure_kms_constructs.account import Options
from secure_kms_constructs.evidence import observe
from secure_kms_constructs.evidence.live import Live
from tests.unit.evidence.samples import event, session

BUCKET = "log-bucket-of-a-trail"
FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail/us-west-2/2026/05/20/"
FILES = 40


def content(number: int) -> bytes:
    record = event("Decrypt", session(f"Role{number % 7}"), eventID=f"event-{number}")
    return gzip.compress(json.dumps({"Records": [record]}).encode(), 1, mtime=0)


def live(emulator: Emulator) -> Live:
    made = boto3.Session(ROOT.access_key, ROOT.secret_key, region_name=REGION)
    return Live(Options(endpoint_url=emulator.endpoint), session=made)


def test_a_bucket_is_read_as_its_files_are(emulator: Emulator, tmp_path: Path) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for number in range(FILES):
        name = f"{ACCOUNT}_CloudTrail_us-west-2_20260520T2045Z_{number:016}.json.gz"
        s3.put_object(Bucket=BUCKET, Key=FOLDER + name, Body=content(number))
        (tmp_path / name).write_bytes(content(number))
    by_bucket = observe([f"s3://{BUCKET}/{FOLDER}"], live=live(emulator))
    by_folder = observe([str(tmp_path)])
    assert by_bucket.evidence.kms_events == FILES
    assert sum(one.count for one in by_bucket.uses) == FILES
    assert by_bucket.uses == by_folder.uses
    assert by_bucket.evidence.deliveries == by_folder.evidence.deliveries


def test_a_bucket_that_there_is_not_is_told(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="bucket no-such-bucket-here does not exist"):
        observe(["s3://no-such-bucket-here/AWSLogs/"], live=live(emulator))
