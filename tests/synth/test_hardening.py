"""HardenKeys: what it refuses and leaves as it was, what it changes, and what a user passes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Aspects, CliCredentialsStackSynthesizer, Duration, Environment, RemovalPolicy, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Annotations, Match, Template

from secure_kms_constructs import HardenedKey, HardenKeys, Service

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "us-east-1"
LEFT = Match.string_like_regexp("HardenKeys leaves App/Key as it is")
Json = dict[str, Any]


def a_stack(**more: Any) -> Stack:
    return Stack(App(), "App", env=Environment(account=ACCOUNT, region=REGION), **more)


def a_role(stack: Stack, id: str = "Role", **more: Any) -> iam.Role:
    return iam.Role(stack, id, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), **more)


def harden(stack: Stack, **more: Any) -> HardenKeys:
    aspect = HardenKeys(**more)
    Aspects.of(stack.node.root).add(aspect)
    return aspect


def the_key(stack: Stack) -> Json:
    [key] = Template.from_stack(stack).find_resources("AWS::KMS::Key").values()
    return key


def sids(key: Json) -> list[str]:
    return [one.get("Sid", "") for one in key["Properties"]["KeyPolicy"]["Statement"]]


def test_a_stock_key_gets_the_policy_of_a_hardened_one() -> None:
    plain, model = a_stack(), a_stack()
    kms.Key(plain, "Key").grant_decrypt(a_role(plain))
    HardenedKey(model, "Key").grant_decrypt(a_role(model))
    aspect = harden(plain)
    adopted, wanted = Template.from_stack(plain).to_json(), Template.from_stack(model).to_json()
    assert aspect.hardened == ("App/Key",)
    # The L2 writes the same identity policy; logical ids stay, so the key stays the key that it is.
    assert adopted["Resources"].keys() == wanted["Resources"].keys()
    assert adopted == wanted


def test_settings_are_those_of_a_hardened_key_and_what_loses_no_data_stays() -> None:
    stack = a_stack()
    kms.Key(
        stack,
        "Key",
        enable_key_rotation=False,
        pending_window=Duration.days(7),
        removal_policy=RemovalPolicy.DESTROY,
        description="mine",
    )
    harden(stack)
    key = the_key(stack)
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["Properties"]["PendingWindowInDays"] == 30
    assert key["Properties"]["Description"] == "mine"
    assert key["DeletionPolicy"] == "Delete"


def test_a_key_that_signs_does_not_rotate() -> None:
    stack = a_stack()
    key = kms.Key(stack, "Key", key_spec=kms.KeySpec.ECC_NIST_P256, key_usage=kms.KeyUsage.SIGN_VERIFY)
    key.grant_sign(a_role(stack))
    harden(stack)
    made = the_key(stack)
    assert "EnableKeyRotation" not in made["Properties"]
    [signs] = [one for one in made["Properties"]["KeyPolicy"]["Statement"] if one["Sid"] == "AllowUse"]
    assert signs["Action"] == "kms:Sign"


def test_who_verifies_by_the_public_key_is_admitted() -> None:
    stack = a_stack()
    key = kms.Key(stack, "Key", key_spec=kms.KeySpec.RSA_2048, key_usage=kms.KeyUsage.SIGN_VERIFY)
    allows = iam.PolicyStatement(actions=["kms:GetPublicKey", "kms:Verify"], resources=[key.key_arn])
    a_role(stack).add_to_policy(allows)
    assert harden(stack).refused == {}
    [verifies] = [one for one in the_key(stack)["Properties"]["KeyPolicy"]["Statement"] if one["Sid"] == "AllowUse"]
    assert verifies["Action"] == ["kms:GetPublicKey", "kms:Verify"]


def test_nobody_gets_the_public_key_of_a_symmetric_key() -> None:
    stack = a_stack()
    key = kms.Key(stack, "Key")
    a_role(stack).add_to_policy(iam.PolicyStatement(actions=["kms:Get*", "kms:Decrypt"], resources=[key.key_arn]))
    harden(stack)
    assert "kms:GetPublicKey" not in str(the_key(stack))


def test_who_owns_it_is_as_told() -> None:
    stack = a_stack()
    kms.Key(stack, "Key")
    admin, glass = a_role(stack, "Admin"), a_role(stack, "Glass")
    harden(
        stack,
        administrators=[admin],
        policy_administrators=[glass],
        delegate_via=[Service.S3],
        provision_via=[Service.RDS],
        organization="o-a1b2c3d4e5",
        deployer=iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/deployer"),
    )
    key = the_key(stack)
    assert {"AllowAdministrators", "AllowPolicyAdministrators", "DelegateToIamThroughS3"} <= set(sids(key))
    text = str(key["Properties"]["KeyPolicy"])
    assert "role/deployer" in text
    assert "o-a1b2c3d4e5" in text
    assert f"rds.{REGION}.amazonaws.com" in text


def test_several_roles_with_the_same_uses_share_a_statement() -> None:
    stack = a_stack()
    key = kms.Key(stack, "Key")
    for number in range(30):
        key.grant_decrypt(a_role(stack, f"Role{number}"))
    key.grant_encrypt(a_role(stack, "Encrypter"))
    harden(stack)
    assert sum(one.startswith("AllowUse") for one in sids(the_key(stack))) == 2


def managed(stack: Stack, key: kms.Key) -> None:
    key.grant_admin(a_role(stack))


def everything_but(stack: Stack, key: kms.Key) -> None:
    a_role(stack).add_to_policy(iam.PolicyStatement(not_actions=["kms:Decrypt"], resources=[key.key_arn]))


def another_account(_stack: Stack, key: kms.Key) -> None:
    key.grant_decrypt(iam.AccountPrincipal(OTHER))


def everybody(_stack: Stack, key: kms.Key) -> None:
    key.add_to_resource_policy(
        iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"], principals=[iam.AnyPrincipal()])
    )


def another_owner(_stack: Stack, key: kms.Key) -> None:
    who = iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/owner")
    key.add_to_resource_policy(iam.PolicyStatement(actions=["kms:*"], resources=["*"], principals=[who]))


def role_elsewhere(stack: Stack, key: kms.Key) -> None:
    other = Stack(stack.node.scope, "Other", env=Environment(account=ACCOUNT, region=REGION))  # type: ignore[arg-type]
    key.grant_decrypt(a_role(other))


def reads_all_secrets(stack: Stack, key: kms.Key) -> None:
    """The key policy says through which service, and nothing says which secrets."""
    role = a_role(stack)
    key.grant_decrypt(kms.ViaServicePrincipal(f"secretsmanager.{REGION}.amazonaws.com", role))


def dnssec(stack: Stack, key: kms.Key) -> None:
    """A use that wants another kind of key is refused as with a HardenedKey."""
    route53.CfnKeySigningKey(
        stack, "Signing", hosted_zone_id="Z1", key_management_service_arn=key.key_arn, name="one", status="ACTIVE"
    )


def a_group(stack: Stack, key: kms.Key) -> None:
    key.grant_decrypt(iam.Group(stack, "Group"))


def attached_elsewhere(stack: Stack, key: kms.Key) -> None:
    allows = iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn])
    iam.ManagedPolicy(stack, "Managed", statements=[allows])


def a_group_that_takes_a_policy(stack: Stack, key: kms.Key) -> None:
    allows = iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn])
    policy = iam.ManagedPolicy(stack, "Managed", statements=[allows], roles=[a_role(stack)])
    iam.Group(stack, "Group", managed_policies=[policy])


def an_l1_policy(stack: Stack, key: kms.Key) -> None:
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key.key_arn}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.CfnRolePolicy(stack, "L1", policy_name="p", role_name="somebody", policy_document=document)


def role_abroad(stack: Stack, key: kms.Key) -> None:
    """The L2 lets it use all keys, and the key leaves nothing to that any more."""
    other = Stack(stack.node.scope, "Abroad", env=Environment(account=ACCOUNT, region="eu-west-1"))  # type: ignore[arg-type]
    key.grant_decrypt(a_role(other, role_name="abroad"))


def an_imported_reader(stack: Stack, key: kms.Key) -> None:
    """The key policy would let it read every secret under the key."""
    reader = iam.Role.from_role_arn(stack, "Reader", f"arn:aws:iam::{ACCOUNT}:role/reader")
    secretsmanager.Secret(stack, "Secret", encryption_key=key).grant_read(reader)


def an_account_as_a_whole(_stack: Stack, key: kms.Key) -> None:
    whole = iam.PolicyStatement(actions=["kms:*"], resources=["*"], principals=[iam.AccountPrincipal(OTHER)])
    key.add_to_resource_policy(whole)


REFUSED: list[tuple[Callable[[Stack, kms.Key], None], str]] = [
    (managed, r"manages the key \(kms:\w+\): pass who it is for as administrators=\[\.\.\.\]"),
    (everything_but, "all but NotAction on the key: name the actions"),
    (another_account, f"{OTHER}"),
    (everybody, "admits nobody by '\\*'"),
    (another_owner, "only the deployer and policy_administrators may change the key policy"),
    (role_elsewhere, "in another stack with a generated name"),
    (reads_all_secrets, "no policy of its own tells for which resources"),
    (a_group, "a group, or to whoever it is attached to elsewhere"),
    (attached_elsewhere, "a group, or to whoever it is attached to elsewhere"),
    (a_group_that_takes_a_policy, "a group, or to whoever it is attached to elsewhere"),
    (an_l1_policy, "App/L1, AWS::IAM::RolePolicy, names the key"),
    (role_abroad, "on \\* from another region, or an account"),
    (an_imported_reader, "through SecretsManager, and nothing says for which resources"),
    (an_account_as_a_whole, f"{OTHER}:root"),
    (dnssec, "in a stack of that region"),
]


@pytest.mark.parametrize(("use", "reason"), REFUSED)
def test_what_it_cannot_serve_is_left_as_it_was_and_named(use: Callable[[Stack, kms.Key], None], reason: str) -> None:
    before, after = a_stack(), a_stack()
    for stack in (before, after):
        use(stack, kms.Key(stack, "Key", pending_window=Duration.days(9)))
    aspect = harden(after)
    assert Template.from_stack(after).to_json() == Template.from_stack(before).to_json()
    assert aspect.hardened == ()
    assert list(aspect.refused) == ["App/Key"]
    assert re.search(reason, "; ".join(aspect.refused["App/Key"]))
    Annotations.from_stack(after).has_warning("/App/Key", LEFT)


@pytest.mark.parametrize("use", [managed, another_account])
def test_a_refusal_can_fail_the_synth(use: Callable[[Stack, kms.Key], None]) -> None:
    stack = a_stack()
    use(stack, kms.Key(stack, "Key"))
    harden(stack, fail_on_refusal=True)
    Annotations.from_stack(stack).has_error("/App/Key", LEFT)


def test_a_key_of_which_the_deployer_is_not_told_is_refused() -> None:
    stack = a_stack(synthesizer=CliCredentialsStackSynthesizer())
    kms.Key(stack, "Key")
    aspect = harden(stack)
    stack.node.root.synth()  # type: ignore[attr-defined]
    assert "pass deployer=" in aspect.refused["App/Key"][0]


def test_material_of_somebody_else_and_an_l1_are_refused() -> None:
    stack = a_stack()
    kms.CfnKey(stack, "Own", key_policy={"Version": "2012-10-17", "Statement": []})
    imported = kms.Key(stack, "Imported")
    imported.node.default_child.origin = "EXTERNAL"  # type: ignore[union-attr]
    aspect = harden(stack)
    stack.node.root.synth()  # type: ignore[attr-defined]
    assert set(aspect.refused) == {"App/Own", "App/Imported"}
    assert "is a kms.CfnKey" in aspect.refused["App/Own"][0]
    assert "its material is of EXTERNAL" in aspect.refused["App/Imported"][0]


def test_excluded_keys_and_hardened_ones_are_left_alone() -> None:
    stack = a_stack()
    mine, own = kms.Key(stack, "Mine"), HardenedKey(stack, "Own")
    own.grant_decrypt(a_role(stack))
    l1 = kms.CfnKey(stack, "L1", key_policy={"Version": "2012-10-17", "Statement": []})
    aspect = harden(stack, exclude=[mine, l1])
    stack.node.root.synth()  # type: ignore[attr-defined]
    assert (aspect.hardened, aspect.refused) == ((), {})


def test_keys_of_every_stack_and_stage_are_hardened() -> None:
    app = App()
    stage = Stage(app, "Prod", env=Environment(account=ACCOUNT, region=REGION))
    kms.Key(Stack(stage, "Data"), "Key")
    own = Stack(app, "Own", env=Environment(account=ACCOUNT, region=REGION))
    s3.Bucket(own, "Bucket", encryption=s3.BucketEncryption.KMS)
    aspect = HardenKeys()
    # CDK lets no Aspect of an app into its stages.
    for scope in (app, stage):
        Aspects.of(scope).add(aspect)
    app.synth()
    assert set(aspect.hardened) == {"Prod/Data/Key", "Own/Bucket/Key"}


def test_one_key_that_is_refused_holds_up_no_other() -> None:
    stack = a_stack()
    good, bad = kms.Key(stack, "Good"), kms.Key(stack, "Bad")
    good.grant_decrypt(a_role(stack, "Reader"))
    bad.grant_admin(a_role(stack, "Admin"))
    aspect = harden(stack)
    stack.node.root.synth()  # type: ignore[attr-defined]
    assert aspect.hardened == ("App/Good",)
    assert list(aspect.refused) == ["App/Bad"]


def test_an_app_may_be_synthesized_twice() -> None:
    stack = a_stack()
    key = kms.Key(stack, "Key")
    secretsmanager.Secret(stack, "Secret", encryption_key=key).grant_read(a_role(stack))
    kms.Key(stack, "Bad").grant_admin(a_role(stack, "Admin"))
    aspect = harden(stack)
    app = stack.node.root
    first = app.synth(force=True).get_stack_by_name("App").template  # type: ignore[attr-defined]
    assert app.synth(force=True).get_stack_by_name("App").template == first  # type: ignore[attr-defined]
    assert aspect.hardened == ("App/Key",)


def test_what_is_granted_too_late_is_no_silent_loss() -> None:
    stack = a_stack()
    key = kms.Key(stack, "Key")
    harden(stack)
    Template.from_stack(stack)
    with pytest.raises(RuntimeError, match="App/Key is hardened already, so nothing more can be added to its policy"):
        key.grant_decrypt(iam.ArnPrincipal(f"arn:aws:iam::{OTHER}:role/late"))


LISTS = ["administrators", "policy_administrators", "delegate_via", "provision_via", "exclude"]


@pytest.mark.parametrize("name", LISTS)
def test_a_text_is_no_list(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a list, got 'x'"):
        HardenKeys(**{name: "x"})
    with pytest.raises(ValueError, match=f"{name} takes constructs, got the text 'x'"):
        HardenKeys(**{name: ["x"]})


def test_a_deployer_is_no_text() -> None:
    with pytest.raises(ValueError, match="deployer takes constructs, got the text"):
        HardenKeys(deployer="arn:aws:iam::111122223333:role/x")  # type: ignore[arg-type]


def test_a_role_that_takes_a_managed_policy_is_admitted() -> None:
    stack = a_stack()
    key = kms.Key(stack, "Key")
    allows = iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn])
    a_role(stack, managed_policies=[iam.ManagedPolicy(stack, "Managed", statements=[allows])])
    aspect = harden(stack)
    key_policy = the_key(stack)["Properties"]["KeyPolicy"]["Statement"]
    assert aspect.hardened == ("App/Key",)
    [use] = [one for one in key_policy if one.get("Sid") == "AllowUse"]
    assert "ArnLike" in use["Condition"]


def test_who_is_granted_through_a_service_is_not_admitted_directly() -> None:
    stack = a_stack()
    key = kms.Key(stack, "Key")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    secret.grant_read(a_role(stack))
    via = iam.PolicyStatement(
        actions=["kms:Decrypt"],
        resources=[key.key_arn],
        conditions={"StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}},
    )
    iam.Role(stack, "Queue", assumed_by=iam.AccountRootPrincipal()).add_to_policy(via)
    harden(stack)
    key_policy = the_key(stack)["Properties"]["KeyPolicy"]["Statement"]
    uses = [one for one in key_policy if str(one.get("Sid")).startswith("AllowUse")]
    assert [one["Condition"]["StringEquals"].get("kms:ViaService") for one in uses] == [f"sqs.{REGION}.amazonaws.com"]
