"""The site builds without a warning, and neither its build nor its pages fetch anything from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import ROOT

# What a browser loads by itself. `canonical` and links to follow are not.
LOADED = re.compile(
    r"<(?:script|img|iframe|link rel=\"?(?:stylesheet|icon|preconnect)\"?)[^>]*?(?:src|href)=\"?(https?:)?//"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    # A proxy that nobody listens to: whatever is fetched fails.
    offline = {"NO_MKDOCS_2_WARNING": "1", "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    environment = {**os.environ, **offline}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr + done.stdout == ""
    return folder


def test_every_page_is_in_the_navigation_and_built(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs") for path in ROOT.glob("docs/**/*.md")}
    config = (ROOT / "mkdocs.yml").read_text()
    assert [str(one) for one in pages if f": {one}\n" not in config] == []
    assert [str(one) for one in pages if not (site / one.with_suffix(".html")).exists()] == []


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.glob("**/*.html"):
        assert not LOADED.search(page.read_text()), f"{page.name} loads something from elsewhere"
        # The theme fetches what draws these, and the stars of the forge.
        assert 'class="mermaid"' not in page.read_text()
        assert "data-md-component=source" not in page.read_text()


def test_the_theme_fetches_no_fonts() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert config["strict"] is True
    assert config["theme"]["font"] is False
