"""CloudTrail files and records as they are written, as far as uses of keys are told by them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import msgspec

# Stands where a text of JSON is missing.
NOTHING = msgspec.Raw()


class Issuer(msgspec.Struct, gc=False):
    """Whoever made the session of a caller: of a role's session the role, with its path."""

    type: str | None = None
    arn: str | None = None
    id: str | None = msgspec.field(default=None, name="principalId")


class SessionContext(msgspec.Struct, gc=False):
    """What is told of a session."""

    issuer: Issuer | None = msgspec.field(default=None, name="sessionIssuer")


class Identity(msgspec.Struct, gc=False):
    """Who called."""

    type: str | None = None
    arn: str | None = None
    account: str | None = msgspec.field(default=None, name="accountId")
    invoked_by: str | None = msgspec.field(default=None, name="invokedBy")
    session: SessionContext | None = msgspec.field(default=None, name="sessionContext")
    id: str | None = msgspec.field(default=None, name="principalId")


class Resource(msgspec.Struct, gc=False):
    """What a call was about."""

    arn: str | None = msgspec.field(default=None, name="ARN")


class Parameters(msgspec.Struct, gc=False):
    """What was asked for. An encryption context stays text until it is known to be a new one."""

    omitted: bool | None = None
    key: str | None = msgspec.field(default=None, name="keyId")
    target: str | None = msgspec.field(default=None, name="targetKeyId")
    destination: str | None = msgspec.field(default=None, name="destinationKeyId")
    context: msgspec.Raw = msgspec.field(default=NOTHING, name="encryptionContext")
    source_context: msgspec.Raw = msgspec.field(default=NOTHING, name="sourceEncryptionContext")
    destination_context: msgspec.Raw = msgspec.field(default=NOTHING, name="destinationEncryptionContext")


class Record(msgspec.Struct, gc=False):
    """One event."""

    time: str = msgspec.field(name="eventTime")
    source: str = msgspec.field(name="eventSource")
    name: str = msgspec.field(name="eventName")
    region: str = msgspec.field(name="awsRegion")
    id: str = msgspec.field(name="eventID")
    identity: Identity | None = msgspec.field(default=None, name="userIdentity")
    type: str | None = msgspec.field(default=None, name="eventType")
    category: str | None = msgspec.field(default=None, name="eventCategory")
    error: str | None = msgspec.field(default=None, name="errorCode")
    address: str | None = msgspec.field(default=None, name="sourceIPAddress")
    agent: str | None = msgspec.field(default=None, name="userAgent")
    parameters: Parameters | None = msgspec.field(default=None, name="requestParameters")
    resources: list[Resource] | None = None
    recipient: str | None = msgspec.field(default=None, name="recipientAccountId")


class LookedUp(msgspec.Struct, gc=False):
    """An event as LookupEvents returns it: the record is a text."""

    record: str = msgspec.field(name="CloudTrailEvent")


class Delivered(msgspec.Struct, gc=False):
    """A log file that a digest lists."""

    name: str = msgspec.field(name="s3Object")


class File(msgspec.Struct):
    """A log file, the answer of LookupEvents, or a digest.

    Records stay text: one that is not as it should be costs itself alone.
    """

    records: list[msgspec.Raw] | None = msgspec.field(default=None, name="Records")
    events: list[LookedUp] | None = msgspec.field(default=None, name="Events")
    digest_start: str | None = msgspec.field(default=None, name="digestStartTime")
    digest_end: str | None = msgspec.field(default=None, name="digestEndTime")
    account: str | None = msgspec.field(default=None, name="awsAccountId")
    delivered: list[Delivered] | None = msgspec.field(default=None, name="logFiles")


decode_file = msgspec.json.Decoder(File).decode
decode_record = msgspec.json.Decoder(Record).decode
decode_context = msgspec.json.Decoder(dict[str, str] | None).decode
