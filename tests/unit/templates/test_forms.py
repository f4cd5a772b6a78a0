"""Texts that are like two patterns at once."""

from __future__ import annotations

import pytest

from secure_kms_constructs.policies.patterns import ANY, ONE, like
from secure_kms_constructs.templates.forms import common

LIKE_BOTH = [
    ("*", "*", ""),
    ("*a", "*", "a"),
    ("*", "*a", "a"),
    ("*a*", "*", "a"),
    ("a*b*", "*c*", "abc"),
    ("a*", "*b", "ab"),
    ("app-*", "app-one", "app-one"),
    ("app-?", "app-*", "app-x"),
    ("?", "?", "x"),
    ("", "*", ""),
    ("a" * 199, "", None),
    ("ab", "a", None),
    ("a*", "b*", None),
    ("?", "", None),
    ("a?", "a", None),
]


@pytest.mark.parametrize(("one", "other", "text"), LIKE_BOTH)
def test_a_text_like_two_patterns(one: str, other: str, text: str | None) -> None:
    found = common(one, other)
    assert found == text
    assert found is None or all(like(it.replace("*", ANY).replace("?", ONE), found) for it in (one, other))


def test_patterns_that_are_too_long_have_none_that_is_found() -> None:
    assert common("a" * 99 + "*", "*" + "a" * 98) == "a" * 99
    assert common("a" * 100 + "*", "*" + "a" * 99) is None
