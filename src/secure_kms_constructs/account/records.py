"""What was read of accounts, as one file holds it. No secret value is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .calls import BY_ACTION, Answer


@dataclass(frozen=True)
class Unread:
    """A call that was not answered, and so something that is unknown.

    :param action: the IAM action that allows the call, such as ``kms:ListGrants``.
    :param about: what was asked of: an ARN, a region or the account.
    :param why: what was answered instead, such as ``AccessDeniedException``.
    :param what: what is not known therefore.
    """

    action: str
    about: str
    why: str
    what: str

    @property
    def denied(self) -> bool:
        """Whether allowing the action is the way out."""
        return any(word in self.why.lower() for word in ("denied", "unauthorized", "authorization"))

    @property
    def throttled(self) -> bool:
        """Whether there were too many calls, also after waiting."""
        return any(word in self.why.lower() for word in ("throttl", "toomanyrequests", "limitexceeded", "slowdown"))

    @property
    def answers(self) -> frozenset[Answer]:
        """What is not whole without it; all where it is not among the calls that are known here."""
        call = BY_ACTION.get(self.action)
        return call.answers if call else frozenset(Answer)

    def __str__(self) -> str:
        way_out = f": allow {self.action}" if self.denied else ": read again later" if self.throttled else ""
        return f"{self.what} of {self.about} not known, {self.action} was answered with {self.why}{way_out}"


@dataclass(frozen=True)
class Identity:
    """A role or user.

    :param kind: ``role`` or ``user``.
    :param inline: its inline policies, each with its name.
    :param attached: ARNs of its managed policies.
    :param groups: names of the groups that a user is in.
    :param boundary: ARN of its permissions boundary.
    :param trust: who may assume a role; None where that was not read.
    """

    arn: str
    kind: str
    id: str = ""
    inline: dict[str, Any] = field(default_factory=dict)
    attached: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    boundary: str | None = None
    trust: Any = None


@dataclass(frozen=True)
class Group:
    """A group of users, and the policies that its users have."""

    arn: str
    name: str
    inline: dict[str, Any] = field(default_factory=dict)
    attached: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Usage:
    """When a key was used last, since KMS began to record it.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyLastUsage.html

    :param since: when the record begins.
    :param operation: the last operation; None where there was none.
    """

    since: str | None
    operation: str | None = None
    at: str | None = None
    event: str | None = None


@dataclass(frozen=True)
class Key:
    """A KMS key.

    :param manager: ``CUSTOMER`` or ``AWS``.
    :param policy: its key policy; None where it was not read.
    :param grants: its grants as ``ListGrants`` returns them; None where they were not read, wholly or in part.
    :param aliases: the names of its aliases.
    :param rotation: whether it is rotated; None where that was not read or does not apply.
    :param related: ARNs of the keys of other regions with the same material.
    """

    arn: str
    state: str = "Enabled"
    manager: str = "CUSTOMER"
    spec: str = "SYMMETRIC_DEFAULT"
    usage: str = "ENCRYPT_DECRYPT"
    origin: str = "AWS_KMS"
    multi_region: bool = False
    deletion: str | None = None
    policy: Any = None
    grants: list[dict[str, Any]] | None = None
    aliases: list[str] = field(default_factory=list)
    rotation: bool | None = None
    rotation_days: int | None = None
    last_usage: Usage | None = None
    related: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The key id."""
        return self.arn.rpartition("/")[2]

    @property
    def region(self) -> str:
        """The region."""
        return self.arn.split(":")[3]

    @property
    def called(self) -> str:
        """How people know it: its aliases, else its id."""
        return ", ".join(self.aliases) or self.id


@dataclass(frozen=True)
class Resource:
    """Something that is encrypted with a key.

    :param kind: such as ``secret``, ``parameter`` or ``queue``.
    :param key: the key as the service names it: ARN, id or alias; None for the AWS-managed or AWS-owned one.
    :param older: the keys of older versions of a secret.
    :param policy: its resource policy; None where it has none or it was not read.
    """

    kind: str
    arn: str
    name: str
    key: str | None = None
    older: list[str] = field(default_factory=list)
    policy: Any = None


@dataclass(frozen=True)
class HubFinding:
    """An open finding of Security Hub.

    :param control: such as ``KMS.1``.
    :param resource: what it is about, most often an ARN.
    """

    control: str
    resource: str
    updated: str = ""


@dataclass(frozen=True)
class Trail:
    """A trail of CloudTrail.

    :param region: its home.
    :param multi_region: whether it records all regions.
    :param logging: whether it records now; None where that was not read.
    :param since: since when.
    :param selectors: what it records, as ``GetEventSelectors`` returns it; None where that was not read.
    """

    arn: str
    region: str
    multi_region: bool
    logging: bool | None = None
    since: str | None = None
    selectors: list[dict[str, Any]] | None = None
    advanced: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class Organization:
    """The policies of the organization that bind an account, level by level from the root down.

    None of them binds the management account, which has none here.

    :param scps: the service control policies of each level, by name.
    :param rcps: the resource control policies of each level, by name.
    """

    scps: list[dict[str, Any]] = field(default_factory=list)
    rcps: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Account:
    """What was read of one account.

    :param policies: the documents of managed policies, by ARN.
    :param versions: which version of a managed policy that is, such as ``v2``, by ARN.
    :param aliases: aliases without a key, or with one that is not among ``keys``: target key id by alias ARN.
    :param stacks: physical ids of the resources of CloudFormation stacks, by region and stack, and logical id.
    :param organization: None where it was not asked for.
    :param findings: the open findings of Security Hub about KMS; None where they were not asked for.
    :param trails: the trails that record the account; None where they were not asked for.
    :param unread: what could not be read.
    """

    account: str
    partition: str
    regions: list[str]
    identities: list[Identity] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    policies: dict[str, Any] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    resources: list[Resource] = field(default_factory=list)
    stacks: dict[str, dict[str, str]] = field(default_factory=dict)
    organization: Organization | None = None
    findings: list[HubFinding] | None = None
    trails: list[Trail] | None = None
    versions: dict[str, str] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)

    def missing(self, action: str, about: str) -> Unread | None:
        """Return the call that was not answered about something; None where it was."""
        return next((one for one in self.unread if one.action == action and one.about == about), None)
