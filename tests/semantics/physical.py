"""Made-up physical names and ARNs: the same for the same stack and logical id, in every run."""

from __future__ import annotations

import hashlib
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.semantics.resolve import UnresolvableError

_ALPHANUMERIC = string.ascii_letters + string.digits

# Type: (the property that names it, its ARN). A type that is not here cannot be referred to.
_TYPES: dict[str, tuple[str, str]] = {
    "AWS::CodeBuild::Project": ("Name", "{p}:codebuild:{r}:{a}:project/{name}"),
    "AWS::CodePipeline::Pipeline": ("Name", "{p}:codepipeline:{r}:{a}:{name}"),
    "AWS::DynamoDB::Table": ("TableName", "{p}:dynamodb:{r}:{a}:table/{name}"),
    "AWS::IAM::Group": ("GroupName", "{p}:iam::{a}:group{path}{name}"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "{p}:iam::{a}:policy{path}{name}"),
    "AWS::IAM::Role": ("RoleName", "{p}:iam::{a}:role{path}{name}"),
    "AWS::IAM::User": ("UserName", "{p}:iam::{a}:user{path}{name}"),
    "AWS::KMS::Alias": ("AliasName", "{p}:kms:{r}:{a}:{name}"),
    "AWS::KMS::Key": ("", "{p}:kms:{r}:{a}:key/{name}"),
    "AWS::KMS::ReplicaKey": ("", "{p}:kms:{r}:{a}:key/{name}"),
    "AWS::Lambda::Function": ("FunctionName", "{p}:lambda:{r}:{a}:function:{name}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "{p}:logs:{r}:{a}:log-group:{name}"),
    "AWS::S3::Bucket": ("BucketName", "{p}:s3:::{name}"),
    "AWS::SNS::Topic": ("TopicName", "{p}:sns:{r}:{a}:{name}"),
    "AWS::SQS::Queue": ("QueueName", "{p}:sqs:{r}:{a}:{name}"),
    "AWS::SSM::Parameter": ("Name", "{p}:ssm:{r}:{a}:parameter/{name}"),
    "AWS::SecretsManager::Secret": ("Name", "{p}:secretsmanager:{r}:{a}:secret:{name}-{six}"),
}
_KEYS = {"AWS::KMS::Key", "AWS::KMS::ReplicaKey"}
_REF_IS_ARN = {"AWS::IAM::ManagedPolicy", "AWS::SNS::Topic", "AWS::SecretsManager::Secret"}
_ARN_ATTRIBUTES = {"Arn", "TopicArn", "PolicyArn"}
_NAME_ATTRIBUTES = {"KeyId", "TopicName", "QueueName"}

# The properties that decide a physical id; the only ones that must be resolvable for a reference.
IDENTIFYING = {named_by for named_by, _ in _TYPES.values()} | {"Path", "PrimaryKeyArn", "MultiRegion"}


@dataclass(frozen=True)
class Resource:
    """A resource of a template with its identifying properties resolved."""

    kind: str
    stack: str
    logical_id: str
    identity: Mapping[str, Any]
    partition: str
    region: str
    account: str

    @property
    def name(self) -> str:
        """The physical name: the one the template gives, else one like CloudFormation's."""
        if self.kind not in _TYPES:
            raise UnresolvableError(f"no physical name for {self.stack}.{self.logical_id}, a {self.kind}")
        if self.kind in _KEYS:
            return self._key_id()
        if given := self.identity.get(_TYPES[self.kind][0]):
            return str(given)
        if self.kind == "AWS::SecretsManager::Secret":
            return f"{self.logical_id}-{self._random(12)}"
        # A nested stack is known by its path.
        generated = f"{self.stack.replace('/', '-')[:24]}-{self.logical_id[:24]}-{self._random(12)}"
        return generated.lower() if self.kind == "AWS::S3::Bucket" else generated

    @property
    def arn(self) -> str:
        """The ARN, as a policy names it: a log group's is without `:*`."""
        name = self.name
        return "arn:" + _TYPES[self.kind][1].format(
            p=self.partition,
            r=self.region,
            a=self.account,
            name=name.removeprefix("/") if self.kind == "AWS::SSM::Parameter" else name,
            path=self.identity.get("Path", "/"),
            six=self._random(6),
        )

    @property
    def ref(self) -> str:
        """What Ref returns."""
        if self.kind == "AWS::SQS::Queue":
            return f"https://sqs.{self.region}.amazonaws.com/{self.account}/{self.name}"
        return self.arn if self.kind in _REF_IS_ARN else self.name

    def attribute(self, attribute: str) -> str:
        """What Fn::GetAtt returns."""
        if attribute in _ARN_ATTRIBUTES:
            return f"{self.arn}:*" if self.kind == "AWS::Logs::LogGroup" else self.arn
        if attribute in _NAME_ATTRIBUTES:
            return self.name
        if attribute == "RoleId":
            return "AROA" + self._random(17).upper()
        raise UnresolvableError(f"no attribute {attribute} of {self.stack}.{self.logical_id}, a {self.kind}")

    def _key_id(self) -> str:
        if primary := self.identity.get("PrimaryKeyArn"):
            return str(primary).rpartition("/")[2]  # a replica shares the id of its primary
        fixed = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.stack}/{self.logical_id}")
        return f"mrk-{fixed.hex}" if self.identity.get("MultiRegion") else str(fixed)

    def _random(self, length: int) -> str:
        digest = hashlib.sha256(f"{self.stack}/{self.logical_id}".encode()).digest()
        return "".join(_ALPHANUMERIC[byte % len(_ALPHANUMERIC)] for byte in digest[:length])
