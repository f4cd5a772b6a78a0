"""A grant that what was added later takes away again fails synth, and says through which statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Aws, CfnCondition, Environment, Fn, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from secure_kms_constructs import (
    HardenedKey,
    ScopedLogGroupManager,
    ScopedParameterReader,
    ScopedSecretReader,
    ScopedSecretRotator,
    Service,
)
from tests.synth.templates import ACCOUNT, DEPLOYER, REGION, make_role, template

OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
# Whoever denies for all but some has to leave in the deployer too, or no secret can be created.
CREATOR = DEPLOYER.replace("<AWS::Partition>", "aws")
OTHER_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:other-AbCdEf"


def deny(conditions: dict[str, Any] | None = None, principal: str = "*", action: str = "kms:Decrypt") -> Any:
    return iam.PolicyStatement(
        sid="Closed",
        effect=iam.Effect.DENY,
        actions=[action],
        resources=["*"],
        principals=[iam.AnyPrincipal() if principal == "*" else iam.ArnPrincipal(principal)],
        conditions=conditions,
    )


@pytest.fixture
def secret(stack: Stack, key: HardenedKey) -> secretsmanager.Secret:
    return secretsmanager.Secret(stack, "Secret", encryption_key=key)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(lambda _: deny(), id="for everybody"),
        pytest.param(lambda role: deny(principal=role.role_arn), id="for the reader"),
        pytest.param(
            lambda _: deny({"StringLike": {"kms:ViaService": "secretsmanager.*"}}), id="through the reader's service"
        ),
        pytest.param(lambda _: deny(action="kms:*"), id="of everything"),
    ],
)
def test_a_deny_that_takes_a_reader_out_fails_synth(
    stack: Stack,
    key: HardenedKey,
    secret: secretsmanager.Secret,
    role: iam.Role,
    statement: Callable[[iam.Role], iam.PolicyStatement],
) -> None:
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    # Straight into the document, so that nothing but the last look can see it.
    written = stack.resolve(statement(role).to_statement_json())
    key._key_policy.add(written)
    with pytest.raises(
        RuntimeError, match=r"Stack/Reader: Stack/Role would be denied kms:Decrypt .*\(Closed\) denies"
    ) as error:
        template(stack)
    assert "Stack/Key through SecretsManager" in str(error.value)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(deny(principal=OTHER), id="for another"),
        pytest.param(deny({"ArnEquals": {"aws:PrincipalArn": OTHER}}), id="for another by its ARN"),
        pytest.param(deny({"StringLike": {"kms:ViaService": "ssm.*"}}), id="through another service"),
        pytest.param(deny({"StringEquals": {"kms:EncryptionContext:SecretARN": OTHER_SECRET}}), id="of another secret"),
        pytest.param(deny(action="kms:Encrypt"), id="of another action"),
        pytest.param(
            deny({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}), id="outside a network, which nobody can tell yet"
        ),
    ],
)
def test_a_deny_that_leaves_the_reader_in_passes(
    stack: Stack, key: HardenedKey, secret: secretsmanager.Secret, role: iam.Role, statement: iam.PolicyStatement
) -> None:
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    key._key_policy.add(stack.resolve(statement.to_statement_json()))
    template(stack)


NAMED = f"arn:aws:iam::{ACCOUNT}:role/app/reader"


def by_name(condition: str, *names: str) -> iam.PolicyStatement:
    return deny({condition: {"aws:PrincipalArn": list(names)}})


@pytest.mark.parametrize("make", [HardenedKey, kms.Key], ids=["named in the key policy", "left to IAM"])
@pytest.mark.parametrize(
    "statement, closed",
    [
        pytest.param(by_name("ArnEquals", NAMED), True, id="for the reader"),
        pytest.param(deny(principal=NAMED), True, id="for the reader as a principal"),
        pytest.param(by_name("ArnNotEquals", NAMED, CREATOR), False, id="for everybody but the reader"),
        pytest.param(by_name("ArnNotEquals", OTHER, CREATOR), True, id="for everybody but another"),
        pytest.param(by_name("ArnLike", f"arn:aws:iam::{ACCOUNT}:role/app/*"), True, id="for the reader's path"),
        pytest.param(
            by_name("ArnNotLike", f"arn:aws:iam::{ACCOUNT}:role/app/*", CREATOR), False, id="outside its path"
        ),
    ],
)
@pytest.mark.parametrize("imported", [False, True], ids=["a role of this app", "an imported role"])
def test_a_deny_by_name_meets_the_reader_or_spares_it(
    stack: Stack, make: Any, statement: iam.PolicyStatement, closed: bool, imported: bool
) -> None:
    key = make(stack, "Own")
    role = (
        iam.Role.from_role_arn(stack, "Role", NAMED) if imported else make_role(stack, role_name="reader", path="/app/")
    )
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    if make is HardenedKey:
        key._key_policy.add(stack.resolve(statement.to_statement_json()))
    else:
        key.add_to_resource_policy(statement)
    if closed:
        with pytest.raises(RuntimeError, match=r"would be denied kms:Decrypt .*\(Closed\) denies"):
            template(stack)
    else:
        template(stack)


@pytest.mark.parametrize(
    "conditions",
    [
        {"ArnNotLike": {"aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/Stack-*", CREATOR]}},
        {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"StringNotEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}},
        {"StringNotLike": {"kms:EncryptionContext:SecretARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:*"}},
    ],
)
@pytest.mark.parametrize("make", [HardenedKey, kms.Key])
@pytest.mark.parametrize("env", [None, Environment(account=ACCOUNT, region=REGION)], ids=["agnostic", "known"])
def test_what_only_the_deployment_tells_is_compared_with_nothing(
    conditions: dict[str, Any], make: Any, env: Environment | None
) -> None:
    stack = Stack(App(), "Stack", env=env)
    key, role = make(stack, "Key"), make_role(stack)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    if make is HardenedKey:
        key._key_policy.add(stack.resolve(deny(conditions).to_statement_json()))
    else:
        key.add_to_resource_policy(deny(conditions))
    template(stack)


@pytest.mark.parametrize("arn", [NAMED, f"arn:aws:iam::{Aws.ACCOUNT_ID}:role/reader"])
@pytest.mark.parametrize("make", [HardenedKey, kms.Key])
def test_an_imported_role_in_a_stack_without_account_passes(arn: str, make: Any) -> None:
    stack = Stack(App(), "Stack")
    key = make(stack, "Key")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=iam.Role.from_role_arn(stack, "R", arn), secrets=[secret])
    template(stack)


def test_an_account_that_is_named_may_be_the_one_that_is_not_known_yet() -> None:
    stack = Stack(App(), "Stack")
    key, role = kms.Key(stack, "Key"), make_role(stack)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    resource: Any = key.node.default_child
    resource.key_policy = {"Version": "2012-10-17", "Statement": [root]}
    template(stack)


def test_a_statement_that_is_an_intrinsic_function_passes(stack: Stack, role: iam.Role) -> None:
    key = kms.Key(stack, "Own")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    condition = CfnCondition(stack, "If", expression=Fn.condition_equals("a", "b"))
    resource: Any = key.node.default_child
    maybe = Fn.condition_if(condition.logical_id, stack.resolve(deny().to_statement_json()), Aws.NO_VALUE)
    resource.key_policy = {**owner_only(), "Statement": [*owner_only()["Statement"], maybe]}
    template(stack)


def test_one_role_reads_in_two_regions() -> None:
    app = App()
    home, abroad = (Stack(app, f"In{region}", env=Environment(account=ACCOUNT, region=region)) for region in REGIONS)
    role = make_role(home, role_name="reader")
    for stack in (home, abroad):
        secret = secretsmanager.Secret(stack, "Secret", encryption_key=HardenedKey(stack, "Key"))
        ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    app.synth()


REGIONS = (REGION, "us-east-1")


def owner_only() -> dict[str, Any]:
    needed = [
        f"kms:{one}" for one in ("PutKeyPolicy", "DescribeKey", "EnableKeyRotation", "GenerateDataKey", "Decrypt")
    ]
    owner = {"Effect": "Allow", "Principal": {"AWS": CREATOR}, "Action": needed, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [owner]}


@pytest.mark.parametrize("make", [HardenedKey, kms.Key])
def test_a_key_policy_replaced_after_the_grant_fails_synth(stack: Stack, role: iam.Role, make: Any) -> None:
    key = make(stack, "Own")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    resource: Any = key.node.default_child
    resource.key_policy = owner_only()
    with pytest.raises(
        RuntimeError, match="Stack/Reader: Stack/Role would be denied kms:Decrypt with Stack/Own"
    ) as error:
        template(stack)
    assert "by no statement" in str(error.value)
    assert "does not apply" not in str(error.value)


@pytest.mark.parametrize("make", [HardenedKey, kms.Key])
@pytest.mark.parametrize("name, closed", [("reader", False), ("readers", True)])
def test_a_key_policy_replaced_by_one_that_names_the_reader_passes(
    stack: Stack, make: Any, name: str, closed: bool
) -> None:
    key, role = make(stack, "Own"), make_role(stack, role_name="reader")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    reader = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{name}"}
    document = owner_only()
    document["Statement"].append({"Effect": "Allow", "Principal": reader, "Action": "kms:Decrypt", "Resource": "*"})
    resource: Any = key.node.default_child
    resource.key_policy = document
    if closed:
        with pytest.raises(RuntimeError, match="Stack/Role would be denied kms:Decrypt"):
            template(stack)
    else:
        template(stack)


@pytest.mark.parametrize("name, closed", [("reader", True), ("other", False)])
def test_a_deny_by_user_name_meets_the_reader_or_spares_it(
    stack: Stack, key: HardenedKey, secret: secretsmanager.Secret, name: str, closed: bool
) -> None:
    user = iam.User(stack, "User", user_name="reader")
    ScopedSecretReader(stack, "Reader", grantee=user, secrets=[secret])
    key._key_policy.add(stack.resolve(deny({"StringEquals": {"aws:username": name}}).to_statement_json()))
    if closed:
        with pytest.raises(RuntimeError, match="Stack/User would be denied kms:Decrypt"):
            template(stack)
    else:
        template(stack)


def referring(role: iam.Role, condition: str, **more: Any) -> iam.PolicyStatement:
    names = [role.role_arn, CREATOR] if condition == "ArnNotEquals" else [role.role_arn]
    return deny({condition: {"aws:PrincipalArn": names}, **more})


ALL_OF_TEAM = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/team-*"}}


@pytest.mark.parametrize("names", [("team-a", "team-b"), (None, None)], ids=["literal names", "generated names"])
@pytest.mark.parametrize("make", [HardenedKey, kms.Key], ids=["named in the key policy", "left to IAM"])
@pytest.mark.parametrize(
    "statement, closed",
    [
        pytest.param(lambda a, _: referring(a, "ArnEquals"), "A", id="for the first reader"),
        pytest.param(lambda _, b: referring(b, "ArnNotEquals"), "A", id="for everybody but the second"),
        pytest.param(lambda a, _: referring(a, "ArnNotEquals"), "B", id="for everybody but the first"),
    ],
)
def test_a_deny_that_refers_to_a_reader_meets_the_right_one(
    stack: Stack, make: Any, names: tuple[str | None, ...], statement: Any, closed: str
) -> None:
    key = make(stack, "Own")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    roles = [make_role(stack, id, role_name=name) for id, name in zip("AB", names, strict=True)]
    for role in roles:
        ScopedSecretReader(stack, f"Reader{role.node.id}", grantee=role, secrets=[secret])
    key.add_to_resource_policy(statement(*roles))
    if None in names:
        # What only the deployment tells is compared with nothing.
        template(stack)
        return
    with pytest.raises(RuntimeError, match=f"Stack/{closed} would be denied kms:Decrypt") as error:
        template(stack)
    assert str(error.value).count("would be denied") == 1


def test_two_conditions_on_the_name_of_a_reader_are_both_looked_at(stack: Stack, key: HardenedKey) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    one, other = (make_role(stack, name, role_name=name) for name in ("team-a", "team-b"))
    for role in (one, other):
        ScopedSecretReader(stack, f"Reader{role.node.id}", grantee=role, secrets=[secret])
    key.add_to_resource_policy(referring(other, "ArnNotEquals", **ALL_OF_TEAM))
    with pytest.raises(RuntimeError, match="Stack/team-a would be denied kms:Decrypt"):
        template(stack)


@pytest.mark.parametrize("condition, owner", [("StringNotLike", "bob"), ("StringLike", "alice")])
def test_a_deny_with_the_name_of_a_user_in_a_variable_is_looked_at(
    stack: Stack, key: HardenedKey, condition: str, owner: str
) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name=f"{owner}/db")
    ScopedSecretReader(stack, "Reader", grantee=iam.User(stack, "User", user_name="alice"), secrets=[secret])
    own = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:${{aws:username}}/*"
    key.add_to_resource_policy(deny({condition: {"kms:EncryptionContext:SecretARN": own}}))
    with pytest.raises(RuntimeError, match="Stack/User would be denied kms:Decrypt"):
        template(stack)


@pytest.mark.parametrize("conditions", [None, {"ArnEquals": {"aws:PrincipalArn": NAMED}}])
@pytest.mark.parametrize("delegates", [True, False])
def test_a_deny_of_an_imported_reader_is_found_where_the_stack_has_no_account(
    conditions: dict[str, Any] | None, delegates: bool
) -> None:
    stack = Stack(App(), "Stack")
    key = HardenedKey(stack, "Key", delegate_via=[Service.SECRETS_MANAGER] if delegates else [])
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=iam.Role.from_role_arn(stack, "Role", NAMED), secrets=[secret])
    key.add_to_resource_policy(deny(conditions, principal="*" if conditions else NAMED))
    with pytest.raises(RuntimeError, match="would be denied kms:Decrypt"):
        template(stack)


def rotator(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretRotator(stack, "Grant", grantee=role, secrets=[secret])


def parameter_reader(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    name = "/app/password"
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(stack, "P", parameter_name=name)
    ScopedParameterReader(stack, "Grant", grantee=role, parameters=[parameter], key=key)


def log_group_manager(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    ScopedLogGroupManager(stack, "Grant", grantee=role, key=key, log_group_prefix="/app/")


@pytest.mark.parametrize("grant", [rotator, parameter_reader, log_group_manager])
@pytest.mark.parametrize("env", [None, Environment(account=ACCOUNT, region=REGION)], ids=["agnostic", "known"])
@pytest.mark.parametrize("closed", [False, True])
def test_every_scoped_construct_is_looked_at(grant: Any, env: Environment | None, closed: bool) -> None:
    stack = Stack(App(), "Stack", env=env)
    key, role = HardenedKey(stack, "Key"), make_role(stack)
    grant(stack, key, role)
    if not closed:
        template(stack)
        return
    key._key_policy.add(stack.resolve(deny(action=["kms:*Data*", "kms:D*"][1]).to_statement_json()))
    with pytest.raises(RuntimeError, match=r"Stack/Grant: Stack/Role would be denied kms:D.*\(Closed\) denies"):
        template(stack)


@pytest.mark.parametrize("closed", [False, True])
def test_a_reader_in_another_stack_is_looked_at(closed: bool) -> None:
    app = App()
    env = Environment(account=ACCOUNT, region="cn-north-1")
    keys, readers = Stack(app, "Keys", env=env), Stack(app, "Readers", env=env)
    key = HardenedKey(keys, "Key")
    secret = secretsmanager.Secret(keys, "Secret", encryption_key=key)
    role = iam.Role(readers, "Role", assumed_by=iam.AccountRootPrincipal(), role_name="reader")
    ScopedSecretReader(readers, "Reader", grantee=role, secrets=[secret])
    if closed:
        named = f"arn:aws-cn:iam::{ACCOUNT}:role/reader"
        key._key_policy.add(keys.resolve(deny(principal=named).to_statement_json()))
        with pytest.raises(RuntimeError, match="Readers/Reader: Readers/Role would be denied"):
            app.synth()
    else:
        app.synth()


def test_a_secret_with_a_literal_name_matches_the_key_policys_pattern(
    stack: Stack, key: HardenedKey, role: iam.Role
) -> None:
    secret = secretsmanager.Secret(stack, "Secret", secret_name="orders", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    template(stack)


def test_an_encryption_context_is_not_expected_where_kms_has_none(stack: Stack, key: HardenedKey) -> None:
    """DescribeKey has no encryption context, so a statement that asks for one never admits it."""
    log_group_manager(stack, key, make_role(stack))
    context = {"StringLike": {"kms:EncryptionContext:aws:logs:arn": "*"}}
    everything = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "kms:*",
        "Resource": "*",
        "Condition": context,
    }
    resource: Any = key.node.default_child
    resource.key_policy = {**owner_only(), "Statement": [*owner_only()["Statement"], everything]}
    with pytest.raises(RuntimeError, match="Stack/Role would be denied kms:DescribeKey"):
        template(stack)
