"""One whole template for each construct. Rewritten only by `pytest tests/synth/test_snapshots.py --snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.synth.shown import hardened_key, kms_guardrails, log_group_with_cmk, scoped_secret_reader
from tests.synth.templates import environment, readable, template

LINES = 250


def synthesized(build: Callable[[Stack], None]) -> dict[str, Any]:
    stack = Stack(App(), "Stack", env=environment())
    build(stack)
    return readable(template(stack)["Resources"])


@pytest.mark.parametrize("build", [hardened_key, scoped_secret_reader, log_group_with_cmk, kms_guardrails])
def test_the_template_is_as_reviewed(build: Callable[[Stack], None], snapshot: SnapshotAssertion) -> None:
    assert synthesized(build) == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("build", [hardened_key, scoped_secret_reader, log_group_with_cmk, kms_guardrails])
def test_the_template_is_the_same_each_time(build: Callable[[Stack], None]) -> None:
    assert synthesized(build) == synthesized(build)


def test_a_snapshot_is_short_enough_to_read() -> None:
    snapshots = list(Path(__file__).parent.glob("__snapshots__/**/*.json"))
    assert len(snapshots) == 4
    assert {path.name: len(path.read_text().splitlines()) for path in snapshots if _lines(path) >= LINES} == {}


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())
