"""Help for who comes from the L2: what its keyword arguments are called here, or what to do in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec

_P = ParamSpec("_P")

KEY = {
    "admins": "write administrators=[...], which cannot change the key policy, or policy_administrators=[...]",
    "enable_key_rotation": "leave it out, a symmetric HardenedKey always rotates; rotation_period=... says how often",
    "enabled": "leave it out and call key.node.default_child.enabled = False for a key that is made disabled",
    "policy": "leave it out and call key.add_to_resource_policy(...) for each statement of your own",
    "trust_account_identities": "leave it out, a HardenedKey never delegates; delegate_via=[...] does for one service",
    "key_alias": "write alias=...",
}
LOG_GROUP = {
    "encryption_key": "write key=..., and generated_name=True beside it for a group that was deployed without a "
    "log_group_name, or CloudFormation replaces it"
}
READER = {
    "encryption_key": "write key=...",
    "role": "write grantee=...",
    "secret": "write secrets=[...]",
    "principal": "write grantee=...",
}


def helps(counterparts: Mapping[str, str]) -> Callable[[Callable[_P, None]], Callable[_P, None]]:
    """Refuse keyword arguments of the L2 with what to write in their place."""

    def decorate(init: Callable[_P, None]) -> Callable[_P, None]:
        @wraps(init)
        def checked(*args: _P.args, **kwargs: _P.kwargs) -> None:
            for name in kwargs:
                if name in counterparts:
                    raise TypeError(f"{name} is not known here, as the L2 knows it: {counterparts[name]}")
            init(*args, **kwargs)

        return checked

    return decorate
