"""Keys, their names, and the names that CloudFormation gives to what uses them."""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.policies import Request, evaluate
from secure_kms_constructs.templates import Landscape, read_templates
from secure_kms_constructs.templates.resource_types import REF_IS_PROPERTY, TYPES

ACCOUNT, REGION = "111122223333", "eu-west-1"
Text = dict[str, Any]
KEY: Text = {"Type": "AWS::KMS::Key"}
LITERAL = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d-0000-1111-2222-333344445555"


def read(*templates: Text, region: str = REGION) -> Landscape:
    stacks = {f"S{place}": {"Resources": resources} for place, resources in enumerate(templates)}
    [landscape] = read_templates(stacks, account=ACCOUNT, region=region)
    return landscape


def test_a_key_without_policy_has_the_default_one() -> None:
    [key] = read({"K": KEY}).keys
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    for account, expected in ((ACCOUNT, True), ("444455556666", False)):
        request = Request(f"arn:aws:iam::{account}:role/admin", "kms:Decrypt", key.arn)
        assert evaluate(request, key_policy=key.policy, identity_policies=[everything]).allowed is expected
    nobody = Request(f"arn:aws:iam::{ACCOUNT}:role/nobody", "kms:Decrypt", key.arn)
    assert evaluate(nobody, key_policy=key.policy).allowed is False


@pytest.mark.parametrize(
    "policy",
    [{"Ref": "Nothing"}, {"Statement": [{"Effect": "Maybe"}]}, "no JSON", {"Fn::Transform": {"Name": "M"}}],
    ids=["a parameter that is not there", "nonsense", "text", "a macro"],
)
def test_a_policy_that_cannot_be_read_is_unknown(policy: Any) -> None:
    [key] = read({"K": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}}).keys
    request = Request(f"arn:aws:iam::{ACCOUNT}:role/nobody", "kms:Decrypt", key.arn)
    assert evaluate(request, key_policy=key.policy).allowed is None


def test_an_account_without_quotes_is_one() -> None:
    text = """
    Resources:
      K:
        Type: AWS::KMS::Key
        Properties:
          KeyPolicy:
            Statement: {Effect: Allow, Principal: {AWS: [111122223333, 012345678901]}, Action: kms:*, Resource: '*'}
    """
    [landscape] = read_templates({"App": text}, account="444455556666")
    assert landscape.keys[0].policy.statements[0].principals.aws == {"111122223333", "012345678901"}
    assert not [note for note in landscape.notes if note.source]


def test_only_a_policy_that_makes_no_sense_has_a_note() -> None:
    assert read({"K": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Ref": "Nothing"}}}}).notes == ()
    [note] = read({"K": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}}}).notes
    assert note.text == "key policy of S0/K must have a Statement, got no element: read as unknown"
    assert note.source is not None
    assert note.source.path == "S0/K"


MENTIONS: dict[str, tuple[Text, bool]] = {
    "a policy": (
        {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": [{"Resource": LITERAL}]}}},
        True,
    ),
    "a secret": ({"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": LITERAL}}, True),
    "a bucket": ({"Type": "AWS::S3::Bucket", "Properties": {"X": [{"KMSMasterKeyID": LITERAL}]}}, True),
    "a key without account": ({"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": "0a1b-2c"}}, False),
    "every key": ({"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": LITERAL[:-36] + "*"}}, False),
    "an alias": (
        {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": LITERAL.replace("key", "alias")}},
        False,
    ),
}


@pytest.mark.parametrize("resource, named", MENTIONS.values(), ids=MENTIONS)
def test_a_key_that_is_only_named_is_there_with_an_unknown_policy(resource: Text, named: bool) -> None:
    keys = read({"R": resource}).keys
    assert [(key.arn, key.source) for key in keys] == [(LITERAL, None)] * named
    for key in keys:
        request = Request(f"arn:aws:iam::{ACCOUNT}:role/nobody", "kms:Decrypt", key.arn)
        assert evaluate(request, key_policy=key.policy).allowed is None


