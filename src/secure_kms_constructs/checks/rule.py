"""A rule: what it looks for, why it matters, and examples of both outcomes."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from .context import Context
from .findings import Found, Severity

Template = Mapping[str, object]
_LINES = 40


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One check.

    :param id: stable, for acknowledgements and baselines.
    :param name: the same for people.
    :param title: what is wrong where it finds something.
    :param severity: of what it finds for sure.
    :param controls: the controls it implements: of Security Hub, Control Tower and Prowler, or ``ours``.
    :param why: what follows from it.
    :param fix: what to do.
    :param source: the page that says so.
    :param broken: a template in which it finds something, and no other rule does.
    :param clean: the same template put right.
    :param check: the function that looks.
    """

    id: str
    name: str
    title: str
    severity: Severity
    controls: tuple[str, ...]
    why: str
    fix: str
    source: str
    broken: Template = field(repr=False, compare=False, hash=False)
    clean: Template = field(repr=False, compare=False, hash=False)
    check: Callable[[Context], Iterable[Found]] = field(repr=False)

    def difference(self) -> list[str]:
        """Return what to take out of the broken example and to put in, with what is around it."""
        broken, clean = (json.dumps(one, indent=1).splitlines() for one in (self.broken, self.clean))
        lines = list(difflib.unified_diff(broken, clean, lineterm="", n=4))[2:]
        shown = [line for line in lines if not line.startswith("@@")]
        return shown if len(shown) <= _LINES else [*shown[: _LINES // 2], " ...", *shown[-_LINES // 4 :]]
