"""New policies within the quotas of IAM: one inline policy, or managed ones where inline ones are full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from secure_kms_constructs.account.records import Account, Identity
from secure_kms_constructs.authoring.packing import pack, size
from secure_kms_constructs.aws.facts import (
    INLINE_POLICY_CHARACTERS,
    MANAGED_POLICIES_PER_IDENTITY,
    MANAGED_POLICY_CHARACTERS,
)

from .plans import Json, Replaced

# What a new policy is called.
POLICY = "observed-key-use"


@dataclass(frozen=True)
class Added:
    """New policies of a role or user, by name.

    :param managed: whether they are managed policies.
    """

    documents: dict[str, Json]
    managed: bool = False


def fit(identity: Identity, taken: set[str], replaced: Iterable[Replaced], statements: list[Json]) -> Added:
    """Return the policies that hold statements beside what is left of others.

    :param taken: names of managed policies of the account in lower case, to which those of new ones are added.

    :raises ValueError: where neither inline policies nor managed ones have the room.
    """
    whole = _document(statements)
    after = {one.held.where: one.after for one in replaced}
    kept = [after.get(("inline", identity.arn, name), document) for name, document in identity.inline.items()]
    room = INLINE_POLICY_CHARACTERS.value[identity.kind] - sum(size(one) for one in kept if one is not None)
    if size(whole) <= room:
        return Added({next(_names(POLICY, identity.inline)): whole})
    gone = {owner for (kind, owner, _), left in after.items() if kind == "managed" and left is None}
    slots = MANAGED_POLICIES_PER_IDENTITY.value - len([one for one in identity.attached if one not in gone])
    parts = pack(statements, statements, MANAGED_POLICY_CHARACTERS.value)
    if len(parts) > slots:
        raise ValueError(
            f"the use of keys of {identity.arn} needs {len(parts)} managed policies, and IAM attaches {slots} more: "
            "plan for others with --principal, and divide the work of this one among several roles"
        )
    name = f"{POLICY}-of-{identity.kind}-{identity.arn.rpartition('/')[2]}"
    documents = {}
    for number, part in zip(_names(name, taken), parts, strict=False):
        documents[number] = _document(part)
        taken.add(number.lower())
    return Added(documents, managed=True)


def names_taken(account: Account) -> set[str]:
    """Return the names of managed policies of an account, which IAM compares without case."""
    return {arn.rpartition("/")[2].lower() for arn in account.policies}


def _document(statements: list[Json]) -> Json:
    return {"Version": "2012-10-17", "Statement": statements}


def _names(name: str, taken: Iterable[str]) -> Iterator[str]:
    """Return names that nothing has: a policy of an earlier plan must not be written over."""
    used = {one.lower() for one in taken}
    number = 1
    while True:
        one = name if number == 1 else f"{name}-{number}"
        if one.lower() not in used:
            yield one
        number += 1
