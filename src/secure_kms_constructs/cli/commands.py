"""The commands. What they need loads when they run, so that help and mistakes are answered at once."""

from __future__ import annotations

import typer

from . import check, rules

app = typer.Typer(help="KMS least privilege for AWS CDK apps.", no_args_is_help=True, rich_markup_mode=None)
check.add_to(app)
rules.add_to(app)


@app.callback()
def _commands() -> None:
    """Make each command one of its own, whatever their number."""
