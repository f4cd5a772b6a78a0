"""Links lead somewhere: between documents to files and headings, from the README by the repository's address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomllib

from tests.docs.pages import FENCE, ROOT, name_of

REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def links(path: Path) -> Iterator[str]:
    yield from LINK.findall(FENCE.sub("", path.read_text()))


def anchors(path: Path) -> set[str]:
    """The headings of a document, as forge and site name them."""
    text = FENCE.sub("", path.read_text())
    headings = re.findall(r"^#+ (.+?)(?: \{ *#([\w-]+) *\})?$", text, re.MULTILINE)
    plain = [(re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading), own) for heading, own in headings]
    return {own or re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip()) for heading, own in plain}


def check(path: Path, link: str) -> None:
    target, _, anchor = link.partition("#")
    file = (path.parent / target).resolve() if target else path
    assert file.exists(), f"{name_of(path)} links to {link}, which is not there"
    if anchor and file.suffix == ".md":
        assert anchor in anchors(file), f"{name_of(path)} links to {link}, a heading that is not there"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for link in links(path):
        if "://" not in link and not link.startswith("mailto:"):
            check(path, link)


def test_the_links_of_the_readme_are_absolute_and_lead_somewhere() -> None:
    found = list(links(ROOT / "README.md"))
    assert len(found) > 10
    for link in found:
        assert link.startswith("https://"), f"{link} does not work outside of the repository"
        if link.startswith(REPOSITORY):
            assert link.startswith(f"{REPOSITORY}/blob/main/"), link
            check(ROOT / "README.md", link.removeprefix(f"{REPOSITORY}/blob/main/"))


@pytest.mark.parametrize("link", ["none.md", "docs/checks.md#none", "docs/none.md#at-synth"])
def test_a_link_to_nowhere_is_found(link: str) -> None:
    with pytest.raises(AssertionError):
        check(ROOT / "README.md", link)
