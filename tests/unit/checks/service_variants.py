"""Templates on both sides of the lines that rules on services and the roles of resources draw."""

from __future__ import annotations

import copy
from typing import Any

from secure_kms_constructs.checks.examples import ACCOUNT, REGION, ROLE, ROOT, THE_KEY, allow, key, policy, template
from secure_kms_constructs.checks.rules import rule_named

FOUND, UNDECIDED, QUIET = True, None, False
Case = tuple[str, str, Any, bool | None]

USES = ["kms:Decrypt", "kms:GenerateDataKey"]
EVENTS, SOURCE = {"Service": "events.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders"
OF_BUS = {"StringEquals": {"aws:SourceAccount": ACCOUNT, "kms:EncryptionContext:aws:events:event-bus:arn": BUS}}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": THE_KEY}}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": THE_KEY}}
A_BUS = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders", "KmsKeyIdentifier": THE_KEY}}


def rule(target: Any) -> dict[str, Any]:
    return {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Id": "it", "Arn": target}]}}


TO_TOPIC, TO_QUEUE = rule({"Ref": "Topic"}), rule({"Fn::GetAtt": ["Queue", "Arn"]})
FOR_QUEUE = allow(EVENTS, USES, {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/*"}})

TOPICS: list[Case] = [
    (
        "KLP509",
        "what is for a queue under the same key",
        template(Key=key(FOR_QUEUE), Topic=TOPIC, Queue=QUEUE, Rule=TO_QUEUE),
        QUIET,
    ),
    (
        "KLP509",
        "what is for a queue, beside a rule for the topic",
        template(Key=key(FOR_QUEUE), Topic=TOPIC, Queue=QUEUE, Rule=TO_QUEUE, Other=TO_TOPIC),
        FOUND,
    ),
    (
        "KLP509",
        "a statement for each",
        template(Key=key(FOR_QUEUE, allow(EVENTS, USES)), Topic=TOPIC, Queue=QUEUE, Rule=TO_QUEUE, Other=TO_TOPIC),
        QUIET,
    ),
    (
        "KLP509",
        "what the context of a bus is asked for",
        template(Key=key(allow(EVENTS, USES, OF_BUS)), Topic=TOPIC, Bus=A_BUS),
        QUIET,
    ),
    (
        "KLP509",
        "the context of a topic",
        template(
            Key=key(allow(EVENTS, USES, {**SOURCE, "StringLike": {"kms:EncryptionContext:aws:sns:topicArn": "arn:*"}})),
            Topic=TOPIC,
        ),
        FOUND,
    ),
    (
        "KLP509",
        "another topic under the key",
        template(Key=key(allow(EVENTS, USES, SOURCE)), Topic=TOPIC, Other=TOPIC),
        FOUND,
    ),
]

DESCRIBES = allow(EVENTS, "kms:DescribeKey", SOURCE)
FILTERED = {
    "Type": "AWS::Lambda::EventSourceMapping",
    "Properties": {"KmsKeyArn": THE_KEY, "FunctionName": "orders", "FilterCriteria": {}},
}
TRAIL = {"Type": "AWS::CloudTrail::Trail", "Properties": {"KMSKeyId": THE_KEY}}
FOR_TRAIL = {"Service": "cloudtrail.amazonaws.com"}


def trail(pattern: str) -> Any:
    return template(
        Key=key(
            allow(
                FOR_TRAIL, "kms:GenerateDataKey*", {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": pattern}}
            ),
            allow(FOR_TRAIL, ["kms:Decrypt", "kms:DescribeKey"], SOURCE),
        ),
        Trail=TRAIL,
    )


SERVICES: list[Case] = [
    ("KLP510", "a bus by its name", template(Key=key(allow(EVENTS, USES, OF_BUS), DESCRIBES), Bus=A_BUS), QUIET),
    (
        "KLP510",
        "another bus",
        template(
            Key=key(allow(EVENTS, USES, OF_BUS), DESCRIBES),
            Bus={"Type": "AWS::Events::EventBus", "Properties": {"Name": "bills", "KmsKeyIdentifier": THE_KEY}},
        ),
        FOUND,
    ),
    (
        "KLP510",
        "the name of the service that the page prints, of two",
        template(Key=key(allow({"Service": f"lambda.{REGION}.amazonaws.com"}, "kms:Decrypt")), Mapping=FILTERED),
        QUIET,
    ),
    ("KLP510", "neither name of a service", template(Key=key(), Mapping=FILTERED), FOUND),
    ("KLP510", "a trail whose name is made up", trail(f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/mine"), QUIET),
    (
        "KLP510",
        "what is believed of budgets",
        template(
            Key=key(),
            Topic=TOPIC,
            Budget={
                "Type": "AWS::Budgets::Budget",
                "Properties": {"NotificationsWithSubscribers": [{"Subscribers": [{"Address": {"Ref": "Topic"}}]}]},
            },
        ),
        UNDECIDED,
    ),
]

NAMED = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "app"}}
APP = f"arn:aws:iam::{ACCOUNT}:role/app"
BROKEN = rule_named("role-without-key").broken["Resources"]
DELEGATES = allow(ROOT, "kms:*")
PIPE = f"arn:aws:pipes:{REGION}:{ACCOUNT}:pipe/orders"


def dead_letters(the_key: Any, *statements: Any) -> Any:
    held = {"Policy": policy(*statements)} if statements else {}
    return template(**{**copy.deepcopy(dict(BROKEN)), "Key": the_key, **held})


def through(service: str) -> Any:
    return {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}


def pipe(condition: Any) -> Any:
    return template(
        Key=key(allow(APP, USES, condition), allow(APP, "kms:DescribeKey")),
        Role=NAMED,
        Pipe={
            "Type": "AWS::Pipes::Pipe",
            "Properties": {"Name": "orders", "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "KmsKeyIdentifier": THE_KEY},
        },
    )


SENT_TO = {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": THE_KEY, "QueueName": "orders"}}
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders"


def machine(the_key: Any, **definition: Any) -> Any:
    """Return a state machine with tasks of its definition, a queue and a topic."""
    return template(
        Key=the_key,
        Role=NAMED,
        Queue=SENT_TO,
        Topic={"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": THE_KEY, "TopicName": "orders"}},
        Machine={
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, **definition},
        },
    )


def sends(*parts: Any) -> dict[str, Any]:
    """Return a definition as CDK writes it, of texts and references."""
    return {"DefinitionString": {"Fn::Join": ["", ['{"QueueUrl":"', *parts, '"}']]}}


def mails(*actions: dict[str, Any]) -> Any:
    """Return a receipt rule of SES, whose actions write to a bucket under the key, with what each names its role by."""
    encryption = {"ServerSideEncryptionByDefault": {"KMSMasterKeyID": THE_KEY, "SSEAlgorithm": "aws:kms"}}
    bucket = {"BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]}}
    named = [{"S3Action": {"BucketName": {"Ref": "Bucket"}, **one}} for one in actions]
    return template(
        Key=key(),
        Role=NAMED,
        Bucket={"Type": "AWS::S3::Bucket", "Properties": bucket},
        Mails={"Type": "AWS::SES::ReceiptRule", "Properties": {"RuleSetName": "a", "Rule": {"Actions": list(named)}}},
    )


BY_ROLE = {"IamRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
DEFINITIONS: list[Case] = [
    ("KLP513", "a queue in a definition", machine(key(), **sends({"Ref": "Queue"})), FOUND),
    ("KLP513", "a queue by its literal URL", machine(key(), DefinitionString=f'{{"QueueUrl":"{URL}"}}'), FOUND),
    ("KLP513", "a topic in a definition", machine(key(), **sends({"Ref": "Topic"})), FOUND),
    ("KLP513", "an object as definition", machine(key(), Definition={"A": {"QueueUrl": {"Ref": "Queue"}}}), FOUND),
    (
        "KLP513",
        "a substitution",
        machine(key(), DefinitionSubstitutions={"To": {"Ref": "Topic"}}, DefinitionString='{"TopicArn":"${To}"}'),
        FOUND,
    ),
    ("KLP513", "a queue whose name begins alike", machine(key(), DefinitionString=f'{{"Q":"{URL}-2"}}'), QUIET),
    ("KLP513", "no queue in a definition", machine(key(), DefinitionString="{}"), QUIET),
    ("KLP513", "a text that only mentions it", machine(key(), DefinitionString=f"see {URL}"), QUIET),
    ("KLP513", "a role that may send", machine(key(allow(APP, USES)), **sends({"Ref": "Queue"})), QUIET),
    ("KLP513", "mails that a role writes", mails(BY_ROLE), FOUND),
    ("KLP513", "mails that the service writes", mails({}), QUIET),
    ("KLP510", "mails that the service writes", mails({}), FOUND),
    ("KLP510", "mails that a role writes", mails(BY_ROLE), QUIET),
    ("KLP510", "one action by a role, one by the service", mails(BY_ROLE, {}), FOUND),
    ("KLP513", "one action by the service, one by a role", mails({}, BY_ROLE), FOUND),
]

ROLES: list[Case] = [
    ("KLP513", "by its own policy, where the key delegates", dead_letters(key(DELEGATES), allow(None, USES)), QUIET),
    ("KLP513", "no policy, where the key delegates", dead_letters(key(DELEGATES)), FOUND),
    ("KLP513", "its own policy alone", dead_letters(key(), allow(None, USES)), FOUND),
    ("KLP513", "half of it", dead_letters(key(allow(APP, "kms:Decrypt"))), FOUND),
    ("KLP513", "through the service of the target", dead_letters(key(allow(APP, USES, through("sqs")))), QUIET),
    ("KLP513", "through another service", dead_letters(key(allow(APP, USES, through("sns")))), FOUND),
    (
        "KLP513",
        "by itself, under the name of its pipe",
        pipe({"StringEquals": {"kms:EncryptionContext:aws:pipes:arn": PIPE}}),
        QUIET,
    ),
    (
        "KLP513",
        "the other spelling of the page",
        pipe({"StringEquals": {"kms:EncryptionContext:aws:pipe:arn": PIPE}}),
        QUIET,
    ),
    ("KLP513", "another pipe", pipe({"StringEquals": {"kms:EncryptionContext:aws:pipes:arn": f"{PIPE}s"}}), FOUND),
    ("KLP513", "through a service that a role by itself does not come through", pipe(through("pipes")), FOUND),
]

OF_SERVICES = [*TOPICS, *SERVICES, *ROLES, *DEFINITIONS]
