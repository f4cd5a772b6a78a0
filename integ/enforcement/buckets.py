"""Buckets under a customer managed key: ministack's CloudFormation forgets the encryption of a bucket."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

# By the name of the bucket: its key, and whether it has a Bucket Key.
_encrypted: dict[str, tuple[str, bool]] = {}
# What the caller needs of the key ("Using server-side encryption with AWS KMS keys", Amazon S3 User Guide).
NEEDED = {"s3:GetObject": ("kms:Decrypt",), "s3:PutObject": ("kms:GenerateDataKey",)}


def key_of(object_arn: str) -> tuple[str, str] | None:
    """Return the key of an object's bucket, and the ARN that S3 sends as encryption context; None without a key."""
    bucket = object_arn.rpartition(":::")[2].partition("/")[0]
    if bucket not in _encrypted:
        return None
    key, has_bucket_key = _encrypted[bucket]
    return key, object_arn.partition("/")[0] if has_bucket_key else object_arn


def patch() -> None:
    handlers = _RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create_bucket, update_bucket = handlers["create"], handlers["update"]

    def note(name: str, props: dict[str, Any]) -> None:
        _encrypted.pop(name, None)
        for rule in props.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", []):
            key = rule.get("ServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
            if key:
                _encrypted[name] = key, bool(rule.get("BucketKeyEnabled"))

    def create(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        name, attributes = create_bucket(logical_id, props, stack)
        note(name, props)
        return name, attributes

    def update(name: str, old: dict[str, Any], new: dict[str, Any], stack: str) -> Any:
        made = update_bucket(name, old, new, stack)
        note(name, new)
        return made

    handlers.update(create=create, update=update)
