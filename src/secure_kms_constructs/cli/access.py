"""``secure-kms access``: who can use which key, asked from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .givens import Account, Parameter, Region, Same, givens, with_settings
from .mistakes import mistakes, progress
from .options import Action, Expect, MapFormat, Output, write
from .standard_input import standard_input

if TYPE_CHECKING:
    from secure_kms_constructs.access import AccessMap
    from secure_kms_constructs.templates.givens import Givens


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(access)


def access(
    path: Annotated[
        Path, typer.Argument(help="A synthesized app, such as cdk.out, one template, or - for standard input.")
    ],
    key: Annotated[str | None, typer.Option(help="Only this key, by construct path or ARN.")] = None,
    principal: Annotated[
        str | None,
        typer.Option(help="Only what this principal can: a construct path or its unique end, an ARN, or as printed."),
    ] = None,
    action: Action = None,
    form: Annotated[MapFormat, typer.Option("--format", help="How to write the answer.")] = MapFormat.TABLE,
    output: Output = None,
    expect: Expect = None,
    account: Account = None,
    region: Region = None,
    same: Same = None,
    parameter: Parameter = None,
) -> None:
    """Tell who can use which KMS key, through which service, and for what.

    Told from the templates alone, offline. A question mark is about somebody who might. Exit code 0: answered, and
    as expected. 1: not as expected. 2: something could not be read.
    """
    from secure_kms_constructs.settings import find_settings

    from . import expectations, formats

    with mistakes():
        expected = expectations.read(expect, output)
        with standard_input(path) as ([file], _), progress(f"reading {path}"):
            found = _read(file, with_settings(givens(account, region, same, parameter), find_settings()))
        report = formats.report(found, key, action, principal)
        if expected is not None:
            written = formats.write(report, "text", to_terminal=False)
            expectations.end_with(expected, written, str(expect))
        if principal and not report.lines:
            typer.echo(f"{principal} can use none of the keys", err=True)
        write(formats.write(report, form.value, to_terminal=output is None, path=path), output)


def _read(path: Path, known: Givens) -> AccessMap:
    """Read an assembly, or a template together with the assembly that it belongs to."""
    from secure_kms_constructs.access import AccessMap
    from secure_kms_constructs.templates.givens import read_path

    from .inputs import part_of_assembly

    return AccessMap(read_path(path.parent if not path.is_dir() and part_of_assembly(path) else path, known))
