"""Why a request is allowed or not, statement by statement, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from .conditions import Condition
from .documents import Effect, Policy, Statement
from .evaluation import (
    Admission,
    Policies,
    admission,
    allows,
    boundary_allows,
    context_of,
    covers,
    denies,
    grant_allows,
    outer_allows,
    policy_allows,
    session_allows,
    works_across_accounts,
)
from .lines import one_line
from .outer import Outer
from .patterns import ContextValue
from .principals import Kind, Reach
from .requests import Request
from .verdicts import Unknown, Verdict, all_of


class Outcome(Enum):
    """What a statement, a policy or a rule of KMS does to a request.

    ``DELEGATES`` lets identity policies decide. ``UNDECIDED`` might do what its text says. ``FAILS`` does not
    allow, because a condition or the resource does not match, or because nothing in it does.
    """

    ALLOWS = "allows"
    DELEGATES = "delegates"
    DENIES = "denies"
    UNDECIDED = "undecided"
    FAILS = "fails"


_WORDS = {
    Outcome.ALLOWS: ("allow", "allows"),
    Outcome.DELEGATES: ("let identity policies decide", "lets identity policies decide"),
    Outcome.DENIES: ("deny", "denies"),
}


@dataclass(frozen=True)
class Reason:
    """The part that one statement, one policy or one rule of KMS has in a decision.

    :param outcome: what it does.
    :param text: the same in words, such as ``allows kms:Decrypt``.
    :param policy: the policy's name; None for a rule of KMS.
    :param statement: the statement's place in it, from 0; None for the policy as a whole.
    :param sid: the statement's Sid, if it has one.
    """

    outcome: Outcome
    text: str
    policy: str | None = None
    statement: int | None = None
    sid: str | None = None

    def __str__(self) -> str:
        statement = "" if self.statement is None else f" statement {self.statement}"
        sid = f" ({self.sid})" if self.sid else ""
        return one_line(f"{self.policy}{statement}{sid} {self.text}" if self.policy else self.text)


def explain(request: Request, policies: Policies) -> tuple[Reason, ...]:
    """Return the reasons of a decision; an explicit Deny needs no other."""
    if denials := tuple(_denials(request, policies, True)):
        return denials
    return (
        *_denials(request, policies, None),
        *_of_key_policy(request, policies),
        *_of_grants(request, policies),
        *_of_identity(request, policies),
        *_of_outer(request, policies.outer),
    )


def _denials(request: Request, policies: Policies, wanted: Verdict) -> Iterator[Reason]:
    for policy, binds in policies.in_force(request):
        for statement, named in policy.about(request.lowered_action):
            if all_of((binds, denies(statement, named, request, policies))) is wanted:
                yield _says(policy, statement, Outcome.DENIES, wanted is True, request)


def _of_key_policy(request: Request, policies: Policies) -> Iterator[Reason]:
    policy, action = policies.key_policy, request.action
    if request.cross_account and not works_across_accounts(request):
        yield Reason(Outcome.FAILS, f"{action} never works on a key of another account")
        return
    for statement in policy.statements:
        if statement.missing and covers(statement, request.caller) is not False:
            yield _fails(policy, statement, f"has no effect, because it has no {statement.missing}")
    admitted = False
    for statement, named in policy.about(request.lowered_action):
        admitting = admission(statement, named, request)
        if admitting.verdict is False:
            yield from _near_miss(policy, statement, request)
        else:
            admitted = True
            yield _admits(policy, statement, admitting, request)
    if not admitted:
        yield Reason(Outcome.FAILS, f"admits {request.principal} to {action} by no statement", policy.name)


def _of_grants(request: Request, policies: Policies) -> Iterator[Reason]:
    for grant in policies.grants:
        for statement, named in grant.about(request.lowered_action):
            verdict = grant_allows(statement, named, request, policies)
            if verdict is False:
                yield from _near_miss(grant, statement, request)
            else:
                yield _says(grant, statement, Outcome.ALLOWS, verdict is True, request)


def _admits(policy: Policy, statement: Statement, admitting: Admission, request: Request) -> Reason:
    delegates = admitting.possible is Reach.ACCOUNT or request.cross_account
    certain = admitting.known is admitting.possible and admitting.verdict is True
    return _says(policy, statement, Outcome.DELEGATES if delegates else Outcome.ALLOWS, certain, request)


def _of_identity(request: Request, policies: Policies) -> Iterator[Reason]:
    if request.caller.kind in (Kind.SERVICE, Kind.ROOT):
        return
    for policy in policies.identity_policies:
        yield from _of_policy(policy, request)
    if all(policy_allows(policy, request) is False for policy in policies.identity_policies):
        yield Reason(Outcome.FAILS, f"no identity policy allows {request.action}")
    if policies.boundary is not None:
        yield from _of_policy(policies.boundary, request)
        if boundary_allows(request, policies) is False:
            yield Reason(Outcome.FAILS, f"does not allow {request.action}", policies.boundary.name)
    for policy in policies.session_policies:
        yield from _of_policy(policy, request)
    if session_allows(request, policies) is False:
        yield Reason(Outcome.FAILS, f"no session policy allows {request.action}")


def _of_outer(request: Request, outer: Outer) -> Iterator[Reason]:
    alone = [Outer(scps=(policy,)) for policy in outer.scps]
    alone += [Outer(endpoint_policy=outer.endpoint_policy)] if outer.endpoint_policy else []
    for one in alone:
        if (allowed := outer_allows(request, one)) is not True:
            yield from _of_policy(one.all[0], request)
            if allowed is False:
                yield Reason(Outcome.FAILS, f"does not allow {request.action}", one.all[0].name)


def _of_policy(policy: Policy, request: Request) -> Iterator[Reason]:
    for statement, named in policy.about(request.lowered_action):
        verdict = allows(statement, named, request)
        if verdict is False:
            yield from _near_miss(policy, statement, request)
        else:
            yield _says(policy, statement, Outcome.ALLOWS, verdict is True, request)


def _says(policy: Policy, statement: Statement, does: Outcome, certain: bool, request: Request) -> Reason:
    would, will = _WORDS[does]
    if certain:
        return Reason(does, f"{will} {request.action}", policy.name, statement.index, statement.sid)
    doubt = f"might {would} {request.action}: {_doubt(statement, request)}"
    return Reason(Outcome.UNDECIDED, doubt, policy.name, statement.index, statement.sid)


def _fails(policy: Policy, statement: Statement, text: str) -> Reason:
    return Reason(Outcome.FAILS, text, policy.name, statement.index, statement.sid)


def _doubt(statement: Statement, request: Request) -> str:
    if statement.effect is Effect.UNKNOWN:
        whole = next((one for one in statement.actions.values if isinstance(one, Unknown)), None)
        return f"it is {whole}" if whole else "its Effect is not known"
    if statement.actions.matches_action(request.lowered_action) is None:
        return "its actions are not known"
    if statement.resources.matches_resource(request.key, request.value) is None:
        return "its resources are not known"
    doubtful = [
        _condition(one, request) for one in statement.conditions if one.matches(context_of(statement, request)) is None
    ]
    ids = ", ".join(sorted(statement.principals.ids))
    of_ids = [f"whether KMS takes the unique id {ids} for the principal, no page says"] if ids else []
    return (*doubtful, *of_ids, "whether it covers the principal is not known")[0]


def _near_miss(policy: Policy, statement: Statement, request: Request) -> Iterator[Reason]:
    """A statement for the caller and the action that fails on its resource or on conditions."""
    if statement.effect is Effect.DENY or covers(statement, request.caller) is False:
        return
    if statement.resources.matches_resource(request.key, request.value) is False:
        yield _fails(policy, statement, "does not apply: its Resource is not this key")
        return
    for condition in statement.conditions:
        if condition.matches(context_of(statement, request)) is False:
            yield _fails(policy, statement, f"does not apply: {_condition(condition, request)}")


def _condition(condition: Condition, request: Request) -> str:
    wanted = " or ".join(map(str, condition.values)) or "no value"
    if not condition.key:
        return f"{condition.operator} is {wanted}"
    actual = _shown(request.value(condition.key.lower()))
    return f"{condition.operator} {condition.key} wants {wanted}, the request has {actual}"


def _shown(value: ContextValue) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
