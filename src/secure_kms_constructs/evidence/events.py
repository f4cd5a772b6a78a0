"""One record of CloudTrail, told as uses of keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

from secure_kms_constructs.aws.arns import KEY_ARN, KEY_ID
from secure_kms_constructs.aws.cloudtrail import DENIALS, DRY_RUN, KEYLESS_OPERATIONS, TRAIL_CHANGES
from secure_kms_constructs.aws.facts import KEY_ACTIONS

from .callers import Caller, caller_of, service_of, via_of
from .contexts import NONE, Context, Contexts
from .records import Parameters, Record, decode_record
from .tallies import Head
from .uses import Change

KMS = "kms.amazonaws.com"
# What a record without it is not about; searching is cheaper than reading.
NEEDLE = b'"kms.amazonaws.com"'
TRAIL_NEEDLE = b'"cloudtrail.amazonaws.com"'
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_KEY_ARN, _KEY_ID = re.compile(KEY_ARN), re.compile(KEY_ID)
# Members that decide what a use is. The reader takes the last of two, and a writer that repeats one is no CloudTrail.
_ONCE = tuple(f'"{name}"'.encode() for name in ("eventName", "eventID", "errorCode", "resources", "requestParameters"))
_ACTIONS = {action.removeprefix("kms:"): action for action in KEY_ACTIONS.value}
_NO_KEY = {name: f"kms:{name}" for name in KEYLESS_OPERATIONS.value}


class Told(NamedTuple):
    """A use that an event tells of."""

    head: Head
    context: Context
    time: str
    event: str
    own: bool


class Action(NamedTuple):
    """An action of KMS.

    :param needs_key: whether it is done to a key.
    """

    name: str
    needs_key: bool


def action_of(operation: str) -> Action:
    """Return the action of an operation, or of one of the two halves of ReEncrypt.

    :raises ValueError: where KMS has none.
    """
    if operation in _NO_KEY:
        return Action(_NO_KEY[operation], False)
    if operation not in _ACTIONS:
        raise ValueError(f"KMS has no action {operation[:64]!r}")
    return Action(_ACTIONS[operation], True)


class SkippedError(Exception):
    """An event that is none of a use; its text is the kind."""


class Events:
    """Reads records of KMS."""

    def __init__(self) -> None:
        self._contexts = Contexts()

    def uses(self, text: bytes) -> Iterator[Told]:
        """Return the uses that a record tells of.

        :raises SkippedError: for an event that is none of a use.
        :raises ValueError: for a record that is not as CloudTrail writes them.
        """
        record = self._record(text)
        caller = caller_of(record.identity)
        if caller is None:
            raise ValueError("it does not tell who called")
        assert record.identity is not None
        service = None if caller.kind == "service" else service_of(record.identity, record.address, record.agent)
        own = record.recipient in (None, caller.account)
        for action, key, context in self._about(record, caller):
            via = via_of(service, record.region, key)
            outcome = outcome_of(record.error)
            head = Head(outcome, caller.kind, caller.name, caller.account, action, key, service, via, caller.id)
            yield Told(head, context, record.time, record.id, own)

    def _record(self, text: bytes) -> Record:
        try:
            record = decode_record(text)
        except msgspec.ValidationError as error:
            raise ValueError(f"it has another form: {error}") from None
        if record.source != KMS:
            raise SkippedError("events of other services")
        for name in _ONCE:
            if text.count(name) > 1:
                _refuse_repeated(text)
        if record.type == "AwsVpceEvent" or record.type == "AwsVpceEvents" or record.category == "NetworkActivity":
            raise SkippedError("network activity events, which repeat others")
        if record.type == "AwsCloudTrailInsight" or record.category == "Insight":
            raise SkippedError("Insight events")
        if record.type == "AwsServiceEvent":
            raise SkippedError("events of KMS itself, such as RotateKey")
        if record.type not in (None, "AwsApiCall"):
            raise SkippedError("events that are no calls")
        if not is_time(record.time):
            raise ValueError("its eventTime is no time")
        return record

    def _about(self, record: Record, caller: Caller) -> Iterator[tuple[str, str | None, Context]]:
        """Return what was done to which key, with which encryption context."""
        asked = record.parameters or Parameters()
        if asked.omitted:
            raise ValueError("its requestParameters were omitted for their size")
        keys = [one.arn for one in record.resources or () if one.arn and is_key(one.arn)]
        if record.name == "ReEncrypt":
            yield from self._re_encrypted(record, asked, keys, caller)
            return
        action = action_of(record.name)
        if not action.needs_key:
            yield action.name, None, NONE
            return
        yield action.name, _key(keys, asked.key or asked.target, record, caller), self._context(asked.context)

    def _re_encrypted(
        self, record: Record, asked: Parameters, keys: list[str], caller: Caller
    ) -> Iterator[tuple[str, str | None, Context]]:
        """ReEncrypt needs one permission on each key, and the record has both keys in this order.

        https://docs.aws.amazon.com/kms/latest/developerguide/ct-reencrypt.html
        """
        source, destination = self._context(asked.source_context), self._context(asked.destination_context)
        if len(keys) == 1 and not (asked.destination and keys[0].endswith(asked.destination)):
            raise ValueError("it is a ReEncrypt that tells one key")
        if asked.destination and len(keys) > 1 and keys[0].endswith(asked.destination) and keys[0] != keys[-1]:
            raise ValueError("it is a ReEncrypt whose keys stand in another order")
        yield "kms:ReEncryptFrom", _key(keys[:1], None, record, caller), source
        yield "kms:ReEncryptTo", _key(keys[-1:], asked.destination, record, caller), destination

    def _context(self, raw: msgspec.Raw) -> Context:
        text = bytes(raw)
        if not text:
            return NONE
        try:
            return self._contexts.read(text)
        except msgspec.ValidationError as error:
            raise ValueError(f"it has another form: {error} of its encryption context") from None


@lru_cache(maxsize=4096)
def is_key(arn: str) -> bool:
    """Tell whether a text is the ARN of a key."""
    return _KEY_ARN.fullmatch(arn) is not None


def is_time(text: str) -> bool:
    """Tell whether a text is a time as CloudTrail writes it."""
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text[:-1])
    except ValueError:
        return False
    return True


def change_of(text: bytes) -> Change | None:
    """Return the change of a trail that a record tells of; None where it tells of none."""
    try:
        record = decode_record(text)
    except msgspec.DecodeError:
        return None
    if record.name not in TRAIL_CHANGES.value or record.error is not None or not is_time(record.time):
        return None
    return Change(record.time, record.name, record.recipient or "", record.region, record.id)


def outcome_of(error: str | None) -> str:
    """Return how a call ended: ``used``, ``denied`` or ``failed``."""
    if error is None or error == DRY_RUN.value:
        return "used"
    return "denied" if error in DENIALS.value else "failed"


def _key(found: list[str], named: str | None, record: Record, caller: Caller) -> str | None:
    """Return the ARN of the key: the one the record tells, else the one the caller named, if that is one."""
    if found:
        return found[0]
    if named is not None and is_key(named):
        return named
    if named is not None and _KEY_ID.fullmatch(named) and caller.account and caller.name.startswith("arn:"):
        # Without an account, an id is of a key of the caller's account.
        return f"arn:{caller.name.split(':')[1]}:kms:{record.region}:{caller.account}:key/{named}"
    if record.error is None:
        raise ValueError("it does not tell the key")
    return None


def _refuse_repeated(text: bytes) -> None:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise ValueError("it has a member twice")
        return dict(pairs)

    json.loads(text, object_pairs_hook=once)
