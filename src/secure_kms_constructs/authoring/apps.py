"""An app as the look at synth sees it: its resources, and what each property refers to.

A reference to a resource stands as ``{"Resource": path, "Attribute": name}``, whichever stack it is in; all else is as
in a template.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns

ROLE = "AWS::IAM::Role"

_REFERENCE = {"Resource", "Attribute"}


class Place(NamedTuple):
    """Where a stack is deployed, and by whom; each may be a placeholder or a token of CDK.

    :param suffix: of the partition's URLs.
    :param deployer: ARN of the principal that CloudFormation acts as; empty where it cannot be told.
    :param stack_name: what CloudFormation calls the stack; ``*`` for each random part of a nested one's.
    """

    partition: str
    region: str
    account: str
    suffix: str
    deployer: str = ""
    stack_name: str = ""


class Looked(NamedTuple):
    """One resource of an app.

    :param path: its construct path.
    :param stack: the path of its stack.
    :param condition: the logical id of the condition under which alone it is made; empty for most.
    """

    path: str
    logical_id: str
    type: str
    stack: str
    properties: Mapping[str, Any]
    condition: str = ""

    @property
    def called(self) -> str:
        """How messages call it: the path of the construct that a user made."""
        return self.path.removesuffix("/Resource").removesuffix("/Default")


class App:
    """The resources that have to do with keys, by path.

    :param places: where each stack is deployed, by its path.
    :param ours: the policies that constructs of this library wrote for roles and users that something takes away from.
    """

    def __init__(
        self, resources: Mapping[str, Looked], places: Mapping[str, Place], ours: Sequence[Looked] = ()
    ) -> None:
        self.resources = resources
        self.places = places
        self.ours = ours
        self._referrers: dict[str, dict[str, Looked]] = defaultdict(dict)
        for resource in resources.values():
            for path in referred(dict(resource.properties)):
                self._referrers[path][resource.path] = resource

    def stack_of(self, path: str) -> str:
        """Return the path of the stack that a resource is in, be it told of or not."""
        if path in self.resources:
            return self.resources[path].stack
        return max((one for one in self.places if path.startswith(f"{one}/")), key=len, default="")

    def are_near(self, one: Looked, other: Looked) -> bool:
        """Tell whether two may be in one account and region: a plan selects nothing of another, and a name is one."""
        here, there = self.places.get(one.stack), self.places.get(other.stack)
        if here is None or there is None:
            return True
        return not (arns.contradict(here.account, there.account) or arns.contradict(here.region, there.region))

    def referring_to(self, paths: Iterable[str]) -> list[Looked]:
        """Return the resources that refer to any of some resources."""
        found: dict[str, Looked] = {}
        for path in paths:
            found.update(self._referrers.get(path, {}))
        return list(found.values())

    def at(self, value: Any) -> Looked | None:
        """Return the resource that a value refers to, on its own or inside a text; None for no or several."""
        found = {path for path in referred(value) if path in self.resources}
        return self.resources[found.pop()] if len(found) == 1 else None


def reference(value: Any) -> tuple[str, str] | None:
    """Return path and attribute where a value is nothing but a reference; the attribute is ``Ref`` for a plain one."""
    if isinstance(value, Mapping) and set(value) == _REFERENCE:
        return str(value["Resource"]), str(value["Attribute"])
    return None


def referred(value: Any) -> Iterator[str]:
    """Yield the paths of the resources that a value refers to."""
    pending = [value]
    while pending:
        one = pending.pop()
        if found := reference(one):
            yield found[0]
        elif isinstance(one, Mapping):
            pending += one.values()
        elif isinstance(one, list):
            pending += one


def as_text(value: Any) -> str:
    """Return a value as one string, with a placeholder for each reference."""
    return arns.as_text(in_template_form(value, {}))


def plain(value: Any) -> Any:
    """Return a value with every reference and intrinsic function turned into text."""
    return arns.plain(in_template_form(value, {}))


def in_template_form(value: Any, logical_ids: Mapping[str, str]) -> Any:
    """Return a value as it stands in the template of the resources it refers to."""
    if found := reference(value):
        name = logical_ids.get(found[0], found[0])
        return {"Ref": name} if found[1] == "Ref" else {"Fn::GetAtt": [name, found[1]]}
    if isinstance(value, Mapping):
        return {name: in_template_form(one, logical_ids) for name, one in value.items()}
    if isinstance(value, list):
        return [in_template_form(one, logical_ids) for one in value]
    return value


class Found(NamedTuple):
    """A value in a resource's properties.

    :param steps: the property path to it, with the number of each member of a list.
    """

    steps: tuple[str, ...]
    value: Any

    @property
    def text(self) -> str:
        """The path as messages name it."""
        return "/".join(self.steps)


def values_at(properties: Any, path: str) -> Iterator[Found]:
    """Yield what stands at a property path, ``*`` for each member of a list or map."""
    yield from _values(properties, tuple(path.split("/")), ())


def _values(value: Any, parts: tuple[str, ...], steps: tuple[str, ...]) -> Iterator[Found]:
    if not parts:
        if value is not None:
            yield Found(steps, value)
        return
    first, rest = parts[0], parts[1:]
    if first == "*":
        if isinstance(value, list):
            for number, one in enumerate(value):
                yield from _values(one, rest, (*steps, str(number)))
        elif isinstance(value, Mapping) and not reference(value):
            for name, one in value.items():
                yield from _values(one, rest, (*steps, str(name)))
        return
    if isinstance(value, Mapping) and first in value:
        yield from _values(value[first], rest, (*steps, first))


def beside(path: str, steps: tuple[str, ...]) -> str:
    """Return a property path with the members of the lists that lead to another value filled in for ``*``.

    The role of the third action of a rule is the role of the queue of the third action.
    """
    parts = path.split("/")
    for place, part in enumerate(parts):
        if part == "*" and place < len(steps) and parts[:place] == list(steps[:place]):
            parts[place] = steps[place]
    return "/".join(parts)


def value_at(properties: Any, path: str) -> Any:
    """Return the first value at a property path, with numbers for members of lists; None where there is none."""
    value = properties
    for part in path.split("/"):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        else:
            return None
    return value
