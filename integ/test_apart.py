"""Keys, secrets and readers in stacks and regions of their own, deployed to the enforcing emulator."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import legacy
import pytest
from deployment import Deployment
from emulator import Emulator
from tries import ALLOWED, REFUSED, create_role, decrypt, read, too_much

APP = Path(__file__).parent / "apps" / "apart.py"
INNOCENT = "apart-innocent"
DUMMY_KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


@dataclass(frozen=True)
class Reader:
    """A role, the secret it reads, another under the same key, and that key; each a stack and a path in it.

    :param innocent: how a role with kms:* and secretsmanager:* on * ends with that secret.
    """

    role: tuple[str, str]
    secret: tuple[str, str]
    neighbour: tuple[str, str]
    key: tuple[str, str]
    innocent: str = REFUSED


READERS = {
    "of a key and a secret in stacks of their own": Reader(
        ("Readers", "LiteralRole"), ("Secrets", "Orders"), ("Secrets", "Payroll"), ("Keys", "Key")
    ),
    "with a generated name, whose key delegates to IAM": Reader(
        ("Readers", "GeneratedRole"),
        ("Secrets", "Delegated"),
        ("Secrets", "DelegatedNeighbour"),
        ("Keys", "Delegating"),
        innocent=ALLOWED,
    ),
    "of a stack that is before the key's": Reader(
        ("Roles", "Early"), ("KeysAfterRoles", "Secret"), ("KeysAfterRoles", "Neighbour"), ("KeysAfterRoles", "Key")
    ),
    "of a key and a secret in another region": Reader(
        ("Travellers", "Role"), ("Abroad", "Secret"), ("Abroad", "Neighbour"), ("Abroad", "Key")
    ),
}


@pytest.fixture(scope="module")
def deployment(emulator: Emulator, before: legacy.Legacy) -> Deployment:  # noqa: ARG001  # has to be there first
    app = Deployment(emulator, APP)
    assert app.context == {}
    app.synth()
    assert not [name for name in app.stacks() if DUMMY_KEY in json.dumps(app.template(name))]
    app.deploy(synth=False)
    create_role(emulator, INNOCENT, "kms:*", "secretsmanager:*")
    return app


def test_lookups_are_answered_and_kept(deployment: Deployment, before: legacy.Legacy) -> None:
    kept = Counter(name.split(":")[0] for name in deployment.context)
    # That a secret is under the default key comes as a failed lookup, which the CLI does not keep.
    assert kept == {"key-provider": 2, "cc-api-provider": 2}
    ids = {key.rpartition("/")[2] for key in (before.secrets_key, before.managed_key)}
    answers = [answer["keyId"] for name, answer in deployment.context.items() if name.startswith("key-provider")]
    assert set(answers) == ids


def test_every_way_to_a_key_ends_at_the_same_key(deployment: Deployment, before: legacy.Legacy) -> None:
    cloudformation = deployment.emulator.client("cloudformation")
    [stack] = cloudformation.describe_stacks(StackName="Lookups")["Stacks"]
    assert {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]} == {
        "AliasAtSynthArn": before.secrets_key,
        "AliasAtDeployArn": before.secrets_key,
        "ParameterArn": before.secrets_key,
        "OfSecretArn": before.secrets_key,
        "OfSecretUnderAliasArn": before.secrets_key,
        "ManagedAtSynthArn": before.managed_key,
        "ManagedAtDeployArn": before.managed_key,
        "OfDefaultSecretArn": "AWS_MANAGED",
    }


def test_an_alias_looked_up_at_synth_stands_in_the_template_as_its_key(
    deployment: Deployment, before: legacy.Legacy
) -> None:
    outputs = deployment.template("Lookups")["Outputs"]
    for way in ("AliasAtSynth", "OfSecret", "OfSecretUnderAlias"):
        assert before.secrets_key.partition("kms:")[2] in json.dumps(outputs[f"{way}Arn"])


def test_all_deploy_time_lookups_of_a_stack_share_one_function(deployment: Deployment) -> None:
    kinds = [resource["Type"] for resource in deployment.template("Lookups")["Resources"].values()]
    assert (kinds.count("AWS::Lambda::Function"), kinds.count("Custom::KmsKeyOfAlias")) == (1, 2)


@pytest.mark.parametrize("case", READERS.values(), ids=READERS)
class TestReader:
    def test_reads_its_secret(self, case: Reader, deployment: Deployment) -> None:
        assert try_to_read(deployment, case, case.secret) == ALLOWED

    def test_does_not_read_the_neighbour(self, case: Reader, deployment: Deployment) -> None:
        assert try_to_read(deployment, case, case.neighbour) == REFUSED

    def test_does_not_decrypt_the_neighbour_whatever_it_may_read(self, case: Reader, deployment: Deployment) -> None:
        with too_much(deployment.emulator, deployment.physical_id(*case.role), "secretsmanager:*"):
            assert try_to_read(deployment, case, case.neighbour) == REFUSED

    def test_does_not_decrypt_directly(self, case: Reader, deployment: Deployment) -> None:
        secret, key = deployment.physical_id(*case.secret), deployment.physical_id(*case.key)
        role, region = deployment.physical_id(*case.role), deployment.stacks()[case.key[0]]
        assert decrypt(deployment.emulator, role, key, region, SecretARN=secret) == REFUSED

    def test_is_not_joined_by_a_role_with_everything_in_iam(self, case: Reader, deployment: Deployment) -> None:
        region = deployment.stacks()[case.secret[0]]
        secret = deployment.physical_id(*case.secret)
        assert read(deployment.emulator, INNOCENT, secret, region) == case.innocent


def test_a_replica_is_made_by_the_deployer_of_its_primary_and_read_in_its_region(deployment: Deployment) -> None:
    readers = ("apart-replica", "apart-traveller", INNOCENT)
    ends = [read(deployment.emulator, role, "apart/replicated") for role in readers]
    assert ends == [ALLOWED, REFUSED, REFUSED]


def test_second_deploy_changes_nothing(deployment: Deployment) -> None:
    printed = deployment.deploy()
    assert sorted(re.findall(r"(\S+) \(no changes\)", printed)) == sorted(deployment.stacks()), printed


# Last in this file, because nothing is left after it.
def test_destroy_keeps_the_keys_and_nothing_else(deployment: Deployment) -> None:
    keys = {(deployment.physical_id(*case.key), deployment.stacks()[case.key[0]]) for case in READERS.values()}
    deployment.destroy()
    assert deployment.deployed_stacks() == []
    for key, region in keys:
        kms = deployment.emulator.client("kms", region=region)
        assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def try_to_read(deployment: Deployment, case: Reader, secret: tuple[str, str]) -> str:
    role, region = deployment.physical_id(*case.role), deployment.stacks()[secret[0]]
    return read(deployment.emulator, role, deployment.physical_id(*secret), region)
