"""Replications of S3 by imported roles, and to buckets of elsewhere, judged by an evaluator that is not ours."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from secure_kms_constructs import HardenedKey, Service, Use
from tests.semantics.assembly import deploy_app
from tests.semantics.judge import Judge

ACCOUNT, REGION = "111122223333", "eu-west-1"
REPLICATOR = f"arn:aws:iam::{ACCOUNT}:role/replicator"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def stack_of(app: App) -> Stack:
    return Stack(app, "S", env=Environment(account=ACCOUNT, region=REGION))


def source(stack: Stack, key: HardenedKey, role: iam.IRole, destination: s3.IBucket, target: HardenedKey) -> s3.Bucket:
    rule = s3.ReplicationRule(destination=destination, kms_key=target, sse_kms_encrypted_objects=True)
    return s3.Bucket(
        stack, "Source", encryption_key=key, versioned=True, replication_role=role, replication_rules=[rule]
    )


@pytest.mark.parametrize("bucket_key", [True, False])
def test_an_imported_role_replicates_and_nobody_else_does(judge: Judge, bucket_key: bool) -> None:
    app = App()
    stack = stack_of(app)
    key, target = HardenedKey(stack, "Own"), HardenedKey(stack, "Target")
    role = iam.Role.from_role_arn(stack, "Role", REPLICATOR)
    destination = s3.Bucket(stack, "Destination", encryption_key=target, versioned=True, bucket_key_enabled=bucket_key)
    made = source(stack, key, role, destination, target)
    made.grant_read(role)
    destination.grant_write(role)
    deployed = deploy_app(app, account=ACCOUNT, region=REGION)

    def may(who: str, action: str, key: str, bucket: str, via: str | None = "s3") -> bool:
        arn = deployed.bucket(bucket)
        arn = arn if bucket_key and bucket == "Destination" else f"{arn}/object"
        context = {"aws:s3:arn": arn}
        question: dict[str, Any] = {"via": via, "encryption_context": context, "identity": [ALL]}
        return deployed.ask(judge, who, action, deployed.key(key), **question).allowed

    assert may(REPLICATOR, "kms:Decrypt", "Own", "Source")
    assert may(REPLICATOR, "kms:Encrypt", "Target", "Destination")
    assert may(REPLICATOR, "kms:Decrypt", "Target", "Destination") or not bucket_key
    assert not may(OTHER, "kms:Decrypt", "Own", "Source")
    assert not may(OTHER, "kms:Encrypt", "Target", "Destination")
    assert not may(REPLICATOR, "kms:Decrypt", "Own", "Source", via="sqs")
    assert not may(REPLICATOR, "kms:Decrypt", "Own", "Source", via=None)


def to_elsewhere(*, followed: bool) -> App:
    app = App()
    stack = stack_of(app)
    key, target = HardenedKey(stack, "Own"), HardenedKey(stack, "Target")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("s3.amazonaws.com"))
    elsewhere = s3.Bucket.from_bucket_name(stack, "Elsewhere", "elsewhere")
    source(stack, key, role, elsewhere, target).grant_read(role)
    target.grant_encrypt(role)
    if followed:
        target.grant_via(role, Service.S3, use=Use.READ, resource_arns=["arn:aws:s3:::elsewhere"])
    return app


def test_a_bucket_elsewhere_that_may_have_a_bucket_key_is_told_and_the_advice_works(judge: Judge) -> None:
    def told(app: App) -> list[str]:
        return [
            str(one.entry.data)
            for one in app.synth().get_stack_by_name("S").messages
            if "secure-kms-constructs:replicaBucketKey" in str(one.entry.data)
        ]

    [text] = told(to_elsewhere(followed=False))
    assert "S/Source is replicated by S/Role to arn:aws:s3:::elsewhere" in text
    assert "key.grant_via(role, Service.S3, use=Use.READ, resource_arns=['arn:aws:s3:::elsewhere'])" in text
    assert told(to_elsewhere(followed=True)) == []
    for followed in (True, False):
        deployed = deploy_app(to_elsewhere(followed=followed), account=ACCOUNT, region=REGION)
        for bucket, allowed in (("elsewhere", followed), ("other", False)):
            question: dict[str, Any] = {"via": "s3", "encryption_context": {"aws:s3:arn": f"arn:aws:s3:::{bucket}"}}
            answer = deployed.ask(judge, deployed.role("Role"), "kms:Decrypt", deployed.key("Target"), **question)
            assert answer.allowed is allowed
