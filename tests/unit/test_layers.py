"""The plain side needs no Node, and imports go in one direction only."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import secure_kms_constructs

PACKAGE = Path(secure_kms_constructs.__file__).parent

# Each module and what of this package it may import, lowest first. A new module needs a line here.
LAYERS = {
    "facts": set(),
    "services": {"facts"},
    "arns": {"facts"},
    "reading": set(),
    "statements": {"facts", "services"},
    "packing": {"arns", "statements"},
    "key_policies": {"arns", "facts", "reading", "services", "statements"},
    "stand_ins": {"arns", "facts", "policies"},
    "key_policy_checks": {"arns", "facts", "policies", "reading", "stand_ins"},
    "narrowing": {"arns", "facts", "key_policies", "reading", "services", "statements"},
    "asking": {"key_policies"},
    "deployers": {"asking"},
    "managed_keys": {"services"},
    "places": {"asking"},
    "findings": {"arns", "asking", "facts", "places", "statements"},
    "grantees": {"arns", "asking", "key_policies", "places"},
    "grants": {"arns", "asking", "facts", "findings", "grantees", "packing", "places", "statements"},
    "rendering": {"asking", "findings", "key_policies", "key_policy_checks"},
    "key_arguments": {"arns", "facts", "reading", "services"},
    "keys": {
        *("arns", "asking", "deployers", "facts", "findings", "grantees", "grants", "key_arguments", "key_policies"),
        *("narrowing", "places", "rendering", "services", "statements"),
    },
    "resolved_keys": {"arns", "asking", "facts", "findings", "managed_keys", "services"},
    "key_side": {
        *("arns", "asking", "findings", "grantees", "key_policies", "key_policy_checks", "keys", "managed_keys"),
        *("places", "services", "statements"),
    },
    "effects": {
        *("arns", "asking", "facts", "findings", "grantees", "key_side", "places", "policies", "services"),
        *("stand_ins", "statements"),
    },
    "resolved_secrets": {"arns", "asking", "facts", "grantees", "key_side", "managed_keys", "places", "services"},
    "scoped": {
        *("arns", "asking", "effects", "findings", "grantees", "grants", "key_side", "keys", "services"),
        "statements",
    },
    "secrets": {
        *("asking", "findings", "grantees", "key_side", "managed_keys", "resolved_secrets", "scoped", "services"),
        "statements",
    },
    "rotators": {
        *("asking", "grantees", "key_side", "managed_keys", "resolved_secrets", "scoped", "services", "statements"),
    },
    "parameters": {
        *("arns", "asking", "facts", "grantees", "key_side", "managed_keys", "places", "scoped", "services"),
        "statements",
    },
    "log_managers": {"asking", "facts", "findings", "grantees", "key_side", "keys", "scoped", "services", "statements"},
    "condition_keys": {"facts"},
    "exceptions": {"checks"},
    "plugin": {"checks", "templates"},
    "logs": {"arns", "asking", "deployers", "facts", "findings", "keys", "places", "statements"},
}
PLAIN = [
    *("facts", "services", "arns", "reading", "statements", "packing"),
    *("key_policies", "stand_ins", "key_policy_checks", "narrowing", "condition_keys"),
]

# The packages of the plain side that judge, and what each may import beside itself. A builder must not grade itself.
JUDGES = {
    "policies": {"facts"},
    "templates": {"facts", "policies"},
    "access": {"facts", "policies", "templates"},
    "checks": {"access", "condition_keys", "facts", "policies", "templates"},
    "cli": {"access", "checks", "facts", "policies", "templates"},
}
# What a package of them needs beside the standard library; the command line has an extra for it.
OUTER = {"cli": {"rich", "typer"}}

# What a module of the judges may import beside the standard library, and only inside a function: who reads no
# YAML does not need it.
EXTRAS = {"templates/short_forms.py": "yaml"}

BLOCKED = """
import sys
for name in ("aws_cdk", "jsii", "constructs"):
    sys.modules[name] = None
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys\nsys.path.insert(0, {str(PACKAGE.parent)!r})\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("module", [*PLAIN, *JUDGES])
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


def imports_of(path: Path) -> tuple[set[str], set[str]]:
    """Return what a module imports: names of this package's modules, and other top-level packages."""
    inner, outer = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            outer |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            inner |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            outer.add((node.module or "").split(".")[0])
    return inner, outer


def test_every_module_has_its_place() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"} == set(LAYERS)


@pytest.mark.parametrize("module", LAYERS)
def test_imports_go_downwards_only(module: str) -> None:
    inner, outer = imports_of(PACKAGE / f"{module}.py")
    assert inner <= LAYERS[module]
    assert "secure_kms_constructs" not in outer


def test_the_layers_have_an_order() -> None:
    # What judges stands below what only shows it, such as the plugin.
    lower: set[str] = set(JUDGES)
    for module, below in LAYERS.items():
        assert below <= {*lower, *JUDGES}, f"{module} stands below what it imports"
        lower.add(module)


@pytest.mark.parametrize("module", PLAIN)
def test_the_plain_side_imports_only_the_standard_library(module: str) -> None:
    inner, outer = imports_of(PACKAGE / f"{module}.py")
    assert outer <= sys.stdlib_module_names
    assert inner <= {*PLAIN, *JUDGES}


@pytest.mark.parametrize("package", JUDGES)
def test_what_judges_does_not_import_what_builds(package: str) -> None:
    for path in (PACKAGE / package).rglob("*.py"):
        ours = re.findall(r"^ *from secure_kms_constructs\.(\w+)", path.read_text(), re.MULTILINE)
        assert set(ours) <= {*JUDGES[package], package}, path
        _, outer = imports_of(path)
        extras = {EXTRAS.get(str(path.relative_to(PACKAGE))), *OUTER.get(package, ())}
        assert outer - extras <= {*sys.stdlib_module_names, "secure_kms_constructs"}, path


@pytest.mark.parametrize("module, package", EXTRAS.items())
def test_an_extra_is_imported_where_it_is_needed(module: str, package: str) -> None:
    tree = ast.parse((PACKAGE / module).read_text())
    eager = [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
    assert package in imports_of(PACKAGE / module)[1]
    assert package not in eager


def test_every_package_has_its_place() -> None:
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(JUDGES)


def test_the_checks_are_not_written_by_the_builders() -> None:
    """A builder must not grade itself."""
    inner, _ = imports_of(PACKAGE / "key_policy_checks.py")
    assert not inner & {"statements", "key_policies", "grants", "services"}


def test_the_package_itself_imports_nothing_eagerly() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    eager = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level]
    assert not eager
