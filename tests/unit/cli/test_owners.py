"""`secure-kms owners`: what is told of an assembly, with the ARNs that are known, in each format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from secure_kms_constructs.account import Snapshot, write_snapshot
from secure_kms_constructs.account.records import Account, Identity
from secure_kms_constructs.cli.commands import app as commands

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{OTHER}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
SECRET = f"arn:aws:secretsmanager:{REGION}:{OTHER}:secret:shared-AbCdEf"
MADE = f"arn:aws:iam::{ACCOUNT}:role/App-Made-XYZ"
# The name of a policy's variable is no reference.
STATEMENT = {
    "Sid": "Allow",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:${AWS.Partition}:iam::${AWS.AccountId}:root"},
    "Action": ["kms:Decrypt"],
    "Resource": "*",
    "Condition": {
        "ArnEquals": {"aws:PrincipalArn": ["${Made.Arn}", "${Named.Arn}"]},
        "StringLike": {"a": "${aws:username}"},
    },
}


def told(policy: str, of: str, *statements: Any, why: str = "its owner must add") -> dict[str, str]:
    text = f"{why} {json.dumps(list(statements), indent=2)}\nto the policy of {of}"
    return {"type": "aws:cdk:info", "data": f"{text} [ack: secure-kms-constructs:{policy}]"}


def role(path: str, **properties: Any) -> dict[str, Any]:
    trust = {"Version": "2012-10-17", "Statement": []}
    metadata = {"aws:cdk:path": f"{path}/Resource"}
    return {
        "Type": "AWS::IAM::Role",
        "Metadata": metadata,
        "Properties": {"AssumeRolePolicyDocument": trust} | properties,
    }


def assembly(directory: Path, place: str, **notes: list[dict[str, str]]) -> Path:
    """Two stacks with the same logical ids, of which the first tells something."""
    directory.mkdir()
    artifacts = {}
    for stack in ("App", "Beside"):
        made = {"Made": role(f"{stack}/Made"), "Named": role(f"{stack}/Named", RoleName=f"named-in-{stack}")}
        (directory / f"{stack}.json").write_text(json.dumps({"Resources": made}), encoding="utf-8")
        metadata = {f"/{stack}/{name}/Resource": [{"type": "aws:cdk:logicalId", "data": name}] for name in made}
        if stack == "App":
            metadata |= {f"/App/{name}": entries for name, entries in notes.items()}
        artifacts[stack] = {
            "type": "aws:cloudformation:stack",
            "environment": place,
            "properties": {"templateFile": f"{stack}.json"},
            "metadata": metadata,
        }
    manifest = {"version": "36.0.0", "artifacts": dict(reversed(artifacts.items()))}
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return directory


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return assembly(
        tmp_path / "cdk.out",
        f"aws://{ACCOUNT}/{REGION}",
        One=[told("requiredKeyPolicy", KEY, STATEMENT, {**STATEMENT, "Action": "kms:Encrypt"})],
        Other=[told("requiredKeyPolicyForService", KEY, STATEMENT), told("requiredResourcePolicy", SECRET, STATEMENT)],
        Third=[{"type": "aws:cdk:info", "data": "something else [ack: other:thing]"}],
    )


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["owners", *map(str, arguments)])


def data(*arguments: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*arguments, "--format", "json").stdout)["owners"]
    return found


def test_each_owner_is_told_once_what_all_constructs_need(app: Path) -> None:
    key, secret = data(app)
    assert (key["policy"], key["of"], key["account"]) == ("key policy", KEY, OTHER)
    assert key["because"] == {"App/One": "its owner must add", "App/Other": "its owner must add"}
    # What is the same is there once, and no two have the same Sid.
    assert [one["Sid"] for one in key["statements"]] == ["Allow", "Allow2"]
    assert (secret["policy"], secret["of"]) == ("resource policy", SECRET)


def test_what_is_known_has_its_value(app: Path) -> None:
    statement = data(app)[0]["statements"][0]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    named = f"arn:aws:iam::{ACCOUNT}:role/named-in-App"
    assert statement["Condition"]["ArnEquals"]["aws:PrincipalArn"] == ["<ARN of App/Made>", named]
    assert statement["Condition"]["StringLike"] == {"a": "${aws:username}"}


def test_what_is_not_known_is_exit_code_1_and_its_advice_helps(app: Path, tmp_path: Path) -> None:
    done = run(app)
    assert done.exit_code == 1
    assert "not known before the deployment: App/Made. Give the role a name, say its ARN with --same" in done.stderr
    done = run(app, "--same", f"App/Made={MADE}")
    assert done.exit_code == 0
    assert MADE in done.stdout
    account = Account(ACCOUNT, "aws", [REGION], identities=[Identity(MADE, "role")])
    account.stacks[f"{REGION}/App-prod"] = {"Made": "App-Made-XYZ"}
    write_snapshot(Snapshot("now", [account]), tmp_path / "account.json")
    done = run(app, "--deployed", tmp_path / "account.json", "--stack", "App=App-prod")
    assert done.exit_code == 0
    assert MADE in done.stdout
    assert run(app, "--deployed", tmp_path / "account.json").exit_code == 1


def test_a_stack_without_a_deployed_name_is_refused(app: Path) -> None:
    done = run(app, "--stack", "App=")
    assert done.exit_code == 2
    assert "--stack must be <name>=<value>, such as App=App-prod, got no value" in done.stderr


def test_a_literal_name_tells_no_arn_that_ends_in_what_is_made_up(tmp_path: Path) -> None:
    statement = {**STATEMENT, "Resource": ["${Secret}", "${Elsewhere.Arn}", "${Nowhere.Arn}", "${Named}"]}
    app = assembly(tmp_path / "out", f"aws://{ACCOUNT}/{REGION}", One=[told("requiredIdentityPolicy", MADE, statement)])
    template = json.loads((app / "App.json").read_text(encoding="utf-8"))
    metadata = {"aws:cdk:path": "App/Secret/Resource"}
    template["Parameters"] = {"Path": {"Type": "String"}}
    template["Resources"] |= {
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Metadata": metadata, "Properties": {"Name": "literal"}},
        "Elsewhere": role("App/Elsewhere", RoleName="known", Path={"Ref": "Path"}),
    }
    (app / "App.json").write_text(json.dumps(template), encoding="utf-8")
    manifest = json.loads((app / "manifest.json").read_text(encoding="utf-8"))
    for name in ("Secret", "Elsewhere"):
        entry = [{"type": "aws:cdk:logicalId", "data": name}]
        manifest["artifacts"]["App"]["metadata"][f"/App/{name}/Resource"] = entry
    (app / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    [found] = data(app)
    resources = ["<ARN of App/Secret>", "<ARN of App/Elsewhere>", "<ARN of Nowhere>", "<name of App/Named>"]
    assert found["statements"][0]["Resource"] == resources
    assert {"App/Secret", "App/Elsewhere", "Nowhere"} <= set(found["unknown"])


def test_statements_without_a_sid_and_values_that_are_no_text_stay_as_they_are(tmp_path: Path) -> None:
    plain = {"Effect": "Allow", "Action": "s3:GetObject", "Condition": {"NumericLessThan": {"s3:max-keys": 10}}}
    more = {**plain, "Action": "s3:PutObject"}
    bucket = "arn:aws:s3:::bucket"
    notes = [told("requiredResourcePolicy", bucket, plain, more), told("requiredKeyPolicy", "App/Theirs", plain)]
    key, resource = data(assembly(tmp_path / "out", f"aws://{ACCOUNT}/{REGION}", One=notes))
    assert resource["statements"] == [plain, more]
    # Neither a path nor the ARN of a bucket tells an account.
    assert (resource["of"], resource["account"]) == (bucket, None)
    assert (key["of"], key["account"]) == ("App/Theirs", None)


def test_only_what_constructs_inform_of_counts(tmp_path: Path) -> None:
    note = told("requiredKeyPolicy", KEY, STATEMENT)
    warning = {**note, "type": "aws:cdk:warning", "data": note["data"].replace(KEY, "arn:aws:kms:x:y:key/another")}
    # Nearer, and no logical id.
    stray = {"type": "aws:cdk:path", "data": "Named"}
    app = assembly(tmp_path / "out", f"aws://{ACCOUNT}/{REGION}", One=[note, warning], **{"One/Named": [stray]})
    [found] = data(app)
    named = f"arn:aws:iam::{ACCOUNT}:role/named-in-App"
    assert found["statements"][0]["Condition"]["ArnEquals"]["aws:PrincipalArn"][1] == named


def test_a_name_that_may_be_one_of_two_is_not_known(tmp_path: Path) -> None:
    app = assembly(tmp_path / "out", f"aws://{ACCOUNT}/{REGION}", One=[told("requiredKeyPolicy", KEY, STATEMENT)])
    template = json.loads((app / "App.json").read_text(encoding="utf-8"))
    template["Parameters"] = {"Stage": {"Type": "String"}}
    template["Conditions"] = {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    template["Resources"]["Named"]["Properties"]["RoleName"] = {"Fn::If": ["Prod", "one", "other"]}
    (app / "App.json").write_text(json.dumps(template), encoding="utf-8")
    [found] = data(app, "--same", f"App/Made={MADE}")
    assert found["unknown"] == ["App/Named"]
    [found] = data(app, "--same", f"App/Made={MADE}", "--parameter", "Stage=prod")
    assert found["unknown"] == []
    assert f"arn:aws:iam::{ACCOUNT}:role/one" in str(found["statements"])


def test_where_stacks_go_can_be_told(tmp_path: Path) -> None:
    open_app = assembly(
        tmp_path / "open", "aws://unknown-account/unknown-region", One=[told("requiredKeyPolicy", KEY, STATEMENT)]
    )
    [found] = data(open_app)
    assert found["unknown"] == ["AWS.AccountId", "App/Made", "App/Named"]
    assert found["statements"][0]["Principal"] == {"AWS": "arn:aws:iam::<AWS.AccountId>:root"}
    done = run(open_app, "--same", f"App/Made={MADE}", "--account", ACCOUNT, "--region", REGION)
    assert done.exit_code == 0, done.stderr
    assert f"arn:aws:iam::{ACCOUNT}:role/named-in-App" in done.stdout


def test_text_can_be_pasted(app: Path) -> None:
    blocks = run(app).stdout.split("\n\n")
    head, because, *rest = blocks[0].splitlines()
    assert head == f"key policy of {KEY}"
    assert because == "# App/One, App/Other: its owner must add"
    assert json.loads("\n".join(rest)) == data(app)[0]["statements"]


def test_a_ticket_says_who_why_what_and_how(app: Path) -> None:
    first = run(app, "--format", "markdown").stdout.partition("\n## ")[0]
    assert first.startswith(f"## Add to the key policy of {KEY}\n\nAccount {OTHER}.\n\n- App/One, App/Other: its owner")
    assert "**Not known before the deployment:** App/Made." in first
    fenced = first.partition("```json\n")[2].partition("\n```")[0]
    assert json.loads(fenced) == data(app)[0]["statements"]
    assert f"`aws kms get-key-policy --key-id {KEY} --policy-name default`" in first


def test_nothing_foreign_is_markup_in_a_ticket(tmp_path: Path) -> None:
    hostile = "<img> @everyone"
    statement = {**STATEMENT, "Sid": "```\n@everyone"}
    why = f"{hostile} its owner must add"
    app = assembly(
        tmp_path / "out", f"aws://{ACCOUNT}/{REGION}", One=[told("requiredKeyPolicy", KEY, statement, why=why)]
    )
    text = run(app, "--format", "markdown").stdout
    outside = text.partition("```json")[0] + text.rpartition("\n```\n")[2]
    assert "<img>" not in outside
    assert "@everyone" not in outside
    assert text.count("```") == 2


def test_one_owner_can_be_asked_for(app: Path) -> None:
    assert [one["of"] for one in data(app, "--of", SECRET)] == [SECRET]
    assert [one["of"] for one in data(app, "--of", "0987dcba-09fe-87dc-65ba-ab0987654321")] == [KEY]
    done = run(app, "--of", "nothing")
    assert done.exit_code == 2
    assert done.stderr == f"error: --of must be one of what the app imports, got nothing; there is {KEY}, {SECRET}\n"


def test_an_app_without_owners_says_so(tmp_path: Path) -> None:
    app = assembly(tmp_path / "own", f"aws://{ACCOUNT}/{REGION}")
    done = run(app)
    assert done.exit_code == 0
    assert done.stdout.startswith("Nothing: the constructs of this app tell of no policy")
    assert data(app) == []


def test_what_is_no_app_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.exit_code == 2
    assert "must be a synthesized app, with a manifest.json in it: run cdk synth first" in done.stderr
