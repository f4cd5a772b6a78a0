"""``secure-kms rewrite``: CDK sources with the constructs of this library, on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from .mistakes import UNUSABLE, mistakes

_LEFT_OUT = {"node_modules", "cdk.out", "site-packages", "__pycache__"}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(rewrite)


def rewrite(
    paths: Annotated[list[Path], typer.Argument(help="Python files, or directories of them.", show_default=False)],
    write: Annotated[bool, typer.Option("--write", help="Change the files, besides printing what changes.")] = False,
) -> None:
    """Put this library's constructs into CDK sources where that is sure, as a diff; list what somebody must decide.

    kms.Key becomes HardenedKey, secret.grant_read a ScopedSecretReader, and kms:Decrypt on * goes where readers take
    its place. Comments and format stay. Exit code 2: a file is no Python.
    """
    with mistakes():
        files = list(_sources(paths))
        try:
            from secure_kms_constructs.rewriting import rewrite as rewritten
        except ModuleNotFoundError as missing:
            if missing.name != "libcst":
                raise
            raise ValueError(
                "rewrite needs libcst, which is not installed: pip install 'secure-kms-constructs[rewrite]'"
            ) from None
    unusable = False
    for file in files:
        try:
            found = rewritten(file.read_bytes())
            if write and found.after != found.before:
                file.write_bytes(found.after)
        except (ValueError, OSError) as error:
            typer.echo(f"error: {file}: {error}", err=True)
            unusable = True
            continue
        typer.echo(found.diff(str(file)), nl=False)
        for what, remarks in (("changed", found.changed), ("left", found.left)):
            for remark in remarks:
                typer.echo(f"{file}:{remark.line}: {what}: {remark.text}", err=True)
    if unusable:
        raise typer.Exit(UNUSABLE)


def _sources(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*.py")):
                inside = file.relative_to(path).parts[:-1]
                if not any(
                    part in _LEFT_OUT or part.startswith(".") or _is_environment(path, inside) for part in inside
                ):
                    yield file
        elif path.is_file():
            yield path
        else:
            raise ValueError(f"{path} is no file and no directory")


def _is_environment(path: Path, inside: Sequence[str]) -> bool:
    return any(Path(path, *inside[:depth], "pyvenv.cfg").is_file() for depth in range(1, len(inside) + 1))
