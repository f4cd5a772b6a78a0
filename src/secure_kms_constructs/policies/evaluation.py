"""The rules by which KMS decides: key policy first, then what it lets identity policies decide; grants beside both.

https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from secure_kms_constructs.aws.facts import CROSS_ACCOUNT_ACTIONS

from .documents import Effect, Policy, Statement
from .outer import NO_OUTER, Outer, endpoint_binds, scps_bind
from .patterns import Context
from .principals import Caller, Kind, Reach
from .requests import Request
from .verdicts import Verdict, all_of, any_of, opposite

CROSS_ACCOUNT = frozenset(action.lower() for action in CROSS_ACCOUNT_ACTIONS.value)
_COVERED = {
    True: (Reach.DIRECT, Reach.DIRECT),
    None: (Reach.NONE, Reach.DIRECT),
    False: (Reach.NONE, Reach.NONE),
}


@dataclass(frozen=True)
class Policies:
    """The parsed policies that decide a request."""

    key_policy: Policy
    identity_policies: tuple[Policy, ...]
    boundary: Policy | None
    grants: tuple[Policy, ...] = ()
    session_policies: tuple[Policy, ...] = ()
    outer: Outer = NO_OUTER

    @cached_property
    def own(self) -> tuple[Policy, ...]:
        """The policies of the key and of the principal, and the grants."""
        boundary = (self.boundary,) if self.boundary else ()
        return (self.key_policy, *self.grants, *self.identity_policies, *boundary, *self.session_policies)

    @cached_property
    def all(self) -> tuple[Policy, ...]:
        """Every policy, because an explicit Deny counts wherever it stands."""
        return (*self.own, *self.outer.all)

    def in_force(self, request: Request) -> Iterator[tuple[Policy, Verdict]]:
        """Return every policy with whether it binds a request."""
        yield from ((policy, True) for policy in self.own)
        yield from self.outer.in_force(request)


@dataclass(frozen=True)
class Admission:
    """What a key policy statement does for a caller.

    :param known: how far it covers the caller for sure.
    :param possible: how far it may, where its principals are not all known.
    :param verdict: whether it allows the request, given that it covers the caller.
    """

    known: Reach
    possible: Reach
    verdict: Verdict

    def reaches(self, reach: Reach) -> Verdict:
        """Return whether the statement admits the caller that far."""
        if self.known >= reach:
            return self.verdict
        return None if self.possible >= reach and self.verdict is not False else False


NOT_ADMITTED = Admission(Reach.NONE, Reach.NONE, False)


def is_allowed(request: Request, policies: Policies) -> Verdict:
    """Return whether the policies allow a request; None where that cannot be told."""
    denied = any_of(
        denies(statement, named, request, policies)
        for policy in policies.own
        for statement, named in policy.about(request.lowered_action)
    )
    if denied is True or policies.outer is NO_OUTER:
        return False if denied else all_of((opposite(denied), _is_granted(request, policies)))
    limited = any_of(
        all_of((binds, denies(statement, named, request, policies)))
        for policy, binds in policies.outer.in_force(request)
        for statement, named in policy.about(request.lowered_action)
    )
    lets = outer_allows(request, policies.outer)
    return all_of((opposite(denied), opposite(limited), lets, _is_granted(request, policies)))


def _is_granted(request: Request, policies: Policies) -> Verdict:
    if request.cross_account and not works_across_accounts(request):
        return False
    granted = grants_allow(request, policies)
    if granted is True:
        return True
    admissions = [
        admission(statement, named, request) for statement, named in policies.key_policy.about(request.lowered_action)
    ]
    admitted = any_of(one.reaches(Reach.ACCOUNT) for one in admissions)
    if admitted is False:
        # So it is for most pairs of principal and key; their identity policies need not be asked.
        return granted
    delegated = all_of((admitted, identity_allows(request, policies)))
    if request.cross_account:
        return any_of((granted, delegated))
    direct = any_of(one.reaches(Reach.DIRECT) for one in admissions)
    role = any_of(one.reaches(Reach.ROLE) for one in admissions)
    limits = (boundary_allows(request, policies), session_allows(request, policies))
    return any_of((direct, all_of((role, *limits)), delegated, granted))


def grants_allow(request: Request, policies: Policies) -> Verdict:
    """Return whether a grant allows a request: it needs no identity policy, across accounts neither."""
    return any_of(
        grant_allows(statement, named, request, policies)
        for grant in policies.grants
        for statement, named in grant.about(request.lowered_action)
    )


def grant_allows(statement: Statement, named: Verdict, request: Request, policies: Policies) -> Verdict:
    """Return whether a statement of a grant that names the action (or may) allows a request."""
    admitting = admission(statement, named, request)
    if admitting.reaches(Reach.ACCOUNT) is False:
        return False
    # Whom in an account a grant for the account admits, and whether a permissions boundary or a session policy limits
    # a grant, no page says.
    limits = all_of((boundary_allows(request, policies), session_allows(request, policies)))
    return all_of((admitting.reaches(Reach.ROLE) or None, limits or None))


def works_across_accounts(request: Request) -> bool:
    """Tell whether the action ever works on the key of another account.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
    """
    return request.lowered_action in CROSS_ACCOUNT


def identity_allows(request: Request, policies: Policies) -> Verdict:
    """Return whether the identity's own policies, within its boundary, allow a request."""
    if request.caller.kind is Kind.ROOT:
        # The root user has every permission in its account, and no policy that could take one away.
        return True
    allowed = any_of(policy_allows(policy, request) for policy in policies.identity_policies)
    return all_of((allowed, boundary_allows(request, policies), session_allows(request, policies)))


