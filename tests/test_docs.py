"""The documentation shows code that runs, and says what every parameter is.

A snippet is what stands between `# [start: name]` and `# [end: name]` in a file under examples/, without its
indentation. In a document the line before a fence names it:

    <!-- from examples/hardened_secrets.py: reader -->
    ```python

    <!-- diff: examples/stock_l2.py l2-grant -> examples/hardened_secrets.py reader -->
    ```diff

A diff shows the first snippet's lines after a `-` and then the second's after a `+`.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import secure_kms_constructs

ROOT = Path(__file__).parent.parent
DOCUMENTS = [path for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))] if path.exists()]
EXAMPLES = sorted(ROOT.glob("examples/**/*.py"))

MARKER = re.compile(r"\s*# \[(start|end): ([a-z0-9-]+)\]")
FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
FROM = re.compile(r"<!-- from (\S+): (\S+) -->")
DIFF = re.compile(r"<!-- diff: (\S+) (\S+) -> (\S+) (\S+) -->")


class Block(NamedTuple):
    """A fenced block and the line above it."""

    document: str
    line: int
    above: str
    language: str
    code: str


def blocks_of(name: str, text: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        before = text[: match.start()].splitlines()
        above = before[-1] if before else ""
        found.append(Block(name, len(before) + 1, above, match["language"], match["code"]))
    return found


def snippet(text: str, name: str) -> str:
    """Return a named region without its indentation, the markers of others and blank lines at its end."""
    lines, inside, seen = [], False, 0
    for line in text.splitlines():
        marker = MARKER.fullmatch(line)
        if marker and marker[2] == name:
            inside, seen = marker[1] == "start", seen + 1
        elif inside and not marker:
            lines.append(line)
    assert seen == 2, f"snippet {name!r} needs one start and one end, got {seen} markers"
    assert not inside, f"snippet {name!r} ends before it starts"
    return textwrap.dedent("\n".join(lines).rstrip("\n") + "\n")


def snippet_of(path: str, name: str) -> str:
    assert path.startswith("examples/"), f"code comes from examples/, got {path}"
    return snippet((ROOT / path).read_text(), name)


def expected(block: Block) -> str:
    """Return what a block must show."""
    where = f"{block.document}:{block.line}"
    if block.language == "diff":
        named = DIFF.fullmatch(block.above)
        assert named, (
            f"{where}: a diff needs <!-- diff: examples/a.py x -> examples/b.py y --> above, got {block.above!r}"
        )
        old, new = snippet_of(named[1], named[2]), snippet_of(named[3], named[4])
        return "".join(f"-{line}\n" for line in old.splitlines()) + "".join(f"+{line}\n" for line in new.splitlines())
    named = FROM.fullmatch(block.above)
    assert named, f"{where}: python needs <!-- from examples/a.py: x --> in the line above, got {block.above!r}"
    return snippet_of(named[1], named[2])


BLOCKS = [block for path in DOCUMENTS for block in blocks_of(path.name, path.read_text())]
# Its examples are those of the rules, and tests/unit/checks/test_docs.py keeps it in step.
GENERATED = ("rules.md",)
CODE = [one for one in BLOCKS if one.language in ("python", "py", "diff") and one.document not in GENERATED]


@pytest.mark.parametrize("block", CODE, ids=lambda block: f"{block.document}:{block.line}")
def test_a_code_block_is_what_the_example_says(block: Block) -> None:
    assert block.code == expected(block)


def test_the_lines_of_access_that_are_shown_are_those_of_the_snapshot() -> None:
    shown = [block for block in BLOCKS if block.above == "<!-- lines of the snapshot -->"]
    snapshot = (ROOT / "tests/synth/__snapshots__/test_access.ambr").read_text().splitlines()
    assert [block.document for block in shown] == ["README.md"]
    for line in shown[0].code.splitlines():
        assert f"  {line}" in snapshot


def test_the_readme_shows_the_change_and_the_code() -> None:
    languages = Counter(block.language for block in CODE if block.document == "README.md")
    assert languages["diff"] >= 1
    assert languages["python"] >= 1


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_snippets_of_an_example_are_whole(path: Path) -> None:
    text = path.read_text()
    names = {marker[2] for line in text.splitlines() if (marker := MARKER.fullmatch(line))}
    for name in names:
        assert snippet(text, name).strip()


@pytest.mark.parametrize(
    "text, message",
    [
        ("# [start: a]\nx\n", "got 1 markers"),
        ("# [end: a]\nx\n# [start: a]\n", "ends before it starts"),
        ("x\n", "got 0 markers"),
    ],
)
def test_a_broken_snippet_is_found(text: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        snippet(text, "a")


def test_a_snippet_loses_indentation_and_the_markers_inside() -> None:
    text = """\
