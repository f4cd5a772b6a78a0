"""Answers on a terminal fit it, as wide as it is."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner

from secure_kms_constructs.checks import rule_named
from secure_kms_constructs.cli import check, formats, rules
from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.cli.widths import TABLE, terminal_width, wrapped


def answer(monkeypatch: pytest.MonkeyPatch, width: int | None, *arguments: object) -> list[str]:
    for module in (check, formats, rules):
        monkeypatch.setattr(module, "terminal_width", lambda: width)
    monkeypatch.setenv("COLUMNS", str(width or 160))
    return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False).stdout.splitlines()


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "app.json"
    file.write_text(json.dumps(rule_named("public-key-policy").broken))
    return file


@pytest.mark.parametrize("width", [30, 40, 80])
@pytest.mark.parametrize("command", ["check", "access", "rules"])
def test_no_line_is_wider_than_the_terminal(
    command: str, width: int, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = answer(monkeypatch, width, command, *([] if command == "rules" else [template]))
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [30, 40, 80])
def test_nothing_is_left_out_where_it_is_narrow(width: int, template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, narrow = (answer(monkeypatch, one, "check", template) for one in (None, width))
    assert "".join("".join(whole).split()) == "".join("".join(narrow).split())


def test_a_narrow_terminal_has_a_list_and_a_wide_one_a_table(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = answer(monkeypatch, TABLE - 1, "access", template)
    assert listed[0] == "app/Key"
    assert "  root user of 111122223333" in listed
    assert "  any principal of another account with kms:* on *" in listed
    assert answer(monkeypatch, TABLE, "access", template)[0].startswith("┏")
    assert answer(monkeypatch, None, "access", template)[0].startswith("┏")


def test_where_nobody_looks_lines_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert max(map(len, answer(monkeypatch, None, "rules"))) > 100
    assert terminal_width() is None


@pytest.mark.parametrize(
    "text, width, lines",
    [
        ("a short one", None, ["a short one"]),
        ("one two three", 8, ["one two", " three"]),
        ("one two three", 13, ["one two three"]),
        ("kms:GenerateDataKeyWithoutPlaintext", 20, ["kms:GenerateDataKeyW", "   ithoutPlaintext"]),
        ("", 5, [""]),
        ("ends with a space ", 30, ["ends with a space "]),
    ],
)
def test_lines_are_broken_between_words_and_indented(text: str, width: int | None, lines: list[str]) -> None:
    assert wrapped(text, " " * 10, width) == lines


def test_an_indent_that_leaves_room_is_kept() -> None:
    assert wrapped("one two three", "  ", 8) == ["one two", "  three"]


def test_the_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "33")
    assert terminal_width() == 33
