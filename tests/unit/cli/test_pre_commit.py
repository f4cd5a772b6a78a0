"""The hook that other repositories use names a command that there is, for the files it is about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
[HOOK] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def test_the_command_is_installed_with_the_package() -> None:
    script, command = HOOK["entry"].split()
    assert f'{script} = "secure_kms_constructs.cli:main"' in (ROOT / "pyproject.toml").read_text()
    assert command == "check"
    assert HOOK["additional_dependencies"] == [".[cli]"]


FILES = {
    "cdk.out/App.template.json": True,
    "infra/template.yaml": True,
    "infra/queue.template": True,
    "policies/reader-policy.json": True,
    "package.json": False,
    "docs/template.md": False,
    "src/app.py": False,
}


@pytest.mark.parametrize("file", FILES)
def test_it_is_about_templates_and_policies(file: str) -> None:
    assert bool(re.search(HOOK["files"], file)) is FILES[file]
