"""Finds grants that a Deny, or a permissions boundary, of their own role or user takes back for sure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import ENCRYPTION_CONTEXT_ACTIONS, SERVICE_CALL_KEYS, USE_ACTIONS
from secure_kms_constructs.policies import Unknown, parse_identity_policy, parse_key_policy
from secure_kms_constructs.policies.made_up import made_up_id

from . import stand_ins
from .apps import App, Looked, Place, plain, reference
from .identity_sides import HOLDERS, holders_of, names_one, services_of, spellings, statements_of, ways
from .reading import TOLD, aws_principals, bound, is_account, listed, meant
from .restrictions import Restrictions, restricted, restrictions_of, text_of
from .statements import Statement
from .usages import names_of

_ALLOWED = [parse_identity_policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})]
# Keys whose values the rest of a request does not tell for sure.
_UNTOLD = ("aws:ViaAWSService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:userid")
_OTHER_KEY = "arn:aws:kms:us-east-1:000000000000:key/another-key"


class TakenBack(NamedTuple):
    """What is denied to whom it was granted to.

    :param refusals: grants of which nothing is left.
    :param findings: those of which a part is, with an id.
    """

    refusals: list[str]
    findings: list[tuple[str, str]]


class _Way(NamedTuple):
    """A way in which a key policy lets somebody use the key.

    :param via: the services that the request comes through; nothing for direct calls.
    :param named: whether the key policy names the role or user itself, so that it needs no policy of its own.
    """

    actions: frozenset[str]
    via: tuple[str, ...]
    context: Mapping[str, Any]
    named: bool


def taken_back(app: App, key: str, stack: str, statements: Sequence[Statement], deployer: str) -> TakenBack:
    """Return what policies of roles and users deny of what they were granted on a key.

    :param key: path of the key's resource.
    :param stack: path of its stack.
    :param statements: the finished key policy, as text.
    :param deployer: who manages the key, and is asked elsewhere.
    """
    found, about = TakenBack([], []), _About(app, key, stack)
    by_name = {name: path for name, path in _spelled(app).items() if name not in (deployer, arns.identity(deployer))}
    if not by_name:
        return found
    for statement in statements:
        for path, named in _named(statement, by_name).items():
            if (way := _opened(statement, bound(statement), named=named)) is not None:
                asking = about.asking(path)
                _say(found, f"the key policy lets {asking.holder.called}", way, asking)
    # What the key policy leaves to IAM policies.
    leaving = [one for one in statements if any(map(is_account, aws_principals(one.get("Principal"))))]
    leaving = [one for one in leaving if "aws:principalarn" not in bound(one) and meant(one.get("Action"), USE_ACTIONS)]
    for path, policy, own in _own(app, key) if leaving else ():
        for one in ways(app, app.resources[path], own, leaving):
            if (way := _left(own, one)) is not None:
                asking = about.asking(path)
                _say(found, f"{policy.called} lets {asking.holder.called}", way, asking)
    return TakenBack(list(dict.fromkeys(found.refusals)), list(dict.fromkeys(found.findings)))


# As many keys ask the same of one app.
@lru_cache(maxsize=1)
def _spelled(app: App) -> Mapping[str, str]:
    """Return the roles and users that something takes away from, by what key policies call them."""
    return {name: holder.path for holder, _ in restricted(app) for name in spellings(app, holder)}


def _named(statement: Statement, by_name: Mapping[str, str]) -> dict[str, bool]:
    """Return whom a statement of the key policy admits, and whether as principals."""
    if statement.get("Effect") != "Allow":
        return {}
    principals = [one for one in aws_principals(statement.get("Principal")) if not is_account(one)]
    by_condition = map(str, listed(bound(statement).get("aws:principalarn")))
    found = {by_name[name]: False for one in by_condition for name in (one, arns.identity(one)) if name in by_name}
    return found | {by_name[name]: True for one in principals for name in (one, arns.identity(one)) if name in by_name}


def _say(found: TakenBack, who: str, way: _Way, asking: _Asking) -> None:
    told = sorted(way.actions & set(TOLD)) or sorted(way.actions)
    denied = {action: reasons for action in told if (reasons := asking.denied(action, way))}
    if not denied:
        return
    through = f" through {', '.join(way.via)}" if way.via else ""
    why = "; ".join(dict.fromkeys(one for several in denied.values() for one in several))
    text = f"{who} {', '.join(denied)} with the key{through}, and {why}"
    if len(denied) == len(told):
        found.refusals.append(f"{text}: take that out, let it allow the key, or take out the grant")
    else:
        found.findings.append(("deniedActions", f"{text}: where it is meant, acknowledge this"))


def _own(app: App, key: str) -> Iterator[tuple[str, Looked, Statement]]:
    """Yield the statements by which policies, those of this library among them, allow somebody a key, and whom."""
    names = names_of(app, key)
    restricted_paths = set(_spelled(app).values())
    for policy in [*app.referring_to(names), *app.ours]:
        for statement in statements_of(policy):
            if statement.get("Effect") == "Allow" and names_one(statement, names):
                holders = (one.path for one in holders_of(app, policy))
                yield from ((path, policy, statement) for path in holders if path in restricted_paths)


def _left(own: Statement, statement: Statement) -> _Way | None:
    """Return the way that a key policy leaves to a statement of a role's own."""
    way = _opened(statement, {**bound(plain(own)), **bound(statement)}, named=False)
    actions = way.actions & meant(own.get("Action"), USE_ACTIONS) if way else frozenset()
    return way._replace(actions=frozenset(actions)) if way and actions else None


