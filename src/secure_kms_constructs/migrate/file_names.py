"""How files and folders of plans are called."""

from __future__ import annotations

import re

from .plans import Held, Plan

_UNSAFE = re.compile(r"[^A-Za-z0-9+=,.@_-]")


def safe(name: str) -> str:
    """Return a name as part of the name of a file."""
    return _UNSAFE.sub("_", name)


def folder_name(plan: Plan) -> str:
    """Return the folder of a plan: names of roles are unique in an account, and those of users beside them."""
    kind = "role" if plan.is_role else "user"
    return f"{plan.principal.split(':')[4]}-{kind}-{safe(plan.name)}"


def file_name(held: Held) -> str:
    """Return the file of a policy; two groups may have one of the same name."""
    group = f"{safe(held.owner.rpartition('/')[2])}-" if held.kind == "group" else ""
    return f"{held.kind}-{group}{safe(held.name)}.json"


def key_name(key: str) -> str:
    """Return the file of a key, without its ending: ids are unique in a region of an account."""
    _, _, _, region, account, resource = key.split(":")
    return f"{account}-{region}-{safe(resource.rpartition('/')[2])}"


def new_file_name(policy: str) -> str:
    """Return the file of a new policy."""
    return f"new-{safe(policy)}.json"
