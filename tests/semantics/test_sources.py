"""For whom a service may use a key: a source that somebody names is neither lost nor widened."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aws_cdk import App, Aspects, Aws, Environment, Stack
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
