"""What guardrails are told by name: the organization, accounts, and roles by patterns of their ARNs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from secure_kms_constructs.aws.facts import CDK_QUALIFIER

_ACCOUNT = re.compile(r"\d{12}")
_PRINCIPAL = re.compile(r"arn:(?:aws[a-z-]*|\*):iam::(?:\d{12}|\*):(?:role|user)/([!-~]+)")


def execution_role(qualifier: str = CDK_QUALIFIER.value) -> str:
    """Return the pattern of the roles by which CloudFormation deploys after a bootstrap, in any account and region.

    https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
    """
    return f"arn:*:iam::*:role/cdk-{qualifier}-cfn-exec-role-*-*"


def check_accounts(accounts: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of accounts.

    :raises ValueError: for what is none.
    """
    for account in (found := _several("trusted_accounts", accounts)):
        if not _ACCOUNT.fullmatch(account):
            raise ValueError(f"trusted_accounts must be account ids of 12 digits, got {account!r}")
    return found


def check_principals(name: str, principals: Iterable[str]) -> tuple[str, ...]:
    """Return patterns of the ARNs of roles and users.

    :raises ValueError: for what is none, or names everybody.
    """
    for principal in (found := _several(name, principals)):
        match = _PRINCIPAL.fullmatch(principal)
        if not match:
            raise ValueError(
                f"{name} must be ARNs of roles or users, arn:<partition>:iam::<account>:role/<name>, in which * is a "
                f"wildcard, got {principal!r}"
            )
        if "${" in principal:
            raise ValueError(
                f"{name} must name roles, got {principal!r}, whose variable is filled in by whoever calls: write * "
                "where a name differs"
            )
        if re.search("[*?]", match[1]) and not re.search(r"\w{3}", match[1]):
            raise ValueError(
                f"{name} must name roles, got {principal!r}, which is everybody, or nearly: give three letters or more "
                "of their names"
            )
    return found


def _several(name: str, values: Iterable[str]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise ValueError(f"{name} must be a list of texts, got the text {values!r}: put it in brackets")
    found = tuple(dict.fromkeys(values))
    if not all(isinstance(one, str) for one in found):
        raise ValueError(f"{name} must be a list of texts, got {values!r}")
    return found
