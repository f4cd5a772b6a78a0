"""Resolved values as text, known in full or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from secure_kms_constructs.policies import Unknown

# What ``Ref`` of ``AWS::NoValue`` gives. It vanishes from the list or object that holds it.
NO_VALUE = object()
# No policy, name or ARN is longer. Texts that double at every reference end here.
_LENGTH = 100_000
_DESCRIPTION = 160


def as_text(value: object) -> str | None:
    """Return a scalar as CloudFormation writes it into a text; None for what is no scalar."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def joined(parts: Sequence[object], separator: str = "") -> str | Unknown:
    """Join scalars. One part that is not known makes all of it unknown, because policies compare whole texts."""
    texts = [as_text(part) for part in parts]
    if None in texts:
        return unknown(
            separator.join(_shown(part) if text is None else text for part, text in zip(parts, texts, strict=True))
        )
    text = separator.join(one for one in texts if one is not None)
    return text if len(text) <= _LENGTH else unknown(f"a text of more than {_LENGTH} characters")


def unknown(description: str) -> Unknown:
    """Return an ``Unknown`` with a description of bounded length."""
    return Unknown(description if len(description) <= _DESCRIPTION else f"{description[: _DESCRIPTION - 3]}...")


def is_cut(description: str) -> bool:
    """Tell whether ``unknown`` may have cut a description."""
    return len(description) >= _DESCRIPTION


def _shown(part: object) -> str:
    return f"<{part.description}>" if isinstance(part, Unknown) else "<not text>"
