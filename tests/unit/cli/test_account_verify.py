"""`secure-kms account verify`: what is asked of Access Analyzer, what it costs, and what its answers mean.

No emulator has Access Analyzer: requests and answers are checked against botocore's model by its Stubber.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from secure_kms_constructs.account import connections, take_snapshot, write_snapshot
from secure_kms_constructs.account.connections import Connection
from secure_kms_constructs.account.opinions import Policies, Question, new_policies, policies_of, questions
from secure_kms_constructs.cli.commands import app
from tests.unit.account.accounts import APP, document, fake_account, key_arn

Json = dict[str, Any]
READS = document({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key_arn(APP)})
OPEN = document({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"})
PASS: Json = {"result": "PASS", "message": "fine", "reasons": []}
FAIL: Json = {"result": "FAIL", "message": "no", "reasons": [{"description": "it is public", "statementIndex": 0}]}
WRONG: Json = {
    "findingDetails": "the action is none",
    "findingType": "ERROR",
    "issueCode": "INVALID_ACTION",
    "learnMoreLink": "https://docs.aws.amazon.com/",
    "locations": [],
}


class Session:
    """A session whose one client answers what the stubber was told, in order."""

    region_name = "eu-west-1"

    def __init__(self) -> None:
        self.made = boto3.Session("x", "y").client("accessanalyzer", region_name="eu-west-1")
        self.stub = Stubber(self.made)

    def client(self, service: str, **_more: Any) -> Any:
        assert service == "accessanalyzer"
        return self.made


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    made = Session()
    monkeypatch.setattr(connections, "session_of", lambda _profile: made)
    # In the order in which they are asked, for the stubber to compare.
    monkeypatch.setattr(Connection, "each", lambda _self, function, items: [function(one) for one in items])
    with made.stub:
        yield made


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    (tmp_path / "policy.json").write_text(json.dumps(READS))
    return tmp_path / "policy.json"


@pytest.fixture
def key_policy(tmp_path: Path) -> Path:
    (tmp_path / "key.json").write_text(json.dumps(OPEN))
    return tmp_path / "key.json"


def run(*arguments: object, say: str = "") -> Result:
    return CliRunner().invoke(app, ["account", "verify", *map(str, arguments)], input=say)


def text(document: Json) -> str:
    return json.dumps(document, sort_keys=True)


def test_an_identity_policy_alone_costs_nothing_and_asks_nobody(aws: Session, policy: Path) -> None:
    given = {"policyDocument": text(READS), "policyType": "IDENTITY_POLICY"}
    aws.stub.add_response("validate_policy", {"findings": []}, given)
    done = run(policy)
    assert (done.exit_code, done.stdout) == (0, "1 policies, 1 calls, 0 to act on\n")
    aws.stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    "kind, code, level", [("ERROR", 1, "error"), ("SECURITY_WARNING", 1, "error"), ("WARNING", 1, "warning")]
)
def test_what_is_not_well_formed_is_to_act_on(kind: str, code: int, level: str, aws: Session, policy: Path) -> None:
    aws.stub.add_response("validate_policy", {"findings": [WRONG | {"findingType": kind}]})
    done = run(policy)
    assert done.exit_code == code
    assert f"{level} ValidatePolicy {policy}: INVALID_ACTION: the action is none\n" in done.stdout


def test_a_suggestion_is_told_and_is_not_to_act_on(aws: Session, policy: Path) -> None:
    aws.stub.add_response("validate_policy", {"findings": [WRONG | {"findingType": "SUGGESTION"}]})
    done = run(policy)
    assert done.exit_code == 0
    assert done.stdout.startswith("note ValidatePolicy")


def test_all_pages_are_read(aws: Session, policy: Path) -> None:
    aws.stub.add_response("validate_policy", {"findings": [], "nextToken": "more"})
    aws.stub.add_response("validate_policy", {"findings": [WRONG]})
    assert "INVALID_ACTION" in run(policy).stdout


def test_a_public_key_is_to_act_on(aws: Session, key_policy: Path) -> None:
    kind = {"policyDocument": text(OPEN), "policyType": "RESOURCE_POLICY"}
    aws.stub.add_response("validate_policy", {"findings": []}, kind)
    asked = {"policyDocument": text(OPEN), "resourceType": "AWS::KMS::Key"}
    aws.stub.add_response("check_no_public_access", FAIL, asked)
    done = run(key_policy, "--yes")
    assert done.exit_code == 1
    assert f"error CheckNoPublicAccess {key_policy}: it is public\n" in done.stdout


def test_a_key_that_is_not_public_is_not(aws: Session, key_policy: Path) -> None:
    aws.stub.add_response("validate_policy", {"findings": []})
    aws.stub.add_response("check_no_public_access", PASS)
    done = run(key_policy, "--yes")
    assert (done.exit_code, done.stdout) == (0, "1 policies, 2 calls, 0 to act on\n")


def test_an_answer_without_a_result_does_not_pass(aws: Session, key_policy: Path) -> None:
    aws.stub.add_response("validate_policy", {"findings": []})
    aws.stub.add_response("check_no_public_access", {"message": "no result"})
    done = run(key_policy, "--yes")
    assert done.exit_code == 1
    assert ": no result\n" in done.stdout


@pytest.mark.parametrize("say, said", [("n\n", "nothing was asked"), ("", "nobody is there to agree, so give --yes")])
@pytest.mark.usefixtures("aws")
def test_what_is_billed_is_asked_before(say: str, said: str, key_policy: Path) -> None:
    done = run(key_policy, say=say)
    assert done.exit_code == 2
    assert "2 calls, of which AWS bills 1 (https://aws.amazon.com/iam/access-analyzer/pricing/)" in done.stderr
    assert said in done.stderr


def test_who_agrees_is_answered(aws: Session, key_policy: Path) -> None:
    aws.stub.add_response("validate_policy", {"findings": []})
    aws.stub.add_response("check_no_public_access", PASS)
    assert run(key_policy, say="y\n").exit_code == 0
    aws.stub.assert_no_pending_responses()


@pytest.mark.parametrize("on, resources", [((), {}), (("--on", key_arn(APP)), {"resources": [key_arn(APP)]})])
def test_an_action_must_not_be_granted(on: tuple[str, ...], resources: Json, aws: Session, policy: Path) -> None:
    aws.stub.add_response("validate_policy", {"findings": []})
    asked = {
        "policyDocument": text(READS),
        "access": [{"actions": ["kms:Decrypt"], **resources}],
        "policyType": "IDENTITY_POLICY",
    }
    aws.stub.add_response("check_access_not_granted", FAIL, asked)
    assert run(policy, "--not-granted", "kms:Decrypt", *on, "--yes").exit_code == 1


def test_a_policy_that_changed_must_not_allow_more(aws: Session, policy: Path, tmp_path: Path) -> None:
    wider = document({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"})
    (tmp_path / "wider.json").write_text(json.dumps(wider))
    aws.stub.add_response("validate_policy", {"findings": []})
    asked = {
        "newPolicyDocument": text(wider),
        "existingPolicyDocument": text(READS),
        "policyType": "IDENTITY_POLICY",
    }
    aws.stub.add_response("check_no_new_access", FAIL, asked)
    assert run(tmp_path / "wider.json", "--before", policy, "--yes").exit_code == 1
    aws.stub.add_response("validate_policy", {"findings": []})
    assert run(policy, "--before", policy).exit_code == 0
    aws.stub.assert_no_pending_responses()


def test_what_is_not_answered_is_neither(aws: Session, key_policy: Path) -> None:
    aws.stub.add_response("validate_policy", {"findings": []})
    aws.stub.add_client_error("check_no_public_access", "AccessDeniedException")
    done = run(key_policy, "--yes")
    assert done.exit_code == 2
    assert "allow access-analyzer:CheckNoPublicAccess" in done.stderr


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--on", key_arn(APP)], "--on says which keys --not-granted is about: give --not-granted too"),
        (["--not-granted", "kms:Decrypt"], "--not-granted is about identity policies, and there is none"),
        (["--before", "nowhere.json"], "nowhere.json does not exist"),
    ],
)
@pytest.mark.usefixtures("aws")
def test_a_question_about_nothing_is_refused(arguments: list[str], said: str, key_policy: Path) -> None:
    done = run(key_policy, *arguments)
    assert (done.exit_code, done.stderr) == (2, f"error: {said}\n")


def test_without_a_region_it_asks_for_one(aws: Session, policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "region_name", None, raising=False)
    assert run(policy).stderr == "error: region is not set: name one with --region\n"


def test_an_account_has_its_policies_and_those_of_aws_are_not_among_them() -> None:
    snapshot = take_snapshot(session=fake_account().session())
    found = policies_of(snapshot.landscapes)
    kinds = [one.kind for one in found.written.values()]
    assert (kinds.count("key"), found.left_out) == (3, [])
    assert "policy inline of arn:aws:iam::111122223333:role/Reader" in found.written
    assert "policy ops of arn:aws:iam::111122223333:group/ops" in found.written
    assert "policy arn:aws:iam::111122223333:policy/Wide" in found.written


def test_a_key_policy_that_was_not_read_is_left_out_and_not_passed(aws: Session, tmp_path: Path) -> None:
    fake = fake_account(roles=[])
    fake.refuse["kms", "GetKeyPolicy"] = "AccessDeniedException"
    write_snapshot(take_snapshot(session=fake.session()), tmp_path / "account.json")
    for _ in range(2):
        aws.stub.add_response("validate_policy", {"findings": []})
    done = run(tmp_path / "account.json")
    assert done.exit_code == 2, done.output
    assert f"? key policy of {key_arn(APP)} was not asked about" in done.stderr


def test_a_plan_is_verified_and_what_it_leaves_open_is_told(aws: Session, tmp_path: Path) -> None:
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": OPEN}}
    open_policy = document({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": {"Ref": "Arn"}})
    other = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": open_policy}}
    template = {"Parameters": {"Arn": {"Type": "String"}}, "Resources": {"Key": key, "Policy": other}}
    (tmp_path / "app.template.json").write_text(json.dumps(template))
    aws.stub.add_response("validate_policy", {"findings": []})
    aws.stub.add_response("check_no_public_access", PASS)
    done = run(tmp_path / "app.template.json", "--yes")
    assert done.exit_code == 2, done.output
    assert "? policy app/Policy was not asked about: it depends on what is known at deploy only" in done.stderr


def test_what_was_not_listed_is_told_and_not_passed(aws: Session, tmp_path: Path) -> None:
    """Nobody's policies were read, nor keys: what is well-formed is not all that there is."""
    fake = fake_account(key_policies={APP: READS}, grants={})
    fake.refuse["iam", "GetAccountAuthorizationDetails"] = "AccessDenied"
    write_snapshot(take_snapshot(session=fake.session()), tmp_path / "account.json")
    aws.stub.add_response("validate_policy", {"findings": []})
    aws.stub.add_response("check_no_public_access", PASS)
    done = run(tmp_path / "account.json", "--yes")
    assert done.exit_code == 2, done.output
    assert "? roles, users and their policies of 111122223333 not known" in done.stderr


