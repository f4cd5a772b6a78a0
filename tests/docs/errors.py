"""What the library says when something is wrong, collected from its source, and where the documentation explains it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.docs.pages import ROOT

SOURCE = ROOT / "src" / "secure_kms_constructs"
# Not for users: names that Python asks for, and what ends the command line.
_SILENT = {"AttributeError", "Exit", "SystemExit", "SkippedError", "AssertionError"}
# There messages are put together from sentences far from where they are raised.
_WRITES = ("authoring/", "cdk/", "scoped/", "organizations/")
_NO_MESSAGE = {"AWS API Call via CloudTrail", "ARN of a KMS key", "… … …", "…, and …"}


class Topic(NamedTuple):
    """A section of the page: why something is refused, what to do, and the modules that say it."""

    title: str
    cause: str
    fix: str
    modules: tuple[str, ...]


def messages() -> dict[str, list[str]]:
    """What each module says, with ``…`` where a value is put in."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = str(path.relative_to(SOURCE))
        said = dict.fromkeys(one for one in said_in(ast.parse(path.read_text()), is_writer(name)) if is_message(one))
        if said:
            found[name] = list(said)
    return found


def is_writer(module: str) -> bool:
    return module.startswith(_WRITES) or "/" not in module


def is_message(text: str) -> bool:
    return len(re.findall(r"[A-Za-z]{2,}", text)) >= 3 and text not in _NO_MESSAGE


def said_in(tree: ast.Module, writes: bool) -> Iterator[str]:
    """The messages of errors; of modules that write policies all sentences."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            called = getattr(node.exc.func, "id", getattr(node.exc.func, "attr", ""))
            if called not in _SILENT:
                yield from (text for one in node.exc.args for text in texts(one))
    if writes:
        yield from (text for text in texts(without_docstrings(tree)) if len(text.split()) >= 5)


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if hasattr(node, "body") and isinstance(node.body, list):
            node.body = [one for one in node.body if not is_text(one)] or [ast.Pass()]
    return tree


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def texts(node: ast.AST) -> Iterator[str]:
    """The texts in an expression, each whole."""
    whole = text_of(node)
    if whole is not None:
        yield whole
        return
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


def text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return one_line(node.value)
    if isinstance(node, ast.JoinedStr):
        return one_line("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
    return None


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub("…+", "…", text)).strip()


def topic_of(module: str, topics: list[Topic]) -> Topic | None:
    """The topic that names a module, or else its folder."""
    for topic in topics:
        if module in topic.modules:
            return topic
    folder = str(Path(module).parent) + "/"
    return next((topic for topic in topics if folder in topic.modules), None)


def section(topic: Topic, said: dict[str, list[str]], topics: list[Topic]) -> str:
    lines = [f"## {topic.title}\n", f"**Cause.** {topic.cause}\n", f"**Fix.** {topic.fix}\n"]
    listed = [one for module, several in said.items() if topic_of(module, topics) is topic for one in several]
    lines += [f"- {as_code(one)}" for one in sorted(dict.fromkeys(listed), key=str.lower)]
    return "\n".join([*lines, ""])


def as_code(text: str) -> str:
    ticks = "``" if "`" in text else "`"
    inner = f" {text} " if ticks == "``" else text
    return f"{ticks}{inner}{ticks}"
