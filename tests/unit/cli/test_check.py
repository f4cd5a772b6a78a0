"""`secure-kms check`: what it reads, how it answers, and that nothing a file holds ends in a traceback."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from secure_kms_constructs.checks import RULES, rule_named
from secure_kms_constructs.checks.examples import ACCOUNT, ROOT
from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.settings import REPOSITORY

BROKEN = rule_named("rotation-off").broken
ROTATION_OFF = {"Resources": {"Key": BROKEN["Resources"]["Key"]}}  # type: ignore[index]
CLEAN = rule_named("rotation-off").clean
POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}}
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}],
}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)


def check(*arguments: object) -> Result:
    return run("check", "--account", ACCOUNT, "--region", "us-east-1", *arguments)


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def assembly(directory: Path, template: Any) -> Path:
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT}/us-east-1",
        "properties": {"templateFile": "Stack.template.json"},
        "metadata": {"/Stack/Vault/Resource": [{"type": "aws:cdk:logicalId", "data": "Key"}]},
    }
    write(directory / "manifest.json", {"version": "55.0.0", "artifacts": {"Stack": artifact}})
    write(directory / "Stack.template.json", template)
    return directory


def rules_in(*arguments: object) -> list[str]:
    return [one["rule"] for one in json.loads(check("--format", "json", *arguments).stdout)["findings"]]


@pytest.mark.parametrize(
    "template, fail_on, code",
    [
        (CLEAN, "info", 0),
        (BROKEN, "info", 1),
        (BROKEN, "warning", 1),
        (BROKEN, "error", 0),
        (rule_named("lockout").broken, "error", 1),
    ],
)
def test_the_exit_code_is_by_severity(tmp_path: Path, template: Any, fail_on: str, code: int) -> None:
    assert check(write(tmp_path / "app.json", template), "--fail-on", fail_on).exit_code == code


def test_warnings_fail_unless_told_otherwise(tmp_path: Path) -> None:
    assert check(write(tmp_path / "app.json", BROKEN)).exit_code == 1


def test_text_says_where_what_and_what_to_do(tmp_path: Path) -> None:
    assert check(write(tmp_path / "app.json", BROKEN)).stdout == (
        "app/Key\n"
        "  warning KLP401 the key is not rotated\n"
        "          at Properties.EnableKeyRotation\n"
        "          fix: Set EnableKeyRotation to true. Nothing has to be encrypted again.\n"
        "1 warning\n"
    )


def test_what_is_not_shown_is_counted(tmp_path: Path) -> None:
    parameter = {"Name": {"Type": "String", "Default": "alias/x"}}
    alias = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": {"Ref": "Name"}, "TargetKeyId": {"Ref": "Key"}}}
    resources = {**CLEAN["Resources"], "Alias": alias}  # type: ignore[dict-item]
    file = write(tmp_path / "app.json", {"Parameters": parameter, "Resources": resources})
    assert "not shown, --show info shows all)\n" in check(file).stdout
    assert "KLP004" in check(file, "--show", "info").stdout
    assert "KLP401" not in check(write(tmp_path / "b.json", BROKEN), "--show", "error").stdout


def test_an_assembly_names_constructs(tmp_path: Path) -> None:
    found = json.loads(check(assembly(tmp_path / "cdk.out", BROKEN), "--format", "json").stdout)["findings"]
    assert [(one["path"], one["stack"], one["logicalId"]) for one in found] == [("Stack/Vault", "Stack", "Key")]


YAML = """
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      PendingWindowInDays: 7
      EnableKeyRotation: true
