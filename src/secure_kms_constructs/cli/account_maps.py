"""The map of an account in each format: who can use which key, what each role needs, and what is to be said."""

from __future__ import annotations

import json
from pathlib import Path

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.access.names import find
from secure_kms_constructs.account import read_snapshot
from secure_kms_constructs.account.needs import Needs
from secure_kms_constructs.account.remarks import Remark, remarks_of
from secure_kms_constructs.account.texts import needs_as_data, needs_as_text, remarks_as_text

from . import formats


def write(
    path: Path, key: str | None, principal: str | None, actions: list[str] | None, form: str, *, to_terminal: bool
) -> str:
    """Return the map of an account file.

    :param key: only this key.
    :param principal: only this role or user.
    :param actions: only these KMS actions.
    :raises ValueError: when it is no account file, or has no such key or principal.
    """
    snapshot = read_snapshot(path)
    access = AccessMap.from_account(snapshot)
    who = find(principal, "principal", {one: one for one in access.principals}, {}) if principal else None
    report = formats.report(access, key, actions, who)
    if form in ("table", "markdown", "html"):
        return formats.write(report, form, to_terminal=to_terminal)
    needs = Needs(snapshot)
    asked = [one for one in needs.all if who in (None, one.principal) and (not key or one.key in report.keys)]
    told = [one for one in remarks_of(snapshot, needs) if _is_about(one, who, report.keys if key else None)]
    if form == "json":
        whole = formats.as_data(report) | {"needs": needs_as_data(asked), "remarks": [vars(one) for one in told]}
        return json.dumps(whole, indent=2)
    parts = {"": formats.write(report, form, to_terminal=to_terminal)}
    parts["WHO NEEDS WHICH KEY"] = needs_as_text(asked)
    parts["REMARKS"] = remarks_as_text(told)
    return "\n\n".join(f"{title}\n\n{text}".strip() for title, text in parts.items() if text)


def _is_about(remark: Remark, who: str | None, keys: tuple[str, ...] | None) -> bool:
    if who is not None:
        return who == remark.about or who in remark.text
    return keys is None or any(key == remark.about or key in remark.text for key in keys)
