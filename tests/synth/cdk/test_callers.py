"""Who asks for a grant is told by the innermost construct of CDK in Node's call stack."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey
from secure_kms_constructs.aws.services import Service
from secure_kms_constructs.cdk import callers
from secure_kms_constructs.cdk.callers import LeftToTheLookError, asking_in

NODE = "(a/node_modules/aws-cdk-lib/{}.js:1:1)"


def lines(*files: str) -> list[str]:
    return ["Kernel.invoke (lib/program.js:1:1)", *(f"A.b {NODE.format(file)}" for file in files)]


@pytest.mark.parametrize(
    "files, prefix, named",
    [
        (["aws-s3/lib/bucket"], "s3", True),
        (["aws-secretsmanager/lib/secret", "aws-ecs/lib/container-definition"], "secretsmanager", True),
        (["aws-kms/lib/key", "aws-iam/lib/grant", "aws-sqs/lib/queue-base", "aws-lambda/lib/function"], "sqs", False),
        (["aws-rds/lib/proxy"], "secretsmanager", True),
        (["aws-rds/lib/instance"], "secretsmanager", False),
        (["aws-codepipeline-actions/lib/s3/deploy-action", "aws-s3/lib/bucket"], "s3", False),
        (["aws-scheduler-targets/lib/sqs-send-message"], "sqs", False),
        (["aws-scheduler-targets/lib/kinesis-stream-put-record"], "kinesis", False),
        (["aws-kinesisfirehose/lib/private/helpers"], "s3", False),
    ],
)
def test_the_service_is_that_of_the_innermost_construct(files: list[str], prefix: str, named: bool) -> None:
    asking = asking_in(lines(*files))
    assert asking is not None
    assert asking.service.prefix == prefix
    assert asking.has_named is named


def test_a_schedule_s_role_is_left_to_the_look() -> None:
    with pytest.raises(LeftToTheLookError):
        asking_in(lines("aws-kms/lib/key", "aws-scheduler/lib/schedule", "aws-s3/lib/bucket"))
    assert asking_in(lines("aws-lambda/lib/function", "aws-scheduler/lib/schedule")) is None


@pytest.mark.parametrize(
    "files",
    [[], ["aws-kms/lib/key"], ["aws-lambda/lib/function", "aws-s3/lib/bucket"], ["aws-kinesisfirehose/lib/stream"]],
)
def test_of_others_no_service_is_told(files: list[str]) -> None:
    assert asking_in(lines(*files)) is None


def test_on_windows_the_path_has_other_slashes_and_a_name_that_only_begins_so_is_another() -> None:
    asking = asking_in([r"A.b (C:\a\node_modules\aws-cdk-lib\aws-sqs\lib\queue-base.js:1:1)"])
    assert asking is not None
    assert asking.service is Service.SQS
    assert asking_in(lines("aws-s3-deployment/lib/source")) is None
    assert asking_in(lines("aws-sqsx/lib/queue")) is None


def test_files_of_one_s_own_and_of_other_packages_are_passed_by() -> None:
    mine = ["A.b (/app/index.js:1:1)", "B.c (a/node_modules/constructs/lib/construct.js:1:1)"]
    asking = asking_in([*mine, *lines("core/lib/resource", "aws-sns/lib/topic-base")])
    assert asking is not None
    assert asking.service is Service.SNS


def test_what_a_user_grants_is_asked_by_nobody_and_what_a_queue_grants_by_the_queue(
    stack: Stack, role: iam.Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    asked = callers.who_asks
    monkeypatch.setattr("secure_kms_constructs.cdk.granting_keys.who_asks", lambda: told.append(asked()) or told[-1])

    class OwnKey(HardenedKey):
        """A key of the user's, whose own method calls ours."""

        def grant_decrypt(self, grantee: iam.IGrantable) -> iam.Grant:
            return super().grant_decrypt(grantee)

    key: kms.Key = OwnKey(stack, "Key")
    key.grant_decrypt(role)
    assert told == [None]
    sqs.Queue(stack, "Queue", encryption_master_key=key).grant_consume_messages(role)
    assert [one.service for one in told[1:] if one] == [Service.SQS]
