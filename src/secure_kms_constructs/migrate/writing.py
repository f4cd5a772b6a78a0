"""Plans as folders: what there is, what comes, and the exact way back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from .codes import code_of
from .plans import Held, Json, Migration, Plan
from .texts import as_data, as_markdown, plan_as_data, plan_as_markdown

# How the AWS CLI is told to read a file.
_FILE = "file:" + "//"
_UNSAFE = re.compile(r"[^A-Za-z0-9+=,.@_-]")


def write_migration(migration: Migration, folder: Path) -> None:
    """Write plans: a folder for each role and user, and what is common to all.

    :raises ValueError: when the folder has something in it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: name a new folder, so that no old plan is taken for a new one")
    folder.mkdir(parents=True, exist_ok=True)
    _text(folder / "plan.md", as_markdown(migration))
    _json(folder / "plan.json", as_data(migration))
    for plan in migration.plans:
        _write(plan, folder / folder_name(plan))


def folder_name(plan: Plan) -> str:
    """Return the folder of a plan: names of roles are unique in an account, and those of users beside them."""
    kind = "role" if plan.is_role else "user"
    return f"{plan.principal.split(':')[4]}-{kind}-{_safe(plan.name)}"


def _write(plan: Plan, folder: Path) -> None:
    for part in ("before", "after"):
        (folder / part).mkdir(parents=True)
    for one in plan.replaced:
        _json(folder / "before" / file_name(one.held), one.held.document)
        if one.after is not None:
            _json(folder / "after" / file_name(one.held), one.after)
    for name, document in plan.added.items():
        _json(folder / "after" / f"new-{_safe(name)}.json", document)
    for key, statements in plan.key_statements.items():
        _json(folder / "after" / f"key-policy-statements-{_safe(key.rpartition('/')[2])}.json", statements)
    _json(folder / "evidence.json", plan_as_data(plan))
    _text(folder / "plan.md", plan_as_markdown(plan))
    _text(folder / "rollback.md", "\n".join(_rollback(plan)))
    _text(folder / "apply.md", "\n".join(_apply(plan)))
    _text(folder / "construct.py", code_of(plan))


def file_name(held: Held) -> str:
    """Return the file of a policy."""
    return f"{held.kind}-{_safe(held.name)}.json"


def _apply(plan: Plan) -> Iterator[str]:
    yield f"# Carry out the plan for {plan.principal}"
    yield ""
    yield "In this order, or deploy `construct.py` in place of the first calls. A change counts after a moment."
    yield ""
    yield "```sh"
    for name in plan.added:
        yield _put(plan, name, f"after/new-{_safe(name)}.json")
    for one in plan.replaced:
        yield from _replace(one.held, None if one.after is None else f"after/{file_name(one.held)}", plan)
    yield "```"


def _rollback(plan: Plan) -> Iterator[str]:
    yield f"# The way back for {plan.principal}"
    yield ""
    yield "The documents in `before/` are exactly those that the account had. What it had comes back first, so that"
    yield "nothing fails in between. Who shares a policy here has it back with the same call."
    yield ""
    yield "```sh"
    for one in plan.replaced:
        yield from _replace(one.held, f"before/{file_name(one.held)}", plan)
    for name in plan.added:
        kind = "role" if plan.is_role else "user"
        yield f"aws iam delete-{kind}-policy --{kind}-name {plan.name} --policy-name {name}"
    yield "```"


def _put(plan: Plan, name: str, path: str) -> str:
    kind = "role" if plan.is_role else "user"
    return f"aws iam put-{kind}-policy --{kind}-name {plan.name} --policy-name {name} --policy-document {_FILE}{path}"


def _replace(held: Held, path: str | None, plan: Plan) -> Iterator[str]:
    """Return the calls after which a policy is a document; without one it says nothing any more."""
    kind = "role" if plan.is_role else "user"
    if held.kind == "inline":
        if path is None:
            yield f"aws iam delete-{kind}-policy --{kind}-name {plan.name} --policy-name {held.name}"
        else:
            yield _put(plan, held.name, path)
    elif held.kind == "group":
        group = held.owner.rpartition("/")[2]
        asked = f"--group-name {group} --policy-name {held.name}"
        if path is None:
            yield f"aws iam delete-group-policy {asked}"
        else:
            yield f"aws iam put-group-policy {asked} --policy-document {_FILE}{path}"
    elif path is None or (path.startswith("before/") and _is_detached(plan, held)):
        of, name = ("group", held.group) if held.group else (kind, plan.name)
        verb = "detach" if path is None else "attach"
        yield f"aws iam {verb}-{of}-policy --{of}-name {name} --policy-arn {held.owner}"
    else:
        yield (
            f"aws iam create-policy-version --policy-arn {held.owner} --set-as-default --policy-document {_FILE}{path}"
        )


def _is_detached(plan: Plan, held: Held) -> bool:
    return any(one.held.where == held.where and one.after is None for one in plan.replaced)


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name)


def _json(path: Path, value: Json | list[Json] | object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _text(path: Path, text: str) -> None:
    path.write_text(text + "\n", encoding="utf-8")
