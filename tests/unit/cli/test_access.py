"""`secure-kms access`: every format, and mistakes answered in a line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import secure_kms_constructs
from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.cli.page import level

ROOT_MAY = {
    "Effect": "Allow",
    "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
    "Action": "kms:*",
    "Resource": "*",
}
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": ROOT_MAY}}},
        "Other": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": ROOT_MAY}}},
        "Reader": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {},
                "Policies": [
                    {
                        "PolicyName": "Read",
                        "PolicyDocument": {
                            "Statement": {
                                "Effect": "Allow",
                                "Action": "kms:Decrypt",
                                "Resource": {"Fn::GetAtt": ["Key", "Arn"]},
                                "Condition": {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}},
                            }
                        },
                    }
                ],
            },
        },
    }
}
WHERE = ("--account", "111122223333", "--region", "us-east-1")
ASKED = ("--key", "App/Key", "--action", "kms:Decrypt")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "App.template.json"
    path.write_text(json.dumps(TEMPLATE))
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["access", *map(str, arguments)])


def test_the_text_is_that_of_the_map(template: Path) -> None:
    assert run(template, *WHERE, *ASKED, "--format", "text").stdout.splitlines() == [
        "App/Key",
        "  App/Reader: Decrypt via s3.*.amazonaws.com",
        "  root user of 111122223333: Decrypt",
        "  any principal of 111122223333 with kms:* on *: Decrypt",
    ]


def test_the_table_says_the_same(template: Path) -> None:
    shown = run(template, *WHERE, *ASKED).stdout
    for said in ("App/Reader", "root user of", "any principal of", "Decrypt", "s3.*.amazonaws.com", "always"):
        assert said in shown
    assert "App/Other" not in shown


def test_all_keys_and_actions_are_asked_about_by_default(template: Path) -> None:
    lines = run(template, *WHERE, "--format", "text").stdout.splitlines()
    assert [line for line in lines if line.startswith("App/")] == ["App/Key", "App/Other"]
    assert "  root user of 111122223333: every action" in lines


def test_json_is_for_programs(template: Path) -> None:
    found = json.loads(run(template, *WHERE, *ASKED, "--format", "json").stdout)
    assert found["keys"] == ["App/Key"]
    assert [line["kind"] for line in found["access"]] == ["identity", "root", "outsider"]
    reader = found["access"][0]
    assert reader["principal"] == "App/Reader"
    assert reader["allowed"] is True
    assert reader["actions"] == ["kms:Decrypt"]
    assert reader["via"] == ["s3.*.amazonaws.com"]
    assert {one["path"] for one in reader["statements"]} == {"App/Key", "App/Reader"}


def test_markdown_is_a_table_whose_stars_are_stars(template: Path) -> None:
    lines = run(template, *WHERE, *ASKED, "--format", "markdown").stdout.splitlines()
    assert lines[:3] == [
        "| key | who | can | circumstances |",
        "|--|--|--|--|",
        r"| App/Key | App/Reader | Decrypt | via s3.\*.amazonaws.com |",
    ]


def test_use_within_a_wildcard_alarms_and_use_within_limits_does_not() -> None:
    line = {"kind": "identity", "allowed": True, "actions": ["kms:Decrypt"], "circumstances": "via secretsmanager"}
    assert level(line) == "narrow"
    assert level({**line, "circumstances": "via s3.*.amazonaws.com"}) == "wide"
    assert level({**line, "circumstances": ""}) == "wide"
    assert level({**line, "actions": ["kms:PutKeyPolicy"]}) == "owner"


def test_what_one_principal_can_is_asked_the_other_way_round(template: Path) -> None:
    arguments = (template, *WHERE, "--format", "text", "--principal")
    assert run(*arguments, "Reader").stdout.splitlines() == [
        "App/Key",
        "  App/Reader: Decrypt via s3.*.amazonaws.com",
    ]
    assert "App/Other" in run(*arguments, "root user of 111122223333").stdout
    assert "App/Other" not in run(*arguments, "root user of 111122223333", "--key", "Key").stdout
    nothing = run(*arguments, "App/Reader", "--action", "kms:Encrypt")
    assert nothing.stdout.strip() == ""
    assert nothing.stderr == "App/Reader can use none of the keys\n"


def test_what_is_expected_is_compared(template: Path, tmp_path: Path) -> None:
    expected = tmp_path / "expected.txt"
    assert run(template, *WHERE, "--format", "text", "--output", expected).exit_code == 0
    written = expected.read_text(encoding="utf-8")
    expected.write_text(f"# Reviewed by the owners of the keys.\n\n{written}\n", encoding="utf-8")
    same = run(template, *WHERE, "--expect", expected)
    assert (same.exit_code, same.stdout) == (0, "access is as expected\n")
    expected.write_text(written.replace("  App/Reader: Decrypt via s3.*.amazonaws.com\n", ""), encoding="utf-8")
    more = run(template, *WHERE, "--expect", expected)
    assert more.exit_code == 1
    assert "+  App/Reader: Decrypt via s3.*.amazonaws.com\n" in more.stdout
    expected.write_text(written.replace("  App/Reader", "? App/Reader"), encoding="utf-8")
    assert run(template, *WHERE, "--expect", expected).exit_code == 1
    expected.write_text(written, encoding="utf-8")
    assert run(template, *WHERE, "--principal", "Reader", "--expect", expected).exit_code == 1


def test_a_key_called_like_a_comment_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "App.template.json"
    resources = {"Key": {**TEMPLATE["Resources"]["Key"], "Metadata": {"aws:cdk:path": "# App/Key/Resource"}}}
    path.write_text(json.dumps({"Resources": resources}))
    expected = tmp_path / "expected.txt"
    run(path, *WHERE, "--format", "text", "--output", expected)
    assert run(path, *WHERE, "--expect", expected).exit_code == 1


def test_html_goes_to_a_file(template: Path, tmp_path: Path) -> None:
    output = tmp_path / "access.html"
    done = run(template, *WHERE, "--format", "html", "--output", output)
    assert done.stdout == ""
    assert output.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_table_in_a_file_has_no_colours(template: Path, tmp_path: Path) -> None:
    output = tmp_path / "access.txt"
    run(template, "--output", output)
    assert "\x1b" not in output.read_text(encoding="utf-8")
    assert "no account is given for App" in output.read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments, message", [
    (["--key", "App/Kye"], "error: no key is called 'App/Kye'; there are App/Key"),
    (["--action", "kms:Decrypts"], "did you mean kms:Decrypt?"),
    (["--principal", "App/Raeder"], "error: no principal is called 'App/Raeder'; there are App/Reader"),
    (["--expect", "nothing.txt"], "error: "),
    (["--expect", "a.txt", "--output", "b.txt"], "error: --expect compares and writes nothing: leave out --output"),
    (["--account", "12"], "error: "),
])  # fmt: skip
def test_a_mistake_is_one_line(template: Path, arguments: list[str], message: str) -> None:
    done = run(template, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_path_that_is_no_assembly_is_a_mistake(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.json"):
        done = run(path)
        assert done.exit_code == 2
        assert done.stderr.startswith("error: ")


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    source = str(Path(secure_kms_constructs.__file__).parents[1])
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": source, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_it_says_what_to_install(missing: str, template: Path) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; sys.argv[1:] = ['access', {str(template)!r}]\n"
    done = python("-c", f"{code}from secure_kms_constructs.cli import main; main()")
    assert done.returncode == 1
    assert done.stderr == (
        f"secure-kms needs {missing}, which is not installed: pip install 'secure-kms-constructs[cli]'\n"
    )


def test_help_loads_nothing_of_ours_but_the_commands() -> None:
    """How long it takes to start is measured by benchmarks/access.py."""
    code = """
