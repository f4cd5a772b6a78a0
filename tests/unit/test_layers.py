"""The plain side needs no Node, and imports go in one direction only."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import secure_kms_constructs

PACKAGE = Path(secure_kms_constructs.__file__).parent

# Each folder, and each module of the package's root, with what of this package it may import; lowest first. A new
# one needs a line here. docs/architecture.md draws it, by `pytest tests/unit/test_architecture.py --write-docs`.
LAYERS = {
    "aws": set(),
    "policies": {"aws"},
    "organizations": {"aws"},
    "authoring": {"aws", "policies"},
    "templates": {"aws", "policies"},
    "settings": {"templates"},
    "access": {"aws", "policies", "templates"},
    "checks": {"access", "aws", "policies", "settings", "templates"},
    "account": {"access", "aws", "checks", "policies", "settings", "templates"},
    "evidence": {"account", "aws", "policies"},
    "migrate": {"access", "account", "authoring", "aws", "evidence", "policies"},
    "rewriting": set(),
    "cli": {
        *("access", "account", "aws", "checks", "evidence", "migrate", "organizations", "policies", "rewriting"),
        *("settings", "templates"),
    },
    "plugin": {"checks", "templates"},
    "cdk": {"authoring", "aws", "policies"},
    "exceptions": {"cdk", "checks"},
    "guardrails": {"aws", "cdk", "organizations"},
    "grants": {"authoring", "aws", "cdk"},
    "keys": {"authoring", "aws", "cdk"},
    "hardening": {"aws", "cdk"},
    "alarms": {"authoring", "aws", "cdk", "keys"},
    "resolved_keys": {"aws", "cdk"},
    "scoped": {"authoring", "aws", "cdk", "grants", "keys", "policies"},
    "secrets": {"authoring", "aws", "cdk", "scoped"},
    "parameters": {"authoring", "aws", "cdk", "scoped"},
    "logs": {"authoring", "aws", "cdk", "keys", "scoped"},
}
# Needs no Node, and nothing but the standard library and what OUTER and EXTRAS say.
PLAIN = [
    *("aws", "policies", "organizations", "authoring", "templates", "access", "checks", "account"),
    *("evidence", "migrate", "rewriting", "cli", "settings"),
]
# What a folder needs beside the standard library; the command line and accounts have an extra for it.
OUTER = {
    "account": {"boto3", "botocore", "msgspec"},
    "evidence": {"botocore", "msgspec"},
    "cli": {"rich", "typer"},
    "rewriting": {"libcst"},
}

# What a plain module may import beside the standard library, and only inside a function: who reads no YAML does not
# need it.
EXTRAS = {"templates/short_forms.py": "yaml", "templates/toml.py": "tomli", "evidence/parquet.py": "pyarrow"}

BLOCKED = """
import sys
for name in ("aws_cdk", "jsii", "constructs"):
    sys.modules[name] = None
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys\nsys.path.insert(0, {str(PACKAGE.parent)!r})\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("module", PLAIN)
def test_a_plain_module_imports_without_the_cdk(module: str) -> None:
    done = run(f"{BLOCKED}\nimport secure_kms_constructs.{module}")
    assert done.returncode == 0, done.stderr


def test_the_block_blocks() -> None:
    done = run(f"{BLOCKED}\nimport secure_kms_constructs.keys")
    assert "halted; None in sys.modules" in done.stderr
    assert done.returncode == 1


def test_importing_the_package_loads_no_cdk_and_starts_no_process() -> None:
    done = run(
        "import subprocess, os\n"
        "def refuse(*args, **kwargs): raise AssertionError('started a process')\n"
        "subprocess.Popen.__init__ = refuse\n"
        "os.system = refuse\n"
        "import secure_kms_constructs\n"
        "dir(secure_kms_constructs)\n"
        "from secure_kms_constructs import Service, Use\n"
        "loaded = {name.split('.')[0] for name in sys.modules} & {'aws_cdk', 'jsii', 'constructs'}\n"
        "assert not loaded, loaded\n"
    )
    assert done.returncode == 0, done.stderr


def modules_of(layer: str) -> list[Path]:
    """Return the files of a folder, or the one file of a module of the root."""
    return sorted((PACKAGE / layer).rglob("*.py")) or [PACKAGE / f"{layer}.py"]


