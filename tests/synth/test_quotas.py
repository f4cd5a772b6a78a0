"""Many secrets become few statements, and what IAM would not attach fails synth with a number that is true."""

from __future__ import annotations

import json
import re
from typing import Any

import jsii
import pytest
from aws_cdk import App, IStableStringProducer, Lazy, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from secure_kms_constructs import AWS_MANAGED, HardenedKey, ScopedSecretReader
from tests.synth.templates import (
    ACCOUNT,
    REGION,
    cycle,
    key_policy,
    listed,
    make_role,
    naming,
    readable,
    resources,
    stack_in,
    template,
)


def imported(scope: Construct, count: int, prefix: str = "s") -> list[secretsmanager.ISecret]:
    return [
        secretsmanager.Secret.from_secret_complete_arn(
            scope, f"{prefix}{n}", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{prefix}{n:04}-AbCdEf"
        )
        for n in range(count)
    ]


def managed(stack: Stack) -> list[str]:
    """Return the managed policies as IAM counts them: without white space."""
    made = resources(template(stack), "AWS::IAM::ManagedPolicy")
    return [json.dumps(readable(one["PolicyDocument"]), separators=(",", ":")) for one in made.values()]


def inline(stack: Stack) -> list[str]:
    made = resources(template(stack), "AWS::IAM::Policy")
    return [json.dumps(readable(one["PolicyDocument"]), separators=(",", ":")) for one in made.values()]


def test_a_hundred_secrets_under_three_keys_are_a_handful_of_statements(stack: Stack, role: iam.Role) -> None:
    keys = [HardenedKey(stack, f"Key{n}") for n in range(3)]
    secrets = [secretsmanager.Secret(stack, f"Secret{n}", encryption_key=keys[n % 3]) for n in range(100)]
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=secrets)
    made = template(stack)
    documents = [one["PolicyDocument"] for one in resources(made, "AWS::IAM::ManagedPolicy").values()]
    statements = [readable(statement) for document in documents for statement in document["Statement"]]
    assert len(documents) <= 6
    assert len(statements) <= 12
    read = [one for one in statements if "secretsmanager:GetSecretValue" in one["Action"]]
    assert sorted(name for one in read for name in listed(one["Resource"])) == sorted(
        f"<Secret{n}>" for n in range(100)
    )
    decrypt = [
        (one["Resource"], context)
        for one in statements
        if one["Action"] == "kms:Decrypt"
        for context in listed(one["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"])
    ]
    assert sorted(decrypt) == sorted((f"<Key{n % 3}.Arn>", f"<Secret{n}>") for n in range(100))
    for key in resources(made, "AWS::KMS::Key").values():
        assert len(naming(readable(key["KeyPolicy"]["Statement"]), "<Role.Arn>")) == 1
    assert cycle(made) == []


def test_every_managed_policy_fits_its_quota_at_the_longest_names(stack: Stack, role: iam.Role) -> None:
    key = HardenedKey(stack, "Key")
    secrets = [secretsmanager.Secret(stack, f"Secret{n}", encryption_key=key) for n in range(60)]
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=secrets)
    documents = managed(stack)
    assert len(documents) > 1
    for document in documents:
        # The longest ARN of a secret whose name CloudFormation generates.
        assert len(re.sub(r"<[^>]*>", "x" * 130, document)) <= 6144


def test_few_secrets_stay_inline(stack: Stack, role: iam.Role) -> None:
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=imported(stack, 20), key=AWS_MANAGED)
    assert managed(stack) == []
    assert len(inline(stack)) == 1


def test_readers_of_one_role_share_its_inline_quota(stack: Stack, role: iam.Role) -> None:
    for name in "abc":
        ScopedSecretReader(stack, name, grantee=role, secrets=imported(stack, 60, name), key=AWS_MANAGED)
    assert sum(map(len, inline(stack))) <= 10_240
    assert len(inline(stack)) == 2
    assert len(managed(stack)) == 1


