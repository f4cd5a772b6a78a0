"""A construct without CDK, or with one that is too old, says what to install."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import PathFinder
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import secure_kms_constructs
from secure_kms_constructs.cdk import installed

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PLAIN = {
    *("AccessMap", "Guardrail", "KmsConfigRule", "Service", "Use", "assert_can", "assert_cannot"),
    *("assert_no_findings", "assert_only", "guardrail_policies"),
}
NEEDS = "HardenedKey needs aws-cdk-lib 2.262 or later, below 3, "


def test_the_bounds_are_those_of_the_extra() -> None:
    declared = {one.name: str(one.specifier) for one in map(Requirement, PROJECT["optional-dependencies"]["cdk"])}
    assert declared == {name: f"<{major + 1},>={major}.{minor}" for name, (_, major, minor) in installed.CDK.items()}


def test_the_package_itself_requires_nothing() -> None:
    assert PROJECT["dependencies"] == []


@pytest.mark.parametrize(
    "version, said",
    [
        ("2.261.9", f"{NEEDS}got 2.261.9: pip install 'secure-kms-constructs[cdk]'"),
        ("1.300.0", f"{NEEDS}got 1.300.0: pip install 'secure-kms-constructs[cdk]'"),
        ("3.0.0", f"{NEEDS}got 3.0.0: pip install 'secure-kms-constructs[cdk]'"),
        ("2.262.0", None),
        ("2.1000.0rc1", None),
        ("", None),
    ],
)
def test_versions_are_compared_as_numbers(
    version: str, said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package, (module, major, minor) in installed.CDK.items():
        (tmp_path / module).mkdir()
        (tmp_path / module / "__init__.py").touch()
        found = version if package == "aws-cdk-lib" else f"{major}.{minor}.0"
        if found:
            (tmp_path / f"{package.replace('-', '_')}-{found}.dist-info").mkdir()
    monkeypatch.setattr(installed, "find_spec", lambda module: PathFinder.find_spec(module, [str(tmp_path)]))
    installed._fault.cache_clear()
    try:
        if said is None:
            installed.need_cdk("HardenedKey")
            return
        with pytest.raises(ImportError) as refused:
            installed.need_cdk("HardenedKey")
        assert (str(refused.value), refused.value.name) == (said, "aws_cdk")
    finally:
        installed._fault.cache_clear()


@pytest.mark.parametrize("package", installed.CDK)
def test_the_version_that_is_read_is_the_one_that_is_installed(package: str) -> None:
    spec = find_spec(installed.CDK[package][0])
    assert spec is not None
    assert installed._version_beside(spec.submodule_search_locations or (), package) == version_of(package)


@pytest.mark.parametrize("package, module", [(name, it[0]) for name, it in installed.CDK.items()])
def test_each_part_of_cdk_that_is_missing_is_named(package: str, module: str) -> None:
    code = f"import sys; sys.modules[{module!r}] = None\nfrom secure_kms_constructs import HardenedKey"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"ImportError: HardenedKey needs {package} ")
    assert said.endswith(", and there is none: pip install 'secure-kms-constructs[cdk]'")


def test_every_name_says_so_or_needs_none() -> None:
    code = (
        "import sys\n"
        "for one in ('aws_cdk', 'constructs', 'jsii'): sys.modules[one] = None\n"
        "import secure_kms_constructs as package\n"
        "for name in package.__all__:\n"
        "    try: getattr(package, name)\n"
        "    except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    saying = {line.split(" needs aws-cdk-lib ")[0] for line in done.stdout.splitlines()}
    assert saying == set(secure_kms_constructs.__all__) - PLAIN
