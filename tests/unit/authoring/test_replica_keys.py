"""Replicas of a key in other regions: who is admitted for them, and which cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import App, Place
from secure_kms_constructs.authoring.key_requirements import Kind
from secure_kms_constructs.authoring.served_keys import KeyFacts
from secure_kms_constructs.authoring.serving import decide
from tests.unit.authoring.small_apps import HERE, KEY, ROOT, app, decided, written

ABROAD = HERE._replace(region="eu-west-1", deployer="arn:aws:iam::111122223333:role/deployer-abroad")
OWN = "arn:aws:iam::111122223333:role/own"
REPLICA = ("AWS::KMS::ReplicaKey", {"PrimaryKeyArn": KEY})


def replicated(there: Place | None) -> App:
    return app(there, OtherReplica=REPLICA)


def test_the_deployer_of_its_region_makes_a_replica_there_and_nowhere_else() -> None:
    [statement] = written(decided(replicated(ABROAD), multi=True))
    assert statement["Principal"] == {"AWS": ABROAD.deployer}
    assert statement["Action"] == "kms:ReplicateKey"
    assert statement["Condition"] == {"StringEquals": {"kms:ReplicaRegion": "eu-west-1"}}


@pytest.mark.parametrize(
    "kind", [{"usage": "SIGN_VERIFY", "spec": "ECC_NIST_P256"}, {"usage": "GENERATE_VERIFY_MAC", "spec": "HMAC_256"}]
)
def test_keys_that_sign_have_replicas_too(kind: dict[str, str]) -> None:
    decision = decided(replicated(ABROAD), multi=True, **kind)
    assert len(decision.statements) == 1
    assert decision.refusals == []


def test_a_key_of_one_region_has_none() -> None:
    [refusal] = decided(replicated(ABROAD)).refusals
    assert "needs a multi-Region key: make the HardenedKey with multi_region=True" in refusal


@pytest.mark.parametrize(
    "there, why",
    [
        (HERE, "give both stacks an env, of two regions"),
        (ABROAD._replace(region="${AWS.Region}"), "give both stacks an env, of two regions"),
        (ABROAD._replace(account="999999999999"), "make both in one account"),
        (ABROAD._replace(account="${AWS.AccountId}"), "make both in one account"),
        (ABROAD._replace(deployer=""), r"call key.admit_replica_keys_of\(<that stack>, deployer=...\)"),
        (None, "give both stacks an env, of two regions"),
    ],
    ids=["the same region", "an unknown region", "another account", "an unknown account", "no deployer", "nowhere"],
)
def test_a_replica_that_cannot_be_made_is_refused(there: Place | None, why: str) -> None:
    decision = decided(replicated(there), multi=True)
    assert decision.statements == []
    with pytest.raises(ValueError, match=why):
        raise ValueError(*decision.refusals)


def test_who_deploys_in_place_of_the_usual_role_is_not_guessed_abroad() -> None:
    kind = Kind("SYMMETRIC", "SYMMETRIC_DEFAULT", multi_region=True, region="us-east-1")
    decision = decide(replicated(ABROAD), KeyFacts("Stack/Key", "Stack", HERE._replace(deployer=OWN), kind))
    assert decision.statements == []
    assert "who that is cannot be told" in decision.refusals[0]


def admits(who: str, condition: dict[str, Any] | None, effect: str = "Allow", action: str = "kms:ReplicateKey") -> Any:
    return {"Effect": effect, "Principal": {"AWS": who}, "Action": action, "Condition": condition or {}}


def into(region: str) -> dict[str, Any]:
    return {"StringEquals": {"kms:ReplicaRegion": ["eu-north-1", region]}}


@pytest.mark.parametrize(
    "statement, is_admitted",
    [
        (admits(OWN, into("eu-west-1")), True),
        (admits(OWN, into("eu-west-1"), action="kms:Replicate*"), True),
        (admits(OWN, into("eu-west-2")), False),
        (admits(OWN, into("eu-west-1"), effect="Deny"), False),
        (admits(OWN, into("eu-west-1"), action="kms:Decrypt"), False),
        (admits(OWN, None), False),
        (admits(ROOT, {"StringEquals": {"aws:PrincipalType": "Account"}}, action="kms:*"), False),
        (admits(ABROAD.deployer, None), True),
        (admits(ABROAD.deployer, into("eu-west-2")), False),
    ],
)
def test_nothing_is_added_where_somebody_is_admitted_for_the_region(statement: Any, is_admitted: bool) -> None:
    decision = decided(replicated(ABROAD), multi=True, statements=[statement])
    assert (decision.statements == []) is is_admitted
    assert decision.refusals == []
