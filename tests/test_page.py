"""The HTML page of `secure-kms access` in a real browser: what it shows, to whom, and on which screens."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.cli import formats
from secure_kms_constructs.templates.landscape import Note
from tests.browser import Browser, executable
from tests.unit.cases.access_rows import ONE_SECRET, ROOT_ALONE, VIA_ONE, for_reader
from tests.unit.landscapes import ACCOUNT, KEY, REGION, access, allow, identity, key, role_arn, secret

EVIL = "</script><script>document.title='taken over'</script>"
READERS, KEYS = 200, 6
FORMULA = "=HYPERLINK(1)"


def example() -> AccessMap:
    return access(
        key(ROOT_ALONE, for_reader(StringEquals=VIA_ONE), allow({"AWS": role_arn("wide")})),
        key(allow("*"), arn=f"{KEY[:-1]}0", path="App/Public"),
        key(ROOT_ALONE, allow({"AWS": role_arn("imported")}), arn=f"{KEY[:-1]}1", path="App/Imported"),
        identity("reader", allow(resource=KEY, StringEquals=VIA_ONE | ONE_SECRET)),
        identity("wide", allow()),
        secret(),
        Note(None, EVIL),
    )


def large() -> AccessMap:
    """Two hundred readers, each of its own secret, under one key; every sixth of them under another key too."""
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:Secret"
    own = "kms:EncryptionContext:SecretARN"
    readers = [
        identity(f"Service/reader{number}", allow(StringEquals={**VIA_ONE, own: f"{arn}{number}-AbCdEf"}))
        for number in range(READERS)
    ]

    def under(place: int) -> list[str]:
        return [one.arn for number, one in enumerate(readers) if place == 0 or number % KEYS == place]

    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    keys = [
        key(
            ROOT_ALONE,
            allow(account, StringEquals=VIA_ONE, ArnEquals={"aws:PrincipalArn": under(place)}),
            arn=f"{KEY[:-1]}{place}",
            path=f"Production/Database{place}/KeyWithANameThatIsLongerThanItsColumn",
        )
        for place in range(KEYS)
    ]
    return access(*keys, *readers)


def page(file: Path, asked: AccessMap) -> Path:
    report = formats.report(asked, None, None)
    file.write_text(formats.write(report, "html", to_terminal=False, path="cdk.out"), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page(tmp_path_factory.mktemp("page") / "access.html", example())


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page(tmp_path_factory.mktemp("page") / "many.html", large())


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    started = Browser(tmp_path_factory.mktemp("browser"))
    yield started
    started.close()


ROWS = """[...document.querySelectorAll("#matrix tbody tr")].map((row) => [row.querySelector("th").textContent,
    [...row.querySelectorAll("td")].map((one) => one.querySelector("button")?.classList[0] ?? "")])"""
EDGES = "[...document.querySelectorAll('#graph path title')].map((one) => one.textContent)"
HEADS = "[...document.querySelectorAll('#matrix thead th')].slice(1).map((one) => one.textContent)"
NODES = "document.querySelectorAll('#graph .node').length"
FOCUS = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


def text(browser: Browser, selector: str) -> str:
    found: str = browser.value(f"document.querySelector({json.dumps(selector)}).textContent")
    return found


def fill(browser: Browser, selector: str, value: str) -> None:
    browser.value(f"""(() => {{ const one = document.querySelector({json.dumps(selector)});
        one.value = {json.dumps(value)}; one.dispatchEvent(new Event("input")); }})()""")


def test_it_is_one_file_that_asks_for_nothing_else(file: Path, browser: Browser) -> None:
    text = file.read_text(encoding="utf-8")
    # A namespace is a name, and loads nothing.
    assert not re.search(r"\b(src|href)=|url\(|@import", text)
    assert re.findall(r"https?://[^\"\s]+", text) == ["http://www.w3.org/2000/svg"]
    assert "default-src 'none'" in text
    browser.open(file)
    asked = [one["params"]["request"]["url"] for one in browser.events if one["method"] == "Network.requestWillBeSent"]
    assert set(asked) <= {"about:blank", file.as_uri()}
    assert not [one for one in browser.events if one["method"] == "Runtime.exceptionThrown"]


def test_it_says_what_it_was_made_from(tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made, again = (page(tmp_path / name, example()) for name in ("one.html", "other.html"))
    assert made.read_bytes() == again.read_bytes()
    browser.open(made)
    said = text(browser, "#made")
    assert said.startswith(f"from cdk.out · stack App · account {ACCOUNT} · {REGION} · at 2023-11-14 22:13 UTC · by ")
    assert re.search(r"by secure-kms-constructs \d+\.\d+", said)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700009999")
    assert page(again, example()).read_bytes() != made.read_bytes()


def test_the_matrix_shows_who_is_alarming_first(file: Path, browser: Browser) -> None:
    browser.open(file)
    rows = dict(browser.value(ROWS))
    assert browser.value(HEADS) == ["App/Imported", "App/Key", "App/Public"]
    assert rows["App/reader"] == ["", "narrow", "wide"]
    assert rows["App/wide"] == ["", "wide", "wide"]
    assert rows["any principal of 111122223333"] == ["", "", "alarm"]
    assert rows[role_arn("imported")] == ["unknown", "", ""]
    assert rows["root user of 111122223333"] == ["owner", "owner", "owner"]
    assert next(iter(rows)) == "any AWS service"
    assert list(rows)[-1] == "root user of 111122223333"
    assert text(browser, "#count") == "7 principals, 3 keys"
    assert EVIL in text(browser, "#notes")
    assert browser.value("document.title") == "Who can use which key"


def test_a_small_app_is_drawn_whole(file: Path, browser: Browser) -> None:
    browser.open(file)
    edges = browser.value(EDGES)
    assert "App/reader → secretsmanager.us-east-1.amazonaws.com" in edges
    assert "secretsmanager.us-east-1.amazonaws.com → SecretARN = App/Secret" in edges
    assert "SecretARN = App/Secret → App/Key" in edges
    assert "App/wide → any service, or none" in edges


def test_cells_nodes_and_links_show_the_statements_that_decide(file: Path, browser: Browser) -> None:
    browser.open(file)
    fill(browser, "#filter", "secretsmanager")
    browser.click("#matrix td button")
    details = text(browser, "#details")
    assert details.startswith(
        "App/reader and App/KeyApp/reader can Decryptvia secretsmanager if SecretARN = App/Secret"
    )
    assert "App/Key statement 1 lets identity policies decide kms:Decrypt" in details
    browser.click("#graph .node")
    assert "App/reader statement 0 allows kms:Decrypt" in text(browser, "#details")
    browser.open(file, "#App/wide|App/Key")
    assert text(browser, "#details").startswith("App/wide and App/KeyApp/wide can Decryptalways")


def test_filters_leave_what_they_ask_for_and_hide_empty_columns(file: Path, browser: Browser) -> None:
    browser.open(file)
    fill(browser, "#filter", "app/wide")
    assert [name for name, _ in browser.value(ROWS)] == ["App/wide"]
    assert browser.value(HEADS) == ["App/Key", "App/Public"]
    fill(browser, "#filter", "nobody at all")
    assert browser.value(ROWS) == [["nobody", []]]
    fill(browser, "#filter", "")
    browser.click("#alarming")
    assert {level for _, cells in browser.value(ROWS) for level in cells} - {""} == {"alarm", "unknown", "wide"}
    browser.click("#alarming")
    browser.click("#matrix thead button")
    assert browser.value("document.querySelector('#key').value") == "App/Imported"
    assert browser.value(HEADS) == ["App/Imported"]
    assert {edge.split(" → ")[1] for edge in browser.value(EDGES) if "App/" in edge} == {"App/Imported"}


def test_two_hundred_roles_are_few_rows_and_a_picture_of_forty_nodes(many: Path, browser: Browser) -> None:
    browser.open(many)
    assert text(browser, "#count") == "201 principals, 6 keys"
    assert len(browser.value(ROWS)) < 10
    assert "are too many for one picture: choose a key, or filter" in text(browser, "#graph")
    assert browser.value(NODES) == 0
    fill(browser, "#key", "Production/Database0/KeyWithANameThatIsLongerThanItsColumn")
    assert 4 <= browser.value(NODES) <= 40
    # Everybody is in the picture, those who are too many together.
    browser.click("#graph .node")
    assert "and 140 more" in text(browser, "#details")
    browser.value("byId('grouped').click()")
    assert len(browser.value(ROWS)) == 201
    assert 4 <= browser.value(NODES) <= 40
    fill(browser, "#key", "")
    fill(browser, "#filter", "reader1")
    assert 4 <= browser.value(NODES) <= 40
    browser.value("byId('grouped').click()")
    before = len(browser.value(ROWS))
    browser.click("#matrix tbody th button")
    assert len(browser.value(ROWS)) > before
    assert browser.value("document.querySelector('#matrix tbody th button').getAttribute('aria-expanded')") == "true"


def test_only_those_who_can_the_same_are_alike(many: Path, browser: Browser) -> None:
    browser.open(many)
    groups = browser.value("partiesOf(shown()).map((one) => [one.members.map((it) => it.name), one.lines])")
    told = [name for members, _ in groups for name in members]
    assert len(told) == len(set(told)) == READERS
    for members, lines in groups:
        by_name = {name: [] for name in members}
        for line in lines if members else ():
            by_name[line["principal"]].append((line["key"], line["actions"], line["via"], line["allowed"]))
        assert len({str(sorted(one, key=str)) for one in by_name.values()}) <= 1


def test_the_arrow_keys_move_through_the_table_and_the_picture(file: Path, browser: Browser) -> None:
    browser.open(file)
    stops = '[...document.querySelectorAll(\'#matrix [tabindex="0"], #graph [tabindex="0"]\')].length'
    assert browser.value(stops) == 2
    browser.value("document.querySelector('#matrix [tabindex=\"0\"]').focus()")
    assert browser.value(FOCUS) == "any AWS service, App/Public: always, anyone not listed"
    browser.press("ArrowDown")
    assert browser.value(FOCUS).startswith("any principal of 111122223333, App/Public")
    browser.press("ArrowLeft")
    assert browser.value(FOCUS) == "any principal of 111122223333, App/Key: nothing"
    browser.press("Home")
    assert browser.value(FOCUS) == "any principal of 111122223333, App/Imported: nothing"
    browser.press("End", "ArrowUp", "ArrowUp")
    assert browser.value(FOCUS) == "App/Public"
    browser.press("ArrowDown", "Enter")
    assert text(browser, "#details").startswith("any AWS service and App/Public")
    assert browser.value(stops) == 2
    browser.value("document.querySelector('#graph [tabindex=\"0\"]').focus()")
    browser.press("ArrowRight")
    assert browser.value(FOCUS).startswith("through: ")
    browser.press("ArrowRight", "ArrowRight", "End", "Enter")
    assert browser.value(FOCUS).startswith("key: App/Public")
    assert text(browser, "#details h2") == "App/Public"
    assert browser.value(stops) == 2


def test_a_screen_reader_is_told_what_everything_is(file: Path, browser: Browser) -> None:
    browser.open(file)
    browser.call("Accessibility.enable")
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]

    def named(role: str) -> list[str]:
        return [
            one["name"]["value"] for one in nodes if one.get("role", {}).get("value") == role and not one["ignored"]
        ]

    assert named("grid") == ["Principals and keys"]
    assert named("columnheader") == ["who", "App/Imported", "App/Key", "App/Public"]
    assert "App/reader" in named("rowheader")
    assert "App/reader, App/Key: via secretsmanager if SecretARN = App/Secret, within limits" in named("button")
    assert "who: App/reader, without limits, or within a wildcard" in named("button")
    assert named("complementary") == ["The statements that decide"]
    assert named("combobox") == ["to", "key"]
    assert all(named("button"))
    assert browser.value("document.querySelectorAll('th:not([scope])').length") == 0


def test_on_a_phone_everything_can_be_seen(file: Path, many: Path, browser: Browser) -> None:
    for one in (file, many):
        browser.open(one, width=390, height=844)
        assert browser.value("document.documentElement.scrollWidth") <= 390
        last = "[...document.querySelectorAll('#matrix tbody tr td:last-child button')].at(-1)"
        assert browser.value(f"""(() => {{
            const one = {last};
            one.scrollIntoView({{ block: "center" }});
            const box = one.getBoundingClientRect();
            const inside = box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight;
            const corners = [[box.left + 2, box.top + 2], [box.right - 2, box.bottom - 2]];
            return inside && corners.every(([x, y]) => one.contains(document.elementFromPoint(x, y)));
        }})()"""), one
        # The column that is not there as a column is said with each cell.
        head = browser.value(f"getComputedStyle({last}.parentElement, '::before').content")
        assert head.strip('"') == browser.value(HEADS)[-1]
    browser.click("#matrix td button")
    assert browser.value("document.querySelector('#details h2').getBoundingClientRect().bottom <= innerHeight")
    browser.click("#close")
    assert browser.value("getComputedStyle(byId('aside')).display") == "none"


def test_a_cell_of_a_wide_table_is_not_covered(many: Path, browser: Browser) -> None:
    browser.open(many, width=1000)
    assert browser.value("""[...document.querySelectorAll("#matrix tbody td button")].every((one) => {
        one.scrollIntoView({ block: "center", inline: "center" });
        const { left, right, top, bottom } = one.getBoundingClientRect();
        const at = (x) => document.elementFromPoint(x, (top + bottom) / 2);
        return [left + 2, (left + right) / 2, right - 2].every((x) => one.contains(at(x)));
    })""")


CONTRAST = """(() => {
    const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
        .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
        .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = (one) => {
        for (let at = one; at; at = at.parentElement) {
            const { backgroundColor: color, backgroundImage: image } = getComputedStyle(at);
            if (image !== "none") return image.match(/rgba?\\([^)]*\\)/g).map(rgb);
            const found = rgb(color);
            if (found[3] !== 0) return [found];
        }
        return [[255, 255, 255]];
    };
    const low = [];
    for (const one of document.querySelectorAll("body *")) {
        if (![...one.childNodes].some((it) => it.nodeType === 3 && it.data.trim())) continue;
        if (!one.getClientRects().length || one.closest("script")) continue;
        const style = getComputedStyle(one), svg = one.closest("svg");
        const box = svg ? one.parentElement.querySelector("rect") : null;
        const ground = box ? [rgb(getComputedStyle(box).fill)] : behind(svg ? svg.parentElement : one);
        const ink = light(rgb(svg ? style.fill : style.color));
        for (const other of ground.map(light)) {
            const ratio = (Math.max(ink, other) + 0.05) / (Math.min(ink, other) + 0.05);
            if (ratio < 4.5) low.push([one.tagName, one.textContent.slice(0, 30), ratio]);
        }
    }
    return low;
})()"""


@pytest.mark.parametrize("media", ["", "dark", "print"])
def test_every_text_can_be_read(media: str, file: Path, browser: Browser) -> None:
    # https://www.w3.org/WAI/WCAG22/Understanding/contrast-minimum
    browser.open(file, "#App/wide|App/Key", media=media)
    assert browser.value(CONTRAST) == []
    dark = browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    assert dark is (media == "dark")


def test_the_text_of_a_node_fits_in_it(many: Path, browser: Browser) -> None:
    for width in (1280, 390):
        browser.open(many, width=width)
        fill(browser, "#key", "Production/Database1/KeyWithANameThatIsLongerThanItsColumn")
        wider = browser.value("""[...document.querySelectorAll("#graph .node")].filter((one) =>
            one.querySelector("text").getComputedTextLength() >
            one.querySelector("rect").getBBox().width - 10).length""")
        assert wider == 0
        shown = browser.value("[...document.querySelectorAll('#graph .node text')].at(-1).textContent")
        assert re.fullmatch(r"Pro.*….*Column", shown)


def test_print_leaves_nothing_out(file: Path, many: Path, browser: Browser) -> None:
    for one in (file, many):
        # As wide as a sheet of A4 between its margins.
        browser.open(one, width=690, media="print")
        assert browser.value("document.documentElement.scrollWidth") <= 690
        assert not browser.value(
            "[...document.querySelectorAll('.scroll')].some((one) => one.scrollHeight > one.clientHeight + 1)"
        )
        assert browser.value("getComputedStyle(document.querySelector('form')).display") == "none"
    assert text(browser, "#asked") == "Who can Decrypt: 201 principals, 6 keys"
    assert browser.printed().startswith(b"%PDF")


def test_a_spreadsheet_gets_what_is_shown(tmp_path: Path, browser: Browser) -> None:
    asked = access(key(ROOT_ALONE, allow({"AWS": role_arn("wide")}), path=FORMULA), identity("wide", allow()), secret())
    browser.open(page(tmp_path / "access.html", asked))
    fill(browser, "#filter", "app/wide")
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    browser.click("#csv")
    downloaded, end = tmp_path / "access.csv", time.monotonic() + 20
    while not downloaded.exists() or not downloaded.stat().st_size:
        assert time.monotonic() < end, "nothing was downloaded"
        time.sleep(0.02)
    [row] = csv.DictReader(io.StringIO(downloaded.read_text(encoding="utf-8-sig")))
    assert [row[one] for one in ("key", "principal", "can", "circumstances")] == [
        f"'{FORMULA}",
        "App/wide",
        "can",
        "always",
    ]
    assert "Decrypt" in row["actions"].split()
    assert row["statements"].endswith("; App/wide statement 0")


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
