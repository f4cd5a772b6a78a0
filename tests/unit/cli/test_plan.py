"""``secure-kms plan``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from secure_kms_constructs.account import write_snapshot
from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.evidence import write_uses
from tests.unit.migrate.accounts import READER, WIDE, observed, role, snapshot, use


def run(folder: Path, *arguments: object, complete: bool | None = True) -> Result:
    write_snapshot(snapshot(role(wide=WIDE), role("Second", wide=WIDE)), folder / "account.json")
    write_uses(observed(use(), complete=complete), folder / "uses.json")
    given = ["plan", "--snapshot", folder / "account.json", "--uses", folder / "uses.json", *arguments]
    given += ["--no-other-regions"]
    return CliRunner().invoke(app, [str(one) for one in given])


def test_plans_are_printed_with_their_proof(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Proof: 1 of 1 uses allowed" in done.stdout
    assert f"## `{READER}`" in done.stdout


def test_plans_are_written_for_those_asked_for(tmp_path: Path) -> None:
    done = run(tmp_path, "--output", tmp_path / "out", "--principal", "Reader", "--format", "json")
    assert done.exit_code == 0, done.stderr
    assert [one["principal"] for one in json.loads(done.stdout)["plans"]] == [READER]
    assert [one.name for one in (tmp_path / "out").iterdir() if one.is_dir()] == ["111122223333-role-Reader"]


@pytest.mark.parametrize(
    "form, begin",
    [("python", '"""What Reader was seen to need'), ("html", "<!doctype html>"), ("markdown", "# Narrower")],
)
def test_each_format_begins_so(form: str, begin: str, tmp_path: Path) -> None:
    assert run(tmp_path, "--principal", READER, "--format", form).stdout.startswith(begin)


def test_incomplete_evidence_is_a_line_and_the_way_out_works(tmp_path: Path) -> None:
    done = run(tmp_path, complete=None)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: evidence is incomplete: ")
    assert done.stderr.count("\n") == 1
    again = run(tmp_path, "--accept-gap", complete=None)
    assert again.exit_code == 0
    assert "The evidence is incomplete, and the plan was asked for nevertheless" in again.stdout


def test_nobody_is_a_line(tmp_path: Path) -> None:
    done = run(tmp_path, "--principal", "Rader")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: no principal is called 'Rader'; there are ")
