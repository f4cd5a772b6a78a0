"""Athena asked by its API: the table looked at, the cost told before, the answer read by pages; and what goes wrong.

Nothing here runs the query as Athena does. SQLite answers it over rows that the view would have, worked out by hand.
"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from typer.testing import CliRunner

from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.evidence import Observed, live, observe
from secure_kms_constructs.evidence.athena import Question
from secure_kms_constructs.evidence.live import Live
from secure_kms_constructs.evidence.sql import query_over, statements
from tests.unit.account.fake_aws import FakeAws, RefusalError
from tests.unit.evidence.aws import Bucket, History, packed
from tests.unit.evidence.samples import ACCOUNT, KEY, OTHER_KEY, event, session
from tests.unit.evidence.test_histories import account
from tests.unit.evidence.test_sql import READABLE, answered, comparable

Json = dict[str, Any]
ID = "12345678-0000-4000-8000-000000000000"
TODAY = datetime.now(timezone.utc).date()
WHERE = f"AWSLogs/{ACCOUNT}/CloudTrail"
COLUMNS = [
    "useridentity",
    "eventtime",
    "eventsource",
    "eventname",
    "awsregion",
    "sourceipaddress",
    "useragent",
    "errorcode",
    "requestparameters",
    "eventid",
    "resources",
    "eventtype",
    "recipientaccountid",
    "sharedeventid",
]
PROJECTION = {
    "projection.enabled": "true",
    "projection.account.type": "enum",
    "projection.account.values": f"{ACCOUNT}, 444455556666",
    "projection.region.type": "enum",
    "projection.region.values": "eu-west-1,us-west-2",
    "projection.day.type": "date",
    "projection.day.format": "yyyy/MM/dd",
    "storage.location.template": "s3://logs/AWSLogs/${account}/CloudTrail/${region}/${day}",
}


def table(*, columns: list[str] = COLUMNS, partitions: str = "account region day", **more: str | None) -> Json:
    changed = {name.replace("__", "."): value for name, value in more.items()}
    known = {name: value for name, value in {**PROJECTION, **changed}.items() if value is not None}
    return {
        "Table": {
            "Name": "kms_trail",
            "StorageDescriptor": {"Columns": [{"Name": one, "Type": "string"} for one in columns]},
            "PartitionKeys": [{"Name": one, "Type": "string"} for one in partitions.split()],
            "Parameters": known,
        }
    }


class Athena:
    """Athena, Glue and the bucket of the logs.

    :param rows: the answer, the names first.
    :param states: what is told of the query, one after the other.
    """

    def __init__(self, rows: list[list[str]], *states: str, size: int = 1000, **refuse: str) -> None:
        self.rows = rows
        self.states = list(states or ("QUEUED", "RUNNING", "SUCCEEDED"))
        self.size = size
        self.refuse = refuse
        self.table = table()
        self.bucket = Bucket({})
        self.pages = 0

    def told(self, request: Json) -> Json:
        assert request == {"QueryExecutionId": ID}
        state = self.states.pop(0)
        status = (
            {"State": state, "StateChangeReason": "SYNTAX_ERROR: line 1:8"} if state == "FAILED" else {"State": state}
        )
        return {"QueryExecution": {"Status": status, "Statistics": {"DataScannedInBytes": 25_000_000}}}

    def results(self, request: Json) -> Json:
        assert (request["QueryExecutionId"], request["MaxResults"]) == (ID, 1000)
        self.pages += 1
        if self.refuse.get("page") == str(self.pages):
            raise RefusalError("TooManyRequestsException")
        start = int(request.get("NextToken", 0))
        rows = [
            {"Data": [{"VarCharValue": one} if one else {} for one in row]} for row in self.rows[start:][: self.size]
        ]
        more = {"NextToken": str(start + self.size)} if start + self.size < len(self.rows) else {}
        return {"ResultSet": {"Rows": rows}, **more}

    def aws(self) -> FakeAws:
        made = FakeAws(
            {
                ("glue", "GetTable"): lambda _: self.table,
                ("s3", "ListObjectsV2"): self.bucket.listed,
                ("athena", "StartQueryExecution"): lambda _: {"QueryExecutionId": ID},
                ("athena", "GetQueryExecution"): self.told,
                ("athena", "GetQueryResults"): self.results,
                ("athena", "StopQueryExecution"): lambda _: {},
            }
        )
        service = {"GetTable": "glue", "ListObjectsV2": "s3"}
        refused = {name: code for name, code in self.refuse.items() if name != "page"}
        made.refuse = {(service.get(name, "athena"), name): code for name, code in refused.items()}
        return made


def answer(records: list[Json], folder: Path) -> list[list[str]]:
    with Path(answered(records, folder / "answer.csv")).open(newline="") as opened:
        return list(csv.reader(opened))


def question(**more: Any) -> Question:
    made = Question.about("kms_trail", days=30, workgroup=None, output=None, price=5.0)
    return replace(made, **{"sleep": lambda _seconds: None, **more})


def ask(athena: Athena, asked: Question | None = None, aws: FakeAws | None = None) -> Observed:
    session = (aws or athena.aws()).session()
    return observe([], live=Live(athena=asked or question(), session=session))


RECORDS = [one | {"eventID": f"{place}"} for place, one in enumerate(READABLE)]
ONE = event("Decrypt", session())


def test_the_same_events_are_the_same_uses_however_they_are_read(tmp_path: Path) -> None:
    """By files, from a bucket, by Athena; and of those about the two keys, by the event history."""
    (tmp_path / "trail.json").write_text(json.dumps({"Records": RECORDS}))
    by_files = comparable(observe([str(tmp_path / "trail.json")]))
    assert sum(map(len, by_files)) > 30
    assert comparable(ask(Athena(answer(RECORDS, tmp_path), size=7))) == by_files
    bucket = Bucket({f"{WHERE}/{place}.json": packed(one) for place, one in enumerate(RECORDS)})
    assert comparable(observe(["s3://logs/AWSLogs"], live=Live(session=bucket.aws().session()))) == by_files
    named = [one for one in RECORDS if {it.get("ARN") for it in one["resources"]} & {KEY, OTHER_KEY}]
    (tmp_path / "named.json").write_text(json.dumps({"Records": named}))
    history = Live(lookup=True, session=History(named).aws().session())
    by_history = observe([], snapshot=account(), live=history)
    assert comparable(by_history) == comparable(observe([str(tmp_path / "named.json")], snapshot=account()))


def test_what_is_asked_is_what_print_sql_prints(tmp_path: Path) -> None:
    athena = Athena(answer([ONE], tmp_path))
    aws = athena.aws()
    given = question(workgroup="audit", output="s3://answers/kms/")
    found = ask(athena, given, aws)
    [asked] = [one[2] for one in aws.calls if one[1] == "StartQueryExecution"]
    since = TODAY - timedelta(days=30)
    assert asked["QueryString"] == query_over('"default"."kms_trail"', f"\"day\" >= '{since:%Y/%m/%d}'")
    assert asked["QueryExecutionContext"] == {"Database": "default"}
    assert asked["WorkGroup"] == "audit"
    assert asked["ResultConfiguration"] == {"OutputLocation": "s3://answers/kms/"}
    assert found.evidence.sources == [f"Athena table default.kms_trail since {since}"]
    view, query = statements([f"s3://logs/{WHERE}/us-west-2"])[1:]
    rows = view.removeprefix("CREATE OR REPLACE VIEW kms_uses AS\n")
    assert query_over("kms_trail") == f"WITH kms_uses AS (\n{rows}\n)\n{query}"


def test_athena_can_read_it() -> None:
    [parsed] = sqlglot.parse(query_over('"x"."kms_trail"', "\"day\" >= '2026/01/01'"), read="athena")
    assert isinstance(parsed, sqlglot.exp.Select)
    assert [one.name for one in parsed.find_all(sqlglot.exp.Table)] == ["kms_uses", "kms_trail"]


def test_workgroup_and_output_are_left_to_athena(tmp_path: Path) -> None:
    aws = Athena(answer([ONE], tmp_path)).aws()
    ask(Athena([]), aws=aws)
    [asked] = [one[2] for one in aws.calls if one[1] == "StartQueryExecution"]
    assert not {"WorkGroup", "ResultConfiguration"} & set(asked)


def test_the_cost_is_told_before_and_after(tmp_path: Path) -> None:
    """Of the days that are asked for, in each place of the table."""
    athena = Athena(answer([ONE], tmp_path))
    near, far = (TODAY - timedelta(days=one) for one in (30, 31))
    for place, day in ((f"{WHERE}/eu-west-1", near), (f"{WHERE}/us-west-2", TODAY), (f"{WHERE}/us-west-2", far)):
        athena.bucket.objects[f"{place}/{day:%Y/%m/%d}/x.json.gz"] = b"x" * 15_000_000
    athena.bucket.objects[f"AWSLogs/999988887777/CloudTrail/eu-west-1/{TODAY:%Y/%m/%d}/x.json.gz"] = b"x"
    said: list[str] = []
    aws = athena.aws()

    def agree(text: str) -> None:
        assert "StartQueryExecution" not in {one[1] for one in aws.calls}
        said.append(text)

    ask(athena, question(agree=agree, say=said.append, price=5000.0), aws)
    assert said == [
        f"Athena will read 30 MB, 0.15 at 5000 for a terabyte: the files of 4 places since {near}",
        "Athena has read 25 MB, 0.12 at 5000 for a terabyte",
    ]
    listed = [one[2] for one in aws.calls if one[1] == "ListObjectsV2"]
    assert {one["StartAfter"] for one in listed if "eu-west-1" in one["Prefix"]} == {
        f"AWSLogs/{one}/CloudTrail/eu-west-1/{near:%Y/%m/%d}" for one in (ACCOUNT, "444455556666")
    }


def test_a_little_costs_what_athena_bills_at_least() -> None:
    assert question().cost(7) == "10 MB, 0.00 at 5 for a terabyte"
    assert question().cost(3 * 10**12) == "3,000,000 MB, 15.00 at 5 for a terabyte"


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket"])
def test_a_cost_that_is_not_known_is_said(code: str, tmp_path: Path) -> None:
    said: list[str] = []
    ask(Athena(answer([ONE], tmp_path), ListObjectsV2=code), question(agree=said.append))
    assert said[0].startswith("what Athena will read is not known (")


def test_nobody_agrees_and_nothing_is_asked(tmp_path: Path) -> None:
    athena = Athena(answer([ONE], tmp_path))
    aws = athena.aws()

    def agree(_text: str) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ask(athena, question(agree=agree), aws)
    assert "StartQueryExecution" not in {one[1] for one in aws.calls}


WRONG = {
    "no column requestparameters, as a table over CloudTrail has": table(
        columns=[one for one in COLUMNS if one != "requestparameters"]
    ),
    "no partition by day (yyyy/MM/dd) that is projected": table(partitions="account region"),
    "no partition by day (yyyy/MM/dd) that is projected: make": table(projection__enabled=None),
    "no partition by day (yyyy/MM/dd) that is": table(projection__day__format="yyyy-MM-dd"),
    "no partition by day (yyyy/MM/dd) that": table(storage__location__template=None),
    "a partition region without a list of values": table(projection__region__type="injected"),
    "something after the day in storage.location.template": table(
        storage__location__template="s3://logs/${account}/${region}/${day}/x"
    ),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_table_of_another_kind_is_refused(why: str) -> None:
    athena = Athena([])
    athena.table = WRONG[why]
    with pytest.raises(ValueError) as told:
        ask(athena)
    assert f"table default.kms_trail has {why}" in str(told.value)
    assert str(told.value).endswith("make the one that `secure-kms observe s3://... --print-sql` prints")


def test_the_table_of_the_page_of_aws_will_do(tmp_path: Path) -> None:
    """It is about one account and region, and its day is called timestamp."""
    athena = Athena(answer([ONE], tmp_path))
    athena.table = table(
        partitions="timestamp",
        projection__timestamp__type="date",
        projection__timestamp__format="yyyy/MM/dd",
        storage__location__template="s3://logs/AWSLogs/111122223333/CloudTrail/eu-west-1/${timestamp}",
    )
    aws = athena.aws()
    ask(athena, aws=aws)
    [asked] = [one[2] for one in aws.calls if one[1] == "StartQueryExecution"]
    assert 'AND "timestamp" >= ' in asked["QueryString"]


@pytest.mark.parametrize(
    "operation, code, why",
    [
        ("GetTable", "EntityNotFoundException", "table default.kms_trail does not exist in us-east-1: make the one"),
        ("GetTable", "AccessDeniedException", "table default.kms_trail cannot be looked at: .*allow glue:GetTable"),
        (
            "StartQueryExecution",
            "InvalidRequestException",
            r"does not take the query \(Inv.*name a --workgroup that there",
        ),
        ("StartQueryExecution", "AccessDeniedException", "Athena does not take the query: .*allow athena:StartQuery"),
        (
            "StartQueryExecution",
            "ExpiredTokenException",
            r"AWS does not accept the credentials \(ExpiredTokenException\)",
        ),
        (
            "GetQueryExecution",
            "AccessDeniedException",
            "whether Athena has an answer is not told: .*allow athena:GetQuery",
        ),
    ],
)
def test_what_is_refused_is_said_in_plain_words(operation: str, code: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ask(Athena([], **{operation: code}))


@pytest.mark.parametrize(
    "state, why",
    [("FAILED", "ended as FAILED: SYNTAX_ERROR: line 1:8"), ("CANCELLED", "ended as CANCELLED: no reason")],
)
def test_a_query_that_fails_says_why(state: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ask(Athena([], "RUNNING", state))


def test_it_waits_longer_and_longer_and_not_too_long(tmp_path: Path) -> None:
    pauses: list[float] = []
    ask(Athena(answer([ONE], tmp_path), *["RUNNING"] * 6, "SUCCEEDED"), question(sleep=pauses.append))
    assert pauses == [1.0, 1.5, 2.25, 3.375, 5.0, 5.0]


def test_a_query_that_nobody_waits_for_is_stopped() -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    athena = Athena([])
    aws = athena.aws()
    with pytest.raises(KeyboardInterrupt):
        ask(athena, question(sleep=interrupted), aws)
    assert aws.calls[-1][1:] == ("StopQueryExecution", {"QueryExecutionId": ID})


def test_half_an_answer_is_told_and_kept(tmp_path: Path) -> None:
    found = ask(Athena(answer(RECORDS, tmp_path), size=5, page="2"))
    assert len([*found.uses, *found.denied, *found.failed, *found.services, *found.foreign]) == 4
    [problem] = found.evidence.problems
    assert problem.what.startswith("the answer breaks off: the answer of ")
    assert problem.where == [f"answer of Athena {ID}"]


def test_an_answer_without_rows_is_one(tmp_path: Path) -> None:
    names = answer([ONE], tmp_path)[:1]
    found = ask(Athena(names))
    assert (found.uses, found.evidence.problems, found.evidence.kms_events) == ([], [], 0)


def test_an_answer_to_something_else_is_none() -> None:
    with pytest.raises(ValueError, match="the answer of Athena has no column principal"):
        ask(Athena([["a", "b"], ["1", "2"]]))


@pytest.mark.parametrize("name", ["a.b.c", "kms-trail", "x;DROP", 'x"', "", "é"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"table must be like kms_trail or database\.kms_trail, got"):
        Question.about(name, days=1, workgroup=None, output=None, price=5)


def test_a_database_is_named_before_the_table(tmp_path: Path) -> None:
    athena = Athena(answer([ONE], tmp_path))
    aws = athena.aws()
    made = Question.about("audit.trail_2", days=1, workgroup=None, output=None, price=5)
    ask(athena, replace(made, sleep=lambda _: None), aws)
    assert aws.calls[0][2] == {"DatabaseName": "audit", "Name": "trail_2"}


def test_the_command_asks_before_it_costs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    athena = Athena(answer([ONE], tmp_path), "SUCCEEDED")
    aws = athena.aws()
    monkeypatch.setattr(live, "session_of", lambda _profile: aws.session())
    common = ("observe", "--athena", "kms_trail", "-o", str(tmp_path / "out"), "--region", "us-east-1")
    for given, why in (("n\n", "error: Athena was not asked"), ("", "nobody is there to agree, so give --yes")):
        refused = CliRunner().invoke(app, common, input=given)
        assert (refused.exit_code, "StartQueryExecution" in {one[1] for one in aws.calls}) == (2, False)
        assert why in refused.stderr
    done = CliRunner().invoke(app, [*common, "--yes", "--days", "7", "--price-per-tb", "6"])
    assert done.exit_code == 0, done.output
    since = TODAY - timedelta(days=7)
    assert f"Athena will read 10 MB, 0.00 at 6 for a terabyte: the files of 4 places since {since}" in done.stderr
    assert "Athena has read 25 MB" in done.stderr
    assert "1 events, 1 of KMS" in done.stdout
    wrong = CliRunner().invoke(app, [*common, "--output-location", "/tmp/x"])
    assert wrong.stderr == "error: output location must be in S3, s3://<bucket>/<prefix>/, got '/tmp/x'\n"
