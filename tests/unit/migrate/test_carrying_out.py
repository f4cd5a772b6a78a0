"""The pages of plans, carried out: the account is then the one that was proved, and afterwards what it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.account.records import Account, Identity
from secure_kms_constructs.account.snapshots import Snapshot
from secure_kms_constructs.migrate import Migration
from secure_kms_constructs.migrate.holdings import Holdings, with_plans
from secure_kms_constructs.migrate.writing import write_migration
from tests.unit.migrate.accounts import (
    ACCOUNT,
    ONE,
    OTHER,
    WIDE,
    allow,
    document,
    group,
    observed,
    plan,
    role,
    role_arn,
    snapshot,
    use,
)
from tests.unit.migrate.carrying_out import Iam, carry_out, take_back

POLICY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/team/Wide"
MIXED = document(allow(["kms:Decrypt", "s3:GetObject"]))
MANAGES = document(allow("kms:*", ONE), allow("kms:*", OTHER, Condition={"Bool": {"aws:SecureTransport": "true"}}))
MANAGED = {POLICY_ARN: WIDE}
EARLIER = document(allow("kms:Decrypt", ONE))


def user(name: str, *groups: str, **more: Any) -> Identity:
    return Identity(f"arn:aws:iam::{ACCOUNT}:user/{name}", "user", groups=list(groups), **more)


MANY = [use(secret=f"{'x' * 100}{one}") for one in range(80)]
WORLDS: dict[str, tuple[Snapshot, list[Any]]] = {
    "inline policies": (snapshot(role(wide=WIDE, mixed=MIXED, manages=MANAGES)), [use()]),
    "a policy of an earlier plan": (snapshot(role(wide=WIDE, **{"observed-key-use": EARLIER})), [use()]),
    "somebody else's policy of that name": (
        snapshot(role(wide=WIDE, **{"observed-key-use": document(allow("s3:GetObject"))})),
        [use()],
    ),
    "a managed policy": (snapshot(role("Reader", POLICY_ARN), policies={POLICY_ARN: MIXED}), [use()]),
    "a managed policy whose version is known": (
        snapshot(role("Reader", POLICY_ARN), policies={POLICY_ARN: MIXED}, versions={POLICY_ARN: "v1"}),
        [use()],
    ),
    "a managed policy of which nothing is left": (
        snapshot(role("Reader", POLICY_ARN), policies={POLICY_ARN: WIDE}),
        [use()],
    ),
    "a managed policy of seven roles": (
        snapshot(*(role(f"R{one}", POLICY_ARN) for one in range(7)), policies={POLICY_ARN: MIXED}),
        [use(principal=role_arn(f"R{one}")) for one in range(7)],
    ),
    "a managed policy that is detached from two roles": (
        snapshot(role("A", POLICY_ARN), role("B", POLICY_ARN), policies={POLICY_ARN: WIDE}),
        [use(principal=role_arn("A"))],
    ),
    "policies of groups with one name": (
        snapshot(
            user("al", "g0", "g1"),
            groups=[group("g0", keys=document(allow("kms:Decrypt", ONE))), group("g1", keys=MIXED)],
        ),
        [],
    ),
    "a policy of a group of two": (
        snapshot(
            user("al", "g0"),
            user("bo", "g0"),
            groups=[group("g0", POLICY_ARN, keys=MIXED)],
            policies={POLICY_ARN: WIDE},
        ),
        [],
    ),
    "a managed policy of a user and of its group": (
        snapshot(
            user("al", "g0", attached=[POLICY_ARN]), groups=[group("g0", POLICY_ARN)], policies={POLICY_ARN: WIDE}
        ),
        [],
    ),
    "more than fits inline": (snapshot(role(wide=WIDE)), MANY),
    "new managed policies of roles whose names go on": (
        snapshot(role("a", wide=WIDE), role("a-2", wide=WIDE), role("A-3", wide=WIDE)),
        [replace(one, principal=role_arn(name)) for name in ("a", "a-2", "A-3") for one in MANY],
    ),
    "a managed policy of the name of a new one": (
        snapshot(
            role(wide=WIDE),
            policies={
                f"arn:aws:iam::{ACCOUNT}:policy/observed-key-use-of-role-Reader": document(allow("s3:GetObject"))
            },
        ),
        MANY,
    ),
}


def held(account: Account) -> dict[str, list[str]]:
    """Return the documents that each role and user has."""
    holdings = Holdings(account)
    return {
        one.arn: sorted({json.dumps(it.document, sort_keys=True) for it in holdings.of(one)})
        for one in account.identities
    }


def proved(account: Account, migration: Migration) -> Account:
    added = {one.principal: one.added for one in migration.plans}
    return with_plans(account, Holdings(account).replaced, added)


@pytest.mark.parametrize("name", WORLDS)
def test_the_pages_make_what_was_proved_and_restore_what_was(name: str, tmp_path: Path) -> None:
    known, uses = WORLDS[name]
    migration = plan(known, observed(*uses))
    write_migration(migration, tmp_path)
    [account] = known.accounts
    iam = Iam(account)
    carry_out(iam, tmp_path)
    assert held(iam.account()) == held(proved(account, migration))
    assert held(iam.account()) != held(account)
    take_back(iam, tmp_path)
    after = iam.account()
    assert held(after) == held(account)
    assert {one.arn: (one.inline, set(one.attached)) for one in (*after.identities, *after.groups)} == {
        one.arn: (one.inline, set(one.attached)) for one in (*account.identities, *account.groups)
    }
    assert after.policies == account.policies


def test_what_several_hold_is_changed_once_and_last(tmp_path: Path) -> None:
    known, uses = WORLDS["a managed policy of seven roles"]
    write_migration(plan(known, observed(*uses)), tmp_path)
    pages = [one.read_text() for one in tmp_path.glob("*-role-*/apply.md")]
    assert len(pages) == 7
    assert not any("create-policy-version" in one for one in pages)
    assert all(f"`../shared/{ACCOUNT}/apply.md`" in one for one in pages)
    shared = (tmp_path / "shared" / ACCOUNT / "apply.md").read_text()
    assert shared.count("create-policy-version --policy-arn") == 1
    assert all(f"- {role_arn(f'R{one}')}" in shared for one in range(7))
    assert "IAM keeps five versions" in shared


def test_two_policies_are_never_one_file(tmp_path: Path) -> None:
    odd = {"a/b": WIDE, "a:b": MIXED}
    with pytest.raises(ValueError, match=r"two policies would be one file, inline-a_b\.json"):
        write_migration(plan(snapshot(role(**odd)), observed()), tmp_path)


def test_policies_of_two_accounts_are_apart(tmp_path: Path) -> None:
    partner = "444455556666"
    accounts = [
        Account(
            number,
            "aws",
            ["eu-west-1"],
            identities=[Identity(f"arn:aws:iam::{number}:role/{one}", "role", attached=[arn]) for one in "ab"],
            policies={arn: document(allow(["kms:Decrypt", other]))},
        )
        for number, other in ((ACCOUNT, "s3:Get*"), (partner, "s3:Put*"))
        for arn in [f"arn:aws:iam::{number}:policy/kms"]
    ]
    migration = plan(Snapshot("2026-11-28T00:00:00+00:00", accounts), observed(keys=[]))
    write_migration(migration, tmp_path)
    for number, other in ((ACCOUNT, "s3:Get*"), (partner, "s3:Put*")):
        folder = tmp_path / "shared" / number
        assert other in (folder / "after" / "managed-kms.json").read_text()
        assert (folder / "apply.md").read_text().count("create-policy-version --policy-arn") == 1
        assert number in (folder / "apply.md").read_text()
