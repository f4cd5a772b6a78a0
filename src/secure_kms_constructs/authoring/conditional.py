"""Policies that are always made, and refer to what is made under a condition, which CloudFormation refuses."""

from __future__ import annotations

from collections.abc import Iterator

from .apps import App, referred
from .identity_sides import POLICIES, names_one, statements_of
from .usages import names_of


def problems(app: App, key: str) -> Iterator[str]:
    """Yield which policies that grant use of a key are in the way of a deployment where a condition is false.

    What this library writes into key policies, and into policies of its own, follows the conditions by itself.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html

    :param key: path of the key's resource.
    """
    names = names_of(app, key)
    for policy in app.referring_to(names):
        if policy.type not in POLICIES or policy.condition:
            continue
        about = [one for one in statements_of(policy) if names_one(one, names)]
        attached = [policy.properties.get(part) for part in ("Roles", "Users", "Groups")]
        for path in dict.fromkeys(referred([about, attached])):
            other = app.resources.get(path)
            if about and other is not None and other.condition and other.stack == policy.stack:
                yield (
                    f"{policy.called} is always made and refers to {other.called}, which is made under condition "
                    f"{other.condition} alone, so CloudFormation refuses the template where that is false: put the "
                    "condition on the policy too, "
                    f"{_policy(policy.called)}.cfn_options.condition = ..., or grant by a Scoped construct, whose "
                    "policy follows it"
                )


def _policy(called: str) -> str:
    if called.endswith("/DefaultPolicy"):
        return 'role.node.find_child("DefaultPolicy").node.default_child'
    return "policy.node.default_child"
