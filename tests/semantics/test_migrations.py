"""From CloudTrail to a plan that iam-simulate finds to allow every use and to refuse every change of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.semantics.judge import Judge
from tests.semantics.migrations import asked, judged, planned, world

ROLES, KEYS, EVENTS = 20, 8, 600


@pytest.mark.parametrize("seed", [1, 2])
def test_uses_are_allowed_and_changes_of_them_refused(seed: int, tmp_path: Path) -> None:
    made = world(seed, ROLES, KEYS)
    migration = planned(made, tmp_path, EVENTS, seed)
    counts, wrong = judged(made, migration)
    assert not wrong
    assert len(migration.plans) == ROLES
    assert migration.gaps == []
    assert counts[True] == len(made.deeds) >= ROLES
    assert counts[False] > 4 * counts[True]


def test_the_judge_would_notice(tmp_path: Path) -> None:
    """On the policies as they were, changes of uses are allowed: the questions are no empty ones."""
    made = world(1, ROLES, KEYS)
    migration = planned(made, tmp_path, EVENTS, 1)
    for one in migration.plans:
        one.added.clear()
    with Judge() as judge:
        answers = [judge.ask(question).allowed for expected, question in asked(made, migration) if expected]
    assert not any(answers)
