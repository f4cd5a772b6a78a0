"""Log files of CloudTrail: found, unpacked within limits, and taken apart into records."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath
from typing import NamedTuple

import msgspec

from .records import File, decode_file

# CloudTrail's files are a few megabytes. One that unpacks to more is none of them.
UNPACKED_BYTES = 256 * 1024 * 1024
_NEXT = re.compile(r"[\s,]*(?=\{)")
# It writes one gzip member a file.
MEMBERS = 100
_GZIP = b"\x1f\x8b"
SUFFIXES = (".json", ".json.gz")
OTHERS = f"files that do not end in {' or '.join(SUFFIXES)}"
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html#cloudtrail-log-filename-format
_NAME = re.compile(r"(\d{12})_CloudTrail(-Digest|-Insight)?_([a-z0-9-]+?)_(?:.*_)?(\d{4})(\d\d)(\d\d)T\d{4,6}Z(?:_.*)?")

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
_DIGEST = re.compile(r"\d{12}_CloudTrail-Digest_([a-z0-9-]+)_(.+)_[a-z0-9-]+_\d{8}T\d{4,6}Z(?:_backfill)?")


class NamedFile(NamedTuple):
    """What the name of a log file tells."""

    account: str
    region: str
    day: str


@dataclass(frozen=True)
class Found:
    """The files of some sources.

    :param others: files of folders whose names are not those of logs.
    """

    paths: list[Path]
    others: int = 0


def find(sources: Iterable[str]) -> Found:
    """Return the files that sources name: files, folders with all that is below, or patterns with ``*``.

    :raises ValueError: for a source that is none, or has no files.
    """
    paths: dict[Path, None] = {}
    others = 0
    for source in sources:
        before = len(paths), others
        for path in _below(source):
            if path.name.endswith(SUFFIXES) or not Path(source).is_dir():
                paths[path.resolve()] = None
            else:
                others += 1
        if (len(paths), others) == before and not list(_below(source)):
            raise ValueError(f"source {source} has no files: name files of CloudTrail, a folder of them or a pattern")
    if not paths:
        raise ValueError("none of the files ends in .json or .json.gz, as those of CloudTrail do")
    return Found(sorted(paths), others)


def _below(source: str) -> Iterator[Path]:
    path = Path(source)
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from (one for one in path.rglob("*") if one.is_file())
    elif path.exists():
        raise ValueError(f"source {source} is neither a file nor a folder")
    else:
        fixed = next((place for place, one in enumerate(path.parts) if any(it in one for it in "*?[")), None)
        if fixed is not None:
            pattern = "/".join(path.parts[fixed:])
            yield from (one for one in Path(*path.parts[:fixed]).glob(pattern) if one.is_file())


def named(path: PurePath) -> NamedFile | None:
    """Return what the name of a log file tells; None where it is not one that CloudTrail gives."""
    match = _NAME.fullmatch(path.name.removesuffix(".gz").removesuffix(".json"))
    if match is None or match[2]:
        return None
    try:
        day = date(*map(int, match.groups()[3:6]))
    except ValueError:
        return None
    return NamedFile(match[1], match[3], day.isoformat())


class NamedDigest(NamedTuple):
    """What the name of a digest file tells."""

    region: str
    trail: str


def digest_named(path: PurePath) -> NamedDigest | None:
    """Return what the name of a digest file tells; None where it is not one that CloudTrail gives."""
    match = _DIGEST.fullmatch(path.name.removesuffix(".gz").removesuffix(".json"))
    return NamedDigest(match[1], match[2]) if match else None


def load(path: Path, limit: int = UNPACKED_BYTES) -> bytes:
    """Return a file as it is.

    :raises ValueError: where it cannot be read, with the reason.
    """
    try:
        with path.open("rb") as opened:
            packed = opened.read(limit + 1)
    except OSError as error:
        raise ValueError(f"file cannot be read: {error.strerror}") from None
    if len(packed) > limit:
        raise ValueError(f"file is larger than {limit >> 20} MB")
    return packed


def taken_apart(packed: bytes, limit: int = UNPACKED_BYTES) -> File:
    """Return what is in a file.

    :raises ValueError: where it is no file of CloudTrail, with the reason.
    """
    return _decoded(_unpacked(packed, limit) if packed.startswith(_GZIP) else packed)


def _unpacked(packed: bytes, limit: int) -> bytes:
    whole = b""
    for _ in range(MEMBERS):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            part = unpacker.decompress(packed, limit + 1 - len(whole))
        except zlib.error:
            raise ValueError("file is broken gzip") from None
        whole = whole + part if whole else part
        if len(whole) > limit:
            raise ValueError(f"file unpacks to more than {limit >> 20} MB")
        if not unpacker.eof:
            raise ValueError("file is gzip that is cut off")
        packed = unpacker.unused_data
        if not packed:
            return whole
    raise ValueError(f"file has more than {MEMBERS} gzip members")


def _one_by_one(text: bytes) -> File:
    """Take a file apart that has a record with half a character, such as ``\\ud800``, which is JSON all the same."""
    found = []
    try:
        whole = text.decode()
        json.loads(whole)
        place = whole.index("[", whole.index('"Records"')) + 1
        while (one := _NEXT.match(whole, place)) is not None:
            _, place = json.JSONDecoder().raw_decode(whole, one.end())
            found.append(msgspec.Raw(whole[one.end() : place].encode()))
    except (ValueError, RecursionError):
        raise ValueError("file is no JSON, or cut off") from None
    return File(records=found)


def _decoded(text: bytes) -> File:
    if not text.strip():
        raise ValueError("file is empty")
    try:
        file = decode_file(text)
    except msgspec.ValidationError:
        raise ValueError("file is JSON of another form than CloudTrail's") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        file = _one_by_one(text)
    if file.records is None and file.events is None and file.digest_end is None:
        raise ValueError("file has no Records, as files of CloudTrail do")
    return file
