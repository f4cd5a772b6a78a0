"""What is foreign in JSON, SARIF and Markdown: nothing of it is read as more than text."""

from __future__ import annotations

import html
import json
import re

from .lines import one_line

# https://github.github.com/gfm/#backslash-escapes
_MARKUP = re.compile(r"([\\`*_\[\]|~#])")
# GitHub makes links of these, and tells whoever is mentioned.
_LINKED = re.compile(r"://|@|\bwww\.", re.IGNORECASE)

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(value: object, *, indent: int) -> str:
    """Return JSON in which no text is a command of a CI log."""
    return json.dumps(value, indent=indent).replace("##", "#\\u0023")


def sarif_of(*runs: object) -> dict[str, object]:
    """Return runs of tools as one SARIF log."""
    return {"$schema": _SARIF, "version": "2.1.0", "runs": list(runs)}


def as_markdown(text: str) -> str:
    """Return a text as Markdown of which nothing is markup, a link or a mention."""
    escaped = _MARKUP.sub(r"\\\1", html.escape(one_line(text), quote=False))
    return _LINKED.sub(lambda match: "".join(f"&#{ord(one)};" if one in ":@." else one for one in match[0]), escaped)
