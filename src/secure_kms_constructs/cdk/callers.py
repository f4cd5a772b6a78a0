"""Which construct of CDK asks for a grant on the key, told by the call stack of Node.

What a user grants on a key is direct; what a bucket grants along with itself comes through Amazon S3 only. Both arrive
at the same method, and only the call stack tells them apart.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import NamedTuple

from constructs import RootConstruct

from secure_kms_constructs.aws.services import Service

# The module of aws-cdk-lib, and maybe a file in it -> the service that calls KMS for whom it grants to.
# Left out are those whose page names no service to come through; their grants are direct.
_SERVICES = {
    "aws-autoscaling-hooktargets": Service.SNS,
    "aws-cloudfront": Service.KINESIS,
    "aws-codebuild": Service.S3,
    "aws-codepipeline-actions": Service.S3,
    "aws-dynamodb": Service.DYNAMODB,
    "aws-kinesis": Service.KINESIS,
    "aws-kinesisfirehose/lib/private": Service.S3,
    "aws-rds": Service.SECRETS_MANAGER,
    "aws-s3": Service.S3,
    "aws-scheduler-targets/lib/kinesis": Service.KINESIS,
    "aws-scheduler-targets/lib/sqs": Service.SQS,
    "aws-secretsmanager": Service.SECRETS_MANAGER,
    "aws-sns": Service.SNS,
    "aws-sqs": Service.SQS,
    "aws-ssm": Service.PARAMETER_STORE,
    "aws-synthetics": Service.S3,
}
_GRANTS = re.compile("(ask_)?grant(_(decrypt|encrypt|encrypt_decrypt))?")
_MODULE = re.compile(r"node_modules[\\/]aws-cdk-lib[\\/](?P<path>[^:]+)\.js:")
# Their roles call KMS themselves, for what the look at synth admits them: with the encryption context of the resource.
_LEFT_TO_THE_LOOK = "aws-scheduler/"
# What a grant passes on its way from a resource to its key.
_BETWEEN = ("aws-iam/", "aws-kms/", "core/")


class Asking(NamedTuple):
    """A construct that asks a key for a grant.

    :param service: the service that calls KMS for whom the construct grants to.
    :param has_named: whether it has just written what the grantee may do with a resource of its own.
    """

    service: Service
    has_named: bool


# Others ask for keys of resources that they have not named, or not last.
_NAMING = "aws-kinesis/", "aws-rds/lib/proxy", "aws-s3/", "aws-secretsmanager/", "aws-ssm/"


def who_asks() -> Asking | None:
    """Return the construct that asks the key for a grant; None where the user asks.

    :raises LeftToTheLookError: where the construct asks for more than its page does, and the look writes that.
    """
    return asking_in(_node_stack()) if _is_asked_by_node() else None


class LeftToTheLookError(Exception):
    """A grant that need not be written, because the look at synth admits whom it is for."""


def _is_asked_by_node() -> bool:
    """Tell whether Node has called the key's own method, not a method of the user's that called it."""
    frame, inner = sys._getframe(1), ""
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith("jsii."):
            return bool(_GRANTS.fullmatch(inner))
        inner, frame = frame.f_code.co_name, frame.f_back  # type: ignore[assignment]
    return False


def _node_stack() -> Sequence[str]:
    # The one way by which a call stack comes out of Node; on a construct of its own, so that no app holds it.
    node = RootConstruct().node
    node.add_metadata("caller", "", stack_trace=True)
    return node.metadata[-1].trace or ()


def asking_in(trace: Sequence[str]) -> Asking | None:
    """Return the innermost construct in a call stack of Node; None where no service comes through for it."""
    for line in trace:
        match = _MODULE.search(line)
        path = match["path"].replace("\\", "/") if match else ""
        if path.startswith(_LEFT_TO_THE_LOOK):
            raise LeftToTheLookError
        if path and not path.startswith(_BETWEEN):
            services = (service for start, service in _SERVICES.items() if _is_in(path, start))
            return next((Asking(service, path.startswith(_NAMING)) for service in services), None)
    return None


def _is_in(path: str, start: str) -> bool:
    return path.startswith((f"{start}/", f"{start}-") if "/" in start else f"{start}/")
