"""The HTML page of `secure-kms access`: what it shows, what a click shows, and that a real browser shows it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.cli import formats
from secure_kms_constructs.templates.landscape import Note
from tests.browser import Browser, executable
from tests.unit.cases.access_rows import ONE_SECRET, ROOT_ALONE, VIA_ONE, for_reader
from tests.unit.landscapes import KEY, access, allow, identity, key, role_arn, secret

SCRIPT = Path(__file__).with_name("dom.cjs")
READER = identity("reader", allow(resource=KEY, StringEquals=VIA_ONE | ONE_SECRET))
WIDE = identity("wide", allow())
EVIL = "</script><script>document.title='taken over'</script>"


def example() -> AccessMap:
    return access(
        key(ROOT_ALONE, for_reader(StringEquals=VIA_ONE), allow({"AWS": role_arn("wide")})),
        key(allow("*"), arn=f"{KEY[:-1]}0", path="App/Public"),
        key(ROOT_ALONE, allow({"AWS": role_arn("imported")}), arn=f"{KEY[:-1]}1", path="App/Imported"),
        READER,
        WIDE,
        secret(),
        Note(None, EVIL),
    )


def page(directory: Path, asked: AccessMap) -> Path:
    file = directory / "access.html"
    file.write_text(formats.write(formats.report(asked, None, None), "html", to_terminal=False), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page(tmp_path_factory.mktemp("page"), example())


def dom(file: Path, *clicks: str, fragment: str = "") -> dict[str, Any]:
    node = os.environ["JSII_NODE"]
    done = subprocess.run(
        [node, str(SCRIPT), str(file), fragment, *clicks], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert not found["errors"]
    return found


def test_it_is_one_file_that_asks_for_nothing_else(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    # A namespace is a name, and loads nothing.
    assert not re.search(r"\b(src|href)=|url\(|@import", text)
    assert re.findall(r"https?://[^\"\s]+", text) == ["http://www.w3.org/2000/svg"]
    assert "default-src 'none'" in text


def test_the_matrix_shows_who_is_alarming_first(file: Path) -> None:
    rows = {row["principal"]: row["cells"] for row in dom(file)["rows"]}
    # The keys in the order of their names: Imported, Key, Public.
    assert rows["App/reader"] == ["", "narrow", "wide"]
    assert rows["App/wide"] == ["", "wide", "wide"]
    assert rows["any principal of 111122223333"] == ["", "", "alarm"]
    assert rows[role_arn("imported")] == ["unknown", "", ""]
    assert rows["root user of 111122223333"] == ["owner", "owner", "owner"]
    assert next(iter(rows)) == "any AWS service"
    assert list(rows)[-1] == "root user of 111122223333"


def test_the_graph_goes_from_principal_to_key(file: Path) -> None:
    edges = dom(file)["edges"]
    assert "App/reader → secretsmanager.us-east-1.amazonaws.com" in edges
    assert "secretsmanager.us-east-1.amazonaws.com → SecretARN = App/Secret" in edges
    assert "SecretARN = App/Secret → App/Key" in edges
    assert "App/wide → any service, or none" in edges


def test_a_click_on_a_cell_shows_the_statements_that_decide(file: Path) -> None:
    details = dom(file, "#filter=>secretsmanager", "#matrix td button")["details"]
    assert details.startswith(
        "App/reader and App/KeyApp/reader can Decryptvia secretsmanager if SecretARN = App/Secret"
    )
    assert "App/Key statement 1 lets identity policies decide kms:Decrypt" in details
    assert "App/reader statement 0 allows kms:Decrypt" in details


def test_a_click_on_a_node_shows_them_too(file: Path) -> None:
    details = dom(file, "#filter=>secretsmanager", "#graph .node")["details"]
    assert "App/reader statement 0 allows kms:Decrypt" in details


def test_a_link_opens_a_cell(file: Path) -> None:
    assert dom(file, fragment="#App/wide|App/Key")["details"].startswith(
        "App/wide and App/KeyApp/wide can Decryptalways"
    )


def test_the_filters_leave_what_they_ask_for(file: Path) -> None:
    assert [row["principal"] for row in dom(file, "#filter=>app/wide")["rows"]] == ["App/wide"]
    alarming = {level for row in dom(file, "#alarming")["rows"] for level in row["cells"]} - {""}
    assert alarming == {"alarm", "unknown", "wide"}
    assert dom(file, "#filter=>nobody at all")["rows"] == []


def test_a_name_is_text_and_never_script(file: Path) -> None:
    assert EVIL in dom(file)["notes"]
    assert "</script><script>" not in file.read_text(encoding="utf-8")


def test_two_hundred_principals_are_all_there(tmp_path: Path) -> None:
    several = [identity(f"reader{number}", allow()) for number in range(200)]
    names = {"AWS": [one.arn for one in several]}
    found = dom(page(tmp_path, access(key(ROOT_ALONE, allow(names)), *several)))
    assert found["count"] == "201 principals, 1 keys"
    assert [row["principal"] for row in found["rows"]][:11] == [f"App/reader{number}" for number in range(11)]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    started = Browser(tmp_path_factory.mktemp("browser"))
    yield started
    started.close()


@pytest.mark.parametrize("principals", [5, 200])
def test_a_browser_shows_it(principals: int, tmp_path: Path, browser: Browser) -> None:
    several = [identity(f"reader{number}", allow()) for number in range(principals)]
    file = page(
        tmp_path,
        access(
            key(ROOT_ALONE, allow({"AWS": [one.arn for one in several]})),
            *several,
            key(allow("*"), arn=f"{KEY[:-1]}0", path="App/Public"),
        ),
    )
    browser.open(file, "#App/reader1|App/Key")
    assert browser.value("document.querySelectorAll('th.identity').length") == principals
    assert browser.value("document.querySelector('.alarm[title=always]') !== null")
    assert browser.value("document.querySelector('#details h2').textContent") == "App/reader1 and App/Key"
    assert "App/Key statement 1" in browser.value("document.querySelector('#details').textContent")


def test_a_missing_browser_fails_where_one_can_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("shutil.which", {"apt-get": "/usr/bin/apt-get"}.get)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(pytest.fail.Exception, match=r"run tools/browser\.sh"):
        executable()


@pytest.mark.parametrize(("user", "there"), [(1000, {"apt-get": "/usr/bin/apt-get"}), (0, {})])
def test_elsewhere_the_skip_says_why(user: int, there: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("shutil.which", there.get)
    monkeypatch.setattr("os.geteuid", lambda: user)
    with pytest.raises(pytest.skip.Exception, match="not root with apt: install one of chromium"):
        executable()


def test_make_test_installs_the_browser() -> None:
    text = Path(__file__).parent.with_name("Makefile").read_text(encoding="utf-8")
    assert re.search(r"^test:.* browser ", text, re.MULTILINE)
    assert "\nbrowser:\n\t@tools/browser.sh\n" in text
