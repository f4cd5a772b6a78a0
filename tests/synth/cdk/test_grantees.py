"""To whom a HardenedKey can be granted, how each is named, and who is refused with the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from secure_kms_constructs import HardenedKey
from tests.synth.templates import (
    ACCOUNT,
    OTHER_ACCOUNT,
    REGION,
    ROOT,
    admitted,
    by_sid,
    environment,
    granted,
    identity_statements,
    key_policy,
    kms_statements,
    make_role,
    naming,
    policy_so_far,
    template,
)

# -- who is named --


def function(stack: Stack) -> lambda_.Function:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("handler = print"),
    )


GRANTEES: list[Any] = [
    pytest.param(function, "<FunctionServiceRole.Arn>", id="a Lambda function"),
    pytest.param(lambda stack: make_role(stack, path="/a/b/"), "<Role.Arn>", id="a role with a path"),
    pytest.param(lambda stack: iam.User(stack, "User"), "<User.Arn>", id="a user"),
    pytest.param(
        lambda stack: iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/p/r"),
        f"arn:aws:iam::{ACCOUNT}:role/p/r",
        id="an imported role",
    ),
    pytest.param(
        lambda stack: iam.Role.from_role_name(stack, "Role", "r"),
        f"arn:<AWS::Partition>:iam::{ACCOUNT}:role/r",
        id="a role imported by name",
    ),
    pytest.param(
        lambda stack: iam.User.from_user_name(stack, "User", "jo"),
        f"arn:<AWS::Partition>:iam::{ACCOUNT}:user/jo",
        id="an imported user",
    ),
]


@pytest.mark.parametrize("make, arn", GRANTEES)
def test_a_grantee_that_holds_policies_is_named_in_both(
    stack: Stack, key: HardenedKey, make: Callable[[Stack], iam.IGrantable], arn: str
) -> None:
    key.grant_decrypt(make(stack))
    assert admitted(stack, arn) == ["kms:Decrypt"]
    assert by_sid(key_policy(stack))["AllowUse"]["Principal"] == {"AWS": ROOT}
    assert granted(stack) == ["kms:Decrypt"]


@pytest.mark.parametrize(
    "make, arn",
    [
        pytest.param(
            lambda stack: iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/r", mutable=False),
            f"arn:aws:iam::{ACCOUNT}:role/r",
            id="an immutable import",
        ),
        pytest.param(
            lambda _: iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/r"),
            f"arn:aws:iam::{ACCOUNT}:role/r",
            id="a plain ARN",
        ),
        pytest.param(
            lambda stack: iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{OTHER_ACCOUNT}:role/r"),
            f"arn:aws:iam::{OTHER_ACCOUNT}:role/r",
            id="a role of another account",
        ),
        pytest.param(
            lambda _: iam.ArnPrincipal(f"arn:aws:iam::{OTHER_ACCOUNT}:role/r"),
            f"arn:aws:iam::{OTHER_ACCOUNT}:role/r",
            id="an ARN of another account",
        ),
    ],
)
def test_a_grantee_that_holds_no_policies_is_named_as_principal(
    stack: Stack, key: HardenedKey, make: Callable[[Stack], iam.IGrantable], arn: str
) -> None:
    key.grant_decrypt(make(stack))
    [statement] = naming(key_policy(stack), arn)
    assert statement["Principal"] == {"AWS": arn}
    assert statement["Action"] == "kms:Decrypt"
    assert identity_statements(stack) == []


def test_probing_a_grantee_leaves_nothing_behind(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    for _ in range(3):
        key.grant_decrypt(role)
    assert key.node.try_find_child("Probe") is None
    assert len([name for name in template(stack)["Resources"] if name.startswith("KeyProbe")]) == 0


def test_a_service_principal_is_bound_to_this_account(stack: Stack, key: HardenedKey) -> None:
    key.grant_encrypt_decrypt(iam.ServicePrincipal("codecommit.amazonaws.com"))
    [statement] = naming(key_policy(stack), "codecommit")
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_a_service_principal_keeps_its_own_source(stack: Stack, key: HardenedKey) -> None:
    source = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}}
    key.grant_decrypt(iam.ServicePrincipal("s3.amazonaws.com", conditions=source))
    [statement] = naming(key_policy(stack), "s3.amazonaws.com")
    assert statement["Condition"] == source


def test_a_role_of_another_stack_is_named_by_its_literal_name(
    stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    key.grant_decrypt(make_role(other_stack, role_name="reader", path="/team/"))
    arn = f"arn:<AWS::Partition>:iam::{ACCOUNT}:role/team/reader"
    assert by_sid(key_policy(stack))["AllowUse"]["Condition"]["ArnEquals"] == {"aws:PrincipalArn": arn}
    [statement] = kms_statements(other_stack)
    assert statement["Resource"].startswith("<import Stack:ExportsOutputFnGetAttKey")
    assert [dependency.node.id for dependency in other_stack.dependencies] == ["Stack"]


def test_a_user_of_another_stack_is_named_by_its_literal_name(
    stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    key.grant_decrypt(iam.User(other_stack, "User", user_name="jo"))
    arn = f"arn:<AWS::Partition>:iam::{ACCOUNT}:user/jo"
    assert by_sid(key_policy(stack))["AllowUse"]["Condition"]["ArnEquals"] == {"aws:PrincipalArn": arn}


def test_a_role_in_the_stack_of_another_account_is_named_under_that_account(
    app: App, stack: Stack, key: HardenedKey
) -> None:
    away = Stack(app, "Away", env=environment(account=OTHER_ACCOUNT))
    key.grant_decrypt(make_role(away, role_name="reader"))
    statement = by_sid(key_policy(stack))["AllowUse"]
    assert statement["Principal"] == {"AWS": ROOT.replace(ACCOUNT, OTHER_ACCOUNT)}
    assert statement["Condition"] == {
        "StringEquals": {"kms:CallerAccount": OTHER_ACCOUNT},
        "ArnEquals": {"aws:PrincipalArn": f"arn:<AWS::Partition>:iam::{OTHER_ACCOUNT}:role/reader"},
    }
    [identity] = kms_statements(away)
    assert identity["Resource"] != "*"


# -- what is refused --


def test_a_role_of_another_stack_with_a_generated_name_is_refused(
    stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    role = make_role(other_stack)
    with pytest.raises(ValueError, match=r"ARN of Other/Role cannot be told .*literal role_name$"):
        key.grant_decrypt(role)
    assert naming(key_policy(stack), "Role") == []


@pytest.mark.parametrize(
    "make, message",
    [
        pytest.param(
            lambda stack: iam.Group(stack, "G"), r"must be a role or a user, got the group Stack/G", id="group"
        ),
        pytest.param(
            lambda stack: iam.Group.from_group_name(stack, "G", "g"),
            r"role or user whose ARN.*:group/g'",
            id="a group's ARN",
        ),
        pytest.param(
            lambda stack: lambda_.Function.from_function_arn(
                stack, "F", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
            ),
            r"grantee has no role of its own, pass the role itself",
            id="an imported function without a role",
        ),
        pytest.param(lambda _: iam.AccountRootPrincipal(), "does not delegate", id="the account"),
        pytest.param(lambda _: iam.AccountPrincipal(OTHER_ACCOUNT), "does not delegate", id="another account"),
        pytest.param(lambda _: iam.AnyPrincipal(), "admits nobody", id="anyone"),
        pytest.param(
            lambda _: iam.FederatedPrincipal("accounts.google.com", {}), "got Federated", id="an identity provider"
        ),
    ],
)
def test_a_grantee_that_no_policy_can_name_is_refused(
    stack: Stack, key: HardenedKey, make: Callable[[Stack], iam.IGrantable], message: str
) -> None:
    grantee, before = make(stack), policy_so_far(key)
    with pytest.raises(ValueError, match=message):
        key.grant_decrypt(grantee)
    assert key_policy(stack) == before


@pytest.mark.parametrize("action", ["*", "kms:*"])
def test_all_of_kms_is_granted_to_nobody(key: HardenedKey, role: iam.Role, action: str) -> None:
    with pytest.raises(ValueError, match=rf"actions must be named one by one, got '{action}'".replace("*", r"\*")):
        key.grant(role, action)


@pytest.mark.parametrize("action", ["kms:PutKeyPolicy", "kms:Put*", "kms:P*"])
def test_a_policy_update_is_granted_to_nobody(key: HardenedKey, role: iam.Role, action: str) -> None:
    with pytest.raises(ValueError, match="policy_administrators"):
        key.grant(role, action)


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"])
def test_an_administrator_is_granted_no_use(stack: Stack, role: iam.Role, action: str) -> None:
    key = HardenedKey(stack, "Key", administrators=[role])
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        key.grant(role, action)


def test_the_refusal_names_the_administrator_readably(stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Key", administrators=[role])
    with pytest.raises(ValueError, match="an administrator of the key must not use it") as caught:
        key.grant_decrypt(role)
    assert "Token[" not in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda stack: iam.Role.from_role_name(stack, "Same", "admin"), id="imported by name"),
        pytest.param(
            lambda stack: iam.Role.from_role_arn(stack, "Same", f"arn:aws:iam::{ACCOUNT}:role/admin"),
            id="imported by ARN",
        ),
        pytest.param(lambda stack: make_role(stack, role_name="admin"), id="made here"),
    ],
)
def test_an_administrator_is_known_by_any_spelling(stack: Stack, make: Callable[[Stack], iam.IRole]) -> None:
    administrator = iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/admin")
    key = HardenedKey(stack, "Key", administrators=[administrator])
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        key.grant_decrypt(make(stack))


def test_the_grants_object_refuses_an_administrator_too(stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Key", administrators=[role])
    # Raised in a callback from Node, so jsii makes it a RuntimeError; the message stays.
    with pytest.raises(RuntimeError, match="an administrator of the key must not use it"):
        key.grants.decrypt(role)


@pytest.mark.parametrize(
    "spec, usage, action, possible",
    [
        (kms.KeySpec.ECC_NIST_P256, kms.KeyUsage.SIGN_VERIFY, "kms:Decrypt", "kms:CreateGrant, kms:GetPublicKey, "),
        (kms.KeySpec.HMAC_256, kms.KeyUsage.GENERATE_VERIFY_MAC, "kms:Sign", "kms:CreateGrant, kms:GenerateMac"),
        (kms.KeySpec.RSA_2048, kms.KeyUsage.ENCRYPT_DECRYPT, "kms:GenerateDataKey*", "kms:CreateGrant, kms:Decrypt"),
    ],
)
def test_what_a_key_cannot_do_is_not_granted(
    stack: Stack, role: iam.Role, spec: kms.KeySpec, usage: kms.KeyUsage, action: str, possible: str
) -> None:
    key = HardenedKey(stack, "Key", key_spec=spec, key_usage=usage)
    with pytest.raises(ValueError, match=f"{usage.name}: it has {possible}"):
        key.grant(role, action)


def test_a_symmetric_key_does_not_sign(key: HardenedKey, role: iam.Role) -> None:
    with pytest.raises(ValueError, match="kms:Sign never works with this key, whose usage is SYMMETRIC"):
        key.grant_sign(role)


@pytest.mark.parametrize("action", ["kms:EnableKey", "kms:Schedule*"])
def test_administration_is_not_granted_to_another_account(key: HardenedKey, action: str) -> None:
    with pytest.raises(ValueError, match=f"KMS honours no {action}".replace("*", r"\*")):
        key.grant(iam.ArnPrincipal(f"arn:aws:iam::{OTHER_ACCOUNT}:role/r"), action)


@pytest.mark.parametrize("option", ["administrators", "policy_administrators"])
def test_a_principal_of_another_account_cannot_administer(stack: Stack, option: str) -> None:
    """KMS honours none of the administrators' actions across accounts, so the statement would have no effect."""
    options: dict[str, Any] = {option: [iam.ArnPrincipal(f"arn:aws:iam::{OTHER_ACCOUNT}:role/admin")]}
    with pytest.raises(ValueError, match=OTHER_ACCOUNT):
        HardenedKey(stack, "Key", **options)


def test_a_subclass_that_acts_as_another_role_is_taken_at_its_word(stack: Stack, key: HardenedKey) -> None:
    class Stand(iam.Role):
        @property
        def grant_principal(self) -> iam.IPrincipal:
            return other

    other = make_role(stack, "Other")
    key.grant_decrypt(Stand(stack, "Stand", assumed_by=iam.AccountRootPrincipal()))
    assert "<Other.Arn>" in str(key_policy(stack))
    assert "<Stand" not in str(key_policy(stack))
