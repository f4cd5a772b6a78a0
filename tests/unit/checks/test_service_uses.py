"""What in templates needs which key, by the rows of the catalogue: places, names and who stands beside what."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access.parties import EVERYTHING
from secure_kms_constructs.aws.catalogue import Need, Who
from secure_kms_constructs.checks import check_templates
from secure_kms_constructs.checks.examples import ACCOUNT, REGION, ROLE, THE_KEY, allow, key, template
from secure_kms_constructs.checks.service_uses import Use, contexts_of, leads_to, name_of, value_beside, values_at
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates.landscape import Key, Resource, Source

ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"


def resource(kind: str = "AWS::SQS::Queue", arn: str | None = ARN, **properties: Any) -> Resource:
    return Resource(kind, Source("App", "It", "App/It"), "aws", REGION, ACCOUNT, arn, properties)


def use(one: Resource, place: str = "Properties", target: Resource | None = None, **need: Any) -> Use:
    row = Need(type=one.type, who=Who.ROLE, source="https://x", **need)
    return Use(one, place, row, Key("arn", EVERYTHING, None), target)


@pytest.mark.parametrize(
    "value, path, found",
    [
        ({"A": {"B": 1}}, "A/B", {"P.A.B": 1}),
        ({"A": [{"B": 1}, {"B": 2}]}, "A/*/B", {"P.A[0].B": 1, "P.A[1].B": 2}),
        ({"A": {"x": {"B": 1}, "y": {"B": 2}}}, "A/*/B", {"P.A.x.B": 1, "P.A.y.B": 2}),
        # A name below a list, a list or map below a text, and what is not there.
        *(({"A": [{"B": 1}]}, "A/B", {}), ({"A": "x"}, "A/*", {}), ({"A": "xB"}, "A/B", {}), ({}, "A", {})),
        ({"A": ["x"]}, "A/x", {}),
    ],
)
def test_what_stands_at_a_path(value: Any, path: str, found: dict[str, Any]) -> None:
    assert dict(values_at(value, path.split("/"), "P")) == found


@pytest.mark.parametrize(
    "value, leads",
    [
        *((ARN, True), (URL, True), ("jobs", True), (f"{ARN}/x", True), ("jobs.s3.amazonaws.com", True)),
        *((f"{ARN}2", False), (f"{ARN}:x", False), (f"x{ARN}", False), ("job", False)),
        ({"States": {"Do": {"To": URL}}}, True),
        ({"States": {"Do": {"To": f"{URL}2"}}}, False),
        ({"States": {"Do": {"To": ARN, "Of": Unknown("a parameter")}}}, True),
        ({"States": {"Do": {"To": Unknown("a parameter")}}}, False),
        (f' {{"To": "{ARN}"}}', True),
        (f'{{"To": "{ARN}:x"}}', False),
        *((Unknown("a parameter"), False), ([ARN], False), (None, False)),
    ],
)
def test_what_leads_to_a_resource(value: Any, leads: bool) -> None:
    assert leads_to(value, resource()) is leads
    assert not leads_to(value, resource(arn=None))


# The third action's role is that of the third action's queue.
TWO = [{"Sqs": {"Role": "a"}}, {"Sqs": {"Role": "b"}}]


@pytest.mark.parametrize(
    "properties, principal, place, found",
    [
        ({"Actions": TWO}, "Actions/*/Sqs/Role", "Properties.Actions[1].Sqs.QueueUrl", "b"),
        ({"Actions": TWO}, "Actions/*/Sqs/Role", "Properties.Actions[0].Sqs.QueueUrl", "a"),
        # Not beside it: the first there is.
        ({"Actions": TWO}, "Actions/*/Sqs/Role", "Properties.Others[1].Sqs.QueueUrl", "a"),
        ({"Actions": TWO}, "Actions/*/Sqs/Role", "Properties.Actions", "a"),
        ({"Actions": TWO}, "Actions/*/Sqs/Role", "Properties.Actions.x", "a"),
        ({"Actions": []}, "Actions/*/Sqs/Role", "Properties.Actions[1]", None),
        ({"Actions": TWO[:1]}, "Actions/*/Sqs/Role", "Properties.Actions[1].Sqs", None),
        ({"Role": "a", "Of": 1}, "Role", "Properties.Of", "a"),
        ({"Role": "a"}, "Role/Arn", "Properties.Of", None),
        ({"Actions": "x"}, "Actions/*", "Properties.Of", None),
        ({"Actions": {"*": "x"}}, "Actions/*", "Properties.Of", "x"),
        ({"Actions": [{"Sqs": 1}]}, "Actions/Sqs", "Properties.Of", None),
    ],
)
def test_a_role_is_that_of_the_same_member(properties: Any, principal: str, place: str, found: Any) -> None:
    assert value_beside(use(resource(**properties), place, principal=principal)) == found


@pytest.mark.parametrize(
    "named_by, properties, name, contexts",
    [
        ("Name", {"Name": "jobs"}, "jobs", {"kms:EncryptionContext:a": f"arn:aws:x:{REGION}:{ACCOUNT}:jobs"}),
        ("Name", {"Name": f"arn:aws:x:{REGION}:{ACCOUNT}:bus/jobs"}, "jobs", ...),
        # What is not known whole is not sent as a part.
        ("Name", {}, "", {}),
        ("Name", {"Name": Unknown("a parameter")}, "", {}),
        ("", {"": "jobs", "Name": "jobs"}, "jobs", ...),
    ],
)
def test_a_context_is_known_with_the_name_of_its_resource(
    named_by: str, properties: Any, name: str, contexts: Any
) -> None:
    context = (("a", "arn:{partition}:x:{region}:{account}:{name}"), ("b", "any:*"))
    one = use(resource(**properties), named_by=named_by, context=context)
    assert name_of(one) == name
    if contexts is not ...:
        assert contexts_of(one) == contexts


def test_messages_say_whose_key_it_is() -> None:
    assert use(resource()).whose == "the key"
    assert use(resource(), target=resource()).whose == "the key of App/It"


def found_in(**resources: Any) -> list[str]:
    report = check_templates({"App": template(**resources)}, account=ACCOUNT, region=REGION)
    return [one.message for one in report.findings if one.rule in ("KLP510", "KLP513")]


DESTINATION = {
    "BucketName": "logs",
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"KMSMasterKeyID": THE_KEY}}]
    },
}
LOGGED = allow({"Service": "logging.s3.amazonaws.com"}, ["kms:Decrypt", "kms:GenerateDataKey"])


@pytest.mark.parametrize(
    "logging, told",
    [
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
        ({"LogFilePrefix": "x"}, True),
        ({"DestinationBucketName": "logs"}, True),
        ({"DestinationBucketName": "others"}, False),
        (None, False),
    ],
)
def test_a_bucket_that_logs_to_itself_has_a_key_for_it(logging: Any, told: bool) -> None:
    properties = DESTINATION | ({"LoggingConfiguration": logging} if logging else {})
    bucket = {"Type": "AWS::S3::Bucket", "Properties": properties}
    assert bool(found_in(Key=key(), Logs=bucket)) is told
    assert found_in(Key=key(LOGGED), Logs=bucket) == []


@pytest.mark.parametrize("by_role", [True, False])
def test_mail_is_written_by_the_role_where_its_action_names_one(by_role: bool) -> None:
    """https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html"""
    action = {"BucketName": "logs"} | ({"IamRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}} if by_role else {})
    mail = {"Type": "AWS::SES::ReceiptRule", "Properties": {"Rule": {"Actions": [{"S3Action": action}]}}}
    role = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "app"}}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": DESTINATION}
    [message] = found_in(Key=key(), Role=role, Logs=bucket, Mail=mail)
    assert ("ses.amazonaws.com cannot use the key of" in message) is not by_role


@pytest.mark.parametrize("named", [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/other", {"Ref": "Elsewhere"}, "alias/x", 5])
def test_a_key_that_no_template_makes_is_for_its_owner_to_know(named: Any) -> None:
    made = template(
        Topic={"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": named}},
        Alarm={"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmActions": [{"Ref": "Topic"}]}},
    )
    made["Parameters"] = {"Elsewhere": {"Type": "String"}}
    report = check_templates({"App": made}, account=ACCOUNT, region=REGION)
    assert [one.rule for one in report.findings if one.rule in ("KLP001", "KLP510")] == []
