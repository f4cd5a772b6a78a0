"""Snapshots as files: what was written is read, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.account import Snapshot, read_snapshot, write_snapshot
from secure_kms_constructs.account.files import digest_of


@pytest.fixture
def written(snapshot: Snapshot, tmp_path: Path) -> Path:
    write_snapshot(snapshot, tmp_path / "account.json")
    return tmp_path / "account.json"


def change(path: Path, **members: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | members))


def test_what_is_written_is_read(snapshot: Snapshot, written: Path) -> None:
    assert read_snapshot(written) == snapshot


def test_it_can_be_reviewed_line_by_line(written: Path) -> None:
    lines = written.read_text().splitlines()
    assert len(lines) > 200
    assert max(map(len, lines)) < 250


def test_one_that_is_formatted_anew_is_still_the_same(snapshot: Snapshot, written: Path) -> None:
    written.write_text(json.dumps(json.loads(written.read_text()), sort_keys=True))
    assert read_snapshot(written) == snapshot


def test_one_that_is_cut_off_is_refused(written: Path) -> None:
    written.write_text(written.read_text()[:-100])
    with pytest.raises(ValueError, match=r"account.json is no account snapshot: its JSON is cut off or broken;"):
        read_snapshot(written)


def test_one_that_was_changed_is_refused(written: Path) -> None:
    written.write_text(written.read_text().replace('"Enabled"', '"Disabled"', 1))
    with pytest.raises(ValueError, match=r"account.json was changed since it was made, its digest is not that of"):
        read_snapshot(written)


@pytest.mark.parametrize("number", [2, "1", None])
def test_one_of_a_newer_format_is_refused(number: object, written: Path) -> None:
    change(written, format=number)
    with pytest.raises(ValueError, match=rf"has format {number!r} and this version reads up to 1: install a newer one"):
        read_snapshot(written)


@pytest.mark.parametrize("text", ["{}", "[]", "1", '{"Resources": {}}'])
def test_other_json_is_refused(text: str, written: Path) -> None:
    written.write_text(text)
    with pytest.raises(ValueError, match="is no account snapshot: it has no kind 'secure-kms account'"):
        read_snapshot(written)


def test_one_with_a_member_of_another_type_is_refused_by_its_place(snapshot: Snapshot, written: Path) -> None:
    content = asdict(snapshot)
    content["accounts"][0]["keys"][0]["arn"] = 5
    change(written, snapshot=content, digest=digest_of(content))
    with pytest.raises(ValueError, match=r"Expected `str`, got `int` - at `\$.accounts\[0\].keys\[0\].arn`;"):
        read_snapshot(written)


def test_one_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere.json cannot be read: No such file or directory"):
        read_snapshot(tmp_path / "nowhere.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"binary.json cannot be read: it is no text"):
        read_snapshot(tmp_path / "binary.json")


def test_no_two_snapshots_share_a_digest(snapshot: Snapshot) -> None:
    assert digest_of(asdict(snapshot)) != digest_of(asdict(replace(snapshot, made="then")))
