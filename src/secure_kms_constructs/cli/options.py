"""Options that several commands have."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class MapFormat(str, Enum):
    """How a map of access is written."""

    TABLE = "table"
    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


Action = Annotated[
    list[str] | None,
    typer.Option(help="Only this KMS action (kms:Decrypt); by default all but reading metadata. Repeatable."),
]
EndpointUrl = Annotated[str | None, typer.Option(help="Another endpoint, such as of an emulator.")]
Exceptions = Annotated[
    list[Path] | None,
    typer.Option(
        "--exceptions",
        help="What is documented about an account: an exceptions.toml, or the app (cdk.out) or template whose "
        "documented exceptions it has. Repeatable.",
    ),
]
Expect = Annotated[
    Path | None,
    typer.Option(
        help="Compare with this file, which --format text --output FILE wrote: exit with 1 and the difference "
        "unless it says the same. Lines of it that begin with # do not count."
    ),
]
Output = Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")]
Profile = Annotated[str | None, typer.Option(help="The AWS profile.")]
SecurityHub = Annotated[
    bool,
    typer.Option(
        "--security-hub", help="Tell of each open finding of Security Hub in an account file whether it will pass."
    ),
]


def write(written: str, output: Path | None) -> None:
    """Write an answer to a file, or to the terminal."""
    if output is None:
        typer.echo(written)
    else:
        ready(output).write_text(written + "\n", encoding="utf-8")


def agree(question: str, cost: str, *, refused: str) -> None:
    """Ask whether to go on.

    :param cost: what it costs.
    :raises ValueError: when the answer is no, with ``refused``, or nobody is there to answer.
    """
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        raise ValueError(f"{cost}: nobody is there to agree, so give --yes") from None
    if not agreed:
        raise ValueError(refused)


def ready(output: Path) -> Path:
    """Return a file to write, with the folders above it made."""
    output.parent.mkdir(parents=True, exist_ok=True)
    return output
