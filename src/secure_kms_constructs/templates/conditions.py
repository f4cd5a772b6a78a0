"""The conditions of templates, as far as the templates decide them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .stacks import Stack

if TYPE_CHECKING:
    from .resolution import Resolver


def verdict(_resolver: Resolver, _stack: Stack, _name: str) -> bool | None:
    """Return whether a condition holds; None where it depends on something that the templates leave open."""
    return None
