"""`help` and editors show the parameters of our constructs, not those of a call to jsii."""

from __future__ import annotations

import inspect
import pydoc
from typing import Any

import pytest
from constructs import Construct

import secure_kms_constructs
from secure_kms_constructs import HardenedKey

CONSTRUCTS = [
    value
    for name in secure_kms_constructs.__all__
    if isinstance(value := getattr(secure_kms_constructs, name), type) and issubclass(value, Construct)
]


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda one: one.__name__)
def test_a_construct_shows_the_parameters_that_it_documents(construct: Any) -> None:
    shown = inspect.signature(construct).parameters
    assert list(shown)[:2] == ["scope", "id"]
    assert all(one.kind is inspect.Parameter.KEYWORD_ONLY for one in list(shown.values())[2:])
    assert all(f":param {name}:" in (construct.__doc__ or "") for name in list(shown)[2:])


def test_the_constructs_are_all_there() -> None:
    assert {one.__name__ for one in CONSTRUCTS} >= {"HardenedKey", "LogGroupWithCmk", "ScopedSecretReader"}


def test_help_begins_with_them() -> None:
    first = pydoc.plain(pydoc.render_doc(HardenedKey)).splitlines()[3]
    assert first.startswith(" |  HardenedKey(scope: 'Construct', id: 'str', *, administrators: ")


def test_a_class_of_a_user_shows_its_own() -> None:
    class OrdersKey(HardenedKey):
        def __init__(self, scope: Construct, id: str, *, team: str) -> None:
            super().__init__(scope, id, description=team)

    assert list(inspect.signature(OrdersKey).parameters) == ["scope", "id", "team"]
