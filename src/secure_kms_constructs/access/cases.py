"""One answer of several landscapes: what holds in which, where an account or region is called by two names."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from secure_kms_constructs.templates.landscape import Landscape
from secure_kms_constructs.templates.made_names import OF
from secure_kms_constructs.templates.places import ACCOUNT_NAME, REGION_NAME

T = TypeVar("T", bound=Hashable)
Names = Mapping[str, str]


def held(
    found: Sequence[tuple[Landscape, Iterable[T]]],
    own: Callable[[T, Names], T],
    is_told: Callable[[T, T], bool] = lambda _one, _own: False,
) -> dict[T, list[Landscape]]:
    """Return in which landscapes each answer holds.

    In a landscape whose stacks go to an account that policies name, the account has that name and the stand-in: what
    is said of one is said of both.

    :param found: the answers of each landscape.
    :param own: calls the places of an answer by their stand-ins.
    :param is_told: whether an answer that no other landscape has must stand there as it is, too, not only by stand-ins.
    """
    holds: dict[T, list[Landscape]] = {}
    for landscape, answers in found:
        if not landscape.places:
            for one in answers:
                holds.setdefault(one, []).append(landscape)
    first = list(holds)
    for landscape, answers in found:
        if landscape.places:
            here: dict[T, list[T]] = {}
            for one in answers:
                here.setdefault(own(one, landscape.places), []).append(one)
            for one in first:
                if own(one, landscape.places) in here:
                    holds[one].append(landscape)
            known = {own(one, landscape.places) for one in first}
            for one, written in here.items():
                for new in () if one in known else (one, *(it for it in written if is_told(it, one))):
                    holds.setdefault(new, []).append(landscape)
    return holds


def by_stand_ins(text: str, names: Names) -> str:
    """Return a text with places called by their stand-ins."""
    for name, stand_in in names.items():
        text = text.replace(name, stand_in)
    return text


def is_of_place(when: Iterable[str]) -> bool:
    """Tell whether something holds only where stacks go to some places, or only for some names of what they make."""
    names = (f"{ACCOUNT_NAME} is ", f"{REGION_NAME} is ", OF)
    return any(name in one for one in when for name in names)
