"""What a map of access answers about a concrete principal: by whoever stands for it there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from secure_kms_constructs import AccessMap
from secure_kms_constructs.access import AccessError, assert_cannot
from secure_kms_constructs.access.parties import Party
from secure_kms_constructs.access.rows import Row, decide
from secure_kms_constructs.policies import Request
from secure_kms_constructs.policies.principals import Kind
from tests.semantics.template_builder import Someone
from tests.semantics.worlds import World, in_world

Json = dict[str, Any]

KEY = "One/Key"
# How the map calls the account and the region of stacks that do not say them.
_ANY_ACCOUNT, _ANY_REGION = "000000000000", "unknown-region"
_KINDS = {"role": "role", "user": "user", "root": "root", "federated-user": "federated", "assumed-role": "session"}


@dataclass(frozen=True, eq=False)
class Asked:
    """A request of somebody in one world."""

    someone: Someone
    action: str
    context: Json
    world: World
    key_policy: Json

    @cached_property
    def arn(self) -> str:
        return str(in_world(self.someone.arn, self.world))

    @property
    def kind(self) -> str:
        return _KINDS[self.arn.split(":", 5)[5].split("/")[0]] if self.arn.startswith("arn:") else "service"

    @property
    def account(self) -> str | None:
        return self.arn.split(":")[4] if self.arn.startswith("arn:") else None

    @cached_property
    def patterns(self) -> list[tuple[str, list[str]]]:
        """What the key policy compares names of principals with."""
        found = []
        for one in self.key_policy["Statement"]:
            for operator, block in one.get("Condition", {}).items():
                for key, values in block.items():
                    if key in ("aws:PrincipalArn", "aws:PrincipalServiceName", "aws:PrincipalAccount"):
                        compared = "number" if operator.startswith("Numeric") else key
                        found.append((compared, [values] if isinstance(values, str) else values))
        return found


def answers(access: AccessMap, asked: Asked) -> Iterator[bool | None]:
    """Return what the map answers by each of those who stand for the principal; nothing where it knows of none."""
    for place, key in _consistent(access, asked):
        known = _accounts_told(access, key.arn)
        standing = [one for one in place.parties(key) if _stands(one, asked, key.arn, known, exactly=True)]
        # Whoever is named is no other, and a session that is named may do what its role may not.
        named = [one for one in standing if _in_world(one.principal, key.arn, asked.world) == asked.arn]
        for party in [one for one in named if not one.outsider] or standing:
            context = in_world(asked.context, _as_there(asked.world, key.arn))
            request = Request(party.principal, asked.action, key.arn, context)
            yield _known(decide(request, place.side(party, key)).allowed, party)


def _known(allowed: bool | None, party: Party) -> bool | None:
    return None if allowed and getattr(party, "doubt", None) else allowed


def rows(access: AccessMap, asked: Asked) -> list[Row]:
    """Return the rows of those who stand for the principal, or who can no more than it."""
    found = []
    for row in access.who_can(asked.action, KEY):
        # A row may be for all kinds of principals of an account, under the name that they have in common.
        general = row.principal.startswith("any principal ")
        known = _accounts_told(access, row.side.key)
        if _stands(row.party, asked, row.side.key, known, exactly=False, general=general):
            found.append(row)
    return found


def names(access: AccessMap, asked: Asked) -> list[str]:
    """Return what assertions may call the principal."""
    if asked.someone.made:
        return ["/".join(asked.someone.made)]
    if asked.arn in str(asked.key_policy):
        # Whom the key policy names is no other.
        return [asked.arn]
    if asked.kind == "service":
        return ["any AWS service"]
    assert asked.account
    own = asked.account == asked.world["account"]
    told = {account for _, key in _consistent(access, asked) for account in _accounts_told(access, key.arn)}
    accounts = {_own_account(access)} if own else {asked.account if asked.account in told else "another account"}
    powers = [" with kms:* on *"] if asked.someone.policies else []
    if not own and not powers:
        return []
    kind = {"federated": "federated user"}.get(asked.kind, asked.kind)
    calls = ["principal", kind] if kind != "root" else []
    return [f"any {call} of {one}{power}" for call in calls for one in accounts for power in powers or [""]]


def _own_account(access: AccessMap) -> str:
    return access.root_of(KEY).split(":")[4]


def passes(access: AccessMap, asked: Asked, name: str, **more: Any) -> bool:
    """Tell whether assert_cannot is content."""
    try:
        assert_cannot(access, asked.action, KEY, name, **more)
    except (AssertionError, AccessError, ValueError):
        return False
    return True


def _consistent(access: AccessMap, asked: Asked) -> list[Any]:
    """The landscapes that may be about a world: those of its account and region, where places are told apart."""
    places, world = access._places(KEY), asked.world
    if any(key == "number" for key, _ in asked.patterns):
        # Of accounts that are compared as numbers, one stands for all on its side.
        return list(places)
    here = [(world["region"], world["account"]), (_ANY_REGION, world["account"])]
    here += [(world["region"], _ANY_ACCOUNT), (_ANY_REGION, _ANY_ACCOUNT)]
    for region, account in here:
        found = [(place, key) for place, key in places if key.arn.split(":")[3:5] == [region, account]]
        if found:
            return found
    return []


def _as_there(world: World, key_arn: str) -> World:
    """The world with account and region as a landscape calls them."""
    region, account = key_arn.split(":")[3:5]
    return {**world, "account": account, "region": region}


def _in_world(text: str, key_arn: str, world: World) -> str:
    region, account = key_arn.split(":")[3:5]
    return text.replace(account, world["account"]).replace(region, world["region"])


def _accounts_told(access: AccessMap, key_arn: str) -> set[str]:
    """The accounts that a landscape calls by name."""
    parties = (party for place, key in access._places(KEY) if key.arn == key_arn for party in place.parties(key))
    return {str(one.caller.account) for one in parties if " another account" not in one.name}


def _stands(party: Party, asked: Asked, key_arn: str, known: set[str], *, exactly: bool, general: bool = False) -> bool:
    kind, principal = _kind(party), _in_world(party.principal, key_arn, asked.world)
    if asked.someone.made:
        made = party.source and (party.source.stack, party.source.logical_id) == asked.someone.made
        if asked.kind == "session":
            return bool(made) and (kind == "role" or principal == asked.arn)
        return bool(made) and kind == asked.kind and not party.outsider
    if not party.outsider:
        return party.source is None and principal == asked.arn
    if party.name.startswith(("anyone", "anybody")):
        return True
    if (kind != asked.kind and not general) or not _of_account(party, asked, key_arn, known):
        return False
    if kind != "root" and kind != "service":
        powerful = bool(party.policies)
        if powerful and not asked.someone.policies:
            return False
        if exactly and not powerful and asked.someone.policies and asked.account == asked.world["account"]:
            return False
    return (
        bool(party.untold)
        or general
        or all(
            _like(key, pattern, principal) == _like(key, pattern, asked.arn)
            for key, patterns in asked.patterns
            for pattern in patterns
        )
    )


def _kind(party: Party) -> str:
    kinds = {Kind.ROLE: "role", Kind.USER: "user", Kind.ROOT: "root", Kind.SERVICE: "service", Kind.SESSION: "session"}
    return kinds.get(party.caller.kind, "federated")


def _of_account(party: Party, asked: Asked, key_arn: str, known: set[str]) -> bool:
    if asked.account is None:
        return True
    account, own = party.caller.account, key_arn.split(":")[4]
    if account in (asked.account, own) and (account == asked.account or asked.account == asked.world["account"]):
        return True
    is_stranger = asked.account != asked.world["account"] and asked.account not in known
    return is_stranger and " of another account" in party.name


def _like(key: str, pattern: str, name: str) -> object:
    if key == "number":
        account = int(name.split(":")[4]) if name.startswith("arn:") else -1
        return (account > int(pattern)) - (account < int(pattern))
    if key == "aws:PrincipalAccount":
        account = name.split(":")[4] if name.startswith("arn:") else ""
        return re.fullmatch(_regex(pattern), account) is not None
    if key == "aws:PrincipalServiceName" and name.startswith("arn:"):
        return False
    return re.fullmatch(_regex(pattern), name) is not None


def _regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
