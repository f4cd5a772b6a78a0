"""Outsiders: principals that no template makes, one for each kind that a key's policy may tell from the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from secure_kms_constructs.policies import Policy, PolicyError
from secure_kms_constructs.policies.patterns import ANY, ONE
from secure_kms_constructs.policies.principals import Caller, Kind, parse_caller

from .mentions import Mentions, mentions_of, of_account
from .parties import EVERYTHING, Party, named_by_arn
from .pattern_texts import DIGIT, Pattern, matches, telling_texts

_WITH_EVERYTHING = " with kms:* on *"
# Policies of the organization do not bind them.
_SERVICE_LINKED = Pattern(f"arn:{ANY}:iam::{ANY}:role/aws-service-role/{ONE}{ANY}", arn=True)


@dataclass(frozen=True, eq=False)
class Outsiders:
    """Those whom no template makes, as far as the policy of one key tells them apart.

    :param key: the ARN of the key.
    :param policy: its policy.
    :param grants: the grants on it.
    :param around: the policies of the organization that take away of what they can do.
    """

    key: str
    policy: Policy
    grants: tuple[Policy, ...] = ()
    around: tuple[Policy, ...] = ()

    @cached_property
    def mentions(self) -> Mentions:
        """Whom the key policy tells from others."""
        found = mentions_of(self.policy, (*self.grants, *self.around))
        if self.around:
            found.like.add(_SERVICE_LINKED)
        return found

    @cached_property
    def parties(self) -> tuple[Party, ...]:
        """One for each kind of principal."""
        if all(statement.principals.partly_unknown for statement in self.policy.statements):
            return (Party("anyone whom its policy admits", self._arn("role/other"), (EVERYTHING,), outsider=True),)
        root = self._arn("root")
        return (Party(named_by_arn(root), root), *self._principals(), *self._services())

    def _principals(self) -> Iterator[Party]:
        kinds = self._kinds()
        if kinds is None:
            why = "its policy tells principals apart by more patterns than can be tried together"
            yield Party("anyone else", self._arn("role/other"), (EVERYTHING,), outsider=True, untold=why)
        for arn in kinds or ():
            try:
                caller = parse_caller(arn)
            except PolicyError:
                continue
            if caller.kind is not Kind.ROOT:
                yield from self._users_and_roles(caller)
            elif caller.account != self._account:
                # Its root user has every permission; so it need be told only where others have not the same.
                unless = self._name(caller, "any principal") + _WITH_EVERYTHING
                yield Party(self._name(caller, "root user"), arn, outsider=True, unless=(unless,))

    def _users_and_roles(self, caller: Caller) -> Iterator[Party]:
        name, general = self._name(caller, f"any {caller.kind.value}"), self._name(caller, "any principal")
        if caller.account == self._account:
            yield Party(name, caller.text, outsider=True, general=general)
        yield Party(
            name + _WITH_EVERYTHING,
            caller.text,
            (EVERYTHING,),
            outsider=True,
            general=general + _WITH_EVERYTHING,
            unless=(name,),
        )

    def _kinds(self) -> tuple[str, ...] | None:
        """Return one ARN for each kind of principal that is told from others, none of them one that is named."""
        digits = DIGIT * 12
        kinds = ["iam::%s:role/", "iam::%s:user/", *(["sts::%s:federated-user/"] if self._federated else [])]
        patterns = (
            *(Pattern(f"arn:{self._partition}:{kind % digits}{ONE}{ANY}", arn=True) for kind in kinds),
            Pattern(f"arn:{self._partition}:iam::{digits}:root"),
            *(of_account(account) for account in (self._account, *sorted(self._others))),
            *sorted(self.mentions.like, key=lambda one: (one.text, one.arn)),
        )
        return telling_texts(patterns, frozenset(self.mentions.arns))

    def _name(self, caller: Caller, kind: str) -> str:
        known = caller.account == self._account or caller.account in self._others
        whose = f"{kind} of {caller.account if known else 'another account'}"
        alike = sorted(_shown(one) for one in self.mentions.like if matches(one, caller.principal_arn))
        return f"{whose} like {_and(alike)}" if alike else whose

    def _services(self) -> Iterator[Party]:
        for name in sorted(filter(_is_principal, self.mentions.services)):
            yield Party(name, name)
        like = sorted(self.mentions.services_like, key=lambda one: one.text)
        found = telling_texts((Pattern(f"{ONE}{ANY}.amazonaws.com"), *like), frozenset(self.mentions.services))
        if found is None:
            why = "its policy tells services apart by more patterns than can be tried together"
            yield Party("any AWS service", "other.amazonaws.com", outsider=True, untold=why)
        for name in sorted(one for one in found or () if one.endswith(".amazonaws.com")):
            alike = [_shown(one) for one in like if matches(one, name)]
            yield Party(f"any AWS service{f' like {_and(alike)}' if alike else ''}", name, outsider=True)

    def _arn(self, resource: str) -> str:
        return f"arn:{self._partition}:iam::{self._account}:{resource}"

    @property
    def _partition(self) -> str:
        return self.key.split(":")[1]

    @property
    def _account(self) -> str:
        return self.key.split(":")[4]

    @property
    def _others(self) -> set[str]:
        return self.mentions.accounts - {self._account}

    @property
    def _federated(self) -> bool:
        return self.mentions.types or any("federated-user" in one.text for one in self.mentions.like)


def _shown(pattern: Pattern) -> str:
    return pattern.text.replace(ANY, "*").replace(ONE, "?")


def _and(texts: list[str]) -> str:
    return " and ".join(texts)


def _is_principal(name: str) -> bool:
    """Tell whether somebody can be called so; a policy may name what nobody is."""
    try:
        parse_caller(name)
    except PolicyError:
        return False
    return True
