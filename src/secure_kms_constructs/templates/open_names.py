"""Roles, users and groups with names that only a deployment tells: which literal names may turn out to be theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.patterns import ANY, ONE, like

from .forms import common, form_of
from .inline import PERMISSION_SET, SAM_TYPES
from .landscape import Landscape, Resource
from .made_roles import form_from, roles_for, start_of
from .physical_names import formatted
from .resolution import Resolver
from .resource_types import IAM_NAME, IAM_NOUNS, NAME, TYPES
from .resources import Described
from .stacks import Stack
from .texts import as_text

Place = tuple[str, str]
"""A stack and what has a name there: a logical id, or empty for the stack itself."""

# What may stand for the part of a name that is not known; one of them is unlike a pattern that does not take all.
_FILLERS = ("0", "x", "Zz")
_LONGEST = {"group": 128, "role": 64, "user": 64}
# A generated name, or a pattern of one. Patterns on the middle of the random part are those of nobody who knows it.
RANDOM = re.compile(r"(.+)-([A-Za-z0-9?]*\*?[A-Za-z0-9?]*)")


@dataclass(frozen=True)
class Made:
    """Something with a name that only a deployment tells.

    :param path: None where it is not known.
    :param start: what CloudFormation puts before the random part; None where the template gives a name that is unknown.
    :param form: a pattern of all that the name may be; None where what is generated tells it.
    """

    place: Place
    shown: str
    noun: str
    partition: str
    account: str
    path: str | None
    stand_in: str
    start: tuple[str, str] | None
    form: str | None = None

    @property
    def is_cut(self) -> bool:
        """Whether the name would be too long in full."""
        return self.start is not None and len("-".join(self.start)) + 13 > _LONGEST[self.noun]

    def whole_names(self, arn: re.Match[str], name: str) -> Iterator[str]:
        """Return names that it may have and that a literal name, or a pattern, tells from its stand-in.

        :param arn: the ARN, or a pattern of them, in which the name stands: partition, account, noun, path and name.
        :return: with their paths where these are not known.
        """
        if not self._is_near(arn):
            return
        is_open = self.form is None or is_pattern(self.form)
        names = dict.fromkeys(self._names(name)) if is_open else {}
        if self.path is not None or arn[3].startswith("assumed") or ":name::" in arn[0]:
            yield from names
            return
        rest = arn[4]
        path = rest[: rest.rfind("/") + 1].replace("*", "x").replace("?", "x")
        told = may_be(rest, self.stand_in)
        for its in (self.stand_in, *names):
            whole = [f"{before}{its}" for before in (path, "another/", "") if before or its != self.stand_in]
            yield from [it for it in whole if may_be(rest, it) is not told][:1]

    def _is_near(self, arn: re.Match[str]) -> bool:
        """Tell whether an ARN, or a pattern of them, is of its kind, its account and its path."""
        partition, account, noun, rest = arn.groups()
        if noun.removeprefix("assumed-") != self.noun:
            return False
        if not (may_be(account, self.account) and may_be(partition, self.partition)):
            return False
        has_path = noun != "assumed-role" and ":name::" not in arn[0]
        return not has_path or self.path is None or may_be(f"/{rest[: rest.rfind('/') + 1]}", self.path)

    def _names(self, name: str) -> Iterator[str]:
        if name == self.stand_in:
            return
        match = RANDOM.fullmatch(name)
        if self.form:
            yield from _of_form(self.form, name, self.stand_in)
        if self.start is not None and match:
            start, random = match.groups()
            full = "-".join(self.start)
            known = start == full or (self.is_cut and _is_cut_of(start, self.start))
            if is_pattern(start) and not is_pattern(random) and may_be(start, full):
                start, known = full, True
            if known:
                yield from (f"{start}-{filled}" for filled in _filled(random, self.stand_in.rpartition("-")[2]))


def made(resolver: Resolver, landscapes: Iterable[Landscape]) -> Iterator[Made]:
    """Return what the templates make with names that they do not tell, each once."""
    stacks = {stack.name: stack for stack in resolver.stacks.all}
    seen: set[Place] = set()
    for landscape in landscapes:
        accounts = {one.account for one in landscape.resources}
        for resource in landscape.resources:
            # Others, such as managed policies, are not known by a literal ARN that no template makes, whoever has it.
            tell = _TELL.get(resource.type)
            for one in tell(resolver, stacks[resource.source.stack], resource, accounts) if tell else ():
                if one.place not in seen:
                    seen.add(one.place)
                    yield one


def _named(resolver: Resolver, stack: Stack, resource: Resource, _accounts: Iterable[str]) -> Iterator[Made]:
    logical_id, noun = resource.source.logical_id, IAM_NOUNS[resource.type]
    if resolver.stacks.told(stack, logical_id):
        return
    named_by = TYPES[resource.type].named_by
    given, path = resource.properties.get(named_by), resource.properties.get("Path", "/")
    if resource.doubt:
        given = path = resource.doubt
    text = as_text(given)
    is_elsewhere = isinstance(path, Unknown)
    if text is not None and not (is_elsewhere and IAM_NAME.fullmatch(text)):
        return
    start: tuple[str, str] | None = None
    form: str | None = text or (form_of(given) if isinstance(given, Unknown) else "*")
    if named_by not in stack.properties(logical_id):
        start = start_of(stack, logical_id)
        form = form_from(stack, start, _LONGEST[noun])
    stand_in = formatted(resolver, stack, logical_id, NAME)
    place, shown = (stack.name, logical_id), resource.source.path
    its_path = None if is_elsewhere else as_text(path)
    yield Made(place, shown, noun, resource.partition, resource.account, its_path, stand_in, start, form)


def _made_for(resolver: Resolver, stack: Stack, resource: Resource, accounts: Iterable[str]) -> Iterator[Made]:
    for role in roles_for(Described(resource, stack, None), accounts, resolver.stacks.told):
        place, shown = (stack.name, role.id), f"the role of {resource.source.path}"
        yield Made(place, shown, "role", role.partition, role.account, role.path, role.name, role.start, role.form)


_TELL = {**dict.fromkeys(IAM_NOUNS, _named), **dict.fromkeys((*SAM_TYPES, PERMISSION_SET), _made_for)}


def is_pattern(text: str) -> bool:
    """Tell whether a text has wildcards."""
    return "*" in text or "?" in text


def may_be(pattern: str, text: str) -> bool:
    """Tell whether a text is like a pattern."""
    return like(pattern.replace("*", ANY).replace("?", ONE), text)


def _of_form(form: str, name: str, stand_in: str) -> Iterator[str]:
    """Return a name of a form that a literal name, or a pattern, tells from its stand-in."""
    if not is_pattern(name):
        # CloudFormation's random part has one more character at times.
        longer = f"{form}?" if form.endswith("?") else form
        if IAM_NAME.fullmatch(name) and (may_be(form, name) or may_be(longer, name)):
            yield name
    elif not may_be(name, stand_in):
        both = common(form, name)
        if both and IAM_NAME.fullmatch(both):
            yield both
    else:
        yield from [one for filler in _FILLERS if not may_be(name, one := form.replace("*", filler).replace("?", "A"))][
            :1
        ]


def _filled(random: str, stand_in: str) -> Iterator[str]:
    """Return random parts like a pattern and, where the stand-in is like it, unlike it."""
    before, star, after = random.partition("*")
    if not (before + after).strip("?"):
        return
    middle = "A" * (12 - len(before) - len(after)) if star else ""
    filled = f"{before}{middle}{after}".replace("?", "A")
    if len(filled) in (12, 13):
        yield filled
    if may_be(random, stand_in):
        place = next(place for place, one in enumerate(before or after) if one != "?")
        place = place if before.strip("?") else len(stand_in) - len(after) + place
        yield f"{stand_in[:place]}{'0' if stand_in[place] != '0' else '1'}{stand_in[place + 1 :]}"


def _is_cut_of(text: str, start: tuple[str, str]) -> bool:
    """Tell whether a text is the beginnings of both parts, of which either may be cut short."""
    stack, logical_id = start
    return any(
        stack.startswith(text[:place]) and logical_id.startswith(text[place + 1 :])
        for place in range(1, len(text))
        if text[place] == "-"
    )
