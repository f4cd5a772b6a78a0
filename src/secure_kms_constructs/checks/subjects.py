"""What a finding is about, named where the message of its rule begins with what is wrong: "the key is not rotated"."""

from __future__ import annotations

import re

from secure_kms_constructs.templates.keys import KEY_TYPES

# How a message begins that does not say what it is about.
_PREDICATES = frozenset(
    {
        *("admits", "allows", "asks", "denies", "does", "encrypts", "has", "holds", "is", "leaves", "lets", "makes"),
        *("may", "names", "skips"),
    }
)
_POLICIES = frozenset({"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"})
_PLACES = (
    (re.compile(r"Statement\b"), "the statement"),
    (re.compile(r"KeyPolicy$"), "the key policy"),
    (re.compile(r"Replica\w*\[\d+\]$"), "the replica"),
)
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def with_subject(message: str, location: str, kind: str) -> str:
    """Return a message as a whole sentence.

    :param location: the place in the resource.
    :param kind: the type of the resource; nothing where it is not known.
    """
    if message.partition(" ")[0] not in _PREDICATES or not (location or kind):
        return message
    named = (name for pattern, name in _PLACES if pattern.search(location))
    return f"{next(named, _thing(kind))} {message}"


def _thing(kind: str) -> str:
    if kind in KEY_TYPES:
        return "the key"
    return (
        "the policy" if kind in _POLICIES else f"the {_WORDS.sub(' ', kind.rpartition(':')[2]).lower() or 'resource'}"
    )
