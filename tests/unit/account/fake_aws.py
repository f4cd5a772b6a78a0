"""AWS as boto3 sees it, answered from a table: botocore's own models check requests and answers, nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar

import boto3
from botocore.validate import ParamValidator

Json = dict[str, Any]
Answer = Callable[[Json], Json]

ACCOUNT, OTHER_ACCOUNT, REGION = "111122223333", "444455556666", "us-east-1"


class RefusalError(Exception):
    """An error that AWS answers with."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Session(boto3.Session):
    """Shares its clients, which take long to make, with all others; who answers is the account asked for last."""

    answering: Any = None
    _clients: ClassVar[dict[tuple[str, str], Any]] = {}

    def client(self, service: str, region_name: str = REGION, **more: Any) -> Any:
        if (service, region_name) not in self._clients:
            made = boto3.Session("x", "y").client(service, region_name=region_name, **more)
            made.meta.events.register("before-parameter-build", lambda **it: Session.answering._remember(**it))
            made.meta.events.register("before-call", lambda **it: Session.answering._answer(**it))
            self._clients[service, region_name] = made
        return self._clients[service, region_name]


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
        Session.answering = self
        return Session("x", "y", **{"region_name": REGION, **more})

    def _remember(self, params: Json, context: Json, **_kwargs: Any) -> None:
        context["asked"] = dict(params)

    def _answer(self, model: Any, context: Json, **_kwargs: Any) -> tuple[Any, Json]:
        service, operation, asked = model.service_model.service_name, model.name, context["asked"]
        self.calls.append((service, operation, asked))
        code = self.refuse.get((service, operation))
        try:
            if code:
                raise RefusalError(code)
            answer = self.answers[service, operation](asked)
            wrong = ParamValidator().validate(answer, model.output_shape)
            assert not wrong.has_errors(), f"AWS does not answer {operation} so: {wrong.generate_report()}"
            return SimpleNamespace(status_code=200), answer
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