class A:
    # [start: a]
    x = 1
    # [start: b]
    if x:
        y
    # [end: b]
    # [end: a]
"""
    assert snippet(text, "a") == "x = 1\nif x:\n    y\n"
    assert snippet(text, "b") == "if x:\n    y\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("```python\nkey = 1\n```\n", id="code that comes from nowhere"),
        pytest.param("<!-- from examples/app.py: none -->\n```python\nx\n```\n", id="a snippet that does not exist"),
        pytest.param("<!-- from examples/stock_l2.py: l2-grant -->\n```python\nx\n```\n", id="code that was changed"),
        pytest.param("<!-- from tests/test_docs.py: a -->\n```python\nx\n```\n", id="code from elsewhere"),
        pytest.param("```diff\n-x\n```\n", id="a diff that comes from nowhere"),
    ],
)
def test_a_wrong_block_is_found(text: str) -> None:
    [block] = blocks_of("README.md", text)
    with pytest.raises(AssertionError):
        test_a_code_block_is_what_the_example_says(block)


def test_a_diff_is_made_of_two_snippets() -> None:
    old = snippet_of("examples/stock_l2.py", "l2-grant")
    new = snippet_of("examples/hardened_secrets.py", "reader")
    text = (
        "<!-- diff: examples/stock_l2.py l2-grant -> examples/hardened_secrets.py reader -->\n```diff\n"
        + textwrap.indent(old, "-")
        + textwrap.indent(new, "+")
        + "```\n"
    )
    [block] = blocks_of("README.md", text)
    test_a_code_block_is_what_the_example_says(block)


# -- docstrings --

CLASSES = {
    name: value
    for name in secure_kms_constructs.__all__
    if inspect.isclass(value := getattr(secure_kms_constructs, name))
}
PLUGINS = (secure_kms_constructs.KmsLeastPrivilegeChecks,)
METHODS = {
    f"{name}.{method}": getattr(value, "__func__", value)
    for name, cls in CLASSES.items()
    for method, value in vars(cls).items()
    if inspect.isfunction(getattr(value, "__func__", value)) and not method.startswith("_")
}


def documented(value: Any) -> set[str]:
    text = inspect.getdoc(value) or ""
    return set(re.findall(r":param (\w+):", text)) | set(re.findall(r"``(\w+)``", text))


def parameters(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self", "cls", "scope", "id"}


@pytest.mark.parametrize("name", [n for n, cls in CLASSES.items() if not issubclass(cls, str)])
def test_a_class_documents_the_parameters_it_is_made_with_and_no_other(name: str) -> None:
    text = inspect.getdoc(CLASSES[name]) or ""
    said = re.findall(r":param (\w+):", text)
    cls = CLASSES[name]
    if cls.__init__ is object.__init__:  # made of factories, which are methods
        assert said == []
        return
    taken = (
        {field.name for field in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else parameters(cls.__init__)
    )
    assert set(said) == taken
    assert len(said) == len(set(said))


@pytest.mark.parametrize("name", [n for n, cls in CLASSES.items() if not issubclass(cls, str)])
def test_every_parameter_of_a_construct_after_its_id_is_keyword_only(name: str) -> None:
    if dataclasses.is_dataclass(CLASSES[name]) or CLASSES[name].__init__ is object.__init__:
        return
    given = inspect.signature(CLASSES[name].__init__).parameters
    # A plugin is no construct, and has nothing before its options.
    before = ["self"] if issubclass(CLASSES[name], PLUGINS) else ["self", "scope", "id"]
    assert list(given)[: len(before)] == before
    assert {parameter.kind for parameter in list(given.values())[len(before) :]} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("name", [n for n, cls in CLASSES.items() if not issubclass(cls, str)])
def test_a_class_names_the_page_of_aws_it_follows(name: str) -> None:
    text = inspect.getdoc(CLASSES[name]) or ""
    assert "https://docs.aws.amazon.com/" in text or ":param source:" in text


@pytest.mark.parametrize("name", METHODS)
def test_a_method_documents_its_parameters(name: str) -> None:
    method = METHODS[name]
    assert inspect.getdoc(method)
    # What the L2 documents already need not be said again: an override of ours has its name and its parameters.
    cls = CLASSES[name.split(".")[0]]
    inherited = [getattr(base, method.__name__, None) for base in cls.__mro__[1:]]
    if any(inherited):
        return
    assert parameters(method) <= documented(method)
