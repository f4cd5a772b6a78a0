"""What was there before CDK: a role, secrets and parameters, and keys that only their owner can open."""

from __future__ import annotations

from dataclasses import dataclass

from emulator import ACCOUNT, Emulator
from tries import create_role, policy

ROLE = "legacy-application"
SECRETS_ALIAS = "alias/legacy-secrets"
METADATA = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]


@dataclass(frozen=True)
class Legacy:
    """The keys' ARNs, and the secrets' by name."""

    secrets_key: str
    parameters_key: str
    managed_key: str
    secrets: dict[str, str]


def create(emulator: Emulator) -> Legacy:
    create_role(emulator, ROLE)
    kms, secretsmanager, ssm = (emulator.client(service) for service in ("kms", "secretsmanager", "ssm"))
    secrets_key, parameters_key = (closed_key(emulator) for _ in range(2))
    kms.create_alias(AliasName=SECRETS_ALIAS, TargetKeyId=secrets_key)
    secrets = {
        name: secretsmanager.create_secret(Name=name, SecretString=name, **key)["ARN"]
        for name, key in (
            ("legacy/database", {"KmsKeyId": secrets_key}),
            ("legacy/neighbour", {"KmsKeyId": secrets_key}),
            ("legacy/alias", {"KmsKeyId": SECRETS_ALIAS}),
            ("legacy/default", {}),
        )
    }
    for name in ("/legacy/feature-token", "/legacy/neighbour"):
        ssm.put_parameter(Name=name, Value=name, Type="SecureString", KeyId=parameters_key)
    ssm.put_parameter(Name="/shared/secrets-key-arn", Value=secrets_key, Type="String")
    ssm.put_parameter(Name="/shared/parameters-key-arn", Value=parameters_key, Type="String")
    # A first SecureString under the default key brings that key into being.
    ssm.put_parameter(Name="/legacy/default", Value="default", Type="SecureString")
    managed_key = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["Arn"]
    return Legacy(secrets_key, parameters_key, managed_key, secrets)


def closed_key(emulator: Emulator) -> str:
    """A key that delegates nothing but its description to IAM policies."""
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    only_root = {"StringEquals": {"aws:PrincipalType": "Account"}}
    document = policy(
        {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*", "Condition": only_root},
        {"Effect": "Allow", "Principal": root, "Action": METADATA, "Resource": "*"},
    )
    created: str = emulator.client("kms").create_key(Policy=document)["KeyMetadata"]["Arn"]
    return created
