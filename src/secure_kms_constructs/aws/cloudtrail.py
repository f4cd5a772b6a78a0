"""What AWS documents of how calls to KMS stand in CloudTrail."""

from __future__ import annotations

from .catalogue.prefixes import page_of
from .facts import KEY_ACTIONS, Fact

_DOCS = "https://docs.aws.amazon.com/"
_USER_IDENTITY = _DOCS + "awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"

# Services that call KMS for their caller, by the name in `invokedBy`, with the prefix of their kms:ViaService. The name
# alone does not tell: `invokedBy` also stands beside a role that the service itself has assumed, which comes through
# no service. So only services that never call KMS with a role of their own are here; of others nothing is told.
FORWARDING = {
    f"{prefix}.amazonaws.com": Fact(prefix, page_of(prefix))
    for prefix in (
        *("dynamodb", "ec2", "ecr", "elasticfilesystem", "kinesis", "lambda", "logs", "rds", "s3", "secretsmanager"),
        *("sns", "sqs", "ssm"),
    )
}

# Services that make grants for what they encrypt, by the name in `invokedBy`. None of them makes a call of its user's
# choosing, as Step Functions, Scheduler, Pipes, API Gateway, Automation of Systems Manager and CloudFormation do with a
# role of theirs: behind those, anybody may hide a grant to himself. Left out is what runs its users' code.
GRANTING = {
    f"{prefix}.amazonaws.com": Fact(prefix, page_of(prefix))
    for prefix in (
        *("backup", "cassandra", "codeartifact", "dax", "dms", "dynamodb", "ec2", "ecr", "elasticache"),
        *("elasticfilesystem", "es", "firehose", "fsx", "lambda", "memorydb", "rds", "redshift", "secretsmanager"),
        "workspaces",
    )
}

# Errors that mean that policies refused a call. Any other error says nothing about permissions.
DENIALS = Fact(
    frozenset({"AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "VpceAccessDenied"}),
    _DOCS + "awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
)
# An error that means that a call was allowed: Lambda asks like this whether its caller may use a key.
DRY_RUN = Fact("DryRunOperationException", _DOCS + "kms/latest/developerguide/testing-permissions.html")

# Operations without a key. A policy can allow them for all resources only.
KEYLESS_OPERATIONS = Fact(
    frozenset(
        {
            *("ConnectCustomKeyStore", "CreateCustomKeyStore", "CreateKey", "DeleteCustomKeyStore"),
            *("DescribeCustomKeyStores", "DisconnectCustomKeyStore", "GenerateRandom", "ListAliases", "ListKeys"),
            *("ListRetirableGrants", "UpdateCustomKeyStore"),
        }
    ),
    KEY_ACTIONS.source,
)

# Names in an encryption context whose values are resources, of which an account has only so many.
RESOURCE_NAMES = Fact(
    frozenset(
        {
            *("PARAMETER_ARN", "SecretARN", "aws:cloudtrail:arn", "aws:dynamodb:subscriberId"),
            *("aws:dynamodb:tableName", "aws:ecr:arn", "aws:events:event-bus:arn", "aws:kinesis:arn"),
            *("aws:lambda:EventSourceArn", "aws:lambda:FunctionArn", "aws:logs:arn", "aws:s3:arn", "aws:sns:topicArn"),
            *("aws:sqs:arn", "aws:states:activityArn", "aws:states:stateMachineArn"),
        }
    ),
    _DOCS + "kms/latest/developerguide/encrypt_context.html",
)
# Says which version of a secret, so that every one would be a use of its own.
VERSION_NAME = Fact("SecretVersionId", _DOCS + "secretsmanager/latest/userguide/security-encryption.html")
OBJECT_NAME = Fact("aws:s3:arn", _DOCS + "AmazonS3/latest/userguide/UsingKMSEncryption.html")

# Role sessions of AWS itself, which have no role in the account, such as aws:ec2-infrastructure.
INFRASTRUCTURE_ROLE = Fact("aws:", _DOCS + "kms/latest/developerguide/ct-ec2two.html")
SERVICE_LINKED_PATH = Fact(
    "/aws-service-role/", _DOCS + "IAM/latest/UserGuide/id_roles_create-service-linked-role.html"
)
# What stands for a service whose name CloudTrail does not tell.
AWS_INTERNAL = Fact("AWS Internal", _USER_IDENTITY)

# What a trail records may be less after these.
TRAIL_CHANGES = Fact(
    frozenset({"CreateTrail", "DeleteTrail", "PutEventSelectors", "StartLogging", "StopLogging", "UpdateTrail"}),
    _DOCS + "kms/latest/developerguide/logging-using-cloudtrail.html#filtering-kms-events",
)
