"""Tells of each secret its ARN, its region and its key, or says why they cannot be told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from aws_cdk import ArnFormat, Resource, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from secure_kms_constructs.authoring.targets import Target, UsedKey
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import SECRET_NAME, SECRET_SUFFIX
from secure_kms_constructs.aws.services import Service
from secure_kms_constructs.cdk.asking import Called, arn_of, key_of, name_of, region_of, stack_of
from secure_kms_constructs.cdk.grantees import account_text
from secure_kms_constructs.cdk.managed_keys import AwsManaged
from secure_kms_constructs.cdk.names import note_name
from secure_kms_constructs.cdk.places import check_environments, check_reference, same_place, wait_for

from .key_side import UsedKeys


def resolve_secrets(
    scope: Construct, secrets: Sequence[secretsmanager.ISecret], key: kms.IKey | AwsManaged | None
) -> list[Target]:
    stack = stack_of(scope)
    if not secrets:
        raise ValueError("secrets must name at least one secret, got none: leave the reader out instead")
    _check_attachments(secrets)
    places = [stack_of(secret) if isinstance(secret, Resource) else None for secret in secrets]
    named = [_arn_of(stack, place, secret) for place, secret in zip(places, secrets, strict=True)]
    # Only an imported secret's ARN has to be looked into, and one question does for all.
    hidden = [arn for (arn, _), place in zip(named, places, strict=True) if place is None]
    texts = map(arns.as_text, stack.resolve(hidden) if hidden else ())
    seen: set[str] = set()
    keys = _Keys(scope, key)
    result = []
    for secret, place, (arn, exact) in zip(secrets, places, named, strict=True):
        text = next(texts) if place is None else arn
        if text in seen:
            name = text if place is None else secret.node.path
            raise ValueError(f"secrets must name each secret once, got {name} twice")
        seen.add(text)
        result.append(
            _imported(secret, arn, exact, text, keys, stack)
            if place is None
            else _owned(secret, arn, exact, place, keys, stack)
        )
    keys.check_used()
    return result


def _check_attachments(secrets: Sequence[secretsmanager.ISecret]) -> None:
    """Check that no secret is there with its own ``secret.attach(...)``, which has an ARN of its own in a template."""
    attached = [one for one in secrets if isinstance(one, secretsmanager.SecretTargetAttachment)]
    if not attached:
        return
    behind = {one.node.path: one.node.default_child.secret_id for one in attached}  # type: ignore[union-attr]
    seen: dict[str, str] = {}
    for secret in secrets:
        path = secret.node.path
        same = seen.setdefault(behind.get(path, secret.secret_arn), path)
        if same != path:
            raise ValueError(f"secrets must name each secret once, got {same} and {path}, which are one: leave one out")


def _owned(secret: secretsmanager.ISecret, arn: str, exact: bool, place: Stack, keys: _Keys, stack: Stack) -> Target:
    named = partial(_named_arn, place, secret)
    used = keys.of_owned(secret, place)
    if place is not stack and named() != arn:
        check_reference(stack, place, Called("secret", secret), "give the secret a literal secret_name")
    return Target(secret, True, arn, exact, region_of(place), account_text(place), used, named)


def _imported(secret: secretsmanager.ISecret, arn: str, exact: bool, text: str, keys: _Keys, stack: Stack) -> Target:
    parsed = _imported_arn(text)
    visible = parsed is not None and not arns.has_placeholder(parsed.region)
    region = parsed.region if parsed and visible else secret.env.region
    account = parsed.account if parsed else secret.env.account
    known = arn if parsed and arns.only_pseudo_parameters(text) else None
    used = keys.of_imported(secret, text, region, account)
    return Target(secret, False, arn, exact, region, arns.as_text(stack.resolve(account)), used, lambda: known)


def _arn_of(stack: Stack, place: Stack | None, secret: secretsmanager.ISecret) -> tuple[str, bool]:
    """Return the ARN of a secret as a policy names it, and whether it is complete."""
    if place is None:
        full = secret.secret_full_arn
        return (full, True) if full is not None else (f"{secret.secret_arn}{SECRET_SUFFIX.value}", False)
    if same_place(stack, place):
        return arn_of(secret), True
    what, ways = Called("secret", secret), "give the secret a literal secret_name, or import it by its complete ARN"
    check_environments(stack, place, what, ways)
    known = _named_arn(place, secret)
    if known is not None:
        note_name(place, secret, f"secret {secret.node.path}", "secret_name", name_of(secret))
        # CDK would give the ARN without the suffix for both of its ARNs.
        return known, False
    try:
        stack.resolve(arn_of(secret))
    except RuntimeError as error:
        raise ValueError(f"the ARN of {what} cannot be told in stack {stack.node.path}: {ways}") from error
    return arn_of(secret), True


def _named_arn(stack: Stack, secret: secretsmanager.ISecret) -> str | None:
    """Return the ARN pattern of an owned secret with a literal name."""
    name = name_of(secret)
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

    def of_owned(self, secret: secretsmanager.ISecret, place: Stack) -> UsedKey | None:
        key, what, region = key_of(secret), Called("secret", secret), region_of(place)
        if key is None:
            return self._used.given_if_managed(what, region, account_text(place))
        if isinstance(key, kms.Key) and stack_of(key) is not place:
            wait_for(place, stack_of(key), Called("secret", secret))
        return self._used.of(key, what, region, account_text(place))

    def of_imported(self, secret: secretsmanager.ISecret, text: str, region: str, account: str) -> UsedKey | None:
        key = key_of(secret)
        if key is not None:
            return self._used.of(key, text, region, account)
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
