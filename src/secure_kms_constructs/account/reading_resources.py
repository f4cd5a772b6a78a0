"""What is encrypted with keys, as far as list and describe calls tell: nothing is asked for its content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .connections import Connection, GoneError
from .reading_keys import as_json
from .records import Resource


def read_resources(to: Connection, *, partition: str, first: bool) -> list[Resource]:
    """Return the resources.

    :param first: whether this is the first region, in which what belongs to no region is read.
    """
    found: list[Resource] = []
    for title, read in (
        ("secrets", _secrets),
        ("parameters", _parameters),
        ("log groups", _log_groups),
        ("queues", _queues),
        ("topics", _topics),
        ("tables", _tables),
        ("file systems", _file_systems),
        ("databases", _databases),
    ):
        to.progress(title)
        found += read(to, partition)
        to.progress(f"{len(found)} things under keys")
    return found + (_buckets(to, partition) if first else [])


def _secrets(to: Connection, _partition: str) -> list[Resource]:
    listed = [
        one
        for page in to.pages("secretsmanager", "ListSecrets", IncludePlannedDeletion=True)
        for one in page["SecretList"]
    ]

    def secret(one: dict[str, Any]) -> Resource | None:
        arn, key = one["ARN"], one.get("KmsKeyId")

        def ask() -> Resource:
            policy = to.call("secretsmanager", "GetResourcePolicy", arn, SecretId=arn)
            pages = to.pages("secretsmanager", "ListSecretVersionIds", arn, SecretId=arn, IncludeDeprecated=True)
            versions = [version for page in pages for version in page.get("Versions", ())]
            older = {name for version in versions for name in version.get("KmsKeyIds", ())}
            older -= {key, "DefaultEncryptionKey"}
            return Resource(
                "secret", arn, one["Name"], key, sorted(older), as_json((policy or {}).get("ResourcePolicy"))
            )

        return _unless_gone(ask)

    return [one for one in to.each(secret, listed) if one is not None]


def _parameters(to: Connection, partition: str) -> list[Resource]:
    secure = [{"Key": "Type", "Values": ["SecureString"]}]
    pages = to.pages("ssm", "DescribeParameters", ParameterFilters=secure)
    listed = [one for page in pages for one in page["Parameters"] if one.get("Type") == "SecureString"]
    before = f"arn:{partition}:ssm:{to.region}:{to.account}:parameter/"
    return [Resource("parameter", before + one["Name"].lstrip("/"), one["Name"], one.get("KeyId")) for one in listed]


def _log_groups(to: Connection, _partition: str) -> list[Resource]:
    return [
        # With the encryption context's ARN, which is without ":*".
        Resource("log group", one["arn"].removesuffix(":*"), one["logGroupName"], one["kmsKeyId"])
        for page in to.pages("logs", "DescribeLogGroups")
        for one in page["logGroups"]
        if one.get("kmsKeyId")
    ]


def _queues(to: Connection, _partition: str) -> list[Resource]:
    urls = [url for page in to.pages("sqs", "ListQueues") for url in page.get("QueueUrls", ())]

    def queue(url: str) -> Resource | None:
        def ask() -> Resource | None:
            names = ["QueueArn", "KmsMasterKeyId", "Policy"]
            answer = to.call("sqs", "GetQueueAttributes", url, QueueUrl=url, AttributeNames=names)
            known = (answer or {}).get("Attributes", {})
            if not known.get("KmsMasterKeyId"):
                return None
            name, policy = url.rpartition("/")[2], as_json(known.get("Policy"))
            return Resource("queue", known["QueueArn"], name, known["KmsMasterKeyId"], [], policy)

        return _unless_gone(ask)

    return [one for one in to.each(queue, urls) if one is not None]


def _topics(to: Connection, _partition: str) -> list[Resource]:
    arns = [one["TopicArn"] for page in to.pages("sns", "ListTopics") for one in page.get("Topics", ())]

    def topic(arn: str) -> Resource | None:
        def ask() -> Resource | None:
            known = (to.call("sns", "GetTopicAttributes", arn, TopicArn=arn) or {}).get("Attributes", {})
            if not known.get("KmsMasterKeyId"):
                return None
            name = arn.rpartition(":")[2]
            return Resource("topic", arn, name, known["KmsMasterKeyId"], [], as_json(known.get("Policy")))

        return _unless_gone(ask)

    return [one for one in to.each(topic, arns) if one is not None]


def _tables(to: Connection, _partition: str) -> list[Resource]:
    names = [name for page in to.pages("dynamodb", "ListTables") for name in page.get("TableNames", ())]

    def table(name: str) -> Resource | None:
        def ask() -> Resource | None:
            known = (to.call("dynamodb", "DescribeTable", name, TableName=name) or {}).get("Table", {})
            key = (known.get("SSEDescription") or {}).get("KMSMasterKeyArn")
            return Resource("table", known["TableArn"], name, key) if key else None

        return _unless_gone(ask)

    return [one for one in to.each(table, names) if one is not None]


def _file_systems(to: Connection, _partition: str) -> list[Resource]:
    return [
        Resource("file system", one["FileSystemArn"], one["FileSystemId"], one["KmsKeyId"])
        for page in to.pages("efs", "DescribeFileSystems")
        for one in page.get("FileSystems", ())
        if one.get("KmsKeyId") and one.get("FileSystemArn")
    ]


def _databases(to: Connection, _partition: str) -> list[Resource]:
    return [*_described(to, "DescribeDBInstances", "DBInstance"), *_described(to, "DescribeDBClusters", "DBCluster")]


def _described(to: Connection, operation: str, noun: str) -> Iterator[Resource]:
    for page in to.pages("rds", operation):
        for one in page.get(f"{noun}s", ()):
            if one.get("KmsKeyId"):
                yield Resource("database", one[f"{noun}Arn"], one[f"{noun}Identifier"], one["KmsKeyId"])


def _buckets(to: Connection, partition: str) -> list[Resource]:
    to.progress("buckets")
    names = [one["Name"] for page in to.pages("s3", "ListBuckets", to.account) for one in page.get("Buckets", ())]

    def bucket(name: str) -> Resource | None:
        arn = f"arn:{partition}:s3:::{name}"

        def ask() -> Resource | None:
            answer = to.call("s3", "GetBucketEncryption", arn, Bucket=name)
            rules = (answer or {}).get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
            for rule in rules:
                key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
                if key:
                    return Resource("bucket", arn, name, key)
            return None

        return _unless_gone(ask)

    return [one for one in to.each(bucket, names) if one is not None]


def _unless_gone(ask: Callable[[], Resource | None]) -> Resource | None:
    try:
        return ask()
    except GoneError:
        return None
