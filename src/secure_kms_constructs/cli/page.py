"""The answer as one HTML file that needs nothing else: a matrix, a graph, and the statements behind both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from secure_kms_constructs.aws.facts import CRYPTOGRAPHIC_ACTIONS

_PLACE = "/*DATA*/"


def as_html(keys: Iterable[str], data: Mapping[str, Any]) -> str:
    """Return the page.

    :param keys: the keys that were asked about.
    :param data: the answer as JSON objects.
    """
    access = [{**line, "level": level(line)} for line in data["access"]]
    # Neither may end the script element that holds it.
    text = json.dumps({**data, "keys": list(keys), "access": access}).replace("<", "\\u003c")
    return files(__package__).joinpath("page.html").read_text(encoding="utf-8").replace(_PLACE, text)


def level(line: Mapping[str, Any]) -> str:
    """Return how alarming a line is.

    ``alarm`` is anyone who is not listed, ``unknown`` somebody who might, ``wide`` use of the key without limits or
    within a wildcard; ``narrow`` is use within limits, and ``owner`` all who only manage the key, and its root user.
    """
    if line["kind"] == "outsider":
        return "alarm"
    if line["allowed"] is None:
        return "unknown"
    if line["kind"] == "root" or not CRYPTOGRAPHIC_ACTIONS.intersection(line["actions"]):
        return "owner"
    return "wide" if not line["circumstances"] or "*" in line["circumstances"] else "narrow"
