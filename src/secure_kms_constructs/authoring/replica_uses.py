"""Whether the replicas of a secret in a key's region can be made with the key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import SECRET_REPLICA_ACTIONS
from secure_kms_constructs.aws.services import Service

from .apps import Place, value_at
from .reading import bound, listed, meant
from .statements import Statement
from .usages import Usage

_SECRET, _LIST = "AWS::SecretsManager::Secret", "ReplicaRegions"


def is_of_replica(use: Usage) -> bool:
    """Tell whether a key is used for a secret's replica in another region, not for the secret."""
    return use.resource.type == _SECRET and use.found.steps[0] == _LIST


def problems(use: Usage, key: Place, secret: Place, statements: Sequence[Statement]) -> Iterator[str]:
    """Return why a replica would not be made, of which CloudFormation says nothing.

    :param key: where the key is.
    :param secret: where the primary secret is.
    :param statements: what the policy of the key says, as text.
    """
    region = value_at(use.resource.properties, f"{_LIST}/{use.found.steps[1]}/Region")
    if isinstance(region, str) and arns.contradict(region, key.region):
        yield (
            f"{use} is a replica in {region}, which takes keys of that region only, got one of {key.region}: pass a "
            f"HardenedKey of a stack in {region} as its encryption_key"
        )
    elif not any(_admits(one, Service.SECRETS_MANAGER.via(secret.region)) for one in statements):
        yield (
            f"{use} is made by who deploys the secret in {secret.region}, whom the key's policy does not name, and "
            "CloudFormation would not say that it failed: call key.admit_replicas_of(secret)"
        )


def _admits(statement: Statement, via: str) -> bool:
    """Tell whether a statement lets somebody make replicas through the Secrets Manager of the secret's region."""
    needed = SECRET_REPLICA_ACTIONS.value
    return (
        statement.get("Effect") == "Allow"
        and meant(statement.get("Action"), needed) == set(needed)
        and via in listed(bound(statement).get("kms:viaservice"))
    )
