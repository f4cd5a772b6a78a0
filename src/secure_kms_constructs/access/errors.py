"""What can go wrong when a map of access is asked."""

from __future__ import annotations


class AccessError(ValueError):
    """A question that a map of access cannot answer. The message says what was given, and what to do."""
