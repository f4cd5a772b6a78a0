"""True, False, and "cannot be told": the three answers of every question about a policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# None stands for "depends on an Unknown". It never counts as False.
Verdict = bool | None


class PolicyError(ValueError):
    """A policy or request that cannot be evaluated. The message says what, what was given, and what to do."""


@dataclass(frozen=True)
class Unknown:
    """A value that is not known: an unresolved intrinsic, a policy whose text cannot be read.

    It may stand for a whole policy, a statement, any element or value of a statement, or a value of the
    request's context. A decision that depends on it is neither allowed nor denied.

    :param description: what is not known, for the reasons, such as ``Parameter AppRoleArn``.
    """

    description: str

    def __str__(self) -> str:
        return f"unknown ({self.description})"


@dataclass(frozen=True)
class Unlike(Unknown):
    """A value of a request that is not known, nor whether there is one; what is known is which texts it is not.

    :param texts: those texts.
    """

    texts: frozenset[str] = frozenset()


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return whether all hold; one that does not is enough, whatever is unknown."""
    result: Verdict = True
    for verdict in verdicts:
        if verdict is False:
            return False
        if verdict is None:
            result = None
    return result


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return whether one holds; one that does is enough, whatever is unknown."""
    result: Verdict = False
    for verdict in verdicts:
        if verdict:
            return True
        if verdict is None:
            result = None
    return result


def opposite(verdict: Verdict) -> Verdict:
    """Return the negation, which of an unknown is unknown."""
    return None if verdict is None else not verdict
