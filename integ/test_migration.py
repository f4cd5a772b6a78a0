"""From CloudTrail to narrow policies and back, on the emulator: by the calls of the plan, and by its code deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from emulator import Emulator
from migration import AFTER, BEFORE, ROLE, Migration, prepare

from secure_kms_constructs.evidence import read_uses


@pytest.fixture(scope="module")
def printed(emulator: Emulator) -> Iterator[tuple[Migration, str]]:
    made = prepare(emulator)
    yield made, made.plan()
    emulator.client("cloudtrail").delete_trail(Name="everything")


@pytest.fixture
def migration(printed: tuple[Migration, str]) -> Migration:
    return printed[0]


def test_the_plan_is_proven_and_its_evidence_complete(printed: tuple[Migration, str]) -> None:
    migration, text = printed
    assert "Proof: 1 of 1 uses allowed" in text
    assert "evidence is incomplete" not in text
    added = json.loads((migration.of_role / "after" / "new-observed-key-use.json").read_text())
    [statement] = added["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("kms:Decrypt", migration.key)
    assert statement["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"] == migration.wanted


def test_what_was_refused_is_told_and_gets_nothing(migration: Migration) -> None:
    found = read_uses(migration.emulator.directory / "uses.json")
    mine = [one.action for one in found.denied if one.principal.endswith(f"/{ROLE}")]
    assert mine == ["kms:Encrypt"]
    assert "Encrypt" not in (migration.of_role / "construct.py").read_text().replace("ResolvedKey", "")


def test_the_calls_of_the_plan_narrow_and_those_of_the_way_back_restore(migration: Migration) -> None:
    before = migration.policies()
    assert migration.outcomes() == BEFORE
    migration.carry_out(migration.calls("apply.md"))
    try:
        assert migration.outcomes() == AFTER
    finally:
        migration.carry_out(migration.calls("rollback.md"))
    assert migration.policies() == before
    assert migration.outcomes() == BEFORE


def test_the_code_of_the_plan_narrows_when_it_is_deployed(migration: Migration) -> None:
    before = migration.policies()
    deployment = migration.deployment()
    deployment.deploy()
    # The stack stands in for the new policy; the old ones still have to go.
    old = [call for call in migration.calls("apply.md") if "observed-key-use" not in call]
    migration.carry_out(old)
    try:
        assert migration.outcomes() == AFTER
    finally:
        migration.carry_out([call for call in migration.calls("rollback.md") if "observed-key-use" not in call])
        deployment.destroy()
    assert migration.policies() == before
    assert migration.outcomes() == BEFORE
