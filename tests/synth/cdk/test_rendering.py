"""Key policies reach the template as they are at synth, with references and objects of CDK."""

from __future__ import annotations

from typing import Any

import jsii
import pytest
from aws_cdk import IAnyProducer, IListProducer, IStringProducer, Lazy, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, ScopedSecretReader
from tests.synth.templates import ACCOUNT, by_sid, key_policy, make_role, policy_so_far, resources, template


def test_a_reference_to_another_stack_becomes_an_import(stack: Stack, other_stack: Stack, key: HardenedKey) -> None:
    role = make_role(other_stack)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    named = by_sid(key_policy(stack))["AllowReadThroughSecretsManager"]["Condition"]["ArnEquals"]["aws:PrincipalArn"]
    assert named.startswith("<import Other:ExportsOutputFnGetAttRole")


@jsii.implements(IAnyProducer, IListProducer, IStringProducer)
class Teams:
    """Tells what is so at the time."""

    def __init__(self, teams: Any) -> None:
        self.teams = teams

    def produce(self, _context: Any) -> Any:
        return self.teams


@pytest.mark.parametrize(
    "lazy, before, after",
    [
        (Lazy.uncached_any, ["one", "two"], ["three"]),
        (Lazy.uncached_list, ["one", "two"], ["three", "four"]),
        (Lazy.uncached_string, "one", "three"),
    ],
)
def test_what_an_object_or_a_token_hides_is_told_at_each_look(
    stack: Stack, key: HardenedKey, lazy: Any, before: Any, after: Any
) -> None:
    teams = Teams(before)
    statement = iam.PolicyStatement(
        sid="Audit",
        actions=["kms:ListGrants"],
        principals=[iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/auditor")],
        resources=["*"],
        conditions={"StringEquals": {"aws:PrincipalTag/team": lazy(teams)}},
    )
    keys = key, HardenedKey(stack, "Other")
    for one in keys:
        one.add_to_resource_policy(statement)
    assert [audited(one) for one in keys] == [before, before]
    teams.teams = after
    assert [audited(one) for one in keys] == [after, after]


def audited(key: HardenedKey) -> Any:
    [statement] = [one for one in policy_so_far(key) if one.get("Sid") == "Audit"]
    return statement["Condition"]["StringEquals"]["aws:PrincipalTag/team"]


def test_what_is_added_after_a_look_is_shown_at_the_next(key: HardenedKey, role: iam.Role) -> None:
    before = policy_so_far(key)
    key.grant_decrypt(role)
    once = policy_so_far(key)
    key.grant_encrypt(role)
    assert len(before) < len(once)
    assert str(once) != str(policy_so_far(key))


def test_keys_that_change_apart_have_policies_of_their_own(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    other, third = HardenedKey(stack, "Other"), HardenedKey(stack, "Third")
    start = policy_so_far(third)
    other.grant_decrypt(role)
    assert policy_so_far(key) == start == policy_so_far(third)
    key.grant_decrypt(role)
    assert policy_so_far(key) == policy_so_far(other) != start


@pytest.mark.parametrize("policy", RemovalPolicy)
def test_every_removal_policy_is_taken(stack: Stack, policy: RemovalPolicy) -> None:
    HardenedKey(stack, "Key", removal_policy=policy)
    [key] = [one for one in template(stack)["Resources"].values() if one["Type"] == "AWS::KMS::Key"]
    stock = Stack(None, "Stock")
    kms.Key(stock, "Key", removal_policy=policy)
    [expected] = template(stock)["Resources"].values()
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == (
        expected["DeletionPolicy"],
        expected["UpdateReplacePolicy"],
    )


def test_a_copy_of_a_key_in_another_stack_has_its_own_place(stack: Stack, key: HardenedKey) -> None:
    with pytest.raises(RuntimeError, match="There is already a Construct with name 'Key'"):
        HardenedKey(stack, "Key")
    other = HardenedKey(stack, "Other")
    other.admit_logs_service("arn:aws:logs:eu-west-1:111122223333:log-group:/app/one")
    assert "log-group:/app/one" in str(policy_so_far(other))
    assert "log-group:/app/one" not in str(policy_so_far(key))
    assert len(resources(template(stack), "AWS::KMS::Key")) == 2
