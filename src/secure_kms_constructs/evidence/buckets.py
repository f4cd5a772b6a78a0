"""Log files where they lie in S3: listed, fetched some at a time, and read as files are."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from secure_kms_constructs.account.connections import Connection, GoneError

from .counting import Reader
from .files import OTHERS, SUFFIXES

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_PREFIX = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)
# So many files are fetched at once, which bounds memory.
_AT_ONCE = 8
_LISTED, _FETCHED = ("s3", "ListObjectsV2"), ("s3", "GetObject")


def is_prefix(source: str) -> bool:
    """Tell whether a source is in S3."""
    return source.startswith("s3://")


@dataclass(frozen=True)
class Prefix:
    """The objects of a bucket whose names begin alike.

    :param text: as it was given.
    """

    text: str
    bucket: str
    start: str

    @classmethod
    def of(cls, text: str) -> Prefix:
        """Return what a text names.

        :raises ValueError: where it names none.
        """
        match = _PREFIX.fullmatch(text)
        if match is None:
            raise ValueError(f"source must be s3://<bucket>/<prefix>, got {text!r}")
        if set(text) & set("*?"):
            raise ValueError(f"source {text} has a pattern, and S3 knows prefixes alone: end it before the pattern")
        return cls(text, match[1], match[2] or "")

    def reading(self, to: Connection) -> Callable[[Reader, Callable[[str], None]], None]:
        """Return what reads it."""
        return lambda reader, progress: _Reading(self, to, reader, progress).run()


@dataclass(frozen=True)
class _Reading:
    prefix: Prefix
    to: Connection
    reader: Reader
    progress: Callable[[str], None]

    def run(self) -> None:
        names = self._names()
        number = 0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # Asked for here, so that one thread alone makes it.
            self.to.client("s3")
            waiting: deque[tuple[str, Future[bytes | str]]] = deque()
            for name in islice(names, _AT_ONCE):
                waiting.append((name, pool.submit(self._fetched, name)))
            while waiting:
                name, fetched = waiting.popleft()
                content = fetched.result()
                for following in islice(names, 1):
                    waiting.append((following, pool.submit(self._fetched, following)))
                where = f"s3://{self.prefix.bucket}/{name}"
                if isinstance(content, str):
                    self.reader.counted.trouble(content, where)
                else:
                    self.reader.file(content, PurePosixPath(name), where)
                number += 1
                if number % 100 == 0:
                    self.progress(f"{self.prefix.text}: {number:,} files read")

    def _names(self) -> Iterator[str]:
        """Return the names of log files.

        :raises ValueError: where there are none, or they are not listed.
        """
        bucket, others, there = self.prefix.bucket, 0, 0
        pages = self.to.pages(*_LISTED, self.prefix.text, Bucket=bucket, Prefix=self.prefix.start)
        try:
            for page in pages:
                for one in page.get("Contents", []):
                    if one["Key"].endswith("/"):
                        continue  # what the console makes of a folder
                    there += 1
                    if one["Key"].endswith(SUFFIXES):
                        yield one["Key"]
                    else:
                        others += 1
        except GoneError:
            raise ValueError(f"bucket {bucket} does not exist, or not for these credentials") from None
        if not self.to.was_answered(*_LISTED, self.prefix.text):
            refused = self.to.unread[-1]
            if not there:
                raise ValueError(f"{self.prefix.text} cannot be listed: {refused}")
            self.reader.counted.trouble(f"the list of files breaks off: {refused}", self.prefix.text)
        elif not there:
            raise ValueError(f"source {self.prefix.text} has no files: name a prefix that has log files of CloudTrail")
        if others:
            self.reader.counted.skipped[OTHERS] += others

    def _fetched(self, name: str) -> bytes | str:
        """Return a file, or what is wrong with it."""
        where = f"s3://{self.prefix.bucket}/{name}"
        try:
            answer = self.to.call(*_FETCHED, where, Bucket=self.prefix.bucket, Key=name)
        except GoneError:
            return "file is no longer there"
        if answer is None:
            refused = next(one for one in self.to.unread if one.about == where)
            allow = ": allow s3:GetObject, and kms:Decrypt on the key of the trail" if refused.denied else ""
            return f"file cannot be read ({refused.why}){allow}"
        return _content(answer, self.reader.limit)


def _content(answer: dict[str, Any], limit: int) -> bytes | str:
    from botocore.exceptions import BotoCoreError

    length = answer.get("ContentLength", 0)
    if length > limit:
        return f"file is larger than {limit >> 20} MB"
    try:
        content: bytes = answer["Body"].read(limit + 1)
    except (BotoCoreError, OSError):
        return "file breaks off while it is read"
    # Read with a limit, a body that ends too early does not say so.
    return "file breaks off while it is read" if len(content) < length else content
