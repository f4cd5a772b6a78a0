"""What the library and its examples make passes its checks; what the stock L2 makes is found where it is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import assert_no_findings
from secure_kms_constructs.checks import Finding, Severity, check_assembly
from secure_kms_constructs.checks.examples import ACCOUNT, KEY_ARN, OTHER_ACCOUNT, REGION, ROOT
from tests.synth.templates import make_role
from tests.test_scanners import hardened

HERE = Environment(account=ACCOUNT, region=REGION)
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module", autouse=True)
def examples() -> Iterator[None]:
    sys.path.insert(0, str(EXAMPLES))
    yield
    sys.path.remove(str(EXAMPLES))


def test_what_the_library_makes_passes() -> None:
    assert_no_findings(hardened(App()), fail_on="info")


def build_examples(env: Environment | None) -> App:
    from brownfield import Brownfield
    from hardened_secrets import HardenedSecrets
    from log_groups import LogGroups
    from rotation import Keys, Rotation
    from superset import Superset

    app = App()
    HardenedSecrets(app, "HardenedSecrets", env=env)
    Rotation(app, "Rotation", Keys(app, "RotationKeys", env=env), env=env)
    LogGroups(app, "LogGroups", env=env)
    Superset(app, "Superset", env=env)
    Superset(app, "SupersetOwnKeys", own_keys=True, env=env)
    Brownfield(app, "Brownfield", env=env)
    return app


@pytest.mark.parametrize("env", [HERE, None], ids=["with an environment", "without"])
def test_the_examples_pass(env: Environment | None) -> None:
    found = check_assembly(build_examples(env).synth().directory).at_least("warning")
    # The innocent role has kms:* on * so that the demo can show that it gets nowhere.
    assert {(one.rule, one.path) for one in found} == {
        ("KLP101", "HardenedSecrets/InnocentRole/DefaultPolicy"),
        ("KLP102", "HardenedSecrets/InnocentRole/DefaultPolicy"),
    }


# Each builds in a stack what a line of the table of DESIGN says that the L2 makes.
def across_regions(stack: Stack) -> None:
    other = Stack(stack.node.root, "Elsewhere", env=Environment(account=OTHER_ACCOUNT, region=REGION))
    role = iam.Role(other, "Role", assumed_by=iam.AccountRootPrincipal(), role_name="reader")
    key = kms.Key(stack, "Key")
    key.grant_decrypt(role)


def prevented_delegation() -> iam.PolicyDocument:
    deployer = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                actions=["kms:*"],
                resources=["*"],
                principals=[iam.ArnPrincipal(ROOT)],
                conditions={"StringEquals": {"aws:PrincipalType": "Account"}},
            ),
            iam.PolicyStatement(actions=["kms:PutKeyPolicy"], resources=["*"], principals=[iam.ArnPrincipal(deployer)]),
        ]
    )


def grant_without_delegation(stack: Stack) -> None:
    kms.Key(stack, "Key", policy=prevented_delegation()).grant_decrypt(make_role(stack))


def administrators_without_delegation(stack: Stack) -> None:
    kms.Key(stack, "Key", policy=prevented_delegation(), admins=[make_role(stack)])


def imported_key(stack: Stack) -> None:
    key = kms.Key.from_key_arn(stack, "Key", KEY_ARN)
    secretsmanager.Secret(stack, "Secret", encryption_key=key).grant_read(make_role(stack))


def secret_under_a_key(stack: Stack) -> None:
    secretsmanager.Secret(stack, "Secret", encryption_key=kms.Key(stack, "Key")).grant_read(make_role(stack))


def ecs_exec(stack: Stack) -> None:
    key = kms.Key(stack, "Key", policy=prevented_delegation())
    vpc = ec2.Vpc(stack, "Vpc", max_azs=1, nat_gateways=0)
    cluster = ecs.Cluster(
        stack, "Cluster", vpc=vpc, execute_command_configuration=ecs.ExecuteCommandConfiguration(kms_key=key)
    )
    task = ecs.FargateTaskDefinition(stack, "Task")
    task.add_container("App", image=ecs.ContainerImage.from_registry("app"))
    ecs.FargateService(stack, "Service", cluster=cluster, task_definition=task, enable_execute_command=True)


def encrypted_queue(stack: Stack) -> sqs.Queue:
    return sqs.Queue(stack, "Queue", encryption_master_key=kms.Key(stack, "Key"))


def topic_to_queue(stack: Stack) -> None:
    sns.Topic(stack, "Topic").add_subscription(subscriptions.SqsSubscription(encrypted_queue(stack)))


def bucket_to_queue(stack: Stack) -> None:
    s3.Bucket(stack, "Bucket").add_event_notification(
        s3.EventType.OBJECT_CREATED, notifications.SqsDestination(encrypted_queue(stack))
    )


def rule_to_queue(stack: Stack) -> None:
    pattern = events.EventPattern(source=["app"])
    events.Rule(stack, "Rule", event_pattern=pattern, targets=[targets.SqsQueue(encrypted_queue(stack))])


def log_group(stack: Stack) -> None:
    logs.LogGroup(stack, "Logs", encryption_key=kms.Key(stack, "Key"))


def default_key(stack: Stack) -> None:
    secretsmanager.Secret(stack, "Secret").grant_read(make_role(stack))


def lookup(stack: Stack) -> None:
    kms.Key.from_lookup(stack, "Key", alias_name="alias/app").grant_decrypt(make_role(stack))


def alias_arn(stack: Stack) -> None:
    alias = KEY_ARN.rpartition("key/")[0] + "alias/app"
    kms.Key.from_key_arn(stack, "Key", alias).grant_decrypt(make_role(stack))


def every_key_arn(stack: Stack) -> None:
    every = KEY_ARN.rpartition("/")[0] + "/*"
    kms.Key.from_key_arn(stack, "Key", every).grant_decrypt(make_role(stack))


def alias_by_name(stack: Stack) -> None:
    kms.Alias.from_alias_name(stack, "Alias", "alias/aws/secretsmanager").grant_decrypt(make_role(stack))


def many_arns(stack: Stack) -> None:
    names = [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/{number:03}-??????" for number in range(300)]
    actions = ["secretsmanager:GetSecretValue"]
    make_role(stack).add_to_policy(iam.PolicyStatement(actions=actions, resources=names))


def long_key_policy(stack: Stack) -> None:
    key = kms.Key(stack, "Key")
    for number in range(300):
        key.grant_decrypt(iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/a-reader-with-a-rather-long-name-{number:03}"))


def immutable_role(stack: Stack) -> None:
    role = iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/app", mutable=False)
    kms.Key(stack, "Key").grant_decrypt(role)


# What every key of the L2 has: delegation without condition, no Deny of grants, no rotation.
KEY = {"KLP201", "KLP203", "KLP401"}
OWN_POLICY = {"KLP203", "KLP401"}
STOCK: dict[Callable[[Stack], None], set[str]] = {
    across_regions: {*KEY, "KLP101"},
    grant_without_delegation: {*OWN_POLICY, "KLP501"},
    administrators_without_delegation: {*OWN_POLICY, "KLP501", "KLP204"},
    imported_key: {"KLP505"},
    secret_under_a_key: KEY,
    # It takes over the sample of the CloudWatch Logs page, whose kms:Describe* has no encryption context.
    # Its statement for the log group has one action that never works, KLP302 as information only.
    ecs_exec: {*OWN_POLICY, "KLP201"},
    topic_to_queue: {*KEY, "KLP205"},
    bucket_to_queue: {*KEY, "KLP205"},
    # EventBridge has no source to name, so nothing can be asked of its statement.
    rule_to_queue: KEY,
    log_group: {*KEY, "KLP506"},
    default_key: set(),
    lookup: {"KLP104"},
    alias_arn: {"KLP103"},
    every_key_arn: {"KLP101"},
    alias_by_name: set(),
    many_arns: {"KLP602"},
    long_key_policy: {*KEY, "KLP601"},
    # Nothing is written, so there is nothing to find.
    immutable_role: KEY,
}


def found_in(build: Callable[[Stack], None]) -> list[Finding]:
    app = App()
    build(Stack(app, "Stack", env=HERE))
    return list(check_assembly(app.synth().directory).at_least(Severity.WARNING))


@pytest.mark.parametrize("build", STOCK, ids=lambda build: build.__name__)
def test_the_stock_l2_is_found_where_it_is_wrong(build: Callable[[Stack], None]) -> None:
    found = found_in(build)
    assert {one.rule for one in found} == STOCK[build], "\n".join(map(str, found))


def test_the_example_of_the_checks_passes_with_its_acknowledgements(tmp_path: Path) -> None:
    from checked_app import build

    app = build(str(tmp_path))
    app.synth()
    report = check_assembly(app.outdir)
    assert {one.rule for one in report.at_least(Severity.ERROR)} == set()
    assert {one.rule for one, _ in report.acknowledged} == {"KLP101", "KLP404"}


def test_the_example_of_a_test_passes() -> None:
    from checks_in_tests import test_the_keys_are_least_privilege

    test_the_keys_are_least_privilege()
