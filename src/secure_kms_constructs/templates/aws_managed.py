"""AWS-managed policies."""

from __future__ import annotations

from collections.abc import Mapping

DOCUMENTS: Mapping[str, Mapping[str, object]] = {}
