"""An explanation: why something is allowed or denied, with the reasons and the statements behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from secure_kms_constructs.policies import Decision, Outcome, Request
from secure_kms_constructs.policies.lines import one_line
from secure_kms_constructs.policies.patterns import ContextValue
from secure_kms_constructs.templates.landscape import Key, Source

from .given import Like
from .landscape_access import LandscapeAccess
from .parties import Party
from .rows import Row, StatementReference, decide, references, referring
from .texts import Words


@dataclass(frozen=True, eq=False)
class Answer:
    """The answer for one principal, in one way in which the conditions of the templates may turn out.

    :param principal: what rows call it.
    :param circumstances: those of the request and that way, in words.
    :param decision: the decision on a request in these circumstances.
    :param sources: where the policies are from, by their names.
    """

    principal: str
    circumstances: str
    decision: Decision
    sources: Mapping[str, Source]


@dataclass(frozen=True, eq=False)
class Explanation:
    """The answer to a question.

    :param principal: the construct path of the principal, else its ARN or what it stands for.
    :param action: the KMS action.
    :param key: the construct path of the key, else its ARN.
    :param answers: one for each principal that is meant and each way in which the conditions of the templates may
        turn out.
    :param is_sure: whether the principal is there wherever the stacks go.
    """

    principal: str
    action: str
    key: str
    answers: tuple[Answer, ...]
    is_sure: bool = True

    @property
    def allowed(self) -> bool | None:
        """True or False; None where it is not known, or differs between those meant or the templates' conditions."""
        verdicts = {one.decision.allowed for one in self.answers}
        return verdicts.pop() if len(verdicts) == 1 and self.is_sure else None

    @property
    def reasons(self) -> tuple[StatementReference, ...]:
        """What each statement that has a part in it does, and where it is from; rules of KMS only in ``str()``."""
        every = (it for one in self.answers for it in references(one.decision, one.sources, tuple(Outcome)))
        return tuple(dict.fromkeys(every))

    def __bool__(self) -> bool:
        raise TypeError("an Explanation may be neither True nor False: compare its .allowed with True, False or None")

    def __str__(self) -> str:
        return "\n".join(map(one_line, self._lines()))

    def _lines(self) -> list[str]:
        lines = []
        for one in self.answers:
            said = {True: "allowed", False: "denied", None: "unknown"}[one.decision.allowed]
            asked = f"{one.principal} {self.action} {self.key}"
            lines.append(f"{said}{f' {one.circumstances}' if one.circumstances else ''}: {asked}")
            reasons = one.decision.reasons
            lines += [f"  {referring(reason, one.sources) if reason.policy else reason}" for reason in reasons]
        return lines


def answer(
    party: Party,
    key: Key,
    access: LandscapeAccess,
    action: str,
    given: Mapping[str, list[Any]],
    rows: Iterable[Row],
    when: tuple[str, ...],
    words: Words,
) -> Answer:
    """Return the answer of one principal: the first of its rows, what is certain before what is not, or a denial.

    :param given: what is given of the request.
    :param when: the outcome of the templates' conditions, in words.
    """
    row = next(iter(sorted(rows, key=lambda one: one.allowed is None)), None)
    if row is not None:
        said, decision = words.circumstances(row), row.decision
    else:
        # Whatever else the request has it is denied; so what is given is enough to say why.
        first = {name: _one_of(values) for name, values in given.items()}
        said, decision = "", decide(Request(party.principal, action, key.arn, first), access.side(party, key))
    outcome = f"when {' or '.join(when)}" if when else ""
    return Answer(party.name, " ".join(one for one in (said, outcome) if one), decision, access.landscape.sources)


def _one_of(values: list[Any]) -> ContextValue:
    first: ContextValue | Like = values[0]
    return first.pattern if isinstance(first, Like) else first
