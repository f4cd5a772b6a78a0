"""Names of roles, users and managed policies that a deployment chooses: which literal names may turn out to be theirs.

A literal name of the form that CloudFormation gives, or any where the template's own is not known, may be that of what
the template makes, so each is a case of its own.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from secure_kms_constructs.policies import Policy, Unknown
from secure_kms_constructs.policies.patterns import ANY, ONE, like

from .forms import common, form_of
from .inline import listed
from .landscape import Landscape, Resource
from .physical_names import formatted
from .resolution import Resolver
from .resource_types import IAM_NAME, IAM_NOUNS, NAME, TYPES
from .stacks import Stack
from .texts import as_text

OF = "the name of "
"""What the assumption about a name begins with."""

Place = tuple[str, str]
# Each case is read, and each rule run on it, for itself.
_CASES = 12
# What may stand for the part of a name that is not known; one of them is unlike a pattern that does not take all.
_FILLERS = ("0", "x", "Zz")
_LONGEST = {"AWS::IAM::Group": 128, "AWS::IAM::Role": 64, "AWS::IAM::User": 64}
# The last is a form of our own, for what is called by its name alone.
_ARN = re.compile(r"arn:([^:]*):(?:iam|sts|name)::([^:]*):(role|assumed-role|user|group)/(.+)", re.DOTALL)
_BY_NAME = "arn:{}:name::{}:{}/{}"
_ATTACHED = {"Roles": "role", "Users": "user", "Groups": "group"}
_ATTACHED |= {"RoleName": "role", "UserName": "user", "GroupName": "group"}
# A generated name, or a pattern of one. Patterns on the middle of the random part are those of nobody who knows it.
_RANDOM = re.compile(r"(.+)-([A-Za-z0-9?]*\*?[A-Za-z0-9?]*)")


@dataclass(frozen=True)
class _Made:
    """Something with a name that only a deployment tells.

    :param start: what CloudFormation puts before the random part; None where the template gives a name that is unknown.
    :param is_cut: whether the name would be too long in full.
    :param form: a pattern of all that the name may be; None where what is generated tells it.
    :param is_elsewhere: whether its path is not known.
    """

    stack: Stack
    resource: Resource
    stand_in: str
    start: tuple[str, str] | None
    is_cut: bool
    form: str | None = None
    is_elsewhere: bool = False

    @property
    def place(self) -> Place:
        return self.stack.name, self.resource.source.logical_id


def cases(resolver: Resolver, landscapes: Iterable[Landscape]) -> tuple[list[dict[Place, str]], frozenset[str]]:
    """Return which names that the templates say literally may be those of what they make, in all combinations.

    :param landscapes: what they describe where none is.
    :return: the cases; where they are too many none, and the texts with the names.
    """
    landscapes = tuple(landscapes)
    made = list(_made(resolver, landscapes))
    if not made:
        return [], frozenset()
    by_start: dict[str, list[_Made]] = {}
    generated: list[_Made] = []
    for one in made:
        by_start.setdefault("-".join(one.start) if one.start and not one.is_cut else "", []).append(one)
        if one.start and one.form:
            by_start.setdefault(f"-{one.start[1]}", []).append(one)
            generated.append(one)
    taken = {
        one.arn
        for landscape in landscapes
        for one in landscape.resources
        if not isinstance(one.properties.get("Path"), Unknown)
    }
    found: dict[Place, dict[str, None]] = {}
    open_texts = set()
    for text in sorted({text for landscape in landscapes for text in _texts(landscape)} - taken):
        arn = _ARN.fullmatch(text)
        if not arn:
            continue
        name = arn[4].split("/")[0] if "assumed" in arn[3] else arn[4].rpartition("/")[2]
        match = _RANDOM.fullmatch(name)
        near = (
            made
            if match and _is_pattern(match[1])
            else (*by_start.get(match[1] if match else "", ()), *by_start.get("", ()))
        )
        if _is_pattern(name):
            near = (*near, *generated)
        else:
            near = (*near, *(one for part in name.split("-") for one in by_start.get(f"-{part}", ())))
        for one in dict.fromkeys(near):
            names = dict.fromkeys(_whole_names(one, arn, name)) if _is_near(one, arn) else {}
            if names:
                found.setdefault(one.place, {}).update(names)
                open_texts.add(text)
    if prod(len(names) + 1 for names in found.values()) > _CASES:
        return [], frozenset(open_texts)
    choices = ([(place, name) for name in (None, *names)] for place, names in sorted(found.items()))
    every = ({place: name for place, name in case if name is not None} for case in product(*choices))
    return [one for one in every if one and len(set(one.values())) == len(one)], frozenset()


def _made(resolver: Resolver, landscapes: Iterable[Landscape]) -> Iterator[_Made]:
    stacks = {stack.name: stack for stack in resolver.stacks.all}
    seen: set[Place] = set()
    for landscape in landscapes:
        for resource in landscape.resources:
            if resource.type not in IAM_NOUNS:
                # Such as a managed policy: one of a literal ARN that no template makes is not known, whoever has it.
                continue
            stack, logical_id = stacks[resource.source.stack], resource.source.logical_id
            if (stack.name, logical_id) in seen or resolver.stacks.told(stack, logical_id):
                continue
            named_by = TYPES[resource.type].named_by
            given = resource.properties.get(named_by)
            is_elsewhere = isinstance(resource.properties.get("Path"), Unknown)
            text = as_text(given)
            if text is not None and not (is_elsewhere and IAM_NAME.fullmatch(text)):
                continue
            seen.add((stack.name, logical_id))
            start: tuple[str, str] | None = None
            form: str | None = text or (form_of(given) if isinstance(given, Unknown) else "*")
            if named_by not in stack.properties(logical_id):
                start = re.sub("[^A-Za-z0-9-]", "-", stack.physical_name), re.sub("[^A-Za-z0-9]", "", logical_id)
                # The name of the stack is one more thing that is not known.
                form = None if stack.is_named else f"*-{start[1]}-{'?' * 12}"
            is_cut = start is not None and len("-".join(start)) + 13 > _LONGEST[resource.type]
            yield _Made(
                stack, resource, formatted(resolver, stack, logical_id, NAME), start, is_cut, form, is_elsewhere
            )


def _is_near(one: _Made, arn: re.Match[str]) -> bool:
    """Tell whether an ARN, or a pattern of them, is of the kind, the account and the path of something."""
    resource = one.resource
    partition, account, noun, rest = arn.groups()
    if noun.removeprefix("assumed-") != IAM_NOUNS[resource.type]:
        return False
    if not (_may_be(account, resource.account) and _may_be(partition, resource.partition)):
        return False
    path = as_text(resource.properties.get("Path", "/"))
    has_path = noun != "assumed-role" and ":name::" not in arn[0]
    return not has_path or path is None or _may_be(f"/{rest[: rest.rfind('/') + 1]}", path)


def _is_pattern(text: str) -> bool:
    return "*" in text or "?" in text


def _may_be(pattern: str, text: str) -> bool:
    return like(pattern.replace("*", ANY).replace("?", ONE), text)


def _names(one: _Made, name: str) -> Iterator[str]:
    """Return names that something may have and that a literal name, or a pattern, tells from its stand-in."""
    if name == one.stand_in:
        return
    match = _RANDOM.fullmatch(name)
    if one.form:
        yield from _of_form(one.form, name, one.stand_in)
    if one.start is not None and match:
        start, random = match.groups()
        full = "-".join(one.start)
        known = start == full or (one.is_cut and _is_cut_of(start, one.start))
        if _is_pattern(start) and not _is_pattern(random) and _may_be(start, full):
            start, known = full, True
        if known:
            yield from (f"{start}-{filled}" for filled in _filled(random, one.stand_in.rpartition("-")[2]))


def _of_form(form: str, name: str, stand_in: str) -> Iterator[str]:
    """Return a name of a form that a literal name, or a pattern, tells from its stand-in."""
    if not _is_pattern(name):
        # CloudFormation's random part has one more character at times.
        longer = f"{form}?" if form.endswith("?") else form
        if IAM_NAME.fullmatch(name) and (_may_be(form, name) or _may_be(longer, name)):
            yield name
    elif not _may_be(name, stand_in):
        both = common(form, name)
        if both and IAM_NAME.fullmatch(both):
            yield both
    else:
        yield from [
            one for filler in _FILLERS if not _may_be(name, one := form.replace("*", filler).replace("?", "A"))
        ][:1]


def _whole_names(one: _Made, arn: re.Match[str], name: str) -> Iterator[str]:
    """Return names as above, with their paths where these are not known."""
    names = dict.fromkeys(_names(one, name)) if one.form is None or "*" in one.form else {}
    if not one.is_elsewhere or arn[3].startswith("assumed") or ":name::" in arn[0]:
        yield from names
        return
    rest = arn[4]
    path = rest[: rest.rfind("/") + 1].replace("*", "x").replace("?", "x")
    told = _may_be(rest, one.stand_in)
    for its in (one.stand_in, *names):
        whole = [f"{before}{its}" for before in (path, "another/", "") if before or its != one.stand_in]
        yield from [it for it in whole if _may_be(rest, it) is not told][:1]


def _filled(random: str, stand_in: str) -> Iterator[str]:
    """Return random parts like a pattern and, where the stand-in is like it, unlike it."""
    before, star, after = random.partition("*")
    if not (before + after).strip("?"):
        return
    middle = "A" * (12 - len(before) - len(after)) if star else ""
    filled = f"{before}{middle}{after}".replace("?", "A")
    if len(filled) in (12, 13):
        yield filled
    if _may_be(random, stand_in):
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


def says(policy: Policy, texts: Collection[str]) -> bool:
    """Tell whether a policy has one of some texts."""
    return any(text in texts for text in _of((policy,)))


def _texts(landscape: Landscape) -> Iterator[str]:
    policies = [policy for key in landscape.keys for policy in (key.policy, *key.grants)]
    policies += [policy for outer in landscape.organization.values() for policy in (*outer.scps, *outer.rcps)]
    for one in landscape.identities:
        policies += (*one.policies, *((one.boundary,) if one.boundary else ()))
    yield from _of(dict.fromkeys(policies))
    for resource in landscape.resources:
        if resource.type.startswith("AWS::IAM::") and resource.type not in IAM_NOUNS:
            for element in _ATTACHED.keys() & resource.properties.keys():
                for name in listed(resource.properties[element]):
                    if isinstance(name, str):
                        yield _BY_NAME.format(resource.partition, resource.account, _ATTACHED[element], name)


def _of(policies: Iterable[Policy]) -> Iterator[str]:
    for statement in (statement for policy in policies for statement in policy.statements):
        yield from statement.principals.aws
        for condition in statement.conditions:
            is_name = condition.key.lower() == "aws:username"
            for value in condition.values:
                if isinstance(value, str):
                    yield _BY_NAME.format("*", "*", "user", value) if is_name else value
