"""Replicas of a key in other regions, each of which the deployer of its own region makes."""

from __future__ import annotations

from collections.abc import Sequence

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import REPLICATE_ACTIONS

from .apps import Place
from .reading import bound, listed, meant
from .served_statements import is_said
from .statements import Statement, replication_of_keys
from .usages import Usage

_REPLICA = "AWS::KMS::ReplicaKey"


def is_of_replica(use: Usage) -> bool:
    """Tell whether a key is used as the primary of a replica."""
    return use.resource.type == _REPLICA


def decided(
    use: Usage, key: Place, usual: str, there: Place, statements: Sequence[Statement]
) -> tuple[list[Statement], list[str]]:
    """Return what the policy of the primary has to say, and why it cannot.

    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html

    :param key: where the primary is.
    :param usual: who deploys the stack of the primary where nobody says otherwise.
    :param there: where the replica is.
    :param statements: what the policy of the primary says already, as text.
    """
    if not arns.contradict(there.region, key.region):
        return [], [
            f"{use} is a replica in {there.region} of a key in {key.region}, and a replica is in another region than "
            "its primary: give both stacks an env, of two regions"
        ]
    if there.account != key.account:
        return [], [
            f"{use} is a replica in account {there.account} of a key of {key.account}, and a replica is in the account "
            "of its primary: make both in one account"
        ]
    if any(_admits(one, there.region) for one in statements):
        return [], []
    # Whoever deploys the primary in place of the usual role may deploy the replica too, or may not.
    if not there.deployer or key.deployer != usual:
        return [], [
            f"{use} is made by who deploys stack {use.resource.stack} in {there.region}, and who that is cannot be "
            "told: call key.admit_replica_keys_of(<that stack>, deployer=...) with the principal that CloudFormation "
            "acts as there"
        ]
    written = replication_of_keys(there.deployer, there.region)
    return ([] if is_said(written, statements) else [written]), []


def _admits(statement: Statement, region: str) -> bool:
    """Tell whether a statement lets somebody make replicas in a region that it names."""
    return (
        statement.get("Effect") == "Allow"
        and bool(meant(statement.get("Action"), REPLICATE_ACTIONS.value))
        and region in listed(bound(statement).get("kms:replicaregion"))
    )
