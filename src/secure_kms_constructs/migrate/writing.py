"""Plans as folders: what there is, what comes, and the exact way back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from .codes import code_of
from .commands import narrowing_calls, new_calls, old_calls, restoring_calls
from .file_names import file_name, folder_name, key_name, new_file_name, safe
from .key_codes import code_of_key
from .plans import Json, Migration, Plan, Replaced
from .texts import as_data, as_markdown, as_toml, plan_as_data, plan_as_markdown

_SHARED = "shared"


def write_migration(migration: Migration, folder: Path) -> None:
    """Write plans: a folder for each role and user, and what is common to all.

    :raises ValueError: when the folder has something in it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: name a new folder, so that no old plan is taken for a new one")
    folder.mkdir(parents=True, exist_ok=True)
    _text(folder / "plan.md", as_markdown(migration))
    _json(folder / "plan.json", as_data(migration))
    if migration.exceptions:
        _text(folder / "exceptions.toml", as_toml(migration.exceptions))
    for plan in migration.plans:
        _write(plan, folder / folder_name(plan))
    for account in sorted({one.account for one in migration.plans}):
        _write_shared([one for one in migration.plans if one.account == account], folder / _SHARED / account)
    for one in migration.keys:
        if not one.stays:
            (folder / "keys").mkdir(exist_ok=True)
            _text(
                folder / "keys" / f"{safe(one.key.replace(':', '-').replace('/', '-'))}.py", code_of_key(one).rstrip()
            )


def _write(plan: Plan, folder: Path) -> None:
    own = [one for one in plan.replaced if not one.is_common]
    common = [one for one in plan.replaced if one.is_common]
    _documents(plan.replaced, folder)
    for name, document in plan.added.items():
        _json(folder / "after" / new_file_name(name), document)
    for key, statements in plan.key_statements.items():
        _json(folder / "after" / f"key-policy-statements-{key_name(key)}.json", statements)
    _json(folder / "evidence.json", plan_as_data(plan))
    _text(folder / "plan.md", plan_as_markdown(plan))
    back = _page(
        f"# The way back for {plan.principal}",
        _BACK + (_for(plan, _SHARED_BACK) if common else ()),
        [*restoring_calls(plan, own), *old_calls(plan)],
    )
    _text(folder / "rollback.md", back)
    there = _page(
        f"# Carry out the plan for {plan.principal}",
        _THERE + (_for(plan, _SHARED_THERE) if common else ()),
        [*new_calls(plan), *narrowing_calls(plan, own)],
    )
    _text(folder / "apply.md", there)
    _text(folder / "construct.py", code_of(plan))


_THERE: tuple[str, ...] = (
    "In this order, or deploy `construct.py` in place of the first calls. A change counts after a moment.",
)
_BACK: tuple[str, ...] = (
    "The documents in `before/` are exactly those that the account had. What it had comes back first, so that",
    "nothing fails in between.",
)
_SHARED_THERE = (
    "",
    "Others hold some of its policies too. `../shared/{account}/apply.md` narrows those, once all of them are here.",
)
_SHARED_BACK = ("", "Others hold some of its policies too: `../shared/{account}/rollback.md` comes before this.")


def _write_shared(plans: Iterable[Plan], folder: Path) -> None:
    """Write the changes of policies that several hold: once, after each of them has its new policies."""
    found = {(one.held.where, one.held.group): (plan, one) for plan in plans for one in plan.replaced if one.is_common}
    if not found:
        return
    _documents([one for _, one in found.values()], folder)
    holders = sorted({who for plan, one in found.values() for who in (plan.principal, *one.shared_by)})
    first = [
        "After `apply.md` of all of these, who lose what they use otherwise:",
        "",
        *(f"- {one}" for one in holders),
    ]
    there = [call for plan, one in found.values() for call in narrowing_calls(plan, [one])]
    back = [call for plan, one in found.values() for call in restoring_calls(plan, [one])]
    _text(folder / "apply.md", _page("# Narrow the policies that several hold", first, there))
    before = ["Before `rollback.md` of any who hold them. What comes back here allows what it did to all of them."]
    _text(folder / "rollback.md", _page("# The way back for policies that several hold", before, back))


def _for(plan: Plan, lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one.format(account=plan.account) for one in lines)


def _page(title: str, lines: Iterable[str], calls: Iterable[str]) -> str:
    made = list(calls)
    return "\n".join([title, "", *lines, *_versions(made), "", "```sh", *made, "```"])


def _versions(calls: Iterable[str]) -> Iterator[str]:
    if any("create-policy-version" in one for one in calls):
        yield ""
        yield "IAM keeps five versions of a managed policy: where there are five, delete the oldest first"
        yield "(`aws iam list-policy-versions`, `aws iam delete-policy-version`), and never the one in force."


def _documents(replaced: Iterable[Replaced], folder: Path) -> None:
    for part in ("before", "after"):
        (folder / part).mkdir(parents=True)
    for one in replaced:
        name = file_name(one.held)
        if (folder / "before" / name).exists() and json.loads(
            (folder / "before" / name).read_text()
        ) != one.held.document:
            raise ValueError(f"two policies would be one file, {name}: plan for one of their holders with --principal")
        _json(folder / "before" / name, one.held.document)
        if one.after is not None:
            _json(folder / "after" / name, one.after)


def _json(path: Path, value: Json | list[Json] | object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _text(path: Path, text: str) -> None:
    path.write_text(text + "\n", encoding="utf-8")
