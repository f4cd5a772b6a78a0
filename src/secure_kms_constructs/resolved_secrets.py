"""Tells of each secret its ARN, its region and its key, or says why they cannot be told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import ArnFormat, Resource, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from . import arns
from .facts import SECRET_NAME, SECRET_SUFFIX
from .grants import checked_key_arn
from .managed_keys import AwsManaged


@dataclass(frozen=True)
class SecretKey:
    """The customer-managed key of a secret."""

    key: kms.IKey
    arn: str


@dataclass(frozen=True)
class ResolvedSecret:
    """A secret as policies name it.

    ``known_arn`` is an ARN that can be told without a reference to the secret, which would be a cycle in the key's
    policy; None where there is none. ``key`` is None under the AWS-managed key.
    """

    secret: secretsmanager.ISecret
    arn: str
    exact: bool
    region: str
    known_arn: str | None
    key: SecretKey | None


def by_key(secrets: Sequence[ResolvedSecret]) -> list[tuple[SecretKey, list[ResolvedSecret]]]:
    groups: dict[str, tuple[SecretKey, list[ResolvedSecret]]] = {}
    for secret in secrets:
        if secret.key:
            groups.setdefault(secret.key.arn, (secret.key, []))[1].append(secret)
    return list(groups.values())


def key_policy_contexts(under: Sequence[ResolvedSecret]) -> list[str]:
    """Return the ARNs a key policy can name; none where one of them cannot be told, or it would be shut out."""
    known = [secret.known_arn for secret in under if secret.known_arn]
    return known if len(known) == len(under) else []


def resolve_secrets(
    scope: Construct, secrets: Sequence[secretsmanager.ISecret], key: kms.IKey | AwsManaged | None
) -> list[ResolvedSecret]:
    stack = Stack.of(scope)
    if not secrets:
        raise ValueError("secrets must name at least one secret, got none: leave the reader out instead")
    full = [secret.secret_full_arn for secret in secrets]
    named = [arn or f"{secret.secret_arn}{SECRET_SUFFIX.value}" for arn, secret in zip(full, secrets, strict=True)]
    texts = [arns.as_text(resolved) for resolved in stack.resolve(named)]
    seen: set[str] = set()
    keys = _Keys(scope, key)
    result = []
    for secret, arn, text, complete in zip(secrets, named, texts, full, strict=True):
        owned = isinstance(secret, Resource)
        place = secret.stack if owned else None
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
            known = arn if parsed else None
        secret_key = keys.of(secret, owned, text, region, account)
        result.append(ResolvedSecret(secret, arn, complete is not None, region, known, secret_key))
    keys.check_used()
    return result


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
    """Tells and checks the key of each secret, each key once."""

    def __init__(self, scope: Construct, given: kms.IKey | AwsManaged | None) -> None:
        self._scope = scope
        self._given = given
        self._given_arn = None if given is None or isinstance(given, AwsManaged) else given.key_arn
        self._used = self._given_arn is None
        self._checked: dict[str, arns.Arn | None] = {}

    def of(self, secret: secretsmanager.ISecret, owned: bool, text: str, region: str, account: str) -> SecretKey | None:
        key: kms.IKey | AwsManaged | None = secret.encryption_key
        if key is None and not owned:
            if self._given is None:
                raise ValueError(
                    f"the key of the imported secret {text} is not known: pass key=AWS_MANAGED if it is under "
                    "aws/secretsmanager, or key=kms.Key.from_key_arn(...) with the full ARN of its key "
                    "(`aws secretsmanager describe-secret` shows it as KmsKeyId)"
                )
            key = self._given
        if key is None or isinstance(key, AwsManaged):
            return None
        if isinstance(key, kms.Alias):
            key = key.alias_target_key
        arn = key.key_arn
        self._used = self._used or arn == self._given_arn
        if arn not in self._checked:
            self._checked[arn] = checked_key_arn(self._scope, key, f"the key of {text}")
        parsed = self._checked[arn]
        for part, of_secret in (("region", region), ("account", account)) if parsed else ():
            of_key = getattr(parsed, part)
            if arns.contradict(of_key, of_secret):
                raise ValueError(
                    f"the key of {text} must be in the {part} of the secret, {of_secret}, got one in {of_key}"
                )
        return SecretKey(key, arn)

    def check_used(self) -> None:
        if not self._used:
            raise ValueError(
                f"key is for imported secrets that do not say their key, got {self._given_arn} "
                "for secrets that each say it: leave it out"
            )
