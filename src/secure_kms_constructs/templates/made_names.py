"""Which literal names may turn out to be those of what a deployment names: each is a case of its own.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from math import prod

from secure_kms_constructs.policies import Policy, Unknown

from . import stack_names
from .inline import listed
from .landscape import Landscape, Resource
from .open_names import RANDOM, Made, Place, is_pattern, made
from .physical_names import arn_of
from .resolution import Resolver
from .resource_types import IAM_NOUNS, TYPES

OF = "the name of "
"""What the assumption about a name begins with."""

# Each case is read, and each rule run on it, for itself.
_CASES = 12
# The last is a form of our own, for what is called by its name alone.
_ARN = re.compile(r"arn:([^:]*):(?:iam|sts|name)::([^:]*):(role|assumed-role|user|group)/(.+)", re.DOTALL)
_BY_NAME = "arn:{}:name::{}:{}/{}"
_ATTACHED = {"Roles": "role", "Users": "user", "Groups": "group"}
_ATTACHED |= {"RoleName": "role", "UserName": "user", "GroupName": "group"}


class OpenNames:
    """The names that only a deployment tells, of what some landscapes have.

    :param resolver: knows the stacks.
    :param landscapes: what they describe where no literal name is that of anything they make.
    :param marked: the ARNs of what is named after a stack, as ``stack_names.named_after`` returns them.
    :param beside: policies that no template has, and that may say such names.
    """

    def __init__(
        self,
        resolver: Resolver,
        landscapes: Iterable[Landscape],
        marked: Mapping[Place, str],
        beside: Iterable[Policy] = (),
    ) -> None:
        self._landscapes = tuple(landscapes)
        self._resolver, self._stacks = resolver, resolver.stacks.all
        self._beside = tuple(beside)
        self._now = {place: now for place in marked if (now := self._arn(resolver, place))}
        self._marked = [(marked[place], now) for place, now in self._now.items()]

    @cached_property
    def made(self) -> dict[Place, Made]:
        """What has such a name."""
        return {one.place: one for one in made(self._resolver, self._landscapes)}

    @cached_property
    def _generated(self) -> list[Made]:
        return [one for one in self.made.values() if one.start and one.form]

    @cached_property
    def _by_start(self) -> dict[str, list[Made]]:
        found: dict[str, list[Made]] = {}
        for one in self.made.values():
            found.setdefault("-".join(one.start) if one.start and not one.is_cut else "", []).append(one)
        for one in self._generated:
            found.setdefault(f"-{one.start[1]}" if one.start else "", []).append(one)
        return found

    def cases(self) -> tuple[list[dict[Place, str]], frozenset[str]]:
        """Return which names that policies say literally may be those of what is made, in all combinations.

        :return: the cases; where they are too many none, and the texts with the names.
        """
        found: dict[Place, dict[str, None]] = {}
        open_texts = set()
        for text in sorted(self._texts()):
            arn = _ARN.fullmatch(text)
            for place, name in self._meant(arn) if arn else ():
                found.setdefault(place, {})[name] = None
                open_texts.add(text)
        if prod(len(names) + 1 for names in found.values()) > _CASES:
            return [], frozenset(open_texts)
        choices = ([(place, name) for name in (None, *names)] for place, names in sorted(found.items()))
        every = ({place: name for place, name in case if name is not None} for case in product(*choices))
        return [one for one in every if one and len(set(one.values())) == len(one)], frozenset()

    def shown(self, place: Place) -> str:
        """Return what to call something with such a name."""
        return self.made[place].shown if place[1] else f"stack {place[0]}"

    def by_stand_ins(self, resolver: Resolver, case: Mapping[Place, str]) -> dict[str, str]:
        """Return what stands for the names of a case where nobody knows them.

        :param resolver: knows the names of the case.
        """
        found = {name: self.made[place].stand_in for place, name in case.items() if place[1]}
        for place, now in self._now.items():
            its = self._arn(resolver, place)
            if its and its != now:
                found[its] = now
        return found

    def _meant(self, arn: re.Match[str]) -> Iterator[tuple[Place, str]]:
        """Return which names would make an ARN, or a pattern of some, that of something."""
        name = arn[4].split("/")[0] if "assumed" in arn[3] else arn[4].rpartition("/")[2]
        for one in dict.fromkeys(self._near(name)):
            yield from ((one.place, its) for its in one.whole_names(arn, name))
        for marked, now in self._marked:
            yield from (((self._stacks[one].name, ""), its) for one, its in stack_names.suggested(marked, arn, now))

    def _near(self, name: str) -> Iterator[Made]:
        """Return all of whom a name, or a pattern of some, may be."""
        match = RANDOM.fullmatch(name)
        if match and is_pattern(match[1]):
            yield from self.made.values()
        else:
            yield from (*self._by_start.get(match[1] if match else "", ()), *self._by_start.get("", ()))
        if is_pattern(name):
            yield from self._generated
        else:
            yield from (one for part in name.split("-") for one in self._by_start.get(f"-{part}", ()))

    def _arn(self, resolver: Resolver, place: Place) -> str | None:
        stack = next(one for one in self._stacks if one.name == place[0])
        return arn_of(resolver, stack, place[1], str(stack.resource(place[1]).get("Type")))

    def _texts(self) -> set[str]:
        said = {*_of(self._beside), *(text for landscape in self._landscapes for text in _texts(landscape))}
        # Whoever says such a name literally does not know either that it is the one.
        guessed = {
            now for _, now in self._marked if now in said and stack_names.says(self._stacks, now.rpartition("/")[2])
        }
        taken = {
            one.arn
            for landscape in self._landscapes
            for one in landscape.resources
            if one.arn and not isinstance(one.properties.get("Path"), Unknown)
        }
        return said - (taken - guessed)


def says(policy: Policy, texts: Collection[str]) -> bool:
    """Tell whether a policy has one of some texts."""
    return any(text in texts for text in _of((policy,)))


def _texts(landscape: Landscape) -> Iterator[str]:
    policies = [policy for key in landscape.keys for policy in (key.policy, *key.grants)]
    policies += [policy for outer in landscape.organization.values() for policy in (*outer.scps, *outer.rcps)]
    for one in landscape.identities:
        policies += (*one.policies, *((one.boundary,) if one.boundary else ()))
    yield from _of(dict.fromkeys(policies))
    of_iam = [one for one in landscape.resources if one.type.startswith("AWS::IAM::")]
    # What stands for a name that is made up is nobody else's.
    made_up = {one.arn.rpartition("/")[2] for one in of_iam if one.arn and _is_made_up(one)}
    for resource in of_iam:
        if resource.type not in IAM_NOUNS:
            for element in _ATTACHED.keys() & resource.properties.keys():
                for name in listed(resource.properties[element]):
                    if isinstance(name, str) and name not in made_up:
                        yield _BY_NAME.format(resource.partition, resource.account, _ATTACHED[element], name)


def _is_made_up(resource: Resource) -> bool:
    return resource.type in IAM_NOUNS and TYPES[resource.type].named_by not in resource.properties


def _of(policies: Iterable[Policy]) -> Iterator[str]:
    for statement in (statement for policy in policies for statement in policy.statements):
        yield from statement.principals.aws
        for condition in statement.conditions:
            is_name = condition.key.lower() == "aws:username"
            for value in condition.values:
                if isinstance(value, str):
                    yield _BY_NAME.format("*", "*", "user", value) if is_name else value
