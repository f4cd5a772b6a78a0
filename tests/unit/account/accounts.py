"""One account as AWS answers for it: a key of each sort, readers, grants, and what is under the keys."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from tests.unit.account.fake_aws import ACCOUNT, OTHER_ACCOUNT, REGION, Answer, FakeAws, Json, RefusalError, paged

APP, SHUT, SPARE = (f"{digit * 8}-{digit * 4}-{digit * 4}-{digit * 4}-{digit * 12}" for digit in "123")
MANAGED = "4" * 8 + "-4444-4444-4444-" + "4" * 12
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-AbCdEf"
DEFAULTED = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:defaulted-AbCdEf"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/all"
PARTNER = f"arn:aws:iam::{OTHER_ACCOUNT}:role/Partner"
THEN = datetime(2026, 11, 1, tzinfo=timezone.utc)
GAAD = ("iam", "GetAccountAuthorizationDetails")


def key_arn(id: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}"


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def role(name: str, *statements: Json, attached: tuple[str, ...] = (), **more: Any) -> Json:
    inline = [{"PolicyName": "inline", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "Path": "/",
        "RoleName": name,
        "RoleId": f"AROA{name.upper():X<17}",
        "Arn": role_arn(name),
        "RolePolicyList": inline,
        "AttachedManagedPolicies": [{"PolicyName": one.rpartition("/")[2], "PolicyArn": one} for one in attached],
        **more,
    }


def local_policy(name: str, *statements: Json) -> Json:
    version = {"Document": document(*statements), "VersionId": "v1", "IsDefaultVersion": True}
    return {"PolicyName": name, "Arn": f"arn:aws:iam::{ACCOUNT}:policy/{name}", "PolicyVersionList": [version]}


WIDE_ARN = f"arn:aws:iam::{ACCOUNT}:policy/Wide"
ROLES = [
    role("Reader", allow("secretsmanager:GetSecretValue", SECRET), allow("kms:Decrypt", key_arn(APP))),
    role("Wide", allow("secretsmanager:GetSecretValue", SECRET), attached=(WIDE_ARN,)),
    role("Dead", allow("secretsmanager:GetSecretValue", SECRET)),
    role("Needless", allow("kms:Decrypt", key_arn(MANAGED))),
    role("Bounded", allow("kms:*"), PermissionsBoundary={"PermissionsBoundaryArn": WIDE_ARN}),
]
USERS = [
    {
        "Path": "/",
        "UserName": "ann",
        "UserId": "AIDAANNXXXXXXXXXXXXXX",
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/ann",
        "UserPolicyList": [],
        "GroupList": ["ops"],
        "AttachedManagedPolicies": [],
    }
]
GROUPS = [
    {
        "Path": "/",
        "GroupName": "ops",
        "GroupId": "AGPAOPSXXXXXXXXXXXXXX",
        "Arn": f"arn:aws:iam::{ACCOUNT}:group/ops",
        "GroupPolicyList": [{"PolicyName": "ops", "PolicyDocument": document(allow("kms:Decrypt", key_arn(APP)))}],
        "AttachedManagedPolicies": [],
    }
]
POLICIES = [local_policy("Wide", allow("kms:Decrypt"))]

DELEGATES = document({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"})
NOBODY = document(
    {"Effect": "Allow", "Principal": {"AWS": role_arn("Keeper")}, "Action": "kms:PutKeyPolicy", "Resource": "*"}
)
OF_SECRETS_MANAGER = document(
    {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Decrypt", "kms:Encrypt"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
        },
    }
)
KEY_POLICIES = {APP: DELEGATES, SHUT: NOBODY, SPARE: DELEGATES, MANAGED: OF_SECRETS_MANAGER}


def grant(id: str, grantee: str, *operations: str, **more: Any) -> Json:
    base = {"GrantId": id, "GranteePrincipal": grantee, "Operations": list(operations), "IssuingAccount": ROOT}
    return {**base, "CreationDate": THEN, **more}


DYNAMODB = f"dynamodb.{REGION}.amazonaws.com"
GRANTS: dict[str, list[Json]] = {
    APP: [],
    SHUT: [
        grant("g1", role_arn("Reader"), "Decrypt", Constraints={"EncryptionContextSubset": {"Department": "IT"}}),
        grant("g2", PARTNER, "Encrypt"),
        grant("g3", role_arn("Gone"), "Decrypt", "DescribeKey", Name="stale"),
        grant("g4", DYNAMODB, "Decrypt", RetiringPrincipal=DYNAMODB),
    ],
    SPARE: [],
    MANAGED: [],
}


def _quoted(value: Any) -> Any:
    """Policies as IAM returns them: as text, escaped as in a URL."""
    if isinstance(value, list):
        return [_quoted(one) for one in value]
    if not isinstance(value, dict):
        return value
    documents = ("PolicyDocument", "Document")
    return {
        name: quote(json.dumps(one)) if name in documents and isinstance(one, dict) else _quoted(one)
        for name, one in value.items()
    }


def fake_account(*, size: int = 100, **changed: Any) -> FakeAws:
    """The account.

    :param size: how many things a page has.
    :param changed: other ``roles``, ``key_policies`` or ``grants``, and ``findings`` of Security Hub.
    """
    roles, grants = changed.get("roles", ROLES), changed.get("grants", GRANTS)
    key_policies = changed.get("key_policies", KEY_POLICIES)
    ids = list(key_policies)
    aliases = [
        {"AliasName": "alias/app", "AliasArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/app", "TargetKeyId": APP},
        {
            "AliasName": "alias/aws/secretsmanager",
            "AliasArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/secretsmanager",
            "TargetKeyId": MANAGED,
        },
        # Never used, so it has no key, and asking about it would make one.
        {"AliasName": "alias/aws/ssm", "AliasArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/ssm"},
    ]

    def describe(asked: Json) -> Json:
        id = asked["KeyId"]
        state = "Disabled" if id == SPARE else "Enabled"
        return {
            "KeyMetadata": {
                "KeyId": id,
                "Arn": key_arn(id),
                "KeyState": state,
                "KeyManager": "AWS" if id == MANAGED else "CUSTOMER",
                "KeySpec": "SYMMETRIC_DEFAULT",
                "KeyUsage": "ENCRYPT_DECRYPT",
                "Origin": "AWS_KMS",
                "MultiRegion": False,
            }
        }

    def usage(asked: Json) -> Json:
        used = {"KeyLastUsage": {"Operation": "Decrypt", "Timestamp": THEN, "CloudTrailEventId": "e-1"}}
        return {"KeyId": asked["KeyId"], "TrackingStartDate": THEN, **(used if asked["KeyId"] == APP else {})}

    def details(asked: Json) -> Json:
        kinds = (
            ("RoleDetailList", roles),
            ("UserDetailList", USERS),
            ("GroupDetailList", GROUPS),
            ("Policies", POLICIES),
        )
        every = [(kind, one) for kind, ones in kinds for one in ones]
        start = int(asked.get("Marker") or 0)
        page = every[start : start + size]
        more = start + size < len(every)
        found: Json = {kind: [_quoted(one) for its, one in page if its == kind] for kind, _ in kinds}
        return {**found, "IsTruncated": more, **({"Marker": str(start + size)} if more else {})}

    def of_grants(asked: Json) -> Json:
        return paged("Grants", grants.get(asked["KeyId"], []), token="NextMarker", asked="Marker", size=size)(asked)

    secrets = [
        {"ARN": SECRET, "Name": "app", "KmsKeyId": "alias/app"},
        {"ARN": DEFAULTED, "Name": "defaulted"},
    ]
    parameters = [{"Name": "/app/token", "Type": "SecureString", "KeyId": "alias/app"}]
    log_groups = [
        {
            "logGroupName": "/app",
            "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app:*",
            "kmsKeyId": key_arn(APP),
        },
        {"logGroupName": "/plain", "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/plain:*"},
    ]
    queue = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/work"
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
    stacks = [{"StackId": "s-1", "StackName": "App", "StackStatus": "CREATE_COMPLETE", "CreationTime": THEN}]
    physical = [
        {
            "LogicalResourceId": "Key",
            "PhysicalResourceId": APP,
            "ResourceType": "AWS::KMS::Key",
            "ResourceStatus": "CREATE_COMPLETE",
            "LastUpdatedTimestamp": THEN,
        }
    ]
    denies = document(allow("*"), {"Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"})

    def no_encryption(_asked: Json) -> Json:
        raise RefusalError("ServerSideEncryptionConfigurationNotFoundError")

    answers: dict[tuple[str, str], Answer] = {
        ("sts", "GetCallerIdentity"): lambda _: {"Account": ACCOUNT, "Arn": role_arn("Caller"), "UserId": "x"},
        GAAD: details,
        ("kms", "ListKeys"): paged(
            "Keys", [{"KeyId": id, "KeyArn": key_arn(id)} for id in ids], token="NextMarker", asked="Marker", size=size
        ),
        ("kms", "ListAliases"): paged("Aliases", aliases, token="NextMarker", asked="Marker", size=size),
        ("kms", "DescribeKey"): describe,
        ("kms", "GetKeyPolicy"): lambda asked: {"Policy": json.dumps(key_policies[asked["KeyId"]])},
        ("kms", "ListGrants"): of_grants,
        ("kms", "GetKeyRotationStatus"): lambda _: {"KeyRotationEnabled": True, "RotationPeriodInDays": 365},
        ("kms", "GetKeyLastUsage"): usage,
        ("secretsmanager", "ListSecrets"): paged("SecretList", secrets, token="NextToken", size=size),
        ("secretsmanager", "GetResourcePolicy"): lambda asked: {"ARN": asked["SecretId"], "Name": "x"},
        ("secretsmanager", "ListSecretVersionIds"): lambda asked: {
            "Versions": [
                {"VersionId": "v" * 32, "KmsKeyIds": [SPARE if asked["SecretId"] == SECRET else "DefaultEncryptionKey"]}
            ]
        },
        ("ssm", "DescribeParameters"): paged("Parameters", parameters, token="NextToken", size=size),
        ("logs", "DescribeLogGroups"): paged("logGroups", log_groups, token="nextToken", size=size),
        ("s3", "ListBuckets"): lambda _: {"Buckets": [{"Name": "plain", "CreationDate": THEN}, {"Name": "kept"}]},
        ("s3", "GetBucketEncryption"): lambda asked: {
            "ServerSideEncryptionConfiguration": {
                "Rules": [
                    {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn(APP)}}
                    if asked["Bucket"] == "kept"
                    else {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                ]
            }
        },
        ("sqs", "ListQueues"): paged("QueueUrls", [queue], token="NextToken", size=size),
        ("sqs", "GetQueueAttributes"): lambda _: {
            "Attributes": {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:work", "KmsMasterKeyId": "alias/app"}
        },
        ("sns", "ListTopics"): paged("Topics", [{"TopicArn": topic}], token="NextToken", size=size),
        ("sns", "GetTopicAttributes"): lambda _: {"Attributes": {"TopicArn": topic, "KmsMasterKeyId": APP}},
        ("dynamodb", "ListTables"): lambda _: {"TableNames": ["orders"]},
        ("dynamodb", "DescribeTable"): lambda _: {
            "Table": {"TableArn": table, "SSEDescription": {"KMSMasterKeyArn": key_arn(APP)}}
        },
        ("efs", "DescribeFileSystems"): lambda _: {
            "FileSystems": [
                {
                    "FileSystemArn": f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:file-system/fs-1",
                    "FileSystemId": "fs-1",
                    "OwnerId": ACCOUNT,
                    "CreationToken": "x",
                    "CreationTime": THEN,
                    "LifeCycleState": "available",
                    "NumberOfMountTargets": 0,
                    "SizeInBytes": {"Value": 0},
                    "PerformanceMode": "generalPurpose",
                    "Tags": [],
                    "KmsKeyId": key_arn(APP),
                }
            ]
        },
        ("rds", "DescribeDBInstances"): lambda _: {
            "DBInstances": [
                {
                    "DBInstanceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:main",
                    "DBInstanceIdentifier": "main",
                    "KmsKeyId": key_arn(APP),
                }
            ]
        },
        ("rds", "DescribeDBClusters"): lambda _: {"DBClusters": []},
        ("cloudformation", "ListStacks"): paged("StackSummaries", stacks, token="NextToken", size=size),
        ("cloudformation", "ListStackResources"): paged(
            "StackResourceSummaries", physical, token="NextToken", size=size
        ),
        ("securityhub", "GetFindings"): paged("Findings", changed.get("findings", []), token="NextToken", size=size),
        ("cloudtrail", "DescribeTrails"): lambda _: {
            "trailList": [{"Name": "all", "TrailARN": TRAIL, "HomeRegion": "eu-west-1", "IsMultiRegionTrail": True}]
        },
        ("cloudtrail", "GetTrailStatus"): lambda _: {"IsLogging": True, "StartLoggingTime": THEN},
        ("cloudtrail", "GetEventSelectors"): lambda asked: {
            "TrailARN": asked["TrailName"],
            "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}],
        },
        ("organizations", "DescribeOrganization"): lambda _: {"Organization": {"MasterAccountId": OTHER_ACCOUNT}},
        ("organizations", "ListParents"): lambda asked: {
            "Parents": [{"Id": "ou-1", "Type": "ORGANIZATIONAL_UNIT"}]
            if asked["ChildId"] == ACCOUNT
            else [{"Id": "r-1", "Type": "ROOT"}]
        },
        ("organizations", "ListPoliciesForTarget"): lambda asked: {
            "Policies": [{"Id": f"p-{asked['TargetId']}", "Name": f"of {asked['TargetId']}"}]
            if asked["Filter"] == "SERVICE_CONTROL_POLICY"
            else []
        },
        ("organizations", "DescribePolicy"): lambda _: {"Policy": {"Content": json.dumps(denies)}},
    }
    return FakeAws(answers)
