"""Tells of each secret its ARN, its region and its key, or says why they cannot be told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from aws_cdk import ArnFormat, Resource, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from . import arns
from .facts import SECRET_NAME, SECRET_SUFFIX
from .key_side import Target, UsedKey, UsedKeys
from .managed_keys import AwsManaged
from .places import check_environments, check_reference, same_place, wait_for
from .services import Service


def resolve_secrets(
    scope: Construct, secrets: Sequence[secretsmanager.ISecret], key: kms.IKey | AwsManaged | None
) -> list[Target]:
    stack = Stack.of(scope)
    if not secrets:
        raise ValueError("secrets must name at least one secret, got none: leave the reader out instead")
    places = [secret.stack if isinstance(secret, Resource) else None for secret in secrets]
    near = {place for place in places if place is not None and same_place(stack, place)}
    pairs = [
        _arn_across(stack, place, secret)
        if place is not None and place not in near
        else (secret.secret_full_arn, secret.secret_arn)
        for place, secret in zip(places, secrets, strict=True)
    ]
    named = [full or f"{short}{SECRET_SUFFIX.value}" for full, short in pairs]
    texts = [arns.as_text(resolved) for resolved in stack.resolve(named)]
    seen: set[str] = set()
    keys = _Keys(scope, key)
    result = []
    for secret, place, arn, text, (full, _) in zip(secrets, places, named, texts, pairs, strict=True):
        identity = f"{place.node.addr} {text}" if place else text
        if identity in seen:
            raise ValueError(f"secrets must name each secret once, got {text} twice")
        seen.add(identity)
        if place is not None:
            region, account, known = place.region, place.account, _named_arn(place, secret)
        else:
            parsed = _imported_arn(text)
            visible = parsed is not None and not arns.has_placeholder(parsed.region)
            region = parsed.region if parsed and visible else secret.env.region
            account = parsed.account if parsed else secret.env.account
            known = arn if parsed and arns.only_pseudo_parameters(text) else None
        used = keys.of(secret, place, text, region, account)
        if place is not None and place is not stack and known != arn:
            check_reference(stack, place, f"secret {secret.node.path}", "give the secret a literal secret_name")
        account = arns.as_text(stack.resolve(account))
        result.append(Target(secret, arn, full is not None, region, account, known, used))
    keys.check_used()
    return result


def _arn_across(stack: Stack, place: Stack, secret: secretsmanager.ISecret) -> tuple[str | None, str]:
    """Return the complete ARN of a secret in another account or region, or its ARN without the suffix.

    CDK gives the latter for both where the name is literal.
    """
    what, ways = f"secret {secret.node.path}", "give the secret a literal secret_name, or import it by its complete ARN"
    check_environments(stack, place, what, ways)
    known = _named_arn(place, secret)
    if known is not None:
        return None, known.removesuffix(SECRET_SUFFIX.value)
    try:
        stack.resolve(secret.secret_arn)
    except RuntimeError as error:
        raise ValueError(f"the ARN of {what} cannot be told in stack {stack.node.path}: {ways}") from error
    return secret.secret_arn, secret.secret_arn


def _named_arn(stack: Stack, secret: Any) -> str | None:
    """Return the ARN pattern of an owned secret with a literal name."""
    name = secret._physical_name  # CDK's protected physicalName: one call instead of three
    if not re.fullmatch(SECRET_NAME.value, name):
        return None
    return stack.format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{name}{SECRET_SUFFIX.value}",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def _imported_arn(text: str) -> arns.Arn | None:
    """Check the ARN of an imported secret; None where it is known only at deploy time."""
    if text.startswith("${"):
        return None
    parsed = arns.parse(text)
    if parsed is None or parsed.service != "secretsmanager" or not parsed.resource.startswith("secret:"):
        raise ValueError(
            f"secrets must be Secrets Manager secrets with an ARN, got {text!r}: "
            "import with Secret.from_secret_complete_arn, from_secret_partial_arn or from_secret_name_v2"
        )
    name = parsed.resource.removeprefix("secret:").removesuffix(SECRET_SUFFIX.value)
    if "*" in name or "?" in name:
        raise ValueError(f"secrets must be named exactly, got {text!r}: a wildcard takes in other secrets")
    return parsed


class _Keys:
    """Tells the key of each secret."""

    def __init__(self, scope: Construct, given: kms.IKey | AwsManaged | None) -> None:
        self._default = isinstance(given, AwsManaged)
        self._used = UsedKeys(
            scope, Service.SECRETS_MANAGER, None if given is None or isinstance(given, AwsManaged) else given, "secrets"
        )

    def of(
        self, secret: secretsmanager.ISecret, place: Stack | None, text: str, region: str, account: str
    ) -> UsedKey | None:
        key = secret.encryption_key
        if key is not None:
            if place is not None and isinstance(key, kms.Key) and key.stack is not place:
                wait_for(place, key.stack, f"secret {secret.node.path}")
            return self._used.of(key, text, region, account)
        if place is not None:
            return self._used.given_if_managed(text, region, account)
        given = self._used.given(text, region, account)
        if given is None and not self._default:
            raise ValueError(
                f"the key of the imported secret {text} is not known: pass key=AWS_MANAGED if it is under "
                "aws/secretsmanager, key=ResolvedKey.of_secret(...) to have it looked up, or "
                "key=ResolvedKey.from_arn(...) with the full ARN of its key "
                "(`aws secretsmanager describe-secret` shows it as KmsKeyId)"
            )
        return given

    def check_used(self) -> None:
        self._used.check_used()
