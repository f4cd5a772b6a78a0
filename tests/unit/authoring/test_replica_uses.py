"""Replicas of secrets under a key: in its region, and by a deployer that it admits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.authoring.small_apps import HERE, KEY, app, decided

ABROAD = HERE._replace(region="eu-west-1", deployer="arn:aws:iam::111122223333:role/deployer-abroad")
VIA = {
    "StringEquals": {
        "kms:ViaService": ["secretsmanager.us-east-1.amazonaws.com", "secretsmanager.eu-west-1.amazonaws.com"]
    }
}
HERE_ALONE = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}
NEEDED = ["kms:Encrypt", "kms:GenerateDataKey"]


def refusals(region: Any, *statements: dict[str, Any]) -> list[str]:
    secret = {"ReplicaRegions": [{"Region": region, "KmsKeyId": KEY}]}
    it = app(ABROAD, OtherSecret=("AWS::SecretsManager::Secret", secret))
    return decided(it, statements=list(statements)).refusals


def admits(actions: list[str], condition: dict[str, Any], effect: str = "Allow") -> dict[str, Any]:
    who = {"AWS": ABROAD.deployer}
    return {"Effect": effect, "Principal": who, "Action": actions, "Resource": "*", "Condition": condition}


@pytest.mark.parametrize(
    "statement, admitted",
    [
        (admits(NEEDED, VIA), True),
        (admits(["kms:*"], VIA), True),
        (admits(NEEDED[:1], VIA), False),
        (admits(NEEDED, HERE_ALONE), False),
        (admits(NEEDED, {}), False),
        (admits(NEEDED, VIA, "Deny"), False),
    ],
)
def test_a_deployer_is_admitted_to_all_that_a_replica_needs(statement: dict[str, Any], admitted: bool) -> None:
    found = refusals("us-east-1", statement)
    assert (found == []) is admitted
    assert all("call key.admit_replicas_of(secret)" in one for one in found)


@pytest.mark.parametrize("region, right", [("us-east-1", True), ("ap-south-1", False), ({"Ref": "Region"}, True)])
def test_a_key_encrypts_replicas_of_its_own_region(region: Any, right: bool) -> None:
    found = refusals(region, admits(NEEDED, VIA))
    assert (found == []) is right
    assert all("takes keys of that region only, got one of us-east-1" in one for one in found)