def imports_of(path: Path) -> tuple[set[str], set[str]]:
    """Return what a module imports: this package's modules as paths without suffix, and other top-level packages."""
    inner, outer = set(), set()
    home = path.relative_to(PACKAGE).parent
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            outer |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            first, _, rest = (node.module or "").partition(".")
            if node.level:
                base = home / (node.module or "").replace(".", "/")
            elif first == PACKAGE.name:
                base = Path(rest.replace(".", "/"))
            else:
                outer.add(first)
                continue
            # `from .folder import module` names a module of the folder, `from .module import name` the module.
            below = {base / alias.name for alias in node.names}
            inner |= {str(one) for one in below if (PACKAGE / f"{one}.py").exists()} or {str(base)}
    inner = {f"{one}/__init__" if (PACKAGE / one).is_dir() else one for one in inner}
    return inner, outer


def test_every_module_has_its_place() -> None:
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert modules | {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_go_downwards_only(layer: str) -> None:
    for path in modules_of(layer):
        above = {Path(one).parts[0] for one in imports_of(path)[0] if Path(one).parts} - {layer} - LAYERS[layer]
        assert not above, path


def test_the_layers_have_an_order() -> None:
    lower: set[str] = set()
    for layer, below in LAYERS.items():
        assert below <= lower, f"{layer} stands below what it imports"
        lower.add(layer)


def test_a_builder_does_not_grade_itself() -> None:
    for judge in ("policies", "templates", "access", "checks", "cli"):
        assert not LAYERS[judge] & {"authoring", "cdk", "grants", "keys", "scoped"}


@pytest.mark.parametrize("layer", PLAIN)
def test_the_plain_side_imports_only_the_standard_library(layer: str) -> None:
    assert LAYERS[layer] <= set(PLAIN)
    for path in modules_of(layer):
        allowed = {EXTRAS.get(str(path.relative_to(PACKAGE))), *OUTER.get(layer, ())}
        assert imports_of(path)[1] - allowed <= sys.stdlib_module_names, path


def test_no_module_imports_itself_in_a_circle() -> None:
    files = {str(path.relative_to(PACKAGE).with_suffix("")): path for path in PACKAGE.rglob("*.py")}
    imports = {name: {one for one in imports_of(path)[0] if one in files} for name, path in files.items()}
    try:
        list(TopologicalSorter(imports).static_order())
    except CycleError as error:
        raise AssertionError(f"circle of imports: {' -> '.join(error.args[1])}") from None


def test_the_command_line_starts_without_what_reads_accounts() -> None:
    done = run(
        "for name in ('boto3', 'botocore', 'msgspec', 'tomli'): sys.modules[name] = None\n"
        "from typer.testing import CliRunner\n"
        "from secure_kms_constructs.cli.commands import app\n"
        "asked = ([], ['account'], ['account', 'snapshot'], ['account', 'verify'], ['check'], ['diff'])\n"
        "for one in (*asked, ['observe'], ['plan']):\n"
        "    assert CliRunner().invoke(app, [*one, '--help']).exit_code == 0, one\n"
        "assert 'secure_kms_constructs.account' not in sys.modules\n"
        "assert 'secure_kms_constructs.evidence' not in sys.modules\n"
        "assert 'secure_kms_constructs.migrate' not in sys.modules\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module, package", EXTRAS.items())
def test_an_extra_is_imported_where_it_is_needed(module: str, package: str) -> None:
    tree = ast.parse((PACKAGE / module).read_text())
    eager = [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
    assert package in imports_of(PACKAGE / module)[1]
    assert package not in eager


def test_the_checks_are_not_written_by_the_builders() -> None:
    """A builder must not grade itself."""
    inner, _ = imports_of(PACKAGE / "authoring" / "key_policy_checks.py")
    assert not inner & {"authoring/statements", "authoring/key_policies", "authoring/narrowing", "aws/services"}


def test_a_plan_is_not_proven_by_what_made_it() -> None:
    inner, _ = imports_of(PACKAGE / "migrate" / "replay.py")
    folders = {Path(one).parts[0] for one in inner}
    assert folders == {"aws", "evidence", "policies"}


def test_the_package_itself_imports_nothing_eagerly() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    eager = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level]
    assert not eager
