"""The answer to "who can": one row for each principal and set of circumstances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from secure_kms_constructs.policies import Decision, Outcome, Request
from secure_kms_constructs.policies.decisions import decided
from secure_kms_constructs.policies.lines import one_line
from secure_kms_constructs.policies.reasons import Reason
from secure_kms_constructs.templates.landscape import Source

from .circumstances import Region
from .parties import Party
from .questions import ENCRYPTION_CONTEXT, VIA, Side
from .value_classes import Constraint

_DECIDING = (Outcome.ALLOWS, Outcome.DELEGATES, Outcome.UNDECIDED)


@dataclass(frozen=True)
class StatementReference:
    """A statement that has a part in an answer.

    :param policy: the policy's name.
    :param statement: its place in the policy, from 0; None for the policy as a whole.
    :param sid: its Sid, if it has one.
    :param path: the construct that the policy is from; None where it is from none of the templates.
    :param text: what it does, in words.
    """

    policy: str
    statement: int | None
    sid: str | None
    path: str | None
    text: str

    def __str__(self) -> str:
        statement = "" if self.statement is None else f" statement {self.statement}"
        sid = f" ({self.sid})" if self.sid else ""
        return one_line(f"{self.path or self.policy}{statement}{sid} {self.text}")


@dataclass(frozen=True)
class Row:
    """Circumstances under which a principal can do something with a key, or might.

    :param principal: the construct path of the principal, else its ARN or what it stands for.
    :param action: the KMS action.
    :param key: the construct path of the key, else its ARN.
    :param allowed: True; None where it is not known whether it can.
    :param via: the ``kms:ViaService`` that the request must have; None where it does not matter.
    :param encryption_context: what the encryption context must be.
    :param conditions: what other condition keys must be.
    :param when: the conditions of the templates under which it is so, any one of them; empty where always.
    :param party: the principal itself.
    :param side: the policies that decide.
    :param context: the context of a request that the row is about.
    :param sources: where the policies are from, by their names.
    """

    principal: str
    action: str
    key: str
    allowed: bool | None
    via: Constraint | None
    encryption_context: tuple[Constraint, ...]
    conditions: tuple[Constraint, ...]
    when: tuple[str, ...] = ()
    party: Party = field(compare=False, repr=False, kw_only=True)
    side: Side = field(compare=False, repr=False, kw_only=True)
    region: Region = field(compare=False, repr=False, kw_only=True)
    sources: Mapping[str, Source] = field(compare=False, repr=False, kw_only=True)

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """All that the request must be."""
        return (*((self.via,) if self.via else ()), *self.encryption_context, *self.conditions)

    @property
    def witness(self) -> Request:
        """A request that the row is about; where it is not known whether it is allowed, some of it may be Unknown."""
        return Request(self.side.principal, self.action, self.side.key, self.region.context)

    @property
    def decision(self) -> Decision:
        """The decision on the witness."""
        return decide(self.witness, self.side)

    @property
    def statements(self) -> tuple[StatementReference, ...]:
        """The statements that allow the witness, or might."""
        return references(self.decision, self.sources, _DECIDING)

    def __repr__(self) -> str:
        return f"<Row {self}>"

    def __str__(self) -> str:
        might = "can" if self.allowed else "might"
        return one_line(" ".join([self.principal, might, self.action, self.key, *self.circumstances()]))

    def circumstances(self) -> list[str]:
        """Return what the request must be, in words."""
        said = [str(one) for one in self.constraints]
        when = [f"when {' or '.join(self.when)}"] if self.when else []
        return [*([f"if {' and '.join(said)}"] if said else []), *when]


def decide(request: Request, side: Side) -> Decision:
    """Decide a request by the policies of one side."""
    return decided(request, side.policies)


def references(
    decision: Decision, sources: Mapping[str, Source], outcomes: tuple[Outcome, ...]
) -> tuple[StatementReference, ...]:
    """Return the statements among a decision's reasons, with the constructs that they are from."""
    return tuple(referring(one, sources) for one in decision.reasons if one.outcome in outcomes and one.policy)


def referring(reason: Reason, sources: Mapping[str, Source]) -> StatementReference:
    """Return a reason with the construct that its policy is from."""
    source = sources.get(reason.policy or "")
    path = source.path if source else None
    return StatementReference(reason.policy or "", reason.statement, reason.sid, path, reason.text)


def split(
    constraints: tuple[Constraint, ...],
) -> tuple[Constraint | None, tuple[Constraint, ...], tuple[Constraint, ...]]:
    """Return the constraint on the service, those on the encryption context, and the others."""
    via = next((one for one in constraints if one.key.lower() == VIA), None)
    context = tuple(one for one in constraints if one.key.lower().startswith(ENCRYPTION_CONTEXT))
    return via, context, tuple(one for one in constraints if one is not via and one not in context)
