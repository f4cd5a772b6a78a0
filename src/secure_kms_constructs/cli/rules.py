"""``secure-kms rules`` and ``secure-kms explain``: what is checked, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from enum import Enum
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .mistakes import mistakes
from .options import Output, write
from .widths import terminal_width, wrapped

if TYPE_CHECKING:
    from secure_kms_constructs.checks.own_rules import OwnRule
    from secure_kms_constructs.checks.rule import Rule

_INDENT = " " * 8


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rules)
    app.command()(explain)
    app.command()(schema)


class Format(str, Enum):
    """How rules are listed."""

    TEXT = "text"
    JSON = "json"


def rules(
    form: Annotated[Format, typer.Option("--format", help="How to list them; json has all that is said of them.")] = (
        Format.TEXT
    ),
    output: Output = None,
) -> None:
    """List the rules: id, name, severity, and what is wrong where one finds something."""
    from secure_kms_constructs.checks import RULES
    from secure_kms_constructs.checks.own_rules import OWN_RULES

    every: list[Rule | OwnRule] = [*OWN_RULES, *RULES]
    with mistakes():
        if form is Format.JSON:
            whole = {"version": version("secure-kms-constructs"), "rules": [_as_data(rule) for rule in every]}
            write(json.dumps(whole, indent=1), output)
        else:
            write("\n".join(_as_lines(every, terminal_width() if output is None else None)), output)


def schema(
    name: Annotated[str, typer.Argument(help="Of what: a command that answers in JSON, such as check.")] = "",
    output: Output = None,
) -> None:
    """Print the JSON schema of an answer; without a name, list those that there are.

    Within a minor version fields are added and none is taken away or gets another meaning.
    """
    folder = files(__package__).joinpath("schemas")
    there = sorted(one.name.removesuffix(".json") for one in folder.iterdir())
    with mistakes():
        if name and name not in there:
            raise ValueError(f"no answer is called {name!r}: there are {', '.join(there)}")
        write(folder.joinpath(f"{name}.json").read_text("utf-8").rstrip() if name else "\n".join(there), output)


def _as_lines(rules: Sequence[Rule | OwnRule], width: int | None) -> Iterator[str]:
    longest = max(len(rule.name) for rule in rules)
    lines = [f"{rule.id}  {rule.name:{longest}}  {rule.severity.value:7}  {rule.title}" for rule in rules]
    if width is None or max(map(len, lines)) <= width:
        yield from lines
        return
    for rule in rules:
        yield from wrapped(f"{rule.id}  {rule.name} ({rule.severity.value})", _INDENT, width)
        yield from wrapped(f"{_INDENT}{rule.title}", _INDENT, width)


def _as_data(rule: Rule | OwnRule) -> dict[str, Any]:
    said = {one: getattr(rule, one) for one in ("id", "name", "title", "why", "fix")}
    return {
        **said,
        "severity": rule.severity.value,
        "controls": list(getattr(rule, "controls", ())),
        "source": getattr(rule, "source", None),
    }


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
