"""Values that a template leaves open, and the worlds that settle them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

World = Mapping[str, Any]
ACCOUNT_REF, REGION_REF = "${AWS::AccountId}", "${AWS::Region}"


class Absent:
    """Stands in a list for what is not there."""


ABSENT = Absent()


@dataclass(frozen=True, eq=False)
class Open:
    """A value that the template does not tell.

    :param written: what the template says instead.
    :param told: what it is in a world.
    """

    written: Any
    told: Callable[[World], Any]


def as_written(value: Any) -> Any:
    """Return a value as the template has it."""
    return _each(value, lambda one: one.written)


def in_world(value: Any, world: World) -> Any:
    """Return a value as it is in a world."""
    return _each(value, lambda one: in_world(one.told(world), world))


def _each(value: Any, settle: Callable[[Open], Any]) -> Any:
    if isinstance(value, Open):
        return settle(value)
    if isinstance(value, dict):
        settled = {name: _each(one, settle) for name, one in value.items()}
        return {name: one for name, one in settled.items() if one is not ABSENT}
    if isinstance(value, list):
        return [one for one in (_each(it, settle) for it in value) if one is not ABSENT]
    return value


def here(text: str, *, joined: bool = False) -> Open:
    """Return a text with the account and region of its stack, by Fn::Sub or Fn::Join."""

    def told(world: World) -> str:
        return text.replace(ACCOUNT_REF, str(world["account"])).replace(REGION_REF, str(world["region"]))

    return Open({"Fn::Join": ["", _parts(text)]} if joined else {"Fn::Sub": text}, told)


def _parts(text: str) -> list[Any]:
    marked = text.replace(ACCOUNT_REF, "\0AWS::AccountId\0").replace(REGION_REF, "\0AWS::Region\0").split("\0")
    return [{"Ref": one} if place % 2 else one for place, one in enumerate(marked) if one]


def every_world(choices: Mapping[str, Sequence[Any]]) -> list[World]:
    """Return each way in which all that is open may be."""
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
