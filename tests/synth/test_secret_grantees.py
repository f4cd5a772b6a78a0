"""Who reads, and where: roles, users and what holds no policies, in this stack and in others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import AWS_MANAGED, HardenedKey, ResolvedKey, ScopedSecretReader, Service
from tests.synth.templates import (
    ACCOUNT,
    COMPLETE,
    DEPLOYER,
    NAMED,
    OTHER_ACCOUNT,
    READ_SID,
    REGION,
    SECRET_CONTEXT,
    VIA_SECRETS,
    by_sid,
    cycle,
    environment,
    identity_statements,
    imported_secret,
    key_policy,
    kms_statements,
    make_role,
    naming,
    readable,
    resources,
    stack_in,
    template,
)

# -- grantees --


def function(stack: Stack, **options: Any) -> lambda_.Function:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("handler = print"),
        **options,
    )


def task(stack: Stack) -> ecs.FargateTaskDefinition:
    return ecs.FargateTaskDefinition(stack, "Task")


GRANTEES: list[Any] = [
    pytest.param(function, "<FunctionServiceRole.Arn>", id="a Lambda function"),
    pytest.param(lambda stack: task(stack).task_role, "<TaskTaskRole.Arn>", id="the role of an ECS task"),
    pytest.param(
        lambda stack: task(stack).obtain_execution_role(), "<TaskExecutionRole.Arn>", id="the execution role of a task"
    ),
    pytest.param(lambda stack: iam.User(stack, "User"), "<User.Arn>", id="a user"),
    pytest.param(
        lambda stack: iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/p/r"),
        f"arn:aws:iam::{ACCOUNT}:role/p/r",
        id="an imported role",
    ),
    pytest.param(
        lambda stack: iam.User.from_user_arn(stack, "User", f"arn:aws:iam::{ACCOUNT}:user/jo"),
        f"arn:aws:iam::{ACCOUNT}:user/jo",
        id="an imported user",
    ),
]


@pytest.mark.parametrize("make, arn", GRANTEES)
def test_a_role_or_user_is_named_in_both_policies(
    stack: Stack, key: HardenedKey, make: Callable[[Stack], iam.IGrantable], arn: str
) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=make(stack), secrets=[secret])
    [statement] = naming(key_policy(stack), arn)
    assert statement["Condition"]["ArnEquals"] == {"aws:PrincipalArn": arn}
    [policy] = [
        one for one in resources(template(stack), "AWS::IAM::Policy").values() if one["PolicyName"].startswith("Reader")
    ]
    assert len(policy.get("Roles", []) + policy.get("Users", [])) == 1
    assert len(policy["PolicyDocument"]["Statement"]) == 2
    assert cycle(template(stack)) == []


HOLDS_NOTHING: list[Any] = [
    pytest.param(
        lambda stack: iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/r", mutable=False),
        id="an immutable import",
    ),
    pytest.param(lambda _: iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/r"), id="a plain ARN"),
]


@pytest.mark.parametrize("make", HOLDS_NOTHING)
def test_a_grantee_without_policies_is_named_by_secret_and_key(
    stack: Stack, key: HardenedKey, make: Callable[[Stack], iam.IGrantable]
) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="app/db")
    reader = ScopedSecretReader(stack, "Reader", grantee=make(stack), secrets=[secret])
    who = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/r"}
    [statement] = naming(key_policy(stack), ":role/r'")
    assert statement["Principal"] == who
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": VIA_SECRETS},
        "StringLike": {SECRET_CONTEXT: NAMED},
    }
    made = template(stack)
    [policy] = resources(made, "AWS::SecretsManager::ResourcePolicy").values()
    [of_secret] = readable(policy["ResourcePolicy"]["Statement"])
    assert of_secret["Principal"] == who
    assert of_secret["Action"] == ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    assert identity_statements(stack) == []
    assert reader.identity_statements == []
    assert list(reader.key_policy_statements) == [key.key_arn]
    assert cycle(made) == []


@pytest.mark.parametrize("make", HOLDS_NOTHING)
@pytest.mark.parametrize(
    "secret_of, why",
    [
        pytest.param(
            lambda stack, key: secretsmanager.Secret(stack, "Secret", encryption_key=key),
            "Stack/Secret is no secret with a literal name under a HardenedKey",
            id="a generated name",
        ),
        pytest.param(
            lambda stack, _: secretsmanager.Secret(
                stack, "Secret", secret_name="a", encryption_key=kms.Key(stack, "Plain")
            ),
            "Stack/Secret is no secret with a literal name under a HardenedKey",
            id="a plain key",
        ),
        pytest.param(
            lambda stack, key: secretsmanager.Secret.from_secret_attributes(
                stack, "Secret", secret_complete_arn=COMPLETE, encryption_key=key
            ),
            f"{COMPLETE} is imported",
            id="an imported secret",
        ),
    ],
)
def test_a_grantee_without_policies_is_refused_where_naming_it_is_not_enough(
    stack: Stack,
    key: HardenedKey,
    make: Callable[[Stack], iam.IGrantable],
    secret_of: Callable[[Stack, HardenedKey], secretsmanager.ISecret],
    why: str,
) -> None:
    grantee, secret = make(stack), secret_of(stack, key)
    with pytest.raises(ValueError, match=rf"cannot hold an identity policy, and .*{why}.* mutable=True"):
        ScopedSecretReader(stack, "Reader", grantee=grantee, secrets=[secret])


def test_a_grantee_without_policies_reads_a_secret_under_the_default_key(stack: Stack) -> None:
    secret = secretsmanager.Secret(stack, "Secret")
    ScopedSecretReader(stack, "Reader", grantee=iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/r"), secrets=[secret])
    assert len(resources(template(stack), "AWS::SecretsManager::ResourcePolicy")) == 1


@pytest.mark.parametrize("given", [False, True])
def test_the_default_key_does_not_serve_another_account(stack: Stack, given: bool) -> None:
    """aws/secretsmanager admits callers of its own account only, and its policy cannot be changed."""
    secret = secretsmanager.Secret(stack, "Secret")
    grantee = iam.ArnPrincipal(f"arn:aws:iam::{OTHER_ACCOUNT}:role/r")
    key = ResolvedKey.aws_managed(stack, "Key", Service.SECRETS_MANAGER, at="deploy") if given else None
    with pytest.raises(ValueError, match=r"cannot be read from another account.*put it under a customer-managed key"):
        ScopedSecretReader(stack, "Reader", grantee=grantee, secrets=[secret], key=key)


def test_the_default_key_of_another_account_does_not_serve_this_one(stack: Stack, role: iam.Role) -> None:
    secret = imported_secret(stack, COMPLETE.replace(ACCOUNT, OTHER_ACCOUNT))
    with pytest.raises(ValueError, match=OTHER_ACCOUNT):
        ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret], key=AWS_MANAGED)


# -- stacks, regions, partitions --


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_another_partition_has_its_own_arns_and_the_same_via_service(region: str) -> None:
    stack = stack_in(region)
    key = HardenedKey(stack, "Key")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="app/db")
    ScopedSecretReader(stack, "Reader", grantee=make_role(stack), secrets=[secret])
    made = template(stack)
    via = f"secretsmanager.{region}.amazonaws.com"
    assert kms_statements(stack)[0]["Condition"]["StringEquals"]["kms:ViaService"] == via
    assert by_sid(key_policy(stack))[READ_SID]["Condition"]["StringEquals"]["kms:ViaService"] == via
    assert "arn:aws:" not in str(made["Resources"])


def test_a_stack_without_environment_uses_references(app: App) -> None:
    stack = Stack(app, "Agnostic")
    key = HardenedKey(stack, "Key")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="app/db")
    ScopedSecretReader(stack, "Reader", grantee=make_role(stack), secrets=[secret])
    assert by_sid(key_policy(stack))[READ_SID]["Condition"] == {
        "StringEquals": {
            "kms:ViaService": "secretsmanager.<AWS::Region>.amazonaws.com",
            "kms:CallerAccount": "<AWS::AccountId>",
        },
        "ArnEquals": {"aws:PrincipalArn": "<Role.Arn>"},
        "StringLike": {
            SECRET_CONTEXT: "arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:app/db-??????"
        },
    }
    assert cycle(template(stack)) == []


def test_a_role_of_another_stack_is_served_by_its_literal_name(
    stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    role = make_role(other_stack, role_name="reader")
    ScopedSecretReader(other_stack, "Reader", grantee=role, secrets=[secret])
    arn = f"arn:<AWS::Partition>:iam::{ACCOUNT}:role/reader"
    assert by_sid(key_policy(stack))[READ_SID]["Condition"]["ArnEquals"] == {"aws:PrincipalArn": arn}
    [decrypt] = kms_statements(other_stack)
    assert decrypt["Resource"].startswith("<import Stack:ExportsOutputFnGetAttKey")
    assert decrypt["Condition"]["StringEquals"][SECRET_CONTEXT].startswith("<import Stack:ExportsOutputRefSecret")


def test_the_stack_of_the_key_may_depend_on_the_stack_of_the_role(
    stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    """A reader in the stack of the key holds the policy itself, so that neither stack waits for the other."""
    role = make_role(other_stack, role_name="reader")
    stack.add_stack_dependency(other_stack)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert len(kms_statements(stack)) == 1
    assert resources(template(other_stack), "AWS::IAM::Policy") == {}


def test_a_role_of_another_stack_with_a_generated_name_is_refused_and_leaves_nothing(
    stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    role = make_role(other_stack)
    with pytest.raises(ValueError, match=r"literal role_name, .*delegate_via"):
        ScopedSecretReader(other_stack, "Reader", grantee=role, secrets=[secret])
    assert other_stack.node.try_find_child("Reader") is None


def test_delegation_serves_a_role_whose_name_is_generated(stack: Stack, other_stack: Stack) -> None:
    key = HardenedKey(stack, "Key", delegate_via=[Service.SECRETS_MANAGER])
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(other_stack, "Reader", grantee=make_role(other_stack), secrets=[secret])
    assert len(kms_statements(other_stack)) == 1


def test_readers_written_in_another_order_give_the_same_access() -> None:
    def access(order: list[str]) -> tuple[list[str], list[str]]:
        stack = stack_in(REGION)
        key = HardenedKey(stack, "Key")
        roles = {name: make_role(stack, name) for name in "AB"}
        secrets = {
            name: secretsmanager.Secret(stack, f"{name}Secret", encryption_key=key, secret_name=name) for name in "AB"
        }
        for name in order:
            ScopedSecretReader(stack, f"{name}Reader", grantee=roles[name], secrets=[secrets[name]])
        policy = [{**one, "Sid": one["Sid"].rstrip("2")} for one in key_policy(stack)]
        return sorted(map(str, policy)), sorted(map(str, identity_statements(stack)))

    assert access(["A", "B"]) == access(["B", "A"])


def test_the_deployer_is_not_admitted_by_a_reader(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    for one in naming(key_policy(stack), DEPLOYER):
        assert one["Sid"].startswith("AllowDeployer")


def test_a_grantee_without_policies_has_a_reader_for_each_account(app: App, stack: Stack) -> None:
    elsewhere = Stack(app, "Elsewhere", env=environment(account=OTHER_ACCOUNT))
    here, there = (
        secretsmanager.Secret(one, "Secret", encryption_key=HardenedKey(one, "Key"), secret_name="app/db")
        for one in (stack, elsewhere)
    )
    role = iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/r")
    with pytest.raises(ValueError, match="is of several accounts: one construct for each account"):
        ScopedSecretReader(stack, "Reader", grantee=role, secrets=[here, there])
    own = ScopedSecretReader(stack, "Reader", grantee=role, secrets=[here])
    other = ScopedSecretReader(stack, "Other", grantee=role, secrets=[there])
    assert (own.required_identity_statements, bool(other.required_identity_statements)) == ([], True)
    template(stack)
