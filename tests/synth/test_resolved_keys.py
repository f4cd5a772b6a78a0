"""ResolvedKey: every factory, what it writes into the template, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match

from secure_kms_constructs import AWS_MANAGED, HardenedKey, ResolvedKey, Service
from tests.synth.templates import (
    ACCOUNT,
    KEY_ARN,
    KEY_ID,
    REGION,
    environment,
    identity_statements,
    make_role,
    readable,
    resources,
    template,
)

DUMMY = "1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/db-AbC123"


def alias_entry(alias: str, answer: Any, region: str = REGION) -> dict[str, Any]:
    return {f"key-provider:account={ACCOUNT}:aliasName={alias}:region={region}": answer}


def secret_entry(answer: Any, secret: str = SECRET) -> dict[str, Any]:
    quoted = secret.replace(":", "$:")
    return {
        f"cc-api-provider:account={ACCOUNT}:exactIdentifier={quoted}:propertiesToReturn.0=KmsKeyId"
        f":region={REGION}:typeName=AWS$:$:SecretsManager$:$:Secret": answer
    }


def stack_with(context: dict[str, Any]) -> Stack:
    return Stack(App(context=context), "Stack", env=environment())


def missing(app: App) -> list[str]:
    """Synthesize; return the context keys that the CLI would look up."""
    manifest = json.loads(Path(app.synth().directory, "manifest.json").read_text())
    return [entry["key"] for entry in manifest.get("missing", [])]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_CLI_VERSION", "2.1148.1")


# -- from_arn


@pytest.mark.parametrize(
    "arn",
    [
        KEY_ARN,
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-0a1b2c3d000011112222333344445555",
        f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/{KEY_ID}",
        f"arn:aws-us-gov:kms:us-gov-west-1:{ACCOUNT}:key/{KEY_ID}",
        f"arn:{Aws.PARTITION}:kms:{Aws.REGION}:{Aws.ACCOUNT_ID}:key/{KEY_ID}",
    ],
)
def test_a_full_key_arn_is_kept_as_it_is(stack: Stack, arn: str) -> None:
    assert ResolvedKey.from_arn(stack, "Ref", arn).key_arn == arn


@pytest.mark.parametrize(
    "arn, why",
    [
        (KEY_ID, "a key id alone matches no policy"),
        ("alias/orders", "an alias name matches no policy"),
        (f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/orders", "a policy on an alias ARN never matches"),
        (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*", "a wildcard reaches other keys"),
        (f"arn:aws:s3:::key/{KEY_ID}", "this is an ARN of s3"),
        (f"arn:aws:kms:mars:{ACCOUNT}:key/{KEY_ID}", "its region is 'mars'"),
        (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{DUMMY}", "is the dummy of a lookup"),
        ("", "this is not an ARN"),
    ],
)
def test_what_is_no_key_arn_is_refused(stack: Stack, arn: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ResolvedKey.from_arn(stack, "Ref", arn)


# -- from_alias at synth


def test_an_alias_known_to_the_context_is_its_key() -> None:
    stack = stack_with(alias_entry("alias/orders", {"keyId": KEY_ID}))
    key = ResolvedKey.from_alias(stack, "Ref", "alias/orders")
    assert readable(stack.resolve(key.key_arn)) == KEY_ARN.replace("arn:aws:", "arn:<AWS::Partition>:")


def test_a_dummy_is_an_error_where_nobody_looks_it_up(stack: Stack) -> None:
    with pytest.raises(ValueError, match="the key of alias/orders is the dummy of a lookup"):
        ResolvedKey.from_alias(stack, "Ref", "alias/orders")


@pytest.mark.usefixtures("cli")
def test_a_dummy_lets_the_cli_look_it_up_and_deploys_nowhere(app: App, stack: Stack) -> None:
    ResolvedKey.from_alias(stack, "Ref", "alias/orders")
    assert missing(app) == list(alias_entry("alias/orders", None))
    Annotations.from_stack(stack).has_error("*", Match.string_like_regexp("alias/orders is the dummy of a lookup"))


@pytest.mark.usefixtures("cli")
def test_a_failed_lookup_says_why() -> None:
    stack = stack_with(alias_entry("alias/aws/ssm", {"$providerError": "Could not find any key"}))
    ResolvedKey.aws_managed(stack, "Ref", Service.PARAMETER_STORE)
    words = "because Could not find any key: it does not exist before its first use"
    Annotations.from_stack(stack).has_error("*", Match.string_like_regexp(words))


@pytest.mark.parametrize("answer", [{"keyId": DUMMY}, {"keyId": KEY_ARN}, {"keyId": ""}, {}, "x", {"keyId": 7}])
def test_context_that_no_lookup_would_give_is_reported(answer: Any) -> None:
    stack = stack_with(alias_entry("alias/orders", answer))
    with pytest.raises(ValueError, match=r"the context holds no key id for alias/orders"):
        ResolvedKey.from_alias(stack, "Ref", "alias/orders")


@pytest.mark.parametrize("name", ["orders", "alias/", "alias/a b", "alias/a*", KEY_ARN, "alias/" + "x" * 251])
@pytest.mark.parametrize("at", ["synth", "deploy"])
def test_what_is_no_alias_name_is_refused(stack: Stack, name: str, at: Any) -> None:
    with pytest.raises(ValueError, match="alias_name must be alias/"):
        ResolvedKey.from_alias(stack, "Ref", name, at=at)


@pytest.mark.parametrize("name", ["alias/aws/ssm", "alias/aws/secretmanager"])
def test_aws_managed_aliases_are_asked_for_by_service(stack: Stack, name: str) -> None:
    with pytest.raises(ValueError, match=r"use ResolvedKey\.aws_managed.*alias/aws/secretsmanager"):
        ResolvedKey.from_alias(stack, "Ref", name)


def test_a_lookup_needs_an_environment(app: App) -> None:
    stack = Stack(app, "Anywhere")
    for lookup in (
        lambda: ResolvedKey.from_alias(stack, "A", "alias/orders"),
        lambda: ResolvedKey.aws_managed(stack, "B", Service.SECRETS_MANAGER),
        lambda: ResolvedKey.of_secret(stack, "C", SECRET),
    ):
        with pytest.raises(ValueError, match="which has no account and region: give the stack an env"):
            lookup()


def test_an_alias_token_waits_for_the_deployment(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r'alias_name must be literal at="synth"'):
        ResolvedKey.from_alias(stack, "Ref", f"alias/{Aws.STACK_NAME}")
    assert ResolvedKey.from_alias(stack, "Later", f"alias/{Aws.STACK_NAME}", at="deploy").key_arn


def test_at_has_two_values(stack: Stack) -> None:
    with pytest.raises(ValueError, match="at must be 'synth' or 'deploy', got 'run'"):
        ResolvedKey.from_alias(stack, "Ref", "alias/orders", at="run")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at must be 'synth' or 'deploy', got 'run'"):
        ResolvedKey.aws_managed(stack, "Ref", Service.SNS, at="run")  # type: ignore[arg-type]


# -- from_alias at deploy


def test_a_deploy_time_lookup_may_describe_the_alias_and_nothing_else(stack: Stack) -> None:
    ResolvedKey.from_alias(stack, "Ref", "alias/orders", at="deploy")
    assert identity_statements(stack) == [
        {
            "Effect": "Allow",
            "Action": "kms:DescribeKey",
            "Resource": f"arn:<AWS::Partition>:kms:{REGION}:{ACCOUNT}:key/*",
            "Condition": {"StringEquals": {"kms:RequestAlias": "alias/orders"}},
        }
    ]


def test_deploy_time_lookups_share_one_function_a_stack(stack: Stack) -> None:
    for name in ("orders", "payroll", "users"):
        ResolvedKey.from_alias(stack, name, f"alias/{name}", at="deploy")
    ResolvedKey.aws_managed(stack, "Managed", Service.SECRETS_MANAGER, at="deploy")
    made = template(stack)
    assert len(resources(made, "AWS::Lambda::Function")) == 1
    lookups = resources(made, "Custom::KmsKeyOfAlias").values()
    assert len(lookups) == 4
    assert all(lookup["InstallLatestAwsSdk"] is False for lookup in lookups)


# -- from_parameter


def test_the_owner_publishes_what_a_reader_takes(stack: Stack, other_stack: Stack, key: HardenedKey) -> None:
    key.publish_arn("/app/key-arn")
    ResolvedKey.from_parameter(other_stack, "Ref", "/app/key-arn").grant_decrypt(make_role(other_stack))
    [published] = resources(template(stack), "AWS::SSM::Parameter").values()
    assert (published["Name"], readable(published["Value"])) == ("/app/key-arn", "<Key.Arn>")
    made = template(other_stack)
    assert not other_stack.dependencies
    [parameter] = [p for p in made["Parameters"].values() if p["Default"] == "/app/key-arn"]
    assert parameter["Type"] == "AWS::SSM::Parameter::Value<String>"
    [policy] = resources(made, "AWS::IAM::Policy").values()
    [statement] = policy["PolicyDocument"]["Statement"]
    assert "SsmParameterValue" in str(statement["Resource"])


def test_a_parameter_without_a_key_arn_fails_the_deployment(stack: Stack) -> None:
    key = ResolvedKey.from_parameter(stack, "Ref", "/app/key-arn")
    joined = stack.resolve(key.key_arn)["Fn::Join"]
    assert joined[0] == ":key/"
    assert [list(part) for part in joined[1]] == [["Fn::Select"], ["Fn::Select"]]
    assert joined[1][1]["Fn::Select"][1]["Fn::Split"][0] == ":key/"


@pytest.mark.parametrize("name", [KEY_ARN, "", "/", "a//b", "a/", "a b", "a*"])
def test_what_is_no_parameter_name_is_refused(stack: Stack, key: HardenedKey, name: str) -> None:
    with pytest.raises(ValueError, match="parameter_name must be an SSM parameter name"):
        ResolvedKey.from_parameter(stack, "Ref", name)
    with pytest.raises(ValueError, match="parameter_name must be an SSM parameter name"):
        key.publish_arn(name)


@pytest.mark.parametrize("name", ["key-arn", "/app/key-arn", f"/{Aws.STACK_NAME}/key-arn"])
def test_a_published_name_may_be_simple_or_put_together(stack: Stack, key: HardenedKey, name: str) -> None:
    assert key.publish_arn(name).parameter_name
    assert len(resources(template(stack), "AWS::SSM::Parameter")) == 1


# -- aws_managed


@pytest.mark.parametrize(
    "service, alias",
    [
        (Service.SECRETS_MANAGER, "alias/aws/secretsmanager"),
        (Service.PARAMETER_STORE, "alias/aws/ssm"),
        (Service.SQS, "alias/aws/sqs"),
    ],
)
def test_an_aws_managed_key_is_looked_up_by_its_alias(service: Service, alias: str) -> None:
    stack = stack_with(alias_entry(alias, {"keyId": KEY_ID}))
    assert KEY_ID in ResolvedKey.aws_managed(stack, "Ref", service).key_arn


def test_a_service_without_an_aws_managed_key_is_refused(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"service must be one with an AWS-managed key, got CloudWatchLogs: known are"):
        ResolvedKey.aws_managed(stack, "Ref", Service.CLOUDWATCH_LOGS)


# -- of_secret


def secret_key(answer: Any) -> Any:
    stack = stack_with(secret_entry([{"KmsKeyId": answer}]) | alias_entry("alias/orders", {"keyId": KEY_ID}))
    key = ResolvedKey.of_secret(stack, "Ref", SECRET)
    return key if key is AWS_MANAGED else readable(stack.resolve(key.key_arn)).replace("<AWS::Partition>", "aws")


@pytest.mark.parametrize(
    "answer",
    [KEY_ARN, KEY_ID, "alias/orders", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/orders"],
    ids=["ARN", "id", "alias", "alias ARN"],
)
def test_the_key_of_a_secret_is_followed_to_its_arn(answer: str) -> None:
    assert secret_key(answer) == KEY_ARN


@pytest.mark.parametrize(
    "answer", ["alias/aws/secretsmanager", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/secretsmanager"]
)
def test_a_secret_may_say_that_its_key_is_aws_managed(answer: str) -> None:
    assert secret_key(answer) is AWS_MANAGED


@pytest.mark.usefixtures("cli")
def test_a_secret_without_key_id_is_under_the_aws_managed_key() -> None:
    error = {"$providerError": "Cannot read field KmsKeyId. KmsKeyId is not found.", "$dontSaveContext": True}
    app = App(context=secret_entry(error))
    stack = Stack(app, "Stack", env=environment())
    assert ResolvedKey.of_secret(stack, "Ref", SECRET) is AWS_MANAGED
    assert missing(app) == []
    Annotations.from_stack(stack).has_no_error("*", Match.any_value())


@pytest.mark.usefixtures("cli")
def test_the_cli_is_asked_for_the_key_of_a_secret(app: App, stack: Stack) -> None:
    ResolvedKey.of_secret(stack, "Ref", SECRET)
    assert missing(app) == list(secret_entry(None))
    Annotations.from_stack(stack).has_error("*", Match.string_like_regexp("is the dummy of a lookup"))


@pytest.mark.usefixtures("cli")
def test_another_failure_is_no_answer() -> None:
    stack = stack_with(secret_entry({"$providerError": "AccessDenied"}))
    ResolvedKey.of_secret(stack, "Ref", SECRET)
    Annotations.from_stack(stack).has_error("*", Match.string_like_regexp("because AccessDenied"))


def test_an_unanswered_secret_is_an_error(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"the key of .*app/db-AbC123 is the dummy of a lookup"):
        ResolvedKey.of_secret(stack, "Ref", SECRET)


@pytest.mark.parametrize(
    "answer, why",
    [
        (KEY_ARN.replace(REGION, "eu-west-3"), "whose region is eu-west-1"),
        (KEY_ARN.replace(ACCOUNT, "999999999999"), "whose account is 111122223333"),
        (f"arn:aws:kms:eu-west-3:{ACCOUNT}:alias/orders", "whose region is eu-west-1"),
        ("", "the context holds no key id"),
        (None, "the context holds no key id"),
        (DUMMY, "the context holds no key id"),
        ("nonsense", "the context holds no key id"),
    ],
)
def test_context_that_contradicts_the_secret_is_reported(answer: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        secret_key(answer)


@pytest.mark.parametrize("context", [[], [{}], {}, "x"])
def test_context_that_is_no_answer_is_reported(context: Any) -> None:
    with pytest.raises(ValueError, match="the context holds no key id"):
        ResolvedKey.of_secret(stack_with(secret_entry(context)), "Ref", SECRET)


@pytest.mark.parametrize("secret", [KEY_ARN, "arn:x", f"{SECRET[:-13]}*", Aws.STACK_NAME])
def test_what_is_no_secret_is_refused(stack: Stack, secret: str) -> None:
    with pytest.raises(ValueError, match="secret_arn_or_name must be"):
        ResolvedKey.of_secret(stack, "Ref", secret)


# -- what it returns is an IKey


def test_every_construct_accepts_what_it_returns(stack: Stack) -> None:
    for number, key in enumerate(
        [
            ResolvedKey.from_arn(stack, "Arn", KEY_ARN),
            ResolvedKey.from_parameter(stack, "Parameter", "/app/key-arn"),
            ResolvedKey.from_alias(stack, "Alias", "alias/orders", at="deploy"),
            ResolvedKey.aws_managed(stack, "Managed", Service.SECRETS_MANAGER, at="deploy"),
        ]
    ):
        s3.Bucket(stack, f"Bucket{number}", encryption_key=key)
        sqs.Queue(stack, f"Queue{number}", encryption_master_key=key)
        secretsmanager.Secret(stack, f"Secret{number}", encryption_key=key)
        logs.LogGroup(stack, f"Group{number}", encryption_key=key)
        kms.Alias(stack, f"KeyAlias{number}", alias_name=f"alias/k{number}", target_key=key)
        key.grant_decrypt(iam.Role(stack, f"Role{number}", assumed_by=iam.AccountRootPrincipal()))
    template(stack)
