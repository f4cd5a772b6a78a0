"""Plans as text: Markdown for reviews, JSON, and HTML that shows the same."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from secure_kms_constructs.evidence.uses import Use
from secure_kms_constructs.policies.lines import one_line

from .plans import Excepted, Json, Leaving, Migration, Plan, Replaced
from .stripping import uses_allowed

_SHOWN = 50
_WITHOUT = "without the use of keys"
# Of documented_exception.
_BY_DEFAULT = ("decrypt-on-all-keys",)


def as_markdown(migration: Migration) -> str:
    """Return all plans, the widest first."""
    return "\n".join(_lines(migration))


def plan_as_markdown(plan: Plan) -> str:
    """Return one plan."""
    return "\n".join(_plan(plan))


def as_data(migration: Migration) -> Json:
    """Return plans as JSON objects."""
    return {
        "replay": str(migration.replay),
        "period": migration.period,
        "gaps": migration.gaps,
        "left": migration.left,
        "keysLeavingDelegation": [one.key for one in _could(migration)],
        "keysStaying": {one.key: one.stays for one in migration.keys if one.stays},
        "exceptions": [asdict(one) for one in migration.exceptions],
        "plans": [plan_as_data(one) for one in migration.plans],
        "diff": [
            {"key": one.key, "principal": one.principal, "change": one.change.value, "actions": list(one.actions)}
            for one in migration.diff.differences
        ],
    }


def plan_as_data(plan: Plan) -> Json:
    """Return a plan as a JSON object."""

    def with_why(pairs: Iterable[tuple[Use, str]]) -> list[Json]:
        return [{"use": asdict(use), "why": why} for use, why in pairs]

    replaced: list[dict[str, Any]] = [
        {"policy": asdict(one.held), "after": one.after, "sharedBy": list(one.shared_by)} for one in plan.replaced
    ]
    return {
        "principal": plan.principal,
        "replay": str(plan.replay),
        "possibleBeside": list(plan.replay.beside),
        "keysToLose": plan.width,
        "needed": [asdict(use) for use in plan.needed],
        "otherwise": with_why(plan.otherwise),
        "unexplained": [asdict(use) for use in plan.unexplained],
        "configured": plan.configured,
        "review": with_why(plan.review),
        "replaced": replaced,
        "added": plan.added,
        "addedAsManaged": plan.managed,
        "keyStatements": plan.key_statements,
    }


def as_html(migration: Migration) -> str:
    """Return all plans as a page that needs nothing else."""
    text = html.escape(as_markdown(migration))
    return f'<!doctype html><meta charset="utf-8"><title>secure-kms plan</title><pre>{text}</pre>'


def as_toml(exceptions: Iterable[Excepted]) -> str:
    """Return exceptions as a file of them, which every command about accounts takes."""
    return "\n".join(
        "[[exception]]\n"
        f"resource = {json.dumps(one.principal)}\n"
        f"reason = {json.dumps(one.reason)}\n"
        f"review_by = {one.review_by}\n"
        f"rules = {json.dumps(list(one.rules))}\n"
        for one in exceptions
    ).rstrip()


def _could(migration: Migration) -> list[Leaving]:
    return [one for one in migration.keys if not one.stays]


def _documented(one: Excepted) -> str:
    """Return the call that documents an exception in the app that makes or imports a role."""
    rules = "" if one.rules == _BY_DEFAULT else f", rules={list(one.rules)!r}"
    call = f"documented_exception(role, {json.dumps(one.reason)}, {json.dumps(one.review_by)}{rules})"
    return f"{code(one.principal)}: {code(call)}"


def _lines(migration: Migration) -> Iterator[str]:
    yield "# Narrower permissions to use keys, by what was observed"
    yield ""
    yield f"{len(migration.plans)} roles and users, the widest first, by {migration.period}."
    yield f"Proof: {migration.replay}; nobody gains anything."
    if migration.gaps:
        yield from _section("The evidence is incomplete, and the plan was asked for nevertheless", migration.gaps)
    for plan in migration.plans:
        yield ""
        yield from _plan(plan)
    left = [f"{code(arn)}: {why}" for arn, why in migration.left.items()]
    yield from _section("Without a plan", left)
    yield from _section("Exceptions to document, or exceptions.toml", map(_documented, migration.exceptions))
    could = [
        f"{code(one.key)}: a HardenedKey for {len({it.principal for it in one.uses})} users"
        for one in _could(migration)
    ]
    yield from _section("Keys that could leave delegation to IAM, in keys/", could)
    stay = [f"{code(one.key)}: {one.stays}" for one in migration.keys if one.stays]
    yield from _section("Keys that have to go on leaving their use to IAM policies", stay)
    lost = [str(one) for one in migration.diff.differences]
    yield from _section("What is lost, by trying requests", [code(one) for one in lost[:_SHOWN]])
    if len(lost) > _SHOWN:
        yield f"- and {len(lost) - _SHOWN:,} more"


def _plan(plan: Plan) -> Iterator[str]:
    yield f"## {code(plan.principal)}"
    yield ""
    yield f"Could use {plan.width} keys that it was not seen to need. {plan.replay}."
    changes = [_change(one) for one in plan.replaced]
    changes += [f"new {'managed' if plan.managed else 'inline'} policy {code(name)}" for name in plan.added]
    yield from _section("Changes", changes, "###")
    yield from _section("Needed, by evidence", [_use(one) for one in plan.needed], "###")
    yield from _section("Seen, and no statement", [f"{_use(use)}: {why}" for use, why in plan.otherwise], "###")
    yield from _section("Seen, and refused by today's policies", [_use(one) for one in plan.unexplained], "###")
    yield from _section("Look at these first", [f"{_use(use)}: {why}" for use, why in plan.review], "###")
    beside = [code(one) for one in plan.replay.beside[:_SHOWN]]
    yield from _section("Possible whatever its policies say, by the key's policy or a grant", beside, "###")
    yield from _section("Configured, and never seen", [code(one) for one in plan.configured], "###")


def _change(one: Replaced) -> str:
    held = one.held
    version = (f" ({held.version})" if held.version else "") + (f" of group {code(held.group)}" if held.group else "")
    shared = f", also for {len(one.shared_by)} others, which have plans" if one.shared_by else ""
    going = "; ".join(
        f"{code(', '.join(actions))} on {code(', '.join(on))}" for actions, on in uses_allowed(held.document)
    )
    after = "gone" if one.after is None else _WITHOUT
    return f"{held.kind} policy {code(held.name)}{version}: {after}{shared}; it allowed {going}"


def _section(title: str, lines: Iterable[str], level: str = "##") -> Iterator[str]:
    found = list(lines)
    if found:
        yield from ("", f"{level} {title}", "", *(f"- {one}" for one in found))


def _use(use: Use) -> str:
    via = use.via or ("directly" if use.direct else f"by {use.service}")
    context = "any encryption context" if use.context is None else _context(use.context)
    return f"{code(use.action)} {code(use.key or '-')} {via}{f', {context}' if context else ''} ({use.count} calls)"


def _context(context: dict[str, str | None]) -> str:
    return ", ".join(code(f"{name} = {'any' if value is None else value}") for name, value in context.items())


def code(text: str) -> str:
    """Return a text as code in Markdown, of which nothing is markup."""
    line = one_line(text)
    ticks = "`" * (1 + max((len(one) for one in line.split("`") if not one), default=0) + line.count("`"))
    return f"{ticks} {line} {ticks}" if "`" in line else f"`{line}`"
