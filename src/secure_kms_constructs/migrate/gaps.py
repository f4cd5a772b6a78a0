"""What evidence is missing of what a plan would take away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.account.calls import Answer
from secure_kms_constructs.evidence import Observed
from secure_kms_constructs.evidence.uses import Coverage

from .plans import Plan
from .stripping import EVERY, reached_keys, reached_regions


@dataclass(frozen=True)
class Gaps:
    """Finds gaps.

    :param no_other_regions: whether nothing is in regions that the account file does not have.
    """

    snapshot: Snapshot
    observed: Observed
    no_other_regions: bool = False

    def of(self, plans: list[Plan]) -> Iterator[str]:
        """Return what evidence is missing of keys that somebody could use and shall use less."""
        if self.observed.coverage is None:
            yield "whether silence is evidence was not looked at: observe with --snapshot"
            return
        for unread in self.snapshot.unread:
            if Answer.MAP in unread.answers:
                yield f"the account file lacks something: {unread}"
        yield from self._regions(plans)
        could = {key for plan in plans for key in plan.could}
        covered = {one.key: one for one in self.observed.coverage}
        for _, key in self.snapshot.keys:
            if key.manager != "CUSTOMER" or key.arn not in could:
                continue
            one = covered.get(key.arn)
            if one is None:
                yield f"{key.arn} was not among the keys when uses were observed"
            elif one.complete is not True:
                yield str(one)
        yield from self._of_other_accounts(plans, covered)
        yield from self._of_other_keys(plans, covered)
        for use in self.observed.uses:
            if ":federated-user/" in use.principal and any(
                plan.principal.split(":")[4] == use.account for plan in plans
            ):
                yield f"{use.principal} {use.action} {use.key}: which user made its session is not told"
        yield from self._renamed(plans)
        for plan in plans:
            for use, why in plan.otherwise:
                if why.startswith("its "):
                    yield f"{plan.principal} {use.action} {use.key}: {why}"
            for use in plan.unexplained:
                yield f"{plan.principal} {use.action} {use.key} succeeded, and the account file's policies refuse it"

    def _renamed(self, plans: list[Plan]) -> Iterator[str]:
        """Return uses of somebody who is gone and whose name somebody in another path has now."""
        there = {one.arn for account in self.snapshot.accounts for one in account.identities}
        now = {_without_path(one.principal): one.principal for one in plans}
        for gone in sorted({use.principal for use in self.observed.uses} - there):
            if (principal := now.get(_without_path(gone))) is not None:
                yield f"{gone} is gone, and {principal} may be the same by another path"

    def _of_other_accounts(self, plans: list[Plan], covered: Mapping[str, Coverage]) -> Iterator[str]:
        """Return keys of other accounts: their owner's files tell the account alone, so those of the caller count."""
        complete = _complete(covered)
        for plan in plans:
            account = plan.principal.split(":")[4]
            for key in sorted(plan.could):
                region, owner = key.split(":")[3:5]
                if owner != account and (region, account) not in complete:
                    alone = f"log files of {account} in {region} alone tell whether it did"
                    yield f"{plan.principal} may use {key}: {alone}"

    def _of_other_keys(self, plans: list[Plan], covered: Mapping[str, Coverage]) -> Iterator[str]:
        """Return who may use keys that the account file lacks, where the event history was asked for its keys alone."""
        alone = {tuple(key.split(":")[3:5]) for key, one in covered.items() if one.alone} - _complete(covered)
        known = {key.arn for _, key in self.snapshot.keys}
        for plan in plans:
            account = plan.principal.split(":")[4]
            regions = sorted(region for region, owner in alone if owner == account)
            if regions and any(reached_keys(one.held.document) - known for one in plan.replaced):
                yield (
                    f"{plan.principal} may use keys that the account file does not have, and the event history of "
                    f"{', '.join(regions)} was asked for those that it has: log files tell of the others"
                )

    def _regions(self, plans: list[Plan]) -> Iterator[str]:
        """Return what is taken away in regions of which nothing is known."""
        known = {region for account in self.snapshot.accounts for region in account.regions}
        for plan in plans:
            for one in plan.replaced:
                beyond = reached_regions(one.held.document) - known
                named = sorted(region for region in beyond if region != EVERY)
                if named:
                    yield f"{plan.principal} may use keys in {', '.join(named)}, which the account file does not have"
                elif beyond and not self.no_other_regions:
                    yield (
                        f"{plan.principal} may use keys of every region, and the account file has "
                        f"{', '.join(sorted(known))}: read the others, or say --no-other-regions where nothing is there"
                    )


def _without_path(arn: str) -> str:
    kind, _, name = arn.partition("/")
    return f"{kind}/{name.rpartition('/')[2]}"


def _complete(covered: Mapping[str, Coverage]) -> set[tuple[str, ...]]:
    """Return regions and accounts of which every call is known, on keys that the account file lacks too."""
    whole = (key for key, one in covered.items() if one.complete is True and not one.alone)
    return {tuple(key.split(":")[3:5]) for key in whole}
