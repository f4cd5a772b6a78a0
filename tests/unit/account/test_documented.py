"""Documented exceptions of files and templates, found again in accounts, and what they explain of what changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from secure_kms_constructs.access import Diff
from secure_kms_constructs.access.diffs import Change, Difference
from secure_kms_constructs.account import Snapshot, take_snapshot, write_snapshot
from secure_kms_constructs.account.documented import documented, remarked, set_apart, with_exceptions
from secure_kms_constructs.account.drift import Drift
from secure_kms_constructs.account.inputs import compare, read_both
from secure_kms_constructs.account.remarks import Remark
from secure_kms_constructs.account.texts import drift_as
from secure_kms_constructs.checks import Acknowledgement, check_landscapes
from tests.unit.account.accounts import APP, ROLES, allow, document, fake_account, key_arn, role, role_arn
from tests.unit.account.fake_aws import ACCOUNT

REASON = "the pipeline decrypts artifacts of other accounts, review by 2027-06-30"
BOUNDED, WIDE = role_arn("Bounded"), role_arn("Wide")
KNOWN = (Acknowledgement("KLP101", BOUNDED, REASON),)
BEFORE, LAST, AFTER = date(2027, 1, 1), date(2027, 6, 30), date(2027, 7, 1)
TOML = f"""
[[exception]]
resource = "{BOUNDED}"
reason = "the pipeline decrypts artifacts of other accounts"
review_by = 2027-06-30
rules = ["decrypt-on-all-keys"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "exceptions.toml").write_text(TOML)
    return tmp_path / "exceptions.toml"


def template(path: Path, **resources: object) -> Path:
    path.write_text(json.dumps({"Resources": resources}))
    return path


def a_role(name: str, **metadata: str) -> dict[str, object]:
    properties = {"RoleName": name, "AssumeRolePolicyDocument": document()}
    return {"Type": "AWS::IAM::Role", "Properties": properties, "Metadata": {"KmsLeastPrivilege": metadata}}


def test_those_of_a_file_are_as_they_are(file: Path, snapshot: Snapshot) -> None:
    assert documented([file], snapshot) == KNOWN


def test_those_of_a_template_are_found_in_the_account(tmp_path: Path, snapshot: Snapshot) -> None:
    made = template(tmp_path / "app.json", One=a_role("Bounded", KLP101=REASON), Other=a_role("Wide"))
    assert documented([made], snapshot) == KNOWN
    gone = template(tmp_path / "gone.json", One=a_role("Elsewhere", KLP101=REASON))
    assert documented([gone], snapshot) == ()
    with pytest.raises(ValueError, match=r"nowhere does not exist$"):
        documented([tmp_path / "nowhere"], snapshot)


def test_an_exception_is_not_about_roles_below_the_path_of_one() -> None:
    roles = [role("app", allow("kms:Decrypt")), role("app/other", allow("kms:Decrypt"))]
    snapshot = take_snapshot(session=fake_account(roles=roles).session())
    known = [Acknowledgement("KLP101", role_arn("app"), REASON)]
    report = check_landscapes(snapshot.landscapes, acknowledged=known, today=BEFORE)
    assert [one.path for one, _ in report.acknowledged] == [role_arn("app")]
    assert role_arn("app/other") in {one.path for one in report.findings if one.rule == "KLP101"}


@pytest.mark.parametrize("today, said", [(LAST, "documented exception from"), (AFTER, "exception that has ended from")])
def test_a_remark_has_the_reason_and_the_end(today: date, said: str, snapshot: Snapshot) -> None:
    remarks = [
        Remark("all-keys", BOUNDED, "may"),
        Remark("all-keys", WIDE, "may"),
        Remark("dead-reader", BOUNDED, "may"),
    ]
    first, *others = remarked(remarks, KNOWN, snapshot, today)
    assert first.text == f"may ({said} decrypt-on-all-keys: {REASON})"
    assert others == remarks[1:]
    other_rule = [replace(KNOWN[0], rule="KLP401")]
    assert list(remarked(remarks, other_rule, snapshot, today)) == remarks


