"""Identity policies without the permission to use keys. What they say of managing keys stays, spelled out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure_kms_constructs.authoring.reading import listed, meant, statements_in
from secure_kms_constructs.aws.cloudtrail import KEYLESS_OPERATIONS
from secure_kms_constructs.aws.facts import KEY_ACTIONS, USE_ACTIONS

from .plans import Json

_OTHER_ACTIONS = sorted((KEY_ACTIONS.value | {f"kms:{one}" for one in KEYLESS_OPERATIONS.value}) - USE_ACTIONS)


def _word(action: str) -> str:
    """Return an action up to the end of its first word, such as ``kms:Describe``."""
    return re.match(r"kms:[A-Z][a-z]*", action)[0]  # type: ignore[index]


_USING = {_word(action) for action in USE_ACTIONS}
_BY_WORD: dict[str, list[str]] = {}
for _action in _OTHER_ACTIONS:
    _BY_WORD.setdefault(_word(_action), []).append(_action)


class EverythingError(ValueError):
    """A policy that allows the use of keys along with other services, in words that cannot be taken apart."""


def allows_use(document: object) -> bool:
    """Tell whether a policy allows to use keys."""
    return any(_takes(statement) for statement in statements_in(document))


def uses_allowed(document: object) -> list[tuple[list[str], list[str]]]:
    """Return what a policy says of the use of keys: actions and resources of each statement that allows some."""
    return [
        (
            [one for one in _texts(statement.get("Action")) if meant(one, USE_ACTIONS)],
            _texts(statement.get("Resource")),
        )
        for statement in statements_in(document)
        if _takes(statement)
    ]


def stripped(document: object) -> Json | None:
    """Return a policy without the permission to use keys; None where nothing is left.

    :raises EverythingError: where it is in one word with the permission to do other things.
    """
    if not isinstance(document, dict):
        raise EverythingError("is no policy document")
    kept = [left for statement in statements_in(document) if (left := _without_use(statement)) is not None]
    if not kept:
        return None
    return {**document, "Statement": kept}


# Stands for regions that a pattern does not tell.
EVERY = "every region"


def reached_regions(document: object) -> set[str]:
    """Return the regions of the keys whose use a policy allows."""
    found = set()
    for statement in statements_in(document):
        if _takes(statement):
            resources = _texts(statement.get("Resource"))
            parts = [one.split(":") for one in resources]
            found |= {one[3] if len(one) > 3 and not set(one[3]) & set("*?$") else EVERY for one in parts}
            if not resources:
                found.add(EVERY)
    return found


def reached_keys(document: object) -> set[str]:
    """Return the keys whose use a policy allows, as it names them: ARNs and patterns."""
    taken = [statement for statement in statements_in(document) if _takes(statement)]
    return {text for one in taken for text in _texts(one.get("Resource")) or [EVERY]}


def _takes(statement: Json) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    if "NotAction" in statement:
        return meant(statement["NotAction"], USE_ACTIONS) != USE_ACTIONS
    return bool(meant(statement.get("Action"), USE_ACTIONS))


def _without_use(statement: Json) -> Json | None:
    if not _takes(statement):
        return statement
    if "NotAction" in statement:
        raise EverythingError("allows all actions but some (NotAction)")
    kept = [left for one in _texts(statement["Action"]) for left in _split(one)]
    return {**statement, "Action": list(dict.fromkeys(kept))} if kept else None


def _split(pattern: str) -> Iterator[str]:
    """Return what is left of an action or pattern without the use of keys."""
    if not meant(pattern, USE_ACTIONS):
        yield pattern
    elif not pattern.lower().startswith("kms:"):
        raise EverythingError(f"allows {pattern}")
    else:
        for word, actions in _BY_WORD.items():
            left = sorted(meant(pattern, actions))
            # A "?" would match the star of the shorter pattern, which means more.
            shorter = len(actions) > 1 and word not in _USING and "?" not in pattern and meant(pattern, [f"{word}*"])
            yield from [f"{word}*"] if shorter else left


def _texts(value: object) -> list[str]:
    return [one for one in listed(value) if isinstance(one, str)]