def test_it_is_written_as_json(aws: Session, key_policy: Path, tmp_path: Path) -> None:
    aws.stub.add_response("validate_policy", {"findings": []})
    aws.stub.add_response("check_no_public_access", FAIL)
    done = run(key_policy, "--yes", "--format", "json", "--output", tmp_path / "said.json")
    assert (done.exit_code, done.stdout) == (1, "")
    said = {"level": "error", "operation": "CheckNoPublicAccess", "about": str(key_policy), "text": "it is public"}
    assert json.loads((tmp_path / "said.json").read_text()) == {
        "policies": [str(key_policy)],
        "calls": 2,
        "opinions": [said],
        "notAsked": [],
        "unread": [],
    }


def test_what_is_not_answered_is_in_the_json(aws: Session, policy: Path) -> None:
    aws.stub.add_client_error("validate_policy", "AccessDeniedException")
    done = run(policy, "--format", "json")
    assert done.exit_code == 2
    [unread] = json.loads(done.stdout)["unread"]
    assert "allow access-analyzer:ValidatePolicy" in unread


def test_a_policy_that_is_new_is_all_new() -> None:
    before = policies_of(take_snapshot(session=fake_account(roles=[]).session()).landscapes)
    after = policies_of(take_snapshot(session=fake_account().session()).landscapes)
    asked = questions(after, before=before)
    assert {one.operation for one in asked} == {"ValidatePolicy", "CheckNoPublicAccess"}
    new = new_policies(after, before)
    assert {one.about for one in new} == set(after.written) - set(before.written)
    assert {(one.level, one.text) for one in new} == {("error", "is new, and so is all that it allows")}
    assert new_policies(before, after) == ()


def test_policies_that_are_called_the_same_are_both_asked_about() -> None:
    found = Policies()
    for one in (READS, OPEN, READS):
        found.add("policy", "identity", one)
    assert list(found.written) == ["policy", "policy (2)"]


def test_nothing_in_common_is_no_comparison() -> None:
    one, other = Policies(), Policies()
    one.add("one", "identity", READS)
    other.add("other", "identity", READS)
    with pytest.raises(ValueError, match=r"^no policy is in both"):
        questions(one, before=other)
    with pytest.raises(ValueError, match=r"^there is no policy that can be asked about$"):
        questions(Policies())


def test_only_validation_is_free() -> None:
    assert [Question(one, "", {}).paid for one in ("ValidatePolicy", "CheckNoNewAccess")] == [False, True]
