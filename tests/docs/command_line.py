"""The page of the command line, written from the commands."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Iterator
from typing import Any

import typer

from secure_kms_constructs.cli.commands import app

INTRODUCTION = """\
# Command line

Written by `pytest tests/docs/test_reference.py --write-docs` from the commands.

`pip install "secure-kms-constructs[cli]"`, and for `account snapshot` and `account verify` the extra `live` too. It
needs neither CDK nor Node. `[tool.secure-kms]` in `pyproject.toml` may say what options of `check` say.

Exit codes: 0 nothing to act on, 1 findings or a difference, 2 something could not be read or the command was wrong.
"""


def leaves(command: Any, words: tuple[str, ...] = ("secure-kms",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not hasattr(command, "commands"):
        yield words, command
        return
    for name, one in command.commands.items():
        yield from leaves(one, (*words, name))


def all_leaves() -> list[tuple[tuple[str, ...], Any]]:
    return list(leaves(typer.main.get_command(app)))


def page() -> str:
    parts = [INTRODUCTION]
    for words, command in all_leaves():
        parts += section(words, command)
    return "\n".join(parts)


def section(words: tuple[str, ...], command: Any) -> Iterator[str]:
    shown = [one for one in command.params if not one.hidden and one.name != "help"]
    arguments = [one for one in shown if type(one).__name__.endswith("Argument")]
    options = [one for one in shown if one not in arguments]
    yield f"## {' '.join(words)}\n"
    called = [f"{one.name.upper()}{'...' if one.nargs == -1 else ''}" for one in arguments]
    yield from ("```text", " ".join([*words, *(["[OPTIONS]"] if options else []), *called]), "```\n")
    yield f"{cell(inspect.cleandoc(command.help or ''), chr(10))}\n"
    if arguments:
        yield from ("| argument | |", "|--|--|")
        yield from (f"| `{one.name.upper()}` | {cell(one.help or '')} |" for one in arguments)
        yield ""
    if options:
        yield from ("| option | value | |", "|--|--|--|")
        for one in options:
            names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
            yield f"| {names} | {value_of(one)} | {cell(one.help or '')}{default_of(one)} |"
        yield ""


def value_of(option: Any) -> str:
    kind = option.type_descriptor.annotation
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return ", ".join(f"`{one.value}`" for one in kind)
    if kind is bool:
        return ""
    return f"`{option.metavar}`" if option.metavar else f"`{option.name.upper()}`"


def default_of(option: Any) -> str:
    value = option.default
    if value in (None, False, (), []) or not option.show_default:
        return ""
    return f" Default: `{value.value if isinstance(value, enum.Enum) else value}`."


def cell(text: str, newline: str = " ") -> str:
    return text.replace("\n", newline).replace("|", "\\|").replace("*", "\\*").replace("<", "\\<")
