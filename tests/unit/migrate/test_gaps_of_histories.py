"""What a plan may not take from an event history that was asked key by key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import secure_kms_constructs.migrate
from secure_kms_constructs.account.records import Account, Key
from secure_kms_constructs.account.snapshots import Snapshot
from secure_kms_constructs.evidence import Observed
from tests.unit.migrate.accounts import ACCOUNT, KEYS, ONE, OTHER, READER, allow, document, observed, role, snapshot

WHY = (
    f"{READER} may use keys that the account file does not have, and the event history of eu-west-1 was asked for "
    "those that it has: log files tell of the others"
)


def alone(seen: Observed) -> Observed:
    return replace(seen, coverage=[replace(one, alone=True) for one in seen.coverage or ()])


def gaps(resource: Any, seen: Observed) -> list[str]:
    known = snapshot(role(wide=document(allow("kms:Decrypt", resource))))
    return secure_kms_constructs.migrate.plan(known, seen, accept_gap=True, no_other_regions=True).gaps


@pytest.mark.parametrize("resource", ["*", ONE.replace(ACCOUNT, "444455556666"), [ONE, ONE[:-1] + "*"], f"{ONE[:-1]}9"])
def test_keys_that_the_account_file_lacks_may_have_been_used(resource: Any) -> None:
    assert gaps(resource, alone(observed())) == [WHY]
    assert gaps(resource, observed()) == []


def test_keys_that_were_asked_for_are_no_gap() -> None:
    assert gaps(ONE, alone(observed())) == []
    assert gaps([ONE, OTHER], alone(observed())) == []


def test_files_of_the_place_tell_of_the_others() -> None:
    seen = observed()
    first, *others = seen.coverage or ()
    assert gaps("*", replace(seen, coverage=[replace(first, alone=True), *others])) == []
    unsure = [replace(one, complete=None) for one in others]
    assert WHY in gaps("*", replace(seen, coverage=[replace(first, alone=True), *unsure]))


def test_the_history_of_another_account_is_none_of_this() -> None:
    elsewhere = [
        replace(one, key=one.key.replace(ACCOUNT, "444455556666"), alone=True) for one in observed().coverage or ()
    ]
    assert gaps("*", replace(observed(), coverage=[*(observed().coverage or ()), *elsewhere])) == []


def test_the_history_of_a_key_does_not_tell_what_its_account_did_elsewhere() -> None:
    theirs = ONE.replace(ACCOUNT, "444455556666")
    roots = [f"arn:aws:iam::{one}:root" for one in (ACCOUNT, "444455556666")]
    admits = document(allow("kms:*", Principal={"AWS": roots}))
    owner = Account("444455556666", "aws", ["eu-west-1"], keys=[Key(theirs, policy=admits, grants=[])])
    caller = Account(ACCOUNT, "aws", ["eu-west-1"], identities=[role(named=document(allow("kms:Decrypt", theirs)))])
    known = Snapshot("2026-11-28T00:00:00+00:00", [owner, caller])
    why = f"{READER} may use {theirs}: log files of {ACCOUNT} in eu-west-1 alone tell whether it did"
    seen = observed(keys=[Key(theirs), KEYS[1]])
    assert secure_kms_constructs.migrate.plan(known, seen, accept_gap=True).gaps == []
    assert secure_kms_constructs.migrate.plan(known, alone(seen), accept_gap=True).gaps == [why]
