"""docs/reference is written from the docstrings, and every public name is in it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from typing import Any

import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

import secure_kms_constructs
from tests.docs import command_line, reference
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "reference"
SHOWN = {name for _, groups in reference.PAGES.values() for _, names in groups for name in names}


@pytest.mark.parametrize("file", reference.PAGES)
def test_the_page_is_as_the_docstrings_are(file: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--write-docs"):
        (FOLDER / file).write_text(reference.page(file))
    assert (FOLDER / file).read_text() == reference.page(file), "run it with --write-docs"


def test_the_page_of_the_command_line_is_as_the_commands_are(request: pytest.FixtureRequest) -> None:
    file = FOLDER / "command-line.md"
    if request.config.getoption("--write-docs"):
        file.write_text(command_line.page())
    assert file.read_text() == command_line.page(), "run it with --write-docs"


@pytest.mark.parametrize(
    "words, command", command_line.all_leaves(), ids=lambda one: "-".join(one[1:]) if isinstance(one, tuple) else ""
)
def test_a_command_and_each_of_its_options_says_what_it_is_for(words: tuple[str, ...], command: Any) -> None:
    assert command.help, words
    assert [one.name for one in command.params if not one.hidden and not one.help] == []


@pytest.mark.parametrize(
    "l2, heading",
    [(kms.Key, "## `kms.Key` → `HardenedKey`"), (logs.LogGroup, "## `logs.LogGroup` → `LogGroupWithCmk`")],
)
def test_every_argument_of_an_l2_has_what_takes_its_place(l2: Any, heading: str) -> None:
    section = (FOLDER / "l2-arguments.md").read_text().split(heading)[1].split("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert told == list(inspect.signature(l2.__init__).parameters)[3:]


@pytest.mark.parametrize(
    "ours, l2", [(secure_kms_constructs.HardenedKey, kms.Key), (secure_kms_constructs.LogGroupWithCmk, logs.LogGroup)]
)
def test_what_is_new_beside_an_l2_is_said(ours: Any, l2: Any) -> None:
    new = set(inspect.signature(ours.__init__).parameters) - set(inspect.signature(l2.__init__).parameters)
    page = (FOLDER / "l2-arguments.md").read_text()
    assert [name for name in sorted(new) if f"`{name}" not in page] == []


def test_every_public_name_is_in_the_reference() -> None:
    public = set(secure_kms_constructs.__all__)
    for module in ("access", "checks"):
        names = set(importlib.import_module(f"secure_kms_constructs.{module}").__all__)
        public |= {f"{module}.{name}" for name in names - set(secure_kms_constructs.__all__)}
    assert public == SHOWN


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_a_name_is_told_with_each_parameter_its_type_and_default(name: str) -> None:
    value = reference.found(name)
    text = "\n".join(reference.entry(name, value))
    assert len(text.splitlines()) > 2
    assert "| |" not in re.sub(r"\| parameter .*\||\| attribute .*\|", "", text).replace("|  | ", "")
    made = value.__init__ if inspect.isclass(value) else value
    if not callable(made) or made is object.__init__ or dataclasses.is_dataclass(value):
        return
    for one in inspect.signature(made).parameters.values():
        if one.kind is one.KEYWORD_ONLY:
            assert f"| `{one.name}` | `" in text, f"{name} does not say what {one.name} is"
