"""A wider way beside a reader is told, whichever was first; what an L2 narrows itself is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Annotations, App, Aws, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, ScopedSecretReader, Service
from tests.synth.templates import ACCOUNT, environment, make_role, template, warnings

Beside = Callable[[kms.Key, secretsmanager.Secret, iam.Role], Any]


def told(
    beside: Beside | None, *, key_class: Any = HardenedKey, first: bool = False, apart: bool = False, **more: Any
) -> list[str]:
    """Return the warnings of an app with a reader and something beside it."""
    app = App()
    stack = Stack(app, "Stack", env=environment())
    roles = Stack(app, "Roles", env=environment()) if apart else stack
    key = key_class(stack, "Key", **({"delegate_via": more.pop("delegates")} if "delegates" in more else {}))
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    role = make_role(roles, role_name="reader" if apart else None)
    if beside and first:
        beside(key, secret, role)
    ScopedSecretReader(roles, "Reader", grantee=role, secrets=[secret], **more)
    if beside and not first:
        beside(key, secret, role)
    template(stack)
    return [one for one in (*warnings(stack), *(warnings(roles) if apart else ())) if "may also" in one]


def read(_key: kms.Key, secret: secretsmanager.Secret, role: iam.Role) -> None:
    secret.grant_read(role)


def inject(_key: kms.Key, secret: secretsmanager.Secret, role: iam.Role) -> None:
    task = ecs.FargateTaskDefinition(role, "Task", execution_role=role)
    secrets = {"A": ecs.Secret.from_secrets_manager(secret)}
    task.add_container("web", image=ecs.ContainerImage.from_registry("web"), secrets=secrets)


def directly(key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    key.grant_decrypt(role)


def by_policy(_key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=["kms:*"], resources=["*"]))


def by_inline_policy(_key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    statement = iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"])
    iam.Policy(role, "Own", statements=[statement], roles=[role])


def by_managed_policy(_key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    statement = iam.PolicyStatement(not_actions=["iam:*"], resources=["*"])
    iam.ManagedPolicy(role, "Own", statements=[statement], roles=[role])


def by_added_managed_policy(_key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    statement = iam.PolicyStatement(actions=["kms:Dec*"], resources=["*"])
    role.add_managed_policy(iam.ManagedPolicy(role, "Own", statements=[statement]))


def for_secrets(key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    """A pattern of encryption contexts."""
    context = {"kms:EncryptionContext:SecretARN": "arn:*:secretsmanager:eu-west-1:111122223333:secret:*"}
    conditions = {"StringLike": context}
    role.add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn], conditions=conditions))


def by_l1_policy(key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    """Of another stack, by the name of the role."""
    elsewhere = Stack(key.node.root, "Elsewhere", env=environment())  # type: ignore[arg-type]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.CfnPolicy(elsewhere, "L1", policy_name="L1", roles=[role.role_name], policy_document=document)


def by_l1_role_policy(_key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}}
    iam.CfnRolePolicy(role, "L1", policy_name="L1", role_name=role.role_name, policy_document=document)


WIDER = [
    by_l1_policy,
    by_l1_role_policy,
    directly,
    by_policy,
    by_inline_policy,
    by_managed_policy,
    by_added_managed_policy,
    for_secrets,
]


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("beside", WIDER)
def test_a_wider_way_is_told_with_both_names(beside: Beside, first: bool) -> None:
    [warning] = told(beside, first=first)
    how = "itself" if beside is directly else "through SecretsManager"
    assert f"Stack/Role may also decrypt {how} whatever else is under Stack/Key: " in warning
    names = "Stack/Role/DefaultPolicy", "Stack/Role/Own", "Elsewhere/L1", "Stack/Role/L1"
    assert any(f"{name} statement" in warning for name in names)
    assert "take that out, or acknowledge this where it is meant" in warning


def test_an_l1_policy_of_another_role_is_nothing() -> None:
    def another(key: kms.Key, secret: secretsmanager.Secret, role: iam.Role) -> None:
        by_l1_policy(key, secret, make_role(Stack.of(role), "Another"))

    assert told(another) == []


def test_a_wider_way_of_another_stack_is_told() -> None:
    [warning] = told(for_secrets, apart=True)
    assert "Roles/Role/DefaultPolicy statement" in warning


def test_a_role_made_with_a_wider_policy_is_told(stack: Stack, key: HardenedKey) -> None:
    everything = iam.PolicyDocument(statements=[iam.PolicyStatement(actions=["*"], resources=["*"])])
    role = make_role(stack, inline_policies={"Own": everything})
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    [warning] = [one for one in warnings(stack) if "may also" in one]
    assert "Stack/Role statement 0 allows kms:Decrypt" in warning


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("beside", [read, inject])
def test_what_an_l2_grants_on_a_hardened_key_is_as_narrow_as_the_reader(beside: Beside, first: bool) -> None:
    assert told(beside, first=first) == []


@pytest.mark.parametrize("beside", [read, inject])
def test_on_a_key_of_the_l2_it_is_wider_and_the_advice_is_the_hardened_key(beside: Beside) -> None:
    [warning] = told(beside, key_class=kms.Key)
    assert "may also decrypt through SecretsManager whatever else is under Stack/Key: key policy statement" in warning
    assert "make the key a HardenedKey" in warning


def test_nothing_beside_a_reader_is_nothing() -> None:
    assert told(None) == told(None, key_class=kms.Key) == []


def narrow(key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    """Statements that look wide, and open nothing else."""
    through = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
    another = f"arn:aws:kms:eu-west-1:111122223333:key/{'0' * 8}"
    for resource, conditions in ((key.key_arn, through), (another, None)):
        statement = iam.PolicyStatement(actions=["kms:Decrypt"], resources=[resource], conditions=conditions)
        role.add_to_policy(statement)
    role.add_to_policy(iam.PolicyStatement(actions=["s3:*", "secretsmanager:List*"], resources=["*"]))
    own = "arn:aws:secretsmanager:*:*:secret:mine-*"
    role.add_to_policy(iam.PolicyStatement(actions=["secretsmanager:*"], resources=[own]))
    s3.Bucket(role, "Bucket", encryption_key=key).grant_read(role)


def denied(_key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    """What a Deny takes back, but for the secret itself."""
    role.add_to_policy(iam.PolicyStatement(actions=["kms:*"], resources=["*"]))
    conditions = {"StringNotLike": {"kms:EncryptionContext:SecretARN": "*:secret:Secret*"}}
    taken = iam.PolicyStatement(effect=iam.Effect.DENY, actions=["kms:Dec*"], resources=["*"], conditions=conditions)
    role.add_to_policy(taken)


def of_a_tag(_key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    """A condition of which is not known whose secrets it means."""
    conditions = {"StringEquals": {"aws:ResourceTag/App": "mine"}}
    role.add_to_policy(iam.PolicyStatement(actions=["secretsmanager:*"], resources=["*"], conditions=conditions))


def reads_denied(_key: kms.Key, _secret: secretsmanager.Secret, role: iam.Role) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=["secretsmanager:*"], resources=["*"]))
    conditions = {"StringNotEquals": {"aws:ResourceTag/App": "mine"}}
    role.add_to_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY, actions=["secretsmanager:Get*"], resources=["*"], conditions=conditions
        )
    )


@pytest.mark.parametrize("beside", [narrow, denied, of_a_tag, reads_denied])
def test_what_opens_nothing_else_is_nothing(beside: Beside) -> None:
    assert told(beside) == []


def test_a_key_that_leaves_it_to_iam_is_asked_with_the_policies_of_the_role() -> None:
    delegates = [Service.SECRETS_MANAGER]
    assert told(None, delegates=delegates) == []
    [warning] = told(by_policy, delegates=delegates)
    assert "DelegateToIamThroughSecretsManager" in warning


def test_version_stages_beside_a_grant_of_all_are_told_and_the_advice_works() -> None:
    [warning] = told(read, version_stages=["AWSCURRENT"])
    assert "Stack/Role may also read every version stage, by Stack/Role/DefaultPolicy: pass version_stages" in warning
    same = told(lambda _, secret, role: secret.grant_read(role, ["AWSCURRENT"]), version_stages=["AWSCURRENT"])
    assert same == told(read) == []


def test_version_stages_of_another_secret_are_its_own(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    one, other = (secretsmanager.Secret(stack, id, encryption_key=key) for id in ("One", "Other"))
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[one], version_stages=["AWSCURRENT"])
    other.grant_read(role)
    assert [it for it in warnings(stack) if "may also" in it] == []


def test_a_wider_way_that_is_meant_is_acknowledged() -> None:
    def meant(key: kms.Key, secret: secretsmanager.Secret, role: iam.Role) -> None:
        directly(key, secret, role)
        Annotations.of(key.stack).acknowledge_warning("secure-kms-constructs:widerWay", "decrypts what it encrypted")

    assert told(meant) == []


@pytest.mark.parametrize("added", [True, False])
def test_a_user_s_managed_policy_is_read_too(stack: Stack, key: HardenedKey, added: bool) -> None:
    user = iam.User(stack, "User")
    statement = iam.PolicyStatement(actions=["kms:*"], resources=["*"])
    policy = iam.ManagedPolicy(stack, "Own", statements=[statement], users=[] if added else [user])
    if added:
        user.add_managed_policy(policy)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=user, secrets=[secret])
    [warning] = [one for one in warnings(stack) if "may also" in one]
    assert "Stack/Own statement 0 allows kms:Decrypt" in warning


@pytest.mark.parametrize("kind", ["arn", "imported"])
def test_what_nobody_here_made_holds_nothing_that_is_known(stack: Stack, key: HardenedKey, kind: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/reader"
    grantee = iam.ArnPrincipal(arn) if kind == "arn" else iam.Role.from_role_arn(stack, "Role", arn)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="app/db")
    ScopedSecretReader(stack, "Reader", grantee=grantee, secrets=[secret])
    assert [one for one in warnings(stack) if "may also" in one] == []


def test_an_imported_role_that_gets_more_here_is_told(stack: Stack, key: HardenedKey) -> None:
    role = iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/reader")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    role.add_to_principal_policy(iam.PolicyStatement(actions=["kms:*"], resources=["*"]))
    [warning] = [one for one in warnings(stack) if "may also" in one]
    assert "through SecretsManager" in warning


def aws_managed(name: str) -> iam.IManagedPolicy:
    return iam.ManagedPolicy.from_aws_managed_policy_name(name)


WIDE = ["AdministratorAccess", "PowerUserAccess", "AWSSecretsManagerClientReadOnlyAccess"]


def attached(stack: Stack, how: str, policy: iam.IManagedPolicy) -> iam.IGrantable:
    """Return a role or user that has a managed policy."""
    if how == "made with":
        return make_role(stack, managed_policies=[policy])
    if how == "added":
        role = make_role(stack)
        role.add_managed_policy(policy)
        return role
    if how == "by its ARN":
        arn = f"arn:aws:iam::aws:policy/{'AdministratorAccess'}"
        return make_role(stack, managed_policies=[iam.ManagedPolicy.from_managed_policy_arn(stack, "Managed", arn)])
    user = iam.User(stack, "User", managed_policies=[policy] if how == "of a user" else [])
    if how == "of a group":
        user.add_to_group(iam.Group(stack, "Group", managed_policies=[policy]))
    return user


def warned(stack: Stack, key: kms.Key, grantee: iam.IGrantable, **more: Any) -> list[str]:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=grantee, secrets=[secret], **more)
    return [one for one in warnings(stack) if "may also" in one]


@pytest.mark.parametrize("how", ["made with", "added", "by its ARN", "of a user", "of a group"])
def test_an_aws_managed_policy_that_opens_the_key_is_told_however_it_is_attached(
    stack: Stack, key: HardenedKey, how: str
) -> None:
    [warning] = warned(stack, key, attached(stack, how, aws_managed("AdministratorAccess")))
    assert "may also decrypt through SecretsManager whatever else is under Stack/Key" in warning
    assert "AWS-managed policy AdministratorAccess of Stack/" in warning


@pytest.mark.parametrize("name", WIDE)
def test_each_aws_managed_policy_that_decrypts_secrets_is_told(stack: Stack, key: HardenedKey, name: str) -> None:
    [warning] = warned(stack, key, attached(stack, "made with", aws_managed(name)))
    assert "may also decrypt through SecretsManager whatever else is under Stack/Key" in warning
    assert f"AWS-managed policy {name} of Stack/Role statement" in warning


def test_an_aws_managed_policy_that_reads_other_secrets_is_told(stack: Stack, key: HardenedKey) -> None:
    [warning] = warned(stack, key, attached(stack, "made with", aws_managed("SecretsManagerReadWrite")))
    assert "may also read secrets under other keys, by AWS-managed policy SecretsManagerReadWrite" in warning
    assert "take that out, or name the secrets in it" in warning


def test_an_aws_managed_policy_that_reads_every_version_is_told(stack: Stack, key: HardenedKey) -> None:
    role = attached(stack, "made with", aws_managed("SecretsManagerReadWrite"))
    [warning] = warned(stack, key, role, version_stages=["AWSCURRENT"])
    assert "may also read every version stage, by AWS-managed policy SecretsManagerReadWrite" in warning


def test_a_policy_of_one_s_own_that_reads_other_secrets_is_told_and_the_advice_works() -> None:
    def reading(*resources: str) -> Beside:
        statement = {"actions": ["secretsmanager:GetSecretValue"], "resources": list(resources)}
        return lambda _key, _secret, role: role.add_to_policy(iam.PolicyStatement(**statement))

    assert told(reading("*")) == told(reading(f"arn:{Aws.PARTITION}:secretsmanager:{Aws.REGION}:*:secret:*"))
    [warning] = told(reading("*"))
    assert "may also read secrets under other keys, by Stack/Role/DefaultPolicy" in warning
    assert told(reading("arn:aws:secretsmanager:eu-west-1:111122223333:secret:mine-??????")) == []


@pytest.mark.parametrize("name", ["service-role/AWSLambdaBasicExecutionRole", "NobodyKnowsThisOne"])
def test_an_aws_managed_policy_without_keys_or_of_unknown_text_is_not_said_to_open_anything(
    stack: Stack, key: HardenedKey, name: str
) -> None:
    assert warned(stack, key, attached(stack, "made with", aws_managed(name))) == []


@pytest.mark.parametrize("inline", [True, False])
def test_what_a_user_has_by_a_group_is_read_too(stack: Stack, key: HardenedKey, inline: bool) -> None:
    group, user = iam.Group(stack, "Group"), iam.User(stack, "User")
    iam.Group(stack, "Other").add_to_policy(iam.PolicyStatement(actions=["*"], resources=["*"]))
    user.add_to_group(group)
    statement = iam.PolicyStatement(actions=["kms:*"], resources=["*"])
    if inline:
        group.add_to_policy(statement)
    else:
        iam.ManagedPolicy(stack, "Own", statements=[statement], groups=[group])
    [warning] = warned(stack, key, user)
    assert f"Stack/{'Group/DefaultPolicy' if inline else 'Own'} statement 0 allows kms:Decrypt" in warning


def test_a_group_of_others_is_not_the_user_s(stack: Stack, key: HardenedKey) -> None:
    iam.Group(stack, "Other", managed_policies=[aws_managed("AdministratorAccess")]).add_user(iam.User(stack, "Ann"))
    assert warned(stack, key, iam.User(stack, "User")) == []


def test_a_managed_policy_that_another_stack_attaches_is_read_too(stack: Stack, key: HardenedKey) -> None:
    role, other = make_role(stack, role_name="reader"), Stack(stack.node.root, "Other", env=environment())
    statement = iam.PolicyStatement(actions=["kms:*"], resources=["*"])
    iam.ManagedPolicy(other, "Own", statements=[statement], roles=[role])
    [warning] = warned(stack, key, role)
    assert "Other/Own statement 0 allows kms:Decrypt" in warning


@pytest.mark.parametrize("via, is_wider", [("secretsmanager", True), ("s3", False)])
def test_a_key_policy_that_lets_everybody_of_the_account_in_is_told(via: str, is_wider: bool) -> None:
    def everybody(key: kms.Key, _secret: secretsmanager.Secret, _role: iam.Role) -> None:
        equals = {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"{via}.eu-west-1.amazonaws.com"}
        key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                principals=[iam.AnyPrincipal()],
                resources=["*"],
                conditions={"StringEquals": equals},
            )
        )

    told_of = told(everybody, key_class=kms.Key)
    assert [("make the key a HardenedKey" in one) for one in told_of] == ([True] if is_wider else [])
