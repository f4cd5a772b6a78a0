"""Promises about the repository itself: nothing in it names a registry or a path of someone's machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Written in pieces, so that this file passes its own test.
FORBIDDEN = {
    "the npm registry": "npm" + r"js\.(org|com)",
    "the Python package index": "py" + r"pi\.(org|io)|python" + r"hosted\.org",
    "a file URL": "file:" + "//",
    "a directory of one machine": r"(?<![\w.$}-])/(work|tmp/x|home|Users|root|opt)" + r"/",
}


def files() -> Iterator[Path]:
    """Every file that git would keep, told from .gitignore: a clean machine need not have git."""
    lines = (ROOT / ".gitignore").read_text().splitlines()
    ignored = {line.rstrip("/") for line in lines if line and not line.startswith("#")} | {".git"}
    directories = [ROOT]
    while directories:
        for path in directories.pop().iterdir():
            if path.name in ignored or path.suffix in {".egg-info", ".pyc"}:
                continue
            if path.is_dir():
                directories.append(path)
            else:
                yield path


@pytest.mark.parametrize("pattern", [pytest.param(pattern, id=name) for name, pattern in FORBIDDEN.items()])
def test_no_file_names(pattern: str) -> None:
    found = [str(path.relative_to(ROOT)) for path in files() if re.search(pattern, path.read_text("utf-8", "replace"))]
    assert not found


def test_the_lock_file_names_no_host() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for name, package in packages.items() if name)


def test_the_constraints_pin_every_package_exactly() -> None:
    for name in (
        "constraints.txt",
        "constraints-checkov.txt",
        "constraints-lowest.txt",
        "constraints-release.txt",
        "tests/corpus.txt",
    ):
        lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]
        assert not [line for line in lines if not re.match(r"[\w.-]+==[\w.]+(; .+)?$", line)]


def test_the_changelog_begins_with_the_version() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    newest = re.search(r"^## \[?([\d.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert version
    assert newest
    assert newest[1] == version[1]


def test_no_link_is_committed() -> None:
    """A link to an environment, once landed, takes the place of the environment itself in every other checkout."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a checkout of git")
    kept = subprocess.run(["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    links = [line.split("\t")[1] for line in kept.splitlines() if line.startswith("120000")]
    assert not links, f"take them out with `git rm --cached {' '.join(links)}` and commit"
