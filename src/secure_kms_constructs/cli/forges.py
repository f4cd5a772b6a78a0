"""The one comment on a pull request of GitHub or a merge request of GitLab, written once and then updated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

# https://docs.github.com/en/rest/issues/comments and https://docs.gitlab.com/api/notes/
_A_PAGE, _MOST_PAGES, _SECONDS = 100, 50, 30
# GitHub refuses 65,536 characters and more; GitLab takes a million.
MOST_CHARACTERS = 65_000


class PullRequest(NamedTuple):
    """A pull request or merge request, and how its comments are asked for.

    :param comments: the address of its comments.
    :param comment: the address of one, without its id.
    :param update: the HTTP method that changes one.
    :param headers: who asks.
    :param labels: the labels that it has.
    :param commit: the commit that is asked to be merged.
    :param author: whose comments are ours, by login.
    """

    comments: str
    comment: str
    update: str
    headers: Mapping[str, str]
    labels: tuple[str, ...]
    author: str
    commit: str


class MayNotError(ValueError):
    """The token may not do that."""


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would take the token to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


def on_github(environ: Mapping[str, str], author: str) -> PullRequest | None:
    """Return the pull request that a workflow runs for; None where it runs for none.

    :raises ValueError: where the environment is not that of a workflow, or has no token.
    """
    api, repository = _told(environ, "GITHUB_API_URL"), _told(environ, "GITHUB_REPOSITORY")
    try:
        event = json.loads(Path(_told(environ, "GITHUB_EVENT_PATH")).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"the event of GITHUB_EVENT_PATH must be JSON: {error}") from None
    pull = event.get("pull_request") if isinstance(event, dict) else None
    if not pull:
        return None
    issues = f"{_api(api)}/repos/{quote(repository)}/issues"
    headers = {
        "Authorization": f"Bearer {_told(environ, 'GITHUB_TOKEN')}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    labels = tuple(str(one.get("name")) for one in pull.get("labels") or ())
    commit = str((pull.get("head") or {}).get("sha", ""))
    comments = f"{issues}/{int(pull['number'])}/comments"
    return PullRequest(comments, f"{issues}/comments", "PATCH", headers, labels, author, commit)


def on_gitlab(environ: Mapping[str, str]) -> PullRequest | None:
    """Return the merge request that a job runs for; None where it runs for none.

    :raises ValueError: where the environment is not that of a job, or has no token.
    """
    api, project = _told(environ, "CI_API_V4_URL"), _told(environ, "CI_PROJECT_ID")
    number = environ.get("CI_MERGE_REQUEST_IID")
    if not number:
        return None
    notes = f"{_api(api)}/projects/{quote(project, safe='')}/merge_requests/{int(number)}/notes"
    labels = tuple(filter(None, environ.get("CI_MERGE_REQUEST_LABELS", "").split(",")))
    headers = {"PRIVATE-TOKEN": _told(environ, "GITLAB_TOKEN")}
    login = str(_ask("GET", f"{_api(api)}/user", headers)["username"])
    return PullRequest(notes, notes, "PUT", headers, labels, login, environ.get("CI_COMMIT_SHA", ""))


def write_comment(request: PullRequest, mark: str, text: str, *, if_new: bool) -> str:
    """Write our comment anew, or for the first time; return what was done.

    :param mark: what tells our comment from others: it begins with this.
    :param if_new: whether to write a first one.
    :raises MayNotError: for a token that may not write.
    :raises ValueError: when the forge fails, or refuses for another reason.
    """
    body = {"body": f"{mark}\n{text}"}
    for one in _comments(request):
        if str(one.get("body", "")).startswith(mark) and _author(one) == request.author:
            _ask(request.update, f"{request.comment}/{int(one['id'])}", request.headers, body)
            return "updated"
    if not if_new:
        return "left out, there is nothing to say"
    _ask("POST", request.comments, request.headers, body)
    return "written"


def _comments(request: PullRequest) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES + 1):
        found = _ask("GET", f"{request.comments}?per_page={_A_PAGE}&page={page}", request.headers)
        yield from found
        if len(found) < _A_PAGE:
            return


def _author(comment: Mapping[str, Any]) -> str | None:
    who = comment.get("user") or comment.get("author") or {}
    return who.get("login") or who.get("username")


def _ask(method: str, address: str, headers: Mapping[str, str], body: Mapping[str, str] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    more = {"User-Agent": "secure-kms", "Content-Type": "application/json"}
    asked = Request(address, data=data, headers={**headers, **more}, method=method)
    path = urlsplit(address).path
    try:
        with build_opener(_NoRedirect).open(asked, timeout=_SECONDS) as answer:
            return json.load(answer)
    except HTTPError as error:
        error.close()
        refused = MayNotError if error.code == 403 else ValueError
        raise refused(f"{method} {path} was refused with {error.code} {error.reason}") from None
    except (URLError, TimeoutError, ValueError) as error:
        raise ValueError(f"{method} {path} failed: {getattr(error, 'reason', error)}") from None


def _told(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise ValueError(f"a comment needs {name} in the environment, which is not set: see docs/pull-requests.md")
    return environ[name]


def _api(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError(f"the API must be asked over https, got {parts.scheme}://{parts.hostname}")
    return address.rstrip("/")
