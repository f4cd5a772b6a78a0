"""`secure-kms rewrite`: a diff by default, files only when asked, and whatever is no Python costs itself alone."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from secure_kms_constructs.cli.commands import app

KEY = 'from aws_cdk import aws_kms as kms\n\nkey = kms.Key(app, "Key")\n'
NEW = 'from secure_kms_constructs import HardenedKey\n\nkey = HardenedKey(app, "Key")\n'


def run(*args: object) -> Result:
    return CliRunner().invoke(app, ["rewrite", *map(str, args)])


def test_a_diff_is_printed_and_nothing_is_changed(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(KEY)
    done = run(file)
    assert (done.exit_code, file.read_text()) == (0, KEY)
    assert done.stdout.startswith(f"--- {file}\n+++ {file}\n")
    assert '-key = kms.Key(app, "Key")\n+key = HardenedKey(app, "Key")\n' in done.stdout
    assert f"{file}:3: changed: kms.Key is a HardenedKey" in done.stderr


def test_files_are_changed_when_asked(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(KEY)
    assert run("--write", tmp_path).exit_code == 0
    assert file.read_text() == NEW
    again = run("--write", tmp_path)
    assert (again.exit_code, again.stdout, again.stderr, file.read_text()) == (0, "", "", NEW)


def test_what_is_left_is_named_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(KEY.replace('"Key"', '"Key", policy=policy'))
    done = run(file)
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"{file}:3: left: this kms.Key is left: it has a policy of its own" in done.stderr


def test_a_file_that_is_no_python_costs_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from aws_cdk import (\n")
    (tmp_path / "b.py").write_text(KEY)
    done = run("--write", tmp_path)
    assert done.exit_code == 2
    assert f"error: {tmp_path / 'a.py'}: line " in done.stderr
    assert (tmp_path / "b.py").read_text() == NEW


@pytest.mark.parametrize("inside", ["node_modules/x", "cdk.out", ".venv/lib", "env/lib"])
def test_what_others_wrote_is_passed_over(tmp_path: Path, inside: str) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    (tmp_path / inside).mkdir(parents=True)
    (tmp_path / inside / "app.py").write_text(KEY)
    assert run(tmp_path).stdout == ""
    assert run(tmp_path / inside / "app.py").stdout != "", "a file that is named is read"


def test_a_path_that_is_nothing_is_said(tmp_path: Path) -> None:
    done = run(tmp_path / "app.py")
    assert (done.exit_code, done.stderr) == (2, f"error: {tmp_path / 'app.py'} is no file and no directory\n")


def test_without_its_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def imported(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.endswith("secure_kms_constructs.rewriting"):
            raise ModuleNotFoundError("No module named 'libcst'", name="libcst")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", imported)
    done = run(tmp_path)
    assert (done.exit_code, done.stderr) == (
        2,
        "error: rewrite needs libcst, which is not installed: pip install 'secure-kms-constructs[rewrite]'\n",
    )
