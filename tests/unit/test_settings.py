"""`[tool.secure-kms]` of `pyproject.toml`: found upwards, read once, and nothing in it passes that does nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from secure_kms_constructs import assert_no_findings, settings
from secure_kms_constructs.account import write_snapshot
from secure_kms_constructs.checks import rule_named
from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.settings import Settings, find_settings
from tests.unit.migrate.accounts import WIDE, role, snapshot

BROKEN = rule_named("rotation-off").broken
WHOLE = """
[tool.secure-kms]
rules = ["rotation-off", "KLP402"]
fail-on = "error"
baseline = "known/kms.json"
account = "111122223333"
region = "eu-west-1"

[tool.secure-kms.severities]
rotation-off = "error"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory below that of the settings, in which everything runs."""
    below = tmp_path / "infra"
    below.mkdir()
    (below / "app.template.json").write_text(json.dumps(BROKEN))
    monkeypatch.chdir(below)
    return tmp_path


def settle(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.secure-kms]\n{text}")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)


def check(*arguments: object) -> Result:
    return run("check", "app.template.json", *arguments)


def found(*arguments: object) -> dict[str, str]:
    return {
        one["rule"]: one["severity"] for one in json.loads(check("--format", "json", *arguments).stdout)["findings"]
    }


def test_everything_is_read_from_the_nearest_that_has_some(project: Path) -> None:
    (project / "pyproject.toml").write_text(WHOLE)
    (project / "infra" / "pyproject.toml").write_text('[project]\ndependencies = ["secure-kms-constructs"]\n')
    assert find_settings() == Settings(
        path=project / "pyproject.toml",
        rules=("rotation-off", "KLP402"),
        severities={"rotation-off": "error"},
        fail_on="error",
        baseline=project / "known" / "kms.json",
        account="111122223333",
        region="eu-west-1",
    )
    (project / "infra" / "pyproject.toml").write_text("[tool.secure-kms]\n")
    assert find_settings() == Settings(path=project / "infra" / "pyproject.toml")


@pytest.mark.usefixtures("project")
def test_without_any_nothing_is_set() -> None:
    assert find_settings() == Settings()


def test_a_file_that_is_not_ours_is_not_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pyproject.toml").write_text('dependencies = ["secure-kms-constructs[cdk]>=0.1"')
    for name in ("tomllib", "tomli"):
        monkeypatch.setitem(sys.modules, name, None)
    assert find_settings() == Settings()


NOT_SO = {
    'fail_on = "error"': "has no setting 'fail_on'; did you mean fail-on?",
    'severity = {rotation-off = "off"}': "has no setting 'severity'; did you mean severities?",
    "colour = 1": "has no setting 'colour'; there are rules, severities, fail-on, baseline, account, region",
    'fail-on = "never"': "fail-on must be one of error, warning, info, got 'never'",
    'rules = "rotation-off"': """rules must be a list of ids or names of rules, such as ["rotation-off"], got 'rota""",
    "rules = []": """rules must be a list of ids or names of rules, such as ["rotation-off"], got []""",
    "rules = [1]": "rules must be a list of ids or names of rules, such as",
    'severities = ["rotation-off"]': "severities must be a table of severities by rule, such as {rotation-off =",
    "severities = {rotation-off = 1}": "severities must be a table of severities by rule, such as",
    "account = 111122223333": 'account must be the 12 digits of an account in quotes, such as "111122223333", got 1111',
    'account = "1111"': "account must be the 12 digits of an account in quotes",
    'region = ""': "region must be a region, such as",
    "baseline = true": "baseline must be the path of a file, such as",
}


@pytest.mark.parametrize("text", NOT_SO)
def test_what_is_no_setting_is_refused_with_the_way_out(text: str, project: Path) -> None:
    settle(project, text)
    with pytest.raises(ValueError) as refused:
        find_settings()
    assert str(refused.value).startswith(f"[tool.secure-kms] of {project / 'pyproject.toml'}")
    assert NOT_SO[text] in str(refused.value)


@pytest.mark.parametrize("text", ['rules = ["rotation-of"]', 'severities = {rotation-of = "off"}'])
def test_a_rule_that_there_is_not_is_refused_with_a_close_name(text: str, project: Path) -> None:
    settle(project, text)
    said = "no rule is called 'rotation-of'; did you mean rotation-off? `secure-kms rules` lists them"
    assert check().stderr == f"error: [tool.secure-kms] of {project / 'pyproject.toml'}: {said}\n"
    with pytest.raises(ValueError, match="did you mean rotation-off"):
        assert_no_findings(assembly(project))


@pytest.mark.parametrize("whole", ["tool = 5 # secure-kms", "[tool]\nsecure-kms = 5"])
def test_a_table_that_is_none_does_not_pass_for_one(whole: str, project: Path) -> None:
    (project / "pyproject.toml").write_text(whole)
    assert check().exit_code == (2 if "secure-kms = 5" in whole else 1)


