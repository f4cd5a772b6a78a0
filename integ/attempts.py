"""Who tries what with the key of a deployed stack, and how it ends: the stock L2 beside this library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from scene import ADMINISTRATOR, AUDITOR, DEPLOYER, FUNCTION, INNOCENT, LOGS, Clients, Scene
from tries import ALLOWED, REFUSED, outcome, too_much

STOCK, LIBRARY = "StockL2", "HardenedSecrets"


@dataclass(frozen=True)
class Attempt:
    """`stock` and `library` are how the attempt has to end in the two stacks."""

    who: str
    tries: str
    act: Callable[[Scene, Clients], Any]
    stock: str
    library: str

    @property
    def promised(self) -> dict[str, str]:
        return {STOCK: self.stock, LIBRARY: self.library}

    def outcome(self, scene: Scene) -> str:
        return outcome(self.act, scene, scene.clients(self.who))


def invoke(scene: Scene, _client: Clients) -> None:
    answer = scene.root("lambda").invoke(FunctionName=scene.function)
    printed = answer["Payload"].read().decode()
    if "AccessDenied" in printed:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": printed}}, "Invoke")
    if "FunctionError" in answer:
        raise RuntimeError(f"the function failed: {printed}")


def read(scene: Scene, client: Clients) -> None:
    client("secretsmanager").get_secret_value(SecretId=scene.orders)


def read_neighbour(scene: Scene, client: Clients) -> None:
    client("secretsmanager").get_secret_value(SecretId=scene.payroll)


def read_neighbour_with_too_much(scene: Scene, client: Clients) -> None:
    with too_much(scene.emulator, scene.roles[FUNCTION], "secretsmanager:*"):
        read_neighbour(scene, client)


def write_report(scene: Scene, client: Clients) -> None:
    """Write an object and read it again; both go through Amazon S3 to the key of its bucket."""
    client("s3").put_object(Bucket=scene.reports, Key="report", Body=b"report")
    try:
        client("s3").get_object(Bucket=scene.reports, Key="report")["Body"].read()
    finally:
        # Or the bucket could not be deleted.
        scene.root("s3").delete_object(Bucket=scene.reports, Key="report")


def decrypt(scene: Scene, client: Clients) -> None:
    """Decrypt without Secrets Manager, with the right ciphertext and the right encryption context."""
    client("kms").decrypt(KeyId=scene.key, CiphertextBlob=scene.ciphertext, EncryptionContext=scene.encryption_context)


def store_parameter(scene: Scene, client: Clients) -> None:
    client("ssm").put_parameter(Name="/mine", Value="mine", Type="SecureString", KeyId=scene.key, Overwrite=True)


def create_grant(scene: Scene, client: Clients) -> None:
    caller = client("sts").get_caller_identity()["Arn"]
    client("kms").create_grant(KeyId=scene.key, GranteePrincipal=caller, Operations=["Decrypt"])


def put_key_policy(scene: Scene, client: Clients) -> None:
    """Put the policy that the key has, so that being allowed changes nothing for the next attempt."""
    present = scene.root("kms").get_key_policy(KeyId=scene.key)["Policy"]
    client("kms").put_key_policy(KeyId=scene.key, Policy=present)


def schedule_deletion(scene: Scene, client: Clients) -> None:
    client("kms").schedule_key_deletion(KeyId=scene.key)
    scene.root("kms").cancel_key_deletion(KeyId=scene.key)
    scene.root("kms").enable_key(KeyId=scene.key)


def enable_rotation(scene: Scene, client: Clients) -> None:
    client("kms").enable_key_rotation(KeyId=scene.key)


def audit(scene: Scene, client: Clients) -> None:
    client("kms").describe_key(KeyId=scene.key)
    client("kms").get_key_policy(KeyId=scene.key)
    client("kms").get_key_rotation_status(KeyId=scene.key)


def find_encrypted_log(scene: Scene, client: Clients) -> None:
    """The group is deployed with the key, which the emulator does only if the key admits the service."""
    group = client("logs").describe_log_groups(logGroupNamePrefix=scene.log_group)["logGroups"][0]
    events = client("logs").filter_log_events(logGroupName=scene.log_group)["events"]
    if group.get("kmsKeyId") != scene.key or not events:
        raise RuntimeError(f"no log of the function in a group under the key: {group}, {events}")


def encrypt_other_log_group(scene: Scene, client: Clients) -> None:
    client("logs").create_log_group(logGroupName="/somebody/else", kmsKeyId=scene.key)
    client("logs").delete_log_group(logGroupName="/somebody/else")


ATTEMPTS = [
    Attempt(FUNCTION, "is invoked and reads its own secret", invoke, ALLOWED, ALLOWED),
    Attempt(FUNCTION, "reads the neighbour secret", read_neighbour, REFUSED, REFUSED),
    Attempt(FUNCTION, "... after it got secretsmanager:*", read_neighbour_with_too_much, ALLOWED, REFUSED),
    Attempt(FUNCTION, "writes and reads in its bucket", write_report, ALLOWED, ALLOWED),
    Attempt(FUNCTION, "decrypts its secret directly", decrypt, ALLOWED, REFUSED),
    Attempt(FUNCTION, "creates a grant for itself", create_grant, REFUSED, REFUSED),
    Attempt(INNOCENT, "reads the secret", read, ALLOWED, REFUSED),
    Attempt(INNOCENT, "decrypts the secret directly", decrypt, ALLOWED, REFUSED),
    Attempt(INNOCENT, "writes and reads in the bucket", write_report, ALLOWED, REFUSED),
    Attempt(INNOCENT, "uses the key through Parameter Store", store_parameter, ALLOWED, REFUSED),
    Attempt(INNOCENT, "creates a grant for itself", create_grant, ALLOWED, REFUSED),
    Attempt(INNOCENT, "replaces the key policy", put_key_policy, ALLOWED, REFUSED),
    Attempt(INNOCENT, "schedules the key's deletion", schedule_deletion, ALLOWED, REFUSED),
    Attempt(ADMINISTRATOR, "turns rotation on", enable_rotation, ALLOWED, ALLOWED),
    Attempt(ADMINISTRATOR, "decrypts the secret directly", decrypt, REFUSED, REFUSED),
    Attempt(ADMINISTRATOR, "creates a grant for itself", create_grant, ALLOWED, REFUSED),
    Attempt(ADMINISTRATOR, "replaces the key policy", put_key_policy, ALLOWED, REFUSED),
    Attempt(AUDITOR, "looks at key policy and rotation", audit, ALLOWED, ALLOWED),
    Attempt(DEPLOYER, "updates the key policy", put_key_policy, ALLOWED, ALLOWED),
    Attempt(DEPLOYER, "reads a secret (creating one needs it)", read, ALLOWED, ALLOWED),
    Attempt(DEPLOYER, "decrypts the secret directly", decrypt, ALLOWED, REFUSED),
    Attempt(LOGS, "encrypts the function's log group", find_encrypted_log, ALLOWED, ALLOWED),
    Attempt(LOGS, "encrypts somebody else's log group", encrypt_other_log_group, ALLOWED, REFUSED),
]
