"""The answer as one HTML file that needs nothing else: a matrix, a graph, and the statements behind both."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.aws.facts import CRYPTOGRAPHIC_ACTIONS
from secure_kms_constructs.templates.stacks import ANY_ACCOUNT, ANY_REGION

_STYLES = ("page", "cards", "print")
# Each uses what stands before it.
_SCRIPTS = ("data", "details", "matrix", "graph", "start")


def as_html(keys: Iterable[str], data: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """Return the page.

    :param keys: the keys that were asked about.
    :param data: the answer as JSON objects.
    :param made: what it was made from, as ``made_from`` returns it.
    """
    access = [{**line, "level": level(line)} for line in data["access"]]
    # Neither may end the script element that holds it.
    text = json.dumps({**data, "keys": list(keys), "access": access, "made": made}).replace("<", "\\u003c")
    page = _part("page.html")
    for style in _STYLES:
        page = page.replace(f"/*STYLE {style}*/", _part(f"{style}.css"))
    page = page.replace("/*SCRIPT*/", "\n".join(_part(f"{script}.js") for script in _SCRIPTS))
    # Last, so that nothing is replaced in it.
    return page.replace("/*DATA*/", text)


def made_from(access: AccessMap, path: object, at: str | None = None) -> dict[str, Any]:
    """Return what a map was made from: the path, stacks, accounts and regions; and when, and by which version.

    :param at: when it was so. By default now, or what SOURCE_DATE_EPOCH says, by which the same input gives the same
        page (https://reproducible-builds.org/specs/source-date-epoch/).
    """
    keys = [(one, one.source) for it in access.landscapes for one in it.keys]
    identities = [one.source for it in access.landscapes for one in it.identities]
    places = [one.arn.split(":")[3:5] for one, source in keys if source]
    return {
        "from": str(path),
        "stacks": sorted({one.stack for one in (*identities, *(source for _, source in keys)) if one}),
        "accounts": sorted({account for _, account in places} - {ANY_ACCOUNT}),
        "regions": sorted({region for region, _ in places} - {ANY_REGION}),
        "at": at or _now(),
        "version": version("secure-kms-constructs"),
    }


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


def _part(name: str) -> str:
    return (files(__package__) / "pages" / name).read_text(encoding="utf-8").rstrip("\n")


def _now() -> str:
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    at = datetime.fromtimestamp(int(given), timezone.utc) if given.isdigit() else datetime.now(timezone.utc)
    return at.strftime("%Y-%m-%d %H:%M UTC")
