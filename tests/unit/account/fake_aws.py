"""AWS as boto3 sees it, answered from a table: requests are checked by botocore's own models, nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3

Json = dict[str, Any]
Answer = Callable[[Json], Json]

ACCOUNT, OTHER_ACCOUNT, REGION = "111122223333", "444455556666", "us-east-1"


class RefusalError(Exception):
    """An error that AWS answers with."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class FakeAws:
    """Answers by service and operation.

    :param refuse: error codes by service and operation; by ``service:Operation:about`` for one of several.
    :param calls: what was called, with its parameters.
    """

    answers: dict[tuple[str, str], Answer]
    refuse: dict[tuple[str, str], str] = field(default_factory=dict)
    calls: list[tuple[str, str, Json]] = field(default_factory=list)

    def session(self, **more: Any) -> Any:
        """A boto3 session that talks to nobody."""
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": REGION}
        session = boto3.Session(**(keys | more))
        session.events.register("before-parameter-build", self._remember)
        session.events.register("before-call", self._answer)
        return session

    def _remember(self, params: Json, context: Json, **_kwargs: Any) -> None:
        context["asked"] = dict(params)

    def _answer(self, model: Any, context: Json, **_kwargs: Any) -> tuple[Any, Json]:
        service, operation, asked = model.service_model.service_name, model.name, context["asked"]
        self.calls.append((service, operation, asked))
        code = self.refuse.get((service, operation))
        try:
            if code:
                raise RefusalError(code)
            return SimpleNamespace(status_code=200), self.answers[service, operation](asked)
        except RefusalError as refusal:
            error = {"Error": {"Code": refusal.code, "Message": "no"}, "ResponseMetadata": {}}
            return SimpleNamespace(status_code=400), error


def paged(member: str, items: list[Any], *, token: str, asked: str | None = None, size: int = 100) -> Answer:
    """An answer in pages.

    :param token: the member of the answer that says how to go on.
    :param asked: the parameter that goes on, where it is called otherwise.
    """

    def answer(request: Json) -> Json:
        start = int(request.get(asked or token) or 0)
        end = start + size
        more = {token: str(end)} if end < len(items) else {}
        flag = "Truncated" if token == "NextMarker" else "IsTruncated" if token == "Marker" else None
        return {member: items[start:end], **more, **({flag: end < len(items)} if flag else {})}

    return answer
