"""KMS least privilege by default for Python AWS CDK apps."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .access import AccessMap, assert_can, assert_cannot, assert_only
    from .keys import HardenedKey
    from .log_managers import ScopedLogGroupManager
    from .logs import LogGroupWithCmk
    from .managed_keys import AWS_MANAGED
    from .parameters import ScopedParameterReader
    from .resolved_keys import ResolvedKey
    from .rotators import ScopedSecretRotator
    from .secrets import ScopedSecretReader
    from .services import Service, Use

__all__ = [
    "AWS_MANAGED",
    "AccessMap",
    "HardenedKey",
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
    "assert_only",
]

# Names load on first use: importing aws_cdk starts a Node process, and the plain side needs none.
_HOMES = {
    "AWS_MANAGED": "managed_keys",
    "AccessMap": "access",
    "HardenedKey": "keys",
    "LogGroupWithCmk": "logs",
    "ResolvedKey": "resolved_keys",
    "ScopedLogGroupManager": "log_managers",
    "ScopedParameterReader": "parameters",
    "ScopedSecretReader": "secrets",
    "ScopedSecretRotator": "rotators",
    "Service": "services",
    "Use": "services",
    "assert_can": "access",
    "assert_cannot": "access",
    "assert_only": "access",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
