"""docs/architecture.md draws the imports there are, and what it and docs/contributing.md name is where they say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.unit.test_layers import LAYERS, PACKAGE, PLAIN, imports_of, modules_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
GUIDE = ROOT / "docs" / "contributing.md"
BEGIN, END = "<!-- layers: pytest tests/unit/test_architecture.py --write-docs -->\n", "<!-- end of layers -->"


def imported_by(layer: str) -> set[str]:
    """Return the layers that a layer imports."""
    firsts = {Path(one).parts[0] for path in modules_of(layer) for one in imports_of(path)[0] if Path(one).parts}
    return (firsts & LAYERS.keys()) - {layer}


def reached_from(layers: set[str], edges: dict[str, set[str]]) -> set[str]:
    """Return all that layers import, and what that imports, and so on."""
    reached: set[str] = set()
    left = set(layers)
    while left:
        reached |= left
        left = set().union(*(edges[one] for one in left)) - reached
    return reached


def title_of(layer: str) -> str:
    """Return the first sentence of a layer's docstring, as the page shows it."""
    home = PACKAGE / layer / "__init__.py" if (PACKAGE / layer).is_dir() else PACKAGE / f"{layer}.py"
    lines = (ast.get_docstring(ast.parse(home.read_text())) or "").split("\n\n")[0].replace("\n", " ")
    return re.split(r"\. (?=[A-Z])", lines)[0].replace("``", "`").rstrip(".")


@cache
def drawn() -> str:
    """Return the picture of the layers and their table."""
    edges = {layer: imported_by(layer) for layer in LAYERS}
    lines = ["```mermaid", "flowchart TD"]
    talking = [layer for layer in reversed(LAYERS) if layer not in PLAIN]
    for name, title, layers in (("cdk", "talks to CDK", talking), ("plain", "plain Python", PLAIN[::-1])):
        lines += [f"  subgraph {name}_half [{title}]", *(f"    {layer}" for layer in layers), "  end"]
    for layer in reversed(LAYERS):
        by_others = reached_from(set().union(*(edges[one] for one in edges[layer])), edges)
        lines += [f"  {layer} --> {below}" for below in sorted(edges[layer] - by_others)]
    lines += ["```", "", "| layer | what it is | imports |", "|--|--|--|"]
    for layer in reversed(LAYERS):
        kind = f"{layer}/" if (PACKAGE / layer).is_dir() else f"{layer}.py"
        lines.append(f"| `{kind}` | {title_of(layer)} | {', '.join(sorted(edges[layer])) or 'nothing'} |")
    return "\n".join([*lines, ""])


def test_the_picture_is_that_of_the_imports(request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    made = f"{before}{BEGIN}{drawn()}{END}{after}"
    if request.config.getoption("--write-docs"):
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "run it with --write-docs"


def test_what_follows_from_other_arrows_is_not_drawn() -> None:
    assert "  checks --> access\n" in drawn()
    assert "  checks --> templates\n" not in drawn()
    assert "  access --> checks\n" not in drawn()


def rows() -> Iterator[tuple[str, list[str]]]:
    """Return each row of the page's tables that names files, with the code in it."""
    for line in PAGE.read_text().split(END)[1].splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            what, *cells = line.strip("|").split(" | ")
            if code := [span for cell in cells for span in re.findall(r"`([^`]+)`", cell)]:
                yield what.strip(), code


def home_of(path: str) -> Path:
    """Return the file that a page names, from the package or from the repository."""
    return next((one / path for one in (PACKAGE, ROOT) if (one / path).is_file()), PACKAGE / path)


def names_in(path: Path) -> set[str]:
    """Return what a module defines, methods with their class."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {ast.unparse(one) for one in targets if one is not None}
    return found


def test_the_tables_have_rows() -> None:
    said = [what for what, _ in rows()]
    assert len(said) == len(set(said))
    assert len(said) > 50


@pytest.mark.parametrize("what, code", [pytest.param(*row, id=row[0]) for row in rows()])
def test_what_a_table_names_is_there(what: str, code: list[str]) -> None:
    files = [span for span in code if span.endswith(".py")]
    assert files, f"{what}: no file is named"
    for span in files:
        assert home_of(span).is_file(), f"{span} is not there"
    # A name stands behind the file that defines it.
    place = code.index(files[-1] if len(code) > 1 and code[-1] != files[-1] else files[0])
    for name in code[place + 1 :]:
        if not name.endswith(".py"):
            assert name in names_in(home_of(code[place])), f"{code[place]} has no {name}"


def test_a_name_that_is_not_there_is_seen() -> None:
    names = names_in(PACKAGE / "authoring" / "key_policies.py")
    assert "KeyPolicy.document" in names
    assert "KeyPolicy.documents" not in names
    assert not home_of("access/nowhere.py").is_file()


RECIPES = re.findall(r"^## (Add an? .+?)\n(.*?)(?=^## |\Z)", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def test_each_recipe_is_ten_lines_and_names_a_file_to_copy() -> None:
    assert {title for title, _ in RECIPES} >= {"Add a service", "Add a rule", "Add a construct", "Add a command"}
    for title, text in RECIPES:
        assert len(text.split("\n")) <= 12, title
        assert re.search(r"`(src|tests)/[\w/]+\.py`", text), title


@pytest.mark.parametrize("page", [PAGE, GUIDE], ids=lambda page: page.stem)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    spans = re.findall(r"`(?:python (?:-m pytest )?)?([\w./]+(?:\.py|\.md|/))(?=[ `])", page.read_text())
    assert spans
    for span in spans:
        assert (ROOT / span).exists() or (PACKAGE / span).exists(), f"{page.name} names {span}"
