"""What is observed, with and without an account file, and kept in a file."""

from __future__ import annotations

import gzip
import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from secure_kms_constructs.account.records import Account, Identity, Key, Usage
from secure_kms_constructs.account.snapshots import Snapshot
from secure_kms_constructs.evidence import Observed, observe, observing, read_uses, write_uses
from secure_kms_constructs.evidence.texts import report
from tests.unit.evidence.samples import (
    ACCOUNT,
    ADMIN,
    ALICE,
    KEY,
    OTHER_KEY,
    SAMPLES,
    SECRET,
    asked,
    event,
    session,
    user,
    without_issuer,
)

EXAMPLE = Path(__file__).parents[3] / "examples" / "observed_uses.py"
PATHED = f"arn:aws:iam::{ACCOUNT}:role/team/Admin"
GONE = f"arn:aws:iam::{ACCOUNT}:role/Gone"


def snapshot(*roles: str, keys: tuple[str, ...] = (KEY,), event_id: str | None = None) -> Snapshot:
    usage = Usage("2026-01-01T00:00:00+00:00", "Decrypt", "2026-05-20T20:45:00+00:00", event_id)
    account = Account(
        ACCOUNT,
        "aws",
        ["us-west-2"],
        identities=[Identity(one, "role") for one in roles],
        keys=[Key(one, last_usage=usage if event_id else None) for one in keys],
    )
    return Snapshot("2026-05-21T00:00:00+00:00", [account])


def trail(folder: Path, *records: object, name: str = "trail.json") -> str:
    (folder / name).write_text(json.dumps({"Records": records}))
    return str(folder)


def test_an_account_file_tells_the_path_of_a_role(tmp_path: Path) -> None:
    source = trail(tmp_path, event("Decrypt", without_issuer(by="ssm.amazonaws.com")))
    assert [one.principal for one in observe([source]).uses] == [ADMIN]
    assert [one.principal for one in observe([source], snapshot=snapshot(PATHED)).uses] == [PATHED]
    # A role of that name without a path is there: it is that one.
    assert [one.principal for one in observe([source], snapshot=snapshot(ADMIN, PATHED)).uses] == [ADMIN]


def test_a_role_told_with_and_without_its_path_is_one(tmp_path: Path) -> None:
    with_issuer = event("Decrypt", session(path="/team/"), eventID="other")
    source = trail(tmp_path, event("Decrypt", without_issuer()), with_issuer)
    assert [one.count for one in observe([source]).uses] == [1, 1]
    assert [one.count for one in observe([source], snapshot=snapshot(PATHED)).uses] == [2]


def test_who_was_renamed_is_told_by_the_id_that_stays(tmp_path: Path) -> None:
    now = f"arn:aws:iam::{ACCOUNT}:user/moved/Bob"
    source = trail(tmp_path, event("Decrypt", user()), event("Encrypt", session("Old"), eventID="other"))
    [account] = snapshot(PATHED).accounts
    role, moved = Identity(PATHED, "role", id="AROAIGDT3HGFQZX4RY6RU"), Identity(now, "user", id="AIDAEXAMPLE")
    known = Snapshot("2026-05-21T00:00:00+00:00", [replace(account, identities=[role, moved])])
    whole = json.dumps({"Records": [event("Decrypt", user()), event("Encrypt", session("Old"), eventID="o")]})
    Path(tmp_path / "trail.json").write_text(whole.replace("EX_PRINCIPAL_ID", "AIDAEXAMPLE"))
    assert {one.principal for one in observe([source], snapshot=known).uses} == {PATHED, now}
    other = replace(moved, id="AIDAANOTHER")
    known = Snapshot("2026-05-21T00:00:00+00:00", [replace(account, identities=[role, other])])
    assert {one.principal for one in observe([source], snapshot=known).uses} == {PATHED, ALICE}


def test_a_role_that_was_made_anew_is_one(tmp_path: Path) -> None:
    whole = json.dumps({"Records": [event("Decrypt", session()), event("Decrypt", session(), eventID="other")]})
    (tmp_path / "trail.json").write_text(whole.replace("AROAIGDT3HGFQZX4RY6RU", "AROAANOTHER", 1))
    assert [one.count for one in observe([str(tmp_path)]).uses] == [2]


