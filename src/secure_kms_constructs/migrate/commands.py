"""Calls of the AWS CLI that carry out a plan, and those of the way back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from .file_names import file_name, new_file_name
from .plans import Held, Plan, Replaced

# How the AWS CLI is told to read a file.
_FILE = "file:" + "//"


def new_calls(plan: Plan) -> Iterator[str]:
    """Return the calls that make the new policies."""
    kind, name = _holder(plan)
    for policy in plan.added:
        document = f"--policy-document {_FILE}after/{new_file_name(policy)}"
        if plan.managed:
            yield f"aws iam create-policy --policy-name {policy} {document}"
            yield f"aws iam attach-{kind}-policy --{kind}-name {name} --policy-arn {plan.arn_of(policy)}"
        else:
            yield f"aws iam put-{kind}-policy --{kind}-name {name} --policy-name {policy} {document}"


def old_calls(plan: Plan) -> Iterator[str]:
    """Return the calls that take the new policies away."""
    kind, name = _holder(plan)
    for policy in plan.added:
        if plan.managed:
            yield f"aws iam detach-{kind}-policy --{kind}-name {name} --policy-arn {plan.arn_of(policy)}"
            yield f"aws iam delete-policy --policy-arn {plan.arn_of(policy)}"
        else:
            yield f"aws iam delete-{kind}-policy --{kind}-name {name} --policy-name {policy}"


def narrowing_calls(plan: Plan, replaced: Iterable[Replaced]) -> Iterator[str]:
    """Return the calls that take the use of keys out of policies.

    :param plan: of somebody who holds them.
    """
    for one in replaced:
        yield from _set(one.held, None if one.after is None else f"after/{file_name(one.held)}", plan)


def restoring_calls(plan: Plan, replaced: Collection[Replaced]) -> Iterator[str]:
    """Return the calls after which policies are what they were."""
    detached = {one.held.where for one in replaced if one.after is None and one.held.kind == "managed"}
    for one in replaced:
        if one.held.where in detached:
            of, name = ("group", one.held.group) if one.held.group else _holder(plan)
            yield f"aws iam attach-{of}-policy --{of}-name {name} --policy-arn {one.held.owner}"
        elif one.held.kind == "managed" and one.held.version:
            # IAM keeps it, and takes five versions only.
            yield (f"aws iam set-default-policy-version --policy-arn {one.held.owner} --version-id {one.held.version}")
        else:
            yield from _set(one.held, f"before/{file_name(one.held)}", plan)


def _set(held: Held, path: str | None, plan: Plan) -> Iterator[str]:
    """Return the calls after which a policy is a document; without one it says nothing any more."""
    if held.kind == "managed":
        if path is None:
            of, name = ("group", held.group) if held.group else _holder(plan)
            yield f"aws iam detach-{of}-policy --{of}-name {name} --policy-arn {held.owner}"
        else:
            given = f"--policy-arn {held.owner} --set-as-default --policy-document {_FILE}{path}"
            yield f"aws iam create-policy-version {given}"
        return
    kind, name = ("group", held.owner.rpartition("/")[2]) if held.kind == "group" else _holder(plan)
    asked = f"--{kind}-name {name} --policy-name {held.name}"
    if path is None:
        yield f"aws iam delete-{kind}-policy {asked}"
    else:
        yield f"aws iam put-{kind}-policy {asked} --policy-document {_FILE}{path}"


def _holder(plan: Plan) -> tuple[str, str]:
    return ("role" if plan.is_role else "user"), plan.name
