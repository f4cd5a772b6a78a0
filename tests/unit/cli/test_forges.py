"""The comment on a pull request: one, then the same one again; and whatever may be wrong with the forge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from secure_kms_constructs.cli.forges import MayNotError, PullRequest, on_github, on_gitlab, write_comment
from tests.forge import BOT, Forge, event, served

MARK = "<!-- mark -->"


@pytest.fixture
def forge() -> Iterator[Forge]:
    with served() as started:
        yield started


@pytest.fixture
def github(forge: Forge, tmp_path: Path) -> dict[str, str]:
    return {
        "GITHUB_API_URL": forge.address,
        "GITHUB_REPOSITORY": "owner/app",
        "GITHUB_EVENT_PATH": str(event(tmp_path / "event.json", "one", "other")),
        "GITHUB_TOKEN": "secret",
    }


@pytest.fixture
def gitlab(forge: Forge) -> dict[str, str]:
    return {
        "CI_API_V4_URL": forge.address,
        "CI_PROJECT_ID": "12",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_LABELS": "one,other",
        "CI_COMMIT_SHA": "c0ffee",
        "GITLAB_TOKEN": "secret",
    }


def of(environ: dict[str, str]) -> PullRequest:
    found = on_github(environ, BOT) if "GITHUB_API_URL" in environ else on_gitlab(environ)
    assert found is not None
    return found


@pytest.mark.parametrize("which", ["github", "gitlab"])
def test_there_is_one_comment_and_then_the_same_one(which: str, forge: Forge, request: pytest.FixtureRequest) -> None:
    asked = of(request.getfixturevalue(which))
    assert asked.labels == ("one", "other")
    assert asked.commit.startswith("c0ffee")
    assert write_comment(asked, MARK, "first", if_new=True) == "written"
    assert write_comment(asked, MARK, "second", if_new=True) == "updated"
    assert write_comment(asked, MARK, "third", if_new=False) == "updated"
    assert forge.bodies == [f"{MARK}\nthird"]
    assert write_comment(asked, "<!-- another -->", "of another app", if_new=True) == "written"
    assert len(forge.bodies) == 2
    comments = {"github": "/repos/owner/app/issues/7/comments", "gitlab": "/projects/12/merge_requests/7/notes"}
    changed = {"github": "/repos/owner/app/issues/comments/1", "gitlab": "/projects/12/merge_requests/7/notes/1"}
    method = {"github": "PATCH", "gitlab": "PUT"}
    assert ("POST", comments[which], "Bearer secret" if which == "github" else "secret") in forge.asked
    assert (method[which], changed[which]) in [one[:2] for one in forge.asked]


def test_without_news_there_is_no_first_comment(github: dict[str, str], forge: Forge) -> None:
    assert write_comment(of(github), MARK, "nothing", if_new=False) == "left out, there is nothing to say"
    assert not forge.comments


def test_the_comment_is_found_on_a_later_page(github: dict[str, str], forge: Forge) -> None:
    said = [(f"comment {number}", "somebody") for number in range(150)]
    said += [(f"{MARK}\nours", BOT), (f"says {MARK}", BOT)]
    forge.comments = [{"id": i, "user": {"login": who}, "body": text} for i, (text, who) in enumerate(said, 1)]
    assert write_comment(of(github), MARK, "again", if_new=True) == "updated"
    assert forge.bodies[150] == f"{MARK}\nagain"
    assert forge.bodies[151] == f"says {MARK}"
    assert [method for method, _, _ in forge.asked] == ["GET", "GET", "PATCH"]
    forge.comments[150]["body"] = "gone"
    forge.asked.clear()
    assert write_comment(of(github), MARK, "again", if_new=True) == "written"
    # A page that is not full is the last.
    assert [method for method, _, _ in forge.asked] == ["GET", "GET", "POST"]


def test_a_comment_of_somebody_else_is_never_ours(github: dict[str, str], forge: Forge) -> None:
    # Whose it is, may change it.
    forge.comments = [{"id": 1, "user": {"login": "somebody"}, "body": f"{MARK}\nmine"}]
    # Of somebody who left.
    forge.comments.append({"id": 2, "user": None, "body": f"{MARK}\ngone"})
    assert write_comment(of(github), MARK, "ours", if_new=True) == "written"
    assert forge.bodies == [f"{MARK}\nmine", f"{MARK}\ngone", f"{MARK}\nours"]


def test_a_run_for_no_pull_request_has_none(github: dict[str, str], gitlab: dict[str, str], tmp_path: Path) -> None:
    push = event(tmp_path / "push.json", number=None)
    assert on_github(github | {"GITHUB_EVENT_PATH": str(push)}, BOT) is None
    assert on_gitlab(gitlab | {"CI_MERGE_REQUEST_IID": ""}) is None


@pytest.mark.parametrize("name", ["GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH", "GITHUB_TOKEN"])
def test_what_github_does_not_tell_is_named(name: str, github: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"a comment needs {name} in the environment, which is not set"):
        on_github(github | {name: ""}, BOT)


@pytest.mark.parametrize("name", ["CI_API_V4_URL", "CI_PROJECT_ID", "GITLAB_TOKEN"])
def test_what_gitlab_does_not_tell_is_named(name: str, gitlab: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"a comment needs {name} in the environment, which is not set"):
        on_gitlab(gitlab | {name: ""})


def test_an_event_that_is_no_json_is_refused(github: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="the event of GITHUB_EVENT_PATH must be JSON"):
        on_github(github, BOT)
    (tmp_path / "event.json").write_text("[]", encoding="utf-8")
    assert on_github(github, BOT) is None


def test_a_token_goes_over_https_or_stays_on_this_machine(github: dict[str, str]) -> None:
    assert on_github(github | {"GITHUB_API_URL": "https://github.example"}, BOT)
    with pytest.raises(ValueError, match=r"must be asked over https, got http://github\.example"):
        on_github(github | {"GITHUB_API_URL": "http://github.example"}, BOT)


def test_a_token_follows_no_redirect(github: dict[str, str], forge: Forge) -> None:
    forge.refuses["GET"] = 302
    with pytest.raises(ValueError, match="was refused with 302"):
        write_comment(of(github), MARK, "text", if_new=True)
    assert [path for _, path, _ in forge.asked] == ["/repos/owner/app/issues/7/comments?per_page=100&page=1"]


@pytest.mark.parametrize(("status", "error"), [(403, MayNotError), (401, ValueError), (500, ValueError)])
def test_what_the_forge_refuses_is_said(
    status: int, error: type[ValueError], github: dict[str, str], forge: Forge
) -> None:
    forge.refuses["POST"] = status
    with pytest.raises(error, match=f"POST /repos/owner/app/issues/7/comments was refused with {status}") as caught:
        write_comment(of(github), MARK, "text", if_new=True)
    assert caught.type is error
    assert "secret" not in str(caught.value)


def test_a_forge_that_does_not_answer_is_said(github: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="GET /repos/owner/app/issues/7/comments failed: "):
        write_comment(of(github | {"GITHUB_API_URL": "http://127.0.0.1:9"}), MARK, "text", if_new=True)
