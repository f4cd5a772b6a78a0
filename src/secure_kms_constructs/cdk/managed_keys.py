"""Tells AWS-managed keys from others: their key policy cannot be written, and admits its whole account already."""

from __future__ import annotations

from enum import Enum
from typing import Final

from aws_cdk import aws_kms as kms

from secure_kms_constructs.aws.services import SERVICES, Service

_MARK = "secure-kms-constructs:awsManagedKeyOf"


class AwsManaged(Enum):
    """Says of a secret or parameter that it is under the key that AWS manages for its service."""

    SECRETS_MANAGER = "alias/aws/secretsmanager"


AWS_MANAGED: Final = AwsManaged.SECRETS_MANAGER


def mark(key: kms.IKey, service: Service) -> None:
    """Note on a key's construct that AWS manages it for a service; a Python attribute would not survive Node."""
    key.node.add_metadata(_MARK, service.prefix)


def service_of(key: kms.IKey) -> Service | None:
    """Return the service that AWS manages a key for, None for any other key."""
    # Keys of this app are never AWS-managed, and metadata costs a call into Node.
    if isinstance(key, kms.Key):
        return None
    marked = [entry.data for entry in key.node.metadata if entry.type == _MARK]
    return next((service for service in SERVICES if service.prefix in marked), None)
