"""What the query of `sql.py` answered, as CSV: rows that were counted elsewhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .callers import caller_of, service_of, via_of
from .contexts import NONE, Context, Contexts
from .events import action_of, is_key, is_time, outcome_of
from .records import Identity
from .sql import COLUMNS
from .tallies import Head, Tally

COUNTED = ("first_seen", "last_seen", "an_event", "calls")


class Row(NamedTuple):
    """A use that was counted elsewhere."""

    head: Head
    context: Context
    tally: Tally


def is_table(path: str) -> bool:
    """Tell whether a file is one by its name."""
    return path.endswith(".csv")


def rows(text: bytes) -> Iterator[Row | str]:
    """Return the uses that a table tells of, or what is wrong with a row.

    :raises ValueError: when it is not what the query answers.
    """
    try:
        lines = csv.DictReader(io.StringIO(text.decode("utf-8-sig")), strict=True)
        missing = {*COLUMNS, *COUNTED} - set(lines.fieldnames or ())
        if missing:
            raise ValueError(f"file has no column {sorted(missing)[0]}, as the answer to --print-sql has")
        yield from uses_of({name: value for name, value in line.items() if name is not None} for line in lines)
    except (UnicodeDecodeError, csv.Error):
        raise ValueError("file is no CSV, or cut off") from None


def uses_of(lines: Iterable[Mapping[str, str | None]]) -> Iterator[Row | str]:
    """Return the uses that rows tell of, or what is wrong with a row."""
    contexts = Contexts()
    for line in lines:
        try:
            yield _row({name: value or "" for name, value in line.items()}, contexts)
        except ValueError as error:
            yield f"row left out: {error}"


def _row(line: dict[str, str], contexts: Contexts) -> Row:
    identity = Identity(
        line["principal_type"] or None, line["principal"] or None, line["account"] or None, line["service"] or None
    )
    caller = caller_of(identity)
    if caller is None:
        raise ValueError("it does not tell who called")
    action = action_of(line["action"])
    key = line["key_arn"] if is_key(line["key_arn"]) else None
    if key is None and not line["error_code"] and action.needs_key:
        raise ValueError("it does not tell the key")
    if not (is_time(line["first_seen"]) and is_time(line["last_seen"])) or not line["calls"].isdecimal():
        raise ValueError("its times or its number are none")
    service = None if caller.kind == "service" else service_of(identity, None, None)
    head = Head(
        outcome_of(line["error_code"] or None),
        caller.kind,
        caller.name,
        caller.account,
        action.name,
        key if action.needs_key else None,
        service,
        via_of(service, line["region"], key),
    )
    tally = Tally()
    tally.first, tally.last, tally.events = line["first_seen"], line["last_seen"], [line["an_event"]]
    own = line["recipient"] in ("", caller.account)
    tally.own, tally.other = (int(line["calls"]), 0) if own else (0, int(line["calls"]))
    return Row(head, contexts.read(line["context"].encode()) if line["context"] else NONE, tally)
