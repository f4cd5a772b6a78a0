"""Encryption contexts, with what differs at every call taken out."""

from __future__ import annotations

import json

from secure_kms_constructs.aws.cloudtrail import OBJECT_NAME, VERSION_NAME

from .records import decode_context

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
    pairs.pop(VERSION_NAME.value, None)
    object_arn = pairs.get(OBJECT_NAME.value)
    if object_arn is not None:
        bucket, slash, _ = object_arn.partition("/")
        pairs[OBJECT_NAME.value] = f"{bucket}/*" if slash else bucket
    return tuple(sorted(pairs.items()))
