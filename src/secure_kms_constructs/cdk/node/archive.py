"""Makes the archive that jsii loads: the JavaScript, and a manifest that says what of it Python may call.

Run by the build, by ``make`` and, in a source checkout, before the first load; the wheel holds the archive alone.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCE = HERE / "js"

_ANY, _TEXT, _FLAG = {"primitive": "any"}, {"primitive": "string"}, {"primitive": "boolean"}
_CONSTRUCT, _STACK = {"fqn": "constructs.Construct"}, {"fqn": "aws-cdk-lib.Stack"}
_KEY, _GRANT, _GRANTEE = (
    "aws-cdk-lib.aws_kms.Key",
    {"fqn": "aws-cdk-lib.aws_iam.Grant"},
    "aws-cdk-lib.aws_iam.IGrantable",
)
_PRODUCER = {"fqn": "aws-cdk-lib.IStableAnyProducer"}
_SEVERAL = {"collection": {"kind": "array", "elementtype": _ANY}}
_SCOPE = [("scope", _CONSTRUCT), ("id", _TEXT)]
_WHERE = {"filename": "index.js", "line": 1}


def _package() -> dict[str, Any]:
    package: dict[str, Any] = json.loads((SOURCE / "package.json").read_text())
    return package


def _parameters(named: list[tuple[str, Any]], rest: str | None = None) -> list[dict[str, Any]]:
    parameters = [{"name": name, "type": kind} for name, kind in named]
    return parameters + ([{"name": rest, "type": _TEXT, "variadic": True}] if rest else [])


def _method(
    name: str, parameters: list[tuple[str, Any]], returns: Any = None, *, rest: str | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "locationInModule": _WHERE,
        "parameters": _parameters(parameters, rest),
        **({"returns": {"type": returns}} if returns else {}),
        **({"variadic": True} if rest else {}),
        **more,
    }


def _types(assembly: str) -> dict[str, Any]:
    """What Python may call; tests hold it against the JavaScript."""
    grantee: list[tuple[str, Any]] = [("grantee", {"fqn": _GRANTEE})]
    classes: dict[str, dict[str, Any]] = {
        "Questions": {
            "methods": [
                _method("describe", [("constructs", _SEVERAL)], _ANY, static=True),
                _method("names", [("constructs", _SEVERAL)], _TEXT, static=True),
                _method("held", [("stack", _STACK), ("principals", _SEVERAL)], _TEXT, static=True),
                _method(
                    "beside",
                    [("scope", _ANY), ("principals", _SEVERAL), ("texts", _SEVERAL), ("about", _TEXT)],
                    _TEXT,
                    static=True,
                ),
                _method("keyPolicies", [("stack", _STACK), ("keys", _SEVERAL)], _TEXT, static=True),
                _method("resolve", [("stack", _STACK), ("values", _TEXT)], _TEXT, static=True),
                _method("look", [("keys", _SEVERAL), ("leading", _TEXT), ("imported", _SEVERAL)], _TEXT, static=True),
                _method("importedKeys", [("one", _ANY)], _SEVERAL, static=True),
                _method("executionRole", [("stack", _STACK)], _ANY, static=True),
                _method("withPaths", [("key", _ANY), ("values", _SEVERAL)], _TEXT, static=True),
                _method(
                    "adopt",
                    [("key", _ANY), ("policies", _ANY), ("told", _TEXT), ("settings", _TEXT)],
                    static=True,
                ),
                _method("release", [("key", _ANY)], static=True),
                _method("tell", [("constructs", _SEVERAL), ("notes", _TEXT)], static=True),
            ]
        },
        "Scoped": {
            "base": "constructs.Construct",
            "initializer": [*_SCOPE, ("kind", _TEXT), ("principal", _ANY), ("documents", _TEXT), ("managed", _FLAG)],
        },
        "KeyPolicies": {
            "initializer": [("source", _PRODUCER), ("looker", _PRODUCER)],
            "methods": [_method("changed", [])],
        },
        "KeyBase": {
            "base": _KEY,
            "initializer": [
                *_SCOPE,
                ("props", _TEXT),
                ("policies", {"fqn": f"{assembly}.KeyPolicies"}),
                ("told", _TEXT),
            ],
            "methods": [
                _method("grant", grantee, _GRANT, rest="actions", overrides=_KEY),
                _method("askGrant", grantee, _GRANT, rest="actions"),
                _method("grantEncryptDecrypt", grantee, _GRANT, overrides=_KEY),
                _method("askGrantEncryptDecrypt", grantee, _GRANT),
            ],
        },
    }
    for name, one in classes.items():
        one |= {"kind": "class", "assembly": assembly, "fqn": f"{assembly}.{name}", "name": name}
        one |= {"locationInModule": _WHERE, "symbolId": f"index:{name}"}
        if "initializer" in one:
            one["initializer"] = {"locationInModule": _WHERE, "parameters": _parameters(one["initializer"])}
    return {one["fqn"]: one for one in classes.values()}


def manifest() -> dict[str, Any]:
    """Return jsii's description of the package."""
    package = _package()
    name, needed = package["name"], package["peerDependencies"]
    return {
        "schema": "jsii/0.10.0",
        "jsiiVersion": "5.9.0 (build 0)",
        "name": name,
        "version": package["version"],
        "description": package["description"],
        "license": package["license"],
        "homepage": name,
        "repository": {"type": "git", "url": name},
        "author": {"name": "secure-kms-constructs contributors", "roles": ["author"]},
        "docs": {"stability": "experimental"},
        "metadata": {},
        "fingerprint": name,
        "targets": {"js": {"npm": name}},
        "dependencies": needed,
        "dependencyClosure": {one: {"targets": {}} for one in needed},
        "types": _types(name),
    }


def filename() -> str:
    """Return how the archive is called."""
    package = _package()
    return f"{package['name']}@{package['version']}.jsii.tgz"


def archive() -> bytes:
    """Return the archive, the same bytes for the same source."""
    files = {"package/.jsii": json.dumps(manifest()).encode()}
    files |= {
        f"package/{one.name}": one.read_bytes() for one in sorted(SOURCE.iterdir()) if one.suffix in (".js", ".json")
    }
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def build(directory: Path = HERE / "_jsii") -> Path:
    """Write the archive where it is not there as its source says; return where it is."""
    content, path = archive(), directory / filename()
    if not (path.exists() and path.read_bytes() == content):
        directory.mkdir(exist_ok=True)
        # Several processes may do this at once, and each shall find it whole.
        handle, part = tempfile.mkstemp(dir=directory)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(part).chmod(0o644)
        Path(part).replace(path)
    return path


if __name__ == "__main__":
    build()
