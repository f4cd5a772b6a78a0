"""What an app keeps under one key beside its secrets: a bucket, a queue, a topic, an alarm, a stream, a table, an
environment of a function, a workflow and dead letters. And a table whose key does not admit who deploys it."""

import os

from aws_cdk import App, Environment, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from secure_kms_constructs import HardenedKey

app = App()
here = Environment(account=os.environ["CDK_DEFAULT_ACCOUNT"], region=os.environ["CDK_DEFAULT_REGION"])
stack = Stack(app, "Served", env=here)
key = HardenedKey(stack, "Key")
worker = iam.Role(stack, "Worker", assumed_by=iam.AccountRootPrincipal())


def table(scope: Stack, id: str, encryption_key: kms.IKey) -> dynamodb.Table:
    by = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    gone = RemovalPolicy.DESTROY
    return dynamodb.Table(scope, id, partition_key=by, encryption_key=encryption_key, removal_policy=gone)


def rule(source: str, target: events.IRuleTarget) -> None:
    events.Rule(stack, f"On{source}", event_pattern=events.EventPattern(source=[source]), targets=[target])


bucket = s3.Bucket(stack, "Bucket", encryption_key=key, removal_policy=RemovalPolicy.DESTROY)
bucket.grant_read_write(worker)
queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
queue.grant_send_messages(worker)
queue.grant_consume_messages(worker)
topic = sns.Topic(stack, "Topic", master_key=key)
topic.grant_publish(worker)
topic.add_subscription(subscriptions.SqsSubscription(sqs.Queue(stack, "Inbox", encryption_master_key=key)))
metric = cloudwatch.Metric(namespace="orders", metric_name="errors")
alarm = cloudwatch.Alarm(stack, "Alarm", metric=metric, threshold=1, evaluation_periods=1, alarm_name="served-errors")
alarm.add_alarm_action(actions.SnsAction(topic))
# The same without a key.
s3.Bucket(stack, "PlainBucket", removal_policy=RemovalPolicy.DESTROY)
sqs.Queue(stack, "PlainQueue")
sns.Topic(stack, "PlainTopic")
kinesis.Stream(stack, "PlainStream", encryption=kinesis.StreamEncryption.UNENCRYPTED)
stream = kinesis.Stream(stack, "Stream", encryption_key=key)
stream.grant_read_write(worker)
table(stack, "Table", key)
lambda_.Function(
    stack,
    "Function",
    runtime=lambda_.Runtime.PYTHON_3_13,
    handler="index.handler",
    code=lambda_.Code.from_inline("import os\n\ndef handler(*_):\n    return os.environ['SETTING']\n"),
    environment={"SETTING": "sealed"},
    environment_encryption=key,
)
machine = sfn.StateMachine(
    stack,
    "Machine",
    definition_body=sfn.DefinitionBody.from_chainable(sfn.Pass(stack, "Pass")),
    encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(key),
)
machine.grant_start_execution(worker)

rule("orders", targets.SqsQueue(queue))
# A queue whose key, the stock one, knows no service: what EventBridge cannot send there goes to the dead letters.
closed = sqs.Queue(stack, "Closed", encryption_master_key=kms.Key(stack, "Stock", removal_policy=RemovalPolicy.DESTROY))
dead = sqs.Queue(stack, "DeadLetters", encryption_master_key=key)
events.CfnRule(
    stack,
    "OnLost",
    event_pattern={"source": ["lost"]},
    targets=[
        events.CfnRule.TargetProperty(
            id="closed",
            arn=closed.queue_arn,
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=dead.queue_arn),
        )
    ],
)

# The same table under a key that leaves nothing to IAM policies and names nobody for DynamoDB.
refused = Stack(app, "Refused", env=here)
root = iam.PolicyStatement(
    actions=["kms:PutKeyPolicy", "kms:DescribeKey"], resources=["*"], principals=[iam.AccountRootPrincipal()]
)
strict = kms.Key(refused, "Key", policy=iam.PolicyDocument(statements=[root]), removal_policy=RemovalPolicy.DESTROY)
table(refused, "Table", kms.Key.from_key_arn(refused, "Strict", strict.key_arn))

app.synth()
