"""How wide the terminal is, and lines that fit it."""

from __future__ import annotations

import shutil
import sys
import textwrap

# Narrower, and a table is letters below each other.
TABLE = 72


def terminal_width() -> int | None:
    """Return the columns of the terminal that is written to; None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wrapped(text: str, indent: str, width: int | None) -> list[str]:
    """Return a line as lines that fit, all but the first indented; as it is where there is no width."""
    if width is None or len(text) <= width:
        return [text]
    indent = indent if len(indent) <= width // 3 else " " * (width // 6)
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False)
