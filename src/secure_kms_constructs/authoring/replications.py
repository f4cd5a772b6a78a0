"""Whether the roles of S3 replications may use the keys of their buckets, as the finished templates have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import KEY_ACTIONS

from .apps import ROLE, App, Looked, as_text, value_at
from .identity_sides import allowed
from .reading import aws_principals, bound, is_account, listed, meant
from .statements import Statement
from .usages import is_named, names_of

_BUCKET = "AWS::S3::Bucket"
_RULES = "ReplicationConfiguration/Rules"
_ENCRYPTION = "BucketEncryption/ServerSideEncryptionConfiguration/0"
_OWN = f"{_ENCRYPTION}/ServerSideEncryptionByDefault/KMSMasterKeyID"
_BUCKET_KEY = f"{_ENCRYPTION}/BucketKeyEnabled"
_REPLICA = "Destination/EncryptionConfiguration/ReplicaKmsKeyID"
_SELECTED = "SourceSelectionCriteria/SseKmsEncryptedObjects/Status"


def problems(app: App, key: str, statements: Sequence[Statement], via: str) -> Iterator[str]:
    """Yield which role of a replication cannot use a key, which fails at run time and nowhere else.

    Whoever replicates decrypts the Bucket Key of its destination, to see whether it is whole.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html

    :param statements: the finished key policy, as text.
    :param via: the ``kms:ViaService`` of S3 where the key is.
    """
    names = names_of(app, key)
    for bucket in app.referring_to(names):
        rules = listed(value_at(bucket.properties, _RULES))
        if bucket.type != _BUCKET:
            continue
        role, has = _role(app, key, value_at(bucket.properties, "ReplicationConfiguration/Role"), statements, via)
        if not role:
            # Where it cannot be told, it is refused as whoever needs the key.
            continue
        replicas = [one for one in rules if is_named(value_at(one, _REPLICA), names)]
        needs = ["kms:Encrypt"] if replicas else []
        needs += ["kms:Decrypt"] if any(_has_bucket_key(app, one) for one in replicas) else []
        if missing := [one for one in needs if one not in has]:
            yield _message(bucket, role, " and ".join(missing), "destination.grant_write(role)")
        own = is_named(value_at(bucket.properties, _OWN), names)
        if own and any(value_at(one, _SELECTED) == "Enabled" for one in rules) and "kms:Decrypt" not in has:
            yield _message(bucket, role, "kms:Decrypt", "source.grant_read(role)")


def unknown(app: App, key: str, statements: Sequence[Statement], via: str) -> Iterator[str]:
    """Yield which role of a replication lacks what a Bucket Key would need, of which a bucket elsewhere does not tell.

    Parameters as for ``problems``.
    """
    names = names_of(app, key)
    for bucket in app.referring_to(names):
        rules = listed(value_at(bucket.properties, _RULES)) if bucket.type == _BUCKET else []
        outside = [
            one
            for one in rules
            if is_named(value_at(one, _REPLICA), names) and app.at(value_at(one, "Destination/Bucket")) is None
        ]
        role, has = _role(app, key, value_at(bucket.properties, "ReplicationConfiguration/Role"), statements, via)
        for one in outside if role and "kms:Encrypt" in has and "kms:Decrypt" not in has else ():
            arn = as_text(value_at(one, "Destination/Bucket")).replace("${AWS.Partition}", "aws")
            yield (
                f"{bucket.called} is replicated by {role} to {arn}, which is made elsewhere, so whether it has a "
                "Bucket Key cannot be told: where it has, nothing is replicated unless the role may decrypt that: call "
                f"key.grant_via(role, Service.S3, use=Use.READ, resource_arns=[{arn!r}])"
            )


def _role(app: App, key: str, value: Any, statements: Sequence[Statement], via: str) -> tuple[str, set[str]]:
    """Return how messages call the role, and what it may do with the key; an empty text where that cannot be told."""
    role = app.at(value)
    if role is not None:
        return (role.called, allowed(app, key, role)) if role.type == ROLE else ("", set())
    # One that is imported has its policies elsewhere, so the key policy has to admit it, and that is all that is known.
    arn = as_text(value)
    if arns.principal_arn(arn) is None or not arns.only_pseudo_parameters(arn):
        return "", set()
    admitting = (one for one in statements if _admits(one, arn, via))
    return arn, set().union(*(meant(one.get("Action"), KEY_ACTIONS.value) for one in admitting))


def _admits(statement: Statement, arn: str, via: str) -> bool:
    tied = bound(statement)
    if statement.get("Effect") != "Allow" or via not in listed(tied.get("kms:viaservice", via)):
        return False
    named = [*aws_principals(statement.get("Principal")), *listed(tied.get("aws:principalarn"))]
    left = any(map(is_account, named)) and not {"aws:principalarn", "aws:principaltype"} & tied.keys()
    return left or arns.identity(arn) in {arns.identity(str(one)) for one in named}


def _has_bucket_key(app: App, rule: Any) -> bool:
    destination = app.at(value_at(rule, "Destination/Bucket"))
    return destination is not None and str(value_at(destination.properties, _BUCKET_KEY)).lower() == "true"


def _message(bucket: Looked, role: str, action: str, way: str) -> str:
    return (
        f"{bucket.called} is replicated by {role}, which may not {action} with the key, so what is under it is "
        f"not replicated: call {way}, or source.grant_replication_permission(role, ...)"
    )
