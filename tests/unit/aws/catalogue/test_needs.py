"""Every type has its rows, and what the rows name is there."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.aws.catalogue import Basis, Grants, Need, Who
from secure_kms_constructs.aws.catalogue.prefixes import _BY_TYPE, _PAGES, PREFIXES, TABLE
from secure_kms_constructs.aws.facts import CRYPTOGRAPHIC_ACTIONS, ENCRYPTION_CONTEXT_ACTIONS, KEY_ACTIONS

SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"
TYPES = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text())
# Properties of L1s that are no part of the registry's schema, or no resource of it.
FIREWALL = "LogDestinationConfigs/*/LogDestination/bucketName"
OUTSIDE = {
    ("AWS::CodeArtifact::Domain", "EncryptionKey"),
    ("AWS::ControlTower::LandingZone", "Manifest/centralizedLogging/configurations/kmsKeyArn"),
    ("AWS::ControlTower::LandingZone", "Manifest/backup/configurations/kmsKeyArn"),
    (
        "AWS::NetworkFirewall::LoggingConfiguration",
        "LoggingConfiguration/LogDestinationConfigs/*/LogDestination/bucketName",
    ),
    # The configuration of an action is that of its provider.
    ("AWS::CodePipeline::Pipeline", "Stages/*/Actions/*/Configuration/NotificationArn"),
    ("AWS::PaymentCryptography::Key", ""),
    ("AWS::EMRServerless::Application", "DiskEncryptionConfiguration/EncryptionKeyArn"),
}
PLACEHOLDERS = {"{partition}", "{region}", "{account}", "{suffix}", "{name}"}

rows = catalogue.written()


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / "resources" / f"{TYPES[name]}.json").read_text())
    return found


def has(schema: dict[str, Any], path: str) -> bool:
    """Tell whether a property path is in a schema; below a free object everything is."""

    def below(node: Any, parts: list[str]) -> bool:
        if not isinstance(node, dict):
            return False
        if "$ref" in node:
            target: Any = schema
            for part in node["$ref"].lstrip("#/").split("/"):
                target = target[part]
            return below(target, parts)
        if not parts:
            return True
        first, rest = parts[0], parts[1:]
        options = [one for word in ("anyOf", "oneOf", "allOf") for one in node.get(word, ())]
        if any(
            below(one, parts) for one in options if isinstance(one, dict) and ("properties" in one or "$ref" in one)
        ):
            return True
        if first == "*":
            patterns = list(node.get("patternProperties", {}).values())
            return any(below(one, rest) for one in [node.get("items"), *patterns] if one) or (
                "properties" not in node and "items" not in node
            )
        if first in node.get("properties", {}):
            return below(node["properties"][first], rest)
        return False

    return below({"properties": schema["properties"]}, path.split("/"))


def test_every_type_that_takes_a_key_has_rows_for_every_property() -> None:
    keyed = [name for name in catalogue.resource_types() if catalogue.key_paths(name)]
    assert len(keyed) == 274
    for name in keyed:
        for path in catalogue.key_paths(name):
            found = catalogue.needs_of(name, path)
            assert any(row.who is Who.DEPLOYER for row in found), (name, path)
            assert all(row.source.startswith("https://") for row in found)


def test_the_types_that_use_the_key_of_another_resource_are_there() -> None:
    found = [name for name in catalogue.resource_types() if catalogue.inherits(name)]
    assert len(found) == 44
    assert {"AWS::Bedrock::GuardrailVersion", "AWS::MSK::BatchScramSecret", "AWS::Omics::Workflow"} <= set(found)
    assert all(catalogue.inherited_need(name).actions for name in found)


def test_a_page_wins_over_the_handlers() -> None:
    (row,) = catalogue.needs_of("AWS::EFS::FileSystem", "KmsKeyId")
    assert row.basis is Basis.PAGE
    assert "kms:Decrypt" in row.actions
    found = catalogue.handlers_of("AWS::EFS::FileSystem")
    assert found is not None
    assert "kms:Decrypt" not in found.actions


def test_a_row_for_a_property_wins_over_one_for_all() -> None:
    def deployer(path: str) -> Need:
        return next(row for row in catalogue.needs_of("AWS::RDS::DBCluster", path) if row.who is Who.DEPLOYER)

    assert deployer("KmsKeyId").via == ("rds",)
    assert deployer("MasterUserSecret/KmsKeyId").via == ("secretsmanager",)


def test_what_no_page_and_no_handler_tells_is_an_empty_row() -> None:
    (row,) = catalogue.needs_of("AWS::DataBrew::Job", "EncryptionKeyArn")
    assert (row.actions, row.basis, row.unnamed_via) == ((), Basis.HANDLERS, True)


def test_what_a_row_names_is_in_the_schema_of_its_type() -> None:
    for row in rows:
        if row.type.startswith(("Custom::", "AWS::Serverless::")) or (row.type, "".join(row.paths[:1])) in OUTSIDE:
            continue
        schema = schema_of(row.type)
        named = [
            *row.paths,
            row.named_by,
            row.only_with.partition("=")[0],
            row.only_without.partition("=")[0],
            row.principal if row.who is Who.ROLE else "",
        ]
        assert [path for path in named if path and not has(schema, path)] == [], row


def test_a_row_leads_to_types_that_take_keys() -> None:
    for row in rows:
        assert all(catalogue.key_paths(name) or catalogue.leads_through(name) for name in row.leads_to), row
        assert not (row.is_edge and not row.paths), row


def test_a_row_asks_for_actions_that_there_are() -> None:
    for row in rows:
        assert set(row.actions) <= CRYPTOGRAPHIC_ACTIONS | {
            *("kms:CreateGrant", "kms:DescribeKey", "kms:GetPublicKey", "kms:RetireGrant", "kms:RevokeGrant"),
            "kms:ReplicateKey",
        }
        assert set(row.actions) <= KEY_ACTIONS.value, row
        assert row.actions == tuple(sorted(row.actions)), row
        assert row.actions or row.who is Who.DEPLOYER, row


def test_a_row_says_who_and_through_what() -> None:
    for row in rows:
        assert bool(row.principal) is (row.who in (Who.ROLE, Who.SERVICE, Who.LINKED_ROLE)), row
        if row.who is Who.SERVICE:
            assert re.fullmatch(r"[a-z0-9.-]+(\.\{region\})?\.(amazonaws\.com|\{suffix\})", row.principal), row
            assert not row.via, "a service principal's own call comes through no service"
        else:
            assert not row.source_account, "only calls of a service principal carry it"
            assert not row.source_arn, "only calls of a service principal carry it"
        # CloudFormation itself calls the primary of a replica.
        if row.who is Who.DEPLOYER and row.actions and row.type != "AWS::KMS::ReplicaKey":
            assert bool(row.via) is not row.unnamed_via, row
        assert set(row.via) <= {*PREFIXES.values(), *_BY_TYPE.values(), "dax"}


def test_a_row_binds_with_what_can_match() -> None:
    for row in rows:
        texts = [row.source_arn, row.principal, *(value for pair in row.context for value in pair)]
        assert {one for text in texts for one in re.findall(r"\{[^}]*\}", text)} <= PLACEHOLDERS, row
        assert bool(row.named_by) is any("{name}" in text for text in texts), row
        if row.context:
            assert set(row.actions) & (ENCRYPTION_CONTEXT_ACTIONS.value | {"kms:CreateGrant"}), row
        if row.grants is not Grants.FOR_SERVICES and "kms:CreateGrant" not in row.actions:
            assert row.type == "AWS::KinesisAnalyticsV2::Application", row


def test_a_row_has_a_page() -> None:
    for row in rows:
        assert re.fullmatch(r"https://docs\.aws\.amazon\.com/[A-Za-z0-9_./-]+\.html(#[a-z-]+)?", row.source), row


def test_no_two_rows_say_the_same() -> None:
    assert [row for row, times in Counter(rows).items() if times > 1] == []


def test_a_prefix_is_in_the_table_or_has_a_page() -> None:
    assert set(_PAGES) <= set(PREFIXES.values())
    assert catalogue.page_of("dynamodb") == TABLE
    assert catalogue.page_of("scheduler").endswith("encryption-rest.html")
    assert catalogue.prefix_of("AWS::EC2::Volume") == "ec2"
    assert catalogue.prefix_of("AWS::EC2::VerifiedAccessGroup") == "verified-access"
    assert catalogue.prefix_of("AWS::EKS::Cluster") == ""


@pytest.mark.parametrize(
    "condition, there, with_it, without_it",
    [
        ("Type", {}, False, True),
        ("Type", {"Type": "instant"}, True, False),
        ("Type=instant", {}, False, True),
        ("Type=instant", {"Type": "instant"}, True, False),
        ("Type=instant", {"Type": "maintain"}, False, True),
        # Only the deployment tells it.
        ("Type=instant", {"Type": {"Ref": "Kind"}}, True, True),
    ],
)
def test_a_row_holds_with_a_property_or_a_value(
    condition: str, there: dict[str, Any], with_it: bool, without_it: bool
) -> None:
    (one, *_) = rows
    assert catalogue.holds(one, there.get)
    assert catalogue.holds(replace(one, only_with=condition, only_without=""), there.get) is with_it
    assert catalogue.holds(replace(one, only_with="", only_without=condition), there.get) is without_it
