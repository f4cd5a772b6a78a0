"""How statements are divided among policies, so that each fits the quota of AWS Organizations."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .statements import Statement

Document = dict[str, Any]


def written(document: Document) -> str:
    """Return a policy without white space, which counts too unless the console writes it."""
    return json.dumps(document, separators=(",", ":"))


def divided(statements: Iterable[Statement], characters: int) -> tuple[Document, ...]:
    """Return policies that hold all statements, each in the first with room for it.

    :raises ValueError: where one statement alone is longer: divided in two, each would deny what the other leaves out.
    """
    documents: list[Document] = []
    for statement in statements:
        if (length := len(written(_document([statement])))) > characters:
            raise ValueError(
                f"{statement['Sid']} takes {length} characters, and a policy has {characters}: name roles together "
                "with a wildcard, such as arn:aws:iam::*:role/break-glass-*, or trust fewer accounts"
            )
        for document in documents:
            if len(written(_document([*document["Statement"], statement]))) <= characters:
                document["Statement"].append(statement)
                break
        else:
            documents.append(_document([statement]))
    return tuple(documents)


def _document(statements: list[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": statements}
