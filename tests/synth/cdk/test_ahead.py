"""What is told ahead is no less right: names that change are found, what cannot be told is asked one by one."""

from __future__ import annotations

import json
from typing import Any

import jsii
import pytest
from aws_cdk import App, Aspects, IAspect, IStableStringProducer, Lazy, Resource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, ScopedSecretReader
from secure_kms_constructs.cdk import ahead
from secure_kms_constructs.cdk.asking import principal_of
from secure_kms_constructs.cdk.node import Questions
from tests.synth.templates import by_sid, environment, key_policy, make_role, resources, template


def apart(app: App, stack: Stack, **options: Any) -> tuple[secretsmanager.Secret, iam.Role, iam.Role]:
    """Return a secret in one stack, and two roles of another."""
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=HardenedKey(stack, "Key"))
    roles = Stack(app, "Roles", env=environment())
    return secret, make_role(roles, role_name="first"), make_role(roles, "Other", **options)


def test_a_name_that_was_told_ahead_and_changed_is_found(app: App, stack: Stack) -> None:
    secret, role, other = apart(app, stack, role_name="other")
    ScopedSecretReader(role.stack, "First", grantee=role, secrets=[secret])
    resource: Any = other.node.default_child
    resource.role_name = "renamed"
    ScopedSecretReader(role.stack, "Second", grantee=other, secrets=[secret])
    with pytest.raises(RuntimeError, match="role Roles/Other was renamed after a grant had asked for its name"):
        app.synth()


def test_a_path_that_an_aspect_changes_is_found(app: App, stack: Stack) -> None:
    secret, role, _ = apart(app, stack)

    @jsii.implements(IAspect)
    class Moves:
        def visit(self, node: Any) -> None:
            if isinstance(node, iam.CfnRole):
                node.path = "/app/"

    Aspects.of(app).add(Moves())
    ScopedSecretReader(role.stack, "First", grantee=role, secrets=[secret])
    with pytest.raises(RuntimeError, match="was renamed"):
        app.synth()


def test_a_name_set_before_the_first_grant_is_taken(app: App, stack: Stack) -> None:
    secret, role, other = apart(app, stack)
    resource: Any = other.node.default_child
    resource.role_name = "named"
    ScopedSecretReader(role.stack, "First", grantee=role, secrets=[secret])
    ScopedSecretReader(role.stack, "Second", grantee=other, secrets=[secret])
    named = str(by_sid(key_policy(stack))["AllowReadThroughSecretsManager"])
    assert "role/first" in named
    assert "role/named" in named