def test_readers_of_different_roles_do_not_share_a_quota(stack: Stack) -> None:
    for name in "abc":
        role = make_role(stack, f"Role{name}")
        ScopedSecretReader(stack, name, grantee=role, secrets=imported(stack, 60, name), key=AWS_MANAGED)
    assert len(inline(stack)) == 3


def test_a_user_holds_less_than_a_role(stack: Stack) -> None:
    user = iam.User(stack, "User")
    ScopedSecretReader(stack, "Reader", grantee=user, secrets=imported(stack, 30), key=AWS_MANAGED)
    [policy] = resources(template(stack), "AWS::IAM::ManagedPolicy").values()
    assert readable(policy["Users"]) == ["<User>"]


def test_the_role_of_a_function_is_counted_though_python_sees_a_new_object_each_time(stack: Stack) -> None:
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("handler = print"),
    )
    for name in "abc":
        ScopedSecretReader(stack, name, grantee=function, secrets=imported(stack, 60, name), key=AWS_MANAGED)
    assert len(managed(stack)) == 1


def test_two_imports_of_one_role_share_its_inline_quota(stack: Stack) -> None:
    for name in "abc":
        role = iam.Role.from_role_arn(stack, f"Role{name}", f"arn:aws:iam::{ACCOUNT}:role/r")
        ScopedSecretReader(stack, name, grantee=role, secrets=imported(stack, 60, name), key=AWS_MANAGED)
    assert sum(map(len, inline(stack))) <= 10_240


def test_imports_of_one_role_in_two_stacks_share_its_inline_quota(stack: Stack, other_stack: Stack) -> None:
    for one in (stack, other_stack):
        role = iam.Role.from_role_arn(one, "Role", f"arn:aws:iam::{ACCOUNT}:role/reader")
        ScopedSecretReader(one, "Reader", grantee=role, secrets=imported(one, 80), key=AWS_MANAGED)
    assert (len(inline(stack)), len(inline(other_stack)), len(managed(other_stack))) == (1, 0, 1)


def test_past_the_quota_synth_fails_with_a_number_that_fits() -> None:
    def synthesize(count: int) -> None:
        stack = stack_in(REGION)
        key = kms.Key.from_key_arn(
            stack, "Key", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{'0a1b2c3d-0000-1111-2222-3333'}44445555"
        )
        ScopedSecretReader(stack, "Reader", grantee=make_role(stack), secrets=imported(stack, count), key=key)
        template(stack)

    with pytest.raises(
        RuntimeError, match=r"would need \d+ managed policies for 500 secrets, and IAM attaches 10"
    ) as caught:
        synthesize(500)
    said = re.search(r"about (\d+) secrets fit, split the others over more roles", str(caught.value))
    assert said
    fit = int(said[1])
    synthesize(fit)
    with pytest.raises(RuntimeError, match="managed policies"):
        synthesize(fit + fit // 10)


@pytest.mark.parametrize("make", [make_role, iam.User])
def test_policies_that_the_identity_has_already_are_counted(stack: Stack, make: Any) -> None:
    managed_policies = [iam.ManagedPolicy.from_aws_managed_policy_name(f"P{n}") for n in range(10)]
    grantee = make(stack, "Grantee", managed_policies=managed_policies)
    ScopedSecretReader(stack, "Reader", grantee=grantee, secrets=imported(stack, 150), key=AWS_MANAGED)
    with pytest.raises(
        RuntimeError, match=r"would need 1[2-9] managed policies for 150 secrets, .*about 0 secrets fit"
    ):
        template(stack)


def big(size: int) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["s3:GetObject"], resources=[f"arn:aws:s3:::{'x' * size}/*"])


def test_statements_of_the_roles_own_are_counted(stack: Stack, role: iam.Role) -> None:
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=imported(stack, 60), key=AWS_MANAGED)
    role.add_to_policy(big(7_000))
    with pytest.raises(RuntimeError, match=r"role Stack/Role would hold 1\d{4} characters .* IAM takes 10240: move"):
        template(stack)


