"""The answer in each format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import StringIO
from typing import Any

import typer

from secure_kms_constructs.access import AccessMap, Line
from secure_kms_constructs.access.texts import ACTIONS, as_text, lines, of_actions, of_note
from secure_kms_constructs.policies.escapes import as_json, as_markdown
from secure_kms_constructs.policies.lines import one_line
from secure_kms_constructs.policies.requests import action_named

from .widths import TABLE, terminal_width, wrapped


@dataclass(frozen=True, eq=False)
class Report:
    """What was asked, and the answer.

    :param keys: the keys that were asked about.
    :param lines: who can use them.
    """

    access: AccessMap
    keys: tuple[str, ...]
    lines: tuple[Line, ...]


def report(access: AccessMap, key: str | None, actions: list[str] | None, principal: str | None = None) -> Report:
    """Ask a map; ValueError where it has no such key or principal, or KMS no such action."""
    keys = (access.find_key(key),) if key else access.keys
    named = [action_named(one) for one in actions] if actions else ACTIONS
    if principal is not None:
        rows = (row for row in access.what_can(principal, named) if row.key in keys)
        found = lines(rows, access.words)
        return Report(access, tuple(dict.fromkeys(line.key for line in found)), found)
    return Report(access, keys, tuple(line for line in access.lines(named) if line.key in keys))


def write(report: Report, form: str, *, to_terminal: bool, path: object = "") -> str:
    """Return a report in a format.

    :param path: what was read, for a page that says it.
    """
    if form == "html":
        from .page import as_html, made_from

        return as_html(report.keys, as_data(report), made_from(report.access, path))
    forms: Mapping[str, Callable[[Report], str]] = {
        "table": partial(_as_table, to_terminal=to_terminal),
        "text": lambda one: as_text(one.lines, one.keys, one.access.notes),
        "json": lambda one: as_json(as_data(one), indent=2),
        "markdown": lambda one: "\n".join(_as_markdown(one)),
    }
    return forms[form](report)


def as_data(report: Report) -> dict[str, Any]:
    """Return a report as JSON objects."""
    notes = [{"path": one.source.path if one.source else None, "text": one.text} for one in report.access.notes]
    return {"keys": list(report.keys), "access": [_line(report, line) for line in report.lines], "notes": notes}


def _line(report: Report, line: Line) -> dict[str, Any]:
    row, words = line.rows[0], report.access.words
    return {
        "key": line.key,
        "principal": line.principal,
        "kind": kind(line),
        "allowed": line.allowed,
        "actions": list(line.actions),
        "circumstances": line.circumstances,
        "via": list(row.via.values) if row.via and not row.via.negated else None,
        "encryption_context": {one.key.split(":", 2)[2]: words.constraint(one) for one in row.encryption_context},
        "conditions": {one.key: words.constraint(one) for one in row.conditions},
        "when": list(row.when),
        "statements": [
            {"path": one.path, "policy": one.policy, "statement": one.statement, "sid": one.sid, "text": one.text}
            for one in row.statements
        ],
    }


def kind(line: Line) -> str:
    """Return what kind of principal a line is about."""
    party = line.rows[0].party
    if party.outsider:
        return "outsider"
    if party.is_root:
        return "root"
    if party.is_service:
        return "service"
    return "deployer" if party.is_deployer else "identity" if party.source else "imported"


def _as_table(report: Report, *, to_terminal: bool) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = terminal_width() if to_terminal else None
    if width is not None and width < TABLE:
        return "\n".join(_as_list(report, width))
    table = Table(show_lines=True)
    for header in ("key", "who", "can", "circumstances"):
        table.add_column(header, overflow="fold")
    for line in report.lines:
        style = "yellow" if line.allowed is None else "red" if kind(line) == "outsider" else ""
        who = f"{line.principal}{'' if line.allowed else ' (might)'}"
        cells = (line.key, of_actions(line.actions), line.circumstances or "always")
        key, can, circumstances = (Text(one_line(cell)) for cell in cells)
        table.add_row(key, Text(one_line(who), style), can, circumstances)
    into = StringIO()
    console = Console() if to_terminal else Console(file=into, width=160, no_color=True)
    with console.capture() as captured:
        console.print(table)
        for note in report.access.notes:
            console.print(Text(f"? {one_line(of_note(note))}", "yellow"))
    return captured.get().rstrip("\n")


def _as_list(report: Report, width: int) -> Iterator[str]:
    """The cells of the table below each other, for terminals that are too narrow for it."""
    for key in report.keys:
        yield from wrapped(one_line(key), "", width)
        for line in report.lines:
            if line.key != key:
                continue
            who = one_line(f"{line.principal}{'' if line.allowed else ' (might)'}")
            color = "yellow" if line.allowed is None else "red" if kind(line) == "outsider" else None
            yield from (typer.style(one, fg=color) for one in wrapped(f"  {who}", "  ", width))
            told = f"{of_actions(line.actions)}{f' {line.circumstances}' if line.circumstances else ''}"
            yield from wrapped(f"    {one_line(told)}", "    ", width)
    for note in report.access.notes:
        yield from wrapped(f"? {one_line(of_note(note))}", "  ", width)


def _as_markdown(report: Report) -> Iterator[str]:
    yield from ("| key | who | can | circumstances |", "|--|--|--|--|")
    for line in report.lines:
        cells = (line.key, line.principal, of_actions(line.actions), line.circumstances or "always")
        key, who, can, circumstances = map(as_markdown, cells)
        yield f"| {key} | {who}{'' if line.allowed else ' **might**'} | {can} | {circumstances} |"
    for note in report.access.notes:
        yield f"\n? {as_markdown(of_note(note))}"
