"""What a plan says: for each role today's policies, what evidence needs of them, what replaces them, and the proof."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from secure_kms_constructs.access import Diff
from secure_kms_constructs.evidence.uses import Use

Json = dict[str, Any]
# A key, the kms:ViaService, and the one thing that the encryption context names.
Thing = tuple[str, str | None, str | None]
# The construct that is about a thing.
Fits = dict[Thing, str]


@dataclass(frozen=True)
class Held:
    """A policy that somebody holds.

    :param kind: ``inline``, ``managed`` or ``group``, the inline policy of a group.
    :param owner: ARN of the role, user or group that an inline policy is in; of the managed policy itself.
    :param group: the name of the group that a managed policy comes from; empty where it is attached itself.
    :param version: which version of a managed policy the document is; empty where that is not known.
    """

    kind: str
    owner: str
    name: str
    document: Any
    group: str = ""
    version: str = ""

    @property
    def where(self) -> tuple[str, str, str]:
        """What tells it from others."""
        return (self.kind, self.owner, self.name)


@dataclass(frozen=True)
class Replaced:
    """A policy that a plan changes.

    :param after: what is left of it; None where nothing is.
    :param shared_by: other roles and users that hold it, all of which have plans.
    :param is_common: whether the change changes what others may do too; to take it from one role alone does not.
    """

    held: Held
    after: Json | None
    shared_by: tuple[str, ...] = ()
    is_common: bool = False


@dataclass(frozen=True)
class Replay:
    """How the policies of a plan answer.

    :param allowed: observed uses that they allow.
    :param observed: of so many.
    :param refused: requests that differ from an observed one in one field, and that they refuse.
    :param mutated: of so many.
    :param failures: what is not so.
    :param beside: such requests that no policy of the plan is about: the key's own policy or a grant allows them.
    """

    allowed: int
    observed: int
    refused: int
    mutated: int
    failures: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.allowed} of {self.observed} uses allowed, {self.refused} of {self.mutated} mutations refused"


@dataclass(frozen=True)
class Plan:
    """What replaces the permissions of one role or user to use keys.

    :param needed: uses for which it gets a statement.
    :param otherwise: uses that need none, each with why.
    :param unexplained: uses that succeeded and that today's policies would refuse: they get nothing.
    :param configured: what it may do with things under a key, and was never seen to.
    :param review: uses to look at before they are allowed for good, each with why.
    :param replaced: policies that change.
    :param added: the new policies, by name.
    :param key_statements: by key, what its policy could say instead of admitting the principal itself.
    :param width: how many keys it could use and need not.
    :param could: the keys that its own policies let it use in some way today.
    :param fits: of what was seen, the construct that is about it, where one gives nothing new.
    :param managed: whether the new policies are managed ones, as inline ones would be more than IAM takes.
    """

    principal: str
    needed: list[Use]
    otherwise: list[tuple[Use, str]]
    unexplained: list[Use]
    configured: list[str]
    review: list[tuple[Use, str]]
    replaced: list[Replaced]
    added: dict[str, Json]
    key_statements: dict[str, list[Json]]
    replay: Replay
    width: int
    could: frozenset[str] = frozenset()
    fits: Fits = field(default_factory=dict)
    managed: bool = False

    @property
    def name(self) -> str:
        """The name of the role or user."""
        return self.principal.rpartition("/")[2]

    @property
    def account(self) -> str:
        """The account of the role or user."""
        return self.principal.split(":")[4]

    @property
    def is_role(self) -> bool:
        """Whether it is a role."""
        return ":role/" in self.principal

    def arn_of(self, policy: str) -> str:
        """Return the ARN that a managed policy will have."""
        partition, account = self.principal.split(":")[1], self.principal.split(":")[4]
        return f"arn:{partition}:iam::{account}:policy/{policy}"


@dataclass(frozen=True)
class Excepted:
    """A role that deploys and keeps what a rule finds, with what documents that.

    :param review_by: the last day on which it holds, as ``2027-06-30``.
    :param rules: names of the rules.
    """

    principal: str
    reason: str
    review_by: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Leaving:
    """A key whose policy leaves its use to IAM policies.

    :param stays: why it has to go on doing so; empty where it can leave that.
    :param uses: what was seen of it, and a grant does not allow.
    :param administrators: whom its policy lets administer it; ``policy_administrators`` may change the policy too.
    :param kept: statements for AWS services, and those that deny.
    """

    key: str
    stays: str = ""
    uses: list[Use] = field(default_factory=list)
    administrators: list[str] = field(default_factory=list)
    policy_administrators: list[str] = field(default_factory=list)
    kept: list[Json] = field(default_factory=list)


@dataclass(frozen=True)
class Migration:
    """Plans for the roles and users of accounts, the widest first.

    :param left: roles and users that may use keys and have no plan, each with why.
    :param gaps: what evidence is missing; a plan in spite of that was asked for.
    :param diff: who can do less with which key afterwards.
    :param period: from when to when calls were seen.
    :param keys: the keys whose policies leave their use to IAM policies, each with whether that can end.
    :param exceptions: of those without a plan, the roles that deploy, for whom an exception can be documented.
    """

    plans: list[Plan]
    left: dict[str, str]
    gaps: list[str]
    diff: Diff = field(default_factory=lambda: Diff(()))
    period: str = "no calls"
    exceptions: list[Excepted] = field(default_factory=list)
    keys: list[Leaving] = field(default_factory=list)

    @property
    def replay(self) -> Replay:
        """The proof of all plans together."""
        every = [one.replay for one in self.plans]
        return Replay(
            sum(one.allowed for one in every),
            sum(one.observed for one in every),
            sum(one.refused for one in every),
            sum(one.mutated for one in every),
        )
