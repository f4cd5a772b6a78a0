"""docs/troubleshooting.md has every message of the library, under a cause and a fix."""

from __future__ import annotations

import ast

import pytest

from tests.docs.causes import TOPICS
from tests.docs.errors import SOURCE, Topic, is_message, messages, said_in, section, topic_of
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "troubleshooting.md"
BEGIN = "<!-- messages: pytest tests/docs/test_errors.py --write-docs -->\n"
SAID = messages()


def test_the_messages_of_the_page_are_those_of_the_code(request: pytest.FixtureRequest) -> None:
    written = "\n".join(section(topic, SAID, TOPICS) for topic in TOPICS)
    head = PAGE.read_text().partition(BEGIN)[0]
    whole = f"{head}{BEGIN}\n{written}"
    if request.config.getoption("--write-docs"):
        PAGE.write_text(whole)
    assert PAGE.read_text() == whole, "run it with --write-docs"


@pytest.mark.parametrize("module", SAID)
def test_what_a_module_says_has_a_cause_and_a_fix(module: str) -> None:
    topic = topic_of(module, TOPICS)
    assert topic, f"{module} says {SAID[module][:3]}: name it in a topic of tests/docs/causes.py"
    page = PAGE.read_text()
    assert [one for one in SAID[module] if one not in page] == []


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.title)
def test_a_topic_is_about_modules_that_say_something(topic: Topic) -> None:
    assert topic.cause
    assert topic.fix
    assert [one for one in topic.modules if not (SOURCE / one).exists()] == []


def test_hundreds_of_messages_are_found_and_none_of_them_is_a_fragment_of_code() -> None:
    found = [one for several in SAID.values() for one in several]
    assert len(found) > 300
    assert [one for one in found if one.startswith(("http", "arn:"))] == []


@pytest.mark.parametrize(
    "code, said",
    [
        ('raise ValueError(f"a key must {be} one, got {it!r}")', ["a key must … one, got …"]),
        ('raise AttributeError("no such name here")', []),
        ('raise Error(1, say("the first of two"), "the second of them")', ["the first of two", "the second of them"]),
        ('def f():\n    """What a function does in words."""\n    return "what is said to users here"', []),
    ],
)
def test_the_messages_of_errors_are_found(code: str, said: list[str]) -> None:
    assert [one for one in said_in(ast.parse(code), writes=False) if is_message(one)] == said


def test_in_modules_that_write_policies_sentences_are_found_and_docstrings_are_not() -> None:
    code = 'def f():\n    """What a function does in words."""\n    return f"what is said to {users} here"'
    assert list(said_in(ast.parse(code), writes=True)) == ["what is said to … here"]
