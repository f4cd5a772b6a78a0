"""``secure-kms plan``: narrower policies by what was observed, on the command line."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from .mistakes import mistakes, progress


class Format(str, Enum):
    """How plans are printed."""

    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"
    PYTHON = "python"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(plan)


def plan(
    snapshot: Annotated[Path, typer.Option(help="A file that `secure-kms account snapshot` wrote.")],
    uses: Annotated[Path, typer.Option(help="A file that `secure-kms observe` wrote.")],
    output: Annotated[
        Path | None, typer.Option(help="Write a folder for each role here: before, after, the way back, the code.")
    ] = None,
    principal: Annotated[
        list[str] | None, typer.Option(help="Plan for this role or user alone, by ARN or its end. Repeatable.")
    ] = None,
    accept_gap: Annotated[
        bool, typer.Option("--accept-gap", help="Plan although evidence is incomplete; the plan says what is missing.")
    ] = False,
    no_other_regions: Annotated[
        bool,
        typer.Option(
            "--no-other-regions", help="Say that nothing of the account is in regions that the account file lacks."
        ),
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="How to print the plans.")] = Format.MARKDOWN,
) -> None:
    """Plan what replaces wide permissions to use keys: what was seen and is allowed today, and nothing else.

    Prints the plans with their proof: each use is tried on the new policies and allowed, and each request that differs
    from one in one field is refused. Changes nothing. Exit code 2: evidence is incomplete, or a proof fails.
    """
    from secure_kms_constructs.account import read_snapshot
    from secure_kms_constructs.evidence import read_uses
    from secure_kms_constructs.migrate import plan as make
    from secure_kms_constructs.migrate.codes import code_of
    from secure_kms_constructs.migrate.key_codes import code_of_key
    from secure_kms_constructs.migrate.names import principals_named
    from secure_kms_constructs.migrate.texts import as_data, as_html, as_markdown
    from secure_kms_constructs.migrate.writing import write_migration

    with mistakes():
        known, observed = read_snapshot(snapshot), read_uses(uses)
        asked = principals_named(known, principal or ())
        with progress("planning"):
            made = make(known, observed, principals=asked, accept_gap=accept_gap, no_other_regions=no_other_regions)
        if output is not None:
            write_migration(made, output)
    if form is Format.JSON:
        typer.echo(json.dumps(as_data(made), indent=2))
    elif form is Format.PYTHON:
        codes = [*map(code_of, made.plans), *(code_of_key(one) for one in made.keys if not one.stays)]
        typer.echo("\n\n".join(codes))
    else:
        typer.echo(as_html(made) if form is Format.HTML else as_markdown(made))
