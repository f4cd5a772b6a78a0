"""Questions to iam-simulate (judge.mjs) and its answers. Nothing here knows the library that is judged."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.semantics.request_context import account_of, is_service, reject_impossible, request_context

Policy = Mapping[str, Any]

_SCRIPT = Path(__file__).with_name("judge.mjs")
_EVERYTHING: Policy = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """May `principal` do `action` on `resource`?

    `principal` is a role, user or root ARN or a service name. `via` names the service that calls KMS in the
    principal's name (`secretsmanager`, or `secretsmanager.eu-west-1.amazonaws.com`); None is a direct call.
    `context` adds to the keys that AWS fills in by itself, or replaces them.
    """

    principal: str
    action: str
    resource: str
    identity_policies: Sequence[Policy] = ()
    resource_policy: Policy | None = None
    via: str | None = None
    encryption_context: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str | list[str]] = field(default_factory=dict)
    boundaries: Sequence[Policy] = ()
    scps: Sequence[Policy] = ()
    rcps: Sequence[Policy] = ()
    resource_account: str | None = None

    def as_json(self) -> str:
        """The question as judge.mjs reads it."""
        reject_impossible(self.principal, self.context)
        filled = request_context(
            principal=self.principal,
            action=self.action,
            resource=self.resource,
            via=self.via,
            encryption_context=self.encryption_context,
        )
        given = {key.lower() for key in self.context}
        service = is_service(self.principal)
        # Root is the account itself: no policy is attached to it and none is needed.
        root = self.principal.endswith(":root")
        question = {
            "principal": self.principal,
            "action": self.action,
            "resource": self.resource,
            "resourceAccount": self.resource_account or self._account_of_resource(),
            "context": {key: value for key, value in filled.items() if key.lower() not in given} | dict(self.context),
            "encryptionContext": dict(self.encryption_context),
            "identityPolicies": [_EVERYTHING] if root else list(self.identity_policies),
            "resourcePolicy": self.resource_policy,
            "boundaries": list(self.boundaries),
            # SCPs bind principals of the organization, never services.
            "scps": [] if service else list(self.scps),
            "rcps": list(self.rcps),
        }
        return json.dumps(question)

    def _account_of_resource(self) -> str:
        return account_of(self.principal if self.resource == "*" else self.resource)


@dataclass(frozen=True)
class Answer:
    """`explanation` lists every statement that speaks about the action, and why it did or did not match."""

    allowed: bool
    result: str
    explanation: str


class Judge:
    """One Node process that answers any number of questions: `with Judge() as judge: judge.ask(...)`."""

    _process: subprocess.Popen[str]

    def __enter__(self) -> Judge:
        self._process = subprocess.Popen(
            [os.environ.get("JSII_NODE", "node"), str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def exchange(self, questions: list[str]) -> list[dict[str, Any]]:
        """Return the replies to questions as JSON, few enough to fit a pipe."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("".join(f"{question}\n" for question in questions))
        self._process.stdin.flush()
        return [self._reply(self._process.stdout.readline()) for _ in questions]

    def _reply(self, line: str) -> dict[str, Any]:
        if not line:
            raise RuntimeError(f"the judge ended with exit code {self._process.wait()}; its errors are above")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def ask(self, question: Question) -> Answer:
        """Answer a question; ValueError for one that cannot be judged, such as an unknown action or key."""
        [reply] = self.exchange([question.as_json()])
        if "error" in reply:
            raise ValueError(f"cannot judge {question.action} by {question.principal}: {reply['error']}")
        return Answer(reply["result"] == "Allowed", reply["result"], reply["explanation"])
