"""Who asks for a grant is told by the innermost construct of CDK in Node's call stack."""

from __future__ import annotations

import pytest

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
