"""The map of an account in each format: who can use which key, what each role needs, and what is to be said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.access.names import find
from secure_kms_constructs.account import grant_reviews, read_snapshot
from secure_kms_constructs.account.documented import documented, holds, remarked, said
from secure_kms_constructs.account.needs import Needs
from secure_kms_constructs.account.remarks import Remark, remarks_of
from secure_kms_constructs.account.texts import (
    needs_as_data,
    needs_as_text,
    remarks_as_text,
)
from secure_kms_constructs.policies.escapes import as_markdown

from . import formats, security_hubs


@dataclass(frozen=True)
class Question:
    """What is asked of an account.

    :param key: only this key.
    :param principal: only this role or user.
    :param actions: only these KMS actions.
    :param exceptions: where it is documented what the account may have.
    :param security_hub: whether the open findings of Security Hub are told too.
    :param grants: whether each grant is reviewed.
    """

    key: str | None = None
    principal: str | None = None
    actions: Sequence[str] | None = None
    security_hub: bool = False
    grants: bool = False
    exceptions: Sequence[Path] = ()


def write(path: Path, question: Question, form: str, *, to_terminal: bool) -> str:
    """Return the map of an account file.

    :raises ValueError: when it is no account file, or has no such key or principal.
    """
    snapshot = read_snapshot(path)
    access = AccessMap.from_account(snapshot)
    named = question.principal
    who = find(named, "principal", {one: one for one in access.principals}, {}) if named else None
    report = formats.report(access, question.key, list(question.actions) if question.actions else None, who)
    needs = Needs(snapshot)
    keys = report.keys if question.key else None
    asked = [one for one in needs.all if who in (None, one.principal) and (keys is None or one.key in keys)]
    known, today = documented(question.exceptions, snapshot), date.today()
    told = [one for one in remarked(remarks_of(snapshot, needs), known, snapshot, today) if _is_about(one, who, keys)]
    more: dict[str, Any] = {"needs": needs_as_data(asked), "remarks": [vars(one) for one in told]}
    more["needsUnread"] = list(needs.unread)
    if question.exceptions:
        more["exceptions"] = [vars(one) | {"ended": not holds(one, today)} for one in known]
    if question.security_hub:
        more |= security_hubs.as_data([snapshot])
    if question.grants:
        more |= grant_reviews.as_data(snapshot, keys, who)
    if form == "json":
        return json.dumps(formats.as_data(report) | more, indent=2)
    sections = {
        "WHO NEEDS WHICH KEY": needs_as_text(asked, needs.unread),
        "GRANTS": grant_reviews.as_text(snapshot, keys, who) if question.grants else "",
        "REMARKS": remarks_as_text(told),
        "DOCUMENTED EXCEPTIONS": "\n".join(sorted(f"{one.path}: {said(one, today)}" for one in known)),
        "SECURITY HUB": security_hubs.as_text(snapshot) if question.security_hub else "",
    }
    if form == "html":
        from .page import as_html, made_from

        lines = {title.capitalize(): list(filter(None, text.split("\n"))) for title, text in sections.items() if text}
        # Its stacks are accounts.
        made = made_from(access, path, snapshot.made) | {"stacks": []}
        return as_html(report.keys, formats.as_data(report) | {"sections": lines}, made)
    whole = formats.write(report, form, to_terminal=to_terminal)
    return "\n\n".join([whole, *_sections(sections, form)])


def _sections(sections: dict[str, str], form: str) -> Iterator[str]:
    for title, text in sections.items():
        if text and form == "markdown":
            lines = (f"- {as_markdown(line.strip())}" for line in text.split("\n") if line)
            yield "\n".join([f"## {title.capitalize()}", "", *lines])
        elif text:
            yield f"{title}\n\n{text}"


def _is_about(remark: Remark, who: str | None, keys: tuple[str, ...] | None) -> bool:
    if who is not None:
        return who == remark.about or who in remark.text
    return keys is None or any(key == remark.about or key in remark.text for key in keys)
