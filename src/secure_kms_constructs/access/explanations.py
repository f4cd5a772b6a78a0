"""The answer to one request, with its reasons and where the templates say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from secure_kms_constructs.policies import Decision, Outcome
from secure_kms_constructs.templates.landscape import Source

from .rows import StatementReference, references, referring


@dataclass(frozen=True, eq=False)
class Explanation:
    """The answer to a request.

    :param principal: the construct path of the principal, else its ARN or what it stands for.
    :param action: the KMS action.
    :param key: the construct path of the key, else its ARN.
    :param decisions: the decision, once for each way in which the conditions of the templates may turn out, and
        that way in words.
    """

    principal: str
    action: str
    key: str
    decisions: tuple[tuple[str, Decision], ...]
    _sources: tuple[Mapping[str, Source], ...]

    @property
    def allowed(self) -> bool | None:
        """True or False; None where it is not known or depends on the conditions of the templates."""
        answers = {decision.allowed for _, decision in self.decisions}
        return answers.pop() if len(answers) == 1 else None

    @property
    def reasons(self) -> tuple[StatementReference, ...]:
        """What each statement that has a part in it does, and where it is from; rules of KMS only in ``str()``."""
        found = zip(self.decisions, self._sources, strict=True)
        every = (one for (_, decision), sources in found for one in references(decision, sources, tuple(Outcome)))
        return tuple(dict.fromkeys(every))

    def __bool__(self) -> bool:
        raise TypeError("an Explanation may be neither True nor False: compare its .allowed with True, False or None")

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        lines = []
        for (when, decision), sources in zip(self.decisions, self._sources, strict=True):
            answer = {True: "allowed", False: "denied", None: "unknown"}[decision.allowed]
            asked = f"{self.principal} {self.action} {self.key}"
            lines.append(f"{answer}{f' when {when}' if when else ''}: {asked}")
            lines += [f"  {referring(reason, sources) if reason.policy else reason}" for reason in decision.reasons]
        return lines
