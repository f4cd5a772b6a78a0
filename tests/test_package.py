"""What a user installs: the built wheel, in an environment with the declared dependencies and nothing else."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from secure_kms_constructs.account import write_snapshot
from secure_kms_constructs.checks import rule_named
from secure_kms_constructs.evidence import write_uses
from tests.unit.migrate import accounts

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

ASK = """
import sys
import secure_kms_constructs
from secure_kms_constructs import AccessMap, Guardrail, KmsConfigRule, Service, Use, assert_no_findings
try:
    secure_kms_constructs.HardenedKey
except ImportError as error:
    print(error)
"""

# Runs commands one after the other in one process, and writes what each ended with and said on standard error.
ANSWER = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from secure_kms_constructs.cli import main
answers = []
for sys.argv[1:] in {asked}:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
        try:
            main()
        except SystemExit as ended:
            answers.append([ended.code, said.getvalue()])
print(json.dumps(answers))
"""

INPUTS = {"TEMPLATE": "app.template.json", "EVENTS": "events.json", "ACCOUNT": "account.json", "USES": "uses.json"}
INPUTS["SEEN"] = "seen.json"
COMMANDS = [
    (1, "check TEMPLATE --account 111122223333 --region eu-west-1"),
    (0, "access TEMPLATE --account 111122223333 --region eu-west-1"),
    (0, "diff TEMPLATE TEMPLATE"),
    (0, "account policy"),
    (0, "account map ACCOUNT"),
    (0, "diff ACCOUNT ACCOUNT"),
    (0, "observe EVENTS --output SEEN"),
    (0, "plan --snapshot ACCOUNT --uses USES --accept-gap"),
    (0, "guardrails o-exampleorgid"),
]


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


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site-packages of an environment with the wheel alone."""
    [wheel] = built.glob("*.whl")
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    [site_packages] = (home / "lib").glob("python*/site-packages")
    return site_packages


def test_the_bare_wheel_needs_nothing_and_says_what_a_construct_needs(installed: Path, tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(SYNTHESIZE)
    done = subprocess.run([python_of(installed), "-I", str(script)], capture_output=True, text=True, check=False)
    assert "No module named 'aws_cdk'" in done.stderr
    script.write_text(ASK)
    assert run(python_of(installed), "-I", str(script)).startswith("HardenedKey needs aws-cdk-lib ")


def test_the_command_line_works_without_cdk(installed: Path, tmp_path: Path) -> None:
    with linked(installed, "cli", "live"):
        assert not [one for one in installed.iterdir() if one.name.startswith(("aws_cdk", "constructs", "jsii"))]
        files = inputs(tmp_path)
        asked = [[files.get(one, one) for one in command.split()] for _, command in COMMANDS]
        script = tmp_path / "ask.py"
        script.write_text(ANSWER.format(asked=asked))
        answers = json.loads(run(python_of(installed), "-I", str(script)))
        run(str(installed.parents[2] / "bin" / "secure-kms"), "rules")
    assert {command: answer for (_, command), answer in zip(COMMANDS, answers, strict=True)} == {
        command: [code, ""] for code, command in COMMANDS
    }


def test_the_wheel_works_with_the_declared_dependencies_only(installed: Path, tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(SYNTHESIZE)
    with linked(installed, "cdk"):
        location = run(python_of(installed), "-I", str(script))
    assert Path(location.strip()).is_relative_to(installed)


def python_of(site_packages: Path) -> str:
    return str(site_packages.parents[2] / "bin" / "python")


def inputs(directory: Path) -> dict[str, str]:
    """Return files to ask about, by what they stand for in a command."""
    files = {one: str(directory / name) for one, name in INPUTS.items()}
    Path(files["TEMPLATE"]).write_text(json.dumps(rule_named("rotation-off").broken))
    Path(files["EVENTS"]).write_text(json.dumps({"Records": []}))
    write_snapshot(accounts.snapshot(accounts.role(wide=accounts.WIDE)), Path(files["ACCOUNT"]))
    write_uses(accounts.observed(accounts.use()), Path(files["USES"]))
    return files


@contextmanager
def linked(site_packages: Path, *extras: str) -> Iterator[None]:
    """Link what extras of the wheel require, and what that requires, out of this environment, for a while.

    Links instead of downloads keep the test offline and quick; a `.pth` to all of this environment would hide a
    dependency that is not declared.
    """
    [ours] = distributions(path=[str(site_packages)])
    waiting = [name for extra in extras for name in requirements(ours, extra)]
    seen, links = set[str](), list[Path]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        needed = distribution(name)
        waiting += requirements(needed)
        for top in {file.parts[0] for file in needed.files or ()} - {"..", "__pycache__"}:
            link = site_packages / top
            if not link.exists():
                link.symlink_to(Path(str(needed.locate_file(top))))
                links.append(link)
    try:
        yield
    finally:
        for link in links:
            link.unlink()


def requirements(installed: Distribution, extra: str = "") -> list[str]:
    parsed = [Requirement(line) for line in installed.requires or ()]
    return [it.name for it in parsed if it.marker is None or it.marker.evaluate({"extra": extra})]


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
