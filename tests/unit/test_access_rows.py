"""Who can decrypt, case by case; and that each row has a request that it is about."""

from __future__ import annotations

import pytest

from tests.unit.cases.access_rows import CASES, Rows
from tests.unit.landscapes import access


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_map_says_who_can_decrypt(case: Rows) -> None:
    name, *lines = access(*case.things).to_text(["kms:Decrypt"]).splitlines()
    assert name == "App/Key"
    assert tuple(lines) == case.lines


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_row_has_a_request_that_is_decided_so(case: Rows) -> None:
    rows = access(*case.things).who_can("kms:Decrypt", "Key")
    assert rows
    for row in rows:
        assert row.decision.allowed is row.allowed
        assert row.statements


def test_the_cases_have_different_names() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
