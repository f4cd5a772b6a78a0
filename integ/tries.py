"""How trying something with the emulator ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from emulator import ACCOUNT, REGION, Emulator

ALLOWED, REFUSED = "allowed", "refused"

# CloudWatch Logs answers InvalidParameterException when a key does not admit it; AuthorizationError is Amazon SNS's.
REFUSALS = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "InvalidParameterException")


def outcome(act: Callable[..., Any], *arguments: Any, **parameters: Any) -> str:
    """Try it. An error that is not a refusal is not an outcome: it raises."""
    try:
        act(*arguments, **parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] in REFUSALS:
            return REFUSED
        raise
    return ALLOWED


def read(emulator: Emulator, role: str, secret: str, region: str = REGION) -> str:
    return outcome(emulator.client("secretsmanager", role, region).get_secret_value, SecretId=secret)


def decrypt(emulator: Emulator, role: str, key: str, region: str = REGION, **context: str) -> str:
    """Decrypt without the service, with a ciphertext and the encryption context that it would have made."""
    made = emulator.client("kms", region=region).encrypt(KeyId=key, Plaintext=b"any", EncryptionContext=context)
    act = emulator.client("kms", role, region).decrypt
    return outcome(act, KeyId=key, CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)


@contextmanager
def too_much(emulator: Emulator, role: str, *actions: str) -> Iterator[None]:
    """Somebody attaches one of those policies to the role."""
    place = {"RoleName": role, "PolicyName": "TooMuch"}
    document = policy({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
    emulator.client("iam").put_role_policy(**place, PolicyDocument=document)
    try:
        yield
    finally:
        emulator.client("iam").delete_role_policy(**place)


def create_role(emulator: Emulator, name: str, *actions: str, resource: str = "*") -> None:
    """Create a role that this account may assume."""
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    iam = emulator.client("iam")
    trust = policy({"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    if actions:
        document = policy({"Effect": "Allow", "Action": list(actions), "Resource": resource})
        iam.put_role_policy(RoleName=name, PolicyName="Own", PolicyDocument=document)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