"""
GIVEN: dict[str, tuple[str, Any, list[str]]] = {
    "a template in JSON": ("app.template.json", BROKEN, ["KLP401"]),
    "a template in YAML": ("app.yaml", YAML, ["KLP201", "KLP203", "KLP402"]),
    "an IAM policy": ("reader.json", POLICY, ["KLP101"]),
    "an IAM policy as the CLI prints it": ("reader.json", {"PolicyVersion": {"Document": POLICY}}, ["KLP101"]),
    "a role's policy as the CLI prints it": ("reader.json", {"RoleName": "r", "PolicyDocument": POLICY}, ["KLP101"]),
    "a key policy": ("key.json", KEY_POLICY, ["KLP201", "KLP203"]),
    "a key policy as the CLI prints it": ("key.json", {"Policy": json.dumps(KEY_POLICY)}, ["KLP201", "KLP203"]),
}


@pytest.mark.parametrize("given", GIVEN)
def test_it_reads(given: str, tmp_path: Path) -> None:
    name, content, expected = GIVEN[given]
    file = write(tmp_path / name, content)
    assert rules_in(file) == expected
    assert rules_in(tmp_path) == expected


def test_a_policy_is_named_by_its_file(tmp_path: Path) -> None:
    file = write(tmp_path / "reader.json", POLICY)
    [found] = json.loads(run("check", "--format", "json", file).stdout)["findings"]
    assert (found["path"], found["location"]) == (str(file), "Statement.Resource")


def test_the_account_of_a_key_policy_is_told_by_its_root(tmp_path: Path) -> None:
    file = write(tmp_path / "key.json", KEY_POLICY)
    found = json.loads(run("check", "--format", "json", file).stdout)["findings"]
    assert {one["rule"]: one["severity"] for one in found} == {"KLP201": "warning", "KLP203": "warning"}


def test_a_directory_is_searched_for_what_looks_useful(tmp_path: Path) -> None:
    assembly(tmp_path / "app" / "cdk.out", BROKEN)
    write(tmp_path / "infra" / "queue.yaml", YAML)
    write(tmp_path / "package.json", {"name": "app"})
    write(tmp_path / "node_modules" / "x" / "template.json", BROKEN)
    write(tmp_path / ".hidden" / "template.json", BROKEN)
    assert rules_in(tmp_path) == ["KLP401", "KLP201", "KLP203", "KLP402"]


def test_templates_are_read_together(tmp_path: Path) -> None:
    exported = {**CLEAN, "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}, "Export": {"Name": "key"}}}}
    using = json.loads(json.dumps(rule_named("ineffective-grant").broken))
    del using["Resources"]["Key"]
    statement = using["Resources"]["Policy"]["Properties"]["PolicyDocument"]["Statement"][0]
    statement["Resource"] = {"Fn::ImportValue": "key"}
    one, other = write(tmp_path / "key.json", exported), write(tmp_path / "use.json", using)
    assert rules_in(one, other) == ["KLP501"]


def test_a_nested_template_is_read_once(tmp_path: Path) -> None:
    nesting = {"Resources": {"Vault": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "in.json"}}}}
    write(tmp_path / "in.json", BROKEN)
    write(tmp_path / "out.json", nesting)
    found = json.loads(check("--format", "json", tmp_path).stdout)["findings"]
    assert [one["stack"] for one in found] == ["out/Vault"]


def test_files_with_one_name_are_told_apart(tmp_path: Path) -> None:
    files = [write(tmp_path / stage / "template.json", BROKEN) for stage in ("dev", "prod")]
    found = json.loads(check("--format", "json", *files).stdout)["findings"]
    assert sorted(one["path"] for one in found) == ["prod.template/Key", "template/Key"]


def test_rules_and_severities_are_the_users(tmp_path: Path) -> None:
    file = write(tmp_path / "app.yaml", YAML)
    assert rules_in(file, "--rule", "KLP402", "--rule", "rotation-off") == ["KLP402"]
    assert rules_in(file, "--severity", "foreign-grants=off") == ["KLP201", "KLP402"]
    assert check(file, "--rule", "KLP402", "--severity", "KLP402=info").exit_code == 0


MISTAKES: dict[str, tuple[list[str], str]] = {
    "an unknown rule": (["--rule", "KLP999"], "no rule is called 'KLP999'"),
    "an unknown severity": (["--severity", "KLP401=fatal"], "severity must be one of error, warning, info and off"),
    "a severity without a rule": (["--severity", "off"], "--severity must be <rule>=<severity>"),
    "a baseline to write and none to write to": (["--update-baseline"], "--update-baseline needs --baseline FILE"),
    "a baseline that is not there": (["--baseline", "none.json"], "none.json cannot be read"),
    "an account that is none": (["--account", "123"], "123"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_in_a_line(mistake: str, tmp_path: Path) -> None:
    options, message = MISTAKES[mistake]
    result = check(write(tmp_path / "app.json", BROKEN), *options)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr


def bomb() -> str:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 9)}]" for n in range(12)]
    return "\n".join(["Resources: {Key: {Type: 'AWS::KMS::Key'}}", *levels])


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _path: None, "does not exist"),
    "an empty directory": (lambda path: path.mkdir(), "holds no cloud assembly, no template and no policy"),
    "an empty file": (lambda path: path.write_text(""), "must be a template, an object, got nothing"),
    "binary": (lambda path: path.write_bytes(bytes(range(256))), "must be text in UTF-8"),
    "not UTF-8": (lambda path: path.write_bytes('{"Resources": {"é": 1}}'.encode("latin-1")), "must be text in UTF-8"),
    "a YAML bomb": (lambda path: path.write_text(bomb()), "must not hold more than"),
    "50 MB": (lambda path: path.write_text('{"Resources": "' + "x" * 50_000_000 + '"}'), "must not be larger than"),
    "too deep": (lambda path: path.write_text('{"Resources": ' + "[" * 9999 + "]" * 9999 + "}"), "nested deeper than"),
    "a name twice": (lambda path: path.write_text('{"Resources": {"A": {}, "A": {}}}'), "'A' twice"),
    "a list": (lambda path: path.write_text("[]"), "must be a template, an object, got []\n"),
    "something else": (lambda path: path.write_text('{"name": "app"}'), "neither a template nor a policy"),
    "a broken assembly": (
        lambda path: write(path / "manifest.json", {"artifacts": 5}),
        "must list the artifacts of a cloud assembly",
    ),
    "an assembly without its template": (
        lambda path: assembly(path, BROKEN).joinpath("Stack.template.json").unlink(),
        "cannot be read",
    ),
}


@pytest.mark.parametrize("given", UNUSABLE)
def test_what_cannot_be_used_is_named_and_ends_with_2(given: str, tmp_path: Path) -> None:
    make, message = UNUSABLE[given]
    path = tmp_path / "given"
    make(path)
    result = check(path)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1, "one line is enough"
    assert result.stdout == ""


def test_what_can_be_used_beside_it_is_checked(tmp_path: Path) -> None:
    result = check(tmp_path / "missing", write(tmp_path / "app.json", BROKEN))
    assert result.exit_code == 2
    assert "KLP401" in result.stdout
    assert "missing does not exist" in result.stderr


def test_references_in_a_circle_end(tmp_path: Path) -> None:
    circle = {
        "Conditions": {"Open": {"Fn::Not": [{"Condition": "Open"}]}},
        "Resources": {
            "A": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Fn::GetAtt": ["B", "Arn"]}}},
            "B": {"Type": "AWS::KMS::Key", "Condition": "Open", "Properties": {"KeyPolicy": {"Ref": "A"}}},
        },
    }
    assert check(write(tmp_path / "app.json", circle)).exit_code == 1


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))


@pytest.mark.parametrize("given", ["a YAML bomb", "50 MB", "too deep"])
def test_time_and_memory_are_bounded(given: str, tmp_path: Path) -> None:
    UNUSABLE[given][0](tmp_path / "given")
    command = [sys.executable, "-c", "from secure_kms_constructs.cli import main; main()", "check", "given"]
    source = str(Path(__file__).parents[3] / "src")
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=limited,
        env={**os.environ, "PYTHONPATH": source},
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr


def test_what_a_template_holds_does_not_reach_the_terminal(tmp_path: Path) -> None:
    name = "Key\x1b[2J"
    template = {"Resources": {name: BROKEN["Resources"]["Key"]}}  # type: ignore[index]
    file = write(tmp_path / "app.json", template)
    assert "\x1b" not in check(file).stdout
    assert ElementTree.fromstring(check(file, "--format", "junit").stdout) is not None


def test_a_baseline_leaves_what_is_new(tmp_path: Path) -> None:
    file, known = write(tmp_path / "app.json", BROKEN), tmp_path / "known.json"
    assert check(file, "--baseline", known, "--update-baseline").exit_code == 0
    assert check(file, "--baseline", known).exit_code == 0
    worse = json.loads(json.dumps(ROTATION_OFF))
    worse["Resources"]["Key"]["Properties"]["PendingWindowInDays"] = 7
    write(file, worse)
    assert rules_in(file, "--baseline", known) == ["KLP402"]
    assert check(file, "--baseline", known).exit_code == 1


def test_a_baseline_counts(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
    file, known = tmp_path / "reader.json", tmp_path / "known.json"
    write(file, {"Version": "2012-10-17", "Statement": [statement]})
    check(file, "--baseline", known, "--update-baseline")
    write(
        file, {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, statement]}
    )
    assert rules_in(file, "--baseline", known) == [], "the same statement at another place is not new"
    write(file, {"Version": "2012-10-17", "Statement": [statement, statement]})
    assert rules_in(file, "--baseline", known) == ["KLP101"]


def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path) -> None:
    result = check(write(tmp_path / "app.json", BROKEN), "--baseline", write(tmp_path / "known.json", {"findings": []}))
    assert result.exit_code == 2
    assert "must be a baseline that --update-baseline wrote" in result.stderr


def test_sarif_points_into_the_file(tmp_path: Path) -> None:
    made = assembly(tmp_path / "cdk.out", BROKEN)
    (made / "Stack.template.json").write_text(json.dumps(BROKEN, indent=1))
    sarif = json.loads(check(made, "--format", "sarif").stdout)
    [run_] = sarif["runs"]
    [result] = run_["results"]
    place = result["locations"][0]["physicalLocation"]
    assert result["message"] == {"text": "Stack/Vault: the key is not rotated"}
    assert run_["tool"]["driver"]["informationUri"] == REPOSITORY
    assert run_["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    assert (sarif["version"], result["ruleId"], result["level"]) == ("2.1.0", "KLP401", "warning")
    assert Path(place["artifactLocation"]["uri"]) == made / "Stack.template.json"
    assert place["region"]["startLine"] == 3
    assert {rule.id for rule in RULES} <= {rule["id"] for rule in run_["tool"]["driver"]["rules"]}


def test_what_is_acknowledged_is_reported_as_such(tmp_path: Path) -> None:
    template = json.loads(json.dumps(ROTATION_OFF))
    reason = "the vendor rotates this key by hand"
    template["Resources"]["Key"]["Metadata"] = {"KmsLeastPrivilege": {"KLP401": reason}}
    file = write(tmp_path / "app.json", template)
    assert check(file).stdout == "nothing found, 1 acknowledged\n"
    [acknowledged] = json.loads(check(file, "--format", "json").stdout)["acknowledged"]
    assert acknowledged["acknowledged"] == {"at": "app/Key", "reason": reason}
    [result] = json.loads(check(file, "--format", "sarif").stdout)["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "inSource", "justification": reason}]


def test_junit_has_a_case_for_each_rule_and_a_failure_for_each_finding(tmp_path: Path) -> None:
    suite = ElementTree.fromstring(check(write(tmp_path / "app.json", BROKEN), "--format", "junit").stdout)
    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == [str(len(RULES)), "1", "0", "0"]
    [failure] = suite.findall("testcase/failure")
    assert failure.get("message") == "the key is not rotated"


def test_what_is_not_read_is_an_error_in_each_format(tmp_path: Path) -> None:
    clean, none = write(tmp_path / "app.json", CLEAN), write(tmp_path / "none.json", "")
    said = f"{none} must be a template, an object, got nothing"
    suite = ElementTree.fromstring(check(clean, none, "--format", "junit").stdout)
    [error] = suite.findall("testcase/error")
    assert (suite.get("errors"), error.get("message")) == ("1", said)
    [run_] = json.loads(check(clean, none, "--format", "sarif").stdout)["runs"]
    told = [{"level": "error", "message": {"text": said}}]
    assert run_["invocations"] == [{"executionSuccessful": False, "toolExecutionNotifications": told}]
    assert json.loads(check(clean, none, "--format", "json").stdout)["unread"] == [said]


def test_a_rule_that_failed_is_an_error_in_junit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_context: object) -> list[object]:
        raise RuntimeError("for once")

    failing = replace(rule_named("rotation-off"), check=fail)
    monkeypatch.setattr("secure_kms_constructs.checks.settled.chosen", lambda *_: (failing,))
    suite = ElementTree.fromstring(check(write(tmp_path / "app.json", CLEAN), "--format", "junit").stdout)
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")


def test_what_is_found_in_one_statement_is_told_together(tmp_path: Path) -> None:
    every = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    both = [every, {**every, "Action": "kms:Decrypt"}]
    lines = check(write(tmp_path / "p.json", {"Version": "2012-10-17", "Statement": both})).stdout.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("  error")] == ["KLP101", "KLP102", "KLP101"]
    assert [line.strip() for line in lines if " at " in line] == ["at Statement[0]", "at Statement[1].Resource"]
    assert [line.strip()[:8] for line in lines[3:6]] == ["at State", "fix: Nam", "fix: Lis"]


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    result = check(write(tmp_path / "app.json", BROKEN), "--format", "sarif", "--output", tmp_path / "out.sarif")
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"


def test_rules_as_json_have_all_that_is_said_of_them() -> None:
    listed = {one["id"]: one for one in json.loads(run("rules", "--format", "json").stdout)["rules"]}
    assert list(listed) == [line.split()[0] for line in run("rules").stdout.splitlines()]
    rule = rule_named("rotation-off")
    assert listed["KLP401"] == {
        "id": "KLP401",
        "name": "rotation-off",
        "title": rule.title,
        "why": rule.why,
        "fix": rule.fix,
        "severity": "warning",
        "controls": list(rule.controls),
        "source": rule.source,
    }
    assert (listed["KLP001"]["controls"], listed["KLP001"]["source"]) == ([], None)


def test_rules_lists_every_rule() -> None:
    lines = run("rules").stdout.splitlines()
    assert {rule.id for rule in RULES} <= {line.split()[0] for line in lines}


@pytest.mark.parametrize("name", ["KLP401", "rotation-off", "klp401"])
def test_explain_says_why_and_how(name: str) -> None:
    text = run("explain", name).stdout
    assert text.startswith("KLP401 rotation-off (warning)\n")
    assert '-    "EnableKeyRotation": false,' in text
    assert '+    "EnableKeyRotation": true,' in text


def test_explain_knows_the_rules_about_the_checks_themselves() -> None:
    assert "Why: It was given for a time" in run("explain", "review-overdue").stdout


def test_explain_does_not_know() -> None:
    result = run("explain", "KLP999")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_help_is_quick() -> None:
    def seconds(code: str, *arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    start = "from secure_kms_constructs.cli import main; main()"
    assert min(seconds(start, "--help") for _ in range(3)) - seconds("pass") < 0.25


def test_help_loads_no_check() -> None:
    code = "import sys; from secure_kms_constructs.cli import commands; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"secure_kms_constructs.checks", "rich.console", "yaml", "aws_cdk"} & set(loaded)


def test_without_the_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['typer'] = None; from secure_kms_constructs.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "secure-kms needs typer, which is not installed: pip install 'secure-kms-constructs[cli]'\n"


def test_a_link_in_a_directory_is_followed_once(tmp_path: Path) -> None:
    outside = write(tmp_path / "elsewhere" / "app.json", BROKEN)
    write(tmp_path / "infra" / "z.json", BROKEN)
    for name, target in {"again": tmp_path / "infra", "a.json": tmp_path / "infra" / "z.json"}.items():
        (tmp_path / "infra" / name).symlink_to(target)
    assert rules_in(tmp_path / "infra") == ["KLP401"]
    (tmp_path / "infra" / "b.json").symlink_to(outside)
    (tmp_path / "infra" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "infra" / "broken").symlink_to(tmp_path / "nowhere")
    assert rules_in(tmp_path / "infra") == ["KLP401", "KLP401"]


ESCAPED = {
    "app.json": json.dumps(ROTATION_OFF).replace("AWS::", "AWS\\u003a:"),
    "app.yaml": YAML.replace("AWS::KMS::Key", '"AWS\\x3a\\u003aKMS\\x3a:Key"'),
}


@pytest.mark.parametrize("name", ESCAPED)
def test_a_template_in_a_directory_is_known_through_escapes(tmp_path: Path, name: str) -> None:
    assert "AWS::" not in write(tmp_path / name, ESCAPED[name]).read_text()
    assert rules_in(tmp_path)


def test_a_file_with_other_escapes_is_passed_by(tmp_path: Path) -> None:
    write(tmp_path / "app.json", BROKEN)
    write(tmp_path / "package.json", '{"name": "\\u00e9"}')
    assert rules_in(tmp_path) == ["KLP401"]


def test_of_a_policy_it_is_not_said_that_it_has_no_account(tmp_path: Path) -> None:
    file = write(tmp_path / "reader.json", POLICY)
    assert "KLP004" not in run("check", "--show", "info", file).stdout
    assert "KLP004" in run("check", "--show", "info", write(tmp_path / "app.json", CLEAN)).stdout


def test_sarif_points_into_the_assembly_of_a_stage(tmp_path: Path) -> None:
    made = tmp_path / "cdk.out"
    assembly(made / "assembly-Prod", BROKEN)
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    write(made / "manifest.json", {"version": "55.0.0", "artifacts": {"assembly-Prod": stage}})
    [result] = json.loads(check(made, "--format", "sarif").stdout)["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert Path(uri) == made / "assembly-Prod" / "Stack.template.json"


def test_an_assembly_within_itself_ends(tmp_path: Path) -> None:
    itself = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}
    write(tmp_path / "manifest.json", {"version": "55.0.0", "artifacts": {"Again": itself}})
    assert check(tmp_path).exit_code in (0, 2)


SECRET: dict[str, Any] = {
    "Type": "AWS::SecretsManager::Secret",
    "Properties": {"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
}


def shop(directory: Path, environment: str = f"aws://{ACCOUNT}/eu-west-1") -> Path:
    """An assembly with a reader of a secret and a log group, whose key admits them in eu-west-1 only."""
    via = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
    logs = {"Effect": "Allow", "Principal": {"Service": "logs.eu-west-1.amazonaws.com"}, "Action": "kms:*"}
    admits = [{**KEY_POLICY["Statement"][0], "Condition": via}, {**logs, "Resource": "*"}]  # type: ignore[dict-item]
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {**KEY_POLICY, "Statement": admits}}}
    reads = [
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": {"Ref": "Secret"}},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": {"Fn::GetAtt": ["Key", "Arn"]}, "Condition": via},
    ]
    inline = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": reads}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [inline]}}
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}}
    template = {"Resources": {"Key": key, "Secret": SECRET, "Role": role, "Group": group}}
    made = assembly(directory, template)
    artifacts = {
        "Stack": {
            "type": "aws:cloudformation:stack",
            "environment": environment,
            "properties": {"templateFile": "Stack.template.json"},
        },
        "Other": {
            "type": "aws:cloudformation:stack",
            "environment": environment,
            "properties": {"templateFile": "Other.template.json"},
        },
    }
    write(directory / "manifest.json", {"version": "55.0.0", "artifacts": artifacts})
    write(directory / "Other.template.json", ROTATION_OFF)
    return made


PLACES = [[], ["--account", ACCOUNT], ["--region", "eu-west-1"], ["--account", ACCOUNT, "--region", "eu-west-1"]]


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
@pytest.mark.parametrize("environment", [f"aws://{ACCOUNT}/eu-west-1", "aws://unknown-account/unknown-region"])
def test_a_template_of_an_assembly_has_no_other_errors_than_the_assembly(
    tmp_path: Path, place: list[str], environment: str
) -> None:
    made = shop(tmp_path / "cdk.out", environment)
    found = json.loads(run("check", "--format", "json", *place, made / "Stack.template.json").stdout)["findings"]
    whole = json.loads(run("check", "--format", "json", *place, made).stdout)["findings"]
    assert [one for one in found if one["rule"] in ("KLP505", "KLP506") and one["severity"] == "error"] == []
    assert found == [one for one in whole if one["stack"] in ("Stack", "")]
    assert "KLP401" in {one["rule"] for one in whole if one["stack"] == "Other"}


def test_a_lone_template_with_the_account_alone_is_undecided_and_with_another_region_wrong(tmp_path: Path) -> None:
    lone = write(tmp_path / "lone.json", (shop(tmp_path / "cdk.out") / "Stack.template.json").read_text())

    def severities(*place: str) -> dict[str, str]:
        found = json.loads(run("check", "--format", "json", *place, lone).stdout)["findings"]
        return {one["rule"]: one["severity"] for one in found if one["rule"] in ("KLP505", "KLP506")}

    assert severities("--account", ACCOUNT) == {"KLP505": "info", "KLP506": "info"}
    assert severities("--account", ACCOUNT, "--region", "eu-west-1") == {}
    assert severities("--account", ACCOUNT, "--region", "eu-west-2") == {"KLP505": "error", "KLP506": "error"}


def test_a_manifest_of_something_else_makes_no_assembly(tmp_path: Path) -> None:
    file = write(tmp_path / "app.json", BROKEN)
    for manifest in ("{", "{}", json.dumps({"artifacts": {"A": {"type": "aws:cloudformation:stack"}}})):
        write(tmp_path / "manifest.json", manifest)
        assert rules_in(file) == ["KLP401"]


def test_a_parameter_and_what_is_deployed_can_be_told(tmp_path: Path) -> None:
    key = {"KeyPolicy": KEY_POLICY, "EnableKeyRotation": {"Ref": "Rotates"}}
    resources = {"Key": {"Type": "AWS::KMS::Key", "Properties": key}}
    template = write(tmp_path / "App.json", {"Parameters": {"Rotates": {"Type": "String"}}, "Resources": resources})
    rotates = rule_named("rotation-off").id
    assert rotates in check(template, "--parameter", "Rotates=false").stdout
    assert rotates not in check(template, "--parameter", "App/Rotates=true").stdout
    assert check(template, "--parameter", "Rotate=true").exit_code == 2
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0d990263-018e-4e65-a703-eff731de951e"
    assert check(template, "--same", f"App/Key={arn}").exit_code != 2
    assert check(template, "--same", f"App/Kye={arn}").exit_code == 2


def rotating(directory: Path) -> tuple[Path, Path]:
    """An assembly and a template, each with a key that a parameter of it lets rotate, of another name."""
    made = []
    for name in ("Rotates", "Turns"):
        key = {"KeyPolicy": KEY_POLICY, "EnableKeyRotation": {"Ref": name}}
        resources = {"Key": {"Type": "AWS::KMS::Key", "Properties": key}}
        made.append({"Parameters": {name: {"Type": "String"}}, "Resources": resources})
    return assembly(directory / "cdk.out", made[0]), write(directory / "App.json", made[1])


ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0d990263-018e-4e65-a703-eff731de951e"


def test_each_of_several_apps_gets_what_is_told_of_it(tmp_path: Path) -> None:
    apps = rotating(tmp_path)
    for given, found in (
        (["--parameter", "Stack/Rotates=false", "--parameter", "Turns=true", "--same", f"App/Key={ARN}"], "Stack"),
        (["--parameter", "Rotates=true", "--parameter", "App/Turns=false", "--same", f"Stack/Vault={ARN}"], "App"),
    ):
        report = json.loads(check(*apps, *given, "--format", "json").stdout)
        assert [one["stack"] for one in report["findings"] if one["rule"] == "KLP401"] == [found]


NOT_TOLD: list[tuple[list[str], str]] = [
    (["--same", f"App/Kye={ARN}"], "--same must name keys, roles or users of the templates, got 'App/Kye'; there are"),
    (["--parameter", "App/Rotates=true"], "--parameter must be one of a stack, got 'App/Rotates'; there are"),
    (["--parameter", "App/Turn=true"], "got 'App/Turn'; there are App/Turns"),
    (["--parameter", "Ap/Turns=true"], "got 'Ap/Turns'; there are App/Turns"),
    (["--parameter", "Turn=true"], "got 'Turn'; there are App/Turns"),
]


@pytest.mark.parametrize("given, says", NOT_TOLD)
def test_what_is_told_of_none_of_several_apps_is_an_error(given: list[str], says: str, tmp_path: Path) -> None:
    result = check(*rotating(tmp_path), *given)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_parameter_that_its_stack_does_not_have_is_an_error(tmp_path: Path) -> None:
    made, template = rotating(tmp_path)
    for path, stack, has in ((made, "Stack", "Rotates"), (template, "App", "Turns")):
        assert check(path, "--parameter", f"{stack}/{has}=true").exit_code != 2
        result = check(path, "--parameter", f"{stack}/{has}x=true")
        assert result.exit_code == 2
        assert f"parameters of {stack} must be those that it has, got '{has}x'; there are {has}" in result.stderr
        assert run("access", path, "--parameter", f"{stack}/{has}x=true").exit_code == 2
