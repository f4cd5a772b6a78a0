"""Each advice of an error is followed, and works: the source is searched for advice that nobody tried."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import secure_kms_constructs
from tests.synth import advice_on_grantees, advice_on_keys, advice_on_organizations, advice_on_scoped
from tests.synth.advising import ADVICE, Advice, Ground

# Loading them adds their rows.
TABLES = (advice_on_grantees, advice_on_keys, advice_on_organizations, advice_on_scoped)
PACKAGE = Path(secure_kms_constructs.__file__).parent
# What writes; what reads has advice too, and its own tests.
WRITES = ("*.py", "authoring/*.py", "cdk/*.py", "organizations/*.py", "scoped/*.py")
VERBS = (
    *("add", "build", "call", "choose", "document", "encrypt", "give", "grant", "import", "leave", "make", "name"),
    *("one construct", "pass", "put", "read", "remove", "review", "take", "use", "write"),
)
ADVISES = re.compile(rf"(?:^|[:;,] |, or )(?:{'|'.join(VERBS)})\b")
# No row can run into these, with the reason.
ELSEWHERE = {
    "grant to each role or user by itself, got {}: {}": "each L2 asks CDK first, which refuses such a principal"
}


def text_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(one) if isinstance(one, ast.Constant) else "{}" for one in node.values)
    return "{}"


def advising() -> Iterator[str]:
    """Yield the text of each error of the source that says what to do."""
    for path in sorted(one for pattern in WRITES for one in PACKAGE.glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ValueError" and node.args:
                text = text_of(node.args[0])
                if ADVISES.search(text):
                    yield text


TEXTS = list(dict.fromkeys(advising()))


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[-60:])
def test_every_advice_of_the_source_is_followed_by_a_row(text: str) -> None:
    rows = [one for one in (*(it.says for it in ADVICE), *ELSEWHERE) if one in text]
    assert len(rows) == 1, text


def test_every_row_is_about_an_advice_of_the_source() -> None:
    gone = [one for one in (*(it.says for it in ADVICE), *ELSEWHERE) if not any(one in text for text in TEXTS)]
    assert gone == []


@pytest.mark.parametrize("row", ADVICE, ids=lambda row: row.says[-50:])
def test_what_an_advice_says_works(row: Advice) -> None:
    refused, _ = row.steps(Ground())
    words = ".*".join(re.escape(part) for part in row.says.split("{}"))
    with pytest.raises((ValueError, RuntimeError), match=re.compile(words, re.DOTALL)):
        refused()
    ground = Ground()
    _, followed = row.steps(ground)
    followed()
    ground.app.synth()
