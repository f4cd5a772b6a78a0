"""The finished key policy, whoever wrote it: escape hatches, quotas, statements of the user's own."""

from __future__ import annotations

from typing import Any, cast

import jsii
import pytest
from aws_cdk import App, IPropertyInjector, NestedStack, PropertyInjectors, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from secure_kms_constructs import HardenedKey
from tests.synth.templates import (
    ACCOUNT,
    DEPLOYER,
    OTHER_ACCOUNT,
    by_sid,
    key_policy,
    policy_so_far,
    template,
    warnings,
)


def statement(*actions: str, **options: Any) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=["*"], **options)


# -- the finished policy, whoever wrote it --

WIDE = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
OPEN_ROOT = {**WIDE, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
INERT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/r"}, "Resource": "*"}
LOCKED = {"Effect": "Deny", "Principal": "*", "Action": "kms:PutKeyPolicy", "Resource": "*"}
OWNER = {
    "Effect": "Allow",
    "Principal": {"AWS": DEPLOYER.replace("<AWS::Partition>", "aws")},
    "Action": ["kms:PutKeyPolicy", "kms:DescribeKey", "kms:EnableKeyRotation"],
    "Resource": "*",
}


@pytest.mark.parametrize(
    "statements, problem",
    [
        pytest.param([], "has no statements", id="nothing"),
        pytest.param([OWNER, OPEN_ROOT], "to every IAM policy of an account", id="root without a condition"),
        pytest.param([OWNER, WIDE], "admits everyone", id="everyone"),
        pytest.param([OWNER, INERT], "has no Action", id="a statement without an action"),
        pytest.param([OWNER, LOCKED], "KMS refuses a policy that whoever", id="a Deny that locks the key"),
        pytest.param([LOCKED | {"Action": "kms:Decrypt"}], "could never be changed again", id="no owner"),
    ],
)
def test_a_bad_policy_assigned_by_escape_hatch_fails_synth(
    stack: Stack, key: HardenedKey, statements: list[Any], problem: str
) -> None:
    resource: Any = key.node.default_child
    resource.key_policy = {"Version": "2012-10-17", "Statement": statements}
    with pytest.raises(RuntimeError, match=problem):
        template(stack)


@pytest.mark.parametrize(
    "path, value",
    [
        pytest.param("Statement.1", None, id="removed"),
        pytest.param("Statement.0.Condition", None, id="a condition removed"),
        pytest.param("Statement.2.Action", "kms:PutKeyPolicy", id="actions changed"),
        pytest.param("Statement", [OWNER], id="all replaced"),
        pytest.param(None, None, id="the whole policy removed"),
    ],
)
def test_a_statement_changed_by_an_override_fails_synth(
    stack: Stack, key: HardenedKey, path: str | None, value: Any
) -> None:
    resource: Any = key.node.default_child
    name = f"KeyPolicy.{path}" if path else "KeyPolicy"
    if value is None:
        resource.add_property_deletion_override(name)
    else:
        resource.add_property_override(name, value)
    with pytest.raises(
        RuntimeError, match=r"override of the key.s L1 removes or (changes stat|replaces the wh).*leave the"
    ):
        template(stack)


@pytest.mark.parametrize(
    "path, value",
    [
        ("Properties.Fn::Transform", {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/tags.yaml"}}),
        ("Properties", {"Fn::If": ["A", {}, {}]}),
        ("Properties", None),
        ("Fn::Transform", {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/key.yaml"}}),
        ("Properties.KeyPolicy", {"Fn::Sub": "{}"}),
        ("Properties.KeyPolicy", {"Ref": "Policy"}),
        ("Properties.KeyPolicy.Fn::Transform", {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/key.json"}}),
    ],
)
def test_what_replaces_the_whole_policy_fails_synth(stack: Stack, key: HardenedKey, path: str, value: Any) -> None:
    resource: Any = key.node.default_child
    other = HardenedKey(stack, "Other")
    resource.add_override(path, value)
    with pytest.raises(
        RuntimeError, match="L1 removes or replaces the whole key policy: leave the override out"
    ) as error:
        template(stack)
    assert other.node.path not in str(error.value)


@pytest.mark.parametrize("name", ["Metadata", "DependsOn", "DeletionPolicy"])
def test_what_leaves_the_properties_alone_is_none_of_that(stack: Stack, key: HardenedKey, name: str) -> None:
    resource: Any = key.node.default_child
    HardenedKey(stack, "Other")
    value = {"DependsOn": [], "Metadata": {"a": {"Ref": "AWS::Region"}}}.get(name, "Delete")
    resource.add_override(name, value)
    template(stack)


IF = {
    "Fn::If": ["A", {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/a"}}, {"Ref": "AWS::NoValue"}]
}


@pytest.mark.parametrize(
    "added, hidden",
    [
        (IF, "statement 99"),
        ({**WIDE, "Condition": IF}, "the Condition of statement"),
        ({**WIDE, "Condition": {"StringEquals": IF}}, "the Condition of statement"),
    ],
)
def test_an_override_that_hides_what_a_statement_says_is_refused(
    stack: Stack, key: HardenedKey, added: Any, hidden: str
) -> None:
    resource: Any = key.node.default_child
    count = len(policy_so_far(key))
    resource.add_property_override(f"KeyPolicy.Statement.{count}", added)
    hidden = hidden.replace("99", str(count))
    with pytest.raises(RuntimeError, match=f"an intrinsic function hides {hidden}.* of the key policy: write out what"):
        template(stack)


def test_what_an_override_adds_is_looked_at(stack: Stack, key: HardenedKey) -> None:
    resource: Any = key.node.default_child
    resource.add_property_override("KeyPolicy.Statement.30", WIDE)
    with pytest.raises(RuntimeError, match="leaves null in the place of a statement"):
        template(stack)


def test_an_override_that_opens_the_key_is_refused_and_others_are_not(stack: Stack, key: HardenedKey) -> None:
    resource: Any = key.node.default_child
    count = len(policy_so_far(key))
    resource.add_property_override("EnableKeyRotation", True)
    resource.add_property_override(f"KeyPolicy.Statement.{count}", WIDE)
    with pytest.raises(RuntimeError, match="admits everyone") as error:
        template(stack)
    assert "an override" not in str(error.value)


def test_an_override_of_another_property_is_left_alone(stack: Stack, key: HardenedKey) -> None:
    resource: Any = key.node.default_child
    resource.add_property_override("Description", "orders")
    assert "orders" in str(template(stack))


def test_the_advice_for_an_override_works(stack: Stack, key: HardenedKey) -> None:
    key.add_to_resource_policy(
        statement("kms:Encrypt", principals=[iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/r")])
    )
    assert "role/r" in str(key_policy(stack))


def test_of_several_keys_only_the_bad_one_is_named(stack: Stack, key: HardenedKey) -> None:
    bad = HardenedKey(stack, "Bad")
    resource: Any = bad.node.default_child
    resource.key_policy = {"Version": "2012-10-17", "Statement": [OWNER, WIDE]}
    with pytest.raises(RuntimeError) as error:
        template(stack)
    assert f"{bad.node.path}: " in str(error.value)
    assert f"{key.node.path}: " not in str(error.value)


def test_a_bad_policy_that_takes_the_place_of_one_with_grants_fails_synth(
    stack: Stack, key: HardenedKey, role: iam.Role
) -> None:
    key.grant_decrypt(role)
    resource: Any = key.node.default_child
    resource.key_policy = {"Version": "2012-10-17", "Statement": [OWNER, WIDE]}
    with pytest.raises(RuntimeError, match="admits everyone"):
        template(stack)


def test_a_good_policy_assigned_by_escape_hatch_passes(stack: Stack, key: HardenedKey) -> None:
    resource: Any = key.node.default_child
    resource.key_policy = {"Version": "2012-10-17", "Statement": [OWNER]}
    assert len(key_policy(stack)) == 1


AUDITOR = {"Effect": "Allow", "Principal": INERT["Principal"], "Action": "kms:Decrypt", "Resource": "*"}


def test_the_document_that_several_keys_share_takes_no_statement(stack: Stack, key: HardenedKey) -> None:
    HardenedKey(stack, "Second")
    document: Any = cast(Any, key)._policy
    with pytest.raises(RuntimeError, match="use add_to_resource_policy of the key"):
        document.add_statements(iam.PolicyStatement.from_json(AUDITOR))
    # What the L1 holds is told at synth, so there is no document to change.
    assert not hasattr(cast(Any, key.node.default_child).key_policy, "add_statements")


@pytest.mark.parametrize("nested", [False, True])
def test_a_copy_of_what_was_written_does_not_stand_for_the_key(stack: Stack, key: HardenedKey, nested: bool) -> None:
    resource: Any = key.node.default_child
    kms.CfnKey(NestedStack(stack, "Nested") if nested else stack, "Copy", key_policy=resource.key_policy)
    resource.key_policy = {"Version": "2012-10-17", "Statement": [OWNER, WIDE]}
    with pytest.raises(RuntimeError, match="admits everyone"):
        template(stack)


def test_an_injected_policy_is_refused(stack: Stack) -> None:
    @jsii.implements(IPropertyInjector)
    class Injector:
        @property
        def construct_unique_id(self) -> str:
            return str(kms.Key.PROPERTY_INJECTION_ID)

        def inject(self, original_props: Any, *, scope: Any, id: str) -> Any:  # noqa: ARG002
            document = {"Version": "2012-10-17", "Statement": [OWNER]}
            return {**original_props, "policy": iam.PolicyDocument.from_json(document)}

    PropertyInjectors.of(stack).add(cast(Any, Injector()))
    with pytest.raises(ValueError, match="a property injector sets the policy of Stack/Key"):
        HardenedKey(stack, "Key")


def test_what_somebody_assigned_stays_when_a_grant_follows(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    resource: Any = key.node.default_child
    resource.key_policy = {"Version": "2012-10-17", "Statement": [{**OWNER, "Sid": "Mine"}]}
    key.grant_decrypt(role)
    assert [one["Sid"] for one in key_policy(stack)] == ["Mine"]


@pytest.mark.parametrize("partition, locked", [("aws", False), ("aws-cn", True)])
def test_the_partition_of_a_deployer_is_that_of_the_region(
    stack: Stack, key: HardenedKey, partition: str, locked: bool
) -> None:
    but_deployers = {"ArnNotLike": {"aws:PrincipalArn": f"arn:{partition}:iam::{ACCOUNT}:role/cdk-*"}}
    key.add_to_resource_policy(
        statement(
            "kms:PutKeyPolicy",
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            conditions=but_deployers,
        )
    )
    if not locked:
        template(stack)
        return
    with pytest.raises(RuntimeError, match="exempt it in that statement"):
        template(stack)


def test_a_deny_that_locks_the_key_fails_synth(stack: Stack, key: HardenedKey) -> None:
    key.add_to_resource_policy(
        statement("kms:*", effect=iam.Effect.DENY, principals=[iam.AnyPrincipal()], sid="DenyAll")
    )
    with pytest.raises(RuntimeError, match=r"may not change: .*\(DenyAll\) denies kms:PutKeyPolicy"):
        template(stack)


def test_a_deny_of_the_deployer_fails_synth(stack: Stack, key: HardenedKey) -> None:
    deployer = iam.ArnPrincipal(key.deployer_arn)
    key.add_to_resource_policy(statement("kms:Put*", effect=iam.Effect.DENY, principals=[deployer]))
    with pytest.raises(RuntimeError, match="PutKeyPolicy"):
        template(stack)


def test_a_doubt_about_the_deployer_of_any_place_is_a_warning_until_it_is_exempt() -> None:
    def warned(**more: Any) -> list[str]:
        stack = Stack(App(), "Stack")
        key = HardenedKey(stack, "Key")
        exempt = {name: {"aws:PrincipalArn": [key.deployer_arn]} for name in more.get("exempt", [])}
        conditions = {"StringNotEquals": {"aws:PrincipalAccount": [ACCOUNT]}, **exempt}
        key.add_to_resource_policy(
            statement("kms:*", effect=iam.Effect.DENY, principals=[iam.AnyPrincipal()], conditions=conditions)
        )
        template(stack)
        assert len(warnings(stack)) == len(set(warnings(stack)))
        return [one for one in warnings(stack) if "deployer" in one]

    [told] = warned()
    assert "would be denied kms:PutKeyPolicy in account 000000000000" in told
    assert '"ArnNotEquals": {"aws:PrincipalArn": [key.deployer_arn]}' in told
    assert warned(exempt=["ArnNotEquals"]) == []


def test_what_is_locked_in_any_place_fails_synth_before_the_place_is_known() -> None:
    stack = Stack(App(), "Stack")
    conditions = {"ArnNotEquals": {"aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/break-glass"]}}
    HardenedKey(stack, "Key").add_to_resource_policy(
        statement("kms:Put*", effect=iam.Effect.DENY, principals=[iam.AnyPrincipal()], conditions=conditions)
    )
    with pytest.raises(RuntimeError, match=r"exempt it in that statement"):
        template(stack)


def test_a_deny_of_a_use_is_kept(stack: Stack, key: HardenedKey) -> None:
    key.add_to_resource_policy(
        statement("kms:Decrypt", effect=iam.Effect.DENY, principals=[iam.AnyPrincipal()], sid="NoDecrypt")
    )
    assert by_sid(key_policy(stack))["NoDecrypt"]["Effect"] == "Deny"


def test_a_policy_past_the_quota_fails_synth_with_its_size(stack: Stack, key: HardenedKey) -> None:
    for number in range(500):
        key.grant_decrypt(iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/{number:064}"))
    with pytest.raises(RuntimeError, match=r"can be \d{5} bytes long, and KMS takes 32768: .*delegate_via"):
        template(stack)


def test_a_policy_under_the_quota_passes(stack: Stack, key: HardenedKey) -> None:
    for number in range(40):
        key.grant_decrypt(iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/{number:064}"))
    assert template(stack)


# -- statements of the user's own --


@pytest.mark.parametrize(
    "given, message",
    [
        pytest.param(statement("kms:Decrypt", principals=[iam.AccountRootPrincipal()]), "does not delegate", id="root"),
        pytest.param(
            statement("kms:Decrypt", principals=[iam.AccountPrincipal(OTHER_ACCOUNT)]),
            "does not delegate",
            id="another account",
        ),
        pytest.param(statement("kms:Decrypt", principals=[iam.AnyPrincipal()]), "admits nobody", id="AWS *"),
        pytest.param(statement("kms:Decrypt", principals=[iam.StarPrincipal()]), "admits nobody", id="*"),
        pytest.param(
            statement("kms:Decrypt", not_principals=[iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/r")]),
            "must name its actions and principals",
            id="NotPrincipal",
        ),
        pytest.param(
            statement("kms:*", principals=[iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/r")]),
            "policy_administrators",
            id="kms:*",
        ),
        pytest.param(
            statement("kms:Decrypt", principals=[iam.OrganizationPrincipal("o-abcdefghij")]),
            "admits nobody",
            id="an org",
        ),
    ],
)
def test_a_statement_that_opens_the_key_is_refused(
    stack: Stack, key: HardenedKey, given: iam.PolicyStatement, message: str
) -> None:
    before = policy_so_far(key)
    with pytest.raises(ValueError, match=message):
        key.add_to_resource_policy(given)
    assert key_policy(stack) == before


def test_a_statement_for_a_role_is_added(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    result = key.add_to_resource_policy(statement("kms:Decrypt", principals=[role], sid="Mine"))
    assert result.statement_added
    assert by_sid(key_policy(stack))["Mine"]["Principal"] == {"AWS": "<Role.Arn>"}


def by_attribute(stack: Stack, role: iam.Role) -> dict[str, Any]:
    """A principal as JSON of somebody else has it."""
    resource: Any = role.node.default_child
    return {"AWS": {"Fn::GetAtt": [stack.resolve(resource.logical_id), "Arn"]}}


@pytest.mark.parametrize("name", ["administrators", "policy_administrators"])
def test_an_administrator_named_again_by_an_intrinsic_function_is_known(
    stack: Stack, role: iam.Role, name: str
) -> None:
    key = HardenedKey(stack, "Key", **{name: [role]}, multi_region=True)
    written = {"Effect": "Allow", "Principal": by_attribute(stack, role), "Action": "kms:Decrypt", "Resource": "*"}
    key.add_to_resource_policy(iam.PolicyStatement.from_json(written))
    with pytest.raises(RuntimeError, match=r"lets the administrator .*Role.* use the key: use two principals, or pass"):
        template(stack)


@pytest.mark.parametrize("way", ["separation_of_duties", "two principals", "metadata"])
def test_the_advice_for_an_administrator_named_again_works(stack: Stack, role: iam.Role, way: str) -> None:
    other = iam.Role(stack, "Other", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    more: dict[str, Any] = {"separation_of_duties": False} if way == "separation_of_duties" else {}
    key = HardenedKey(stack, "Key", administrators=[role], **more)
    principal = by_attribute(stack, other if way == "two principals" else role)
    action = "kms:DescribeKey" if way == "metadata" else "kms:Decrypt"
    key.add_to_resource_policy(
        iam.PolicyStatement.from_json({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"})
    )
    assert template(stack)


def test_a_grant_that_a_deny_takes_back_fails_synth_and_the_advice_works(stack: Stack, key: HardenedKey) -> None:
    """Whoever made it: an L2 for its own resource, too."""
    role = iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/reader")
    s3.Bucket(stack, "Bucket", encryption_key=key).grant_read(role)
    but_writers = {"ArnNotLike": {"aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/writer"]}}
    denial = {"effect": iam.Effect.DENY, "principals": [iam.AnyPrincipal()], "sid": "Own"}
    key.add_to_resource_policy(statement("kms:Decrypt", conditions=but_writers, **denial))
    with pytest.raises(RuntimeError, match=r"\(Own\) denies kms:Decrypt: take one of them out, or exempt it"):
        template(stack)


def test_the_exemption_from_such_a_deny_works(stack: Stack, key: HardenedKey) -> None:
    role = iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/reader")
    s3.Bucket(stack, "Bucket", encryption_key=key).grant_read(role)
    names = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("writer", "reader")]
    conditions = {"ArnNotLike": {"aws:PrincipalArn": names}}
    denial = {"effect": iam.Effect.DENY, "principals": [iam.AnyPrincipal()], "sid": "Own"}
    key.add_to_resource_policy(statement("kms:Decrypt", conditions=conditions, **denial))
    assert template(stack)
