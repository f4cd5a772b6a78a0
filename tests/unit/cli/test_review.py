"""`secure-kms review`: what it says of a change, where, and with which exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from secure_kms_constructs.cli.commands import app as commands
from secure_kms_constructs.cli.forges import MOST_CHARACTERS
from secure_kms_constructs.cli.review_texts import Ran, as_comment, as_sarif
from tests.forge import READER, Forge, app, event, gained, served

HOSTILE = "App/<img src=x> @everyone https://evil.example | x"


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("apps")
    app(directory / "before")
    app(directory / "same")
    app(directory / "after", gained())
    app(directory / "worse", EnableKeyRotation=False)
    return directory


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    monkeypatch.chdir(tmp_path)
    with served() as started:
        monkeypatch.setenv("GITHUB_API_URL", started.address)
        monkeypatch.setenv("GITHUB_REPOSITORY", "owner/app")
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(event(tmp_path / "event.json")))
        monkeypatch.setenv("GITHUB_TOKEN", "secret")
        yield started


def review(apps: Path, after: str, *arguments: object, before: str | None = "before") -> Result:
    compared = ["--before", str(apps / before)] if before else []
    return CliRunner().invoke(commands, ["review", *compared, *map(str, arguments), "--", str(apps / after)])


def test_a_change_of_access_is_said_and_fails(apps: Path) -> None:
    done = review(apps, "after")
    assert done.exit_code == 1
    assert done.stdout.startswith("## KMS access: 1 change of access, ")
    [row] = [line for line in done.stdout.splitlines() if line.startswith("| access-gained | App/Key | ")]
    assert READER.replace("_", "") in row
    assert "Decrypt" in row


def test_the_same_app_passes(apps: Path) -> None:
    done = review(apps, "same")
    assert done.exit_code == 0
    assert done.stdout.startswith("## KMS access: 0 changes of access, 0 findings")
    assert "Nothing differs." in done.stdout
    assert "Nothing found." in done.stdout


def test_findings_fail_by_their_severity(apps: Path) -> None:
    done = review(apps, "worse", before=None)
    assert done.exit_code == 1
    assert "| warning | KLP" in done.stdout
    assert "Who can use which key" not in done.stdout
    assert done.stdout.startswith("## KMS access: 1 finding\n")
    assert review(apps, "worse", "--fail-on", "error", before=None).exit_code == 0


def test_changes_can_be_told_only(apps: Path) -> None:
    done = review(apps, "after", "--no-fail-on-diff")
    assert done.exit_code == 0
    assert "access-gained" in done.stdout


def test_what_cannot_be_read_is_exit_code_2(apps: Path) -> None:
    done = review(apps, "missing")
    assert done.exit_code == 2
    assert "Could not be checked." in done.stdout
    assert "❓ error:" in done.stdout
    assert "does not exist" in done.stderr
    done = review(apps, "same", before="missing")
    assert done.exit_code == 2
    assert "Could not be compared." in done.stdout


def test_a_label_accepts_changes_and_no_findings(apps: Path, forge: Forge, tmp_path: Path) -> None:
    event(tmp_path / "event.json", "kms-access-accepted")
    done = review(apps, "after", "--comment", "github")
    assert done.exit_code == 0
    assert "Accepted by the label `kms-access-accepted`." in forge.bodies[0]
    assert review(apps, "worse", "--comment", "github").exit_code == 1
    event(tmp_path / "event.json", "another")
    assert review(apps, "after", "--comment", "github").exit_code == 1


def test_the_comment_is_written_once_and_updated(apps: Path, forge: Forge) -> None:
    assert "comment left out, there is nothing to say" in review(apps, "same", "--comment", "github").stderr
    assert "comment written" in review(apps, "after", "--comment", "github").stderr
    assert "comment updated" in review(apps, "same", "--comment", "github").stderr
    [body] = forge.bodies
    assert body.startswith("<!-- secure-kms review: KMS access -->\n## KMS access: 0 changes of access")
    assert "Of c0ffee000000." in body


def test_a_token_that_only_reads_is_a_warning(apps: Path, forge: Forge) -> None:
    forge.refuses["POST"] = 403
    done = review(apps, "after", "--comment", "github")
    assert done.exit_code == 1
    assert "warning: no comment: POST" in done.stderr
    forge.refuses["POST"] = 500
    assert review(apps, "after", "--comment", "github").exit_code == 2


def test_a_push_has_no_comment(apps: Path, forge: Forge, tmp_path: Path) -> None:
    event(tmp_path / "event.json", number=None)
    done = review(apps, "after", "--comment", "github")
    assert done.exit_code == 1
    assert "this run is for no pull request: no comment is written" in done.stderr
    assert not forge.asked


def test_sarif_has_categories_and_files_of_the_repository(
    apps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(apps))
    review(apps, "after", "--sarif", tmp_path / "new" / "kms.sarif")
    written = json.loads((tmp_path / "new" / "kms.sarif").read_text(encoding="utf-8"))
    assert [run["automationDetails"]["id"] for run in written["runs"]] == ["secure-kms/diff/", "secure-kms/check/"]
    results = [one for run in written["runs"] for one in run["results"]]
    places = [one["locations"][0]["physicalLocation"] for one in results]
    assert {one["artifactLocation"]["uri"] for one in places} <= {"after/App.template.json", "after/manifest.json"}
    assert all(one["region"]["startLine"] >= 1 for one in places)
    assert "access-gained" in {one["ruleId"] for one in results}


def ran(*texts: str, rule: str = "access-gained", level: str = "error", about: str = "App/Key") -> Ran:
    results = [
        {
            "ruleId": rule,
            "level": level,
            "message": {"text": text},
            "locations": [{"logicalLocations": [{"fullyQualifiedName": about}]}],
        }
        for text in texts
    ]
    driver: dict[str, Any] = {"rules": [{"id": rule, "help": {"text": "do this"}}]}
    return Ran(1, {"runs": [{"tool": {"driver": driver}, "results": results}]}, ())


def said(diff: Ran | None, check: Ran) -> str:
    return as_comment("KMS access", diff, check, accepted=None, commit="")


def test_nothing_foreign_is_markup() -> None:
    for text in (said(ran(HOSTILE, about=HOSTILE), ran()), said(None, ran(HOSTILE, rule="KLP1", about=HOSTILE))):
        assert "<img" not in text
        assert "@everyone" not in text
        assert "https://" not in text
        assert " | x |" not in text


def test_a_long_comment_is_cut_at_the_end_of_a_line() -> None:
    text = said(ran(*(f"change {number} {'x' * 900}" for number in range(100))), ran())
    assert len(text) < 65_536
    assert text.endswith("|\n\nThe rest is in the log of the job.")
    assert len(text) > MOST_CHARACTERS - 2000


def test_of_many_changes_a_hundred_are_shown() -> None:
    text = said(ran(*(f"change {number}" for number in range(250))), ran())
    assert "250 changes of access" in text
    assert "\n| … and 150 more | | |\n" in text
    assert "… and" not in said(ran(*(f"change {number}" for number in range(100))), ran())


def test_what_is_unread_documented_suppressed_or_a_note_is_no_change_and_no_finding() -> None:
    text = said(ran("a key was not read", rule="not-read", level="note"), ran("for information", level="note"))
    assert text.startswith("## KMS access: 0 changes of access, 0 findings")
    assert "? a key was not read" in text
    assert "for information" not in text
    assert "Documented: why" in said(ran("why", rule="documented", level="note"), ran())
    hidden = ran("hidden", rule="KLP1")
    assert hidden.sarif is not None
    hidden.sarif["runs"][0]["results"][0]["suppressions"] = [{"kind": "inSource"}]
    assert "hidden" not in said(None, hidden)
    assert "Documented:" not in said(ran("a change"), ran())


@pytest.mark.parametrize("places", [[], [{}], [{"logicalLocations": []}]])
def test_a_finding_about_no_place_is_said_all_the_same(places: list[Any]) -> None:
    found = ran("without a place", rule="KLP1")
    assert found.sarif is not None
    found.sarif["runs"][0]["results"][0]["locations"] = places
    assert "| error | KLP1 |  | without a place | do this |" in said(None, found)


def test_the_worst_findings_come_first_with_their_fix() -> None:
    both = ran("small", rule="KLP1", level="warning")
    assert both.sarif is not None
    both.sarif["runs"][0]["results"] += ran("large", rule="KLP2").results
    rows = [line for line in said(None, both).splitlines() if line.startswith("| ") and "KLP" in line]
    assert rows[0].startswith("| error | KLP2 |")
    assert rows[1] == "| warning | KLP1 | App/Key | small | do this |"


def test_a_file_outside_the_repository_stays_as_it_is(tmp_path: Path) -> None:
    [run] = as_sarif(None, ran("text"), tmp_path / "template.json", tmp_path / "repository")["runs"]
    [place] = run["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == (tmp_path / "template.json").as_posix()
    assert os.sep in place["physicalLocation"]["artifactLocation"]["uri"]


def test_what_a_finding_is_about_is_told_once() -> None:
    text = said(
        None, ran("App/Key: the key is not rotated", rule="KLP401", about="App/Key Properties.EnableKeyRotation")
    )
    assert "| App/Key Properties.EnableKeyRotation | the key is not rotated |" in text