def test_a_role_in_one_stack_may_change_its_name_later(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    resource: Any = role.node.default_child
    resource.role_name = "renamed"
    template(stack)


def test_what_cannot_be_told_ahead_is_asked_one_by_one(stack: Stack, role: iam.Role) -> None:
    """A secret of somebody's own, whose Python answers in its own way."""

    @jsii.implements(secretsmanager.ISecret)
    class Own(Resource):
        @property
        def secret_arn(self) -> str:
            raise LookupError("not today")

    own: Any = Own(stack, "Own")
    with pytest.raises(LookupError, match="not today"):
        ScopedSecretReader(stack, "Reader", grantee=role, secrets=[own])


def test_a_subclass_answers_as_it_says(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    class Renamed(secretsmanager.Secret):
        @property
        def secret_arn(self) -> str:
            return "arn:aws:secretsmanager:eu-west-1:111122223333:secret:of-its-own-AbCdEf"

    secret = Renamed(stack, "Secret", encryption_key=key)
    reader = ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    assert reader.identity_statements[0]["Resource"] == secret.secret_arn


def test_what_python_does_not_hold_is_not_told(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    before = dict(ahead._told)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    beside = secretsmanager.Secret(stack, "Beside", encryption_key=key)
    secretsmanager.Secret.from_secret_name_v2(stack, "Imported", "other")
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    new = ahead._told.keys() - before.keys()
    assert new == {beside.__jsii_ref__.ref}  # type: ignore[attr-defined]
    ScopedSecretReader(stack, "Second", grantee=role, secrets=[beside])
    assert not ahead._told.keys() & new


def test_one_question_tells_of_what_is_beside_once(stack: Stack, key: HardenedKey) -> None:
    """Each stack and each key stands in the answer once, and nothing in a second answer that was in the first."""
    secrets = [secretsmanager.Secret(stack, f"Secret{i}", encryption_key=key) for i in range(3)]
    role, user = make_role(stack), iam.User(stack, "User", path="/app/")
    answer = Questions.describe([secrets[0], user])
    assert (len(answer["stacks"]), len(answer["keys"])) == (1, 1)
    told, behind = json.loads(answer["told"])
    assert behind == answer["principals"] == []
    assert [one[0] for one in told] == [one.__jsii_ref__.ref for one in (secrets[0], user, *secrets[1:], role)]  # type: ignore[attr-defined]
    assert [one[2] for one in told[:2]] == [secrets[0].secret_arn, user.user_arn]
    assert [one[5] for one in told] == [0, -1, 0, 0, -1]
    # Of a secret its name, which has no path.
    assert [one[6][1] for one in told] == [None, "/app/", None, None, None]
    assert (told[1][6][1], told[4][6][1]) == ("/app/", None)
    assert len(json.loads(Questions.describe([secrets[1]])["told"])[0]) == 1


def test_whether_an_arn_is_a_reference_is_told(stack: Stack) -> None:
    """The size of a reference is known; what another token hides is not."""

    class Hidden(secretsmanager.Secret):
        @property
        def secret_arn(self) -> str:
            return Lazy.string(Told())

    @jsii.implements(IStableStringProducer)
    class Told:
        def produce(self) -> str:
            return "x"

    secret, hidden = secretsmanager.Secret(stack, "Secret"), Hidden(stack, "Hidden")
    told, _ = json.loads(Questions.describe([secret, hidden])["told"])
    assert [one[3] for one in told] == [True, False]


def test_the_name_of_a_user_is_looked_at_again_too(app: App, stack: Stack) -> None:
    secret, _, _ = apart(app, stack)
    users = Stack(app, "Users", env=environment())
    user = iam.User(users, "User", user_name="reader")
    ScopedSecretReader(users, "Reader", grantee=user, secrets=[secret])
    assert "user/reader" in str(by_sid(key_policy(stack))["AllowReadThroughSecretsManager"])


@pytest.mark.parametrize("changed", ["user_name", "path"])
def test_a_user_that_is_renamed_is_found(app: App, stack: Stack, changed: str) -> None:
    secret, _, _ = apart(app, stack)
    users = Stack(app, "Users", env=environment())
    user = iam.User(users, "User", user_name="reader")
    ScopedSecretReader(users, "Reader", grantee=user, secrets=[secret])
    setattr(user.node.default_child, changed, "/renamed/")
    with pytest.raises(RuntimeError, match="user Users/User was renamed"):
        app.synth()


def function(stack: Stack, id: str = "Function", **options: Any) -> lambda_.Function:
    code = lambda_.Code.from_inline("x")
    return lambda_.Function(stack, id, runtime=lambda_.Runtime.PYTHON_3_13, handler="x.y", code=code, **options)


def test_the_role_of_a_function_is_told_with_it(stack: Stack, role: iam.Role) -> None:
    own, given = function(stack), function(stack, "Other", role=role)
    imported = iam.Role.from_role_arn(stack, "Imported", "arn:aws:iam::111122223333:role/app")
    foreign = function(stack, "Third", role=imported)
    answer = Questions.describe([own, given, role, foreign])
    told, behind = json.loads(answer["told"])
    # A role is its own, which needs no telling.
    assert [one[7] for one in told[:4]] == [0, 1, -1, 2]
    assert answer["principals"][1] is role
    assert [one and stack.resolve(one[2]) for one in behind] == [
        stack.resolve(own.role.role_arn),  # type: ignore[union-attr]
        stack.resolve(role.role_arn),
        None,
    ]


def test_the_principal_of_a_function_is_what_it_says(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    """One that a subclass chooses itself."""

    class Other(lambda_.Function):
        @property
        def grant_principal(self) -> iam.IPrincipal:
            return role

    one = Other(stack, "It", runtime=lambda_.Runtime.PYTHON_3_13, handler="x.y", code=lambda_.Code.from_inline("x"))
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=one, secrets=[secret])
    assert principal_of(one) is role
    [policy] = resources(template(stack), "AWS::IAM::Policy").values()
    assert policy["Roles"] == [stack.resolve(role.role_name)]


@pytest.mark.parametrize("made", [True, False], ids=["that the function makes", "that is imported"])
def test_a_function_reads_by_its_role(stack: Stack, key: HardenedKey, made: bool) -> None:
    imported = iam.Role.from_role_arn(stack, "Imported", "arn:aws:iam::111122223333:role/app")
    one = function(stack) if made else function(stack, role=imported)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=one, secrets=[secret])
    named = by_sid(key_policy(stack))["AllowReadThroughSecretsManager"]["Condition"]["ArnEquals"]["aws:PrincipalArn"]
    assert named == ("<FunctionServiceRole.Arn>" if made else "arn:aws:iam::111122223333:role/app")
