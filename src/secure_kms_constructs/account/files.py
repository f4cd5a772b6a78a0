"""Snapshots as files: JSON that a person can review, and that is refused when it is not what was written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

from .snapshots import FORMAT, Snapshot

_KIND = "secure-kms account"
_NEW = "make it anew with `secure-kms account snapshot`"


def write_snapshot(snapshot: Snapshot, path: str | PathLike[str]) -> None:
    """Write a snapshot."""
    Path(path).write_text(as_text(snapshot), encoding="utf-8")


def as_text(snapshot: Snapshot) -> str:
    """Return a snapshot as JSON."""
    content = asdict(snapshot)
    whole = {"kind": _KIND, "format": FORMAT, "digest": digest_of(content), "snapshot": content}
    return json.dumps(whole, indent=1, sort_keys=False) + "\n"


def read_snapshot(path: str | PathLike[str]) -> Snapshot:
    """Read a snapshot.

    :raises ValueError: when it is none, of a newer format, or not as it was written.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"{path} is no account snapshot: its JSON is cut off or broken; {_NEW}") from None
    return snapshot_of(whole, str(path))


def snapshot_of(whole: object, name: str) -> Snapshot:
    """Return the snapshot that a JSON object holds; ValueError where it is none."""
    if not is_snapshot(whole):
        raise ValueError(f"{name} is no account snapshot: it has no kind {_KIND!r}; {_NEW}")
    assert isinstance(whole, dict)
    number = whole.get("format")
    if not isinstance(number, int) or number > FORMAT:
        raise ValueError(f"{name} has format {number!r} and this version reads up to {FORMAT}: install a newer one")
    content = whole.get("snapshot")
    if whole.get("digest") != digest_of(content):
        raise ValueError(f"{name} was changed since it was made, its digest is not that of its content; {_NEW}")
    msgspec = _msgspec()
    try:
        return msgspec.convert(content, Snapshot)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise ValueError(f"{name} is no account snapshot: {error}; {_NEW}") from None


def is_snapshot(whole: object) -> bool:
    """Tell whether a JSON value says that it is an account snapshot."""
    return isinstance(whole, dict) and whole.get("kind") == _KIND


def digest_of(content: object) -> str:
    """Return what tells whether the content of a file is as it was written."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _msgspec() -> Any:
    try:
        import msgspec
    except ModuleNotFoundError:
        raise ValueError(
            "accounts need msgspec, which is not installed: pip install 'secure-kms-constructs[live]'"
        ) from None
    return msgspec
