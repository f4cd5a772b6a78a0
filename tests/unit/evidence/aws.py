"""The events of a trail as AWS answers them: by its event history, from its bucket, and as Athena's rows."""

from __future__ import annotations

import gzip
import io
import json
from datetime import datetime
from typing import Any

from botocore.response import StreamingBody

from tests.unit.account.fake_aws import FakeAws, RefusalError

Json = dict[str, Any]
CALLER = {
    ("sts", "GetCallerIdentity"): lambda _: {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/x"}
}


def looked_up(record: Json) -> Json:
    """Return an event as LookupEvents has it."""
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": "true",
        "EventTime": datetime.fromisoformat(record["eventTime"].replace("Z", "+00:00")),
        "EventSource": record["eventSource"],
        "Username": "user01",
        "Resources": [{"ResourceType": "AWS::KMS::Key", "ResourceName": one["ARN"]} for one in record["resources"]],
        "CloudTrailEvent": json.dumps(record),
    }


class History:
    """LookupEvents by the ARN of a key, in pages.

    :param breaks: after so many pages it refuses, with this code.
    """

    def __init__(self, records: list[Json], *, size: int = 50, breaks: tuple[int, str] | None = None) -> None:
        self.records = records
        self.size = size
        self.breaks = breaks
        self.asked: list[Json] = []

    def __call__(self, request: Json) -> Json:
        self.asked.append(request)
        [attribute] = request["LookupAttributes"]
        assert (attribute["AttributeKey"], request["MaxResults"]) == ("ResourceName", 50)
        if self.breaks and len(self.asked) > self.breaks[0]:
            raise RefusalError(self.breaks[1])
        named = [one for one in self.records if attribute["AttributeValue"] in [it["ARN"] for it in one["resources"]]]
        start = int(request.get("NextToken", 0))
        end = start + self.size
        more = {"NextToken": str(end)} if end < len(named) else {}
        return {"Events": [looked_up(one) for one in named[start:end]], **more}

    def aws(self) -> FakeAws:
        return FakeAws({**CALLER, ("cloudtrail", "LookupEvents"): self})


class Bucket:
    """The objects of a bucket, listed in pages of two."""

    def __init__(self, objects: dict[str, bytes], *, refused: dict[str, str] | None = None) -> None:
        self.objects = objects
        self.refused = refused or {}
        self.pages = 0

    def listed(self, request: Json) -> Json:
        assert request["Bucket"] == "logs"
        self.pages += 1
        if code := self.refused.get(f"page {self.pages}"):
            raise RefusalError(code)
        names = [
            one
            for one in sorted(self.objects)
            if one.startswith(request["Prefix"]) and one > request.get("StartAfter", "")
        ]
        start = int(request.get("ContinuationToken", 0))
        more = {"NextContinuationToken": str(start + 2)} if start + 2 < len(names) else {}
        found = [{"Key": one, "Size": len(self.objects[one])} for one in names[start : start + 2]]
        return {"Contents": found, "IsTruncated": bool(more), **more} if found else {"IsTruncated": False}

    def fetched(self, request: Json) -> Json:
        if code := self.refused.get(request["Key"]):
            raise RefusalError(code)
        content = self.objects[request["Key"]]
        length = len(content) + 10 if request["Key"].startswith("cut/") else len(content)
        return {"Body": StreamingBody(io.BytesIO(content), length), "ContentLength": length}

    def aws(self) -> FakeAws:
        return FakeAws({("s3", "ListObjectsV2"): self.listed, ("s3", "GetObject"): self.fetched})


def packed(*records: Json) -> bytes:
    return gzip.compress(json.dumps({"Records": records}).encode(), mtime=0)