POLICY = f"arn:aws:iam::{ACCOUNT}:policy/Wide"


def test_a_remark_has_the_reason_of_a_policy_that_the_role_has(snapshot: Snapshot) -> None:
    of_policy = [replace(KNOWN[0], path=POLICY)]
    remarks = [Remark("all-keys", WIDE, "may"), Remark("all-keys", role_arn("Dead"), "may")]
    first, other = remarked(remarks, of_policy, snapshot, LAST)
    assert first.text == f"may ({POLICY}: documented exception from decrypt-on-all-keys: {REASON})"
    assert other == remarks[1]


def test_a_remark_has_the_reason_of_a_policy_of_a_group(snapshot: Snapshot) -> None:
    [account] = snapshot.accounts
    groups = [replace(one, attached=[POLICY]) for one in account.groups]
    ann = f"arn:aws:iam::{ACCOUNT}:user/ann"
    with_group = replace(snapshot, accounts=[replace(account, groups=groups)])
    known = [replace(KNOWN[0], path=POLICY)]
    [told] = remarked([Remark("all-keys", ann, "may")], known, with_group, LAST)
    assert REASON in told.text


def test_an_exception_of_a_managed_policy_is_found_in_the_account(tmp_path: Path, snapshot: Snapshot) -> None:
    properties = {"ManagedPolicyName": "Wide", "PolicyDocument": document(allow("kms:Decrypt"))}
    metadata = {"KmsLeastPrivilege": {"KLP101": REASON}}
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties, "Metadata": metadata}
    made = template(tmp_path / "app.json", Policy=policy)
    known = documented([made], snapshot)
    assert known == (Acknowledgement("KLP101", POLICY, REASON),)
    report = check_landscapes(snapshot.landscapes, acknowledged=known, today=LAST)
    assert [one.path for one, _ in report.acknowledged] == [POLICY]
    # The role that has it is another matter: it may get it behind the back of whoever gave the reason.
    held = Drift(Diff((difference(principal=WIDE),)))
    assert set_apart(held, known, LAST) == held


RESERVED = "aws-reserved/sso.amazonaws.com"


@pytest.mark.parametrize(
    "name, found",
    [
        (f"{RESERVED}/AWSReservedSSO_Ops_0123456789abcdef", True),
        (f"{RESERVED}/eu-west-1/AWSReservedSSO_Ops_0123456789abcdef", True),
        (f"{RESERVED}/AWSReservedSSO_DevOps_0123456789abcdef", False),
        (f"{RESERVED}/AWSReservedSSO_Ops_2_0123456789abcdef", False),
        ("AWSReservedSSO_Ops_0123456789abcdef", False),
    ],
)
def test_an_exception_of_a_permission_set_is_of_the_roles_that_are_made_of_it(
    name: str, found: bool, tmp_path: Path
) -> None:
    snapshot = take_snapshot(session=fake_account(roles=[role(name, allow("kms:Decrypt"))]).session())
    metadata = {"KmsLeastPrivilege": {"KLP101": REASON}}
    ops = {"Type": "AWS::SSO::PermissionSet", "Properties": {"Name": "Ops"}, "Metadata": metadata}
    known = documented([template(tmp_path / "app.json", Ops=ops)], snapshot)
    assert known == ((Acknowledgement("KLP101", role_arn(name), REASON),) if found else ())


def difference(**more: object) -> Difference:
    base = Difference(key_arn(APP), Change.GAINED, BOUNDED, ("kms:Decrypt",), (), ("always",))
    return replace(base, **more)  # type: ignore[arg-type]


