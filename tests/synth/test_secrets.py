"""ScopedSecretReader: these secrets, through Secrets Manager, under their keys, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, ScopedSecretReader, Service
from tests.synth.templates import (
    ACCOUNT,
    COMPLETE,
    KEY_ARN,
    NAMED,
    OTHER_ACCOUNT,
    READ_SID,
    ROOT,
    SECRET_CONTEXT,
    VIA_SECRETS,
    by_sid,
    cycle,
    identity_statements,
    imported_secret,
    info,
    key_policy,
    kms_statements,
    make_role,
    naming,
    readable,
    template,
)

# -- secrets of this app --


def test_an_owned_secret_is_read_under_exactly_its_key(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert identity_statements(stack) == [
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            "Resource": "<Secret>",
        },
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": "<Key.Arn>",
            "Condition": {"StringEquals": {"kms:ViaService": VIA_SECRETS, SECRET_CONTEXT: "<Secret>"}},
        },
    ]


def test_the_key_admits_the_grantee_through_secrets_manager(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert by_sid(key_policy(stack))[READ_SID] == {
        "Sid": READ_SID,
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:ViaService": VIA_SECRETS, "kms:CallerAccount": ACCOUNT},
            "ArnEquals": {"aws:PrincipalArn": "<Role.Arn>"},
        },
    }
    assert cycle(template(stack)) == []


def test_a_literal_name_stands_in_the_key_policy_too(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="app/db")
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert by_sid(key_policy(stack))[READ_SID]["Condition"]["StringLike"] == {SECRET_CONTEXT: NAMED}
    assert cycle(template(stack)) == []


def test_one_generated_name_leaves_the_key_side_open_for_all_of_them(
    stack: Stack, key: HardenedKey, role: iam.Role
) -> None:
    """A condition that named the literal one alone would shut the other out."""
    secrets = [
        secretsmanager.Secret(stack, "Literal", encryption_key=key, secret_name="app/db"),
        secretsmanager.Secret(stack, "Generated", encryption_key=key),
    ]
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=secrets)
    assert "StringLike" not in by_sid(key_policy(stack))[READ_SID]["Condition"]
    [decrypt] = kms_statements(stack)
    assert set(decrypt["Condition"]["StringEquals"][SECRET_CONTEXT]) == {"<Generated>", "<Literal>"}


@pytest.mark.parametrize("first, second", [("app/db", None), (None, "app/db"), ("app/a", "app/db")])
def test_two_readers_of_one_role_do_not_shut_each_other_out(
    stack: Stack, key: HardenedKey, role: iam.Role, first: str | None, second: str | None
) -> None:
    for number, name in enumerate([first, second]):
        secret = secretsmanager.Secret(stack, f"Secret{number}", encryption_key=key, secret_name=name)
        ScopedSecretReader(stack, f"Reader{number}", grantee=role, secrets=[secret])
    [statement] = naming(key_policy(stack), "<Role.Arn>")
    if None in (first, second):
        assert "StringLike" not in statement["Condition"]
    else:
        assert len(statement["Condition"]["StringLike"][SECRET_CONTEXT]) == 2


def test_a_secret_under_the_default_key_needs_no_kms_statement(stack: Stack, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret")
    reader = ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert [one["Resource"] for one in identity_statements(stack)] == ["<Secret>"]
    assert kms_statements(stack) == []
    assert reader.key_policy_statements == reader.required_key_policy_statements == {}


def test_a_secret_of_a_database_is_read_like_any_other(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = rds.DatabaseSecret(stack, "Secret", username="admin", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    [decrypt] = kms_statements(stack)
    assert decrypt["Condition"]["StringEquals"][SECRET_CONTEXT] == "<Secret>"


def imported_cluster(stack: Stack) -> Any:
    return rds.DatabaseCluster.from_database_cluster_attributes(stack, "Cluster", cluster_identifier="c")


def test_an_attached_secret_keeps_its_key(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="app/db")
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret.attach(imported_cluster(stack))])
    [decrypt] = kms_statements(stack)
    assert decrypt["Resource"] == "<Key.Arn>"
    assert decrypt["Condition"]["StringEquals"][SECRET_CONTEXT] == "<SecretAttachment>"
    assert naming(key_policy(stack), "<Role.Arn>")
    assert cycle(template(stack)) == []


@pytest.mark.parametrize("order", [1, -1], ids=["secret first", "attachment first"])
@pytest.mark.parametrize("apart", [False, True], ids=["attach()", "attached elsewhere"])
def test_a_secret_and_its_attachment_are_one(
    stack: Stack, key: HardenedKey, role: iam.Role, order: int, apart: bool
) -> None:
    secret, cluster = secretsmanager.Secret(stack, "Secret", encryption_key=key), imported_cluster(stack)
    made = (
        secretsmanager.SecretTargetAttachment(stack, "Attachment", secret=secret, target=cluster)
        if apart
        else secret.attach(cluster)
    )
    with pytest.raises(ValueError, match=r"secrets must name each secret once, got .* which are one: leave one out"):
        ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret, made][::order])


def test_an_attachment_and_another_secret_are_two(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    one, other = (secretsmanager.Secret(stack, name, encryption_key=key) for name in ("One", "Other"))
    secrets = [one.attach(imported_cluster(stack)), other]
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=secrets)
    assert naming(identity_statements(stack), "<OneAttachment>")
    assert naming(identity_statements(stack), "<Other>")


def test_a_neighbour_under_the_same_key_is_not_named(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    mine, other = (secretsmanager.Secret(stack, name, encryption_key=key) for name in ("Mine", "Other"))
    assert other.node.path
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[mine])
    assert naming(identity_statements(stack), "<Other>") == []


# -- keys --


def test_a_plain_key_that_delegates_needs_no_statement(stack: Stack, role: iam.Role) -> None:
    key = kms.Key(stack, "Key")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    reader = ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert reader.key_policy_statements == {}
    assert naming(key_policy(stack), "<Role.Arn>") == []
    assert len(kms_statements(stack)) == 1


def test_a_plain_key_that_does_not_delegate_gets_the_statement(stack: Stack, role: iam.Role) -> None:
    owner = iam.PolicyStatement(
        actions=["kms:PutKeyPolicy"], resources=["*"], principals=[iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/o")]
    )
    key = kms.Key(stack, "Key", policy=iam.PolicyDocument(statements=[owner]))
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="app/db")
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    [statement] = naming(key_policy(stack), "<Role.Arn>")
    assert statement["Principal"] == {"AWS": ROOT}
    assert statement["Condition"]["StringLike"] == {SECRET_CONTEXT: NAMED}
    assert cycle(template(stack)) == []


def test_a_plain_key_that_delegates_to_another_account_gets_the_statement(stack: Stack, role: iam.Role) -> None:
    policy = iam.PolicyDocument()
    for principal, action in [
        (iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/o"), "kms:PutKeyPolicy"),
        (iam.AccountPrincipal(OTHER_ACCOUNT), "kms:*"),
    ]:
        policy.add_statements(iam.PolicyStatement(actions=[action], resources=["*"], principals=[principal]))
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=kms.Key(stack, "Key", policy=policy))
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert naming(key_policy(stack), "<Role.Arn>")


def test_an_imported_key_says_what_its_owner_must_add(stack: Stack, role: iam.Role) -> None:
    key = kms.Key.from_key_arn(stack, "Ref", KEY_ARN)
    reader = ScopedSecretReader(stack, "Reader", grantee=role, secrets=[imported_secret(stack)], key=key)
    required = {
        "Sid": READ_SID,
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:ViaService": VIA_SECRETS, "kms:CallerAccount": ACCOUNT, SECRET_CONTEXT: COMPLETE},
            "ArnEquals": {"aws:PrincipalArn": "<Role.Arn>"},
        },
    }
    statements = readable(stack.resolve(reader.required_key_policy_statements))
    assert statements == {KEY_ARN: [required]}
    assert reader.key_policy_statements == {}
    [message] = info(stack)
    assert KEY_ARN in message
    assert "its owner must add" in message
    assert COMPLETE in message


def test_an_alias_of_this_app_leads_to_its_key(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    alias = kms.Alias(stack, "Alias", alias_name="alias/mine", target_key=key)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=alias)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    [decrypt] = kms_statements(stack)
    assert decrypt["Resource"] == "<Key.Arn>"
    assert naming(key_policy(stack), "<Role.Arn>")


def test_a_key_that_delegates_through_secrets_manager_keeps_its_policy(stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Key", delegate_via=[Service.SECRETS_MANAGER])
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    reader = ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert naming(key_policy(stack), "<Role.Arn>") == []
    assert reader.key_policy_statements == {}
    assert len(kms_statements(stack)) == 1


def test_a_key_that_delegates_through_another_service_still_names_the_reader(stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Key", delegate_via=[Service.PARAMETER_STORE])
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert naming(key_policy(stack), "<Role.Arn>")


def test_an_administrator_of_the_key_is_refused_as_a_reader(stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Key", administrators=[role])
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])


# -- options and what can be read back --


def test_version_stages_bind_the_value_and_not_the_description(stack: Stack, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret")
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret], version_stages=["AWSCURRENT"])
    describe, read = identity_statements(stack)
    assert (describe["Action"], "Condition" in describe) == ("secretsmanager:DescribeSecret", False)
    assert read["Action"] == "secretsmanager:GetSecretValue"
    assert read["Condition"] == {"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}


def test_what_was_granted_can_be_read_back(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="app/db")
    reader = ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert readable(stack.resolve(reader.identity_statements)) == identity_statements(stack)
    assert readable(stack.resolve(list(reader.key_policy_statements.values()))) == [
        naming(key_policy(stack), "<Role.Arn>")
    ]
    assert reader.required_key_policy_statements == {}


@pytest.mark.parametrize("others", [0, 60], ids=["inline", "past the inline quota"])
def test_a_role_made_with_policies_that_name_the_secret_is_a_circle_that_synth_refuses(
    stack: Stack, others: int
) -> None:
    key = HardenedKey(stack, "OwnKey")
    secret = secretsmanager.Secret(stack, "Named", encryption_key=key)
    more = [secretsmanager.Secret(stack, f"{'Long' * 30}{number}", encryption_key=key) for number in range(others)]
    allow = iam.PolicyStatement(actions=["secretsmanager:ListSecretVersionIds"], resources=[secret.secret_arn])
    role = iam.Role(
        stack,
        "Made",
        assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
        inline_policies={"Own": iam.PolicyDocument(statements=[allow])},
    )
    ScopedSecretReader(stack, "CircleReader", grantee=role, secrets=[secret, *more])
    with pytest.raises(RuntimeError, match="made with inline policies that name Named"):
        App.of(stack).synth()


@pytest.mark.parametrize("make", [kms.Key, None], ids=["a key that leaves it to IAM", "the default key"])
def test_inline_policies_that_name_the_secret_are_no_circle_where_no_key_policy_names_the_role(
    stack: Stack, make: Any
) -> None:
    own = make(stack, "Own") if make else None
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=own)
    describe = iam.PolicyStatement(actions=["secretsmanager:DescribeSecret"], resources=[secret.secret_arn])
    role = make_role(stack, inline_policies={"Own": iam.PolicyDocument(statements=[describe])})
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert cycle(template(stack)) == []
