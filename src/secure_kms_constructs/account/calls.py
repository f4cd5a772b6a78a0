"""The calls that a snapshot makes: each with the IAM action that allows it, and what is unknown without it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One operation of an AWS API. All of them only read.

    :param service: what boto3 calls the service.
    :param operation: the operation.
    :param action: the IAM action, where it is not ``<service>:<operation>``.
    :param what: what is not known where it is not answered.
    :param part: what it belongs to: ``account`` is always read, other parts on request.
    """

    service: str
    operation: str
    what: str
    action: str = ""
    part: str = "account"

    @property
    def allowed_by(self) -> str:
        """The IAM action that allows it."""
        return self.action or f"{self.service}:{self.operation}"


_IDENTITIES = "roles, users and their policies"
_OPINION = "the opinion of Access Analyzer"
_ORGANIZATION = "the policies of the organization"
CALLS = (
    Call("sts", "GetCallerIdentity", "the account"),
    Call("iam", "GetAccountAuthorizationDetails", _IDENTITIES),
    Call("kms", "ListKeys", "keys"),
    Call("kms", "ListAliases", "aliases"),
    Call("kms", "DescribeKey", "state and kind"),
    Call("kms", "GetKeyPolicy", "the key policy"),
    Call("kms", "ListGrants", "grants"),
    Call("kms", "GetKeyRotationStatus", "rotation"),
    Call("kms", "GetKeyLastUsage", "the last use"),
    Call("secretsmanager", "ListSecrets", "secrets"),
    Call("secretsmanager", "GetResourcePolicy", "the resource policy"),
    Call("secretsmanager", "ListSecretVersionIds", "keys of older versions"),
    Call("ssm", "DescribeParameters", "parameters"),
    Call("logs", "DescribeLogGroups", "log groups"),
    Call("s3", "ListBuckets", "buckets", "s3:ListAllMyBuckets"),
    Call("s3", "GetBucketEncryption", "the key", "s3:GetEncryptionConfiguration"),
    Call("sqs", "ListQueues", "queues"),
    Call("sqs", "GetQueueAttributes", "the key"),
    Call("sns", "ListTopics", "topics"),
    Call("sns", "GetTopicAttributes", "the key"),
    Call("dynamodb", "ListTables", "tables"),
    Call("dynamodb", "DescribeTable", "the key"),
    Call("efs", "DescribeFileSystems", "file systems", "elasticfilesystem:DescribeFileSystems"),
    Call("rds", "DescribeDBInstances", "databases"),
    Call("rds", "DescribeDBClusters", "database clusters"),
    Call("cloudformation", "ListStacks", "stacks", part="stacks"),
    Call("cloudformation", "ListStackResources", "physical ids", part="stacks"),
    Call("organizations", "DescribeOrganization", _ORGANIZATION, part="organization"),
    Call("organizations", "ListParents", _ORGANIZATION, part="organization"),
    Call("organizations", "ListPoliciesForTarget", _ORGANIZATION, part="organization"),
    Call("organizations", "DescribePolicy", _ORGANIZATION, part="organization"),
    Call("securityhub", "GetFindings", "findings", part="security-hub"),
    Call("accessanalyzer", "ValidatePolicy", _OPINION, "access-analyzer:ValidatePolicy", "verify"),
    Call("accessanalyzer", "CheckNoPublicAccess", _OPINION, "access-analyzer:CheckNoPublicAccess", "verify"),
    Call("accessanalyzer", "CheckAccessNotGranted", _OPINION, "access-analyzer:CheckAccessNotGranted", "verify"),
    Call("accessanalyzer", "CheckNoNewAccess", _OPINION, "access-analyzer:CheckNoNewAccess", "verify"),
)
PARTS = tuple(dict.fromkeys(one.part for one in CALLS))
BY_OPERATION = {(one.service, one.operation): one for one in CALLS}


def required_policy(parts: tuple[str, ...] = ("account",)) -> dict[str, object]:
    """Return the IAM policy that reading needs.

    :param parts: what is read: ``account``, and on request ``stacks``, ``organization``, ``security-hub``
        and ``verify``.
    :raises ValueError: for a part that there is not.
    """
    for part in parts:
        if part not in PARTS:
            raise ValueError(f"part must be one of {', '.join(PARTS)}, got {part!r}")
    # GetCallerIdentity needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    needed = sorted({one.allowed_by for one in CALLS if one.part in parts and one.service != "sts"})
    statement = {"Sid": "ReadForSecureKms", "Effect": "Allow", "Action": needed, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