import sys
sys.argv[1:] = ["access", "--help"]
from secure_kms_constructs.cli import main
try:
    main()
finally:
    loaded = {name for name in sys.modules if name.startswith("secure_kms_constructs.")}
    assert all(name.startswith("secure_kms_constructs.cli") for name in loaded), loaded
    assert "rich.console" not in sys.modules
"""
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert "Tell who can use which KMS key" in done.stdout


@pytest.fixture
def open_template(tmp_path: Path) -> Path:
    """A key whose policy admits a role by a parameter, a role of an open name, and a literal key ARN in a policy."""
    principal = {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/${Who}"}}
    admits = {"Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*"}
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": admits}}},
        "Reader": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}},
    }
    path = tmp_path / "Open.template.json"
    path.write_text(json.dumps({"Parameters": {"Who": {"Type": "String"}}, "Resources": resources}))
    return path


READER = "arn:aws:iam::111122223333:role/Open-Reader-1A2B3C4D5E6F"
LINES = ("--action", "kms:Decrypt", "--format", "text")


@pytest.mark.parametrize("name", ["Who", "Open/Who"])
def test_a_parameter_and_what_is_deployed_can_be_told(open_template: Path, name: str) -> None:
    told = ("--parameter", f"{name}=Open-Reader-1A2B3C4D5E6F")
    assert "Open/Reader?" not in run(open_template, *WHERE, *LINES, *told, "--same", f"Open/Reader={READER}").stdout
    assert (
        "  Open/Reader: Decrypt" in run(open_template, *WHERE, *LINES, *told, "--same", f"Open/Reader={READER}").stdout
    )
    assert "  Open/Reader: Decrypt\n" not in run(open_template, *WHERE, *LINES, *told).stdout
    assert "  Open/Reader" not in run(open_template, *WHERE, *LINES, "--parameter", f"{name}=Another").stdout


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--parameter", "Whom=x"], "there are Who"),
        (["--parameter", "Shop/Who=x"], "must be those of Open, got 'Shop'"),
        (["--parameter", "Who"], "--parameter must be <name>=<value>"),
        (["--parameter", "Who=x", "--parameter", "Who=y"], "--parameter must give Who once"),
        (["--same", f"Open/Raeder={READER}"], "there are Open/Reader"),
        (["--same", "Open/Reader"], "--same must be <name>=<value>"),
    ],
)
def test_what_is_told_wrongly_is_a_mistake(open_template: Path, arguments: list[str], says: str) -> None:
    result = run(open_template, *WHERE, *arguments)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr


def test_a_template_of_an_assembly_is_read_with_it(tmp_path: Path, template: Path) -> None:
    alone = run(template, *ASKED, "--format", "text").stdout
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://111122223333/us-east-1",
        "properties": {"templateFile": template.name},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {"App": artifact}}))
    within = run(template, *ASKED, "--format", "text").stdout
    assert within == run(tmp_path, *ASKED, "--format", "text").stdout
    assert "111122223333" in within
    assert "111122223333" not in alone
