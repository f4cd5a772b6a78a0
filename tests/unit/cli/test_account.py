"""`secure-kms account` and `secure-kms diff`: every command, and mistakes answered in a line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from secure_kms_constructs import account
from secure_kms_constructs.account import Snapshot, required_policy, take_snapshot, write_snapshot
from secure_kms_constructs.account.records import HubFinding
from secure_kms_constructs.cli.commands import app
from tests.unit.account.accounts import APP, SECRET, SHUT, fake_account, key_arn, role_arn
from tests.unit.account.fake_aws import ACCOUNT, REGION


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    return take_snapshot(session=fake_account().session())


@pytest.fixture
def file(snapshot: Snapshot, tmp_path: Path) -> Path:
    write_snapshot(snapshot, tmp_path / "account.json")
    return tmp_path / "account.json"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_the_policy_is_printed() -> None:
    assert json.loads(run("account", "policy").stdout) == required_policy()
    more = json.loads(run("account", "policy", "--stacks", "--organization").stdout)
    assert more == required_policy(("account", "stacks", "organization"))
    others = json.loads(run("account", "policy", "--security-hub", "--trails", "--verify").stdout)
    assert others == required_policy(("account", "security-hub", "trails", "verify"))


def test_a_snapshot_is_written_with_the_options_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[account.Options] = []

    def take(options: account.Options) -> Snapshot:
        asked.append(options)
        return take_snapshot(options, session=fake_account().session())

    monkeypatch.setattr(account, "take_snapshot", take)
    given = ("--region", REGION, "--region", "eu-west-1", "--account", ACCOUNT, "--stacks", "--trails")
    done = run("account", "snapshot", "-o", tmp_path / "a.json", *given)
    assert done.exit_code == 0, done.output
    assert "account 111122223333: 8 keys, 6 roles and users" in done.stdout
    assert (list(asked[0].regions), asked[0].account, list(asked[0].parts)) == (
        [REGION, "eu-west-1"],
        ACCOUNT,
        ["stacks", "trails"],
    )
    assert account.read_snapshot(tmp_path / "a.json").accounts[0].stacks


def test_what_was_not_read_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    aws = fake_account()
    aws.refuse["kms", "ListGrants"] = "AccessDeniedException"
    monkeypatch.setattr(account, "take_snapshot", lambda options: take_snapshot(options, session=aws.session()))
    done = run("account", "snapshot", "-o", tmp_path / "a.json", "--region", REGION)
    assert done.exit_code == 0
    assert f"? grants of {key_arn(APP)} not known" in done.stderr
    assert "allow kms:ListGrants" in done.stderr


def test_nothing_is_written_where_nothing_can_be_read(tmp_path: Path) -> None:
    done = run("account", "snapshot", "-o", tmp_path / "a.json", "--region", "mars-north-1")
    assert done.exit_code == 2
    assert done.stderr == "error: region must be one that has KMS, such as eu-west-1, got 'mars-north-1'\n"
    assert not (tmp_path / "a.json").exists()


def test_the_map_says_who_can_who_needs_and_what_is_odd(file: Path) -> None:
    done = run("account", "map", file)
    assert done.exit_code == 0
    assert f"{role_arn('Reader')}: Decrypt if Department = IT" in done.stdout
    assert (
        f"WHO NEEDS WHICH KEY\n\n{role_arn('Dead')}\n  Decrypt {key_arn(APP)} because of secret app, and" in done.stdout
    )
    assert "REMARKS\n\nalias-as-key" in done.stdout


def test_the_map_of_one_principal_or_key(file: Path) -> None:
    of_reader = run("account", "map", file, "--principal", role_arn("Reader")).stdout
    assert role_arn("Reader") in of_reader
    assert f"  {role_arn('Wide')}" not in of_reader
    of_key = run("account", "map", file, "--key", key_arn(SHUT), "--action", "kms:Decrypt").stdout
    assert key_arn(SHUT) in of_key
    assert key_arn(APP) not in of_key
    assert run("account", "map", file, "--principal", "Readr").exit_code == 2
    assert run("account", "map", file, "--key", "nope").exit_code == 2
    assert run("account", "map", file, "--action", "kms:Fly").exit_code == 2


@pytest.mark.parametrize("form", ["json", "markdown", "html", "table"])
def test_the_map_in_each_format(form: str, file: Path, tmp_path: Path) -> None:
    done = run("account", "map", file, "--format", form, "--output", tmp_path / "out", "--action", "kms:Decrypt")
    assert done.exit_code == 0, done.output
    written = (tmp_path / "out").read_text()
    assert "Reader" in written
    if form == "json":
        whole: dict[str, Any] = json.loads(written)
        people = {one["principal"] for one in whole["needs"] if one["principal"].startswith("arn:")}
        assert people == {role_arn(one) for one in ("Dead", "Reader", "Wide")}
        assert {"dead-reader", "stale-grant"} <= {one["kind"] for one in whole["remarks"]}


def test_grants_are_reviewed_where_they_are_asked_for(file: Path) -> None:
    assert "GRANTS" not in run("account", "map", file).stdout
    text = run("account", "map", file, "--grants").stdout
    assert "GRANTS\n\n" in text
    assert f"to take it back: aws kms revoke-grant --region {REGION} --key-id {key_arn(SHUT)} --grant-id g2" in text
    whole = json.loads(run("account", "map", file, "--grants", "--format", "json").stdout)
    assert {one["id"] for one in whole["grants"]} == {"g1", "g2", "g3"}
    assert whole["grantsUnread"] == []
    assert "## Grants" in run("account", "map", file, "--grants", "--format", "markdown").stdout
    assert "g2" not in run("account", "map", file, "--grants", "--key", key_arn(APP)).stdout


def test_needs_and_remarks_are_in_each_format_for_people(file: Path) -> None:
    markdown = run("account", "map", file, "--format", "markdown").stdout
    assert "\n## Who needs which key\n" in markdown
    assert f"- dead-reader: {role_arn('Dead')} may read secret app" in markdown
    page = run("account", "map", file, "--format", "html").stdout
    assert '"Remarks": ["alias-as-key: ' in page
    assert "\n\nREMARKS\n\nalias-as-key" in run("account", "map", file, "--format", "table").stdout


def test_a_map_is_compared_with_what_is_expected(file: Path, tmp_path: Path) -> None:
    expected = tmp_path / "expected.txt"
    assert run("account", "map", file, "--output", expected).exit_code == 0
    expected.write_text("# reviewed\n" + expected.read_text())
    same = run("account", "map", file, "--expect", expected)
    assert (same.exit_code, same.stdout) == (0, "access is as expected\n")
    expected.write_text(expected.read_text().replace("dead-reader: ", "dead: ", 1))
    other = run("account", "map", file, "--expect", expected)
    assert other.exit_code == 1
    assert "+++ the account\n" in other.stdout
    assert "\n+dead-reader: " in other.stdout
    both = run("account", "map", file, "--expect", expected, "--output", expected)
    assert (both.exit_code, both.stderr) == (
        2,
        "error: --expect compares and writes nothing: leave out --output\n",
    )


@pytest.fixture
def listed(snapshot: Snapshot, tmp_path: Path) -> Path:
    [whole] = snapshot.accounts
    findings = [HubFinding("KMS.4", key_arn(APP))]
    write_snapshot(replace(snapshot, accounts=[replace(whole, findings=findings)]), tmp_path / "listed.json")
    return tmp_path / "listed.json"


def test_the_worklist_of_security_hub_is_told(listed: Path, file: Path) -> None:
    said = f"SECURITY HUB\n\nKMS.4 will pass: {key_arn(APP)} is rotated\n"
    for command in (["account", "map"], ["check"]):
        assert run(*command, listed, "--security-hub").stdout.endswith(said)
        assert "SECURITY HUB" not in run(*command, listed).stdout
        [item] = json.loads(run(*command, listed, "--security-hub", "--format", "json").stdout)["securityHub"]
        assert item == {"control": "KMS.4", "resource": key_arn(APP), "passes": True, "text": "is rotated"}
        without = run(*command, file, "--security-hub")
        assert without.exit_code == 2
        assert "take it with `account snapshot --security-hub`" in without.stderr
    assert f"- KMS.4 will pass: {key_arn(APP)}" in run(
        "account", "map", listed, "--security-hub", "--format", "markdown"
    ).stdout.replace("\\", "")


def test_a_worklist_has_no_place_in_sarif_and_none_without_an_account(listed: Path, tmp_path: Path) -> None:
    done = run("check", listed, "--security-hub", "--format", "sarif")
    assert (done.exit_code, done.stderr) == (2, "error: --security-hub is told as text or json, got sarif\n")
    (tmp_path / "t.json").write_text('{"Resources": {}}')
    done = run("check", tmp_path / "t.json", "--security-hub")
    assert (done.exit_code, done.stderr) == (2, "error: --security-hub is about account files, and none was given\n")


def test_the_rules_are_run_on_an_account(file: Path) -> None:
    done = run("check", file, "--format", "json")
    assert done.exit_code == 1
    found = {(one["rule"], one["path"]) for one in json.loads(done.stdout)["findings"]}
    assert ("KLP101", f"arn:aws:iam::{ACCOUNT}:policy/Wide") in found
    assert ("KLP505", role_arn("Dead")) in found
    assert SECRET in done.stdout


@pytest.mark.parametrize("command", [["diff"], ["account", "diff"]])
def test_a_diff_ends_with_what_it_found(command: list[str], file: Path, snapshot: Snapshot) -> None:
    [whole] = snapshot.accounts
    off = [replace(one, state="Disabled") if one.id == APP else one for one in whole.keys]
    write_snapshot(replace(snapshot, accounts=[replace(whole, keys=off)]), file.with_name("after.json"))
    assert run(*command, file, file).exit_code == 0
    done = run(*command, file, file.with_name("after.json"))
    assert done.exit_code == 1
    assert done.stdout == f"key-off: {key_arn(APP)} was Enabled and is Disabled\n"
    written = run(*command, file, file.with_name("after.json"), "--format", "sarif", "--output", file.with_name("s"))
    assert written.exit_code == 1
    assert json.loads(file.with_name("s").read_text())["version"] == "2.1.0"
    assert run(*command, file, file.with_name("nowhere")).exit_code == 2
    said = run(*command, file, file, "--stack", "App")
    assert (said.exit_code, said.stderr) == (
        2,
        "error: --stack must be <name>=<value>, such as App=App-prod, got 'App'\n",
    )


def test_a_diff_takes_what_templates_do_not_say(tmp_path: Path) -> None:
    who = {"AWS": {"Ref": "Whom"}}
    opened = {"Effect": "Allow", "Principal": who, "Action": "kms:Decrypt", "Resource": "*"}
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": opened}}}
    (tmp_path / "a.json").write_text(
        json.dumps({"Parameters": {"Whom": {"Type": "String"}}, "Resources": {"Key": key}})
    )
    both = (tmp_path / "a.json", tmp_path / "a.json")
    told = ("--account", ACCOUNT, "--region", REGION, "--parameter", f"Whom={role_arn('Reader')}")
    assert run("diff", *both, *told, "--same", f"a/Key={key_arn(APP)}").exit_code == 0
    for more, said in (
        (("--parameter", "Who=x"), "there are a/Whom"),
        (("--same", f"a/Kye={key_arn(APP)}"), "there are a/Key"),
        (("--same", f"a/Key={key_arn(APP)}"), "give the account and region of the stack too"),
    ):
        done = run("diff", *both, *more)
        assert done.exit_code == 2
        assert said in done.stderr


def test_a_diff_in_which_something_was_not_read_is_not_the_same(file: Path, tmp_path: Path) -> None:
    for operation, code in (("GetKeyRotationStatus", 2), ("GetKeyLastUsage", 0)):
        aws = fake_account()
        aws.refuse["kms", operation] = "AccessDeniedException"
        write_snapshot(take_snapshot(session=aws.session()), tmp_path / "after.json")
        done = run("diff", file, tmp_path / "after.json")
        assert (done.exit_code, "\nnot known\n? " in done.stdout) == (code, True)


@pytest.mark.parametrize("arguments", [["account", "map"], ["check"]])
def test_a_file_that_was_changed_is_refused_in_a_line(arguments: list[str], file: Path) -> None:
    file.write_text(file.read_text().replace('"Enabled"', '"Disabled"', 1))
    done = run(*arguments, file)
    assert done.exit_code == 2
    assert "was changed since it was made" in done.stderr
    assert "Traceback" not in done.output


def test_exceptions_are_shown_and_written_for_security_hub(tmp_path: Path) -> None:
    from tests.unit.account.test_exceptions import GIVEN, WIDE

    (tmp_path / "e.toml").write_text(GIVEN)
    shown = run("account", "exceptions", tmp_path / "e.toml")
    said = "the pipeline decrypts artifacts of other accounts, review by 2027-06-30"
    assert shown.stdout == f"{WIDE}: {said}\n"
    written = json.loads(run("account", "exceptions", tmp_path / "e.toml", "--security-hub").stdout)
    assert {one["Type"] for one in written["Resources"].values()} == {"AWS::SecurityHub::AutomationRule"}
    assert run("account", "exceptions", tmp_path / "nowhere.toml").exit_code == 2


@pytest.fixture
def given(tmp_path: Path) -> Path:
    from tests.unit.account.test_documented import TOML

    (tmp_path / "exceptions.toml").write_text(TOML)
    return tmp_path / "exceptions.toml"


def test_exceptions_are_acknowledged_in_the_checks(file: Path, given: Path, tmp_path: Path) -> None:
    done = run("check", file, "--exceptions", given, "--format", "json")
    whole = json.loads(done.stdout)
    assert [one["path"] for one in whole["acknowledged"]] == [role_arn("Bounded")]
    assert whole["acknowledged"][0]["acknowledged"]["reason"].endswith("review by 2027-06-30")
    (tmp_path / "t.json").write_text('{"Resources": {}}')
    refused = run("check", tmp_path / "t.json", "--exceptions", given)
    assert (refused.exit_code, refused.stderr) == (
        2,
        "error: --exceptions is about account files, and none was given\n",
    )


def test_exceptions_are_told_in_the_map(file: Path, given: Path) -> None:
    said = f"{role_arn('Bounded')}: documented exception from decrypt-on-all-keys: the pipeline"
    done = run("account", "map", file, "--exceptions", given)
    assert f"DOCUMENTED EXCEPTIONS\n\n{said}" in done.stdout
    assert "needs none that was read (documented exception from" in done.stdout
    [one] = json.loads(run("account", "map", file, "--exceptions", given, "--format", "json").stdout)["exceptions"]
    assert (one["path"], one["ended"]) == (role_arn("Bounded"), False)


def test_exceptions_are_no_difference(given: Path, tmp_path: Path) -> None:
    from tests.unit.account.accounts import ROLES, allow, role

    given.write_text(given.read_text().replace("Bounded", "Reader"))
    for name, roles in (("before", ROLES), ("after", [*ROLES[1:], role("Reader", allow("kms:Decrypt"))])):
        write_snapshot(take_snapshot(session=fake_account(roles=roles).session()), tmp_path / f"{name}.json")
    both = (tmp_path / "before.json", tmp_path / "after.json")
    assert run("diff", *both).exit_code == 1
    done = run("diff", *both, "--exceptions", given)
    assert done.exit_code == 0, done.output
    assert "documented\n" in done.stdout
