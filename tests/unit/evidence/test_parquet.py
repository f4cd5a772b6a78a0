"""Uses as Parquet: what the JSON has, in a form that SQL reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as arrow
import pytest
from pyarrow import parquet

from secure_kms_constructs.evidence import Observed, observe, read_uses, write_uses
from tests.unit.evidence.samples import ADMIN, ALICE, KEY, SAMPLES
from tests.unit.evidence.test_observing import PATHED, snapshot


@pytest.fixture
def whole(tmp_path: Path) -> Observed:
    records = [one.record for one in SAMPLES]
    (tmp_path / "trail.json").write_text(json.dumps({"Records": records}))
    return observe([str(tmp_path / "trail.json")], snapshot=snapshot(PATHED))


def test_it_is_read_as_it_was_written(whole: Observed, tmp_path: Path) -> None:
    write_uses(whole, tmp_path / "uses.parquet")
    assert all((whole.uses, whole.denied, whole.failed, whole.services, whole.foreign, whole.coverage))
    assert read_uses(tmp_path / "uses.parquet") == whole
    write_uses(whole, tmp_path / "uses.json")
    assert read_uses(tmp_path / "uses.json") == whole


def test_nothing_observed_is_kept_too(tmp_path: Path) -> None:
    (tmp_path / "trail.json").write_text('{"Records": []}')
    nothing = observe([str(tmp_path / "trail.json")])
    write_uses(nothing, tmp_path / "uses.parquet")
    assert read_uses(tmp_path / "uses.parquet") == nothing


def test_a_row_is_a_use(whole: Observed, tmp_path: Path) -> None:
    write_uses(whole, tmp_path / "uses.parquet")
    rows = parquet.read_table(tmp_path / "uses.parquet").to_pylist()
    assert len(rows) == sum(map(len, (whole.uses, whole.denied, whole.failed, whole.services, whole.foreign)))
    used = [one for one in rows if one["list"] == "uses" and one["key"] == KEY]
    assert {ADMIN, ALICE, PATHED} & {one["principal"] for one in used}
    assert sum(one["count"] for one in rows if one["list"] == "uses") == sum(one.count for one in whole.uses)
    contexts = [json.loads(one["context"]) for one in rows if one["context"] is not None]
    assert any(contexts)


def test_what_was_edited_is_refused(whole: Observed, tmp_path: Path) -> None:
    path = tmp_path / "uses.parquet"
    write_uses(whole, path)
    table = parquet.read_table(path)
    parquet.write_table(table.slice(1), path)
    with pytest.raises(ValueError, match="was changed since it was made, its digest is not that of its content"):
        read_uses(path)


def test_another_file_is_none(tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    parquet.write_table(arrow.table({"list": ["uses"]}), other)
    (tmp_path / "text.parquet").write_text("{}")
    (tmp_path / "empty.parquet").write_text("")
    for name in ("other", "text", "empty"):
        with pytest.raises(ValueError, match="has no uses: it has no kind 'secure-kms uses'; make it anew"):
            read_uses(tmp_path / f"{name}.parquet")
    with pytest.raises(ValueError, match=r"gone\.parquet cannot be read: "):
        read_uses(tmp_path / "gone.parquet")


def test_without_pyarrow_it_says_what_to_install(
    whole: Observed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_uses(whole, tmp_path / "uses.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for act in (lambda: read_uses(tmp_path / "uses.parquet"), lambda: write_uses(whole, tmp_path / "new.parquet")):
        with pytest.raises(ValueError, match="needs pyarrow, which is not installed: pip install 'secure-kms-constr"):
            act()
    write_uses(whole, tmp_path / "uses.json")
