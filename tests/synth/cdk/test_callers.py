"""Who asks for a grant is told by the innermost construct of CDK in Node's call stack."""

from __future__ import annotations

import pytest

from secure_kms_constructs.cdk.callers import service_in

NODE = "(a/node_modules/aws-cdk-lib/{}.js:1:1)"


def lines(*files: str) -> list[str]:
    return ["Kernel.invoke (lib/program.js:1:1)", *(f"A.b {NODE.format(file)}" for file in files)]


@pytest.mark.parametrize(
    "files, prefix",
    [
        (["aws-s3/lib/bucket"], "s3"),
        (["aws-kms/lib/key", "aws-iam/lib/grant", "aws-sqs/lib/queue-base", "aws-lambda/lib/function"], "sqs"),
        (["aws-rds/lib/proxy"], "secretsmanager"),
        (["aws-scheduler-targets/lib/sqs-send-message"], "sqs"),
        (["aws-scheduler-targets/lib/kinesis-stream-put-record"], "kinesis"),
        (["aws-kinesisfirehose/lib/private/helpers"], "s3"),
    ],
)
def test_the_service_is_that_of_the_innermost_construct(files: list[str], prefix: str) -> None:
    service = service_in(lines(*files))
    assert service is not None
    assert service.prefix == prefix


@pytest.mark.parametrize(
    "files",
    [[], ["aws-kms/lib/key"], ["aws-lambda/lib/function", "aws-s3/lib/bucket"], ["aws-kinesisfirehose/lib/stream"]],
)
def test_of_others_no_service_is_told(files: list[str]) -> None:
    assert service_in(lines(*files)) is None
