"""Standard input, given as ``-``: kept in a file that is called ``stdin`` in whatever is said of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

DASH = Path("-")


@contextmanager
def standard_input(*paths: Path) -> Iterator[tuple[Sequence[Path], str]]:
    """Yield paths with a file in the place of ``-``, and what to take out of texts that name it.

    :raises ValueError: for ``-`` twice, and whatever is raised inside, which then names ``stdin``.
    """
    if DASH not in paths:
        yield paths, ""
        return
    if paths.count(DASH) > 1:
        raise ValueError("- is standard input, which can be read once: give a file for the other")
    with TemporaryDirectory() as directory:
        kept = Path(directory) / "stdin"
        kept.write_bytes(sys.stdin.buffer.read())
        folder = str(kept).removesuffix(kept.name)
        try:
            yield [kept if path == DASH else path for path in paths], folder
        except ValueError as error:
            raise ValueError(str(error).replace(folder, "")) from None
