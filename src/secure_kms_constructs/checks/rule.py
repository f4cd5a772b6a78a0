"""A rule: what it looks for, why it matters, and examples of both outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from .context import Context
from .findings import Found, Severity

Template = Mapping[str, object]


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
