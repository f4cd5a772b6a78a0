"""LogGroupWithCmk: CloudWatch Logs may use the key for exactly this group."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, NestedStack, RemovalPolicy, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Annotations, Match
from constructs import Construct

from secure_kms_constructs import HardenedKey, LogGroupWithCmk
from tests.synth.templates import (
    ACCOUNT,
    DEPLOYER,
    KEY_ARN,
    REGION,
    by_sid,
    cycle,
    environment,
    key_policy,
    naming,
    readable,
    resources,
    stack_in,
    template,
)

CONTEXT = "kms:EncryptionContext:aws:logs:arn"
SERVICE = {"Service": f"logs.{REGION}.<AWS::URLSuffix>"}


def group_arn(name: str) -> str:
    return f"arn:<AWS::Partition>:logs:{REGION}:{ACCOUNT}:log-group:{name}"


def name_of(group: logs.LogGroup) -> str:
    resource: Any = group.node.default_child
    return resource.log_group_name


def test_the_service_may_use_the_key_for_this_group_only(stack: Stack, key: HardenedKey) -> None:
    LogGroupWithCmk(stack, "Log", key=key, log_group_name="/orders")
    crypto = by_sid(key_policy(stack))["AllowCloudWatchLogs"]
    assert crypto["Principal"] == SERVICE
    assert crypto["Condition"] == {"ArnEquals": {CONTEXT: group_arn("/orders")}}
    assert "kms:DescribeKey" not in crypto["Action"]
    assert "kms:CreateGrant" not in crypto["Action"]


def test_the_service_describes_the_key_apart(stack: Stack, key: HardenedKey) -> None:
    LogGroupWithCmk(stack, "Log", key=key, log_group_name="/orders")
    describe = by_sid(key_policy(stack))["AllowCloudWatchLogsToDescribe"]
    assert describe["Principal"] == SERVICE
    assert describe["Action"] == "kms:DescribeKey"
    assert describe["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_the_deployer_may_create_this_group_only(stack: Stack, key: HardenedKey) -> None:
    LogGroupWithCmk(stack, "Log", key=key, log_group_name="/orders")
    create = by_sid(key_policy(stack))["AllowDeployerToCreateLogGroups"]
    assert create["Principal"] == {"AWS": DEPLOYER}
    assert create["Condition"] == {
        "StringEquals": {"kms:ViaService": f"logs.{REGION}.amazonaws.com", CONTEXT: group_arn("/orders")}
    }


def test_groups_that_share_a_key_are_each_named_without_a_wildcard(stack: Stack, key: HardenedKey) -> None:
    for name in "abc":
        LogGroupWithCmk(stack, name, key=key, log_group_name=f"/{name}")
    crypto = by_sid(key_policy(stack))["AllowCloudWatchLogs"]
    assert crypto["Condition"]["ArnEquals"][CONTEXT] == [group_arn(f"/{name}") for name in "abc"]
    for one in naming(key_policy(stack), "log-group"):
        assert ":*" not in str(one["Condition"])
    assert len(naming(key_policy(stack), "logs.eu-west-1.<")) == 2
    assert cycle(template(stack)) == []


def test_without_a_key_a_hardened_one_is_made_that_serves_logs_alone(stack: Stack) -> None:
    group = LogGroupWithCmk(stack, "Log")
    assert isinstance(group.key, HardenedKey)
    assert group.key is group.node.find_child("Key")
    made = template(stack)
    [log_group] = resources(made, "AWS::Logs::LogGroup").values()
    assert readable(log_group["KmsKeyId"]) == "<LogKey.Arn>"
    deployers = [sid for sid in by_sid(key_policy(stack)) if sid.startswith("AllowDeployerTo")]
    assert deployers == ["AllowDeployerToManageKey", "AllowDeployerToCreateLogGroups"]
    assert cycle(made) == []


def test_the_defaults_keep_a_year_and_the_group(stack: Stack, key: HardenedKey) -> None:
    LogGroupWithCmk(stack, "Log", key=key)
    [made] = [one for one in template(stack)["Resources"].values() if one["Type"] == "AWS::Logs::LogGroup"]
    assert made["Properties"]["RetentionInDays"] == 365
    assert made["DeletionPolicy"] == "Retain"


def test_options_reach_the_group(stack: Stack, key: HardenedKey) -> None:
    group = LogGroupWithCmk(
        stack,
        "Log",
        key=key,
        log_group_name="/aws/lambda/orders",
        retention=logs.RetentionDays.ONE_WEEK,
        removal_policy=RemovalPolicy.DESTROY,
    )
    assert isinstance(group, logs.LogGroup)
    [made] = [one for one in template(stack)["Resources"].values() if one["Type"] == "AWS::Logs::LogGroup"]
    assert made["Properties"]["RetentionInDays"] == 7
    assert made["Properties"]["LogGroupName"] == "/aws/lambda/orders"
    assert made["DeletionPolicy"] == "Delete"


def test_a_group_can_be_written_by_whom_the_l2_lets(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    LogGroupWithCmk(stack, "Log", key=key).grant_write(role)
    assert naming(key_policy(stack), "<Role.Arn>") == []


# -- the generated name --


def test_the_generated_name_is_the_same_each_time_and_stands_in_the_key_policy() -> None:
    names = []
    for _ in range(2):
        stack = stack_in(REGION)
        names.append(name_of(LogGroupWithCmk(stack, "Log")))
        assert by_sid(key_policy(stack))["AllowCloudWatchLogs"]["Condition"]["ArnEquals"] == {
            CONTEXT: group_arn(names[0])
        }
    assert names[0] == names[1]
    assert re.fullmatch(r"/Stack/Log", names[0])


def test_the_generated_name_starts_with_the_stack_as_it_is_deployed(app: App) -> None:
    stack = Stack(app, "Id", stack_name="orders-prod", env=environment())
    assert name_of(LogGroupWithCmk(stack, "Log", key=HardenedKey(stack, "Key"))).startswith("/orders-prod/")


def at(*path: str) -> Callable[[App], Construct]:
    """Return a maker of the construct at a path of stacks, nested stacks (``+``) and constructs (``.``)."""

    def make(app: App) -> Construct:
        scope: Construct = app
        for step in path:
            existing = scope.node.try_find_child(step.strip("+."))
            if existing:
                scope = existing
            elif step.startswith("."):
                scope = Construct(scope, step[1:])
            elif step.startswith("+"):
                scope = NestedStack(scope, step[1:])
            else:
                scope = Stack(scope, step, env=environment())
        return scope

    return make


@pytest.mark.parametrize(
    "one, other",
    [
        pytest.param((at("S"), "a"), (at("S"), "b"), id="two ids"),
        pytest.param((at("S"), "a b"), (at("S"), "a-b"), id="two ids that differ in a character names cannot have"),
        pytest.param((at("S"), "Log"), (at("T"), "Log"), id="two stacks"),
        pytest.param((at("S", ".x"), "Log"), (at("S", ".y"), "Log"), id="two scopes"),
        pytest.param((at("S", ".a b"), "Log"), (at("S", ".ab"), "Log"), id="two scopes that differ in a space"),
        pytest.param((at("S", ".Default"), "Log"), (at("S"), "Log"), id="a scope that names leave out"),
        pytest.param((at("S", "+N"), "Log"), (at("T", "+N"), "Log"), id="nested stacks of two stacks"),
        pytest.param((at("S", "+N"), "Log"), (at("N"), "Log"), id="a nested stack and a stack of its name"),
    ],
)
def test_two_groups_never_get_the_same_name(app: App, one: Any, other: Any) -> None:
    names = [name_of(LogGroupWithCmk(make(app), id)) for make, id in (one, other)]
    assert names[0] != names[1]


def test_a_long_path_still_gives_a_name_that_cloudwatch_takes(stack: Stack) -> None:
    scope: Construct = stack
    for n in range(12):
        scope = Construct(scope, f"{n}" + "x" * 60)
    assert len(name_of(LogGroupWithCmk(scope, "Log"))) <= 512


def test_a_name_from_a_parameter_is_taken_as_it_is(stack: Stack, key: HardenedKey) -> None:
    LogGroupWithCmk(stack, "Log", key=key, log_group_name=CfnParameter(stack, "Name").value_as_string)
    crypto = by_sid(key_policy(stack))["AllowCloudWatchLogs"]
    assert crypto["Condition"] == {"ArnEquals": {CONTEXT: group_arn("<Name>")}}
    assert cycle(template(stack)) == []


# -- a name that CloudFormation makes up --

GENERATED = "Stack-Log95422804-*"


def crypto_contexts(*stacks: Stack) -> list[str]:
    """The log groups that CloudWatch Logs and the deployer may use the keys of stacks for, as finished."""
    statements = [one for stack in stacks for one in naming(key_policy(stack), "log-group")]
    values = [value for one in statements for block in one["Condition"].values() for value in [block.get(CONTEXT)]]
    return [value for value in values if value]


@pytest.mark.parametrize("own", [True, False], ids=["a key of its own", "a key beside it"])
def test_a_group_that_is_there_keeps_the_name_that_cloudformation_made_up(stack: Stack, own: bool) -> None:
    LogGroupWithCmk(stack, "Log", key=None if own else HardenedKey(stack, "Key"), generated_name=True)
    made = template(stack)
    [(logical_id, group)] = resources(made, "AWS::Logs::LogGroup").items()
    assert logical_id == "Log95422804"
    assert "LogGroupName" not in group
    assert crypto_contexts(stack) == [group_arn(GENERATED)] * 2
    # A pattern under StringEquals would match no name.
    assert all(CONTEXT not in one["Condition"].get("StringEquals", {}) for one in naming(key_policy(stack), "log-"))
    assert cycle(made) == []


def test_the_pattern_of_the_name_follows_the_logical_id(stack: Stack, key: HardenedKey) -> None:
    child: Any = LogGroupWithCmk(stack, "Log", key=key, generated_name=True).node.default_child
    child.override_logical_id("OrdersLog")
    assert crypto_contexts(stack) == [group_arn("Stack-OrdersLog-*")] * 2


def test_a_key_of_another_stack_knows_the_name_that_is_made_up(
    stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    LogGroupWithCmk(other_stack, "Log", key=key, generated_name=True)
    template(other_stack)
    assert crypto_contexts(stack) == [group_arn("Other-Log95422804-*")] * 2


def test_a_plain_key_and_the_owner_of_an_imported_one_get_the_pattern(stack: Stack) -> None:
    LogGroupWithCmk(stack, "Log", key=kms.Key(stack, "Key"), generated_name=True)
    statement = by_sid(key_policy(stack))["AllowCloudWatchLogs"]
    assert statement["Condition"] == {"ArnEquals": {CONTEXT: group_arn(GENERATED)}}
    key = kms.Key.from_key_arn(stack, "Ref", KEY_ARN)
    group = LogGroupWithCmk(stack, "Other", key=key, owner_admits=True, generated_name=True)
    [needed] = group.required_key_policy_statements.values()
    assert "log-group:Stack-Other" in str(readable(stack.resolve(needed)))


def test_a_log_group_of_the_l2_without_a_name_opens_the_key_for_itself_alone(stack: Stack, key: HardenedKey) -> None:
    logs.LogGroup(stack, "Log", encryption_key=key)
    assert crypto_contexts(stack) == [group_arn(GENERATED)] * 2


def test_a_made_up_name_beside_a_name_is_refused(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"takes no log_group_name, got '/orders': leave one of them out"):
        LogGroupWithCmk(stack, "Log", log_group_name="/orders", generated_name=True)
    LogGroupWithCmk(stack, "Log", generated_name=True)


def test_the_name_of_a_nested_stack_is_not_told_and_the_advice_works(stack: Stack) -> None:
    nested = NestedStack(stack, "Nested")
    key = HardenedKey(nested, "Key")
    with pytest.raises(ValueError, match=r"got the nested stack Stack/Nested: leave it a logs.LogGroup"):
        LogGroupWithCmk(nested, "Log", key=key, generated_name=True)
    logs.LogGroup(nested, "Log", encryption_key=key)
    [pattern, _] = crypto_contexts(nested)
    assert re.fullmatch(
        r"arn:<AWS::Partition>:logs:eu-west-1:111122223333:log-group:Stack-Nested\w+-\*-Log\w+-\*", pattern
    )


# -- places --


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_the_service_principal_ends_like_the_urls_of_its_partition(region: str) -> None:
    stack = stack_in(region)
    LogGroupWithCmk(stack, "Log")
    statements = by_sid(key_policy(stack))
    assert statements["AllowCloudWatchLogs"]["Principal"] == {"Service": f"logs.{region}.<AWS::URLSuffix>"}
    via = statements["AllowDeployerToCreateLogGroups"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert via == f"logs.{region}.amazonaws.com"
    assert "arn:aws:" not in str(template(stack)["Resources"])


def test_a_stack_without_environment_uses_references(app: App) -> None:
    stack = Stack(app, "Agnostic")
    LogGroupWithCmk(stack, "Log")
    statements = by_sid(key_policy(stack))
    assert statements["AllowCloudWatchLogs"]["Principal"] == {"Service": "logs.<AWS::Region>.<AWS::URLSuffix>"}
    arn = "arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/Agnostic/Log"
    assert statements["AllowCloudWatchLogs"]["Condition"]["ArnEquals"] == {CONTEXT: arn}


def test_a_group_of_another_stack_is_named_in_the_policy_of_the_key(
    stack: Stack, other_stack: Stack, key: HardenedKey
) -> None:
    LogGroupWithCmk(other_stack, "Log", key=key)
    arn = by_sid(key_policy(stack))["AllowCloudWatchLogs"]["Condition"]["ArnEquals"][CONTEXT]
    assert arn == group_arn("/Other/Log")
    [group] = resources(template(other_stack), "AWS::Logs::LogGroup").values()
    assert readable(group["KmsKeyId"]).startswith("<import Stack:")


@pytest.mark.parametrize("elsewhere", [{"region": "us-east-1"}, {"account": "999999999999"}], ids=["region", "account"])
def test_a_key_of_another_place_cannot_encrypt_the_group(app: App, key: HardenedKey, elsewhere: Any) -> None:
    away = Stack(app, "Away", env=environment(**elsewhere))
    [(part, value)] = elsewhere.items()
    with pytest.raises(ValueError, match=rf"{part}.*{value}"):
        LogGroupWithCmk(away, "Log", key=key, log_group_name="/orders")


# -- keys that are no HardenedKey --


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda _, key: key, id="a plain key"),
        pytest.param(
            lambda stack, key: kms.Alias(stack, "Alias", alias_name="alias/a", target_key=key), id="its alias"
        ),
    ],
)
def test_a_plain_key_gets_the_statements(stack: Stack, wrap: Callable[[Stack, kms.Key], kms.IKey]) -> None:
    LogGroupWithCmk(stack, "Log", key=wrap(stack, kms.Key(stack, "Key")), log_group_name="/orders")
    statements = by_sid(key_policy(stack))
    assert statements["AllowCloudWatchLogs"]["Condition"] == {"ArnEquals": {CONTEXT: group_arn("/orders")}}
    assert statements["AllowCloudWatchLogsToDescribe"]["Action"] == "kms:DescribeKey"
    made = template(stack)
    [group] = resources(made, "AWS::Logs::LogGroup").values()
    assert readable(group["KmsKeyId"]) == "<Key.Arn>"
    assert cycle(made) == []


def test_an_alias_of_a_hardened_key_leads_to_it(stack: Stack, key: HardenedKey) -> None:
    alias = kms.Alias(stack, "Alias", alias_name="alias/a", target_key=key)
    group = LogGroupWithCmk(stack, "Log", key=alias, log_group_name="/orders")
    assert group.key is key
    assert "AllowDeployerToCreateLogGroups" in by_sid(key_policy(stack))


def test_an_imported_key_says_what_its_owner_must_add(stack: Stack) -> None:
    key = kms.Key.from_key_arn(stack, "Ref", KEY_ARN)
    with pytest.raises(ValueError, match=r"key must be a key of this app.*owner_admits=True") as refused:
        LogGroupWithCmk(stack, "Log", key=key, log_group_name="/orders")
    assert "AllowCloudWatchLogsToDescribe" in str(refused.value)
    group = LogGroupWithCmk(stack, "Log", key=key, owner_admits=True, log_group_name="/orders")
    [needed] = group.required_key_policy_statements.values()
    assert [statement["Sid"] for statement in needed] == ["AllowCloudWatchLogs", "AllowCloudWatchLogsToDescribe"]
    text = str(readable(stack.resolve(needed)))
    assert CONTEXT in text
    assert "log-group:/orders'" in text
    assert "logs.eu-west-1." in text
    Annotations.from_stack(stack).has_info("*", Match.string_like_regexp("its owner must add, or the deployment fails"))


@pytest.mark.parametrize(
    "spec, usage",
    [(kms.KeySpec.RSA_2048, kms.KeyUsage.ENCRYPT_DECRYPT), (kms.KeySpec.HMAC_256, kms.KeyUsage.GENERATE_VERIFY_MAC)],
)
def test_a_key_that_is_not_symmetric_is_refused(stack: Stack, spec: kms.KeySpec, usage: kms.KeyUsage) -> None:
    key = HardenedKey(stack, "Key", key_spec=spec, key_usage=usage)
    with pytest.raises(ValueError, match="symmetric"):
        LogGroupWithCmk(stack, "Log", key=key)


def test_a_key_of_another_stage_is_refused(app: App) -> None:
    home, away = (Stack(Stage(app, id), "Stack", env=environment()) for id in ("One", "Two"))
    with pytest.raises(ValueError, match="is in another stage than stack Two/Stack, and references end at a stage"):
        LogGroupWithCmk(away, "Logs", key=HardenedKey(home, "Key"), log_group_name="/app/logs")
