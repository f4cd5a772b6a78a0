"""What is no construct, role, service or use is refused in the words of whoever gave it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey, ScopedSecretReader, Service, Use
from tests.synth.templates import make_role

SERVICE = iam.ServicePrincipal("lambda.amazonaws.com")
OBJECT = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-AbCdEf"
NO_ROLE = 'must be one role or user without conditions, got {"Service": ["lambda.amazonaws.com"]}: grant to a role'

WRONG: dict[str, tuple[Callable[[Stack, HardenedKey, Any], Any], str]] = {
    "a service reads": (
        lambda stack, _key, secret: ScopedSecretReader(stack, "R", grantee=SERVICE, secrets=[secret]),
        f"grantee {NO_ROLE}",
    ),
    "a service administers": (
        lambda stack, _key, _secret: HardenedKey(stack, "Other", administrators=[SERVICE]),
        f"administrators {NO_ROLE}",
    ),
    "a service deploys": (
        lambda stack, _key, _secret: HardenedKey(stack, "Other", deployer=SERVICE),
        f"deployer {NO_ROLE}",
    ),
    "a secret without brackets": (
        lambda stack, _key, secret: ScopedSecretReader(stack, "R", grantee=make_role(stack), secrets=secret),
        "secrets must be a list, got the Secret Stack/Secret: put it in brackets",
    ),
    "a service as text": (
        lambda stack, key, _secret: key.grant_via(
            make_role(stack),
            "secretsmanager",  # type: ignore[arg-type]
            use=Use.READ,
            resource_arns=[OBJECT],
        ),
        "service takes constructs, got the text 'secretsmanager': pass a member of Service",
    ),
    "a use that there is not": (
        lambda stack, key, _secret: key.grant_via(
            make_role(stack),
            Service.SECRETS_MANAGER,
            use="reed",  # type: ignore[arg-type]
            resource_arns=[OBJECT],
        ),
        "use must be one of Use.READ, Use.WRITE, Use.PROVISION, got 'reed'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_it_is_refused_by_name(case: str, stack: Stack) -> None:
    make, said = WRONG[case]
    key = HardenedKey(stack, "Key")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    with pytest.raises(ValueError) as refused:
        make(stack, key, secret)
    assert said in str(refused.value)


def test_the_value_of_a_use_is_one(stack: Stack) -> None:
    grant = HardenedKey(stack, "Key").grant_via(
        make_role(stack),
        Service.SECRETS_MANAGER,
        use="read",  # type: ignore[arg-type]
        resource_arns=[OBJECT],
    )
    assert grant.success
