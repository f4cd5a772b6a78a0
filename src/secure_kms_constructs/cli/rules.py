"""``secure-kms rules`` and ``secure-kms explain``: what is checked, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from .mistakes import mistakes


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rules)
    app.command()(explain)


def rules() -> None:
    """List the rules: id, name, severity, and what is wrong where one finds something."""
    from secure_kms_constructs.checks import RULES
    from secure_kms_constructs.checks.own_rules import OWN_RULES

    listed = [(rule.id, rule.name, rule.severity.value, rule.title) for rule in RULES]
    listed = [(rule.id, rule.name, rule.severity.value, rule.title) for rule in OWN_RULES] + listed
    width = max(len(name) for _, name, _, _ in listed)
    for id, name, severity, title in listed:
        typer.echo(f"{id}  {name:{width}}  {severity:7}  {title}")


def explain(rule: Annotated[str, typer.Argument(help="Id or name of a rule, such as KLP101.")]) -> None:
    """Explain a rule: why it matters, how to put it right, and an example of both."""
    from secure_kms_constructs.checks import Rule
    from secure_kms_constructs.checks.rules import any_rule_named

    with mistakes():
        found = any_rule_named(rule)
    typer.secho(f"{found.id} {found.name} ({found.severity.value})", bold=True)
    typer.echo(f"{found.title}.\n\nWhy: {found.why}\nFix: {found.fix}")
    if not isinstance(found, Rule):
        return
    typer.echo(f"Controls: {', '.join(found.controls)}\nSource: {found.source}")
    typer.echo(f"Acknowledge: KmsLeastPrivilege::{found.id}\n\nExample, from broken to clean:")
    for line in found.difference():
        typer.secho(line, fg={"-": "red", "+": "green"}.get(line[0]))
