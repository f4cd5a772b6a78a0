"""What snapshots show: one construct each."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, KmsGuardrails, LogGroupWithCmk, ScopedSecretReader


def hardened_key(stack: Stack) -> None:
    HardenedKey(stack, "Key", alias="alias/orders", provision_via=())


def scoped_secret_reader(stack: Stack) -> None:
    key = HardenedKey(stack, "Key", provision_via=())
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key, secret_name="orders/db")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])


def log_group_with_cmk(stack: Stack) -> None:
    LogGroupWithCmk(stack, "Log")


def kms_guardrails(stack: Stack) -> None:
    KmsGuardrails(stack, "Guardrails", organization="o-abcdefghij", targets=["ou-ab12-abcdefgh"])
