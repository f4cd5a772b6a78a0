"""Stacks that would wait for each other: refused by the grant that closes the circle, or by CDK at synth."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from aws_cdk import App, CfnResource, NestedStack, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey, ScopedSecretReader, Service, Use
from tests.synth.templates import environment, make_role


def secret(stack: Stack, key: HardenedKey, id: str) -> secretsmanager.Secret:
    return secretsmanager.Secret(stack, id, encryption_key=key)


def read_from_the_stack_of_the_key(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    """Make the key's stack wait for the role's."""
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret(stack, key, "Mine")])


def test_a_circle_that_two_grants_close_is_refused_with_the_way_out(
    stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    role, theirs = make_role(other_stack), secret(other_stack, key, "Theirs")
    near = make_role(other_stack, "Near", role_name="near")
    ScopedSecretReader(other_stack, "Reader", grantee=near, secrets=[theirs])
    with pytest.raises(ValueError, match="which already waits for it: give the role a literal role_name"):
        read_from_the_stack_of_the_key(stack, key, role)


def test_a_circle_through_a_secret_that_no_grant_names_is_refused_at_synth(
    app: App, stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    """What waits for what outside of our grants is known to CDK alone, and only then."""
    secret(other_stack, key, "Theirs")
    read_from_the_stack_of_the_key(stack, key, make_role(other_stack))
    with pytest.raises(RuntimeError, match=r"cycl"):
        app.synth()


def test_the_way_out_of_the_message_opens_that_circle_too(
    app: App, stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    secret(other_stack, key, "Theirs")
    named = make_role(other_stack, role_name="named")
    ScopedSecretReader(other_stack, "Reader", grantee=named, secrets=[secret(stack, key, "Mine")])
    app.synth()


def test_a_secret_that_a_grant_names_waits_for_its_key_wherever_the_grant_is(
    app: App, stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    third = Stack(app, "Third", env=environment())
    near = make_role(third, role_name="near")
    ScopedSecretReader(third, "Reader", grantee=near, secrets=[secret(other_stack, key, "Theirs")])
    with pytest.raises(ValueError, match="which already waits for it"):
        read_from_the_stack_of_the_key(stack, key, make_role(other_stack))


# -- inside one template, where CDK is silent and CloudFormation refuses --

DECRYPTS = ["kms:Decrypt"]


def with_inline_policy(stack: Stack, key: HardenedKey, **more: Any) -> iam.Role:
    """Return a role that refers to the key itself, not only in a policy of its own."""
    document = iam.PolicyDocument(statements=[iam.PolicyStatement(actions=DECRYPTS, resources=[key.key_arn])])
    assumed_by = iam.ServicePrincipal("ec2.amazonaws.com")
    return iam.Role(stack, "Role", assumed_by=assumed_by, inline_policies={"use": document}, **more)


def key_in(app: App, stack: Stack, key: HardenedKey) -> str:
    """Return the key as the template has it, without a reference to what waits for it."""
    made = json.dumps(app.synth().get_stack_by_name(stack.stack_name).template["Resources"][key_id(stack, key)])
    assert "GetAtt" not in made
    assert "${" not in made
    return made


def test_a_role_that_refers_to_the_key_is_named_by_the_form_of_its_name(
    app: App, stack: Stack, key: HardenedKey
) -> None:
    key.grant_decrypt(with_inline_policy(stack, key))
    made = key_in(app, stack, key)
    assert '"ArnLike": {"aws:PrincipalArn"' in made
    assert re.search(r":role/Stack-Role[0-9A-F]{8}-\*", made)


@pytest.mark.parametrize(
    "name, form",
    [
        ("LongerThanTwentyFourLetters", r":role/LongerThanTwentyFourLett\*Role[0-9A-F]{8}-\*"),
        ("ALittleLongerThanAnythingThatCloudFormationTakes", ""),
    ],
)
def test_a_name_that_is_cut_is_told_as_far_as_it_is_known(app: App, name: str, form: str) -> None:
    stack = Stack(app, name, env=environment())
    key = HardenedKey(stack, "Key")
    key.grant_decrypt(with_inline_policy(stack, key))
    if form:
        assert re.search(form, key_in(app, stack, key))
        return
    with pytest.raises(RuntimeError, match=rf"statement 'AllowUse' names {name}/Role, which waits for the key") as told:
        app.synth()
    assert f"({name}/Role -> {name}/Key)" in str(told.value)
    assert "give the role a literal role_name, or put what names the key into an iam.Policy" in str(told.value)


def test_a_literal_name_opens_the_circle(app: App, stack: Stack, key: HardenedKey) -> None:
    key.grant_decrypt(with_inline_policy(stack, key, role_name="reader"))
    assert ":role/reader" in key_in(app, stack, key)


def test_a_policy_of_its_own_opens_the_circle(app: App, stack: Stack, key: HardenedKey) -> None:
    role = make_role(stack)
    key.grant_decrypt(role)
    statement = iam.PolicyStatement(actions=DECRYPTS, resources=[key.key_arn])
    iam.Policy(stack, "Policy", statements=[statement], roles=[role])
    app.synth()


def test_a_circle_through_what_a_role_waits_for_is_found(app: App, stack: Stack, key: HardenedKey) -> None:
    role = make_role(stack)
    key.grant_decrypt(role)
    role.node.default_child.add_dependency(secret(stack, key, "Secret").node.default_child)  # type: ignore[union-attr]
    assert ":role/Stack-Role" in key_in(app, stack, key)


@pytest.mark.parametrize(
    "how", [{"Fn::Sub": "${%s.Arn}"}, {"Fn::Sub": ["${It}", {"It": {"Fn::GetAtt": ["%s", "Arn"]}}]}]
)
def test_a_reference_that_somebody_wrote_by_hand_counts(
    app: App, stack: Stack, key: HardenedKey, how: dict[str, Any]
) -> None:
    role = make_role(stack)
    key.grant_decrypt(role)
    written = json.loads(json.dumps(how).replace("%s", key_id(stack, key)))
    role.node.default_child.add_property_override("Description", written)  # type: ignore[union-attr]
    assert ":role/Stack-Role" in key_in(app, stack, key)


def with_dead_letters(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    """Have the look admit a role."""
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    properties = {"Role": role.role_arn, "DeadLetterConfig": {"TargetArn": queue.queue_arn}}
    CfnResource(stack, "Fn", type="AWS::Lambda::Function", properties=properties)


def with_policy(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    """Let a role send to the queue, in a policy of its own."""
    statement = iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn])
    iam.Policy(stack, "Policy", statements=[statement], roles=[role])


def test_a_role_that_the_look_admits_is_not_named_either(app: App, stack: Stack, key: HardenedKey) -> None:
    with_dead_letters(stack, key, with_inline_policy(stack, key))
    with pytest.raises(RuntimeError, match=r"call key.grant_via\(role, Service.SQS, use=Use.WRITE\) for it"):
        app.synth()


def test_a_policy_of_its_own_lets_the_look_admit_it_by_the_form_of_its_name(
    app: App, stack: Stack, key: HardenedKey
) -> None:
    role = with_inline_policy(stack, key)
    with_dead_letters(stack, key, role)
    with_policy(stack, key, role)
    assert "AllowRolesByName" in key_in(app, stack, key)


def test_a_grant_is_the_way_out_for_a_role_without_a_policy(app: App, stack: Stack, key: HardenedKey) -> None:
    role = with_inline_policy(stack, key)
    with_dead_letters(stack, key, role)
    key.grant(role, "kms:Decrypt", "kms:GenerateDataKey")
    made = key_in(app, stack, key)
    assert re.search(r":role/Stack-Role[0-9A-F]{8}-\*", made)
    assert "AllowRolesByName" not in made


@pytest.mark.parametrize("place", [environment(), None])
def test_a_role_that_the_look_admits_is_named_literally(app: App, place: Any) -> None:
    stack = Stack(app, "Apart", env=place)
    key = HardenedKey(stack, "Key")
    role = with_inline_policy(stack, key, role_name="reader")
    with_dead_letters(stack, key, role)
    with_policy(stack, key, role)
    # Not as a principal, which would have to exist before the key.
    principals = [
        one["Principal"] for one in json.loads(key_in(app, stack, key))["Properties"]["KeyPolicy"]["Statement"]
    ]
    assert ":role/reader" not in json.dumps(principals)
    assert ':role/reader"' in key_in(app, stack, key)


def test_a_literal_name_alone_does_not_let_a_role_be_made_after_the_key(
    app: App, stack: Stack, key: HardenedKey
) -> None:
    with_dead_letters(stack, key, with_inline_policy(stack, key, role_name="reader"))
    with pytest.raises(RuntimeError, match=r"call key.grant_via\(role, Service.SQS, use=Use.WRITE\) for it"):
        app.synth()


def test_the_way_out_for_a_role_with_a_literal_name_works(app: App, stack: Stack, key: HardenedKey) -> None:
    role = with_inline_policy(stack, key, role_name="reader")
    with_dead_letters(stack, key, role)
    key.grant_via(role, Service.SQS, use=Use.WRITE)
    key.grant_decrypt(role)
    assert '"Sid": "AllowRolesByName"' not in key_in(app, stack, key)


@pytest.mark.parametrize("is_granted", [True, False])
def test_the_role_of_a_stack_that_comes_after_the_key_is_named_in_a_condition(
    app: App, stack: Stack, other_stack: Stack, key: HardenedKey, is_granted: bool
) -> None:
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    role = make_role(other_stack, role_name="reader")
    properties = {"Role": role.role_arn, "DeadLetterConfig": {"TargetArn": queue.queue_arn}}
    CfnResource(other_stack, "Fn", type="AWS::Lambda::Function", properties=properties)
    if not is_granted:
        with pytest.raises(RuntimeError, match=r"call key.grant_via\(role, Service.SQS, use=Use.WRITE\) for it"):
            app.synth()
        return
    key.grant_via(role, Service.SQS, use=Use.WRITE)
    made = app.synth().get_stack_by_name(stack.stack_name).template["Resources"][key_id(stack, key)]
    for one in made["Properties"]["KeyPolicy"]["Statement"]:
        assert ":role/reader" not in json.dumps(one["Principal"])


def test_the_key_s_own_dependencies_count(app: App, stack: Stack, key: HardenedKey) -> None:
    key.node.add_dependency(secret(stack, key, "Secret"))
    with pytest.raises(RuntimeError, match=r"the key waits for Stack/Secret, which waits for the key"):
        app.synth()


def test_a_nested_stack_stands_for_what_is_in_it(app: App, stack: Stack, key: HardenedKey) -> None:
    nested = NestedStack(stack, "Nested")
    secret(stack=nested, key=key, id="Secret")
    role = make_role(nested)
    key.add_to_resource_policy(
        iam.PolicyStatement(actions=DECRYPTS, principals=[iam.ArnPrincipal(role.role_arn)], resources=["*"])
    )
    with pytest.raises(RuntimeError, match="names Stack/Nested, which waits for the key"):
        app.synth()


def test_a_name_that_another_template_takes_is_no_circle(app: App, stack: Stack, key: HardenedKey) -> None:
    role = make_role(stack)
    key.grant_decrypt(role)
    nested = NestedStack(stack, "Nested")
    secret(stack=nested, key=key, id="Secret")
    app.synth()


def a_bus(stack: Stack, key: HardenedKey, **more: Any) -> Any:
    bus = CfnResource(stack, "Bus", type="AWS::Events::EventBus", properties={"KmsKeyIdentifier": key.key_arn, **more})
    condition = {"StringEquals": {"kms:EncryptionContext:aws:events:event-bus:arn": bus.get_att("Arn")}}
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Theirs",
            actions=DECRYPTS,
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            resources=["*"],
            conditions=condition,
        )
    )
    return bus


@pytest.mark.parametrize(
    "name, operator, end", [({"Name": "orders"}, "StringEquals", "event-bus/orders"), ({}, "StringLike", "event-bus/*")]
)
@pytest.mark.parametrize("place", [environment(), None])
def test_an_encryption_context_is_written_as_the_page_allows(
    app: App, name: dict[str, str], operator: str, end: str, place: Any
) -> None:
    stack = Stack(app, "Apart", env=place)
    key = HardenedKey(stack, "Key")
    a_bus(stack, key, **name)
    # Twice: what the first synth wrote must not be taken for the user's.
    for _ in range(2):
        made = app.synth(force=True).get_stack_by_name("Apart").template["Resources"][key_id(stack, key)]
        (theirs,) = (one for one in made["Properties"]["KeyPolicy"]["Statement"] if one.get("Sid") == "Theirs")
        assert "GetAtt" not in json.dumps(theirs)
        assert end in json.dumps(theirs["Condition"][operator])
        assert "${" not in json.dumps(made)


def test_a_pattern_is_never_written_for_a_role(app: App, stack: Stack, key: HardenedKey) -> None:
    bus = a_bus(stack, key)
    condition = {"StringEquals": {"kms:EncryptionContext:aws:events:event-bus:arn": bus.get_att("Arn")}}
    who = [iam.ArnPrincipal("arn:aws:iam::111122223333:role/app")]
    key.add_to_resource_policy(
        iam.PolicyStatement(sid="Wide", actions=DECRYPTS, principals=who, resources=["*"], conditions=condition)
    )
    with pytest.raises(RuntimeError, match="statement 'Wide' names Stack/Bus, which waits for the key") as told:
        app.synth()
    assert "'Theirs'" not in str(told.value)
    assert "write its ARN out in the statement, with a literal name (stack.format_arn)" in str(told.value)


def key_id(stack: Stack, key: HardenedKey) -> str:
    return str(stack.resolve(key.node.default_child.logical_id))  # type: ignore[union-attr]
