"""What every command of `account` does with what it cannot use: a sentence and exit code 2, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from secure_kms_constructs.account import Snapshot, take_snapshot, write_snapshot
from secure_kms_constructs.account.files import as_text
from secure_kms_constructs.cli.commands import app
from tests.unit.account.accounts import APP, fake_account, key_arn, role_arn
from tests.unit.account.fake_aws import OTHER_ACCOUNT, REGION, FakeAws, Json, RefusalError
from tests.unit.account.test_documented import TOML


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    return take_snapshot(session=fake_account().session())


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def refused(done: Result, said: str) -> None:
    """It ends with 2, and one line that says so."""
    assert done.exit_code == 2, done.output
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert done.exception is None or isinstance(done.exception, SystemExit)


# Each command that reads an account file, which it has in the place of FILE.
READERS = [
    ["account", "map", "FILE"],
    ["check", "FILE"],
    ["diff", "FILE", "FILE"],
    ["account", "diff", "FILE", "FILE"],
    ["account", "verify", "FILE"],
]


def newer(text: str) -> str:
    whole = json.loads(text)
    return json.dumps(whole | {"format": whole["format"] + 1})


def without(member: str) -> Callable[[str], str]:
    def changed(text: str) -> str:
        whole = json.loads(text)
        del whole[member]
        return json.dumps(whole)

    return changed


SPOILT: list[tuple[Callable[[str], str], str]] = [
    (newer, "has format 2 and this version reads up to 1: install a newer one"),
    (without("format"), "has format None and this version reads up to 1"),
    (without("digest"), "was changed since it was made"),
    (lambda text: text.replace('"Enabled"', '"Disabled"', 1), "was changed since it was made"),
]


@pytest.mark.parametrize("command", READERS, ids=" ".join)
@pytest.mark.parametrize("spoil, said", SPOILT, ids=["newer", "no format", "no digest", "edited"])
def test_a_file_that_is_not_as_it_was_written(
    command: list[str], spoil: Callable[[str], str], said: str, snapshot: Snapshot, tmp_path: Path
) -> None:
    (tmp_path / "account.json").write_text(spoil(as_text(snapshot)))
    refused(run(*(tmp_path / "account.json" if one == "FILE" else one for one in command)), said)


BROKEN: list[tuple[str, bytes | None]] = [
    ("cut off", None),
    ("empty", b""),
    ("no text", b"\xff\xfe\x00"),
    ("a list", b"[]"),
    ("nested too deep", b"[" * 100_000),
]


@pytest.mark.parametrize("command", READERS, ids=" ".join)
@pytest.mark.parametrize("content", [it[1] for it in BROKEN], ids=[it[0] for it in BROKEN])
def test_a_file_that_is_broken(command: list[str], content: bytes | None, snapshot: Snapshot, tmp_path: Path) -> None:
    whole = as_text(snapshot).encode()
    (tmp_path / "account.json").write_bytes(whole[: len(whole) // 2] if content is None else content)
    refused(run(*(tmp_path / "account.json" if one == "FILE" else one for one in command)), "account.json")


@pytest.mark.parametrize("command", [*READERS, ["account", "exceptions", "FILE"]], ids=" ".join)
def test_a_file_that_is_not_there(command: list[str], tmp_path: Path) -> None:
    refused(run(*(tmp_path / "nowhere.json" if one == "FILE" else one for one in command)), "nowhere.json")


@pytest.fixture
def file(snapshot: Snapshot, tmp_path: Path) -> Path:
    write_snapshot(snapshot, tmp_path / "account.json")
    return tmp_path / "account.json"


WRITERS = [["account", "map", "FILE"], ["check", "FILE"], ["diff", "FILE", "FILE"], ["account", "exceptions", "TOML"]]


@pytest.mark.parametrize("command", WRITERS, ids=" ".join)
def test_an_output_that_cannot_be_written(command: list[str], file: Path, tmp_path: Path) -> None:
    (tmp_path / "e.toml").write_text(TOML)
    given = {"FILE": file, "TOML": tmp_path / "e.toml"}
    done = run(*(given.get(one, one) for one in command), "--output", file / "where.txt")
    refused(done, f"{file}: File exists")


@pytest.mark.parametrize("command", [*WRITERS[:3]], ids=" ".join)
@pytest.mark.parametrize(
    "toml, said",
    [("[[exception]", "must be TOML: "), ("a = 1", "must hold [[exception]] tables"), (None, "does not exist")],
)
def test_exceptions_that_are_none(command: list[str], toml: str | None, said: str, file: Path, tmp_path: Path) -> None:
    if toml is not None:
        (tmp_path / "e.toml").write_text(toml)
    where = tmp_path / ("nowhere" if toml is None else "e.toml")
    refused(run(*(file if one == "FILE" else one for one in command), "--exceptions", where), said)


def test_exceptions_past_their_end_count_no_more(file: Path, tmp_path: Path) -> None:
    (tmp_path / "e.toml").write_text(TOML.replace("2027-06-30", "2020-06-30"))
    given = ("--exceptions", tmp_path / "e.toml")
    checked = json.loads(run("check", file, *given, "--format", "json").stdout)
    assert [one["path"] for one in checked["findings"] if one["rule"] == "KLP003"] == [role_arn("Bounded")]
    assert "exception that has ended from decrypt-on-all-keys" in run("account", "map", file, *given).stdout
    [told] = json.loads(run("account", "map", file, *given, "--format", "json").stdout)["exceptions"]
    assert told["ended"] is True


# Taking a snapshot, with a session that AWS answers so.


def snapshot_of(monkeypatch: pytest.MonkeyPatch, aws: FakeAws, output: Path, *more: str) -> Result:
    monkeypatch.setattr("secure_kms_constructs.account.reading.session_of", lambda _profile: aws.session())
    return run("account", "snapshot", "-o", output, *more)


@pytest.mark.parametrize(
    "call, code, said",
    [
        (("sts", "GetCallerIdentity"), "ExpiredToken", "AWS does not accept the credentials (ExpiredToken)"),
        (("kms", "ListGrants"), "ExpiredTokenException", "AWS does not accept the credentials (ExpiredTokenException)"),
        (("sts", "GetCallerIdentity"), "AccessDenied", "AWS does not say which account this is"),
    ],
)
def test_credentials_that_cannot_be_used(
    call: tuple[str, str], code: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    aws = fake_account()
    aws.refuse[call] = code
    refused(snapshot_of(monkeypatch, aws, tmp_path / "a.json"), said)
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    "more, said",
    [
        (("--account", OTHER_ACCOUNT), "account must be 444455556666, these credentials are of 111122223333"),
        (("--region", "mars-north-1"), "region must be one that has KMS"),
        (("--role-arn", "Reader"), "role must be the ARN of a role"),
    ],
)
def test_an_account_that_is_not_meant(
    more: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refused(snapshot_of(monkeypatch, fake_account(), tmp_path / "a.json", *more), said)


@pytest.mark.parametrize("command", ["snapshot", "verify"])
def test_without_credentials(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    (tmp_path / "p.json").write_text('{"Version": "2012-10-17", "Statement": []}')
    given = ("-o", tmp_path / "a.json") if command == "snapshot" else (tmp_path / "p.json",)
    refused(run("account", command, *given, "--region", REGION), "no AWS credentials were found")
    refused(run("account", command, *given, "--profile", "nope"), "The config profile (nope) could not be found")


# What is unknown in part is no mistake: it is told.


def paged_until(aws: FakeAws, service: str, operation: str) -> None:
    """Refuse every page but the first."""
    answer = aws.answers[service, operation]

    def answered(asked: Json) -> Json:
        if asked.get("Marker") or asked.get("NextToken") or asked.get("nextToken"):
            raise RefusalError("AccessDeniedException")
        return answer(asked)

    aws.answers[service, operation] = answered


def test_a_page_that_is_refused_in_the_middle_is_told_by_every_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    aws = fake_account(size=1)
    paged_until(aws, "kms", "ListGrants")
    done = snapshot_of(monkeypatch, aws, tmp_path / "a.json")
    assert done.exit_code == 0
    assert done.stderr.startswith("? grants of arn:aws:kms:")
    taken = tmp_path / "a.json"
    assert "grants of arn:aws:kms:" in run("account", "map", taken).stdout
    assert "grants of arn:aws:kms:" in run("check", taken).stdout
    done = run("diff", taken, taken)
    assert done.exit_code == 2
    assert "? grants of arn:aws:kms:" in done.stdout


def test_a_policy_that_cannot_be_parsed_is_told_by_every_command(file: Path, snapshot: Snapshot) -> None:
    [account] = snapshot.accounts
    keys = [replace(one, policy="{not json") if one.id == APP else one for one in account.keys]
    write_snapshot(replace(snapshot, accounts=[replace(account, keys=keys)]), file)
    mapped = run("account", "map", file, "--key", key_arn(APP), "--action", "kms:Decrypt")
    assert mapped.exit_code == 0
    assert "must be JSON" in mapped.stdout
    lines: list[dict[str, Any]] = json.loads(
        run("account", "map", file, "--key", key_arn(APP), "--format", "json").stdout
    )["access"]
    assert lines
    assert {one["allowed"] for one in lines} == {None}
    assert "must be JSON" in run("check", file, "--show", "info").stdout
    done = run("diff", file, file)
    assert (done.exit_code, "Traceback" in done.output) == (0, False)
