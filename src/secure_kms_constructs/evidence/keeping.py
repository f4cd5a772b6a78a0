"""Uses as files: JSON to review, or Parquet for SQL. Both are refused when they are not what was written."""

from __future__ import annotations

import json
from dataclasses import asdict
from os import PathLike
from pathlib import Path

import msgspec

from secure_kms_constructs.account.files import digest_of

from . import parquet
from .uses import FORMAT, Observed

_KIND = "secure-kms uses"
_NEW = "make it anew with `secure-kms observe`"


def write(observed: Observed, path: str | PathLike[str]) -> None:
    """Write what was observed."""
    content = asdict(observed)
    head = {"kind": _KIND, "format": FORMAT, "digest": digest_of(content)}
    if parquet.is_parquet(path):
        parquet.write(observed, head, path)
        return
    whole = {**head, "observed": content}
    Path(path).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def read(path: str | PathLike[str]) -> Observed:
    """Read what was observed.

    :raises ValueError: when it is no such file, of a newer format, or not as it was written.
    """
    if parquet.is_parquet(path):
        parquet.need_pyarrow()
    try:
        whole = parquet.read(path) if parquet.is_parquet(path) else json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ValueError(f"{path} has no uses: its JSON is cut off or broken; {_NEW}") from None
    if not isinstance(whole, dict) or whole.get("kind") != _KIND:
        raise ValueError(f"{path} has no uses: it has no kind {_KIND!r}; {_NEW}")
    number = whole.get("format")
    if not isinstance(number, int) or number > FORMAT:
        raise ValueError(f"{path} has format {number!r} and this version reads up to {FORMAT}: install a newer one")
    content = whole.get("observed")
    if whole.get("digest") != digest_of(content):
        raise ValueError(f"{path} was changed since it was made, its digest is not that of its content; {_NEW}")
    try:
        return msgspec.convert(content, Observed)
    except msgspec.ValidationError as error:
        raise ValueError(f"{path} has no uses: {error}; {_NEW}") from None
