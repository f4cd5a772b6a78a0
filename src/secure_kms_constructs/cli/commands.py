"""The commands. What they need loads when they run, so that help and mistakes are answered at once."""

from __future__ import annotations

from typing import Annotated

import typer

from . import access, account, check, guardrails, observe, owners, plan, review, rewrite, rules

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"secure-kms {version('secure-kms-constructs')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version.")
    ] = False,
) -> None:
    """KMS least privilege for AWS CDK apps."""


# In the order of the help. A new command is a module with `add_to` here; docs/contributing.md says how to write it.
for module in (check, rules, access, review, owners, account, observe, plan, rewrite, guardrails):
    module.add_to(app)
