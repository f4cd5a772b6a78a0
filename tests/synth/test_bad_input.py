"""Bad input gets a ValueError that says what, what was given and what to do, and leaves nothing in the tree."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import CfnParameter, CliCredentialsStackSynthesizer, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Annotations, Match

from secure_kms_constructs import AWS_MANAGED, HardenedKey, LogGroupWithCmk, ScopedSecretReader, Service, Use
from tests.synth.templates import ACCOUNT, KEY_ARN, KEY_ID, OTHER_ACCOUNT, REGION, environment, make_role, template

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/db-AbCdEf"
DUMMY = "1234abcd-12ab-34cd-56ef-1234567890ab"


def key_ref(arn: str) -> Callable[[Stack], kms.IKey]:
    return lambda stack: kms.Key.from_key_arn(stack, "Ref", arn)


def secret_of(stack: Stack, arn: str = SECRET, id: str = "Secret") -> secretsmanager.ISecret:
    return secretsmanager.Secret.from_secret_complete_arn(stack, id, arn)


def read(stack: Stack, **options: Any) -> ScopedSecretReader:
    grantee = options.pop("grantee", None) or make_role(stack)
    secrets = options.pop("secrets", None)
    return ScopedSecretReader(
        stack, "It", grantee=grantee, secrets=[secret_of(stack)] if secrets is None else secrets, **options
    )


def children(stack: Stack) -> list[str]:
    return [child.node.id for child in stack.node.children]


BAD_KEYS: list[Any] = [
    pytest.param(
        key_ref(f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/mine"),
        [f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/mine", "pass the ARN of the key it points to"],
        id="an alias ARN",
    ),
    pytest.param(
        lambda stack: kms.Alias.from_alias_name(stack, "Ref", "alias/mine"),
        ["alias/mine", "pass the ARN of the key it points to"],
        id="an alias name",
    ),
    pytest.param(
        lambda stack: kms.Alias.from_alias_name(stack, "Ref", "alias/aws/secretsmanager"),
        ["alias/aws/secretsmanager", "pass the ARN of the key it points to"],
        id="the alias of an AWS-managed key",
    ),
    pytest.param(
        key_ref(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"),
        ["key/*", "name one key for each statement"],
        id="every key",
    ),
    pytest.param(
        key_ref(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID[:-2]}"),
        [KEY_ID[:-2], "key/<uuid> or key/mrk-<32 hexadecimal digits>"],
        id="a malformed key id",
    ),
    pytest.param(
        key_ref(f"arn:aws:s3:{REGION}:{ACCOUNT}:key/{KEY_ID}"),
        ["arn:aws:s3", "ARN of one KMS key"],
        id="an ARN of another service",
    ),
    pytest.param(
        key_ref(KEY_ARN.replace(REGION, "us-east-1")),
        ["us-east-1", f"must be in the region of the secret, {REGION}"],
        id="a key of another region",
    ),
    pytest.param(
        key_ref(KEY_ARN.replace(ACCOUNT, OTHER_ACCOUNT)),
        [OTHER_ACCOUNT, f"must be in the account of the secret, {ACCOUNT}"],
        id="a key of another account",
    ),
    pytest.param(
        key_ref(KEY_ARN.replace(KEY_ID, DUMMY)),
        [f"key/{DUMMY}", "run `cdk synth` with credentials"],
        id="the dummy of a lookup",
    ),
    pytest.param(
        lambda stack: kms.Key.from_lookup(stack, "Ref", alias_name="alias/mine"),
        [f"key/{DUMMY}", "run `cdk synth` with credentials"],
        id="a lookup that has not run",
    ),
]


@pytest.mark.parametrize("key_of, said", BAD_KEYS)
def test_a_reader_refuses_a_key_that_no_policy_would_match(
    stack: Stack, key_of: Callable[[Stack], kms.IKey], said: list[str]
) -> None:
    key = key_of(stack)
    with pytest.raises(ValueError, match=f"the key of {re.escape(SECRET)}") as caught:
        read(stack, key=key)
    assert all(text in str(caught.value) for text in said), caught.value
    assert "It" not in children(stack)


@pytest.mark.parametrize("key_of, said", [case for case in BAD_KEYS if "of another" not in str(case.id)])
def test_a_log_group_refuses_a_key_that_no_policy_would_match(
    stack: Stack, key_of: Callable[[Stack], kms.IKey], said: list[str]
) -> None:
    key = key_of(stack)
    with pytest.raises(ValueError, match=r"^key (must|is)") as caught:
        LogGroupWithCmk(stack, "It", key=key)
    assert all(text in str(caught.value) for text in said), caught.value
    assert "It" not in children(stack)


@pytest.mark.parametrize("arn_or_id", [KEY_ID, "alias/mine", "not an arn"])
def test_what_is_no_arn_at_all_is_refused_by_cdk_itself(stack: Stack, arn_or_id: str) -> None:
    with pytest.raises(RuntimeError, match="ARN"):
        kms.Key.from_key_arn(stack, "Ref", arn_or_id)


def test_under_the_cdk_cli_a_lookup_dummy_is_an_error_annotation(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CLI must get through the pass in which it learns what to look up; it deploys nothing with an error."""
    monkeypatch.setitem(os.environ, "CDK_CLI_VERSION", "2.1148.1")
    key = kms.Key.from_lookup(stack, "Ref", alias_name="alias/mine")
    read(stack, key=key)
    errors = Annotations.from_stack(stack).find_error("*", Match.any_value())
    assert [DUMMY in str(error.entry.data) for error in errors] == [True]


