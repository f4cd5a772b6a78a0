"""What access is expected to be: a file that ``--format text`` wrote, compared line by line."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

from secure_kms_constructs.templates.loading import read_text


def read(path: Path) -> list[str]:
    """Return the lines of a file that count: all but empty ones and comments, which begin with a #."""
    return [line for line in _lines(read_text(path)) if not line.startswith("#")]


def differences(expected: list[str], written: str, name: str, *, found_in: str = "the templates") -> list[str]:
    """Return how an answer differs from what is expected, as a unified diff; nothing where it does not.

    :param expected: the lines that count.
    :param written: the answer as text.
    :param name: what to call the file.
    :param found_in: what to call where the answer is from.
    """
    return list(unified_diff(expected, _lines(written), name, found_in, lineterm=""))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n") if line.strip()]
