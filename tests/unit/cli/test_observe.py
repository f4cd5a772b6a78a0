"""``secure-kms observe``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from secure_kms_constructs.account import write_snapshot
from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.evidence import live as reading
from secure_kms_constructs.evidence import read_uses
from tests.unit.evidence.aws import Bucket, History, packed
from tests.unit.evidence.samples import event, session, without_issuer
from tests.unit.evidence.test_observing import PATHED, snapshot, trail


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["observe", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_uses_are_written_and_the_evidence_is_told(tmp_path: Path) -> None:
    source = trail(tmp_path, event("Decrypt", without_issuer()))
    code, told, errors = run(source, "-o", str(tmp_path / "out"))
    assert (code, errors) == (0, "")
    assert told.startswith("1 files, 1 events, 1 of KMS")
    assert len(read_uses(tmp_path / "out").uses) == 1


def test_an_account_file_is_used(tmp_path: Path) -> None:
    source = trail(tmp_path, event("Decrypt", without_issuer()))
    write_snapshot(snapshot(PATHED), tmp_path / "account")
    run(source, "-o", str(tmp_path / "out"), "--snapshot", str(tmp_path / "account"))
    assert [one.principal for one in read_uses(tmp_path / "out").uses] == [PATHED]


def test_what_cannot_be_read_is_told_and_the_rest_is_written(tmp_path: Path) -> None:
    source = trail(tmp_path, event("Decrypt", without_issuer()), event("Decrypt", None))
    code, told, _ = run(source, "-o", str(tmp_path / "out"))
    assert code == 2
    assert "? 1 x record left out: it does not tell who called" in told
    assert len(read_uses(tmp_path / "out").uses) == 1


def test_a_mistake_is_a_line(tmp_path: Path) -> None:
    code, told, errors = run(str(tmp_path / "nothing"), "-o", str(tmp_path / "out"))
    assert (code, told) == (2, "")
    assert errors.startswith("error: source ")
    assert errors.count("\n") == 1


def test_names_command_nothing(tmp_path: Path) -> None:
    """Whoever calls KMS chooses names of sessions and encryption contexts."""
    name = "\x1b[31mred\n::error::x"
    (tmp_path / "trail.json").write_text(json.dumps({"Records": [event("Decrypt", None, eventName=name)]}))
    _, told, _ = run(str(tmp_path), "-o", str(tmp_path / "out"))
    assert "\x1b" not in told
    assert "\n::" not in told


def as_aws(monkeypatch: pytest.MonkeyPatch, session: object) -> list[str | None]:
    """Answer in place of AWS; return the profiles that were asked for."""
    profiles: list[str | None] = []
    monkeypatch.setattr(reading, "session_of", lambda profile: profiles.append(profile) or session)
    return profiles


def test_a_bucket_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    profiles = as_aws(monkeypatch, Bucket({"AWSLogs/x.json.gz": packed(event("Decrypt", session()))}).aws().session())
    code, told, _ = run(
        "s3://logs/AWSLogs/", "-o", str(tmp_path / "out"), "--profile", "audit", "--region", "eu-west-1"
    )
    assert (code, profiles) == (0, ["audit"])
    assert told.startswith("1 files, 1 events, 1 of KMS")


def test_the_event_history_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_snapshot(snapshot(PATHED), tmp_path / "account")
    history = History([event("Decrypt", session(), eventID=f"{number}") for number in range(60)])
    as_aws(monkeypatch, history.aws().session())
    common = ("--lookup", "-o", str(tmp_path / "out"), "--snapshot", str(tmp_path / "account"))
    code, told, _ = run(*common)
    assert (code, len(history.asked)) == (0, 2)
    assert "0 files, 60 events, 60 of KMS" in told
    _, told, _ = run(*common, "--lookup-pages", "1")
    assert "its event history has more than 1 pages" in told
    assert run("--lookup", "-o", "out") == (
        2,
        "",
        "error: --lookup asks for the keys of an account: give --snapshot too\n",
    )


def test_something_must_be_named(tmp_path: Path) -> None:
    _, _, errors = run("-o", str(tmp_path / "out"))
    assert errors == "error: name what to read: files or folders of CloudTrail, s3://..., --lookup or --athena\n"
