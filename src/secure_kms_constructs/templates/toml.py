"""TOML text to plain values."""

from __future__ import annotations

from typing import Any


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Return what a TOML text holds.

    :param name: what errors call it.
    :raises ValueError: when it is none, or nothing that reads it is installed.
    """
    try:
        import tomllib
    except ModuleNotFoundError:
        try:
            import tomli as tomllib
        except ModuleNotFoundError:
            raise ValueError(
                f"{name} needs tomli before Python 3.11, which is not installed: "
                "pip install 'secure-kms-constructs[cli]'"
            ) from None
    try:
        read: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name} must be TOML: {error}") from None
    return read
