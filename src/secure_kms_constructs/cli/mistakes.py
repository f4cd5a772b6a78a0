"""What every command does the same: mistakes end in a line and exit code 2, and work that takes long says so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

UNUSABLE = 2


@contextmanager
def mistakes() -> Iterator[None]:
    """Say what is wrong in a line: nobody should have to read a traceback."""
    try:
        yield
    except (ValueError, OSError) as error:
        said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
        # Loaded with what made the mistake, never for a page of help.
        from secure_kms_constructs.policies.lines import one_line

        typer.echo(f"error: {one_line(said)}", err=True)
        raise typer.Exit(UNUSABLE) from None


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Say on a terminal what goes on, for as long as it does."""
    if not sys.stderr.isatty():
        yield
        return
    typer.echo(f"{what} ...", err=True, nl=False)
    try:
        yield
    finally:
        typer.echo("\r\x1b[K", err=True, nl=False)
