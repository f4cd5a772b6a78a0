"""A text that JSON can write and no encoding can fails no rule."""

from __future__ import annotations

from secure_kms_constructs.checks.quotas import _size


def test_half_of_a_surrogate_pair_has_a_size() -> None:
    assert _size({"Sid": "\ud800x"}) == (14, 14)
    assert _size({"Sid": "xx"}) == (12, 12)