def _opened(statement: Statement, tied: Mapping[str, Any], *, named: bool) -> _Way | None:
    actions = meant(statement.get("Action"), USE_ACTIONS)
    context = {name: values for name, values in tied.items() if name.startswith("kms:encryptioncontext:")}
    via = tuple(sorted(services_of(statement)))
    return _Way(frozenset(actions), via, context, named) if actions else None


class _About:
    """Roles and users of an app, asked about one key."""

    def __init__(self, app: App, key: str, stack: str) -> None:
        self._app, self._key, self._stack = app, key, stack
        self._asked: dict[str, _Asking] = {}

    def asking(self, path: str) -> _Asking:
        """Return what asks about a role or user."""
        if path not in self._asked:
            restrictions = restrictions_of(self._app, path)
            self._asked[path] = _Asking(self._app, self._key, self._stack, self._app.resources[path], restrictions)
        return self._asked[path]


class _Asking:
    """Asks what takes away from one role or user, about one key."""

    def __init__(self, app: App, key: str, stack: str, holder: Looked, restrictions: Restrictions) -> None:
        self.holder = holder
        self._place = app.places.get(stack)
        self._key = _key_arn(self._place)
        names = _Names(app, key, stack, self._key)
        self._denials, self._boundary = restrictions.policies(app, names)
        there = app.places.get(holder.stack)
        account = there.account if there and not arns.has_placeholder(there.account) else self._key.split(":")[4]
        kind = HOLDERS[holder.type]
        name = holder.properties.get(f"{kind.capitalize()}Name")
        self._kind = kind
        self._principal = f"arn:{self._key.split(':')[1]}:iam::{account}:{kind}/{name if _is_name(name) else 'Holder'}"
        is_told = _is_name(name) and holder.properties.get("Path") in (None, "/") and bool(there)
        told = self._principal if is_told else "${Name}"
        self._told = {
            **stand_ins.told_of(told, there.account if there else "${Account}"),
            **dict.fromkeys(SERVICE_CALL_KEYS.value),
            **{one: Unknown(one) for one in _UNTOLD},
            **self._region(),
        }
        root = f"arn:{self._key.split(':')[1]}:iam::{account}:root"
        everything = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
        self._key_policy = parse_key_policy({"Statement": everything})

    def _region(self) -> dict[str, str]:
        # KMS answers in the region of a key alone, whoever calls it for whom.
        region = self._place.region if self._place else ""
        return {"aws:RequestedRegion": region} if region and not arns.has_placeholder(region) else {}

    def denied(self, action: str, way: _Way) -> tuple[str, ...]:
        """Return why a way is closed for an action, for sure."""
        # What a key policy grants a user by name, its boundary does not limit.
        boundary = None if way.named and self._kind == "user" else self._boundary
        reasons: tuple[str, ...] = ()
        for via in way.via or (None,):
            context = {**self._told, **_sent(way.context, action), **_via(via)}
            reasons = stand_ins.denied(
                self._principal, action, self._key, context, self._key_policy, [*_ALLOWED, *self._denials], boundary
            )
            if not reasons:
                return ()
        return reasons


def _via(via: str | None) -> dict[str, Any]:
    if via is None:
        return {"kms:ViaService": None}
    return {"kms:ViaService": Unknown(via) if re.search(r"[*?$]", via) else via}


def _sent(context: Mapping[str, Any], action: str) -> dict[str, Any]:
    """Return the encryption context that a use sends, as far as a statement says it by one value."""
    if action not in ENCRYPTION_CONTEXT_ACTIONS.value:
        return {}
    values = {name: [str(one) for one in listed(several)] for name, several in context.items()}
    return {
        name: several[0] if len(several) == 1 and not re.search(r"[*?$]", several[0]) else Unknown(name)
        for name, several in values.items()
    }


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and not arns.has_placeholder(name)


def _key_arn(place: Place | None) -> str:
    def known(value: str, otherwise: str) -> str:
        return otherwise if not value or arns.has_placeholder(value) else value

    partition, region, account = place[:3] if place else ("", "", "")
    here = f"{known(partition, 'aws')}:kms:{known(region, 'us-east-1')}:{known(account, '000000000000')}"
    return f"arn:{here}:key/{made_up_id('0' * 32, multi_region=None)}"


class _Names:
    """Tells what values of Resource elements are where one key is asked about: its ARN, another one, or unknown."""

    def __init__(self, app: App, key: str, stack: str, arn: str) -> None:
        self._app, self._key, self._stack, self._arn = app, key, stack, arn

    def __call__(self, value: Any, stack: str) -> str | Unknown:
        if found := reference(value):
            path, attribute = found
            other = self._app.resources.get(path)
            if attribute == "Arn" and path == self._key:
                return self._arn
            is_other_key = attribute == "Arn" and other is not None and other.type == "AWS::KMS::Key"
            return _OTHER_KEY if is_other_key else Unknown(path)
        text = text_of(value, self._app.places.get(stack))
        parts = text.split(":")
        if len(parts) > 2 and parts[0] == "arn" and re.fullmatch("[a-z0-9-]+", parts[2]) and parts[2] != "kms":
            return _OTHER_KEY
        mine, here = self._arn.split(":"), self._app.places.get(self._stack)
        if text.startswith("arn:"):
            # An app is of one partition.
            parts[1] = mine[1]
        for place, known in ((3, here.region), (4, here.account)) if here else ():
            # Where this key is not told, what is told elsewhere may be the same.
            if place < len(parts) and arns.has_placeholder(known):
                if parts[place] == known and stack == self._stack:
                    parts[place] = mine[place]
                elif not re.fullmatch(r"\*+", parts[place]):
                    return Unknown(text)
        text = ":".join(parts)
        return Unknown(text) if re.search(r"\$\{[^}:*?$]+\}", text) else text
