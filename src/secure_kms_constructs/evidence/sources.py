"""What is read beside files: something with a name that fills a reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .counting import Reader


@dataclass(frozen=True)
class Source:
    """A source of events.

    :param name: as it is told in the evidence.
    :param read: reads all of it, and tells how far it is.
    """

    name: str
    read: Callable[[Reader, Callable[[str], None]], None]
