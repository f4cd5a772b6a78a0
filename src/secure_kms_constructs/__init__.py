"""KMS least privilege by default for Python AWS CDK apps."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from .access import AccessMap, assert_can, assert_cannot, assert_only
    from .alarms import KmsDriftAlarms
    from .aws.config_rules import KmsConfigRule
    from .aws.services import Service, Use
    from .cdk.managed_keys import AWS_MANAGED
    from .checks import assert_no_findings
    from .exceptions import DocumentedSuppressions, documented_exception
    from .guardrails import KmsGuardrails
    from .hardening import HardenKeys
    from .keys import HardenedKey
    from .logs import LogGroupWithCmk, ScopedLogGroupManager
    from .organizations import Guardrail, guardrail_policies
    from .parameters import ScopedParameterReader
    from .plugin import KmsLeastPrivilegeChecks
    from .resolved_keys import ResolvedKey
    from .secrets import ScopedSecretReader, ScopedSecretRotator

__all__ = [
    "AWS_MANAGED",
    "AccessMap",
    "DocumentedSuppressions",
    "Guardrail",
    "HardenKeys",
    "HardenedKey",
    "KmsConfigRule",
    "KmsDriftAlarms",
    "KmsGuardrails",
    "KmsLeastPrivilegeChecks",
    "LogGroupWithCmk",
    "ResolvedKey",
    "ScopedLogGroupManager",
    "ScopedParameterReader",
    "ScopedSecretReader",
    "ScopedSecretRotator",
    "Service",
    "Use",
    "assert_can",
    "assert_cannot",
    "assert_no_findings",
    "assert_only",
    "documented_exception",
    "guardrail_policies",
]

# Names load on first use: importing aws_cdk starts a Node process, and the plain side needs none.
_HOMES = {
    "AWS_MANAGED": "cdk.managed_keys",
    "AccessMap": "access",
    "DocumentedSuppressions": "exceptions",
    "Guardrail": "organizations",
    "HardenKeys": "hardening",
    "HardenedKey": "keys",
    "KmsConfigRule": "aws.config_rules",
    "KmsDriftAlarms": "alarms",
    "KmsGuardrails": "guardrails",
    "KmsLeastPrivilegeChecks": "plugin",
    "LogGroupWithCmk": "logs",
    "ResolvedKey": "resolved_keys",
    "ScopedLogGroupManager": "logs",
    "ScopedParameterReader": "parameters",
    "ScopedSecretReader": "secrets",
    "ScopedSecretRotator": "secrets",
    "Service": "aws.services",
    "Use": "aws.services",
    "assert_can": "access",
    "assert_cannot": "access",
    "assert_no_findings": "checks",
    "assert_only": "access",
    "documented_exception": "exceptions",
    "guardrail_policies": "organizations",
}


# What needs no CDK, which the extra `cdk` installs.
_PLAIN = ("access", "aws", "checks", "organizations")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("secure-kms-constructs")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = f"{__name__}.{_HOMES[name]}"
    if home not in sys.modules and not _HOMES[name].startswith(_PLAIN):
        from .cdk.installed import need_cdk

        need_cdk(name)
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
