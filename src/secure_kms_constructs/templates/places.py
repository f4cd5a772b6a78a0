"""Where stacks may go that do not say it: to each account and region that policies name, or to none of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

from secure_kms_constructs.policies import Policy, Unknown
from secure_kms_constructs.policies.conditions import accounts_beside
from secure_kms_constructs.policies.documents import Statement

from .landscape import Landscape
from .stacks import ANY_ACCOUNT, ANY_REGION, Environment, Stack

ACCOUNT_NAME, REGION_NAME, ANOTHER = "the account", "the region", "another"
# Each case is read, and each rule run on it, for itself.
_CASES = 12

_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_REGION = re.compile(r"(?<![a-z0-9-])(?:us|eu|ap|ca|sa|me|af|il|mx|cn|eusc)(?:-[a-z]+){1,3}-\d(?!\d)")
# The partition is that of the region: what names another partition may name that of the stacks.
_PARTITION = re.compile(r"^arn:(aws-[a-z-]+):")
_IN_PARTITION = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}
_IN_PARTITION |= {"aws-iso": "us-iso-east-1", "aws-iso-b": "us-isob-east-1"}
_IN_PARTITION |= {"aws-iso-e": "eu-isoe-west-1", "aws-iso-f": "us-isof-south-1"}
# A pattern of regions or accounts in an ARN, or of regions in the name of a service.
_LIKE_REGION = re.compile(r"(?:^arn:[^:]*:[^:]*:|^[a-z0-9-]+\.)([a-z0-9*?-]*[*?][a-z0-9*?-]*)(?=:|\.amazonaws)")
_LIKE_ACCOUNT = re.compile(r"(?:^|^arn:[^:]*:[^:]*:[^:]*:)([\d*?]*[*?][\d*?]*)(?=:|$)")


def places(
    landscapes: Iterable[Landscape], stacks: Iterable[Stack], beside: Iterable[Policy] = ()
) -> tuple[Environment, ...] | None:
    """Return the places of stacks that do not say theirs, besides one that nobody names; None for too many.

    :param landscapes: what the stacks describe where nobody names their place.
    :param beside: policies that no template has.
    """
    open_places = [stack.environment for stack in stacks]
    accounts, regions = {ANY_ACCOUNT}, {ANY_REGION}
    said = {text for landscape in landscapes for text in _texts(landscape)}
    for text in said.union(text for policy in beside for text in _of(policy, True)):
        if any(one.account == ANY_ACCOUNT for one in open_places):
            accounts |= {*_ACCOUNT.findall(text), *_like(_LIKE_ACCOUNT, text, 12)}
        if any(one.region == ANY_REGION for one in open_places):
            regions |= {*_REGION.findall(text), *_like(_LIKE_REGION, text, 0)}
            regions |= {_IN_PARTITION[one] for one in _PARTITION.findall(text) if one in _IN_PARTITION}
    if len(accounts) * len(regions) > _CASES:
        return None
    found = (Environment(*pair) for pair in product(sorted(accounts), sorted(regions)))
    return tuple(one for one in found if one != Environment())


def put(stacks: Iterable[Stack], place: Environment) -> None:
    """Let stacks that do not say where they go go to a place."""
    for stack in stacks:
        own = stack.environment
        stack.environment = Environment(
            place.account if own.account == ANY_ACCOUNT else own.account,
            place.region if own.region == ANY_REGION else own.region,
        )


def is_open(stacks: Iterable[Stack]) -> bool:
    """Tell whether one of some stacks does not say where it goes."""
    return any(one.environment.account == ANY_ACCOUNT or one.environment.region == ANY_REGION for one in stacks)


def assumed(place: Environment, every: Iterable[Environment]) -> dict[str, str]:
    """Return in words what a place is among others."""
    every = tuple(every)
    words = {}
    if len({one.account for one in every}) > 1:
        words[ACCOUNT_NAME] = ANOTHER if place.account == ANY_ACCOUNT else place.account
    if len({one.region for one in every}) > 1:
        words[REGION_NAME] = ANOTHER if place.region == ANY_REGION else place.region
    return words


def names_place(policy: Policy) -> bool:
    """Tell whether a policy names an account or region by its literal name."""
    return any(
        (_ACCOUNT.search(text) and ANY_ACCOUNT not in text) or _REGION.search(text) for text in _of(policy, True)
    )


def _like(form: re.Pattern[str], text: str, length: int) -> Iterator[str]:
    """Return a name that a pattern takes; one that takes all tells none from others."""
    for pattern in form.findall(text):
        if set(pattern) != {"*"}:
            sample = pattern.replace("?", "0" if length else "x").replace("*", "x" if not length else "", 1)
            yield sample.replace("*", "").ljust(length, "0")


def _texts(landscape: Landscape) -> Iterator[str]:
    # The accounts to which policies of the organization are attached.
    yield from landscape.organization
    for key in landscape.keys:
        yield from _of(key.policy, True)
    for one in landscape.identities:
        for policy in (*one.policies, *((one.boundary,) if one.boundary else ())):
            yield from _of(policy, False)


def _of(policy: Policy, every: bool) -> Iterator[str]:
    for statement in policy.statements:
        if every or _is_about_keys(statement):
            yield from statement.principals.aws
            yield from statement.principals.services
            yield from (one.written for one in statement.resources.values if not isinstance(one, Unknown))
            for condition in statement.conditions:
                yield from (one for one in condition.values if isinstance(one, str))
                yield from accounts_beside(condition)


def _is_about_keys(statement: Statement) -> bool:
    actions = statement.actions
    return actions.negated or any(
        isinstance(one, Unknown) or one.written.lower().startswith(("k", "*", "?")) for one in actions.values
    )
