"""Roles that a resource names, and rows that hold only with a value of another property."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.authoring.small_apps import KEY, ROLE, ROOT, app, decided, ref, written

SECRET = ("AWS::SecretsManager::Secret", {"KmsKeyId": KEY})
BUCKET = (
    "AWS::S3::Bucket",
    {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"KMSMasterKeyID": KEY}}]
        }
    },
)


def build(kind: str) -> tuple[str, dict[str, Any]]:
    variable = {"Type": kind, "Value": ref("Secret", "Ref")}
    return "AWS::CodeBuild::Project", {
        "ServiceRole": ref("Role"),
        "Environment": {"EnvironmentVariables": [{"Type": "PLAINTEXT", "Value": "x"}, variable]},
    }


def readers(decision: Any) -> list[Any]:
    return [one["Principal"] for one in written(decision) if one["Sid"] == "AllowRoles"]


@pytest.mark.parametrize("kind, reads", [("SECRETS_MANAGER", True), ("PLAINTEXT", False), ("PARAMETER_STORE", False)])
def test_a_variable_is_a_secret_where_it_says_so_itself(kind: str, reads: bool) -> None:
    found = decided(app(Role=ROLE, Secret=SECRET, Build=build(kind)))
    assert readers(found) == ([{"AWS": ref("Role")}] if reads else [])


def by_name(role: str, context: dict[str, Any]) -> dict[str, Any]:
    tied = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com", **context}}
    return {
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {**tied, "ArnEquals": {"aws:PrincipalArn": role}},
    }


EXACT = {"kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:x-??????"}


@pytest.mark.parametrize(
    "role, context, written_too",
    [
        ("arn:aws:iam::111122223333:role/build", EXACT, False),
        ("arn:aws:iam::111122223333:role/build", {}, False),
        ("arn:aws:iam::111122223333:role/other", EXACT, True),
    ],
)
def test_a_role_that_may_read_the_very_secret_is_not_let_read_all(
    role: str, context: dict[str, Any], written_too: bool
) -> None:
    named = ("AWS::IAM::Role", {"RoleName": "build"})
    the_app = app(Role=named, Secret=SECRET, Build=build("SECRETS_MANAGER"))
    found = decided(the_app, statements=[by_name(role, context)])
    assert bool(readers(found)) is written_too


@pytest.mark.parametrize(
    "kind, properties",
    [
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"LoadBalancerAttributes": [{"Value": ref("Bucket", "Ref")}]}),
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            {"Type": "application", "LoadBalancerAttributes": [{"Value": ref("Bucket", "Ref")}]},
        ),
        ("AWS::ElasticLoadBalancing::LoadBalancer", {"AccessLoggingPolicy": {"S3BucketName": ref("Bucket", "Ref")}}),
        ("AWS::Redshift::Cluster", {"LoggingProperties": {"BucketName": ref("Bucket", "Ref")}}),
    ],
)
def test_what_cannot_deliver_to_a_bucket_under_a_key_is_refused_and_opens_nothing(
    kind: str, properties: dict[str, Any]
) -> None:
    found = decided(app(Bucket=BUCKET, It=(kind, properties)))
    [text] = found.refusals
    assert "needs a bucket that Amazon S3 encrypts with its own key (SSE-S3): deliver to another one" in text
    assert not any("delivery.logs" in str(one) for one in found.statements)


def test_a_network_load_balancer_delivers_to_a_bucket_under_a_key() -> None:
    logs = {"Type": "network", "LoadBalancerAttributes": [{"Value": ref("Bucket", "Ref")}]}
    found = decided(app(Bucket=BUCKET, It=("AWS::ElasticLoadBalancingV2::LoadBalancer", logs)))
    assert found.refusals == []
    assert [one["Principal"]["Service"] for one in written(found)] == ["delivery.logs.amazonaws.com"]


@pytest.mark.parametrize("encrypted, serves", [(False, True), (True, False)])
def test_a_replication_is_served_by_the_default_key_where_its_rule_names_none(encrypted: bool, serves: bool) -> None:
    other = {"EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:aws:kms:us-east-1:111122223333:key/other"}}
    rule = {"Destination": {"Bucket": ref("Bucket"), **(other if encrypted else {})}}
    source = ("AWS::S3::Bucket", {"ReplicationConfiguration": {"Role": ref("Role"), "Rules": [rule]}})
    found = decided(app(Role=ROLE, Bucket=BUCKET, Source=source))
    assert readers(found) == ([{"AWS": ref("Role")}] if serves else [])


@pytest.mark.parametrize("own", [False, True])
def test_a_data_lake_s_location_is_read_by_its_role_or_the_service_s(own: bool) -> None:
    properties = {"ResourceArn": ref("Bucket"), **({"RoleArn": ref("Role")} if own else {})}
    found = written(decided(app(Role=ROLE, Bucket=BUCKET, Location=("AWS::LakeFormation::Resource", properties))))
    [who] = [one["Principal"]["AWS"] for one in found]
    assert (who == ref("Role")) is own
    assert ("AWSServiceRoleForLakeFormationDataAccess" in str(who)) is not own


def test_a_table_s_stream_is_written_by_a_role_whose_own_policy_allows_it_so_it_need_not_exist_yet() -> None:
    stream = ("AWS::Kinesis::Stream", {"StreamEncryption": {"KeyId": KEY}})
    table = ("AWS::DynamoDB::Table", {"KinesisStreamSpecification": {"StreamArn": ref("Stream")}})
    found = decided(app(Stream=stream, Table=table))
    [one] = written(found)
    assert (one["Principal"], one["Action"]) == ({"AWS": ROOT}, "kms:GenerateDataKey")
    assert one["Condition"]["StringEquals"] == {"kms:ViaService": "kinesis.us-east-1.amazonaws.com"}
    role = one["Condition"]["ArnEquals"]["aws:PrincipalArn"]
    assert role.endswith(
        ":role/aws-service-role/kinesisreplication.dynamodb.amazonaws.com/"
        "AWSServiceRoleForDynamoDBKinesisDataStreamsReplication"
    )
    assert "serviceLinkedRole" not in [name for name, _ in found.findings]
