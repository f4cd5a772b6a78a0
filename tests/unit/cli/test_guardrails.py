"""`secure-kms guardrails`: policies as files, and mistakes answered in a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.organizations import Guardrail, guardrail_policies

ORGANIZATION = "o-abcdefghij"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["guardrails", *map(str, arguments)])


def test_each_policy_is_a_file_without_white_space(tmp_path: Path) -> None:
    done = run(ORGANIZATION, "--output", tmp_path / "new" / "policies")
    assert done.exit_code == 0, done.output
    for one in guardrail_policies(organization=ORGANIZATION):
        path = tmp_path / "new" / "policies" / f"{one.name}.json"
        assert path.read_text() == one.text
        assert f"{path}: {one.type}, {len(one.text)} characters\n" in done.stdout


def test_without_a_directory_they_are_printed() -> None:
    found = guardrail_policies(organization=ORGANIZATION)
    assert json.loads(run(ORGANIZATION).stdout) == [vars(one) for one in found]


def test_every_option_reaches_the_policies() -> None:
    deployer, role, account = "arn:aws:iam::*:role/deploys", "arn:aws:iam::*:role/opens", "444455556666"
    given = ["--deployer", deployer, "--break-glass", role, "--trusted-account", account]
    given += ["--minimum-waiting-days", "14", "--without", "grants", "--without", "lockout-check"]
    wanted = guardrail_policies(
        organization=ORGANIZATION,
        deployers=[deployer],
        break_glass=[role],
        trusted_accounts=[account],
        minimum_waiting_days=14,
        without=[Guardrail.GRANTS, Guardrail.LOCKOUT_CHECK],
    )
    assert json.loads(run(ORGANIZATION, *given).stdout) == [vars(one) for one in wanted]


def test_doubled_quotas_are_said() -> None:
    long = [it for number in range(120) for it in ("--break-glass", f"arn:aws:iam::111122223333:role/glass-{number}-x")]
    assert "a policy has 5120" in run(ORGANIZATION, *long).stderr
    assert run(ORGANIZATION, *long, "--doubled-scp-quotas").exit_code == 0
    assert "room for 0" in run(ORGANIZATION, "--scps-attached", 5).stderr


@pytest.mark.parametrize(
    "given, says",
    [
        (["x"], "error: organization must be the id of yours, o-..., got 'x'"),
        ([ORGANIZATION, "--without", "all"], "error: without must name guardrails, got 'all': choose of lockout-check"),
        ([ORGANIZATION, "--output", __file__], f"error: {__file__}: File exists"),
    ],
)
def test_a_mistake_is_a_line(given: list[str], says: str) -> None:
    done = run(*given)
    assert done.exit_code == 2
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == 1


def test_the_help_names_every_guardrail() -> None:
    shown = " ".join(run("--help").stdout.split())
    assert all(one.value in shown.replace("- ", "-") for one in Guardrail)


def test_policies_of_an_earlier_run_are_not_left_beside_those_of_this_one(tmp_path: Path) -> None:
    assert run(ORGANIZATION, "--output", tmp_path).exit_code == 0
    assert run(ORGANIZATION, "--output", tmp_path).exit_code == 0, "the same files are written anew"
    older = tmp_path / "kms-scp-7.json"
    older.write_text("{}")
    (tmp_path / "notes.json").write_text("{}")
    done = run(ORGANIZATION, "--output", tmp_path)
    assert done.exit_code == 2
    assert "has policies of an earlier run that are none of these, got kms-scp-7.json: take them out" in done.output
    assert run(ORGANIZATION, "--output", tmp_path / "new").exit_code == 0
    older.unlink()
    assert run(ORGANIZATION, "--output", tmp_path).exit_code == 0
