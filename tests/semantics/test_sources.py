"""For whom a service may use a key: a source that somebody names is neither lost nor widened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Aspects, Aws, CfnResource, Environment, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey, HardenKeys
from tests.semantics.assembly import deploy_app
from tests.semantics.judge import Judge

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "eu-west-1"
ENV = Environment(account=ACCOUNT, region=REGION)
SERVICES = ["delivery.logs", "events", "sns", "cloudfront", "lambda"]
NAMED = f"arn:aws:logs:{REGION}:{ACCOUNT}:delivery-source:mine"


def by_token(_stack: Stack, _key: kms.IKey) -> str:
    return f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:delivery-source:mine"


def by_format(stack: Stack, _key: kms.IKey) -> str:
    return stack.format_arn(service="logs", resource="delivery-source:mine")


def by_reference(stack: Stack, _key: kms.IKey) -> str:
    return sns.Topic(stack, "Topic", topic_name="mine").topic_arn


def by_reference_to_another_stack(stack: Stack, _key: kms.IKey) -> str:
    return sns.Topic(Stack(stack.node.scope, "Other", env=ENV), "Topic", topic_name="mine").topic_arn  # type: ignore[arg-type]


def by_reference_that_waits_for_the_key(stack: Stack, key: kms.IKey) -> str:
    return sns.Topic(stack, "Topic", topic_name="mine", master_key=key).topic_arn


@pytest.mark.parametrize("hardened", [True, False], ids=["HardenedKey", "HardenKeys"])
@pytest.mark.parametrize(
    "source, is_exact",
    [
        (by_token, True),
        (by_format, True),
        (by_reference, True),
        # These two would close a circle or order the stacks: the account is what is left to say.
        (by_reference_to_another_stack, False),
        (by_reference_that_waits_for_the_key, False),
    ],
)
def test_a_service_works_for_the_source_that_is_named(
    judge: Judge, source: Callable[[Stack, kms.IKey], str], *, hardened: bool, is_exact: bool
) -> None:
    app = App()
    stack = Stack(app, "App", env=ENV)
    key = HardenedKey(stack, "Key") if hardened else kms.Key(stack, "Key")
    named = source(stack, key)
    for service in SERVICES:
        key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                resources=["*"],
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                conditions={"ArnLike": {"aws:SourceArn": named}},
            )
        )
    if not hardened:
        Aspects.of(app).add(HardenKeys(fail_on_refusal=True))
    deployment = deploy_app(app, account=ACCOUNT, region=REGION)
    made = deployment.key("Key", stack="App")

    def may(service: str, arn: str, account: str = ACCOUNT) -> bool:
        sent = {"aws:SourceArn": arn, "aws:SourceAccount": account}
        return deployment.ask(judge, f"{service}.amazonaws.com", "kms:Decrypt", made, context=sent).allowed

    mine = NAMED if source in (by_token, by_format) else f"arn:aws:sns:{REGION}:{ACCOUNT}:mine"
    for service in SERVICES:
        assert may(service, mine), service
        assert may(service, f"{mine}x") is not is_exact, service
        assert not may(service, mine.replace(ACCOUNT, OTHER), OTHER), service


def test_a_bucket_that_tells_a_queue_is_the_one_that_the_queue_knows(judge: Judge) -> None:
    app = App()
    stack = Stack(app, "App", env=ENV)
    queue = sqs.Queue(stack, "Queue", encryption_master_key=HardenedKey(stack, "Key"))
    bucket = s3.Bucket(stack, "Bucket")
    bucket.add_event_notification(s3.EventType.OBJECT_CREATED, notifications.SqsDestination(queue))
    deployment = deploy_app(app, account=ACCOUNT, region=REGION)
    key, arn = deployment.key("Key"), deployment.bucket("Bucket")
    for source, account, allowed in ((arn, ACCOUNT, True), (arn, OTHER, False)):
        sent = {"aws:SourceArn": source, "aws:SourceAccount": account}
        asked = deployment.ask(judge, "s3.amazonaws.com", "kms:GenerateDataKey", key, context=sent)
        assert asked.allowed is allowed


def a_flow_log(stack: Stack, place: Environment, bucket: s3.IBucket) -> tuple[str, str, str]:
    where = {"LogDestinationType": "s3", "LogDestination": bucket.bucket_arn}
    CfnResource(stack, "Log", type="AWS::EC2::FlowLog", properties={"ResourceId": "v", "ResourceType": "VPC", **where})
    return "delivery.logs", "kms:GenerateDataKey", f"arn:aws:logs:{place.region}:{place.account}:*"


def an_alarm(stack: Stack, place: Environment, topic: sns.ITopic) -> tuple[str, str, str]:
    metric = cloudwatch.Metric(namespace="n", metric_name="m")
    alarm = cloudwatch.Alarm(stack, "Alarm", metric=metric, threshold=1, evaluation_periods=1)
    alarm.add_alarm_action(actions.SnsAction(topic))
    return "cloudwatch", "kms:Decrypt", f"arn:aws:cloudwatch:{place.region}:{place.account}:alarm:a"


def a_subscription(_stack: Stack, place: Environment, queue: sqs.IQueue) -> tuple[str, str, str]:
    """It stands beside the queue: the topic is what is elsewhere."""
    arn = f"arn:aws:sns:{place.region}:{place.account}:t"
    beside = Stack.of(queue)
    sns.CfnSubscription(beside, "Subscription", topic_arn=arn, protocol="sqs", endpoint=queue.queue_arn)
    return "sns", "kms:Decrypt", arn


def a_subscription_of_the_topic(stack: Stack, place: Environment, queue: sqs.IQueue) -> tuple[str, str, str]:
    topic = sns.CfnTopic(stack, "Topic", topic_name="t")
    sns.CfnSubscription(stack, "Subscription", topic_arn=topic.ref, protocol="sqs", endpoint=queue.queue_arn)
    return "sns", "kms:Decrypt", f"arn:aws:sns:{place.region}:{place.account}:t"


@pytest.mark.parametrize(
    "place", [ENV, Environment(account=OTHER, region=REGION), Environment(account=ACCOUNT, region="eu-west-3")]
)
@pytest.mark.parametrize("source", [a_flow_log, an_alarm, a_subscription, a_subscription_of_the_topic])
def test_a_service_works_for_what_is_in_another_account_or_region(
    judge: Judge, source: Any, place: Environment
) -> None:
    app = App()
    stack = Stack(app, "App", env=ENV, cross_region_references=True)
    there = Stack(app, "There", env=place, cross_region_references=True)
    key = HardenedKey(stack, "Key")
    under = {
        a_flow_log: lambda: s3.Bucket(stack, "It", bucket_name="it-is-one", encryption_key=key),
        an_alarm: lambda: sns.Topic(stack, "It", topic_name="it", master_key=key),
    }.get(source, lambda: sqs.Queue(stack, "It", queue_name="it", encryption_master_key=key))()
    service, action, arn = source(there, place, under)
    deployment = deploy_app(app, account=ACCOUNT, region=REGION)
    made = deployment.key("Key", stack="App")
    for account, region in ((ACCOUNT, REGION), (OTHER, REGION), (ACCOUNT, "eu-west-3"), (OTHER, "eu-west-3")):
        named = arn.replace(str(place.account), account).replace(str(place.region), region)
        sent = {"aws:SourceArn": named, "aws:SourceAccount": account}
        allowed = deployment.ask(judge, f"{service}.amazonaws.com", action, made, context=sent).allowed
        assert allowed is ((account, region) == (place.account, place.region)), (account, region)
