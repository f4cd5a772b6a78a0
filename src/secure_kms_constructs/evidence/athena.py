"""The question asked of Athena, where the logs lie: what it costs is told before, and the answer read by pages.

https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from secure_kms_constructs.account.connections import Connection, GoneError

from .athena_tables import Table, days_ago, split_name, table_of
from .counting import Reader
from .sources import Source
from .sql import COLUMNS, query_over
from .tables import COUNTED, uses_of

_PAGE = 1000
_MEGABYTE, _TERABYTE = 10**6, 10**12
# https://aws.amazon.com/athena/pricing/: each query is billed for this much at least.
_LEAST = 10 * _MEGABYTE
_POLLED = (1.0, 5.0)
_NOTHING: Callable[[str], None] = lambda _text: None  # noqa: E731 - a default that does nothing


@dataclass(frozen=True)
class Question:
    """What is asked.

    :param days: how many days back.
    :param price: of a terabyte that is read.
    :param agree: told what it costs, before it is asked; raises where that is too much.
    :param say: told what it did cost.
    """

    database: str
    table: str
    days: int = 90
    workgroup: str | None = None
    output: str | None = None
    price: float = 5.0
    agree: Callable[[str], None] = _NOTHING
    say: Callable[[str], None] = _NOTHING
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def about(cls, name: str, *, days: int, workgroup: str | None, output: str | None, price: float) -> Question:
        """Return a question about a table, ``table`` or ``database.table``.

        :raises ValueError: where a text is none.
        """
        if output is not None and not output.startswith("s3://"):
            raise ValueError(f"output location must be in S3, s3://<bucket>/<prefix>/, got {output!r}")
        return cls(*split_name(name), days, workgroup, output, price)

    def cost(self, stored: int) -> str:
        """Return what reading so many bytes costs."""
        billed = max(stored, _LEAST)
        return f"{billed / _MEGABYTE:,.0f} MB, {billed / _TERABYTE * self.price:.2f} at {self.price:g} for a terabyte"


def asked(question: Question, to: Connection) -> Source:
    """Return the answer to a question, as a source. It is agreed to before.

    :raises ValueError: where the table is none, or nobody agrees.
    """
    table = table_of(to, question.database, question.table)
    first = days_ago(question.days, datetime.now(timezone.utc).date())
    stored = table.stored(to, first)
    if stored is None:
        known = f"what Athena will read is not known ({to.unread[-1] if to.unread else 'a bucket is gone'})"
    else:
        known = f"Athena will read {question.cost(stored)}: the files of {len(table.places)} places since {first}"
    question.agree(known)

    def read(reader: Reader, progress: Callable[[str], None]) -> None:
        _Asking(question, to, table).read(query_over(table.quoted, table.since(first)), reader, progress)

    return Source(f"Athena table {table.database}.{table.name} since {first}", read)


@dataclass(frozen=True)
class _Asking:
    question: Question
    to: Connection
    table: Table

    def read(self, sql: str, reader: Reader, progress: Callable[[str], None]) -> None:
        execution = self._start(sql)
        progress("Athena is asked")
        try:
            done = self._waited(execution)
        except BaseException:
            # What nobody waits for shall cost no more.
            self.to.call("athena", "StopQueryExecution", execution, QueryExecutionId=execution)
            raise
        status = done["Status"]
        if status["State"] != "SUCCEEDED":
            reason = status.get("StateChangeReason") or status.get("AthenaError", {}).get("ErrorMessage", "no reason")
            raise ValueError(f"the query of Athena ended as {status['State']}: {reason}")
        scanned = done.get("Statistics", {}).get("DataScannedInBytes")
        if scanned is not None:
            self.question.say(f"Athena has read {self.question.cost(scanned)}")
        where = f"answer of Athena {execution}"
        reader.table(uses_of(self._rows(execution)), where)
        if not self.to.was_answered("athena", "GetQueryResults", where):
            reader.counted.trouble(f"the answer breaks off: {self.to.unread[-1]}", where)

    def _start(self, sql: str) -> str:
        asked: dict[str, Any] = {"QueryString": sql, "QueryExecutionContext": {"Database": self.table.database}}
        if self.question.workgroup:
            asked["WorkGroup"] = self.question.workgroup
        if self.question.output:
            asked["ResultConfiguration"] = {"OutputLocation": self.question.output}
        answer = self.to.call("athena", "StartQueryExecution", self.table.quoted, **asked)
        if answer is None:
            refused = self.to.unread[-1]
            if refused.why == "InvalidRequestException":
                raise ValueError(
                    "Athena does not take the query (InvalidRequestException): name a --workgroup that there is, and "
                    "where its answer goes by --output-location s3://..., unless the workgroup says it"
                )
            raise ValueError(f"Athena does not take the query: {refused}")
        return str(answer["QueryExecutionId"])

    def _waited(self, execution: str) -> dict[str, Any]:
        """Return an execution that has ended."""
        pause, longest = _POLLED
        while True:
            answer = self.to.call("athena", "GetQueryExecution", execution, QueryExecutionId=execution)
            if answer is None:
                raise ValueError(f"whether Athena has an answer is not told: {self.to.unread[-1]}")
            found: dict[str, Any] = answer["QueryExecution"]
            if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return found
            self.question.sleep(pause)
            pause = min(pause * 1.5, longest)

    def _rows(self, execution: str) -> Iterator[dict[str, str | None]]:
        """Return the rows of an answer; the first has the names.

        :raises ValueError: where it is not the answer to the query.
        """
        where = f"answer of Athena {execution}"
        names: list[str | None] = []
        pages = self.to.pages("athena", "GetQueryResults", where, QueryExecutionId=execution, MaxResults=_PAGE)
        try:
            for page in pages:
                for row in page["ResultSet"]["Rows"]:
                    values = [one.get("VarCharValue") for one in row.get("Data", [])]
                    if names:
                        yield dict(zip([name or "" for name in names], values, strict=False))
                        continue
                    names = values
                    if missing := [one for one in (*COLUMNS, *COUNTED) if one not in names]:
                        raise ValueError(f"the answer of Athena has no column {missing[0]}")
        except GoneError:
            raise ValueError("the answer of Athena is no longer there: ask again") from None
