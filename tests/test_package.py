"""What a user installs: the built wheel, in an environment with the declared dependencies and nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]

SYNTHESIZE = """
import aws_cdk as cdk
from aws_cdk import assertions
import secure_kms_constructs

stack = cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(account="111122223333", region="us-east-1"))
secure_kms_constructs.HardenedKey(stack, "Key")
assertions.Template.from_stack(stack).resource_count_is("AWS::KMS::Key", 1)
print(secure_kms_constructs.__file__)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the sdist and of the wheel made from it; the build tools of this environment do it offline."""
    directory = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(directory), str(ROOT))
    return directory


def test_the_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"secure_kms_constructs"}
    assert "secure_kms_constructs/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_holds_the_node_part_packed_and_the_source_archive_its_source(built: Path) -> None:
    [wheel], [sdist] = built.glob("*.whl"), built.glob("*.tar.gz")
    node = "secure_kms_constructs/cdk/node/"
    with zipfile.ZipFile(wheel) as archive:
        packed = [name.removeprefix(node) for name in archive.namelist() if name.startswith(node)]
        [name] = [name for name in packed if name.endswith(".tgz")]
        content = archive.read(node + name)
    assert sorted(packed) == ["README.md", "__init__.py", "_jsii/__init__.py", name]
    with tarfile.open(fileobj=io.BytesIO(content)) as inner:
        assert {"package/.jsii", "package/index.js", "package/package.json"} <= set(inner.getnames())
    with tarfile.open(sdist) as archive:
        names = {one.split("/", 1)[1] for one in archive.getnames()}
    assert {"hatch_build.py", f"src/{node}archive.py", f"src/{node}js/index.js"} <= names
    assert not [one for one in names if one.endswith(".tgz")]


def test_neither_node_nor_npm_is_needed_to_build(tmp_path: Path) -> None:
    path = {"PATH": str(tmp_path), "JSII_NODE": str(tmp_path / "none")}
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(command, env={**os.environ, **path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_source_archive_holds_what_the_wheel_is_built_from(built: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        tops = {name.split("/")[1] for name in archive.getnames()}
    assert tops >= {"src", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "PKG-INFO"}
    assert not tops & {"node_modules", ".venv", "tests", "integ"}


def test_the_wheel_works_with_the_declared_dependencies_only(built: Path, tmp_path: Path) -> None:
    [wheel] = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    [site_packages] = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    run(sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    link_dependencies(site_packages)
    script = tmp_path / "app.py"
    script.write_text(SYNTHESIZE)
    location = run(str(python), "-I", str(script))
    assert Path(location.strip()).is_relative_to(tmp_path)


def link_dependencies(site_packages: Path) -> None:
    """Link what the wheel requires, and what that requires, out of this environment.

    Links instead of downloads keep the test offline and quick; a `.pth` to all of this environment would hide a
    dependency that is not declared.
    """
    [ours] = distributions(path=[str(site_packages)])
    waiting, seen = runtime_requirements(ours), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        installed = distribution(name)
        waiting += runtime_requirements(installed)
        tops = {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}
        for top in tops:
            if not (site_packages / top).exists():
                (site_packages / top).symlink_to(Path(str(installed.locate_file(top))))


def runtime_requirements(installed: Distribution) -> list[str]:
    parsed = [Requirement(line) for line in installed.requires or ()]
    return [it.name for it in parsed if it.marker is None or it.marker.evaluate({"extra": ""})]


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
