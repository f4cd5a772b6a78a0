"""What was read of CloudTrail: uses of keys, and how much that proves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from secure_kms_constructs.aws.cloudtrail import OBJECT_NAME

# The number of the format of files; a reader refuses a higher one.
FORMAT = 1
# An object of S3, in the encryption context that S3 writes.
OBJECT_ARN = re.compile(r"(arn:[\w-]+:s3:::[a-z0-9.-]+)/.+", re.DOTALL)


def stands_for_objects(name: str, value: str | None) -> bool:
    """Tell whether a value of an encryption context stands for all objects of a bucket."""
    return name == OBJECT_NAME.value and value is not None and value.endswith("/*") and bool(OBJECT_ARN.match(value))


@dataclass(frozen=True)
class Use:
    """Calls that differ in nothing that a policy could tell, or that names a new resource each time.

    :param principal: ARN of the role, user, federated user or root; the name of a service that called for itself;
        empty where the owner's record of a call from another account tells the account alone.
    :param key: ARN of the key; None for an operation that has none, or that was refused before it was known.
    :param service: the service that called for the principal, as CloudTrail names it; None for a direct call.
    :param via: the ``kms:ViaService`` of these calls; None for a direct call, and where that is not told.
    :param context: the encryption context, of objects in S3 by bucket and without versions of secrets. A value is None
        where there were too many to keep; all is None where there were too many sets of names.
    :param by_grant: whether a grant allowed it; None where that is not told.
    :param events: ids of its first events, to look them up.
    """

    principal: str
    account: str
    action: str
    key: str | None
    service: str | None
    via: str | None
    context: dict[str, str | None] | None
    first: str
    last: str
    count: int
    events: list[str] = field(default_factory=list)
    by_grant: bool | None = None

    @property
    def direct(self) -> bool:
        """Whether no service stood between caller and key."""
        return self.service is None


@dataclass(frozen=True)
class Problem:
    """Something that could not be read.

    :param what: what is wrong.
    :param count: how often.
    :param where: the first places: files, with the number of the record.
    """

    what: str
    count: int
    where: list[str]

    def __str__(self) -> str:
        places = ", ".join(self.where) + (", ..." if self.count > len(self.where) else "")
        return f"{self.count} x {self.what}: {places}"


@dataclass(frozen=True)
class Digest:
    """A period that a digest file of a trail covers: every log file of it is listed there.

    :param trail: name of the trail; empty where that is not told.
    """

    account: str
    region: str
    start: str
    end: str
    trail: str = ""


@dataclass(frozen=True)
class Delivery:
    """Log files of one account and region.

    :param days: days, as ``2026-11-28``, for which a file was read.
    """

    account: str
    region: str
    days: list[str]


@dataclass(frozen=True)
class Lookup:
    """The event history of CloudTrail, asked for one key in the region of the key.

    :param events: how many it answered with.
    :param last_use: whether the last use that KMS remembers is among them.
    :param why: why it was not read to its end; empty where it was.
    """

    key: str
    start: str
    end: str
    events: int
    last_use: bool
    why: str = ""


@dataclass(frozen=True)
class Change:
    """A call that changed what a trail records."""

    time: str
    name: str
    account: str
    region: str
    event: str


@dataclass(frozen=True)
class Coverage:
    """Whether what was read has every call about a key.

    :param complete: None where that is not known.
    :param why: what is known to be missing, or not known to be there.
    :param start: when the period begins that was read; None where that is not told.
    :param alone: whether nothing is known of calls on other keys of its account and region.
    """

    key: str
    complete: bool | None
    why: list[str]
    start: str | None
    end: str | None
    alone: bool = False

    def __str__(self) -> str:
        said = {True: "complete", False: "incomplete", None: "perhaps incomplete"}[self.complete]
        reasons = f": {'; '.join(self.why)}" if self.why else ""
        return f"{said} for {self.key}{reasons}"


@dataclass(frozen=True)
class Evidence:
    """What was read, and what not.

    :param sources: as they were named.
    :param events: events of all services.
    :param kms_events: events of KMS.
    :param first: the time of the first event of KMS; None where there is none.
    :param skipped: what was read and is no event of a use, by kind.
    :param problems: what could not be read: files and records, with the reason.
    :param digests: what digest files among the sources cover.
    :param missing: log files that a digest lists and that were not read.
    :param changes: calls that changed what a trail records.
    :param wanted: of the ids of events that were looked for, those that were read.
    :param gone: roles and users that used a key and that the account file does not have; None without one.
    :param lookups: keys for which the event history was asked.
    :param unknown_keys: keys that were used and that the account file does not have; None without one.
    """

    sources: list[str]
    files: int = 0
    events: int = 0
    kms_events: int = 0
    first: str | None = None
    last: str | None = None
    skipped: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    digests: list[Digest] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    gone: list[str] | None = None
    unknown_keys: list[str] | None = None


@dataclass(frozen=True)
class Observed:
    """Uses of keys, and the evidence for them.

    :param uses: calls of roles and users that succeeded.
    :param denied: calls that policies refused: never a reason to allow them.
    :param failed: calls that failed for another reason, which says nothing about permissions.
    :param services: calls of AWS services for themselves, service-linked roles included.
    :param foreign: calls from other accounts of which the owner's record tells no more than the account.
    :param coverage: of each key, whether what was read has all of its calls; None without an account file.
    """

    evidence: Evidence
    uses: list[Use] = field(default_factory=list)
    denied: list[Use] = field(default_factory=list)
    failed: list[Use] = field(default_factory=list)
    services: list[Use] = field(default_factory=list)
    foreign: list[Use] = field(default_factory=list)
    coverage: list[Coverage] | None = None
