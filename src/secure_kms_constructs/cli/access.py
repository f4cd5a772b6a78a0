"""``secure-kms access``: who can use which key, asked from the command line."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .givens import Account, Givens, Parameter, Region, Same, givens
from .mistakes import mistakes

if TYPE_CHECKING:
    from secure_kms_constructs.access import AccessMap


class Format(str, Enum):
    """How the answer is written."""

    TABLE = "table"
    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(access)


def access(
    path: Annotated[Path, typer.Argument(help="A synthesized app, such as cdk.out, or one template.")],
    key: Annotated[str | None, typer.Option(help="Only this key, by construct path or ARN.")] = None,
    principal: Annotated[
        str | None,
        typer.Option(help="Only what this principal can: a construct path or its unique end, an ARN, or as printed."),
    ] = None,
    action: Annotated[
        list[str] | None, typer.Option(help="Only this KMS action; by default all but reading metadata. Repeatable.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write the answer.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")] = None,
    expect: Annotated[
        Path | None,
        typer.Option(
            help="Compare with this file, which --format text --output FILE wrote: exit with 1 and the difference "
            "unless it says the same. Lines of it that begin with # do not count."
        ),
    ] = None,
    account: Account = None,
    region: Region = None,
    same: Same = None,
    parameter: Parameter = None,
) -> None:
    """Tell who can use which KMS key, through which service, and for what.

    Told from the templates alone, offline. A question mark is about somebody who might. Exit code 0: answered, and
    as expected. 1: not as expected. 2: something could not be read.
    """
    from . import expectations, formats

    with mistakes():
        if expect is not None and output is not None:
            raise ValueError("--expect compares and writes nothing: leave out --output")
        expected = None if expect is None else expectations.read(expect)
        found = _read(path, givens(account, region, same, parameter))
        report = formats.report(found, key, action, principal)
    if expected is not None:
        differences = expectations.differences(expected, formats.write(report, "text", to_terminal=False), str(expect))
        typer.echo("\n".join(differences) or "access is as expected")
        raise typer.Exit(1 if differences else 0)
    if principal and not report.lines:
        typer.echo(f"{principal} can use none of the keys", err=True)
    written = formats.write(report, form.value, to_terminal=output is None)
    if output is not None:
        output.write_text(written, encoding="utf-8")
    else:
        typer.echo(written)


def _read(path: Path, known: Givens) -> AccessMap:
    """Read an assembly, or a template together with the assembly that it belongs to."""
    from secure_kms_constructs.access import AccessMap

    from .inputs import part_of_assembly

    more: Any = {
        "account": known.account,
        "region": known.region,
        "same": known.same,
        "parameters": known.parameters,
    }
    if path.is_dir() or part_of_assembly(path):
        return AccessMap.from_assembly(path if path.is_dir() else path.parent, **more)
    return AccessMap.from_templates({path.name.split(".")[0]: path}, **more)
