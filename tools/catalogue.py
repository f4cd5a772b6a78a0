"""Write what the CloudFormation registry says of KMS: which properties take a key, and what the handlers call.

    python tools/catalogue.py           rewrites src/secure_kms_constructs/aws/catalogue/handlers.json
    python tools/catalogue.py --changes says what differs from the committed file, and writes nothing

The schemas are those that the installed cfn-lint ships. One line a type, so that a change of the registry is a readable
diff. What no key policy should give a deployer (PutKeyPolicy, ScheduleKeyDeletion ...) is listed apart.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import cfnlint

from secure_kms_constructs.aws.facts import CRYPTOGRAPHIC_ACTIONS, KEY_ACTIONS

SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"
WRITTEN = Path(__file__).parents[1] / "src/secure_kms_constructs/aws/catalogue/handlers.json"
HANDLERS = ("create", "read", "update", "delete")

# The key itself is made by its own deployer; an alias and a replica need what the key's deployer has.
OWN_TYPES = ("AWS::KMS::Key",)
# What a resource's handlers may need of a key: its use, grants for it, and what tells whether it is there.
USES = CRYPTOGRAPHIC_ACTIONS | {
    *("kms:CreateGrant", "kms:DescribeKey", "kms:GetPublicKey", "kms:ListGrants", "kms:RetireGrant"),
    "kms:RevokeGrant",
}

_KEY = re.compile(
    r"kms\w*(key|arn|id)|kmskey|(encryption|managed|ciphered)key(arn|id)?$|^cmkarn$|^keymanagementservicearn$", re.I
)
_NO_KEY = re.compile(r"keyspec|kmskeyregion|kmskeytype|keystatus|uri$|rolearn$", re.I)
_BY_PARENT = re.compile(r"(kms)?key(arn|id)?|id", re.I)
_ENCRYPTS = re.compile(r"encrypt|sse(config|kms|spec)|kms|^provider$", re.I)
# By no rule of names: what an alias points to and a replica is of, and what services name in their own ways.
_NAMED = {"AWS::KMS::Alias": {"TargetKeyId"}, "AWS::KMS::ReplicaKey": {"PrimaryKeyArn"}}


def entries() -> dict[str, dict[str, Any]]:
    """Return what the registry says, by type; only types that take a key or call KMS."""
    types = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text())
    found = {}
    for name, file in sorted(types.items()):
        if name in OWN_TYPES:
            continue
        entry = _entry(name, json.loads((SCHEMAS / "resources" / f"{file}.json").read_text()))
        if entry:
            found[name] = entry
    return found


def _entry(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    fixed = {path.removeprefix("/properties/").replace("/*", "") for path in schema.get("readOnlyProperties", ())}
    keys = sorted(
        {
            "/".join(path)
            for path, leaf in _leaves({"properties": schema.get("properties", {})}, schema)
            if leaf.get("type") not in ("boolean", "integer", "number", "array") and _takes_key(name, path, fixed)
        }
    )
    handlers = schema.get("handlers", {})
    called = {one: _actions(handlers.get(one, {}).get("permissions", ())) for one in HANDLERS}
    uses = {one: _words(actions & USES) for one, actions in called.items()}
    owner = frozenset().union(*called.values()) - USES
    if not keys and not frozenset().union(*called.values()) & (USES - {"kms:DescribeKey", "kms:ListGrants"}):
        return {}
    entry = {"keys": keys, **{one: words for one, words in uses.items() if words}, "owner": _words(owner)}
    return {part: value for part, value in entry.items() if value or part == "keys"} | (
        {} if handlers else {"handlers": False}
    )


def _takes_key(type_name: str, path: tuple[str, ...], fixed: set[str]) -> bool:
    named = [part for part in path if part != "*"]
    if "/".join(named) in fixed or named[0] in fixed:
        return False
    leaf, parent = named[-1], named[-2] if len(named) > 1 else ""
    if leaf in _NAMED.get(type_name, ()):
        return True
    if _NO_KEY.search(leaf):
        return False
    return bool(_KEY.search(leaf) or (_BY_PARENT.fullmatch(leaf) and _ENCRYPTS.search(parent)))


def _leaves(
    schema: Any, root: dict[str, Any], path: tuple[str, ...] = (), seen: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if "$ref" in schema:
        if schema["$ref"] in seen:
            return
        seen = (*seen, schema["$ref"])
        target: Any = root
        for part in schema["$ref"].lstrip("#/").split("/"):
            target = target[part]
        schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
    below: list[tuple[tuple[str, ...], Any]] = [((name,), it) for name, it in schema.get("properties", {}).items()]
    below += [(("*",), it) for it in schema.get("patternProperties", {}).values()]
    if isinstance(schema.get("items"), dict):
        below.append((("*",), schema["items"]))
    choices = [one for word in ("anyOf", "oneOf", "allOf") for one in schema.get(word, ())]
    below += [((), one) for one in choices if isinstance(one, dict) and ("properties" in one or "$ref" in one)]
    for step, one in below:
        yield from _leaves(one, root, path + step, seen)
    if not below:
        yield path, schema


def _actions(permissions: list[str]) -> frozenset[str]:
    """Return the actions on one key; ``kms:List*`` of an account and ``kms:*`` are none of them."""
    # Some lists say kms:ReEncrypt, which is no action by itself.
    named = ["kms:ReEncrypt*" if one == "kms:ReEncrypt" else one for one in permissions]
    patterns = [one for one in named if one.lower().startswith("kms:") and one != "kms:*"]
    return frozenset(a for a in KEY_ACTIONS.value for p in patterns if fnmatchcase(a.lower(), p.lower()))


def _words(actions: frozenset[str] | set[str]) -> str:
    return " ".join(sorted(action.removeprefix("kms:") for action in actions))


def rendered(found: dict[str, dict[str, Any]]) -> str:
    """Return the file: one line a type."""
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in found.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return one line for each type and part that differs."""
    lines = [f"+ {name}" for name in new.keys() - old.keys()] + [f"- {name}" for name in old.keys() - new.keys()]
    for name in old.keys() & new.keys():
        for part in sorted(old[name].keys() | new[name].keys()):
            if old[name].get(part) != new[name].get(part):
                lines.append(f"~ {name} {part}: {old[name].get(part)} -> {new[name].get(part)}")
    return sorted(lines, key=lambda line: line[2:])


def main() -> int:
    """Write the file, or say what would change."""
    found = entries()
    if "--changes" not in sys.argv[1:]:
        WRITTEN.write_text(rendered(found))
        return 0
    different = changes(json.loads(WRITTEN.read_text()), found)
    sys.stdout.write("".join(f"{line}\n" for line in different))
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main())
