"""The Node part: its manifest says what the JavaScript has, its archive is as its source, an old Node is told."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.cdk import node
from secure_kms_constructs.cdk.node import archive

# Loads the package with made-up classes in place of CDK's, which only jsii can load, and says what it exports.
EXPORTS = """
const Module = require("module");
const load = Module._load;
const anything = new Proxy({}, { get: (_, name) => ({ [name]: class {} })[name] });
Module._load = (name, ...rest) => (name.startsWith(".") || name.startsWith("/") ? load(name, ...rest) : anything);
const found = {};
for (const [name, one] of Object.entries(require(process.argv[1]))) {
  const own = (of) => Object.getOwnPropertyNames(of).filter((key) => typeof of[key] === "function");
  const methods = (of) => own(of).filter((key) => key !== "constructor");
  const named = (of) => Object.fromEntries(methods(of).map((key) => [key, of[key].length]));
  found[name] = { takes: one.length, fixed: named(one), of: named(one.prototype) };
}
console.log(JSON.stringify(found));
"""
# What the JavaScript calls itself.
OWN = {"KeyBase": {"usual", "once"}, "KeyPolicies": {"of", "learn", "render"}}


def run_in_node(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [os.environ["JSII_NODE"], "-e", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def exported() -> dict[str, Any]:
    done = run_in_node(EXPORTS, str(archive.SOURCE / "index.js"))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def declared() -> dict[str, Any]:
    return {one["name"]: one for one in archive.manifest()["types"].values()}


def test_the_manifest_names_the_classes_that_the_javascript_exports(exported: dict[str, Any]) -> None:
    assert set(declared()) == set(exported)


@pytest.mark.parametrize("name", declared())
def test_the_manifest_names_the_methods_and_their_parameters(exported: dict[str, Any], name: str) -> None:
    one, found = declared()[name], exported[name]
    methods = one.get("methods", [])
    for static, had in ((True, found["fixed"]), (False, found["of"])):
        said = {
            method["name"]: len([it for it in method["parameters"] if not it.get("variadic")])
            for method in methods
            if method.get("static", False) is static
        }
        own = OWN.get(name, set()) if not static else set()
        assert said == {method: takes for method, takes in had.items() if method not in own}
        assert own <= set(had)
    if "initializer" in one:
        assert len(one["initializer"]["parameters"]) == found["takes"]


@pytest.mark.parametrize("name", declared())
def test_python_calls_what_the_manifest_names(name: str) -> None:
    methods = {method["name"] for method in declared()[name].get("methods", [])}
    source = inspect.getsource(getattr(node, name))
    overridden = {it["name"] for it in declared()[name].get("methods", []) if "overrides" in it}
    called = {method for method in methods if f'"{method}", [' in source}
    assert called == methods - overridden
    assert all(f'jsii_name="{method}"' in source for method in overridden)


def test_the_archive_is_the_same_each_time_and_made_anew_where_it_differs(tmp_path: Path) -> None:
    path = archive.build(tmp_path / "new")
    first = path.read_bytes()
    assert first == archive.archive()
    before = path.stat().st_mtime_ns
    assert archive.build(tmp_path / "new").stat().st_mtime_ns == before
    path.write_bytes(b"old")
    assert archive.build(tmp_path / "new").read_bytes() == first
    assert [one.name for one in (tmp_path / "new").iterdir()] == [archive.filename()]
    with tarfile.open(path) as packed:
        names = {Path(one).name for one in packed.getnames()}
    assert names == {".jsii", *(one.name for one in archive.SOURCE.iterdir())}


def test_a_node_that_is_too_old_is_told() -> None:
    code = 'Object.defineProperty(process.versions, "node", { value: process.argv[2] }); require(process.argv[1])'
    index = str(archive.SOURCE / "index.js")
    done = run_in_node(code, index, "18.20.0")
    assert "Error: Node 20 or newer is needed, got 18.20.0: set JSII_NODE to a newer node" in done.stderr
    # Without the CDK beside it, that is what a Node that is new enough lacks.
    assert "Cannot find module 'aws-cdk-lib'" in run_in_node(code, index, "20.0.0").stderr


def test_what_says_that_node_is_too_old_is_written_for_an_old_node() -> None:
    text = (archive.SOURCE / "index.js").read_text()
    assert not [new for new in ("const ", "let ", "=>", "?.", "??", "`") if new in text]


# Loads a module with CDK's classes made up, some of them as given.
LOADED = """
const Module = require("module");
const load = Module._load;
const loaded = (path, known) => {
  const fake = new Proxy(known, { get: (of, name) => of[name] ?? { [name]: class {} }[name] });
  Module._load = (name, ...rest) => (name.startsWith(".") || name.startsWith("/") ? load(name, ...rest) : fake);
  return require(path);
};
"""
# Asks KeyBase whose grant it may answer itself, of principals that keep their parts as CDK does, or otherwise.
USUAL = f"""{LOADED}
class AccountPrincipal {{ accountId = "111122223333"; }}
class ViaServicePrincipal {{ constructor(fields) {{ Object.assign(this, fields); }} }}
const {{ usual }} = loaded(process.argv[1], {{ AccountPrincipal, ViaServicePrincipal }}).KeyBase.prototype;
const stack = {{ account: "111122223333" }};
const said = JSON.parse(process.argv[2]).map((parts) => {{
  const fields = Object.fromEntries(parts.map((name) => [name, name.includes("ase") ? new AccountPrincipal() : "s3"]));
  return usual.call({{ stack }}, new ViaServicePrincipal(fields), ["a", "b"]) ?? null;
}});
console.log(JSON.stringify(said));
"""
USES_NO_KEY = f"""{LOADED}
const {{ usesNoKey }} = loaded(process.argv[1], {{}});
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(usesNoKey)));
"""


def test_python_is_asked_where_cdk_calls_its_private_fields_otherwise() -> None:
    fields = [["basePrincipal", "serviceName"], ["basePrincipal", "service"], ["_base", "serviceName"]]
    done = run_in_node(USUAL, str(archive.SOURCE / "keys.js"), json.dumps(fields))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["s3 a,b", None, None]


def test_a_role_may_use_a_key_where_cdk_keeps_overrides_otherwise() -> None:
    role = {"cfnResourceType": "AWS::IAM::Role", "rawOverrides": {}}
    otherwise = {"cfnResourceType": "AWS::IAM::Role", "overrides": {}}
    asked = [role, {**role, "cfnResourceType": "AWS::IAM::User"}, otherwise, {**role, "policies": []}]
    asked += [{**role, "rawOverrides": {"Properties": {}}}, {**role, "cfnResourceType": "AWS::SQS::Queue"}]
    done = run_in_node(USES_NO_KEY, str(archive.SOURCE / "look.js"), json.dumps(asked))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [True, True, False, False, False, False]


def test_it_is_loaded_at_the_first_call_and_not_before() -> None:
    code = (
        "import aws_cdk; from secure_kms_constructs.cdk import node, asking, rendering; "
        "from secure_kms_constructs import HardenedKey; print(node.load.cache_info().currsize)"
    )
    done = subprocess.run(["python", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def test_importing_the_names_loads_no_module_of_the_cdk_that_few_need() -> None:
    code = (
        "import sys; from aws_cdk import aws_iam, aws_kms, aws_logs, aws_secretsmanager; had = set(sys.modules);"
        "from secure_kms_constructs import HardenedKey, LogGroupWithCmk, ScopedSecretReader, ScopedSecretRotator;"
        "new = {one.split('.')[1] for one in set(sys.modules) - had if one.startswith('aws_cdk.')}; print(sorted(new))"
    )
    done = subprocess.run(["python", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['region_info']"
