"""The trails of CloudTrail that record an account, read on request.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
"""

from __future__ import annotations

from typing import Any

from .connections import Connection
from .reading_keys import as_time
from .records import Trail


def read_trails(to: Connection) -> list[Trail]:
    """Return the trails that record a region, with what they record; those of the organization too."""
    to.progress("trails")
    described = to.call("cloudtrail", "DescribeTrails") or {}
    return to.each(lambda one: _trail(to, one), described.get("trailList", []))


def _trail(to: Connection, described: dict[str, Any]) -> Trail:
    arn = described["TrailARN"]
    # By its ARN, a trail answers in each region that it records.
    status = to.call("cloudtrail", "GetTrailStatus", arn, Name=arn)
    selected = to.call("cloudtrail", "GetEventSelectors", arn, TrailName=arn)
    return Trail(
        arn=arn,
        region=described.get("HomeRegion", ""),
        multi_region=bool(described.get("IsMultiRegionTrail", False)),
        logging=status.get("IsLogging") if status is not None else None,
        since=as_time(status.get("StartLoggingTime")) if status is not None else None,
        selectors=None if selected is None else selected.get("EventSelectors", []),
        advanced=None if selected is None else selected.get("AdvancedEventSelectors", []),
    )
