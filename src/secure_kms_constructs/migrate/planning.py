"""Makes plans: what evidence needs replaces what policies allow, and nothing that was not both seen and allowed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from secure_kms_constructs.access import AccessMap, Diff
from secure_kms_constructs.access.landscape_access import LandscapeAccess
from secure_kms_constructs.account import Account, Snapshot
from secure_kms_constructs.account.needs import Needs
from secure_kms_constructs.aws.facts import USE_ACTIONS
from secure_kms_constructs.evidence import Observed, Use
from secure_kms_constructs.evidence.requests import Call, call_of, is_told
from secure_kms_constructs.policies import parse_identity_policy
from secure_kms_constructs.policies.evaluation import Policies
from secure_kms_constructs.policies.verdicts import Verdict

from .deployers import excepted
from .fits import fits_of
from .fitting import Added, fit, names_taken
from .gaps import Gaps
from .holdings import NOT_ASKED, Holdings, with_plans
from .leaving import leaving
from .plans import Excepted, Migration, Plan, Replay
from .replay import answer, as_asked, asked_keys, granted, surely, try_again
from .reviews import to_review
from .statements import key_statement, names_alike, statements_of, unwritable

_SHOWN = 5
_MORE = ("gained", "widened", "changed")


@dataclass
class _Side:
    """What policies say, before or after."""

    access: LandscapeAccess

    def __post_init__(self) -> None:
        self._parties = {one.principal: one for one in self.access.identities.parties}
        self._keys = {one.arn: one for one in self.access.landscape.keys}

    def policies(self, principal: str, key: str) -> Policies | None:
        """Return what decides between somebody and a key; None where one of them is not there."""
        party, found = self._parties.get(principal), self._keys.get(key)
        return self.access.side(party, found).policies if party and found else None


def _side(accounts: Sequence[Account]) -> _Side:
    [landscape] = Snapshot("", list(accounts)).landscapes
    return _Side(LandscapeAccess(landscape))


@dataclass
class _Sorted:
    """The uses of somebody, by what becomes of them."""

    needed: list[Use]
    otherwise: list[tuple[Use, str]]
    unexplained: list[Use]
    admitted: list[Use]
    doubts: list[str] = field(default_factory=list)


class Planner:
    """Makes plans for the accounts of a snapshot.

    :param only: ARNs of the roles and users to make plans for; by default all.
    :param no_other_regions: whether nothing is in regions that the account file does not have.
    :param apart: for whom there is no plan, each with why.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        observed: Observed,
        only: Sequence[str] = (),
        *,
        no_other_regions: bool = False,
        apart: Mapping[str, str] | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._observed = observed
        self._no_other_regions = no_other_regions
        self._only = only
        self._apart = dict(apart or {})
        self._holdings = [Holdings(account, frozenset(only), self._apart) for account in snapshot.accounts]
        users = {arn for one in self._holdings for arn in one.users}
        for name in only:
            if name not in users:
                raise ValueError(f"principal must be a role or user whose policies allow the use of keys, got {name!r}")
        self._uses: dict[str, list[Use]] = defaultdict(list)
        for use in observed.uses:
            if use.action in USE_ACTIONS and use.key is not None:
                self._uses[use.principal].append(use)

    def migration(self, *, accept_gap: bool) -> Migration:
        """Return all plans.

        :raises ValueError: where evidence is missing and that is not accepted, or a proof fails.
        """
        if apart := dict(self._doubted()):
            return self._without(apart).migration(accept_gap=accept_gap)
        made = list(self._plans())
        if failures := [one for plan in made for one in plan.replay.failures]:
            raise ValueError(f"the proof of the plan fails: {'; '.join(failures[:_SHOWN])}")
        if gained := {one.principal: str(one) for one in self._diff.differences if one.change.value in _MORE}:
            if not gained.keys() <= self._sorted.keys():
                raise ValueError(f"the plan would give more than there was: {'; '.join(gained.values())}")
            why = "its policies are conditional in another way than what was seen"
            return self._without({arn: f"{why}: {one}" for arn, one in gained.items()}).migration(accept_gap=accept_gap)
        gaps = list(Gaps(self._snapshot, self._observed, self._no_other_regions).of(made))
        if gaps and not accept_gap:
            raise ValueError(
                f"evidence is incomplete: {'; '.join(gaps[:_SHOWN])}{'; ...' if len(gaps) > _SHOWN else ''}. "
                "Read what is missing, or give --accept-gap, which writes it into the plan"
            )
        made.sort(key=lambda plan: (-plan.width, plan.principal))
        left = {arn: why for one in self._holdings for arn, why in one.left.items() if why != NOT_ASKED}
        keys = [] if self._only else leaving(self._snapshot, self._observed)
        seen = self._observed.evidence
        period = f"calls from {seen.first} to {seen.last}" if seen.first else "no calls"
        return Migration(made, dict(sorted(left.items())), gaps, self._diff, period, list(self._exceptions(left)), keys)

    def _exceptions(self, left: Collection[str]) -> Iterator[Excepted]:
        today = date.fromisoformat(self._snapshot.made[:10])
        for holdings in self._holdings:
            for identity in holdings.account.identities:
                if identity.arn in left:
                    documents = (one.document for one in holdings.of(identity))
                    if (found := excepted(identity, documents, today)) is not None:
                        yield found

    @cached_property
    def _before(self) -> _Side:
        return _side(self._snapshot.accounts)

    @cached_property
    def _stripped(self) -> _Side:
        """What policies say without any permission of identity policies to use keys, of those who have plans."""
        return _side([with_plans(one.account, one.replaced, {}) for one in self._holdings])

    @cached_property
    def _sorted(self) -> dict[str, _Sorted]:
        return {arn: self._sort(arn) for one in self._holdings for arn in one.replaced}

    @cached_property
    def _added(self) -> dict[str, Added]:
        added = {}
        for holdings in self._holdings:
            taken = names_taken(holdings.account)
            for one in holdings.account.identities:
                if one.arn in holdings.replaced and self._sorted[one.arn].needed:
                    statements = statements_of(self._sorted[one.arn].needed)
                    added[one.arn] = fit(one, taken, holdings.replaced[one.arn], statements)
        return added

    @cached_property
    def _accounts_after(self) -> list[Account]:
        added = {arn: one.documents for arn, one in self._added.items()}
        return [with_plans(one.account, one.replaced, added) for one in self._holdings]

    @cached_property
    def _after(self) -> _Side:
        return _side(self._accounts_after)

    def _doubted(self) -> Iterator[tuple[str, str]]:
        for arn, found in self._sorted.items():
            if found.doubts:
                yield arn, f"whether its policies allowed what it did depends on {found.doubts[0]}, which is not told"

    def _without(self, apart: Mapping[str, str]) -> Planner:
        """Return one that has no plan for some: what they share with others stays too, so all is planned anew."""
        return Planner(
            self._snapshot,
            self._observed,
            self._only,
            no_other_regions=self._no_other_regions,
            apart={**self._apart, **apart},
        )

    @cached_property
    def _diff(self) -> Diff:
        before, after = (
            AccessMap(Snapshot("", list(one)).landscapes) for one in (self._snapshot.accounts, self._accounts_after)
        )
        return before.diff(after, sorted(USE_ACTIONS))

    def _sort(self, arn: str) -> _Sorted:
        found = _Sorted([], [], [], [])
        alike = names_alike(self._uses.get(arn, []))
        for use in self._uses.get(arn, []):
            assert use.key is not None
            before = self._before.policies(arn, use.key)
            without = self._stripped.policies(arn, use.key)
            why = unwritable(use, alike)
            if before is None or without is None:
                found.otherwise.append((use, "its key is not in the account file, and so its key policy is not known"))
            elif why is not None:
                found.otherwise.append((use, why))
            elif (verdict := self._was_allowed(use, before)) is False:
                found.unexplained.append(use)
            elif verdict is None:
                untold = sorted(key for key in asked_keys(before) if not is_told(key))
                found.doubts.append(", ".join(untold[:_SHOWN]) or "parts of encryption contexts that are not kept")
            elif granted(call_of(use), without) is True:
                found.otherwise.append((use, "a grant allows it"))
            elif surely(call_of(use), without) is True:
                aws = any(key.arn == use.key and key.manager == "AWS" for _, key in self._snapshot.keys)
                said = "removed: the policy of the AWS-managed key admits the account through its service anyway"
                found.otherwise.append((use, said if aws else "the policy of the key admits it by itself"))
                if not aws:
                    found.admitted.append(use)
            else:
                found.needed.append(use)
        return found

    @staticmethod
    def _was_allowed(use: Use, policies: Policies) -> Verdict:
        """Return whether today's policies allow a use, which happened: what was not kept of it may be why."""
        call = call_of(use)
        if surely(call, policies) is True or answer(call, policies) is True:
            return True
        return None if use.context is None else surely(call, policies)

    def _plans(self) -> Iterator[Plan]:
        needs = Needs(self._snapshot)
        for holdings in self._holdings:
            for arn in holdings.replaced:
                yield self._plan(holdings, arn, needs)

    def _plan(self, holdings: Holdings, arn: str, needs: Needs) -> Plan:
        found = self._sorted[arn]
        seen = {(use.key, use.action) for use in self._uses.get(arn, [])}
        configured = [
            f"{one.action} {one.key} because of {one.because}"
            for one in needs.of(arn)
            if (one.key, one.action) not in seen and one.may is not False
        ]
        by_key: dict[str, list[Use]] = defaultdict(list)
        for use in found.admitted:
            by_key[use.key or ""].append(use)
        needed_keys = {use.key or "" for use in found.needed}
        could = self._could_use(arn)
        added = self._added.get(arn, Added({}))
        identity = next(one for one in holdings.account.identities if one.arn == arn)
        return Plan(
            principal=arn,
            needed=found.needed,
            otherwise=found.otherwise,
            unexplained=found.unexplained,
            configured=list(dict.fromkeys(configured)),
            review=list(to_review(found.needed, self._observed)),
            replaced=holdings.replaced[arn],
            added=added.documents,
            managed=added.managed,
            fits=fits_of(found.needed, holdings.of(identity)),
            key_statements={key: key_statement(arn, uses) for key, uses in by_key.items()},
            replay=self._replay(arn, found),
            width=len(could - needed_keys),
            could=frozenset(could),
        )

    def _could_use(self, arn: str) -> set[str]:
        """Return the keys on which the identity's own policies allow some use, whatever the conditions."""
        policies = [
            parse_identity_policy(one.held.document, name=one.held.name)
            for holdings in self._holdings
            for one in holdings.replaced.get(arn, [])
        ]
        return {
            key.arn
            for _, key in self._snapshot.keys
            if any(
                statement.resources.matches_resource(key.arn, lambda _key: None) is not False
                for policy in policies
                for action in USE_ACTIONS
                for statement, _ in policy.about(action.lower())
            )
        }

    def _replay(self, arn: str, found: _Sorted) -> Replay:
        observed: dict[str, list[Use]] = defaultdict(list)
        for use in self._uses.get(arn, []):
            observed[use.key or ""].append(use)
        allowed = tried = refused = mutated = 0
        failures: list[str] = []
        beside: list[str] = []

        def policies(key: str) -> Policies:
            made = self._after.policies(arn, key)
            assert made is not None
            return made

        for changed, verdict, call in try_again(found.needed, policies, observed):
            if changed and verdict is not False and self._is_beside(arn, changed, call):
                beside.append(str(call))
            elif changed:
                mutated += 1
                refused += verdict is False
                if verdict is not False:
                    failures.append(f"another {changed} is not refused: {call}")
            else:
                tried += 1
                allowed += verdict is True
                if verdict is not True:
                    failures.append(f"not allowed: {call}")
        for use, why in found.otherwise:
            after = self._after.policies(arn, use.key or "")
            tried += 1
            if after is not None and not why.startswith("its "):
                verdict = answer(call_of(use), after)
                allowed += verdict is True
                if verdict is not True:
                    failures.append(f"not allowed: {call_of(use)}")
        tried += len(found.unexplained)
        return Replay(allowed, tried, refused, mutated, tuple(failures), tuple(dict.fromkeys(beside)))

    def _is_beside(self, arn: str, field: str, call: Call) -> bool:
        """Tell whether a call may be allowed without any permission of the plan: by the key's policy, or a grant."""
        keys = {key.arn for _, key in self._snapshot.keys}
        without = self._stripped.policies(arn, call.key) if call.key in keys else None
        return without is not None and answer(call, as_asked(field, without)) is not False
