"""Who comes from the L2 is told what its words are called here; each piece of advice is followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, LogGroupWithCmk, ScopedSecretReader, Service
from tests.synth.templates import ACCOUNT, REGION, make_role, policy_so_far, template

MAKERS: dict[str, Callable[..., Any]] = {
    "HardenedKey": lambda stack, **given: HardenedKey(stack, "It", **given),
    "LogGroupWithCmk": lambda stack, **given: LogGroupWithCmk(stack, "It", **given),
    "ScopedSecretReader": lambda stack, **given: ScopedSecretReader(stack, "It", **given),
}


@pytest.mark.parametrize(
    "make, name, advice",
    [
        ("HardenedKey", "admins", r"write administrators=\[...\]"),
        ("HardenedKey", "enable_key_rotation", "leave it out, a symmetric HardenedKey always rotates"),
        ("HardenedKey", "enabled", "key.node.default_child.enabled = False"),
        ("HardenedKey", "policy", "add_to_resource_policy"),
        ("LogGroupWithCmk", "encryption_key", "write key="),
        ("ScopedSecretReader", "encryption_key", "write key="),
        ("ScopedSecretReader", "role", "write grantee="),
        ("ScopedSecretReader", "secret", "write secrets="),
    ],
)
def test_a_word_of_the_l2_names_its_counterpart(stack: Stack, make: str, name: str, advice: str) -> None:
    with pytest.raises(TypeError, match=f"{name} is not known here.*{advice}"):
        MAKERS[make](stack, **{name: None})


def test_a_word_of_nobody_is_refused_as_python_does(stack: Stack) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'adminz'"):
        MAKERS["HardenedKey"](stack, adminz=[])


def test_the_advice_for_the_words_of_a_key_works(stack: Stack) -> None:
    key = HardenedKey(stack, "It", administrators=[make_role(stack)])
    child: Any = key.node.default_child
    child.enabled = False
    actions, principal = ["kms:Decrypt"], iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/r")
    key.add_to_resource_policy(iam.PolicyStatement(actions=actions, resources=["*"], principals=[principal]))
    assert "role/r" in str(template(stack))


def test_the_account_as_administrator_is_left_out(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"administrators are roles and users, got the account .*leave it out"):
        HardenedKey(stack, "It", administrators=[iam.AccountRootPrincipal()])


def test_everyone_of_an_account_through_a_service_is_delegate_via(stack: Stack, key: HardenedKey) -> None:
    statement = iam.PolicyStatement(
        actions=["kms:Decrypt"],
        resources=["*"],
        principals=[iam.AnyPrincipal()],
        conditions={
            "StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"sns.{REGION}.amazonaws.com"},
        },
    )
    with pytest.raises(ValueError, match=r"pass delegate_via=\[...\] for SNS"):
        key.add_to_resource_policy(statement)
    advised = HardenedKey(stack, "Advised", delegate_via=[Service.SNS])
    assert "DelegateToIamThroughSNS" in str(policy_so_far(advised))


@pytest.mark.parametrize("stage", ["*", "AWS*", ""])
def test_a_version_stage_is_compared_as_it_is(stack: Stack, key: HardenedKey, role: iam.Role, stage: str) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    with pytest.raises(ValueError, match="leave version_stages out"):
        ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret], version_stages=[stage])
    ScopedSecretReader(stack, "Advised", grantee=role, secrets=[secret])


@pytest.mark.parametrize(
    "pattern", ["*", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*", "arn:aws:logs:*:*:log-group:/a"]
)
def test_log_groups_are_named_by_a_start(key: HardenedKey, pattern: str) -> None:
    with pytest.raises(ValueError, match="by the start of their name"):
        key.admit_logs_service(pattern)
    key.admit_logs_service(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app/*")


def test_a_wildcard_that_means_more_than_uses_is_refused(key: HardenedKey, role: iam.Role) -> None:
    with pytest.raises(ValueError, match=r"'kms:Re\*', which also means kms:ReplicateKey.*write kms:ReEncrypt\*"):
        key.grant(role, "kms:Re*")
    key.grant(role, "kms:ReEncrypt*")
