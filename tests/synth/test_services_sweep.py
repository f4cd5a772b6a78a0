"""Every CloudFormation type that takes a key, under a HardenedKey: served, refused, told, or known to need nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from aws_cdk import App, CfnResource, Environment, Stack
from constructs import Construct

from secure_kms_constructs import HardenedKey
from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.cdk.looking import looker_of
from tests.synth.templates import ACCOUNT, REGION
from tests.unit.aws.catalogue.outcomes import TYPES, outcome_of, put

# Their pages say that making them asks nothing of the key; who uses them is granted by their own constructs.
NEED_NOTHING = {
    "AWS::EC2::LaunchTemplate",
    "AWS::KMS::Alias",
    "AWS::Kinesis::Stream",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::StepFunctions::Activity",
}
# No page names the kms:ViaService of their service, and their handlers use the key: the deployer cannot be bound.
UNDOCUMENTED = """
    AgentRegistry::Registry AppIntegrations::DataIntegration CleanRooms::IntermediateTable Cognito::UserPool
    DRS::ReplicationConfigurationTemplate DataExchange::EventAction HealthImaging::Datastore ImageBuilder::Component
    ImageBuilder::ContainerRecipe ImageBuilder::Workflow NeptuneGraph::Graph Personalize::MetricAttribution
    ResilienceHubV2::Policy ResilienceHubV2::Service ResilienceHubV2::System S3Files::FileSystem
    SupportAuthZ::SupportPermit Transfer::HostKey VoiceID::Domain Cognito::UserPoolRegionalConfigurationAttachment
"""
# Refused for what the key is, or where the role is.
OTHERWISE = {
    "AWS::Events::Connection": "needs the tag EventBridgeApiDestinations=true",
    "AWS::KMS::ReplicaKey": "needs a multi-Region key",
    "AWS::Route53::KeySigningKey": "needs an ECC_NIST_P256 key",
    "AWS::SSMGuiConnect::Preferences": "needs the tag SystemsManagerJustInTimeNodeAccessManaged=true",
    "AWS::SecretsManager::RotationSchedule": "where no template shows it",
    "AWS::Serverless::Application": "where no template shows it",
}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[str, str]]:
    app, keys = App(), {}
    for number, name in enumerate(TYPES):
        # A template holds 500 resources.
        if number % 200 == 0:
            stack = Stack(app, f"Stack{number}", env=Environment(account=ACCOUNT, region=REGION))
        scope = Construct(stack, name.replace("::", "-"))
        keys[name] = HardenedKey(scope, "Key")
        properties: dict[str, Any] = {}
        put(properties, catalogue.key_paths(name)[0], keys[name].key_arn)
        CfnResource(scope, "It", type=name, properties=properties)
    with pytest.raises(RuntimeError, match="Validation failed"):
        app.synth()
    found = {}
    for name, key in keys.items():
        looker, policy = looker_of(key.stack), key._key_policy
        said = [text for path, text in looker._said if path.startswith(f"{key.node.path}/")]
        if refused := looker.refusals_of(policy):
            found[name] = "refused", refused[0]
        elif policy._served or policy._served_provisions:
            found[name] = "served", ""
        else:
            found[name] = ("told", said[0]) if said else ("silent", "")
    return found


def test_no_type_is_silent_but_those_that_need_nothing(outcomes: dict[str, tuple[str, str]]) -> None:
    assert {name for name, (kind, _) in outcomes.items() if kind == "silent"} == NEED_NOTHING


def test_what_is_refused_is_listed_with_its_reason(outcomes: dict[str, tuple[str, str]]) -> None:
    refused = {name: why for name, (kind, why) in outcomes.items() if kind == "refused"}
    undocumented = {f"AWS::{name}" for name in UNDOCUMENTED.split()}
    assert refused.keys() == undocumented | OTHERWISE.keys()
    for name in undocumented:
        assert "no page names the kms:ViaService" in refused[name]
        assert "provision_via=[Service(" in refused[name]
    for name, why in OTHERWISE.items():
        assert why in refused[name]


def test_every_type_whose_prefix_is_documented_is_served(outcomes: dict[str, tuple[str, str]]) -> None:
    for name in TYPES:
        deployer = [
            row for row in catalogue.needs_of(name, catalogue.key_paths(name)[0]) if row.who.value == "deployer"
        ]
        if any(row.via and row.actions for row in deployer) and name not in OTHERWISE:
            assert outcomes[name][0] == "served", name


def test_enough_is_served(outcomes: dict[str, tuple[str, str]]) -> None:
    counted: dict[str, int] = defaultdict(int)
    for kind, _ in outcomes.values():
        counted[kind] += 1
    assert counted["served"] >= 144
    assert counted["told"] <= 80


def test_the_page_counts_what_a_synth_does(outcomes: dict[str, tuple[str, str]]) -> None:
    """docs/services.md is written without Node."""
    assert {name: kind for name, (kind, _) in outcomes.items()} == {name: outcome_of(name) for name in TYPES}
