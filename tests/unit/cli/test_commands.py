"""What all commands have in common: what they load, how they are put together, and what they say on a terminal."""

from __future__ import annotations

import ast
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import secure_kms_constructs
from secure_kms_constructs.cli import commands

SOURCE = Path(secure_kms_constructs.__file__).parent
TEMPLATE = {"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True}}}}
LOADED = """
import sys
from typer.testing import CliRunner
from secure_kms_constructs.cli.commands import app
for line in sys.stdin:
    CliRunner().invoke(app, line.split())
    print("rich.console" in sys.modules, "jsii" in sys.modules)
"""


def test_rich_loads_only_to_print_a_table(tmp_path: Path) -> None:
    (tmp_path / "app.json").write_text(json.dumps(TEMPLATE))
    asked = ["--help", "access --help", "rules", "explain KLP401", "check app.json", "access app.json --format text"]
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        input="\n".join([*asked, "access app.json --format table"]),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["False False"] * len(asked) + ["True False"]


def test_a_module_of_a_command_loads_only_the_command_line() -> None:
    """And so does each module beside it that it loads."""
    callbacks = [info.callback for info in commands.app.registered_commands]
    names = [callback.__module__.rpartition(".")[2] for callback in callbacks if callback]
    assert names
    # What is loaded grows while it is looked through.
    for name in names:
        eager = [
            node
            for node in ast.parse((SOURCE / "cli" / f"{name}.py").read_text()).body
            if isinstance(node, ast.ImportFrom)
        ]
        assert {node.level for node in eager} <= {0, 1}, name
        assert not [node for node in eager if str(node.module).startswith("secure_kms_constructs")], name
        names += [str(node.module) for node in eager if node.level and str(node.module) not in names]
    assert {"givens", "mistakes"} <= set(names)


def test_on_a_terminal_it_says_what_it_does_and_takes_that_away(tmp_path: Path) -> None:
    (tmp_path / "app.json").write_text(json.dumps(TEMPLATE))
    ours, theirs = pty.openpty()
    command = "from secure_kms_constructs.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "check", "app.json", "--rule", "KLP401"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE.parent)},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        check=False,
    )
    os.close(theirs)
    assert os.read(ours, 1000) == b"checking app.json ...\r\x1b[K"
    os.close(ours)
    assert done.returncode == 0
    assert "nothing found" in done.stdout or "not shown" in done.stdout
