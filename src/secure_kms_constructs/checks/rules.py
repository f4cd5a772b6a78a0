"""All rules, by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from . import (
    access,
    bucket_keys,
    conditions,
    grants,
    identity_policies,
    key_policies,
    keys,
    literal_wildcards,
    owners,
    quotas,
    refused,
    service_keys,
    service_needs,
    service_roles,
    services,
    set_denials,
)
from .findings import Severity
from .own_rules import OWN_RULES, OwnRule
from .rule import Rule

_MODULES = (
    *(identity_policies, key_policies, refused, grants, conditions, literal_wildcards, set_denials, bucket_keys, keys),
    *(access, owners, services, service_keys, service_needs, service_roles, quotas),
)
RULES: tuple[Rule, ...] = tuple(sorted((one for it in _MODULES for one in it.RULES), key=lambda one: one.id))
"""All rules, by their ids; docs/rules.md lists them."""
_NAMED = {name: rule for rule in RULES for name in (rule.id.lower(), rule.name)}
_OWN_NAMED = {name: rule for rule in OWN_RULES for name in (rule.id.lower(), rule.name)}


def rule_named(name: str) -> Rule:
    """Return the rule with an id or name.

    :raises ValueError: when there is none.
    """
    if name.lower() not in _NAMED:
        close = get_close_matches(name.lower(), _NAMED, n=1)
        hint = f"; did you mean {_NAMED[close[0]].name}?" if close else ":"
        raise ValueError(f"no rule is called {name!r}{hint} `secure-kms rules` lists them")
    return _NAMED[name.lower()]


def any_rule_named(name: str) -> Rule | OwnRule:
    """Return the rule with an id or name, those about the checks themselves included.

    :raises ValueError: when there is none.
    """
    return _OWN_NAMED.get(name.lower()) or rule_named(name)


_IDS = frozenset((*(one.id for one in RULES), *(one.id for one in OWN_RULES)))


def is_known(rule: str) -> bool:
    """Tell whether a rule has an id."""
    return rule in _IDS


def chosen(rules: Iterable[str] | None, severities: Mapping[str, Severity | str]) -> tuple[Rule, ...]:
    """Return rules with other severities.

    :param rules: ids or names; all where None.
    :param severities: by id or name: ``error``, ``warning``, ``info`` or ``off``.
    :raises ValueError: for a rule or severity that there is not.
    """
    wanted = RULES if rules is None else tuple(rule_named(name) for name in rules)
    given = {rule_named(name).id: str(getattr(value, "value", value)) for name, value in severities.items()}
    for value in given.values():
        if value not in ("off", *(one.value for one in Severity)):
            raise ValueError(f"severity must be one of error, warning, info and off, got {value!r}")
    left = (rule for rule in wanted if given.get(rule.id) != "off")
    return tuple(replace(rule, severity=Severity(given.get(rule.id, rule.severity.value))) for rule in left)
