"""What comes out of each record that AWS's pages show, and of some that only happen."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from secure_kms_constructs.evidence import observe
from tests.unit.evidence.samples import DOCUMENTED, SAMPLES, Json, Sample

LISTS = ("uses", "denied", "failed", "services", "foreign")


def told(record: Json, folder: Path) -> Json:
    (folder / "trail.json").write_text(json.dumps({"Records": [record]}))
    return asdict(observe([str(folder)]))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_record_tells(sample: Sample, tmp_path: Path) -> None:
    found = told(sample.record, tmp_path)
    for name in LISTS:
        kept = [{key: value for key, value in use.items() if key not in ("events", "by_grant")} for use in found[name]]
        assert sorted(kept, key=str) == (sorted(sample.uses, key=str) if name == sample.among else []), name
    evidence = found["evidence"]
    assert list(evidence["skipped"]) == ([sample.skipped] if sample.skipped else [])
    assert [one["what"] for one in evidence["problems"]] == ([sample.problem] if sample.problem else [])


def test_each_record_tells_something_or_says_why_not() -> None:
    assert all(bool(one.uses) + bool(one.skipped) + bool(one.problem) == 1 for one in SAMPLES)
    assert all(one.page for one in DOCUMENTED)
    assert len({one.name for one in SAMPLES}) == len(SAMPLES) >= 60


@pytest.mark.parametrize("sample", [one for one in SAMPLES if one.uses], ids=lambda sample: sample.name)
def test_looking_it_up_tells_the_same(sample: Sample, tmp_path: Path) -> None:
    """LookupEvents returns the record as a text."""
    looked_up = {"EventId": sample.record["eventID"], "CloudTrailEvent": json.dumps(sample.record)}
    (tmp_path / "looked-up.json").write_text(json.dumps({"Events": [looked_up]}))
    by_lookup = asdict(observe([str(tmp_path / "looked-up.json")]))
    by_trail = told(sample.record, tmp_path)
    assert [by_lookup[name] for name in LISTS] != [[]] * len(LISTS)
    # The folder now has both files, and the event counts once.
    assert [by_trail[name] for name in LISTS] == [by_lookup[name] for name in LISTS]
