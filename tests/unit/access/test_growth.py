"""Ten times as many roles take at most eleven times the work: counted, because what a clock says is noise."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from benchmarks.access import template
from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.templates.garbage_collection import seldom_collecting, without_collecting

FEW, MANY, KEYS = 30, 300, 2


def calls(work: Callable[[], object]) -> int:
    """Count the calls of functions, Python's own among them."""
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made


def ask(access: AccessMap) -> list[Any]:
    return [row for key in access.keys for row in access.who_can("kms:Decrypt", key)]


WORK: dict[str, Callable[[int], Callable[[], object]]] = {
    "reading": lambda roles: lambda: AccessMap.from_templates({"App": template(roles, KEYS)}),
    "asking": lambda roles: partial(ask, AccessMap.from_templates({"App": template(roles, KEYS)})),
    "writing": lambda roles: AccessMap.from_templates({"App": template(roles, KEYS)}).to_text,
}


@pytest.mark.parametrize("what", WORK)
def test_ten_times_the_roles_take_at_most_eleven_times_the_calls(what: str) -> None:
    # Twice each: what is compiled and kept for all does not count.
    for roles in (FEW, MANY):
        WORK[what](roles)()
    few, many = (calls(WORK[what](roles)) for roles in (FEW, MANY))
    assert many <= 11 * few


@pytest.fixture
def collections() -> Iterator[list[int]]:
    made: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            made.append(info["generation"])

    gc.collect()
    gc.callbacks.append(note)
    yield made
    gc.callbacks.remove(note)


@pytest.mark.parametrize("work", [ask, AccessMap.to_text], ids=["asking", "writing"])
def test_what_was_read_is_not_looked_at_again_and_again(
    collections: list[int], work: Callable[[AccessMap], object]
) -> None:
    access = AccessMap.from_templates({"App": template(MANY, KEYS)})
    collections.clear()
    work(access)
    assert len(collections) < 10
    assert 2 not in collections


@seldom_collecting()
def fail_within() -> None:
    assert gc.get_freeze_count() > 0
    with seldom_collecting():
        pass
    assert gc.get_freeze_count() > 0, "who asks within another question sets nothing free"
    raise KeyError


def test_the_collector_is_left_as_it_was() -> None:
    before = gc.get_threshold(), gc.get_freeze_count(), gc.isenabled()
    with pytest.raises(KeyError):
        fail_within()
    assert (gc.get_threshold(), gc.get_freeze_count(), gc.isenabled()) == before


@pytest.mark.parametrize("mine", [(0, 10, 10), (1_000_000, 10, 10)])
def test_the_settings_of_a_program_that_collects_as_seldom_stay(mine: tuple[int, int, int]) -> None:
    before = gc.get_threshold()
    gc.set_threshold(*mine)
    try:
        with seldom_collecting():
            assert gc.get_threshold() == mine
            assert gc.get_freeze_count() == 0
    finally:
        gc.set_threshold(*before)


def test_what_a_program_has_set_aside_stays_so() -> None:
    gc.freeze()
    before = gc.get_freeze_count()
    try:
        with seldom_collecting():
            assert gc.get_freeze_count() == before
        assert gc.get_freeze_count() == before
    finally:
        gc.unfreeze()


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        with seldom_collecting():
            assert gc.get_freeze_count() == 0
        assert not gc.isenabled()
        with without_collecting():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_collector_that_is_on_pauses() -> None:
    with without_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()
