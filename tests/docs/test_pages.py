"""Every block of every document runs as it stands, and prints what is shown below it."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import re
import shlex
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomllib
import typer
import yaml
from aws_cdk import App
from typer.testing import CliRunner

from secure_kms_constructs.cli.commands import app as commands
from tests.docs.pages import COMMAND, PAGES, ROOT, Block, blocks_of, expected_diff, name_of, snippet

BLOCKS = {name_of(path): blocks_of(name_of(path), path.read_text()) for path in PAGES}
PYTHON = ("python", "py")
SHELL = ("", "sh", "shell", "bash", "console", "text")
LANGUAGES = {*PYTHON, *SHELL, "diff", "yaml", "toml", "json", "mermaid"}


def run(block: Block, names: dict[str, Any], request: pytest.FixtureRequest) -> str:
    """Run a block, and its tests if it has some; return what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block.code, block.where, "exec"), names)
        for name in re.findall(r"^def (test_\w+)\(", block.code, re.MULTILINE):
            test = names[name]
            test(**{one: request.getfixturevalue(one) for one in inspect.signature(test).parameters})
    return printed.getvalue()


def keep_assembly(names: dict[str, Any]) -> None:
    """Put what a block has synthesized where `cdk synth` would."""
    app = names.get("app")
    if isinstance(app, App):
        shutil.rmtree("cdk.out", ignore_errors=True)
        shutil.copytree(app.synth().directory, "cdk.out")


@pytest.mark.parametrize("page", BLOCKS)
def test_the_blocks_of_a_page_run_as_they_stand(
    page: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed, failed = "", ""
    for block in BLOCKS[page]:
        if block.language in PYTHON:
            assert not failed, f"{block.where}: the block above raises, and nothing shows what"
            if block.above != "<!-- continues -->":
                names = {"__name__": "__main__"}
            if block.above == "<!-- raises -->":
                with pytest.raises(Exception) as raised:
                    run(block, names, request)
                failed = f"{type(raised.value).__name__}: {raised.value}"
                continue
            printed = run(block, names, request)
            keep_assembly(names)
        elif block.above == "<!-- prints -->":
            assert (failed or printed.rstrip("\n")) == block.code.rstrip("\n"), block.where
            failed = ""
        elif named := COMMAND.fullmatch(block.above):
            done = CliRunner(env={"COLUMNS": "120"}).invoke(commands, shlex.split(named[1])[1:])
            assert done.output.rstrip("\n") == block.code.rstrip("\n"), block.where
    assert not failed, f"{page}: a block raises, and nothing shows what"


ALL = [block for blocks in BLOCKS.values() for block in blocks]


def of(*languages: str) -> Any:
    chosen = [block for block in ALL if block.language in languages]
    return pytest.mark.parametrize("block", chosen, ids=lambda block: block.where)


@of("diff")
def test_a_diff_is_what_the_examples_say(block: Block) -> None:
    assert block.code == expected_diff(block)


@of("yaml", "toml", "json")
def test_data_can_be_read(block: Block) -> None:
    {"yaml": yaml.safe_load_all, "toml": tomllib.loads, "json": json.loads}[block.language](block.code)


def invocations(block: Block) -> Iterator[list[str]]:
    """Each call of our command in a block, without what the shell makes of it."""
    for line in block.code.replace("\\\n", " ").splitlines():
        found = re.search(r"(?:^|[\s|])(secure-kms .*?)(?:\s+#.*|\s*[|>].*)?$", line)
        if found and not line.lstrip().startswith("#"):
            yield shlex.split(found[1])[1:]


@of(*SHELL, "yaml")
def test_a_command_has_the_options_that_it_is_shown_with(block: Block) -> None:
    for words in invocations(block):
        command: Any = typer.main.get_command(commands)
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        assert not hasattr(command, "commands"), f"{block.where}: no command {' '.join(words)}"
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
        given = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert given <= known, f"{block.where}: {command.name} has no {sorted(given - known)}"


def test_every_block_is_of_a_language_that_is_looked_at() -> None:
    assert {block.where: block.language for block in ALL if block.language not in LANGUAGES} == {}


def test_what_a_block_is_marked_with_is_known() -> None:
    known = re.compile(r"<!-- (continues|raises|prints|\$ secure-kms .+|diff: .+) -->")
    marked = [block for block in ALL if block.above.startswith("<!--") and block.language != "mermaid"]
    assert [block.where for block in marked if not known.fullmatch(block.above)] == []


def test_the_first_program_of_the_readme_has_at_most_20_lines_and_is_on_the_first_screen() -> None:
    first = next(block for block in BLOCKS["README.md"] if block.language in PYTHON)
    assert len([line for line in first.code.splitlines() if line.strip()]) <= 20
    assert first.line <= 15
    text = (ROOT / "README.md").read_text()
    assert text.index("pip install") < text.index("```python")


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/**/*.py")), ids=lambda path: path.name)
def test_the_snippets_of_an_example_are_whole(path: Path) -> None:
    text = path.read_text()
    for name in re.findall(r"# \[start: ([a-z0-9-]+)\]", text):
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
        pytest.param("```python\nkey\n```\n", id="a program with a name that it does not have"),
        pytest.param("```python\na = 1\n```\n\n```python\na\n```\n", id="a program that needs the one before it"),
        pytest.param("```python\nprint(1)\n```\n\n<!-- prints -->\n```\n2\n```\n", id="another output"),
        pytest.param("<!-- raises -->\n```python\n1 / 1\n```\n", id="a program that does not fail as it says"),
        pytest.param("<!-- raises -->\n```python\n1 / 0\n```\n", id="an error that is not shown"),
        pytest.param("```python\ndef test_a():\n    assert False\n```\n", id="a test that fails"),
        pytest.param("<!-- $ secure-kms rules -->\n```\nnone\n```\n", id="another output of a command"),
    ],
)
def test_a_wrong_page_is_found(
    text: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BLOCKS, "wrong.md", blocks_of("wrong.md", text))
    with pytest.raises((AssertionError, NameError, pytest.fail.Exception)):
        test_the_blocks_of_a_page_run_as_they_stand("wrong.md", request, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "line", ["secure-kms chek cdk.out", "secure-kms check --bad", "x | secure-kms account --region eu-west-1"]
)
def test_a_wrong_command_is_found(line: str) -> None:
    [block] = blocks_of("wrong.md", f"```\n{line}\n```\n")
    with pytest.raises(AssertionError):
        test_a_command_has_the_options_that_it_is_shown_with(block)


@pytest.mark.parametrize(
    "text", ["```diff\n-x\n```\n", "<!-- diff: tests/a.py x -> tests/b.py y -->\n```diff\n-x\n```\n"]
)
def test_a_diff_that_comes_from_nowhere_is_found(text: str) -> None:
    [block] = blocks_of("wrong.md", textwrap.dedent(text))
    with pytest.raises(AssertionError):
        test_a_diff_is_what_the_examples_say(block)
