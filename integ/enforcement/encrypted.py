"""Which key a resource that is no bucket is under, and what its service asks of KMS in the deployer's name to make it.

ministack keeps the keys of few resources, so what CloudFormation makes is written down here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

from enforcement import keys
from enforcement.cloudformation import Properties, require

FOR_SERVICES = {"kms:GrantIsForAWSResource": "true"}


# The keys by the ARN of the resource.
ENCRYPTED: dict[str, str] = {}


def at(*path: str) -> Callable[[Properties], str | None]:
    def read(props: Any) -> str | None:
        for part in path:
            props = (props or {}).get(part)
        return props or None

    return read


class Kind(NamedTuple):
    """A CloudFormation type: how its properties name the key, and what its service asks in the deployer's name.

    The pages: amazondynamodb encryption.usagenotes, lambda configuration-envvars-encryption, step-functions
    encryption-at-rest. SQS, SNS and Kinesis ask nothing when a queue, topic or stream is made.
    """

    key_of: Callable[[Properties], str | None]
    arn: str
    actions: tuple[str, ...] = ()
    via: str = ""


KINDS = {
    "AWS::SQS::Queue": Kind(at("KmsMasterKeyId"), "arn:aws:sqs:{region}:{account}:{}"),
    "AWS::SNS::Topic": Kind(at("KmsMasterKeyId"), "{}"),
    "AWS::Kinesis::Stream": Kind(at("StreamEncryption", "KeyId"), "arn:aws:kinesis:{region}:{account}:stream/{}"),
    "AWS::DynamoDB::Table": Kind(
        at("SSESpecification", "KMSMasterKeyId"),
        "arn:aws:dynamodb:{region}:{account}:table/{}",
        ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"),
        "dynamodb",
    ),
    "AWS::Lambda::Function": Kind(
        at("KmsKeyArn"), "arn:aws:lambda:{region}:{account}:function:{}", ("kms:CreateGrant", "kms:Encrypt"), "lambda"
    ),
    "AWS::StepFunctions::StateMachine": Kind(
        at("EncryptionConfiguration", "KmsKeyId"), "{}", ("kms:DescribeKey", "kms:GenerateDataKey"), "states"
    ),
}


def under_its_key(kind: Kind, create: Callable[..., Any]) -> Callable[..., Any]:
    def made(logical_id: str, props: Properties, stack: str) -> Any:
        found = kind.key_of(props)
        if found:
            require(kind.actions, found, {**keys.condition_keys({}, via=kind.via), **FOR_SERVICES})
        physical, attributes = create(logical_id, props, stack)
        if found:
            name = physical.rpartition("/")[2] if physical.startswith("http") else physical
            ENCRYPTED[kind.arn.format(name, region=get_region(), account=get_account_id())] = found
        return physical, attributes

    return made


def patch() -> None:
    for name, kind in KINDS.items():
        handler = _RESOURCE_HANDLERS[name]
        handler["create"] = under_its_key(kind, handler["create"])