def test_access_that_is_documented_is_told_apart() -> None:
    found = set_apart(Drift(Diff((difference(),))), KNOWN, LAST)
    assert not found
    assert found.documented == (
        f"{key_arn(APP)} gained: {BOUNDED}: Decrypt (documented exception from decrypt-on-all-keys: {REASON})",
    )
    assert str(found).endswith(f"\n\ndocumented\n{found.documented[0]}")
    assert json.loads(drift_as(found, "json"))["documented"] == list(found.documented)
    assert "\nDocumented: " in drift_as(found, "markdown")
    [result] = json.loads(drift_as(found, "sarif"))["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("documented", "note")


@pytest.mark.parametrize(
    "changed",
    [
        {"principal": WIDE},
        {"actions": ("kms:Decrypt", "kms:Encrypt")},
        {"actions": ("kms:PutKeyPolicy",)},
        {"change": Change.LOST},
        {"change": Change.NARROWED},
    ],
)
def test_what_is_not_documented_is_a_difference(changed: dict[str, object]) -> None:
    drift = Drift(Diff((difference(**changed),)))
    assert set_apart(drift, KNOWN, LAST) == drift


@pytest.mark.parametrize("change", [Change.WIDENED, Change.CHANGED])
def test_more_of_what_is_documented_is_documented(change: Change) -> None:
    assert not set_apart(Drift(Diff((difference(change=change),))), KNOWN, LAST)


def test_past_its_end_it_is_a_difference_again() -> None:
    found = set_apart(Drift(Diff((difference(),))), KNOWN, AFTER)
    assert found.access.differences == (difference(),)
    assert found.documented == (f"{BOUNDED}: exception that has ended from decrypt-on-all-keys: {REASON}",)


def test_whoever_may_do_everything_is_documented_with_that() -> None:
    everything = [replace(KNOWN[0], rule="KLP102")]
    assert not set_apart(Drift(Diff((difference(actions=("kms:PutKeyPolicy",)),))), everything, LAST)
    other = [replace(KNOWN[0], rule="KLP401")]
    assert set_apart(Drift(Diff((difference(),))), other, LAST)


@pytest.fixture
def widened(tmp_path: Path) -> tuple[Path, Path]:
    """Two snapshots: in the second a role may decrypt with every key."""
    for name, roles in (("before", ROLES), ("after", [*ROLES[1:], role("Reader", allow("kms:Decrypt"))])):
        write_snapshot(take_snapshot(session=fake_account(roles=roles).session()), tmp_path / f"{name}.json")
    return tmp_path / "before.json", tmp_path / "after.json"


def test_two_accounts_are_compared_with_exceptions(widened: tuple[Path, Path], file: Path) -> None:
    file.write_text(TOML.replace("Bounded", "Reader"))
    both = read_both(*widened)
    drift = compare(both)
    assert drift
    assert not with_exceptions(drift, both, [file], today=LAST)
    assert with_exceptions(drift, both, [file], today=AFTER).access == drift.access
    assert with_exceptions(drift, both, [], today=LAST) == drift


def gained(drift: Drift) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.principal, one.actions) for one in drift.access.differences if one.change is Change.GAINED]


def test_what_the_template_documents_is_carried_over(widened: tuple[Path, Path], tmp_path: Path, file: Path) -> None:
    _, after = widened
    policy = document(
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}
    )
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy, "EnableKeyRotation": True}},
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/app", "TargetKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
        },
    }

    def compared(*exceptions: Path, today: date = LAST, **metadata: str) -> tuple[Drift, Drift]:
        """What differs without exceptions, and with them."""
        both = read_both(template(tmp_path / "plain.json", **resources, Role=a_role("Reader", **metadata)), after)
        return compare(both), with_exceptions(compare(both), both, exceptions, today=today)

    drift, same = compared()
    assert gained(drift) == [("plain/Role", ("kms:Decrypt",))]
    assert same == drift
    assert gained(compared(KLP101=REASON)[1]) == []
    drift, same = compared(today=AFTER, KLP101=REASON)
    assert same.access == drift.access
    file.write_text(TOML.replace("Bounded", "Reader"))
    assert gained(compared(file)[1]) == []


def test_exceptions_without_an_account_are_refused(tmp_path: Path, file: Path) -> None:
    made = template(tmp_path / "app.json")
    both = read_both(made, made)
    drift = compare(both)
    assert with_exceptions(drift, both, []) == drift
    with pytest.raises(ValueError, match=r"^--exceptions is about account files, and none was given$"):
        with_exceptions(drift, both, [file])
