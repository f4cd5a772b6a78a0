"""Who comes from the L2 is told what its words are called here; each piece of advice is followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import (
    HardenedKey,
    LogGroupWithCmk,
    ResolvedKey,
    ScopedLogGroupManager,
    ScopedParameterReader,
    ScopedSecretReader,
    ScopedSecretRotator,
    Service,
    Use,
)
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
        ("LogGroupWithCmk", "encryption_key", "write key=..., and generated_name=True"),
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


ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-AbCdEf"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ff"


ROLE_ADVICE, SECRET_ADVICE, KEY_ADVICE = "iam.Role.from_role_arn", "from_secret_complete_arn", "ResolvedKey.from_arn"
TEXTS: dict[str, tuple[str, Callable[[Stack, HardenedKey, iam.Role], Any]]] = {
    "administrators": (ROLE_ADVICE, lambda stack, _key, _role: _key_with(stack, administrators=[ROLE])),
    "policy_administrators": (ROLE_ADVICE, lambda stack, _key, _role: _key_with(stack, policy_administrators=[ROLE])),
    "deployer": (ROLE_ADVICE, lambda stack, _key, _role: _key_with(stack, deployer=ROLE)),
    "delegate_via": ("Service.SECRETS_MANAGER", lambda stack, _key, _role: _key_with(stack, delegate_via=["sns"])),
    "provision_via": ("Service.SECRETS_MANAGER", lambda stack, _key, _role: _key_with(stack, provision_via=["sns"])),
    "grantee of a direct grant": (ROLE_ADVICE, lambda _stack, key, _role: key.grant_decrypt(_any(ROLE))),
    "grantee of grant_via": (
        ROLE_ADVICE,
        lambda _stack, key, _role: key.grant_via(_any(ROLE), Service.SQS, use=Use.READ),
    ),
    "grantee of a reader": (ROLE_ADVICE, lambda stack, key, _role: _reads("ScopedParameterReader", stack, ROLE, key)),
    "secrets of a reader": (SECRET_ADVICE, lambda stack, _key, role: _reads("ScopedSecretReader", stack, role)),
    "secrets of a rotator": (SECRET_ADVICE, lambda stack, _key, role: _reads("ScopedSecretRotator", stack, role)),
    "key of a log group": (KEY_ADVICE, lambda stack, _key, _role: LogGroupWithCmk(stack, "It", key=_any(KEY))),
    "key of a parameter": (KEY_ADVICE, lambda stack, _key, role: _reads("ScopedParameterReader", stack, role, KEY)),
    "key of a manager": (KEY_ADVICE, lambda stack, _key, role: _reads("ScopedLogGroupManager", stack, role, KEY)),
}


def _any(value: Any) -> Any:
    return value


def _key_with(stack: Stack, **given: Any) -> HardenedKey:
    return HardenedKey(stack, "It", **given)


def _reads(what: str, stack: Stack, grantee: Any, key: Any = None) -> Any:
    makers: dict[str, Callable[[], Any]] = {
        "ScopedSecretReader": lambda: ScopedSecretReader(stack, "It", grantee=grantee, secrets=[_any(SECRET)]),
        "ScopedSecretRotator": lambda: ScopedSecretRotator(stack, "It", grantee=grantee, secrets=[_any(SECRET)]),
        "ScopedParameterReader": lambda: ScopedParameterReader(
            stack, "It", grantee=grantee, parameters=["/a"], key=key
        ),
        "ScopedLogGroupManager": lambda: ScopedLogGroupManager(
            stack, "It", grantee=grantee, log_group_prefix="/a", key=key
        ),
    }
    return makers[what]()


@pytest.mark.parametrize("where", TEXTS)
def test_a_text_in_place_of_a_construct_says_what_to_pass(
    stack: Stack, key: HardenedKey, role: iam.Role, where: str
) -> None:
    advice, build = TEXTS[where]
    name = where.split()[0]
    with pytest.raises(ValueError, match=rf"^{name} takes constructs, got the text '.*': pass .*{advice}"):
        build(stack, key, role)


def test_the_advice_for_texts_works(stack: Stack) -> None:
    role = iam.Role.from_role_arn(stack, "Imported", ROLE)
    key = HardenedKey(stack, "Admins", administrators=[role], delegate_via=[Service.SECRETS_MANAGER])
    imported = secretsmanager.Secret.from_secret_complete_arn(stack, "Secret", SECRET)
    other = iam.Role.from_role_arn(stack, "Other", f"{ROLE}-2")
    ScopedSecretReader(stack, "Reader", grantee=other, secrets=[imported], key=ResolvedKey.from_arn(stack, "K", KEY))
    assert ROLE in str(policy_so_far(key))
    assert "reader-2" in str(template(stack))


def test_a_direct_grant_across_stacks_names_no_delegation_and_the_advice_works(
    stack: Stack, other_stack: Stack
) -> None:
    key = HardenedKey(stack, "It", delegate_via=[Service.SECRETS_MANAGER])
    with pytest.raises(ValueError, match=r"give it a literal role_name$"):
        key.grant_decrypt(make_role(other_stack))
    key.grant_decrypt(make_role(other_stack, id="Named", role_name="named"))
    assert "role/named" in str(policy_so_far(key))


def test_a_use_through_a_service_names_the_delegation_that_serves_it(stack: Stack, other_stack: Stack) -> None:
    role = make_role(other_stack)
    with pytest.raises(ValueError, match=r"or serve it with delegate_via=\[...\] on the HardenedKey$"):
        HardenedKey(stack, "It").grant_via(role, Service.SQS, use=Use.READ)
    HardenedKey(stack, "Advised", delegate_via=[Service.SQS]).grant_via(role, Service.SQS, use=Use.READ)


@pytest.mark.parametrize(
    "principal",
    [
        {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::{ACCOUNT}:role/reader"},
        {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":iam::{ACCOUNT}:role/reader"]]},
        [{"Fn::Sub": f"arn:aws:iam::{ACCOUNT}:role/${{AWS::Region}}-reader"}, ROLE],
        {"Fn::GetAtt": ["Role", "Arn"]},
    ],
)
def test_a_statement_as_json_is_read_whatever_its_principal_is_made_of(
    stack: Stack, key: HardenedKey, principal: Any
) -> None:
    make_role(stack)
    key.add_to_resource_policy(json_statement(principal))
    named = [one["Principal"]["AWS"] for one in policy_so_far(key) if one.get("Action") == "kms:Decrypt"]
    assert len(named) == (len(principal) if isinstance(principal, list) else 1)
    assert template(stack)


@pytest.mark.parametrize(
    "principal, why",
    [
        ({"Fn::Join": ["", ["arn:aws:iam::", {"Ref": "AWS::AccountId"}, ":root"]]}, "does not delegate"),
        ({"Fn::If": ["Any", ROLE, "arn:aws:iam::444455556666:root"]}, "visibly one role or user"),
    ],
)
def test_a_statement_as_json_opens_nothing(key: HardenedKey, principal: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        key.add_to_resource_policy(json_statement(principal))


def json_statement(principal: Any) -> iam.PolicyStatement:
    return iam.PolicyStatement.from_json(
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Principal": {"AWS": principal}}
    )
