"""The documents of the repository and what is fenced in them.

Python in a document is a whole program and runs as it stands; the line above a fence may say otherwise:

    <!-- continues -->                the block goes on where the one before it ended
    <!-- raises -->                   the block fails, with the error that the next block shows
    <!-- prints -->                   what the Python block before it prints
    <!-- $ secure-kms access ... -->  what the command prints of the app that the Python block before it makes
    <!-- diff: examples/stock_l2.py l2-grant -> examples/hardened_secrets.py reader -->

A diff shows two snippets of examples. A snippet is what stands between `# [start: name]` and `# [end: name]` in a file
under examples/, without its indentation.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
# Its blocks are kept in step by the tests that write it.
GENERATED = ("rules.md",)
PAGES = [ROOT / "README.md", *(path for path in sorted(ROOT.glob("docs/**/*.md")) if path.name not in GENERATED)]

MARKER = re.compile(r"\s*# \[(start|end): ([a-z0-9-]+)\]")
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w.]*)[^\n]*\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
DIFF = re.compile(r"<!-- diff: (\S+) (\S+) -> (\S+) (\S+) -->")
COMMAND = re.compile(r"<!-- \$ (.+) -->")


class Block(NamedTuple):
    """A fenced block and the line above it."""

    page: str
    line: int
    above: str
    language: str
    code: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks_of(page: str, text: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        before = text[: match.start()].splitlines()
        above = before[-1].strip() if before else ""
        found.append(Block(page, len(before) + 1, above, match["language"], textwrap.dedent(match["code"])))
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


def expected_diff(block: Block) -> str:
    """Return what a diff must show: the first snippet's lines after a `-`, then the second's after a `+`."""
    named = DIFF.fullmatch(block.above)
    assert named, f"{block.where}: a diff needs <!-- diff: examples/a.py x -> examples/b.py y --> above it"
    shown = ""
    for path, name, sign in ((named[1], named[2], "-"), (named[3], named[4], "+")):
        assert path.startswith("examples/"), f"{block.where}: code comes from examples/, got {path}"
        shown += "".join(f"{sign}{line}\n" for line in snippet((ROOT / path).read_text(), name).splitlines())
    return shown
