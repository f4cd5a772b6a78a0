"""Plans that replace wide permissions to use keys by what was observed, with the proof and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.evidence import Observed

from .planning import Planner
from .plans import Migration, Plan

__all__ = ["Migration", "Plan", "plan"]


def plan(
    snapshot: Snapshot,
    observed: Observed,
    *,
    principals: Sequence[str] = (),
    accept_gap: bool = False,
    no_other_regions: bool = False,
) -> Migration:
    """Return a plan for each role and user whose own policies allow the use of keys.

    A use is allowed afterwards that was seen and that today's policies allow; none because of a denied call, none
    that a grant or the policy of the key allows by itself. What policies say of managing keys stays.

    :param principals: ARNs of roles and users; by default all.
    :param no_other_regions: whether nothing of the accounts is in regions that the account file does not have, which
        is a gap otherwise for whoever may use keys of every region.
    :param accept_gap: whether to plan although evidence is incomplete; what is missing is then told.
    :raises ValueError: where evidence is incomplete, a name means nobody, or a proof fails: every use has to be
        allowed by the new policies, every request that differs from one in one field refused, and nobody gain
        anything.
    """
    return Planner(snapshot, observed, principals, no_other_regions=no_other_regions).migration(accept_gap=accept_gap)
