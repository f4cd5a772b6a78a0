"""Uses as a table of Parquet, for whoever asks about them in SQL. Nothing is lost: it is read as the JSON is.

A row is one use. What is no use, such as the evidence, is in the metadata of the file.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from os import PathLike
from typing import Any

from .uses import Observed

_NAME = b"secure-kms"
# Lists of uses, whose name is the first column.
LISTS = ("uses", "denied", "failed", "services", "foreign")
_ADVICE = "needs pyarrow, which is not installed: pip install 'secure-kms-constructs[parquet]'"


def is_parquet(path: str | PathLike[str]) -> bool:
    """Tell whether a file is one by its name."""
    return str(path).endswith(".parquet")


def write(observed: Observed, whole: dict[str, Any], path: str | PathLike[str]) -> None:
    """Write what was observed.

    :param whole: what a file of JSON has beside it.
    """
    arrow = need_pyarrow()
    text = arrow.string()
    schema = arrow.schema(
        {
            **dict.fromkeys(("list", "principal", "account", "action", "key", "service", "via", "context"), text),
            **{"first": text, "last": text, "count": arrow.int64(), "events": arrow.list_(text)},
            "by_grant": arrow.bool_(),
        }
    )
    content = asdict(observed)
    rows = [_row(name, one) for name in LISTS for one in content.pop(name)]
    beside = json.dumps({**whole, "observed": content}).encode()
    table = arrow.Table.from_pylist(rows, schema=schema.with_metadata({_NAME: beside}))
    from pyarrow.parquet import write_table

    write_table(table, str(path), compression="zstd")


def read(path: str | PathLike[str]) -> Any:
    """Return the content that a file of JSON would have; None where it is another file of Parquet, or none."""
    arrow = need_pyarrow()
    from pyarrow.parquet import read_table

    try:
        table = read_table(str(path))
        whole = json.loads((table.schema.metadata or {}).get(_NAME, b"null"))
        if whole is not None:
            lists: dict[str, list[Any]] = {name: [] for name in LISTS}
            for row in table.to_pylist():
                context = row["context"]
                row["context"] = None if context is None else json.loads(context)
                lists[row.pop("list")].append(row)
            whole["observed"] |= lists
    except (arrow.ArrowException, ValueError, KeyError, TypeError):
        return None
    return whole


def _row(name: str, use: dict[str, Any]) -> dict[str, Any]:
    context = use["context"]
    return {"list": name, **use, "context": None if context is None else json.dumps(context)}


def need_pyarrow() -> Any:
    """Return pyarrow.

    :raises ValueError: where it is not installed.
    """
    try:
        import pyarrow
    except ModuleNotFoundError:
        raise ValueError(f"a file of Parquet {_ADVICE}") from None
    return pyarrow
