"""``secure-kms access``: who can use which key, asked from the command line."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    action: Annotated[
        list[str] | None, typer.Option(help="Only this KMS action; by default all but reading metadata. Repeatable.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write the answer.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")] = None,
    account: Annotated[str | None, typer.Option(help="Where stacks go that do not say it.")] = None,
    region: Annotated[str | None, typer.Option(help="The same for the region.")] = None,
) -> None:
    """Tell who can use which KMS key, through which service, and for what.

    Told from the templates alone, offline. A question mark is about somebody who might.
    """
    from . import formats

    with mistakes():
        found = _read(path, account, region)
        report = formats.report(found, key, action)
    written = formats.write(report, form.value, to_terminal=output is None)
    if output is not None:
        output.write_text(written, encoding="utf-8")
    else:
        typer.echo(written)


def _read(path: Path, account: str | None, region: str | None) -> AccessMap:
    from secure_kms_constructs.access import AccessMap

    if path.is_dir():
        return AccessMap.from_assembly(path, account=account, region=region)
    return AccessMap.from_templates({path.name.split(".")[0]: path}, account=account, region=region)
