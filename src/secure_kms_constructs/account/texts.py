"""What is told of accounts, in each format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from secure_kms_constructs.policies.escapes import as_json, as_markdown, sarif_of
from secure_kms_constructs.settings import REPOSITORY

from .drift import Drift
from .needs import Need
from .remarks import Remark


def needs_as_text(needs: Iterable[Need], unread: Iterable[str] = ()) -> str:
    """Return who needs which key because of what, below who it is about; and what was not read, so that more may."""
    alike: dict[Need, list[str]] = {}
    for one in needs:
        alike.setdefault(replace(one, action=""), []).append(one.action.removeprefix("kms:"))
    by_principal: dict[str, list[str]] = {}
    for one, actions in alike.items():
        mark = {True: "", False: ", and cannot use it", None: ", and perhaps cannot use it"}[one.can]
        doubt = "" if one.may else "? "
        line = f"  {doubt}{', '.join(dict.fromkeys(actions))} {one.key} because of {one.because}{mark}"
        by_principal.setdefault(one.principal, []).append(line)
    blocks = ["\n".join([who, *dict.fromkeys(lines)]) for who, lines in by_principal.items()]
    return "\n\n".join([*blocks, *(["\n".join(f"? {one}" for one in unread)] if unread else [])])


def needs_as_data(needs: Iterable[Need]) -> list[dict[str, Any]]:
    """Return the same as JSON objects."""
    return [vars(one) for one in needs]


def remarks_as_text(remarks: Iterable[Remark]) -> str:
    """Return remarks, a line each."""
    return "\n".join(map(str, remarks))


def drift_as(drift: Drift, form: str) -> str:
    """Return what differs as ``text``, ``json``, ``markdown`` or ``sarif``."""
    if form == "json":
        return as_json(_drift_as_data(drift), indent=2)
    if form == "markdown":
        return "\n".join(_drift_as_markdown(drift))
    return as_json(_drift_as_sarif(drift), indent=2) if form == "sarif" else str(drift)


def _drift_as_data(drift: Drift) -> dict[str, Any]:
    access = [
        {
            "key": one.key,
            "principal": one.principal,
            "change": one.change.value,
            "actions": list(one.actions),
            "before": list(one.before),
            "after": list(one.after),
        }
        for one in drift.access.differences
    ]
    return {
        "access": access,
        "changes": [vars(one) for one in drift.changes],
        "unknown": list(drift.unknown),
        "documented": list(drift.documented),
    }


def _lines(drift: Drift) -> Iterator[tuple[str, str, str]]:
    """What differs, each with its kind and what it is about."""
    for one in drift.access.differences:
        yield f"access-{one.change.value}", one.key, str(one)
    for change in drift.changes:
        yield change.kind, change.about, f"{change.about} {change.text}"


def _drift_as_markdown(drift: Drift) -> Iterator[str]:
    found = list(_lines(drift))
    if not found:
        yield "Nothing differs."
    else:
        yield from ("| what | key or resource | how |", "|--|--|--|")
        for row in found:
            yield f"| {' | '.join(map(as_markdown, row))} |"
    for one in drift.unknown:
        yield f"\n? {as_markdown(one)}"
    for one in drift.documented:
        yield f"\nDocumented: {as_markdown(one)}"


def _drift_as_sarif(drift: Drift) -> dict[str, Any]:
    found = list(_lines(drift)) + [("not-read", "account", one) for one in drift.unknown]
    found += [("documented", "account", one) for one in drift.documented]
    rules = [
        {"id": kind, "name": kind, "shortDescription": {"text": _said(kind)}}
        for kind in sorted({one[0] for one in found})
    ]
    results = [
        {
            "ruleId": kind,
            "level": "note" if kind in ("not-read", "documented") else "error",
            "message": {"text": text},
            "locations": [{"logicalLocations": [{"fullyQualifiedName": about}]}],
            "partialFingerprints": {"drift/v1": f"{kind}:{about}:{text}"},
        }
        for kind, about, text in found
    ]
    driver = {
        "name": "secure-kms",
        "semanticVersion": version("secure-kms-constructs"),
        "informationUri": REPOSITORY,
        "rules": rules,
    }
    return sarif_of({"tool": {"driver": driver}, "results": results})


def _said(kind: str) -> str:
    """Return what a kind of difference is, in words."""
    if kind == "not-read":
        return "Something was not read, and may differ"
    if kind == "documented":
        return "A documented exception explains a difference"
    what, _, how = kind.partition("-")
    return f"Access to a key is {how}" if what == "access" else f"Something differs: {kind.replace('-', ' ')}"
