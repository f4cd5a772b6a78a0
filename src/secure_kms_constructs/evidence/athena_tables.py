"""A table of Athena over CloudTrail logs: whether it is one, and how much of S3 a question about it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any

from secure_kms_constructs.account.connections import Connection, GoneError

_NAME = re.compile(r"(?:(\w+)\.)?(\w+)", re.ASCII)
_HOLE = re.compile(r"\$\{(\w+)\}")
_PLACE = re.compile(r"s3://([^/]+)/(.*)")
# What the query reads.
_COLUMNS = (
    *("useridentity", "eventtime", "eventsource", "eventname", "awsregion", "sourceipaddress", "useragent"),
    *("errorcode", "requestparameters", "eventid", "resources", "eventtype", "recipientaccountid"),
)
_PRINTED = "make the one that `secure-kms observe s3://... --print-sql` prints"
_FORMAT = "yyyy/MM/dd"


@dataclass(frozen=True)
class Table:
    """A table with partition projection.

    https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html

    :param day: the partition that is a day.
    :param places: in S3, where the days of each of the other partitions are.
    """

    database: str
    name: str
    day: str
    places: tuple[str, ...]

    @property
    def quoted(self) -> str:
        """Its name in a query."""
        return f'"{self.database}"."{self.name}"'

    def since(self, day: date) -> str:
        """Return what picks the rows of a day and of those after it."""
        return f"\"{self.day}\" >= '{day:%Y/%m/%d}'"

    def stored(self, to: Connection, day: date) -> int | None:
        """Return how many bytes lie in S3 from a day on; None where that is not listed."""
        found = 0
        for place in self.places:
            match = _PLACE.fullmatch(place)
            assert match is not None
            bucket, start = match.groups()
            asked = {"Bucket": bucket, "Prefix": start, "StartAfter": f"{start}{day:%Y/%m/%d}"}
            try:
                for page in to.pages("s3", "ListObjectsV2", place, **asked):
                    found += sum(one.get("Size", 0) for one in page.get("Contents", []))
            except GoneError:
                return None
            if not to.was_answered("s3", "ListObjectsV2", place):
                return None
        return found


def split_name(name: str) -> tuple[str, str]:
    """Return the database and the table that a text names.

    :raises ValueError: where it names none.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"table must be like kms_trail or database.kms_trail, got {name!r}")
    return match[1] or "default", match[2]


def table_of(to: Connection, database: str, name: str) -> Table:
    """Return a table.

    :raises ValueError: where there is none, or it is none over CloudTrail by day.
    """
    said = f"table {database}.{name}"
    try:
        answer = to.call("glue", "GetTable", said, DatabaseName=database, Name=name)
    except GoneError:
        answer = {}
    if answer is None and to.unread[-1].why != "EntityNotFoundException":
        raise ValueError(f"{said} cannot be looked at: {to.unread[-1]}")
    if not answer:
        raise ValueError(f"{said} does not exist in {to.region}: {_PRINTED}, or name --region")
    return _read(answer["Table"], database, name)


def _read(table: dict[str, Any], database: str, name: str) -> Table:
    said = f"table {database}.{name}"
    columns = {one["Name"].lower() for one in table.get("StorageDescriptor", {}).get("Columns", [])}
    if missing := [one for one in _COLUMNS if one not in columns]:
        raise ValueError(f"{said} has no column {missing[0]}, as a table over CloudTrail has: {_PRINTED}")
    known = table.get("Parameters", {})
    template = known.get("storage.location.template", "")
    days = [
        one["Name"]
        for one in table.get("PartitionKeys", [])
        if known.get(f"projection.{one['Name']}.type", "").lower() == "date"
    ]
    is_projected = known.get("projection.enabled", "").lower() == "true" and _PLACE.fullmatch(template)
    if not is_projected or len(days) != 1 or known.get(f"projection.{days[0]}.format") != _FORMAT:
        raise ValueError(f"{said} has no partition by day ({_FORMAT}) that is projected: {_PRINTED}")
    [day] = days
    before, _, after = template.partition(f"${{{day}}}")
    if after.strip("/"):
        raise ValueError(f"{said} has something after the day in storage.location.template: {_PRINTED}")
    return Table(database, name, day, tuple(_filled(before, known, said)))


def _filled(template: str, known: dict[str, str], said: str) -> Iterator[str]:
    """Return a template with each value of the other partitions."""
    names = _HOLE.findall(template)
    for name in names:
        if known.get(f"projection.{name}.type", "").lower() != "enum":
            raise ValueError(f"{said} has a partition {name} without a list of values: {_PRINTED}")
    values = [known.get(f"projection.{name}.values", "").split(",") for name in names]
    for chosen in product(*values):
        given = dict(zip(names, (one.strip() for one in chosen), strict=True))
        yield _HOLE.sub(lambda match, given=given: given[match[1]], template)  # type: ignore[misc]


def days_ago(number: int, today: date) -> date:
    """Return the day that was so many days ago."""
    return today - timedelta(days=number)
