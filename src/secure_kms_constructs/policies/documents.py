"""Policy documents: parsed once, then evaluated as often as needed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from .conditions import Condition, parse_conditions
from .elements import Element
from .patterns import Context
from .principals import Principals, parse_principals
from .verdicts import Unknown, Verdict, all_of


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
    :param broken: the statements that make no sense, by place, None for the whole policy, and what is wrong with each.
        Of them is not known what they do.
    """

    name: str
    is_key_policy: bool
    statements: tuple[Statement, ...]
    broken: tuple[tuple[int | None, str], ...] = ()
    _by_action: dict[str, tuple[tuple[Statement, Verdict], ...]] = field(default_factory=dict, repr=False)

    def about(self, action: str) -> tuple[tuple[Statement, Verdict], ...]:
        """Return the statements that name an action, given in lower case, with True or, if unknown, None."""
        found = self._by_action.get(action)
        if found is None:
            asked = ((statement, statement.actions.matches_action(action)) for statement in self.statements)
            found = tuple(pair for pair in asked if pair[1] is not False and not pair[0].missing)
            self._by_action[action] = found
        return found


def doubted(policy: Policy, why: Unknown | None) -> Policy:
    """Return a policy that may say more than is known, and may not deny what it seems to; as it is without a reason."""
    if why is None:
        return policy
    pairs = zip(policy.statements, perhaps(policy, why).statements, strict=True)
    known = (untold if one.effect is Effect.DENY else one for one, untold in pairs)
    statements = (*known, unknown_statement(len(policy.statements), why))
    return Policy(policy.name, policy.is_key_policy, statements, policy.broken)


def perhaps(policy: Policy, why: Unknown) -> Policy:
    """Return a policy of which it is not known whether somebody has it."""
    untold = parse_conditions(why, policy.name, variables=False)
    statements = tuple(replace(one, conditions=(*one.conditions, *untold)) for one in policy.statements)
    return Policy(policy.name, policy.is_key_policy, statements, policy.broken)


def unknown_statement(index: int, why: Unknown, effect: Effect = Effect.UNKNOWN) -> Statement:
    """Return a statement that may say anything."""
    anything = Element(False, (why,))
    return Statement(index, None, effect, parse_principals(why, ""), False, anything, anything, (), None)