def test_roles_and_keys_that_are_not_there_are_named(tmp_path: Path) -> None:
    by_user = event("Decrypt", user(), keys=(OTHER_KEY,))
    source = trail(tmp_path, event("Decrypt", session()), event("Decrypt", session("Gone")), by_user)
    found = observe([source], snapshot=snapshot(ADMIN, f"arn:aws:iam::{ACCOUNT}:user/Alice")).evidence
    assert (found.gone, found.unknown_keys) == ([GONE], [OTHER_KEY])
    without = observe([source]).evidence
    assert (without.gone, without.unknown_keys) == (None, None)


def test_root_is_no_role_that_is_gone(tmp_path: Path) -> None:
    root = {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
    assert observe([trail(tmp_path, event("Decrypt", root))], snapshot=snapshot()).evidence.gone == []


def test_the_event_by_which_a_key_was_used_last_is_looked_for(tmp_path: Path) -> None:
    source = trail(tmp_path, event("Decrypt", session()))
    there, other = event("Decrypt", session())["eventID"], "another"
    assert observe([source], snapshot=snapshot(event_id=there)).evidence.wanted == [there]
    assert observe([source], snapshot=snapshot(event_id=other)).evidence.wanted == []


def many(folder: Path) -> None:
    for number, sample in enumerate(SAMPLES):
        for copy in range(2):
            record = sample.record | {"eventID": f"{number}-{copy}"}
            path = folder / f"{ACCOUNT}_CloudTrail_us-west-2_20260520T20{number:02d}Z_{copy}.json.gz"
            path.write_bytes(gzip.compress(json.dumps({"Records": [record]}).encode()))


def test_processes_beside_each_other_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many(tmp_path)
    alone = observe([str(tmp_path)])
    monkeypatch.setattr(observing, "_WORTH_BYTES", 0)
    told: list[str] = []
    beside = observe([str(tmp_path)], processes=2, progress=told.append)
    assert comparable(beside) == comparable(alone)
    assert told[-1] == f"{len(told)} of {len(told)} parts read, {alone.evidence.kms_events} events of KMS"
    assert alone.evidence.deliveries[0].days == ["2026-05-20"]


def comparable(found: Observed) -> Observed:
    """Return what was found without the order in which things were met."""
    problems = sorted(found.evidence.problems, key=lambda one: one.what)
    evidence = replace(found.evidence, problems=[replace(one, where=[]) for one in problems])
    return replace(found, evidence=evidence, uses=[replace(one, events=[]) for one in found.uses])


def test_the_same_trail_twice_changes_counts_above_three_alone(tmp_path: Path) -> None:
    many(tmp_path)
    once = observe([str(tmp_path)])
    again = tmp_path / "again"
    again.mkdir()
    whole = [one.record | {"eventID": f"{place}-{copy}"} for place, one in enumerate(SAMPLES) for copy in (0, 1)]
    trail(again, *whole)
    twice = observe([str(tmp_path)])
    assert [replace(one, count=0) for one in twice.uses] == [replace(one, count=0) for one in once.uses]
    assert [one.count for one in twice.uses if one.count <= 3] == [one.count for one in once.uses if one.count <= 3]
    assert any(one.count <= 3 for one in once.uses)
    assert twice.evidence.events == 2 * once.evidence.events


def test_it_is_kept_and_read(tmp_path: Path) -> None:
    many(tmp_path)
    found = observe([str(tmp_path)], snapshot=snapshot(ADMIN))
    write_uses(found, tmp_path / "uses")
    assert read_uses(tmp_path / "uses") == found


def test_a_file_that_is_not_as_it_was_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "uses.json"
    write_uses(observe([trail(tmp_path, event("Decrypt", session()))]), path)
    text = path.read_text()
    for changed, why in (
        (text.replace("kms:Decrypt", "kms:Encrypt"), "was changed since it was made"),
        (text[:-9], "its JSON is cut off or broken"),
        ("[]", "it has no kind 'secure-kms uses'"),
        (
            text.replace('"format": 1', '"format": 2'),
            "has format 2 and this version reads up to 1: install a newer",
        ),
    ):
        path.write_text(changed)
        with pytest.raises(ValueError, match=why):
            read_uses(path)
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        read_uses(tmp_path / "other.json")


def test_the_report_says_what_was_read_and_what_was_not(tmp_path: Path) -> None:
    context = {"SecretARN": SECRET, "SecretVersionId": "v"}
    records = [
        event("Decrypt", session(by="secretsmanager.amazonaws.com"), **asked(context)),
        event("Decrypt", session(by="states.amazonaws.com"), eventID="2"),
        event("Decrypt", session("Gone"), errorCode="AccessDenied", eventID="3"),
        event("Decrypt", None, eventID="4"),
        event("RotateKey", None, eventType="AwsServiceEvent"),
        event("RunInstances", session(), eventSource="ec2.amazonaws.com"),
    ]
    text = report(observe([trail(tmp_path, *records)], snapshot=snapshot(keys=(OTHER_KEY,))))
    assert text.splitlines()[:8] == [
        "1 files, 6 events, 4 of KMS, from 2026-05-20T20:45:00Z to 2026-05-20T20:45:00Z",
        "2 different uses, 2 calls of 1 roles and users and 1 keys",
        "1 different uses, 1 calls: denied by policies, and so never a reason to allow",
        "left out: 1 events of KMS itself, such as RotateKey",
        "? calls that states.amazonaws.com made for somebody: by which kms:ViaService is not told",
        f"? roles and users that are not in the account file: {ADMIN}",
        f"? keys that are not in the account file: {KEY}",
        f"? 1 x record left out: it does not tell who called: {tmp_path}/trail.json#3",
    ]


def test_without_msgspec_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    with pytest.raises(ValueError, match=r"pip install 'secure-kms-constructs\[live\]'"):
        observe([str(tmp_path)])


def test_the_example_shows_each_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    context = {"SecretARN": SECRET}
    trail(tmp_path, event("Decrypt", session(by="secretsmanager.amazonaws.com"), **asked(context)))
    runpy.run_path(str(EXAMPLE))["show"](str(tmp_path))
    via = "secretsmanager.us-west-2.amazonaws.com"
    assert capsys.readouterr().out == f"{ADMIN} kms:Decrypt {KEY} {via} {context} 1\n"


DEPARTMENT = {"Department": "IT"}


@pytest.mark.parametrize(
    "grants, told",
    [
        ([{"GranteePrincipal": ADMIN, "Operations": ["Decrypt"]}], True),
        ([{"GranteePrincipal": ADMIN, "Operations": ["Encrypt"]}], False),
        ([{"GranteePrincipal": GONE, "Operations": ["Decrypt"]}], False),
        (
            [
                {
                    "GranteePrincipal": ADMIN,
                    "Operations": ["Decrypt"],
                    "Constraints": {"EncryptionContextEquals": DEPARTMENT},
                }
            ],
            True,
        ),
        (
            [
                {
                    "GranteePrincipal": ADMIN,
                    "Operations": ["Decrypt"],
                    "Constraints": {"EncryptionContextEquals": {"Department": "HR"}},
                }
            ],
            False,
        ),
        (
            [{"GranteePrincipal": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/function", "Operations": ["Decrypt"]}],
            None,
        ),
        (
            [{"GranteePrincipal": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/function", "Operations": ["Encrypt"]}],
            False,
        ),
        (
            [{"GranteePrincipal": f"arn:aws:sts::{ACCOUNT}:assumed-role/Other/function", "Operations": ["Decrypt"]}],
            False,
        ),
        ([{"GranteePrincipal": ADMIN, "Operations": ["Fly"]}], None),
        ([], False),
        (None, None),
    ],
)
def test_whether_a_grant_allows_a_use_is_told_by_the_account_file(
    grants: list[dict[str, object]] | None, told: bool | None, tmp_path: Path
) -> None:
    source = trail(tmp_path, event("Decrypt", session(), **asked(DEPARTMENT)))
    account = Account(
        ACCOUNT, "aws", ["us-west-2"], identities=[Identity(ADMIN, "role")], keys=[Key(KEY, grants=grants)]
    )
    [one] = observe([source], snapshot=Snapshot("now", [account])).uses
    assert one.by_grant is told
    assert observe([source]).uses[0].by_grant is None


def test_an_operation_without_a_key_is_by_no_grant(tmp_path: Path) -> None:
    source = trail(tmp_path, event("ListAliases", session(), keys=(), requestParameters=None))
    assert observe([source], snapshot=snapshot(ADMIN)).uses[0].by_grant is False