READERS: list[Any] = [
    pytest.param(lambda _: {"secrets": []}, ["at least one secret", "got none", "leave the reader out"], id="nothing"),
    pytest.param(
        lambda stack: {"secrets": [secret_of(stack)] * 2, "key": AWS_MANAGED},
        ["each secret once", SECRET, "twice"],
        id="one secret twice",
    ),
    pytest.param(
        lambda stack: {"secrets": [secret_of(stack), secret_of(stack, id="Again")], "key": AWS_MANAGED},
        ["each secret once", SECRET, "twice"],
        id="one secret imported twice",
    ),
    pytest.param(
        lambda stack: {"secrets": [secretsmanager.Secret(stack, "Own")] * 2},
        ["each secret once", "twice"],
        id="one secret of this app twice",
    ),
    pytest.param(
        lambda _: {},
        [SECRET, "is not known", "key=AWS_MANAGED", "ResolvedKey.from_arn", "describe-secret"],
        id="an imported secret whose key is unknown",
    ),
    pytest.param(
        lambda stack: {
            "secrets": [secretsmanager.Secret(stack, "Own")],
            "key": kms.Key.from_key_arn(stack, "Ref", KEY_ARN),
        },
        ["key is for imported secrets", KEY_ARN, "leave it out"],
        id="a key that no secret needs",
    ),
    pytest.param(
        lambda _: {"version_stages": [], "key": AWS_MANAGED},
        ["version_stages", "got none", "leave it out"],
        id="no stage",
    ),
    pytest.param(
        lambda stack: {
            "secrets": [secretsmanager.Secret.from_secret_name_v2(stack, "Named", "app/*")],
            "key": AWS_MANAGED,
        },
        ["named exactly", "app/*", "takes in other secrets"],
        id="a wildcard in a name",
    ),
    pytest.param(
        lambda stack: {
            "secrets": [
                secretsmanager.Secret.from_secret_partial_arn(
                    stack, "Part", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/d?"
                )
            ],
            "key": AWS_MANAGED,
        },
        ["named exactly", "app/d?"],
        id="a question mark in a partial ARN",
    ),
    pytest.param(
        lambda stack: {
            "secrets": [secret_of(stack, f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter:x-AbCdEf", "Other")],
            "key": AWS_MANAGED,
        },
        ["must be Secrets Manager secrets", "arn:aws:ssm", "from_secret_complete_arn"],
        id="an ARN of another service",
    ),
    pytest.param(
        lambda stack: {
            "secrets": [secret_of(stack, f"arn:aws:rds:{REGION}:{ACCOUNT}:secret:x-AbCdEf", "Other")],
            "key": AWS_MANAGED,
        },
        ["must be Secrets Manager secrets", "arn:aws:rds"],
        id="an ARN of another service that looks like a secret's",
    ),
    pytest.param(
        lambda _: {"grantee": iam.ServicePrincipal("lambda.amazonaws.com"), "key": AWS_MANAGED},
        ["lambda.amazonaws.com", "grant to a role"],
        id="a service principal",
    ),
    pytest.param(
        lambda _: {"grantee": iam.AccountRootPrincipal(), "key": AWS_MANAGED},
        [":root", "role or user"],
        id="an account",
    ),
    pytest.param(lambda _: {"grantee": iam.AnyPrincipal(), "key": AWS_MANAGED}, ["'*'", "role or user"], id="everyone"),
    pytest.param(
        lambda _: {"grantee": iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/app-*"), "key": AWS_MANAGED},
        ["role/app-*", "one role or user"],
        id="a wildcard of roles",
    ),
    pytest.param(
        lambda _: {"grantee": iam.ArnPrincipal(f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"), "key": AWS_MANAGED},
        ["assumed-role/r/s", "one role or user"],
        id="a session of a role",
    ),
    pytest.param(
        lambda stack: {"grantee": iam.Group(stack, "Group"), "key": AWS_MANAGED},
        ["the group Stack/Group", "grant to a role"],
        id="a group",
    ),
    pytest.param(
        lambda stack: {
            "grantee": iam.Role.from_role_arn(stack, "Token", CfnParameter(stack, "Arn").value_as_string),
            "key": AWS_MANAGED,
        },
        ["${Arn}", "full ARN of one role or user"],
        id="a role known only at deploy time",
    ),
    pytest.param(
        lambda _: {
            "grantee": iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/r").with_conditions(
                {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
            ),
            "key": AWS_MANAGED,
        },
        ["without conditions", "role/r"],
        id="a principal with conditions",
    ),
]


@pytest.mark.parametrize("options_of, said", READERS)
def test_a_reader_refuses(stack: Stack, options_of: Callable[[Stack], dict[str, Any]], said: list[str]) -> None:
    options = options_of(stack)
    with pytest.raises(ValueError, match=r"got|known|twice") as caught:
        read(stack, **options)
    assert all(text in str(caught.value) for text in said), caught.value
    assert not str(caught.value).endswith(".")
    assert "It" not in children(stack)


KEYS: list[Any] = [
    pytest.param({"rotation_period": Duration.days(89)}, "rotation_period must be 90 to 2560 whole days, got 89"),
    pytest.param({"rotation_period": Duration.days(2561)}, "rotation_period must be 90 to 2560 whole days, got 2561"),
    pytest.param({"rotation_period": Duration.hours(90 * 24 + 1)}, "whole days, got 90.0417"),
    pytest.param({"pending_window": Duration.days(6)}, "pending_window must be 7 to 30 whole days, got 6"),
    pytest.param({"pending_window": Duration.days(31)}, "pending_window must be 7 to 30 whole days, got 31"),
    pytest.param(
        {"rotation_period": Duration.days(90), "key_spec": kms.KeySpec.RSA_2048},
        "rotation_period needs a symmetric key, got key_spec RSA_2048: leave rotation_period out",
    ),
    pytest.param(
        {
            "rotation_period": Duration.days(90),
            "key_spec": kms.KeySpec.HMAC_256,
            "key_usage": kms.KeyUsage.GENERATE_VERIFY_MAC,
        },
        "rotation_period needs a symmetric key, got key_spec HMAC_256",
    ),
    pytest.param({"alias": "alias/aws/mine"}, "alias must not start with alias/aws/"),
    pytest.param({"delegate_via": [Service.RDS]}, "documented reads or writes, got RDS"),
    pytest.param({"provision_via": [Service.SQS]}, "use 'provision' through SQS"),
    pytest.param({"key_spec": kms.KeySpec.RSA_2048, "delegate_via": [Service.SECRETS_MANAGER]}, "symmetric"),
    pytest.param({"administrators": [iam.AccountRootPrincipal()]}, "administrators are roles and users"),
    pytest.param({"administrators": [iam.ServicePrincipal("lambda.amazonaws.com")]}, "lambda.amazonaws.com"),
    pytest.param({"policy_administrators": [iam.AnyPrincipal()]}, "must be a role or user"),
    pytest.param({"deployer": iam.AccountRootPrincipal()}, "must be a role or user"),
    pytest.param({"deployer": iam.ServicePrincipal("cloudformation.amazonaws.com")}, "cloudformation.amazonaws.com"),
]


@pytest.mark.parametrize("options, said", KEYS, ids=lambda value: ", ".join(value) if isinstance(value, dict) else "")
def test_a_key_refuses(stack: Stack, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        HardenedKey(stack, "It", **options)
    assert children(stack) == []


def test_a_period_known_only_at_deploy_time_is_refused(stack: Stack) -> None:
    days = Duration.days(CfnParameter(stack, "Days", type="Number").value_as_number)
    with pytest.raises(ValueError, match="rotation_period must be a literal duration, got a token"):
        HardenedKey(stack, "It", rotation_period=days)
    assert "It" not in children(stack)


def test_a_key_without_a_deployer_asks_for_one(app: Any) -> None:
    stack = Stack(app, "Stack", env=environment(), synthesizer=CliCredentialsStackSynthesizer())
    with pytest.raises(
        ValueError, match=r"CliCredentialsStackSynthesizer of stack Stack: pass deployer=iam.ArnPrincipal"
    ):
        HardenedKey(stack, "It")
    assert children(stack) == []


@pytest.mark.parametrize(
    "name",
    ["", "with space", "colon:", "star*", "x" * 513, "aws/reserved", "ümlaut", "question?"],
)
def test_a_log_group_refuses_a_name_that_cloudwatch_would(stack: Stack, name: str) -> None:
    with pytest.raises(ValueError, match=r"log_group_name must be 1 to 512 characters .* got") as caught:
        LogGroupWithCmk(stack, "It", log_group_name=name)
    assert repr(name) in str(caught.value)
    assert children(stack) == []


def test_an_error_in_a_callback_from_node_keeps_its_message(stack: Stack) -> None:
    key = HardenedKey(stack, "Key", administrators=[role := make_role(stack)])
    with pytest.raises(RuntimeError, match="an administrator of the key must not use it"):
        secretsmanager.Secret(stack, "Secret", encryption_key=key).grant_read(role)


def test_after_a_refusal_the_stack_still_synthesizes(stack: Stack) -> None:
    with pytest.raises(ValueError, match="at least one secret"):
        read(stack, secrets=[])
    assert [one["Type"] for one in template(stack)["Resources"].values()] == ["AWS::IAM::Role"]


@pytest.mark.parametrize(
    "make, said",
    [
        pytest.param(
            lambda s, r: HardenedKey(s, "K", administrators=r), "administrators must be a list", id="one role"
        ),
        pytest.param(
            lambda s, _: HardenedKey(s, "K", key_usage=kms.KeyUsage.SIGN_VERIFY),
            "key_usage must be one that the key_spec has, got SIGN_VERIFY with SYMMETRIC_DEFAULT",
            id="a usage that a symmetric key lacks",
        ),
        pytest.param(
            lambda s, _: HardenedKey(s, "K", key_spec=kms.KeySpec.HMAC_256),
            "got ENCRYPT_DECRYPT with HMAC_256",
            id="an HMAC key without its usage",
        ),
        pytest.param(
            lambda s, _: HardenedKey(s, "K", rotation_period=100), "rotation_period must be a Duration", id="a number"
        ),
        pytest.param(lambda s, r: HardenedKey(s, "K").grant(r), "at least one KMS action", id="no action"),
        pytest.param(
            lambda s, r: HardenedKey(s, "K").grant(r, "kms:Decrpyt"), "got 'kms:Decrpyt'", id="a misspelt action"
        ),
        pytest.param(
            lambda s, r: HardenedKey(s, "K").grant(r, "s3:GetObject"),
            "got 's3:GetObject'",
            id="another service's action",
        ),
        pytest.param(
            lambda s, r: HardenedKey(s, "K").grant_via(
                r,
                Service.SECRETS_MANAGER,
                use=Use.READ,
                resource_arns=["arn:aws:kinesis:eu-west-1:111122223333:stream/s"],
            ),
            "resource_arns must be ARNs of SecretsManager",
            id="another service's ARN",
        ),
        pytest.param(
            lambda s, r: HardenedKey(s, "K").grant_via(r, Service.KINESIS, use=Use.READ, resource_arns="arn:aws:x"),
            "resource_arns must be a list, got 'arn:aws:x'",
            id="a text in place of a list",
        ),
        pytest.param(
            lambda s, _: HardenedKey(s, "K").grant_admin(iam.ArnPrincipal("arn:aws:iam::999999999999:role/a")),
            "KMS lets no principal of another account administer a key",
            id="an administrator of another account",
        ),
    ],
)
def test_what_would_be_taken_for_something_else_is_refused(stack: Stack, make: Any, said: str) -> None:
    role = iam.Role(stack, "R", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
    with pytest.raises(ValueError, match=re.escape(said)):
        make(stack, role)
