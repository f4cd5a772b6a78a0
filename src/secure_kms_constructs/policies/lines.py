"""Text from templates and policies, on its way to a terminal, a snapshot or a log: one line that commands nothing.

Whoever writes a template that is checked in a pull request chooses its names and values.
"""

from __future__ import annotations

import re
import unicodedata

# Commands of GitHub Actions and Azure Pipelines, which are read from whatever a job prints.
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
_COMMAND = re.compile(r"^(\s*)::|##(\w*)\[")
# Control characters, lone surrogates, separators of lines, and what changes the direction of text or is not seen.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def one_line(text: str) -> str:
    """Return a text with what a terminal or a log would obey written out."""
    if not text.isprintable():
        text = "".join(map(_character, text))
    return _COMMAND.sub(_command, text)


def _character(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    number = ord(character)
    return _NAMED.get(character) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{{{number:x}}}")


def _command(match: re.Match[str]) -> str:
    return f"##{match[2]}\\[" if match[2] is not None else f"{match[1]}\\:\\:"