def test_inline_policies_that_the_role_was_made_with_are_counted(stack: Stack) -> None:
    role = make_role(stack, inline_policies={"own": iam.PolicyDocument(statements=[big(7_000)])})
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=imported(stack, 60), key=AWS_MANAGED)
    with pytest.raises(RuntimeError, match="characters of inline policies"):
        template(stack)


@jsii.implements(IStableStringProducer)
class Told:
    def __init__(self, text: str) -> None:
        self._text = text

    def produce(self) -> str:
        return self._text


@pytest.mark.parametrize("length, fits", [(10, True), (460, False)])
def test_what_a_token_hides_is_counted_at_synth(stack: Stack, role: iam.Role, length: int, fits: bool) -> None:
    for n in range(18):
        arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{n:02}{'n' * length}-AbCdEf"
        secret = secretsmanager.Secret.from_secret_complete_arn(stack, f"S{n}", Lazy.string(Told(arn)))
        ScopedSecretReader(stack, f"Reader{n}", grantee=role, secrets=[secret], key=AWS_MANAGED)
    if fits:
        template(stack)
        return
    with pytest.raises(RuntimeError, match="inline policies, and IAM takes 10240"):
        template(stack)


def test_pseudo_parameters_weigh_what_they_can_become() -> None:
    stack = Stack()
    role = make_role(stack)
    for n in range(20):
        secret = secretsmanager.Secret.from_secret_name_v2(stack, f"S{n}", f"secret-{n}")
        ScopedSecretReader(stack, f"Reader{n}", grantee=role, secrets=[secret], key=AWS_MANAGED)
    assert len(inline(stack)) == 20
    assert managed(stack) == []


def test_managed_policies_are_numbered_from_one(stack: Stack, role: iam.Role) -> None:
    reader = ScopedSecretReader(stack, "Reader", grantee=role, secrets=imported(stack, 200), key=AWS_MANAGED)
    ids = [child.node.id for child in reader.node.children]
    assert len(ids) > 1
    assert ids == [f"Policy{number}" for number in range(1, len(ids) + 1)]


def test_what_tokens_hide_is_counted_in_managed_policies(stack: Stack, role: iam.Role) -> None:
    several = [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{n:02}{'n' * 460}-AbCdEf" for n in range(80)]
    secrets = [
        secretsmanager.Secret.from_secret_complete_arn(stack, f"S{n}", Lazy.string(Told(arn)))
        for n, arn in enumerate(several)
    ]
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=secrets, key=AWS_MANAGED)
    made = managed(stack)
    assert sum(text.count("n" * 460) for text in made) == 80
    assert max(map(len, made)) <= 6144


def test_roles_of_one_name_in_stages_without_account_are_different_roles() -> None:
    app = App()
    for name in ("Dev", "Test", "Prod"):
        stack = Stack(Stage(app, name), "Stack")
        role = make_role(stack, role_name="reader")
        ScopedSecretReader(stack, "Reader", grantee=role, secrets=imported(stack, 70), key=AWS_MANAGED)
        assert [child.node.id for child in stack.node.find_child("Reader").node.children] == ["Policy"]


def test_a_role_under_its_quota_passes(stack: Stack, role: iam.Role) -> None:
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=imported(stack, 60), key=AWS_MANAGED)
    role.add_to_policy(big(3_000))
    assert len(inline(stack)) == 2


def test_many_readers_of_one_key_fit_its_policy(stack: Stack) -> None:
    key = HardenedKey(stack, "Key")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    for n in range(50):
        ScopedSecretReader(stack, f"Reader{n}", grantee=make_role(stack, f"Role{n}"), secrets=[secret])
    readers = [one for one in naming(key_policy(stack), "aws:PrincipalArn") if one["Sid"] != "AllowDeployerByName"]
    assert len(readers) == 1
    assert len(readers[0]["Condition"]["ArnEquals"]["aws:PrincipalArn"]) == 50
