"""``secure-kms check``: templates and policies, checked from the command line."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from .givens import Account, Parameter, Region, Same, givens, with_settings
from .mistakes import UNUSABLE, mistakes, progress
from .options import Exceptions, Output, SecurityHub, ready, write
from .standard_input import standard_input
from .widths import terminal_width


class Level(str, Enum):
    """The severities of findings."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Format(str, Enum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="A synthesized app (cdk.out), CloudFormation templates, account files, key policies or IAM policies "
            "in JSON or YAML, directories of these, or - for standard input.",
            show_default=False,
        ),
    ],
    fail_on: Annotated[
        Level | None,
        typer.Option(help="Exit with 1 if there is a finding of this severity or worse; by default warning."),
    ] = None,
    show: Annotated[Level, typer.Option(help="The least severity that text output shows.")] = Level.WARNING,
    form: Annotated[Format, typer.Option("--format", help="How to write the findings.")] = Format.TEXT,
    output: Output = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Run only this rule, by id or name. Repeatable.", show_default=False)
    ] = None,
    severity: Annotated[
        list[str] | None,
        typer.Option(
            help="Give a rule another severity, such as rotation-off=error, or turn it off with rotation-off=off. "
            "Repeatable.",
            show_default=False,
        ),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="Findings known from before, which do not count. Made with --update-baseline.")
    ] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Write today's findings to the baseline, and exit with 0.")
    ] = False,
    account: Account = None,
    region: Region = None,
    same: Same = None,
    parameter: Parameter = None,
    exceptions: Exceptions = None,
    security_hub: SecurityHub = False,
) -> None:
    """Check key policies and IAM policies for KMS least privilege.

    Reads files only, offline. What no option says is as [tool.secure-kms] of pyproject.toml says.
    Exit code 0: nothing to act on. 1: findings. 2: something could not be read.

    Examples: secure-kms check cdk.out; secure-kms check --format sarif --output kms.sarif cdk.out.
    """
    from secure_kms_constructs.checks import baselines
    from secure_kms_constructs.checks.settled import settled
    from secure_kms_constructs.policies.lines import one_line
    from secure_kms_constructs.settings import find_settings

    from . import reports, security_hubs
    from .inputs import check_paths

    with mistakes():
        settings = find_settings()
        baseline = baseline or settings.baseline
        if update_baseline and baseline is None:
            raise ValueError("--update-baseline needs --baseline FILE, the file to write")
        known = baselines.read(baseline) if baseline and not update_baseline else None
        rules = settled(settings, rule or None, dict(map(_assignment, severity or [])))
        told = with_settings(givens(account, region, same, parameter), settings)
        with standard_input(*paths) as (files, folder), progress(f"checking {', '.join(map(str, paths))}"):
            checked = check_paths(files, rules, told, exceptions=exceptions or ())
            checked.call_by_name(folder)
        if exceptions and not checked.snapshots:
            raise ValueError("--exceptions is about account files, and none was given")
        report = checked.report if known is None else baselines.new_ones(checked.report, known)
        written = reports.write(
            report,
            checked.files,
            form.value,
            show.value,
            rules,
            unread=checked.unread,
            settings=settings.path,
            width=terminal_width() if output is None else None,
        )
        if security_hub:
            written = security_hubs.added_to(written, checked.snapshots, form.value)
        if output is not None or not (checked.unread and form is Format.TEXT and not report.findings):
            write(written, output)
        if baseline and update_baseline:
            baselines.write(ready(baseline), checked.report)
    for problem in checked.unread:
        typer.echo(f"error: {one_line(problem)}", err=True)
    if checked.unread:
        raise typer.Exit(UNUSABLE)
    if not update_baseline and report.at_least(fail_on.value if fail_on else settings.fail_on or Level.WARNING.value):
        raise typer.Exit(1)


def _assignment(text: str) -> tuple[str, str]:
    name, _, level = text.partition("=")
    if not level:
        raise ValueError(f"--severity must be <rule>=<severity>, such as rotation-off=error, got {text!r}")
    return name, level
