"""Names that policies carry literally, and whether templates still say the same once the app is finished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aws_cdk import Stack

from .asking import asked_once, name_given
from .findings import check_at_synth
from .node import Questions


def note_name(stack: Stack, construct: Any, called: str, parameter: str, name: str | None = None) -> None:
    """Check at synth that the name of something is still what a policy has written.

    :param stack: the stack that makes it.
    :param called: how messages call it.
    :param parameter: the parameter of its construct that names it.
    :param name: what was written. Default: name and path as they were told.
    """
    given = name_given(construct) if name is None else (name, None)
    if given is not None:
        _written_in(stack)[construct] = list(given), called, parameter


@asked_once
def _written_in(stack: Stack) -> dict[Any, tuple[list[str | None], str, str]]:
    written: dict[Any, tuple[list[str | None], str, str]] = {}
    check_at_synth(stack, lambda: list(_renamed(written)))
    return written


def _renamed(written: Mapping[Any, tuple[list[str | None], str, str]]) -> Iterator[str]:
    for (before, called, parameter), now in zip(written.values(), Questions.names(list(written)), strict=True):
        if now != before:
            path = " and path" if parameter in ("role_name", "user_name") else ""
            yield (
                f"{called} was renamed after a grant had asked for its name: set {parameter}{path} before the first "
                "grant to anything beside it"
            )
