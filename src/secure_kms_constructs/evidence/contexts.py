"""Encryption contexts, with what differs at every call taken out."""

from __future__ import annotations

import json

from secure_kms_constructs.aws.cloudtrail import OBJECT_NAME, VERSION_NAME

from .records import decode_context
from .uses import OBJECT_ARN

# Pairs in the order of their names; a value is None where there were too many to keep.
Context = tuple[tuple[str, "str | None"], ...]
NONE: Context = ()
_KEPT = 100_000


class Contexts:
    """Reads encryption contexts, each text once."""

    def __init__(self) -> None:
        self._known: dict[bytes, Context] = {}

    def read(self, text: bytes) -> Context:
        """Return what a text of a record says.

        :raises ValueError: where it is no object of texts, or has a name twice.
        """
        found = self._known.get(text)
        if found is None:
            if len(self._known) > _KEPT:
                self._known.clear()
            found = self._known[text] = _folded(_pairs(text))
        return found


def _pairs(text: bytes) -> dict[str, str]:
    found = decode_context(text) or {}
    # The reader takes the last of two members with one name, and KMS knows no such context.
    if text.count(b'":') != len(found):
        json.loads(text, object_pairs_hook=_once)
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("encryption context has a name twice")
    return made


def _folded(pairs: dict[str, str]) -> Context:
    # Alone it would leave an encryption context that looks like none.
    if len(pairs) > 1:
        pairs.pop(VERSION_NAME.value, None)
    # Whoever calls KMS itself can write there what he likes; only what S3 writes stands for more than itself.
    if found := OBJECT_ARN.fullmatch(pairs.get(OBJECT_NAME.value, "")):
        pairs[OBJECT_NAME.value] = f"{found[1]}/*"
    return tuple(sorted(pairs.items()))
