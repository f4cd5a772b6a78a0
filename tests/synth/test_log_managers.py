"""ScopedLogGroupManager: both sides for one prefix, and what it refuses."""

from __future__ import annotations

import pytest
from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs import HardenedKey, ResolvedKey, ScopedLogGroupManager, Service
from tests.synth.templates import ACCOUNT, KEY_ARN, REGION, by_sid, identity_statements, key_policy, make_role, naming

GROUPS = f"arn:<AWS::Partition>:logs:{REGION}:{ACCOUNT}:log-group:/app/*"
CONTEXT = "kms:EncryptionContext:aws:logs:arn"


def manage(stack: Stack, role: iam.IGrantable, key: HardenedKey, prefix: str = "/app/", id: str = "Manager") -> None:
    ScopedLogGroupManager(stack, id, grantee=role, key=key, log_group_prefix=prefix)


def test_the_role_gets_the_groups_of_the_prefix(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    manage(stack, role, key)
    access, *use = identity_statements(stack)
    assert access["Resource"] == GROUPS
    assert "logs:CreateLogGroup" in access["Action"]
    crypto = next(one for one in use if "kms:Encrypt" in one["Action"])
    assert crypto["Condition"]["StringLike"] == {CONTEXT: GROUPS}
    describe = next(one for one in use if one["Action"] == "kms:DescribeKey")
    assert list(describe["Condition"]) == ["StringEquals"]
    assert all(one["Resource"] == "<Key.Arn>" for one in use)
    assert "CreateGrant" not in str(identity_statements(stack))


def test_cloudwatch_logs_is_admitted_for_the_prefix(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    manage(stack, role, key)
    policy = by_sid(key_policy(stack))
    assert policy["AllowCloudWatchLogs"]["Condition"]["ArnEquals"] == {CONTEXT: GROUPS}
    assert policy["AllowProvisionThroughCloudWatchLogs"]["Condition"]["StringLike"] == {CONTEXT: GROUPS}
    assert "AllowDeployerToCreateLogGroups" not in policy


def test_a_plain_key_gets_the_statement_of_the_service(stack: Stack, role: iam.Role) -> None:
    key = kms.Key(stack, "Plain")
    manager = ScopedLogGroupManager(stack, "Manager", grantee=role, key=key, log_group_prefix="/app/")
    assert by_sid(key_policy(stack))["AllowCloudWatchLogs"]["Condition"]["ArnEquals"] == {CONTEXT: GROUPS}
    asked_for = [one["Principal"] for needed in manager.required_key_policy_statements.values() for one in needed]
    assert "Service" not in str(asked_for)


def test_the_owner_of_an_imported_key_is_told_both_statements(stack: Stack, role: iam.Role) -> None:
    key = ResolvedKey.from_arn(stack, "Ref", KEY_ARN)
    manager = ScopedLogGroupManager(stack, "Manager", grantee=role, key=key, log_group_prefix="/app/")
    [needed] = manager.required_key_policy_statements.values()
    principals = [next(iter(one["Principal"])) for one in needed]
    assert principals == ["AWS", "AWS", "Service", "Service"]
    assert manager.key_policy_statements == {}


@pytest.mark.parametrize("prefix", ["", "/", "aws/app", "/app*", "a b", "x" * 513, f"/{Aws.STACK_NAME}", "//./"])
def test_a_prefix_that_no_group_can_have_is_refused(
    stack: Stack, key: HardenedKey, role: iam.Role, prefix: str
) -> None:
    with pytest.raises(ValueError, match="log_group_prefix must be the literal start"):
        manage(stack, role, key, prefix)


def test_a_prefix_is_managed_once_by_a_role(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    manage(stack, role, key)
    with pytest.raises(ValueError, match="is managed by Stack/Role already"):
        manage(stack, role, key, id="Again")
    manage(stack, make_role(stack, "Another"), key, id="Another1")
    manage(stack, role, key, "/other/", id="Other")
    manage(stack, role, HardenedKey(stack, "Key2"), id="Key2Manager")


def test_a_key_of_another_region_is_refused(stack: Stack, role: iam.Role) -> None:
    key = ResolvedKey.from_arn(stack, "Ref", KEY_ARN.replace(REGION, "eu-west-3"))
    with pytest.raises(ValueError, match="must be in the region of the log group"):
        ScopedLogGroupManager(stack, "Manager", grantee=role, key=key, log_group_prefix="/app/")


def test_delegation_of_reads_and_writes_does_not_stand_in_for_creating_groups(stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Delegating", delegate_via=[Service.CLOUDWATCH_LOGS])
    manage(stack, role, key)
    assert naming(key_policy(stack), "<Role.Arn>")
