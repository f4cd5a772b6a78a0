"""What every command has: the version, standard input, folders made for what is written, mistakes in a line."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from secure_kms_constructs.account import write_snapshot
from secure_kms_constructs.checks import rule_named
from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.cli.standard_input import standard_input
from tests.unit.migrate.accounts import WIDE, role, snapshot

TEMPLATE = json.dumps(rule_named("rotation-off").broken)
POLICY = json.dumps({"Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}})
PLACE = ("--account", "111122223333", "--region", "us-east-1")


def run(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], input=given, catch_exceptions=False)


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"secure-kms {version('secure-kms-constructs')}\n"


def test_a_template_comes_from_standard_input() -> None:
    said = run("check", "-", *PLACE, given=TEMPLATE).stdout
    assert said.startswith("stdin/Key\n  warning KLP401 the key is not rotated\n")
    assert run("access", "-", "--format", "text", *PLACE, given=TEMPLATE).stdout.startswith("stdin/Key\n")


def test_a_policy_comes_from_standard_input(tmp_path: Path) -> None:
    asked = ("check", "-", "--format", "json", *PLACE)
    [found] = json.loads(run(*asked, given=POLICY).stdout)["findings"]
    assert (found["path"], found["stack"]) == ("stdin", "stdin")
    known = tmp_path / "made" / "known.json"
    run(*asked, "--baseline", known, "--update-baseline", given=POLICY)
    assert json.loads(run(*asked, "--baseline", known, given=POLICY).stdout)["findings"] == []
    [result] = json.loads(run("check", "-", "--format", "sarif", given=POLICY).stdout)["runs"][0]["results"]
    assert "physicalLocation" not in result["locations"][0]


def test_one_side_of_a_comparison_comes_from_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "stdin.json"
    file.write_text(TEMPLATE)
    assert run("diff", file, "-", *PLACE, given=TEMPLATE).exit_code == 0
    file.write_text(json.dumps(rule_named("public-key-policy").broken))
    assert run("diff", file, "-", *PLACE, given=TEMPLATE).exit_code == 1
    both = run("diff", "-", "-", *PLACE, given=TEMPLATE)
    assert both.exit_code == 2
    assert both.stderr == "error: - is standard input, which can be read once: give a file for the other\n"


def test_an_account_comes_from_standard_input(tmp_path: Path) -> None:
    write_snapshot(snapshot(role(wide=WIDE)), tmp_path / "account.json")
    whole = (tmp_path / "account.json").read_text()
    file = run("account", "map", tmp_path / "account.json")
    assert run("account", "map", "-", given=whole).stdout == file.stdout


@pytest.mark.parametrize("command", [("check",), ("access",), ("diff",), ("account", "map"), ("account", "verify")])
@pytest.mark.parametrize("text", ["", "[]", "{}", '"x"', "# nothing\n"])
def test_what_holds_nothing_is_a_line_in_its_words(command: tuple[str, ...], text: str, tmp_path: Path) -> None:
    file = tmp_path / "given.json"
    file.write_text(text)
    more = [file] if command == ("diff",) else ["--region", "eu-west-1"] if command[-1] == "verify" else []
    done = run(*command, file, *more)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"error: {file} ")
    assert "pathlib" not in done.stderr


def test_standard_input_is_left_alone_where_nobody_names_it(tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    with standard_input(file) as given:
        assert given == ((file,), "")


def test_nothing_on_standard_input_is_a_line() -> None:
    assert run("check", "-", given="").stderr == "error: stdin must be a template, an object, got nothing\n"
    assert run("access", "-", given="[]").stderr == "error: stdin must be a template, an object, got []\n"


@pytest.mark.parametrize(
    "command", [("check",), ("access",), ("rules",), ("diff",)], ids=lambda command: " ".join(command)
)
def test_the_folder_of_an_answer_is_made(command: tuple[str, ...], tmp_path: Path) -> None:
    file, output = tmp_path / "app.json", tmp_path / "missing" / "deeper" / "answer"
    file.write_text(TEMPLATE)
    run(*command, *{"rules": (), "diff": (file, file)}.get(command[0], (file,)), "--output", output)
    assert output.read_text()


def test_a_folder_that_cannot_be_made_is_a_line(tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    file.write_text(TEMPLATE)
    done = run("access", file, "--output", file / "answer")
    assert done.exit_code == 2
    assert done.stderr == f"error: {file}: File exists\n"
