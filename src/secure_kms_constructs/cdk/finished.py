"""Key policies as they are deployed, asked once in each look at an app that is finished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import Stack

from .asking import asked_once
from .node import Finished, Questions


@asked_once
def _known_in(_stack: Stack) -> dict[Any, Finished]:
    return {}


def finished_policies(stack: Stack, keys: Sequence[Any]) -> list[Finished]:
    """Return the policies that keys of a stack have in this look; one object for all that share it."""
    known = _known_in(stack)
    new = [key for key in keys if key not in known]
    if new:
        known.update(zip(new, Questions.key_policies(stack, new), strict=True))
    return [known[key] for key in keys]


def look_anew(stack: Stack) -> None:
    """Say that what was told of the keys of a stack may have changed."""
    _known_in(stack).clear()
