"""The calls that a snapshot makes: each with the IAM action that allows it, and what is unknown without it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Answer(Enum):
    """What is answered of accounts: who can use which key, who needs which, what rules find, what differs."""

    MAP = "map"
    NEEDS = "needs"
    CHECK = "check"
    DIFF = "diff"


@dataclass(frozen=True)
class Call:
    """One operation of an AWS API. All of them only read.

    :param service: what boto3 calls the service.
    :param operation: the operation.
    :param what: what is not known where it is not answered.
    :param answers: what depends on it, and is not whole without it.
    :param action: the IAM action, where it is not ``<service>:<operation>``.
    :param part: what it belongs to: ``account`` is always read, other parts on request.
    """

    service: str
    operation: str
    what: str
    answers: frozenset[Answer] = frozenset()
    action: str = ""
    part: str = "account"

    @property
    def allowed_by(self) -> str:
        """The IAM action that allows it."""
        return self.action or f"{self.service}:{self.operation}"


_IDENTITIES = "roles, users and their policies"
_OPINION = "the opinion of Access Analyzer"
_ORGANIZATION = "the policies of the organization"
_EVERY = frozenset(Answer)
_THINGS = frozenset({Answer.NEEDS, Answer.CHECK})
_DIFF = frozenset({Answer.DIFF})
_STATE = frozenset({Answer.CHECK, Answer.DIFF})
_NONE: frozenset[Answer] = frozenset()
CALLS = (
    Call("sts", "GetCallerIdentity", "the account", _EVERY),
    Call("iam", "GetAccountAuthorizationDetails", _IDENTITIES, _EVERY),
    Call("kms", "ListKeys", "keys", _EVERY),
    Call("kms", "ListAliases", "aliases", _THINGS | _DIFF),
    Call("kms", "DescribeKey", "state and kind", _STATE),
    Call("kms", "GetKeyPolicy", "the key policy", _EVERY),
    Call("kms", "ListGrants", "grants", _EVERY),
    Call("kms", "GetKeyRotationStatus", "rotation", _STATE),
    Call("kms", "GetKeyLastUsage", "the last use"),
    Call("secretsmanager", "ListSecrets", "secrets", _THINGS),
    Call("secretsmanager", "GetResourcePolicy", "the resource policy", _THINGS),
    Call("secretsmanager", "ListSecretVersionIds", "keys of older versions", _THINGS),
    Call("ssm", "DescribeParameters", "parameters", _THINGS),
    Call("logs", "DescribeLogGroups", "log groups", _THINGS),
    Call("s3", "ListBuckets", "buckets", _THINGS, "s3:ListAllMyBuckets"),
    Call("s3", "GetBucketEncryption", "the key", _THINGS, "s3:GetEncryptionConfiguration"),
    Call("sqs", "ListQueues", "queues", _THINGS),
    Call("sqs", "GetQueueAttributes", "the key", _THINGS),
    Call("sns", "ListTopics", "topics", _THINGS),
    Call("sns", "GetTopicAttributes", "the key", _THINGS),
    Call("dynamodb", "ListTables", "tables", _THINGS),
    Call("dynamodb", "DescribeTable", "the key", _THINGS),
    Call("efs", "DescribeFileSystems", "file systems", _THINGS, "elasticfilesystem:DescribeFileSystems"),
    Call("rds", "DescribeDBInstances", "databases", _THINGS),
    Call("rds", "DescribeDBClusters", "database clusters", _THINGS),
    Call("cloudformation", "ListStacks", "stacks", _DIFF, part="stacks"),
    Call("cloudformation", "ListStackResources", "physical ids", _DIFF, part="stacks"),
    Call("organizations", "DescribeOrganization", _ORGANIZATION, _EVERY, part="organization"),
    Call("organizations", "ListParents", _ORGANIZATION, _EVERY, part="organization"),
    Call("organizations", "ListPoliciesForTarget", _ORGANIZATION, _EVERY, part="organization"),
    Call("organizations", "DescribePolicy", _ORGANIZATION, _EVERY, part="organization"),
    Call("securityhub", "GetFindings", "findings", part="security-hub"),
    Call("cloudtrail", "DescribeTrails", "trails", part="trails"),
    Call("cloudtrail", "GetTrailStatus", "whether it records", part="trails"),
    Call("cloudtrail", "GetEventSelectors", "what it records", part="trails"),
    Call("cloudtrail", "LookupEvents", "the event history", part="lookup"),
    Call("s3", "ListObjectsV2", "which log files there are", action="s3:ListBucket", part="logs"),
    Call("s3", "GetObject", "what is in the log file", part="logs"),
    Call("glue", "GetTable", "what the table is", part="athena"),
    Call("athena", "StartQueryExecution", "the answer", part="athena"),
    Call("athena", "GetQueryExecution", "whether there is an answer", part="athena"),
    Call("athena", "GetQueryResults", "the answer", part="athena"),
    Call("athena", "StopQueryExecution", "whether it has stopped", part="athena"),
    Call("accessanalyzer", "ValidatePolicy", _OPINION, _NONE, "access-analyzer:ValidatePolicy", "verify"),
    Call("accessanalyzer", "CheckNoPublicAccess", _OPINION, _NONE, "access-analyzer:CheckNoPublicAccess", "verify"),
    Call("accessanalyzer", "CheckAccessNotGranted", _OPINION, _NONE, "access-analyzer:CheckAccessNotGranted", "verify"),
    Call("accessanalyzer", "CheckNoNewAccess", _OPINION, _NONE, "access-analyzer:CheckNoNewAccess", "verify"),
)
PARTS = tuple(dict.fromkeys(one.part for one in CALLS))
# What `secure-kms observe` calls, and no snapshot.
OBSERVED = ("lookup", "logs", "athena")
BY_OPERATION = {(one.service, one.operation): one for one in CALLS}
BY_ACTION = {one.allowed_by: one for one in CALLS}


def required_policy(parts: tuple[str, ...] = ("account",)) -> dict[str, object]:
    """Return the IAM policy that reading needs.

    :param parts: what is read: ``account``, and on request ``stacks``, ``organization``, ``security-hub``,
        ``trails`` and ``verify``.
    :raises ValueError: for a part that there is not.
    """
    for part in parts:
        if part not in PARTS:
            raise ValueError(f"part must be one of {', '.join(PARTS)}, got {part!r}")
    # GetCallerIdentity needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    needed = sorted({one.allowed_by for one in CALLS if one.part in parts and one.service != "sts"})
    statement = {"Sid": "ReadForSecureKms", "Effect": "Allow", "Action": needed, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
