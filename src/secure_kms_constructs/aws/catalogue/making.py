"""Short ways to write the rows of the catalogue."""

from __future__ import annotations

from typing import Any

from .needs import Need, Who

DOCS = "https://docs.aws.amazon.com/"

REENCRYPT = "ReEncryptFrom ReEncryptTo"
DATA_KEYS = "GenerateDataKey GenerateDataKeyWithoutPlaintext"
# "Encrypt, Decrypt, ReEncrypt*, GenerateDataKey*" of many pages, without the key pairs that nothing at rest uses.
ALL = f"Decrypt Encrypt {DATA_KEYS} {REENCRYPT}"
VOLUMES = f"CreateGrant Decrypt GenerateDataKeyWithoutPlaintext {REENCRYPT}"


def page(path: str) -> str:
    """Return the address of a page of AWS."""
    name, _, anchor = path.partition("#")
    return f"{DOCS}{name}.html" + (f"#{anchor}" if anchor else "")


def _need(kind: str, who: Who, actions: str, path: str, more: dict[str, Any]) -> Need:
    for name in ("paths", "leads_to", "via", "requires", "asked_by"):
        if isinstance(more.get(name), str):
            more[name] = tuple(more[name].split())
    more["context"] = tuple(more.get("context", {}).items())
    named = tuple(f"kms:{action}" for action in sorted(actions.split()))
    return Need(type=kind, who=who, actions=named, source=page(path), **more)


def deployer(kind: str, actions: str, via: str, path: str, **more: Any) -> Need:
    """Return what the deployer needs through a service; without ``via`` no page names its ``kms:ViaService``."""
    return _need(kind, Who.DEPLOYER, actions, path, {"via": via, "unnamed_via": not via, **more})


def nothing(kind: str, path: str, **more: Any) -> Need:
    """Return that the deployer needs nothing but to describe the key."""
    return _need(kind, Who.DEPLOYER, "", path, more)


def caller(kind: str, actions: str, via: str, path: str, **more: Any) -> Need:
    """Return what whoever uses the resource needs, which its grants write."""
    return _need(kind, Who.CALLER, actions, path, {"via": via, "at_run": True, **more})


def role(kind: str, named_in: str, actions: str, path: str, **more: Any) -> Need:
    """Return what a role needs that a property names: by itself, or through a service."""
    return _need(kind, Who.ROLE, actions, path, {"principal": named_in, **more})


def service(kind: str, principal: str, actions: str, path: str, **more: Any) -> Need:
    """Return what a service principal needs."""
    return _need(kind, Who.SERVICE, actions, path, {"principal": principal, **more})


def linked_role(kind: str, principal: str, actions: str, path: str, **more: Any) -> Need:
    """Return what a service-linked role needs."""
    return _need(kind, Who.LINKED_ROLE, actions, path, {"principal": principal, **more})
