"""The oldest aws-cdk-lib that is allowed: the Node part loads there, and templates come out as on the newest."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RANDOM_APPS = 20
RUN = f"""
import json
from importlib.metadata import version
from tests.semantics.templates_of import digests, some_files
print(json.dumps([version("aws-cdk-lib"), version("jsii"), digests(some_files({RANDOM_APPS}))]))
"""


@pytest.fixture(scope="module")
def lowest() -> Path:
    """Python of an environment of its own; make says where."""
    python = Path(os.environ.get("LOWEST", ROOT / ".venv-lowest/bin/python"))
    if not python.exists():
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up(f"no environment with the oldest versions: {python} is made by make")
    return python


def test_templates_come_out_the_same_on_the_oldest_versions(lowest: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    done = subprocess.run([str(lowest), "-c", RUN], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    cdk, jsii, found = json.loads(done.stdout.splitlines()[-1])
    requirements = (ROOT / "pyproject.toml").read_text()
    for name, version in (("aws-cdk-lib", cdk), ("jsii", jsii)):
        assert f'"{name}>={version.removesuffix(".0")},' in requirements
    expected = json.loads((ROOT / "tests/semantics/templates.json").read_text())
    assert found
    assert {name: expected.get(name) for name in found} == found
