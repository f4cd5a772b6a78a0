"""Alarms on changes of keys, to a topic and to a queue, each under a HardenedKey."""

import os

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey, KmsDriftAlarms

app = App()
env = Environment(account=os.environ["CDK_DEFAULT_ACCOUNT"], region=os.environ["CDK_DEFAULT_REGION"])
stack = Stack(app, "Alarms", env=env)
key = HardenedKey(stack, "Key")
topic = sns.Topic(stack, "Topic", master_key=key)
KmsDriftAlarms(stack, "Drift", topic=topic, leave_out=[key.deployer_arn])
queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
KmsDriftAlarms(stack, "All", queue=queue)
app.synth()
