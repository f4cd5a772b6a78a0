"""Roles, users and secrets that are made under a condition: the template deploys, whether it holds or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Aspects, CfnCondition, CfnParameter, Environment, Fn, NestedStack, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as sm

from secure_kms_constructs import HardenedKey, HardenKeys, ScopedSecretReader, ScopedSecretRotator
from tests.semantics.assembly import deploy_app
from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge

ACCOUNT, REGION = "111122223333", "eu-west-1"
LAMBDA = iam.ServicePrincipal("lambda.amazonaws.com")


class Here:
    """A stack with a condition, and a key."""

    def __init__(self) -> None:
        self.app = App()
        self.stack = Stack(self.app, "S", env=Environment(account=ACCOUNT, region=REGION))
        for name in ("One", "Two"):
            parameter = CfnParameter(self.stack, f"Is{name}")
            CfnCondition(self.stack, name, expression=Fn.condition_equals(parameter.value_as_string, "yes"))
        self.key = HardenedKey(self.stack, "Key")

    def only(self, construct: Any, condition: str = "One") -> Any:
        resource = construct.node.default_child or construct
        resource.cfn_options.condition = self.stack.node.find_child(condition)
        return construct

    def role(self, id: str, **more: Any) -> iam.Role:
        return iam.Role(self.stack, id, assumed_by=LAMBDA, **more)

    def secret(self, id: str) -> sm.Secret:
        return sm.Secret(self.stack, id, encryption_key=self.key)

    def deployed(self, one: bool, two: bool = True) -> Deployment:
        known = {"IsOne": "yes" if one else "no", "IsTwo": "yes" if two else "no"}
        return deploy_app(self.app, account=ACCOUNT, region=REGION, known={"S": known})


def resources(here: Here) -> dict[str, Any]:
    found: dict[str, Any] = here.app.synth().get_stack_by_name("S").template["Resources"]
    return found


@pytest.fixture
def here() -> Here:
    return Here()


def decrypts(judge: Judge, deployed: Deployment, who: str, secret: str | None) -> bool | None:
    """Whether somebody decrypts a secret, or directly; None where one of the two is not made."""
    try:
        arn = deployed.user(who) if who.startswith("User") else deployed.role(who)
        context = {"SecretARN": deployed.secret(secret)} if secret else None
    except ValueError:
        return None
    via = "secretsmanager" if secret else None
    key = deployed.key("Key")
    return deployed.ask(judge, arn, "kms:Decrypt", key, via=via, encryption_context=context, identity=[]).allowed


def reads(here: Here, who: Any, *secrets: sm.Secret, id: str = "Reader") -> None:
    ScopedSecretReader(here.stack, id, grantee=who, secrets=list(secrets))


@pytest.mark.parametrize("holds", [True, False])
def test_a_role_that_may_not_be_made_reads_where_it_is(judge: Judge, here: Here, holds: bool) -> None:
    mine, other = here.secret("Mine"), here.secret("Other")
    reads(here, here.only(here.role("Sometimes")), mine)
    reads(here, here.role("Always"), mine, id="Reader2")
    assert other
    deployed = here.deployed(holds)
    assert decrypts(judge, deployed, "Sometimes", "Mine") is (True if holds else None)
    assert decrypts(judge, deployed, "Sometimes", "Other") is (False if holds else None)
    assert decrypts(judge, deployed, "Always", "Mine") is True
    assert decrypts(judge, deployed, "Always", "Other") is False


@pytest.mark.parametrize("holds", [True, False])
def test_a_reader_alone_under_a_key_leaves_no_empty_statement(judge: Judge, here: Here, holds: bool) -> None:
    user = here.only(iam.User(here.stack, "User"))
    reads(here, user, here.secret("Mine"))
    deployed = here.deployed(holds)
    assert decrypts(judge, deployed, "User", "Mine") is (True if holds else None)
    sids = {one["Sid"] for one in deployed.key_policy(deployed.key("Key"))["Statement"]}
    assert ("AllowReadThroughSecretsManager" in sids) is holds


@pytest.mark.parametrize("holds", [True, False])
def test_a_condition_may_come_after_the_grant(judge: Judge, here: Here, holds: bool) -> None:
    role = here.role("Sometimes")
    reads(here, role, here.secret("Mine"))
    here.only(role)
    assert decrypts(judge, here.deployed(holds), "Sometimes", "Mine") is (True if holds else None)


@pytest.mark.parametrize("holds", [True, False])
def test_a_secret_that_may_not_be_made_is_left_out(judge: Judge, here: Here, holds: bool) -> None:
    reads(here, here.role("Role"), here.only(here.secret("Sometimes")), here.secret("Always"))
    deployed = here.deployed(holds)
    assert decrypts(judge, deployed, "Role", "Always") is True
    assert decrypts(judge, deployed, "Role", "Sometimes") is (True if holds else None)


@pytest.mark.parametrize("holds", [True, False])
def test_a_policy_about_nothing_else_is_not_made(judge: Judge, here: Here, holds: bool) -> None:
    reads(here, here.role("Role"), here.only(here.secret("Sometimes")))
    deployed = here.deployed(holds)
    assert decrypts(judge, deployed, "Role", "Sometimes") is (True if holds else None)
    assert len(deployed.identity_policies(deployed.role("Role"))) == int(holds)


@pytest.mark.parametrize("one", [True, False])
@pytest.mark.parametrize("two", [True, False])
def test_two_conditions_are_told_apart(judge: Judge, here: Here, one: bool, two: bool) -> None:
    mine = here.secret("Mine")
    for id, condition in (("First", "One"), ("Second", "Two")):
        reads(here, here.only(here.role(id), condition), mine, id=f"{id}Reader")
    deployed = here.deployed(one, two)
    assert decrypts(judge, deployed, "First", "Mine") is (True if one else None)
    assert decrypts(judge, deployed, "Second", "Mine") is (True if two else None)


@pytest.mark.parametrize("holds", [True, False])
def test_a_policy_that_is_about_more_is_made_without_what_is_not(judge: Judge, here: Here, holds: bool) -> None:
    secret, role = here.only(here.secret("Sometimes")), here.role("Role")
    ScopedSecretRotator(here.stack, "Rotator", grantee=role, secrets=[secret])
    deployed = here.deployed(holds)
    assert decrypts(judge, deployed, "Role", "Sometimes") is (True if holds else None)
    [policy] = deployed.identity_policies(deployed.role("Role"))
    assert "secretsmanager:GetRandomPassword" in str(policy)


def test_the_condition_that_a_policy_was_given_stays(here: Here) -> None:
    reads(here, here.only(here.role("Role")), here.secret("Mine"))
    here.only(here.stack.node.find_child("Reader").node.find_child("Policy"), "Two")
    [policy] = [one for one in resources(here).values() if one["Type"] == "AWS::IAM::Policy"]
    assert policy["Condition"] == "Two"


def test_a_policy_that_may_be_about_nothing_fails_synth_and_the_advice_works(here: Here) -> None:
    secrets = [here.only(here.secret(id), condition) for id, condition in (("A", "One"), ("B", "Two"))]
    reads(here, here.role("Role"), *secrets)
    with pytest.raises(RuntimeError, match="make one construct for what each condition decides on"):
        here.app.synth()
    here = Here()
    role = here.role("Role")
    for id, condition in (("A", "One"), ("B", "Two")):
        reads(here, role, here.only(here.secret(id), condition), id=f"Reader{id}")
    here.deployed(one=True)


def test_a_role_and_its_only_secret_under_two_conditions_fail_synth(here: Here) -> None:
    reads(here, here.only(here.role("Role"), "Two"), here.only(here.secret("A"), "One"))
    with pytest.raises(RuntimeError, match="IAM takes no policy without statements"):
        here.app.synth()


def test_what_has_the_condition_too_says_nothing_of_it(here: Here) -> None:
    role, secret = here.only(here.role("Role")), here.only(here.secret("A"))
    here.only(here.key)
    reads(here, role, secret)
    assert "Fn::If" not in str(resources(here))
    policy = next(one for one in resources(here).values() if one["Type"] == "AWS::IAM::Policy")
    assert policy["Condition"] == "One"


@pytest.mark.parametrize("holds", [True, False])
def test_an_override_beside_it_changes_nothing(judge: Judge, holds: bool) -> None:
    def made() -> Here:
        here = Here()
        reads(here, here.only(here.role("Sometimes")), here.secret("Mine"))
        return here

    [key] = [one for one in resources(made()).values() if one["Type"] == "AWS::KMS::Key"]
    here = made()
    resource: Any = here.key.node.default_child
    statement = {"Effect": "Deny", "Principal": "*", "Action": "kms:ImportKeyMaterial", "Resource": "*"}
    resource.add_property_override(f"KeyPolicy.Statement.{len(key['Properties']['KeyPolicy']['Statement'])}", statement)
    assert decrypts(judge, here.deployed(holds), "Sometimes", "Mine") is (True if holds else None)


@pytest.mark.parametrize("holds", [True, False])
def test_a_deny_of_all_but_a_role_is_of_all_where_the_role_is_not(judge: Judge, here: Here, holds: bool) -> None:
    keeper, other = here.only(here.role("Keeper")), here.role("Other")
    key = HardenedKey(here.stack, "Kept", administrators=[keeper, other])
    key.grant_decrypt(here.role("User"))
    but = [iam.ArnPrincipal(keeper.role_arn)]
    key.add_to_resource_policy(
        iam.PolicyStatement(effect=iam.Effect.DENY, not_principals=but, actions=["kms:DisableKey"], resources=["*"])
    )
    deployed = here.deployed(holds)
    answer = deployed.ask(judge, deployed.role("Other"), "kms:DisableKey", deployed.key("Kept"), identity=[])
    assert not answer.allowed
    [denies] = [
        one
        for one in deployed.key_policy(deployed.key("Kept"))["Statement"]
        if "DisableKey" in str(one["Action"]) and one["Effect"] == "Deny"
    ]
    assert ("NotPrincipal" in denies) is holds
    assert denies.get("Principal") == (None if holds else "*")


def test_a_condition_that_comes_after_a_synth_is_seen(here: Here) -> None:
    role = here.role("Role")
    reads(here, role, here.secret("Mine"))
    assert "Fn::If" not in str(resources(here))
    here.only(role)
    template = here.app.synth(force=True).get_stack_by_name("S").template
    assert "Fn::If" in str(template["Resources"])


def test_a_condition_of_a_nested_stack_is_none_of_the_stack_around_it(here: Here) -> None:
    reads(here, here.role("Same"), here.secret("Mine"))
    nested = NestedStack(here.stack, "Nested")
    inner = iam.Role(nested, "Same", assumed_by=LAMBDA)
    outer: Any = here.stack.node.find_child("Same").node.default_child
    made: Any = inner.node.default_child
    assert nested.resolve(made.logical_id) == here.stack.resolve(outer.logical_id)
    condition = CfnCondition(nested, "Inner", expression=Fn.condition_equals("a", "b"))
    made.cfn_options.condition = condition
    assert "Fn::If" not in str(resources(here))


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("by", ["reference", "text", "text and map", "condition", "another condition"])
def test_a_deny_follows_however_it_names_the_role(judge: Judge, here: Here, by: str, holds: bool) -> None:
    role, other = here.only(here.role("Role")), here.role("Other")
    here.stack.rename_logical_id(here.stack.resolve(role.node.default_child.logical_id), "TheRole")
    arn = {
        "reference": role.role_arn,
        "text": Fn.sub("${TheRole.Arn}"),
        "text and map": Fn.sub("${Of}", {"Of": role.role_arn}),
        "condition": Fn.condition_if("One", role.role_arn, "arn:aws:iam::111122223333:role/nobody").to_string(),
        "another condition": Fn.condition_if("Two", role.role_arn, "arn:aws:iam::111122223333:role/nobody").to_string(),
    }[by]
    key = HardenedKey(here.stack, "Kept", administrators=[role, other])
    key.grant_decrypt(here.role("User"))
    denied = {"ArnEquals": {"aws:PrincipalArn": arn}}
    anyone = [iam.AnyPrincipal()]
    key.add_to_resource_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY, principals=anyone, actions=["kms:DisableKey"], resources=["*"], conditions=denied
        )
    )
    deployed = here.deployed(holds)
    asked = {"TheRole": False, "Other": True} if holds else {"Other": True}
    for who, allowed in asked.items():
        arn_of = deployed.role(who)
        answer = deployed.ask(judge, arn_of, "kms:DisableKey", deployed.key("Kept"), identity=[])
        assert answer.allowed is allowed


def put_on_policy(here: Here, role: iam.Role) -> None:
    here.only(role.node.find_child("DefaultPolicy"))


@pytest.mark.parametrize("holds", [True, False])
def test_a_default_policy_that_is_always_made_fails_synth_and_the_advice_works(judge: Judge, holds: bool) -> None:
    def made(follow: Callable[[Here, iam.Role], None] | None) -> Here:
        here = Here()
        role = here.only(here.role("Role"))
        here.key.grant_decrypt(role)
        here.key.grant_decrypt(here.role("Always"))
        if follow:
            follow(here, role)
        return here

    with pytest.raises(
        RuntimeError, match=r"S/Role/DefaultPolicy is always made and refers to S/Role, .*condition One"
    ):
        made(None).app.synth()
    deployed = made(put_on_policy).deployed(holds)
    assert decrypts(judge, deployed, "Role", None) is (True if holds else None)
    assert decrypts(judge, deployed, "Always", None) is True


@pytest.mark.parametrize("holds", [True, False])
def test_a_deny_unless_a_role_stays_where_the_role_is_not(judge: Judge, here: Here, holds: bool) -> None:
    keeper, other = here.only(here.role("Keeper")), here.role("Other")
    key = HardenedKey(here.stack, "Kept", administrators=[keeper, other])
    key.grant_decrypt(here.role("User"))
    key.add_to_resource_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=["kms:DisableKey"],
            resources=["*"],
            conditions={"ArnNotEquals": {"aws:PrincipalArn": keeper.role_arn}},
        )
    )
    deployed = here.deployed(holds)

    def may(who: str, action: str) -> bool:
        return deployed.ask(judge, deployed.role(who), action, deployed.key("Kept"), identity=[]).allowed

    assert not may("Other", "kms:DisableKey")
    assert may("Other", "kms:EnableKey")
    if holds:
        assert may("Keeper", "kms:DisableKey")


@pytest.mark.parametrize("holds", [True, False])
def test_what_the_aspect_hardens_and_an_l1_with_an_override_are_alike(judge: Judge, here: Here, holds: bool) -> None:
    key = kms.Key(here.stack, "Stock")
    role: Any = here.role("Role")
    key.grant_decrypt(role)
    put_on_policy(here, role)
    role.node.default_child.add_override("Condition", "One")
    Aspects.of(here.app).add(HardenKeys(fail_on_refusal=True))
    deployed = here.deployed(holds)
    if holds:
        assert deployed.ask(judge, deployed.role("Role"), "kms:Decrypt", deployed.key("Stock"), identity=[]).allowed
    else:
        assert "AllowUse" not in str(deployed.key_policy(deployed.key("Stock")))
