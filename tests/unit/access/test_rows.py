"""Who can decrypt, case by case; and that each row has a request that it is about."""

from __future__ import annotations

import pytest

from tests.unit.cases import access_rows, outsider_rows
from tests.unit.cases.access_rows import ONE_SECRET, OTHER_ROOT, Rows
from tests.unit.landscapes import OTHER_ACCOUNT, ROOT_MAY, access, allow, identity, key, secret

CASES = (*access_rows.CASES, *outsider_rows.CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_map_says_who_can_decrypt(case: Rows) -> None:
    name, *lines = access(*case.things).to_text(["kms:Decrypt"]).splitlines()
    assert name == "App/Key"
    assert tuple(lines) == case.lines


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_row_has_a_request_that_is_decided_so(case: Rows) -> None:
    rows = access(*case.things).who_can("kms:Decrypt", "Key")
    assert bool(rows) is (case.lines != ("  nobody",))
    for row in rows:
        assert row.decision.allowed is row.allowed
        assert row.statements


def test_the_cases_have_different_names() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_an_action_without_an_encryption_context_is_not_one_with() -> None:
    asked = access(key(ROOT_MAY), identity("reader", allow(action="kms:*", StringEquals=ONE_SECRET)), secret())
    said = asked.to_text(["kms:Decrypt", "kms:DescribeKey"])
    assert "  App/reader: Decrypt if SecretARN = App/Secret\n" in said


def test_an_action_that_works_across_accounts_is_not_one_that_does_not() -> None:
    asked = access(key(ROOT_MAY, allow({"AWS": OTHER_ROOT}, "kms:*")))
    said = asked.to_text(["kms:GetPublicKey", "kms:PutKeyPolicy"])
    assert f"  any principal of {OTHER_ACCOUNT} with kms:* on *: GetPublicKey\n" in f"{said}\n"
