"""The question in SQL: Athena's table and view parse as Athena's, and the query answers as the reader of files does."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from typer.testing import CliRunner

from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.evidence import Observed, observe
from secure_kms_constructs.evidence.sql import COLUMNS, QUERY, statements
from tests.unit.evidence.samples import ACCOUNT, SAMPLES, Json

SOURCE = f"s3://logs/AWSLogs/{ACCOUNT}/CloudTrail/us-west-2"
VIEW = (*COLUMNS, "event_time", "event_id")


def flat(record: Json) -> list[tuple[str | None, ...]]:
    """Return the rows that the view has of a record, worked out by hand."""
    if record["eventSource"] != "kms.amazonaws.com" or record["eventType"] != "AwsApiCall":
        return []
    who = record["userIdentity"] or {}
    issuer = who.get("sessionContext", {}).get("sessionIssuer", {})
    asked = record["requestParameters"] or {}
    if not isinstance(asked, dict):
        return []
    keys = [one.get("ARN") for one in record["resources"]]
    address = record["sourceIPAddress"]
    internal = "AWS Internal" if address.startswith("AWS Internal") else None
    named = internal or (None if re.fullmatch(r"[\d.]+|.*:.*", address) else address)
    agent = record.get("userAgent") or ""
    named = named or (agent if agent == "AWS Internal" or agent.endswith(".amazonaws.com") else None)
    halves = [(record["eventName"], 0, "encryptionContext")]
    if record["eventName"] == "ReEncrypt":
        halves = [("ReEncryptFrom", 0, "sourceEncryptionContext"), ("ReEncryptTo", 1, "destinationEncryptionContext")]
    return [
        (
            issuer["arn"] if issuer.get("type") in ("Role", "IAMUser") else who.get("arn"),
            who.get("type"),
            who.get("accountId"),
            action,
            keys[place] if place < len(keys) else None,
            who.get("invokedBy") or named,
            record["awsRegion"],
            json.dumps(asked[name]) if name in asked else None,
            record.get("errorCode"),
            record["recipientAccountId"],
            record["eventTime"],
            record.get("eventID"),
        )
        for action, place, name in halves
    ]


def answered(records: list[Json], path: Path) -> str:
    """Ask the query of SQLite, which is neither Athena nor DuckDB, and write the answer as CSV."""
    with sqlite3.connect(":memory:") as database:
        database.execute(f"CREATE TABLE kms_uses ({', '.join(VIEW)})")
        rows = [row for one in records for row in flat(one)]
        database.executemany(f"INSERT INTO kms_uses VALUES ({', '.join('?' * len(VIEW))})", rows)
        found = database.execute(QUERY)
        with path.open("w", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow([one[0] for one in found.description])
            writer.writerows(found)
    return str(path)


def is_whole(record: Json, uses: list[Json]) -> bool:
    """Tell whether the keys of a record are all among its resources, where alone the view looks for them."""
    keys = [one["ARN"] for one in record["resources"] if ":key/" in one["ARN"]]
    return len(keys) == len(record["resources"]) and (len(keys) >= len(uses) or uses[0]["key"] is None)


READABLE = [one.record for one in SAMPLES if one.uses and is_whole(one.record, one.uses)]


def comparable(found: Observed) -> list[list[Any]]:
    lists = (found.uses, found.denied, found.failed, found.services, found.foreign)
    return [[replace(one, events=[]) for one in uses] for uses in lists]


def test_the_answer_is_that_of_the_reader(tmp_path: Path) -> None:
    records = [one | {"eventID": f"{place}"} for place, one in enumerate(READABLE)]
    (tmp_path / "trail.json").write_text(json.dumps({"Records": records}))
    by_files = observe([str(tmp_path / "trail.json")])
    by_query = observe([answered(records, tmp_path / "answer.csv")])
    assert len(READABLE) > 35
    assert by_query.evidence.problems == []
    assert comparable(by_query) == comparable(by_files)
    assert by_query.evidence.kms_events == sum(len(flat(one)) for one in records)


def test_an_event_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    record = READABLE[0]
    [one] = observe([answered([record, record], tmp_path / "answer.csv")]).uses
    assert one.count == 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_athena_can_read_it(place: int) -> None:
    [parsed] = sqlglot.parse(statements([SOURCE])[place], read="athena")
    assert parsed is not None
    kinds = (sqlglot.exp.Create, sqlglot.exp.Create, sqlglot.exp.Select)
    assert isinstance(parsed, kinds[place])


def test_the_query_is_the_same_for_duckdb_and_has_no_function_of_its_own() -> None:
    athena, duckdb = (sqlglot.parse_one(QUERY, read=one) for one in ("athena", "duckdb"))
    assert athena == duckdb
    assert {type(one).__name__ for one in athena.find_all(sqlglot.exp.Func)} == {"Min", "Max", "Count"}


def test_the_view_has_the_columns_that_the_query_names() -> None:
    view = sqlglot.parse_one(statements([SOURCE])[1], read="athena")
    [select] = view.find_all(sqlglot.exp.Select)
    assert select.named_selects == list(VIEW)
    # Each scan is paid for.
    assert statements([SOURCE])[1].count("kms_trail") == 1


def test_the_table_is_partitioned_by_what_the_sources_name() -> None:
    other = SOURCE.replace("us-west-2", "eu-west-1")
    table = statements([SOURCE, other, SOURCE.replace(ACCOUNT, "444455556666")])[0]
    assert "'projection.account.values' = '111122223333,444455556666'" in table
    assert "'projection.region.values' = 'eu-west-1,us-west-2'" in table
    assert "'storage.location.template' = 's3://logs/AWSLogs/${account}/CloudTrail/${region}/${day}'" in table
    of_organization = statements([f"s3://b/p/q/AWSLogs/o-abcdefghij/{ACCOUNT}/CloudTrail/us-gov-west-1/"])[0]
    assert "LOCATION 's3://b/p/q/AWSLogs/o-abcdefghij/'" in of_organization


@pytest.mark.parametrize(
    "sources, why",
    [
        (["logs"], r"source must be the trail of an account and region in S3, s3://<bucket>/AWSLogs/<account>"),
        ([f"s3://logs/AWSLogs/{ACCOUNT}/CloudTrail/us-west-2';DROP"], "source must be"),
        ([SOURCE, SOURCE.replace("s3://logs", "s3://other")], "sources must be of one bucket, prefix and organization"),
        ([], "name the trails"),
    ],
)
def test_a_source_that_is_none_is_refused(sources: list[str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        statements(sources)


def test_the_command_prints_it() -> None:
    done = CliRunner().invoke(app, ["observe", SOURCE, "--print-sql"])
    assert done.exit_code == 0
    assert len(sqlglot.parse(done.stdout, read="athena")) == 3
    without = CliRunner().invoke(app, ["observe", SOURCE])
    assert (without.exit_code, without.stderr) == (2, "error: name the file to write: --output uses.json\n")


def with_context(table: str, text: str) -> str:
    lines = list(csv.DictReader(io.StringIO(table)))
    written = io.StringIO()
    writer = csv.DictWriter(written, lines[0])
    writer.writeheader()
    writer.writerows([one | {"context": text} for one in lines])
    return written.getvalue()


def test_what_is_no_answer_is_told(tmp_path: Path) -> None:
    good = Path(answered(READABLE[:1], tmp_path / "good.csv")).read_text()
    header, row = good.splitlines()
    for name, text, what in (
        ("columns", "a,b\n1,2\n", "file has no column account, as the answer to --print-sql has"),
        ("bytes", "\udcff", "file is no CSV, or cut off"),
        ("action", f"{header}\n{row.replace('Decrypt', 'Fly')}\n", "row left out: KMS has no action 'Fly'"),
        ("number", f"{header}\n{row[:-1]}x\n", "row left out: its times or its number are none"),
        ("who", f"{header}\n{row.replace('user/Alice', 'Alice')}\n", "row left out: it does not tell who called"),
        ("omitted", with_context(good, "omitted"), "row left out: JSON is malformed: invalid character (byte 0)"),
        ("key", f"{header}\n{row.replace(':key/', ':alias/')}\n", "row left out: it does not tell the key"),
    ):
        path = tmp_path / f"{name}.csv"
        path.write_text(text, errors="surrogateescape")
        found = observe([str(path), str(tmp_path / "good.csv")])
        assert [one.what for one in found.evidence.problems] == [what], name
        assert len(found.uses) == 1
