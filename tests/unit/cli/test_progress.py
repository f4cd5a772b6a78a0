"""What takes long says so on a terminal, and nowhere else."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path

import pytest

from secure_kms_constructs.account import write_snapshot
from secure_kms_constructs.checks import rule_named
from secure_kms_constructs.cli.commands import app
from tests.unit.migrate.accounts import WIDE, role, snapshot


class Terminal(StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("command", [["check", "T"], ["access", "T"], ["diff", "T", "T"], ["account", "map", "A"]])
def test_a_long_read_says_what_is_read(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"T": tmp_path / "app.json", "A": tmp_path / "account.json"}
    files["T"].write_text(json.dumps(rule_named("rotation-off").broken))
    write_snapshot(snapshot(role(wide=WIDE)), files["A"])
    asked = [str(files.get(one, one)) for one in command]
    app(asked, standalone_mode=False)
    assert capsys.readouterr().err == ""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    app(asked, standalone_mode=False)
    assert str(files[command[-1]]) in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K"), "nothing of it stays"
