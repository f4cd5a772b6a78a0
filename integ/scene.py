"""One deployed stack of the example app: its resources, and the principals around them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from deployment import DEPLOYMENT_ROLE, Deployment
from emulator import ACCOUNT, REGION, Emulator
from tries import create_role

# Who tries something, as the table of the demo calls them.
FUNCTION = "orders function"
INNOCENT = "role with kms:* on *"
ADMINISTRATOR = "key administrator"
AUDITOR = "auditor"
DEPLOYER = "deployment role"
LOGS = "CloudWatch Logs"

# Those that are roles of the example stacks, by construct path.
STACK_ROLES = {
    FUNCTION: "OrdersFunction/ServiceRole",
    INNOCENT: "InnocentRole",
    ADMINISTRATOR: "KeyAdministrator",
}

# What AWS Config needs to see of a key (managed policy AWSConfigServiceRolePolicy).
AUDITOR_ROLE = "Auditor"
AUDITOR_ACTIONS = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]


class Clients(Protocol):
    """Makes boto3 clients that call as one principal."""

    def __call__(self, service: str) -> Any: ...


@dataclass(frozen=True)
class Scene:
    """The deployed resources; `ciphertext` is one that Secrets Manager would have made of the orders secret."""

    emulator: Emulator
    roles: dict[str, str]
    key: str
    orders: str
    payroll: str
    log_group: str
    reports: str
    function: str
    encryption_context: dict[str, str]
    ciphertext: bytes

    def clients(self, who: str) -> Clients:
        """Clients that call as this principal, or as the account root for one that is no role."""
        return partial(self.emulator.client, role=self.roles.get(who))

    @property
    def root(self) -> Clients:
        """Clients that call as the account root, to set up what an attempt needs."""
        return self.emulator.client


def scene(deployment: Deployment, stack: str) -> Scene:
    """Look up what the stack deployed."""
    kms = deployment.emulator.client("kms")
    key = kms.describe_key(KeyId=deployment.physical_id(stack, "Key"))["KeyMetadata"]["Arn"]
    orders = deployment.physical_id(stack, "OrdersSecret")
    context = {"SecretARN": orders, "SecretVersionId": "1"}
    roles = {who: deployment.physical_id(stack, path) for who, path in STACK_ROLES.items()}
    return Scene(
        emulator=deployment.emulator,
        roles={**roles, AUDITOR: AUDITOR_ROLE, DEPLOYER: DEPLOYMENT_ROLE},
        key=key,
        orders=orders,
        payroll=deployment.physical_id(stack, "PayrollSecret"),
        log_group=deployment.physical_id(stack, "OrdersLog"),
        reports=deployment.physical_id(stack, "Reports"),
        function=deployment.physical_id(stack, "OrdersFunction"),
        encryption_context=context,
        ciphertext=kms.encrypt(KeyId=key, Plaintext=b"orders", EncryptionContext=context)["CiphertextBlob"],
    )


def create_auditor(emulator: Emulator) -> None:
    """Create the role that looks at keys and uses none."""
    create_role(emulator, AUDITOR_ROLE, *AUDITOR_ACTIONS, resource=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*")


def delete_auditor(emulator: Emulator) -> None:
    """Delete it, so that another deployment on the same emulator can create its own."""
    iam = emulator.client("iam")
    for name in iam.list_role_policies(RoleName=AUDITOR_ROLE)["PolicyNames"]:
        iam.delete_role_policy(RoleName=AUDITOR_ROLE, PolicyName=name)
    iam.delete_role(RoleName=AUDITOR_ROLE)
