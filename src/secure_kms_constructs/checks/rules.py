"""All rules, by id."""

from __future__ import annotations

from . import access, conditions, identity_policies, key_policies, keys, quotas, services
from .rule import Rule

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            one
            for module in (identity_policies, key_policies, conditions, keys, access, services, quotas)
            for one in module.RULES
        ),
        key=lambda one: one.id,
    )
)


def rule_named(name: str) -> Rule:
    """Return the rule with an id or name.

    :raises ValueError: when there is none.
    """
    for rule in RULES:
        if name.lower() in (rule.id.lower(), rule.name):
            return rule
    raise ValueError(f"no rule is called {name!r}: `secure-kms rules` lists them")
