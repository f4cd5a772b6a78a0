"""``secure-kms observe``: uses of keys read from CloudTrail on the command line."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from .mistakes import UNUSABLE, mistakes, progress
from .options import EndpointUrl, Profile, agree, ready


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(observe)


def observe(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE...",
            help="CloudTrail files (.json.gz or .json), folders of them, patterns, prefixes of S3 "
            "(s3://bucket/AWSLogs/...), answers of lookup-events, or the answer to --print-sql as .csv.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write: JSON, or Parquet by its name, .parquet.")
    ] = None,
    snapshot: Annotated[
        Path | None,
        typer.Option(help="An account file: it tells the paths of roles, and which keys and roles there are."),
    ] = None,
    trail: Annotated[
        list[Path] | None,
        typer.Option(
            help="A trail, in one JSON object what aws cloudtrail get-trail, get-trail-status and get-event-selectors "
            "print. Repeatable; an account file that was taken with --trails has its own."
        ),
    ] = None,
    print_sql: Annotated[
        bool,
        typer.Option(
            "--print-sql",
            help="Print the table, the view and the query for Athena instead; SOURCE is s3://<bucket>/AWSLogs/<account>"
            "/CloudTrail/<region>.",
        ),
    ] = False,
    processes: Annotated[
        int | None, typer.Option(help="How many processes read; by default one for each processor.", min=1)
    ] = None,
    lookup: Annotated[
        bool,
        typer.Option(
            "--lookup",
            help="Ask the event history of CloudTrail for each key of the account file: 90 days, free, two requests a "
            "second.",
        ),
    ] = False,
    lookup_pages: Annotated[
        int, typer.Option(help="How many pages of 50 events are read of a key, before it is left to log files.", min=1)
    ] = 200,
    athena: Annotated[
        str | None,
        typer.Option(
            help="A table over CloudTrail logs, as --print-sql prints one, to ask Athena: table or database.table.",
            metavar="TABLE",
        ),
    ] = None,
    days: Annotated[int, typer.Option(help="So many days of the table are asked for.", min=1)] = 90,
    workgroup: Annotated[str | None, typer.Option(help="The workgroup of Athena.")] = None,
    output_location: Annotated[
        str | None, typer.Option(help="Where Athena writes its answer, s3://...; by default as the workgroup says.")
    ] = None,
    price: Annotated[
        float, typer.Option("--price-per-tb", help="What Athena costs for a terabyte, for the estimate.", min=0)
    ] = 5.0,
    yes: Annotated[bool, typer.Option("--yes", help="Ask Athena without asking you whether to pay for it.")] = False,
    region: Annotated[
        str | None, typer.Option(help="The region of S3 and Athena; by default that of the profile.")
    ] = None,
    profile: Profile = None,
    role_arn: Annotated[
        list[str] | None, typer.Option(help="A role to assume; with --lookup one for each account. Repeatable.")
    ] = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Tell which role used which key, through which service and for what, as CloudTrail says.

    Exit code 0: everything was read. 2: something was not, and is told; the file is written all the same.
    """
    sources = sources or []
    if print_sql:
        from secure_kms_constructs.evidence.sql import statements

        with mistakes():
            typer.echo(";\n\n".join(statements(sources)) + ";")
        return
    from secure_kms_constructs.account import Options
    from secure_kms_constructs.evidence import observe as read
    from secure_kms_constructs.evidence import write_uses
    from secure_kms_constructs.evidence.athena import Question
    from secure_kms_constructs.evidence.live import Live
    from secure_kms_constructs.evidence.trails import read_trail

    with mistakes():
        if output is None:
            raise ValueError("name the file to write: --output uses.json")
        if not (sources or lookup or athena):
            raise ValueError("name what to read: files or folders of CloudTrail, s3://..., --lookup or --athena")
        if lookup and snapshot is None:
            raise ValueError("--lookup asks for the keys of an account: give --snapshot too")
        if trail and snapshot is None:
            raise ValueError("--trail is about the keys of an account: give --snapshot too")
        known = None
        if snapshot is not None:
            from secure_kms_constructs.account import read_snapshot

            known = read_snapshot(snapshot)
        trails = [read_trail(one) for one in trail or ()]
        options = Options(
            regions=[region] if region else (), profile=profile, roles=role_arn or (), endpoint_url=endpoint_url
        )
        question = None
        if athena:
            question = Question.about(athena, days=days, workgroup=workgroup, output=output_location, price=price)
            question = replace(question, say=_said, agree=_said if yes else _agreed)
        live = Live(options, lookup=lookup, pages=lookup_pages, athena=question)
        number = processes or os.cpu_count() or 1
        with nullcontext() if athena else progress("reading"):
            found = read(sources, snapshot=known, trails=trails, processes=number, live=live)
        write_uses(found, ready(output))
        from secure_kms_constructs.evidence.texts import report
    typer.echo(report(found))
    if found.evidence.problems:
        raise typer.Exit(UNUSABLE)


def _said(text: str) -> None:
    typer.echo(text, err=True)


def _agreed(cost: str) -> None:
    agree(f"{cost}. Ask?", cost, refused="Athena was not asked")
