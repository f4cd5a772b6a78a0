"""A loopback API of GitHub and GitLab that keeps comments, and two versions of an app to review."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from secure_kms_constructs.checks.examples import ACCOUNT, REGION, allow, keyed

BOT = "github-actions[bot]"
_NOTHING = object()
READER = f"arn:aws:iam::{ACCOUNT}:role/reader"


def app(directory: Path, *statements: Any, **properties: Any) -> Path:
    """Write a synthesized app with one key."""
    directory.mkdir(parents=True)
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT}/{REGION}",
        "properties": {"templateFile": "App.template.json"},
    }
    manifest = {"version": "36.0.0", "artifacts": {"App": stack}}
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    template = json.dumps(keyed(*statements, **properties), indent=1)
    (directory / "App.template.json").write_text(template, encoding="utf-8")
    return directory


def gained() -> Any:
    """A statement by which a role gains use of the key."""
    return allow(READER, "kms:Decrypt")


@dataclass
class Forge:
    """What the API keeps, and what it was asked.

    :param refuses: methods that it answers with a status of its own.
    """

    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    address: str = ""

    @property
    def bodies(self) -> list[str]:
        """What the comments say."""
        return [one["body"] for one in self.comments]

    def answer(self, method: str, path: str, token: str | None, body: Any) -> tuple[int, Any]:
        """Answer as GitHub and GitLab do, whose addresses differ and whose comments are much alike."""
        self.asked.append((method, path, token))
        parts = urlsplit(path)
        if method == "GET" and body is not _NOTHING:
            return 400, {"message": "a question has no body"}
        if method in self.refuses:
            return self.refuses[method], {"message": "refused"}
        if parts.path == "/user":
            return 200, {"username": BOT}
        if method == "GET":
            query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
            start = (query["page"] - 1) * query["per_page"]
            return 200, self.comments[start : start + query["per_page"]]
        if method == "POST":
            who = {"author": {"username": BOT}} if "/notes" in path else {"user": {"login": BOT}}
            self.comments.append({"id": len(self.comments) + 1, **who, "body": body["body"]})
            return 201, self.comments[-1]
        number = int(parts.path.rpartition("/")[2])
        self.comments[number - 1]["body"] = body["body"]
        return 200, self.comments[number - 1]


@contextmanager
def served() -> Iterator[Forge]:
    """Serve an API on the loopback interface."""
    forge = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else _NOTHING
            token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
            status, answer = forge.answer(self.command, self.path, token, body)
            written = json.dumps(answer).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{forge.address}/elsewhere")
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def event(file: Path, *labels: str, number: int | None = 7) -> Path:
    """Write the event of a workflow: of a pull request, or of a push where there is no number."""
    head = {"sha": "c0ffee" + "0" * 34, "repo": {"fork": False}}
    pull = {"number": number, "labels": [{"name": one} for one in labels], "head": head}
    file.write_text(json.dumps({"pull_request": pull} if number else {"ref": "refs/heads/main"}), encoding="utf-8")
    return file
