"""A failed assertion is readable: our own frames are left out of the traceback, and what we return has a short name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from secure_kms_constructs import AccessMap, Service, Use
from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.checks import check_templates, rule_named
from secure_kms_constructs.checks.examples import ACCOUNT, REGION

TEMPLATE = rule_named("rotation-off").broken
ACCESS = AccessMap.from_templates({"App": TEMPLATE}, account=ACCOUNT, region=REGION)
[FOUND] = check_templates({"App": TEMPLATE}, account=ACCOUNT, region=REGION).findings

FAILING = """
from secure_kms_constructs import assert_can, assert_cannot, assert_no_findings, assert_only
from secure_kms_constructs.access import ROOT
from tests.unit.test_readable import ACCESS

def test_only(): assert_only(ACCESS, "kms:Decrypt", "App/Key", set())
def test_can(): assert_can(ACCESS, "kms:Decrypt", "App/Key", "nobody.amazonaws.com")
def test_cannot(): assert_cannot(ACCESS, "kms:Decrypt", "App/Key", ROOT)
def test_wrong(): assert_can(ACCESS, "kms:Decrypt", "App/Kee", ROOT)
def test_none(): assert_no_findings("cdk.out")
"""


def test_a_failed_assertion_shows_the_test_and_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FAILING)
    assembly = tmp_path / "cdk.out"
    assembly.mkdir()
    properties = {"templateFile": "App.json"}
    environment = f"aws://{ACCOUNT}/{REGION}"
    artifact = {"type": "aws:cloudformation:stack", "environment": environment, "properties": properties}
    (assembly / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"App": artifact}}))
    (assembly / "App.json").write_text(json.dumps(TEMPLATE))
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root / "src"), str(root)])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "test_it.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    assert "5 failed" in done.stdout
    assert "secure_kms_constructs/" not in done.stdout, "no line of ours"
    assert "too many: root user of 111122223333 can" in done.stdout
    assert "KLP401 App/Key Properties.EnableKeyRotation: the key is not rotated" in done.stdout


@pytest.mark.parametrize(
    "value, said",
    [
        (ACCESS, "<AccessMap of App/Key>"),
        (ACCESS.who_can("kms:Decrypt", "App/Key")[0], "<Row root user of 111122223333 can kms:Decrypt App/Key>"),
        (ACCESS.diff(ACCESS), "<Diff of 0 differences>"),
        (FOUND, "<Finding warning KLP401 App/Key Properties.EnableKeyRotation: the key is not rotated>"),
        (Snapshot("2026-01-01", []), "<Snapshot of no account, 2026-01-01>"),
        (Service.RDS, "Service.RDS"),
        (Service.SECRETS_MANAGER, "Service.SECRETS_MANAGER"),
        (Service.EFS, "Service.EFS"),
        (Service("Mine", "mine", None, {Use.READ: ("kms:Decrypt",)}, ""), "Service('Mine', 'mine', ...)"),
        (Service("RDS", "other", None, {}, ""), "Service('RDS', 'other', ...)"),
    ],
    ids=str,
)
def test_values_have_a_short_name(value: object, said: str) -> None:
    assert repr(value) == said