def test_a_file_that_is_no_toml_is_a_line(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.secure-kms")
    done = check()
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {project / 'pyproject.toml'} must be TOML: ")


def test_rules_and_severities_are_settled_and_options_win(project: Path) -> None:
    before = found()
    assert before["KLP401"] == "warning"
    settle(project, 'severities = {KLP401 = "error"}')
    assert found() == before | {"KLP401": "error"}
    assert found("--severity", "rotation-off=info") == before | {"KLP401": "info"}
    settle(project, 'rules = ["rotation-off"]')
    assert {"KLP401"} <= set(found()) <= {"KLP401", "KLP004"}
    assert "KLP401" not in found("--rule", "lockout")


def test_what_fails_is_settled_and_the_option_wins(project: Path) -> None:
    assert check().exit_code == 1
    settle(project, 'fail-on = "error"')
    assert check().exit_code == 0
    assert check("--fail-on", "warning").exit_code == 1


def test_the_text_says_by_which_settings(project: Path) -> None:
    assert "pyproject" not in check().stdout
    settle(project, 'fail-on = "error"')
    assert check().stdout.splitlines()[-1].endswith(f", by [tool.secure-kms] of {project / 'pyproject.toml'}")


def test_the_baseline_is_that_of_the_settings_and_the_option_wins(project: Path) -> None:
    directory = assembly(project)
    settle(project, 'baseline = "known.json"')
    assert "known.json cannot be read" in run("check", directory).stderr
    assert run("check", directory, "--update-baseline").exit_code == 0
    assert (project / "known.json").is_file()
    assert run("check", directory).exit_code == 0
    assert_no_findings(directory)
    Path("none.json").write_text(json.dumps({"version": 1, "findings": []}))
    assert run("check", directory, "--baseline", "none.json").exit_code == 1
    (project / "pyproject.toml").unlink()
    with pytest.raises(AssertionError):
        assert_no_findings(directory)


def test_the_place_of_stacks_is_settled_and_options_win(project: Path) -> None:
    admit(project / "infra" / "app.template.json", {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"})
    ask = ("access", "app.template.json", "--format", "text")
    assert "no account is given" in run(*ask).stdout
    settle(project, 'account = "111122223333"\nregion = "eu-west-1"')
    assert "root user of 111122223333" in run(*ask).stdout
    assert "is given" not in run(*ask).stdout
    assert "root user of 444455556666" in run(*ask, "--account", "444455556666").stdout
    assert "KLP004" not in found()


def test_two_templates_are_compared_in_that_place_and_accounts_in_their_own(project: Path) -> None:
    one, other = (project / name / "app.json" for name in ("one", "other"))
    admit(one, "arn:aws:iam::111122223333:root")
    admit(other, {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"})
    settle(project, 'account = "111122223333"\nregion = "eu-west-1"')
    assert run("diff", one, other).exit_code == 0
    assert run("diff", one, other, "--account", "444455556666").exit_code == 1
    write_snapshot(snapshot(role(wide=WIDE)), Path("account.json"))
    assert run("diff", "account.json", "account.json").exit_code == 0


def admit(file: Path, principal: Any) -> None:
    file.parent.mkdir(exist_ok=True)
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [statement]}}}
    file.write_text(json.dumps({"Resources": {"Key": key}}))


def test_an_assertion_takes_what_it_is_not_given(project: Path) -> None:
    directory = assembly(project)
    with pytest.raises(AssertionError):
        assert_no_findings(directory)
    settle(project, 'fail-on = "error"')
    assert_no_findings(directory)
    with pytest.raises(AssertionError):
        assert_no_findings(directory, fail_on="warning")
    settle(project, 'severities = {rotation-off = "off"}')
    assert_no_findings(directory, rules=["rotation-off"])
    with pytest.raises(AssertionError):
        assert_no_findings(directory, rules=["rotation-off"], severities={"KLP401": "error"})


def test_an_assertion_reads_stacks_in_the_settled_place(project: Path) -> None:
    directory = assembly(project, "aws://unknown-account/unknown-region")
    with pytest.raises(AssertionError, match="no account is given"):
        assert_no_findings(directory, fail_on="info", severities={"KLP401": "off"})
    settle(project, 'account = "111122223333"\nregion = "eu-west-1"')
    assert_no_findings(directory, fail_on="info", severities={"KLP401": "off"})


def assembly(project: Path, environment: str = "aws://111122223333/us-east-1") -> Path:
    directory = project / "cdk.out"
    directory.mkdir(exist_ok=True)
    properties = {"templateFile": "Stack.template.json"}
    artifact: Any = {"type": "aws:cloudformation:stack", "environment": environment, "properties": properties}
    (directory / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"Stack": artifact}}))
    (directory / "Stack.template.json").write_text(json.dumps(BROKEN))
    return directory


def test_each_setting_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "checks.md").read_text()
    assert not [name for name in settings._KINDS if f"`{name}`" not in page]
