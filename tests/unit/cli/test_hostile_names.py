"""Names come from templates, and templates from pull requests: nothing of them is more than text in any format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.policies.escapes import as_markdown
from secure_kms_constructs.policies.lines import one_line

ACCOUNT = "111122223333"
# What a pull request may put into a construct path, a Sid, a condition value or the name of a role.
HOSTILE = {
    "a workflow command": "x\n::error::all is well",
    "a command at the beginning": "::add-mask::x",
    "a command of old": "x ##[error]y",
    "a command of Azure Pipelines": "##vso[task.complete result=Succeeded;]",
    "a carriage return": "Safe\rnobody",
    "the escape character": "\x1b[2J\x1b]8;;https://example.com\x07",
    "text from right to left": "\u202egnp.exe",
    "a line separator": "x\u2028  nobody",
    "markup of Markdown": "<img src=x onerror=alert(1)> [a](https://example.com) @octocat #1 `b` *c* | d",
    "markup of Rich": "[bold red]x[/] [link=https://example.com]y[/link]",
}
CHECK_FORMATS = ("text", "json", "sarif", "junit")
ACCESS_FORMATS = ("table", "text", "json", "markdown", "html")
each_name = pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)


def template(hostile: str) -> dict[str, Any]:
    """A template with the name wherever one is shown: paths, a Sid, a value, a role's name."""
    context = {"StringEquals": {"kms:EncryptionContext:app": hostile, f"kms:EncryptionContext:{hostile}": "x"}}
    statements = [
        {"Sid": hostile, "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"},
        {"Effect": "Allow", "Principal": {"AWS": hostile}, "Action": ["kms:Decrypt"], "Condition": context},
    ]
    policy = {"Version": "2012-10-17", "Statement": [one | {"Resource": "*"} for one in statements]}
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}
    inline = [{"PolicyName": hostile, "PolicyDocument": document}]
    return {
        "Resources": {
            "Key": {
                "Type": "AWS::KMS::Key",
                "Properties": {"KeyPolicy": policy, "EnableKeyRotation": hostile},
                "Metadata": {"aws:cdk:path": f"App/{hostile}/Resource"},
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"Policies": inline},
                "Metadata": {"aws:cdk:path": f"{hostile}/Role/Resource"},
            },
        }
    }


def written(tmp_path: Path, hostile: str, command: str, form: str) -> str:
    file = tmp_path / "stack.template.json"
    file.write_text(json.dumps(template(hostile)), encoding="utf-8")
    show = ["--show", "info"] if command == "check" else []
    run = CliRunner().invoke(
        app, [command, str(file), "--account", ACCOUNT, "--region", "us-east-1", "--format", form, *show]
    )
    assert run.exit_code in (0, 1), run.output
    return run.output


def assert_harmless(text: str) -> None:
    """No line is a command, and nothing a terminal obeys is left."""
    for line in text.splitlines():
        assert not line.lstrip().startswith("::"), line
        assert "##[" not in line
        assert "##vso[" not in line
    # What draws tables is printable too.
    assert all(character == "\n" or character.isprintable() for character in text), ascii(text)


@each_name
@pytest.mark.parametrize("form", CHECK_FORMATS)
def test_findings_are_text(tmp_path: Path, hostile: str, form: str) -> None:
    output = written(tmp_path, hostile, "check", form)
    assert_harmless(output)
    if form in ("json", "sarif"):
        # Whoever reads JSON gets the names as they are.
        assert json.dumps(f"App/{hostile}")[:-1] in json.dumps(json.loads(output))
    if form == "junit":
        assert ElementTree.fromstring(output).tag == "testsuite"


@each_name
@pytest.mark.parametrize("form", ACCESS_FORMATS)
def test_the_map_of_access_is_text(tmp_path: Path, hostile: str, form: str) -> None:
    output = written(tmp_path, hostile, "access", form)
    if form != "html":
        assert_harmless(output)
    assert "<img" not in output or form in ("table", "text", "json")


@each_name
def test_a_snapshot_has_no_forged_line(hostile: str) -> None:
    access = AccessMap.from_templates({"App": template(hostile)}, account=ACCOUNT, region="us-east-1")
    honest = AccessMap.from_templates({"App": template("Name")}, account=ACCOUNT, region="us-east-1")
    assert_harmless(access.to_text())
    assert len(access.to_text().splitlines()) == len(honest.to_text().splitlines())
    assert_harmless(str(access.diff(honest)))
    [key, *_] = access.keys
    for row in access.who_can("kms:Decrypt", key):
        assert "\n" not in str(row)
        for statement in row.statements:
            assert_harmless(str(statement))
    assert_harmless(str(access.explain(access.principals[0], "kms:Decrypt", key)))


@each_name
def test_what_is_not_found_is_said_in_one_line(tmp_path: Path, hostile: str) -> None:
    run = CliRunner().invoke(app, ["check", str(tmp_path / hostile.replace("/", "-"))])
    assert run.exit_code == 2
    assert_harmless(run.output)
    assert len(run.output.splitlines()) == 1


def test_what_is_hidden_is_written_out() -> None:
    assert one_line("a\nb\r\t\x1b\u202e\u2028") == r"a\nb\r\t\x1b\u{202e}\u{2028}"
    assert one_line("  ::error::x") == r"  \:\:error::x"
    assert one_line("a ##[error]b ##vso[c]") == r"a ##\[error]b ##vso\[c]"
    plain = "arn:aws:iam::111122223333:role/app-*, Zürich, 鍵, C:\\x"
    assert one_line(plain) == plain


def test_nothing_foreign_is_markup_in_markdown() -> None:
    assert as_markdown("<b> & *c* | `d` [e](f) #1") == r"&lt;b&gt; &amp; \*c\* \| \`d\` \[e\](f) \#1"
    assert as_markdown("@octocat https://example.com www.example.com") == (
        "&#64;octocat https&#58;//example.com www&#46;example.com"
    )
    assert as_markdown("arn:aws:iam::111122223333:role/app") == "arn:aws:iam::111122223333:role/app"