def test_a_multi_region_key_and_its_replica_share_their_id() -> None:
    arn = {"Fn::GetAtt": ["K", "Arn"]}
    primary = {
        "Resources": {"K": {"Type": "AWS::KMS::Key", "Properties": {"MultiRegion": True}}},
        "Outputs": {"Arn": {"Value": arn}},
    }
    reference = {"Fn::GetStackOutput": {"StackName": "A", "OutputName": "Arn", "Region": REGION}}
    replica = {"Resources": {"R": {"Type": "AWS::KMS::ReplicaKey", "Properties": {"PrimaryKeyArn": reference}}}}
    environments = {"A": f"aws://{ACCOUNT}/{REGION}", "B": f"aws://{ACCOUNT}/us-east-1"}
    [landscape] = read_templates({"A": primary, "B": replica}, environments=environments)
    first, second = (key.arn for key in landscape.keys)
    assert first.startswith(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-")
    assert second == first.replace(REGION, "us-east-1")


@pytest.mark.parametrize(
    "region, partition, suffix",
    [
        ("us-east-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
        ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
        ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
    ],
)
def test_names_are_those_of_the_partition(region: str, partition: str, suffix: str) -> None:
    value = {"Fn::Sub": "${AWS::Partition} ${AWS::URLSuffix}"}
    resources = {"K": KEY, "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": value}}}
    landscape = read(resources, region=region)
    assert landscape.keys[0].arn.startswith(f"arn:{partition}:kms:{region}:{ACCOUNT}:key/")
    assert landscape.resources[1].properties["Value"] == f"{partition} {suffix}"


def test_what_a_deployment_names_is_different_everywhere_and_the_same_each_time() -> None:
    resources = {f"R{n}": {"Type": kind} for n, kind in enumerate(TYPES) if TYPES[kind].arn}
    arns = [one.arn for one in read(resources, resources).resources]
    assert len(arns) > 2 * 10
    assert len(set(arns)) == len(arns)
    assert arns == [one.arn for one in read(resources, resources).resources]


# -- what CloudFormation answers, against the schemas of the resource providers


@functools.cache
def schemas() -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads((DATA / "providers" / "us-east-1.json").read_text())
    return found


# The package itself takes seconds to import.
DATA = Path(str(importlib.util.find_spec("cfnlint").origin)).parent / "data" / "schemas"
# Their Ref is documented to be another than the identifier of the provider.
ANOTHER_REF = {"AWS::IAM::Policy": "its name", "AWS::CodeBuild::Project": "its name, which the provider calls Id"}
# Attributes that are documented and read-only, but which the provider's schema does not mark.
UNMARKED = {
    ("AWS::Backup::BackupVault", "BackupVaultName"),
    ("AWS::Events::EventBus", "Name"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::SQS::Queue", "QueueName"),
}


def schema(kind: str) -> Any:
    return json.loads((DATA / "resources" / f"{schemas()[kind]}.json").read_text())


@pytest.mark.parametrize("kind", TYPES)
def test_attributes_are_those_of_the_provider(kind: str) -> None:
    known = {one.removeprefix("/properties/").replace("/", ".") for one in schema(kind).get("readOnlyProperties", [])}
    ours = {name for name in TYPES[kind].attributes if (kind, name) not in UNMARKED}
    assert ours <= known


@pytest.mark.parametrize("kind", TYPES)
def test_a_resource_is_named_by_a_property_of_the_provider(kind: str) -> None:
    named_by = TYPES[kind].named_by
    assert not named_by or named_by in schema(kind)["properties"]


@pytest.mark.parametrize("kind", TYPES)
def test_ref_is_the_identifier_of_the_provider(kind: str) -> None:
    if kind in ANOTHER_REF:
        return
    [identifier] = (one.removeprefix("/properties/") for one in schema(kind)["primaryIdentifier"])
    row = TYPES[kind]
    assert row.ref == ("{name}" if identifier == row.named_by else row.attributes[identifier])


@pytest.mark.parametrize("kind, named_by", REF_IS_PROPERTY.items())
def test_a_property_that_is_the_ref_is_one_of_the_provider(kind: str, named_by: str) -> None:
    assert named_by in schema(kind)["properties"]
