"""What names a resource under the key where no row reads it is told, unless who uses it is admitted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.authoring.small_apps import KEY, ROLE, app, decided, ref, said

RULE = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}
BUCKET = ("AWS::S3::Bucket", {"BucketEncryption": {"ServerSideEncryptionConfiguration": [RULE]}})
QUEUE = ("AWS::SQS::Queue", {"KmsMasterKeyId": KEY})
NAMED = ref("Bucket", "Ref")
# Types and properties of which the catalogue has no row.
REPORT = "AWS::LicenseManager::ReportGenerator"


def tells(kind: str, properties: dict[str, Any], **more: Any) -> bool:
    others = more.pop("others", {})
    return "unreadName" in said(decided(app(Bucket=BUCKET, It=(kind, properties), **others), **more))


@pytest.mark.parametrize(
    "kind, properties, told",
    [
        (REPORT, {"S3Location": {"Bucket": NAMED}}, True),
        (REPORT, {"Outputs": [{"Bucket": {"Fn::Join": ["", ["s3://", NAMED, "/x"]]}}]}, True),
        (REPORT, {"S3Location": {"Bucket": "another"}}, False),
        # What is named as something else than a place, and what only a program reads.
        (REPORT, {"Label": NAMED}, False),
        (REPORT, {"S3Location": {"Tags": [{"Value": NAMED}]}}, False),
        ("AWS::Lambda::Function", {"Environment": {"Variables": {"BUCKET": NAMED}}}, False),
        # Policies of the bucket, what is no resource of AWS, and what a row reads.
        ("AWS::S3::BucketPolicy", {"Bucket": NAMED}, False),
        ("AWS::IAM::Thing", {"Bucket": NAMED}, False),
        ("Custom::S3AutoDeleteObjects", {"BucketName": NAMED}, False),
        ("AWS::EC2::FlowLog", {"LogDestination": NAMED}, False),
        # A row for what is inside the property, and one for another sort of target.
        ("AWS::MSK::Cluster", {"LoggingInfo": NAMED}, True),
        ("AWS::Events::Rule", {"Targets": [{"Arn": NAMED}]}, True),
        # A row of the type for another property.
        ("AWS::EC2::FlowLog", {"OtherDestination": NAMED}, True),
    ],
)
def test_a_property_that_no_row_reads_is_told(kind: str, properties: dict[str, Any], told: bool) -> None:
    assert tells(kind, properties) is told


def test_a_bucket_that_names_itself_is_not_told() -> None:
    itself = {**BUCKET[1], "LifecycleTarget": ref("Bucket", "Arn")}
    assert "unreadName" not in said(decided(app(Bucket=("AWS::S3::Bucket", itself))))


def test_what_is_not_under_the_key_is_not_told_of() -> None:
    """Neither a bucket that only sends to a queue which is, nor what nobody uses by its key."""
    sends = {"QueueConfigurations": [{"Queue": ref("Queue"), "Event": "s3:ObjectCreated:*"}]}
    source = ("AWS::S3::Bucket", {"NotificationConfiguration": sends})
    names = (REPORT, {"S3Location": {"Bucket": ref("Source", "Ref")}})
    assert "unreadName" not in said(decided(app(Queue=QUEUE, Source=source, It=names)))
    files = ("AWS::EFS::FileSystem", {"KmsKeyId": KEY})
    mounts = (REPORT, {"S3Location": {"Bucket": ref("Files", "Ref")}})
    assert "unreadName" not in said(decided(app(Files=files, It=mounts)))


def test_a_text_that_names_it_is_told_by_its_property() -> None:
    text = {"Fn::Join": ["", ["s3://", NAMED, "/x"]]}
    decision = decided(app(Bucket=BUCKET, It=(REPORT, {"Outputs": [{"Bucket": text}]})))
    [told] = [text for name, text in decision.findings if name == "unreadName"]
    assert told.startswith(f"Stack/It ({REPORT}, Outputs/0/Bucket) with the key of Stack/Bucket: ")


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey"])
def test_nothing_is_told_once_its_role_is_admitted(action: str) -> None:
    made = {"S3Location": {"Bucket": NAMED}, "RoleArn": ref("Role")}
    admits = {"Effect": "Allow", "Principal": {"AWS": "${Stack/Role.Arn}"}, "Action": action}
    other = {**admits, "Principal": {"AWS": "${Stack/Other.Arn}"}}
    assert tells(REPORT, made, others={"Role": ROLE})
    assert tells(REPORT, made, others={"Role": ROLE}, statements=[other])
    assert not tells(REPORT, made, others={"Role": ROLE}, statements=[admits])


def test_nothing_is_told_once_its_service_is_admitted() -> None:
    made = {"S3Location": {"Bucket": NAMED}}

    def admitting(service: str) -> bool:
        principal = {"Service": f"{service}.amazonaws.com"}
        return tells(REPORT, made, statements=[{"Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt"}])

    assert not admitting("licensemanager")
    assert not admitting("reports.licensemanager")
    assert admitting("s3")


def test_the_role_of_a_function_is_not_named_where_its_events_are() -> None:
    mapping = ("AWS::Lambda::EventSourceMapping", {"EventSourceArn": ref("Queue"), "FunctionName": "f"})
    admits = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/f"}, "Action": "kms:Decrypt"}
    assert "unreadName" in said(decided(app(Queue=QUEUE, Mapping=mapping)))
    assert "unreadName" not in said(decided(app(Queue=QUEUE, Mapping=mapping), statements=[admits]))


def test_the_finding_says_what_to_call() -> None:
    decision = decided(app(Bucket=BUCKET, It=(REPORT, {"S3Location": {"Bucket": NAMED}})))
    [text] = [text for name, text in decision.findings if name == "unreadName"]
    assert text.startswith(f"Stack/It ({REPORT}, S3Location/Bucket) with the key of Stack/Bucket: ")
    assert "key.grant_via(role, Service.S3" in text
    assert "key.add_to_resource_policy" in text


def test_what_launches_is_told_of_too() -> None:
    disks = {"LaunchTemplateData": {"BlockDeviceMappings": [{"Ebs": {"KmsKeyId": KEY}}]}}
    other = ("AWS::ImageBuilder::DistributionConfiguration", {"LaunchTemplate": {"Id": ref("Template", "Ref")}})
    decision = decided(app(Template=("AWS::EC2::LaunchTemplate", disks), Other=other))
    [text] = [text for name, text in decision.findings if name == "unreadName"]
    assert "kms:CreateGrant" in text


HANDLED = ("AWS::AmazonMQ::Broker", {"EncryptionOptions": {"KmsKeyId": KEY}})


def test_of_a_type_that_its_handlers_alone_tell_of_it_is_told() -> None:
    decision = decided(app(It=HANDLED))
    assert decision.provisions
    assert said(decision) == ["handlersOnly"]


@pytest.mark.parametrize("service, told", [("mq", False), ("amazonmq", False), ("s3", True)])
def test_of_such_a_type_nothing_is_told_once_its_service_is_admitted(service: str, told: bool) -> None:
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Condition": {}}
    assert ("handlersOnly" in said(decided(app(It=HANDLED), statements=[statement]))) is told


def test_what_belongs_to_a_resource_of_such_a_type_is_told_with_it() -> None:
    alone = {"CustomerEncryptionKeyArn": KEY}
    version = ("AWS::Bedrock::PromptVersion", {"PromptArn": ref("Prompt")})
    decision = decided(app(Prompt=("AWS::Bedrock::Prompt", alone), Version=version))
    assert [use.resource.type for use in decision.uses] == ["AWS::Bedrock::Prompt", "AWS::Bedrock::PromptVersion"]
    assert said(decision) == ["handlersOnly"]


def test_where_another_row_says_who_uses_it_nothing_is_told_of_handlers() -> None:
    logs = {"S3MonitoringConfiguration": {"LogUri": "s3://x", "EncryptionKeyArn": KEY}}
    decision = decided(app(It=("AWS::EMRServerless::Application", {"MonitoringConfiguration": logs})))
    assert decision.provisions
    assert "handlersOnly" not in said(decision)


def test_where_a_page_says_who_works_with_it_its_grant_is_told_alone() -> None:
    source = ("AWS::Bedrock::DataSource", {"ServerSideEncryptionConfiguration": {"KmsKeyArn": KEY}})
    assert said(decided(app(It=source))) == ["callers"]


def test_what_a_page_says_is_no_such_type() -> None:
    assert said(decided(app(Files=("AWS::EFS::FileSystem", {"KmsKeyId": KEY})))) == []
