"""Which role really used which key: told by CloudTrail, with how much that proves. Needs the extra ``live``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from typing import TYPE_CHECKING

from .uses import Evidence, Observed, Use

if TYPE_CHECKING:
    from secure_kms_constructs.account import Snapshot
    from secure_kms_constructs.account.records import Trail

    from .live import Live

__all__ = ["Evidence", "Observed", "Use", "observe", "read_uses", "write_uses"]


def observe(
    sources: Sequence[str],
    *,
    snapshot: Snapshot | None = None,
    trails: Sequence[Trail] = (),
    processes: int = 1,
    live: Live | None = None,
    progress: Callable[[str], None] = lambda _text: None,
) -> Observed:
    """Return the uses of keys that files of CloudTrail tell of.

    :param sources: log files, folders of them, or patterns, and prefixes of S3 such as
        ``s3://bucket/AWSLogs/111122223333``. Answers of ``aws cloudtrail lookup-events`` count too.
    :param snapshot: the account, which tells the paths of roles, which keys and roles there are, and when each key was
        used last.
    :param trails: trails beside those of the account file, which tell whether silence is evidence.
    :param processes: how many read; each starts Python anew, so a script needs ``if __name__ == "__main__"``.
    :param live: what is read of AWS beside files, and with whose credentials.
    :param progress: told how far it is.
    :raises ValueError: when a source has no files, or msgspec is not installed. What cannot be read of a file is told
        in the evidence.

    https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
    """
    _need_msgspec()
    from .live import Live, split
    from .observing import observe_files

    files, more = split(sources, live or Live(), snapshot)
    return observe_files(files, snapshot=snapshot, trails=trails, processes=processes, more=more, progress=progress)


def write_uses(observed: Observed, path: str | PathLike[str]) -> None:
    """Write what was observed."""
    _need_msgspec()
    from . import keeping

    keeping.write(observed, path)


def read_uses(path: str | PathLike[str]) -> Observed:
    """Read what was observed.

    :raises ValueError: when it is no such file, of a newer format, or not as it was written.
    """
    _need_msgspec()
    from . import keeping

    return keeping.read(path)


def _need_msgspec() -> None:
    try:
        import msgspec  # noqa: F401
    except ModuleNotFoundError:
        raise ValueError(
            "uses need msgspec, which is not installed: pip install 'secure-kms-constructs[live]'"
        ) from None
