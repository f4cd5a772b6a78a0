"""What a finding advises makes it go away: each is followed word by word, and synth says nothing any more."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnResource, Stack, Tags
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from secure_kms_constructs import HardenedKey, Service, Use
from tests.synth.templates import environment, make_role

Build = Callable[[Stack, HardenedKey], Any]


def table(s: Stack, k: HardenedKey) -> dynamodb.Table:
    partition = dynamodb.Attribute(name="p", type=dynamodb.AttributeType.STRING)
    customer = dynamodb.TableEncryption.CUSTOMER_MANAGED
    return dynamodb.Table(s, "Table", partition_key=partition, encryption=customer, encryption_key=k)


def plan(s: Stack) -> backup.BackupPlan:
    return backup.BackupPlan.daily35_day_retention(s, "Plan", backup.BackupVault(s, "Vault"))


def store(s: Stack, k: HardenedKey) -> None:
    settings = {"KmsEncryptionSettings": {"Key": k.key_arn}}
    validation = {"Mode": "OFF"}
    properties = {"ValidationSettings": validation, "EncryptionSettings": settings}
    CfnResource(s, "It", type="AWS::VerifiedPermissions::PolicyStore", properties=properties)


def executed(s: Stack, k: HardenedKey) -> None:
    configuration = {"ExecuteCommandConfiguration": {"KmsKeyId": k.key_arn}}
    CfnResource(s, "Cluster", type="AWS::ECS::Cluster", properties={"Configuration": configuration})


def without_a_role(s: Stack, k: HardenedKey) -> None:
    encryption = {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": k.key_arn}
    properties = {"EncryptionConfiguration": encryption, "DefinitionString": "{}"}
    CfnResource(s, "It", type="AWS::StepFunctions::StateMachine", properties=properties)


def vault(s: Stack, k: HardenedKey) -> None:
    backup.BackupPlan.daily35_day_retention(s, "Plan", backup.BackupVault(s, "Vault", encryption_key=k))


def nothing(*_: Any) -> None:
    """Use the key for nothing."""


def found(stack: Stack, *names: str) -> list[str]:
    messages = App.of(stack).synth().get_stack_by_name(stack.stack_name).messages  # type: ignore[union-attr]
    texts = [str(one.entry.data) for one in messages]
    return [text for text in texts if any(f"secure-kms-constructs:{name}]" in text for name in names)]


def fresh(build: Build) -> tuple[Stack, HardenedKey]:
    stack = Stack(App(), "Stack", env=environment())
    key = HardenedKey(stack, "Key")
    build(stack, key)
    return stack, key


@pytest.mark.parametrize("build", [store, executed, without_a_role, vault])
def test_the_grant_that_a_finding_advises_ends_it(build: Build) -> None:
    texts = found(fresh(build)[0], "callers")
    assert texts
    calls = [call for text in texts for call in re.findall(r"key\.grant\w*\(.*?\)(?=;|$)", text)]
    assert len(calls) == len(texts)
    stack, key = fresh(build)
    role = make_role(stack)
    for call in calls:
        eval(call, {"key": key, "role": role, "Service": Service, "Use": Use})
    assert found(stack, "callers") == []


@pytest.mark.parametrize("resource", [backup.BackupResource.from_arn("*"), backup.BackupResource.from_tag("a", "b")])
def test_what_is_named_in_a_selection_is_told_no_more(resource: backup.BackupResource) -> None:
    def chosen(s: Stack, k: HardenedKey) -> None:
        table(s, k)
        plan(s).add_selection("Chosen", resources=[resource])

    def named(s: Stack, k: HardenedKey) -> None:
        also = backup.BackupResource.from_arn(table(s, k).table_arn)
        plan(s).add_selection("Chosen", resources=[resource, also])

    names = ("perhapsSelected", "perhapsTagged")
    assert len(found(fresh(chosen)[0], *names)) == 1
    assert found(fresh(named)[0], *names) == []


def test_a_tag_that_the_template_gives_is_told_no_more() -> None:
    def tagged(s: Stack, k: HardenedKey) -> None:
        Tags.of(table(s, k)).add("a", "b")
        plan(s).add_selection("Chosen", resources=[backup.BackupResource.from_tag("a", "b")])

    assert found(fresh(tagged)[0], "perhapsSelected", "perhapsTagged") == []


def test_an_operator_who_may_execute_commands_in_a_cluster_is_admitted() -> None:
    def operated(s: Stack, k: HardenedKey) -> None:
        configuration = ecs.ExecuteCommandConfiguration(kms_key=k)
        cluster = ecs.Cluster(s, "Cluster", execute_command_configuration=configuration)
        executes = iam.PolicyStatement(actions=["ecs:ExecuteCommand"], resources=[cluster.cluster_arn])
        make_role(s, "Operator").add_to_policy(executes)

    [text] = found(fresh(operated)[0], "callers")
    assert "key.grant(role, 'kms:Decrypt')" in text
    stack, key = fresh(operated)
    key.grant_decrypt(make_role(stack, "Task"))
    assert found(stack, "callers") == []


def test_a_service_that_a_finding_advises_ends_it() -> None:
    [text] = found(fresh(nothing)[0], "unusedKey")
    assert "provision_via=[Service.SECRETS_MANAGER]" in text
    stack = Stack(App(), "Stack", env=environment())
    HardenedKey(stack, "Key", provision_via=[Service.SECRETS_MANAGER])
    assert found(stack, "unusedKey") == []