def session_allows(request: Request, policies: Policies) -> Verdict:
    """Return whether one of the session policies, if there are any, allows a request.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
    """
    sessions = policies.session_policies
    return not sessions or any_of(policy_allows(policy, request) for policy in sessions)


def outer_allows(request: Request, outer: Outer) -> Verdict:
    """Return whether all that stands around account and key lets a request through, Denies apart."""
    by_scps = (
        any_of((opposite(scps_bind(request)), policy_allows(one, request))) for one in outer.scps if _has_allow(one)
    )
    endpoint = outer.endpoint_policy
    through: Verdict = True
    if endpoint is not None:
        admitted = any_of(
            all_of((covers(statement, request.caller), allows(statement, named, request)))
            for statement, named in endpoint.about(request.lowered_action)
        )
        through = any_of((opposite(endpoint_binds(request)), admitted))
    return all_of((*by_scps, through))


def _has_allow(scp: Policy) -> bool:
    # Beside Denies alone AWS keeps FullAWSAccess: without an Allow nothing would be left.
    return any(statement.effect is not Effect.DENY for statement in scp.statements)


def boundary_allows(request: Request, policies: Policies) -> Verdict:
    """Return whether the permissions boundary, if there is one, allows a request."""
    return policies.boundary is None or policy_allows(policies.boundary, request)


def policy_allows(policy: Policy, request: Request) -> Verdict:
    """Return whether a statement of an identity policy or boundary allows a request."""
    return any_of(allows(statement, named, request) for statement, named in policy.about(request.lowered_action))


def allows(statement: Statement, named: Verdict, request: Request) -> Verdict:
    """Return whether a statement that names the action (or may) allows a request, whoever makes it."""
    if statement.effect is Effect.DENY:
        return False
    return _if_effect_is_known(statement, all_of((named, _applies(statement, request))))


def denies(statement: Statement, named: Verdict, request: Request, policies: Policies) -> Verdict:
    """Return whether a statement that names the action (or may) denies a request."""
    if statement.effect is Effect.ALLOW:
        return False
    covered = _is_denied_to(statement, request.caller, bounded=_is_bounded(policies.boundary))
    if covered is False:
        return False
    return _if_effect_is_known(statement, all_of((covered, named, _applies(statement, request))))


def admission(statement: Statement, named: Verdict, request: Request) -> Admission:
    """Return what a key policy statement that names the action (or may) does for the caller."""
    known = statement.principals.reach(request.caller)
    possible = Reach.DIRECT if statement.principals.may_cover(request.caller) else known
    if statement.not_principals:
        known, possible = _COVERED[opposite(statement.principals.exempts(request.caller))]
    if possible is Reach.NONE:
        return NOT_ADMITTED
    return Admission(known, possible, allows(statement, named, request))


def covers(statement: Statement, caller: Caller) -> Verdict:
    """Return whether a statement is about a caller."""
    if statement.not_principals:
        return opposite(statement.principals.exempts(caller))
    if statement.principals.reach(caller) is not Reach.NONE:
        return True
    return None if statement.principals.may_cover(caller) else False


def _is_bounded(boundary: Policy | None) -> Verdict:
    if boundary is None:
        return False
    # One of which nothing is known may be none at all.
    return True if any(one.effect is not Effect.UNKNOWN for one in boundary.statements) else None


def _is_denied_to(statement: Statement, caller: Caller, *, bounded: Verdict) -> Verdict:
    # "The NotPrincipal element with a Deny effect will always deny any IAM principal that has a permissions
    # boundary policy attached, regardless of the values specified in the NotPrincipal element":
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    return any_of((bounded, covers(statement, caller))) if statement.not_principals else covers(statement, caller)


def context_of(statement: Statement, request: Request) -> Context:
    """Return what the conditions of a statement are asked of."""
    if request.caller.kind is not Kind.SERVICE or statement.effect is not Effect.ALLOW or statement.not_principals:
        return request.value
    return request.value_for_everybody if statement.principals.covers_with_all(request.caller) else request.value


def _applies(statement: Statement, request: Request) -> Verdict:
    return statement.applies(request.key, context_of(statement, request))


def _if_effect_is_known(statement: Statement, verdict: Verdict) -> Verdict:
    return None if statement.effect is Effect.UNKNOWN and verdict is True else verdict
