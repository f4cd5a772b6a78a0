"""Whether the roles of S3 replications may use the keys of their buckets, as the finished templates have them."""

from __future__ import annotations

from collections.abc import Iterator

from .apps import App, Looked, value_at
from .identity_sides import allowed
from .reading import listed
from .usages import is_named, names_of

_BUCKET, _ROLE = "AWS::S3::Bucket", "AWS::IAM::Role"
_RULES = "ReplicationConfiguration/Rules"
_OWN = "BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/KMSMasterKeyID"
_REPLICA = "Destination/EncryptionConfiguration/ReplicaKmsKeyID"
_SELECTED = "SourceSelectionCriteria/SseKmsEncryptedObjects/Status"


def problems(app: App, key: str) -> Iterator[str]:
    """Yield which role of a replication cannot use a key, which fails at run time and nowhere else.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
    """
    names = names_of(app, key)
    for bucket in app.referring_to(names):
        rules = [one for one in listed(value_at(bucket.properties, _RULES)) if isinstance(one, dict)]
        if bucket.type != _BUCKET or not rules:
            continue
        role = app.at(value_at(bucket.properties, "ReplicationConfiguration/Role"))
        if role is None or role.type != _ROLE:
            # One that is imported has its policies elsewhere.
            continue
        has = allowed(app, key, role)
        if any(is_named(value_at(one, _REPLICA), names) for one in rules) and "kms:Encrypt" not in has:
            yield _message(bucket, role, "kms:Encrypt", "destination.grant_write(role)")
        own = is_named(value_at(bucket.properties, _OWN), names)
        if own and any(value_at(one, _SELECTED) == "Enabled" for one in rules) and "kms:Decrypt" not in has:
            yield _message(bucket, role, "kms:Decrypt", "source.grant_read(role)")


def _message(bucket: Looked, role: Looked, action: str, way: str) -> str:
    return (
        f"{bucket.called} is replicated by {role.called}, which may not {action} with the key, so what is under it is "
        f"not replicated: call {way}, or source.grant_replication_permission(role, ...)"
    )
