"""Policy documents: parsed once, then evaluated as often as needed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from functools import partial

from .conditions import Condition, parse_conditions
from .elements import Element, parse_actions, parse_resources
from .patterns import Context
from .principals import Principals, parse_principals
from .verdicts import PolicyError, Unknown, Verdict, all_of

_VARIABLES_SINCE = "2012-10-17"
_VERSIONS = ("2008-10-17", _VARIABLES_SINCE)
_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_EVERYONE = parse_principals("*", "Principal")
_PAIRS = (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))


class Effect(Enum):
    """What a statement that applies does; ``UNKNOWN`` where the policy's value is not known."""

    ALLOW = "Allow"
    DENY = "Deny"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    :param index: its place in the policy, from 0.
    :param principals: everyone in an identity policy, which is about whoever has it.
    :param not_principals: whether ``principals`` are those of ``NotPrincipal``.
    :param missing: the required element it lacks. AWS accepts such a key policy statement, without effect:
        https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    """

    index: int
    sid: str | None
    effect: Effect
    principals: Principals
    not_principals: bool
    actions: Element
    resources: Element
    conditions: tuple[Condition, ...]
    missing: str | None

    def applies(self, key: str, context: Context) -> Verdict:
        """Tell whether resource and conditions match."""
        resource = self.resources.matches_resource(key, context)
        if resource is False or not self.conditions:
            return resource
        return all_of((resource, all_of(condition.matches(context) for condition in self.conditions)))


@dataclass(frozen=True, eq=False)
class Policy:
    """A parsed policy, made by ``parse_key_policy`` or ``parse_identity_policy``.

    :param name: what reasons call it.
    :param is_key_policy: whether its statements have principals.
    """

    name: str
    is_key_policy: bool
    statements: tuple[Statement, ...]
    _by_action: dict[str, tuple[tuple[Statement, Verdict], ...]] = field(default_factory=dict, repr=False)

    def about(self, action: str) -> tuple[tuple[Statement, Verdict], ...]:
        """Return the statements that name an action, given in lower case, with True or, if unknown, None."""
        found = self._by_action.get(action)
        if found is None:
            asked = ((statement, statement.actions.matches_action(action)) for statement in self.statements)
            found = tuple(pair for pair in asked if pair[1] is not False and not pair[0].missing)
            self._by_action[action] = found
        return found


def parse_key_policy(document: Mapping[str, object] | Unknown, *, name: str = "key policy") -> Policy:
    """Parse the policy of a KMS key.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html

    :param document: the policy as JSON objects; anything in it, or all of it, may be ``Unknown``.
    :param name: what reasons call it.
    :raises PolicyError: when it is not a well-formed key policy.
    """
    return _policy(document, name, is_key_policy=True)


def parse_identity_policy(document: Mapping[str, object] | Unknown, *, name: str = "identity policy") -> Policy:
    """Parse a policy of a user, group or role, or a permissions boundary.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

    :param document: the policy as JSON objects; anything in it, or all of it, may be ``Unknown``.
    :param name: what reasons call it.
    :raises PolicyError: when it is not a well-formed identity policy.
    """
    return _policy(document, name, is_key_policy=False)


def _policy(document: object, name: str, *, is_key_policy: bool) -> Policy:
    if isinstance(document, Unknown):
        return Policy(name, is_key_policy, (_unknown(0, document),))
    document = _checked(document, name, ("Version", "Id", "Statement"))
    version = document.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        raise PolicyError(f"{name}: Version must be one of {', '.join(_VERSIONS)}, got {version!r}")
    if "Statement" not in document:
        raise PolicyError(f"{name} must have a Statement, got {', '.join(document) or 'no element'}")
    statements = document["Statement"]
    parse = partial(_statement, name=name, is_key_policy=is_key_policy, variables=version == _VARIABLES_SINCE)
    listed = statements if isinstance(statements, list | tuple) else [statements]
    return Policy(name, is_key_policy, tuple(parse(*pair) for pair in enumerate(listed)))


def _unknown(index: int, why: Unknown) -> Statement:
    anything = Element(False, (why,))
    return Statement(index, None, Effect.UNKNOWN, parse_principals(why, ""), False, anything, anything, (), None)


def _statement(index: int, value: object, *, name: str, is_key_policy: bool, variables: bool) -> Statement:
    if isinstance(value, Unknown):
        return _unknown(index, value)
    where = f"{name} statement {index}"
    statement = _checked(value, where, _ELEMENTS)
    for element, sibling in _PAIRS:
        if element in statement and sibling in statement:
            raise PolicyError(f"{where} must have {element} or {sibling}, got both")
    missing = next((a for a, b in _PAIRS[1:] if a not in statement and b not in statement), None)
    return Statement(
        index,
        _sid(statement, where),
        _effect(statement, where),
        _principals(statement, where, is_key_policy),
        "NotPrincipal" in statement,
        parse_actions(statement, where),
        parse_resources(statement, where, variables=variables),
        parse_conditions(statement.get("Condition", {}), where, variables=variables),
        missing,
    )


def _checked(value: object, where: str, elements: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise PolicyError(f"{where} must be an object, got {value!r}")
    for element in value:
        if element not in elements:
            close = get_close_matches(str(element), elements, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; known are {', '.join(elements)}"
            raise PolicyError(f"{where} has an element that policies do not have, {element!r}{hint}")
    return value


def _sid(statement: Mapping[str, object], where: str) -> str | None:
    sid = statement.get("Sid")
    if sid is not None and not isinstance(sid, str | Unknown):
        raise PolicyError(f"{where}: Sid must be text, got {sid!r}")
    return str(sid) if sid is not None else None


def _effect(statement: Mapping[str, object], where: str) -> Effect:
    effect = statement.get("Effect")
    if isinstance(effect, Unknown):
        return Effect.UNKNOWN
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"{where}: Effect must be Allow or Deny, got {effect!r}")
    return Effect(effect)


def _principals(statement: Mapping[str, object], where: str, is_key_policy: bool) -> Principals:
    name = next((element for element in _PAIRS[0] if element in statement), None)
    if is_key_policy and name is None:
        raise PolicyError(f"{where} must have a Principal, as every statement of a key policy")
    if not is_key_policy and name is not None:
        raise PolicyError(f"{where} must not have a {name}: an identity policy has that of its identity")
    return parse_principals(statement[name], f"{where}: {name}") if name else _EVERYONE
