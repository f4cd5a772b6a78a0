"""What a trail records of KMS: a trail may leave out KMS, reads or writes, and what it left out does not come back.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
"""

from __future__ import annotations

import json
import re
from os import PathLike
from pathlib import Path
from typing import Any

from secure_kms_constructs.account.records import Trail
from secure_kms_constructs.policies.verdicts import Verdict, all_of, any_of, opposite

_KMS = "kms.amazonaws.com"
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}(\d{3})?)?(Z|[+-]\d\d:\d\d)")
_KINDS = {"true": "ReadOnly", "false": "WriteOnly"}


def records_kms(trail: Trail) -> Verdict:
    """Return whether a trail records every call to KMS, those that only read included; None where that is not told."""
    if trail.selectors is None or trail.advanced is None:
        return None
    if trail.advanced:
        return all_of(any_of(_selects(one, read_only) for one in trail.advanced) for read_only in _KINDS)
    return all_of(any_of(_includes(one, kind) for one in trail.selectors) for kind in _KINDS.values())


def _includes(selector: dict[str, Any], kind: str) -> bool:
    """Return whether a basic selector has the management events of KMS, read or written."""
    return (
        selector.get("IncludeManagementEvents", True) is True
        and selector.get("ReadWriteType", "All") in ("All", kind)
        and _KMS not in (selector.get("ExcludeManagementEventSources") or ())
    )


def _selects(selector: dict[str, Any], read_only: str) -> Verdict:
    """Return whether an advanced selector has the management events of KMS, read or written."""
    known = {"eventCategory": "Management", "eventSource": _KMS, "readOnly": read_only}
    return all_of(_matches(one, known.get(str(one.get("Field")))) for one in selector.get("FieldSelectors") or ())


_OPERATORS = {
    "Equals": lambda value, texts: value in texts,
    "StartsWith": lambda value, texts: any(value.startswith(one) for one in texts),
    "EndsWith": lambda value, texts: any(value.endswith(one) for one in texts),
}


def _matches(selector: dict[str, Any], value: str | None) -> Verdict:
    """Return whether one field fits: each operator that it has must."""
    named = {name: texts for name, texts in selector.items() if name != "Field" and texts}
    if value is None or not named:
        # Another field, such as userIdentity.arn, lets some calls through.
        return None
    return all_of(_holds(name, value, texts) for name, texts in named.items())


def _holds(name: str, value: str, texts: list[str]) -> Verdict:
    negated = name.startswith("Not")
    operator = _OPERATORS.get(name.removeprefix("Not"))
    if operator is None:
        return None
    return opposite(operator(value, texts)) if negated else operator(value, texts)


def read_trail(path: str | PathLike[str]) -> Trail:
    """Return a trail that is described in a file.

    It has, in one object, what ``aws cloudtrail get-trail``, ``get-trail-status`` and ``get-event-selectors`` print:
    ``jq -s add trail.json status.json selectors.json``.

    :raises ValueError: when the file has no trail.
    """
    try:
        whole = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ValueError(f"{path} is no JSON") from None
    described = whole.get("Trail", whole) if isinstance(whole, dict) else {}
    if not isinstance(described, dict) or not isinstance(described.get("TrailARN"), str):
        raise ValueError(
            f"{path} has no trail: put into one object what aws cloudtrail get-trail, get-trail-status and "
            "get-event-selectors print"
        )
    since = whole.get("StartLoggingTime")
    if since is not None and not _ISO.fullmatch(str(since)):
        raise ValueError(f"{path}: StartLoggingTime must be like 2026-11-28T12:00:00+00:00, got {since!r}")
    logging = whole.get("IsLogging")
    if logging is not None and not isinstance(logging, bool):
        raise ValueError(f"{path}: IsLogging must be true or false, got {logging!r}")
    for name in ("EventSelectors", "AdvancedEventSelectors"):
        if not _are_selectors(whole.get(name)):
            raise ValueError(f"{path}: {name} must be as aws cloudtrail get-event-selectors prints them")
    selected = "EventSelectors" in whole or "AdvancedEventSelectors" in whole
    return Trail(
        arn=described["TrailARN"],
        region=described.get("HomeRegion", ""),
        multi_region=described.get("IsMultiRegionTrail") is True,
        logging=logging,
        since=since,
        selectors=(whole.get("EventSelectors") or []) if selected else None,
        advanced=(whole.get("AdvancedEventSelectors") or []) if selected else None,
    )


def _are_selectors(value: Any) -> bool:
    """Tell whether a value is a list of selectors, basic or advanced, each member of the form that it has there."""
    return value is None or (isinstance(value, list) and all(isinstance(one, dict) and _is_one(one) for one in value))


def _is_one(selector: dict[str, Any]) -> bool:
    excluded, fields = selector.get("ExcludeManagementEventSources"), selector.get("FieldSelectors")
    if not _are_texts(excluded) or not isinstance(fields, (list, type(None))):
        return False
    return all(
        isinstance(one, dict) and all(name == "Field" or _are_texts(texts) for name, texts in one.items())
        for one in fields or ()
    )


def _are_texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, str) for one in value))
