"""What access is expected to be: a file that ``--format text`` wrote, compared line by line."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path
from typing import NoReturn

import typer

from secure_kms_constructs.templates.loading import read_text


def read(path: Path | None, output: Path | None) -> list[str] | None:
    """Return the lines of a file that count: all but empty ones and comments, which begin with a #.

    :raises ValueError: when it cannot be read, or the answer is to be written too.
    """
    if path is None:
        return None
    if output is not None:
        raise ValueError("--expect compares and writes nothing: leave out --output")
    return [line for line in _lines(read_text(path)) if not line.startswith("#")]


def end_with(expected: list[str], written: str, name: str, *, found_in: str = "the templates") -> NoReturn:
    """Say how an answer differs from what is expected, as a unified diff, and end: with 1 where it does.

    :param expected: the lines that count.
    :param written: the answer as text.
    :param name: what to call the file.
    :param found_in: what to call where the answer is from.
    """
    differences = list(unified_diff(expected, _lines(written), name, found_in, lineterm=""))
    typer.echo("\n".join(differences) or "access is as expected")
    raise typer.Exit(1 if differences else 0)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n") if line.strip()]
