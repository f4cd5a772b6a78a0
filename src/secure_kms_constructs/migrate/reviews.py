"""What somebody should look at before it is allowed for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from secure_kms_constructs.evidence import Observed, Use
from secure_kms_constructs.evidence.coverage import moment_of

# A use that began in the last days of the period may be the last of its kind or the first.
_LATELY = timedelta(days=7)


def to_review(uses: Iterable[Use], observed: Observed) -> Iterator[tuple[Use, str]]:
    """Return uses that somebody should look at, each with why."""
    last = observed.evidence.last
    for use in uses:
        if use.count == 1:
            yield use, "seen once"
        if last is not None and moment_of(last) - moment_of(use.first) < _LATELY:
            yield use, "seen in the last days of the period alone"
        if ":user/" in use.principal and use.direct:
            yield use, "by a user, directly"
        if use.action == "kms:CreateGrant" and use.direct:
            yield use, "a grant gives others what it may do itself, and more"
        if use.by_grant is None and observed.coverage is not None:
            yield use, "whether a grant allows it is not told: then it needs no statement"
        if use.service is not None and use.via is None:
            yield use, f"by which kms:ViaService {use.service} calls is not told, so none is asked for"
        if use.context is None or None in use.context.values():
            yield use, "its encryption context has more values than were kept, so any is allowed"
