"""JSON schemas of what `secure-kms ... --format json` and its files hold: `python tools/schemas.py` writes them.

They are made from the types below and from the records that account files and files of uses are made of, shipped in
the package, and printed by `secure-kms schema`. tests/unit/cli/test_schemas.py holds real answers against them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal, TypedDict

import msgspec
from typing_extensions import NotRequired

from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.account.drift import Change
from secure_kms_constructs.account.needs import Need
from secure_kms_constructs.account.opinions import Opinion
from secure_kms_constructs.account.remarks import Remark
from secure_kms_constructs.account.worklist import Item
from secure_kms_constructs.evidence.uses import Observed, Use
from secure_kms_constructs.migrate.plans import Excepted, Held

FOLDER = Path(__file__).parents[1] / "src/secure_kms_constructs/cli/schemas"
Severity = Literal["error", "warning", "info"]


class Found(TypedDict):
    """A finding."""

    rule: str
    name: str
    severity: Severity
    undecided: bool
    path: str
    stack: str
    logicalId: str
    location: str
    message: str
    evidence: str
    when: list[str]


class Word(TypedDict):
    """Where something is acknowledged, and why."""

    at: str
    reason: str


class Acknowledged(Found):
    """A finding that somebody has acknowledged."""

    acknowledged: Word


class Hub(TypedDict, total=False):
    """What `--security-hub` adds."""

    securityHub: list[Item]
    securityHubUnread: list[str]


class Check(Hub):
    """`secure-kms check --format json`: what was found."""

    version: str
    findings: list[Found]
    acknowledged: list[Acknowledged]
    unread: list[str]


class Rule(TypedDict):
    """A rule; those about the checks themselves have no source."""

    id: str
    name: str
    title: str
    why: str
    fix: str
    severity: Severity
    controls: list[str]
    source: str | None


class Rules(TypedDict):
    """`secure-kms rules --format json`: what is checked."""

    version: str
    rules: list[Rule]


class Statement(TypedDict):
    """A statement that has a part in an answer."""

    path: str | None
    policy: str
    statement: int | None
    sid: str | None
    text: str


class Line(TypedDict):
    """Who can do what with a key, when; `allowed` is null where it is not known whether they can."""

    key: str
    principal: str
    kind: Literal["outsider", "root", "service", "deployer", "identity", "imported"]
    allowed: Literal[True] | None
    actions: list[str]
    circumstances: str
    via: list[str] | None
    encryption_context: dict[str, str]
    conditions: dict[str, str]
    when: list[str]
    statements: list[Statement]


class Note(TypedDict):
    """What was not read; null for what is about all that was."""

    path: str | None
    text: str


class Access(TypedDict):
    """`secure-kms access --format json`: who can use which key."""

    keys: list[str]
    access: list[Line]
    notes: list[Note]


class Documented(TypedDict):
    """A documented exception."""

    rule: str
    path: str
    reason: str
    ended: bool


class Grant(TypedDict):
    """A grant, what is to be said of it, and the call that takes it back."""

    key: str
    id: str
    grantee: str | None
    operations: list[str]
    constraints: dict[str, Any]
    created: Any
    found: list[str]
    revoke: str


class Map(Access, Hub):
    """`secure-kms account map --format json`: who can use which key of an account, and needs which."""

    needs: list[Need]
    remarks: list[Remark]
    needsUnread: list[str]
    exceptions: NotRequired[list[Documented]]
    grants: NotRequired[list[Grant]]
    grantsUnread: NotRequired[list[str]]


class Difference(TypedDict):
    """What changed for somebody and a key."""

    key: str
    principal: str
    change: Literal["gained", "lost", "widened", "narrowed", "changed", "unknown"]
    actions: list[str]


class Changed(Difference):
    """The same with the circumstances before and after."""

    before: list[str]
    after: list[str]


class Diff(TypedDict):
    """`secure-kms diff --format json`: who gained or lost access, and what else differs."""

    access: list[Changed]
    changes: list[Change]
    unknown: list[str]
    documented: list[str]


class Why(TypedDict):
    """A use, and what is to be said of it."""

    use: Use
    why: str


class Replaced(TypedDict):
    """A policy, and what is left of it; null where nothing is."""

    policy: Held
    after: dict[str, Any] | None
    sharedBy: list[str]


class Plan(TypedDict):
    """What replaces the wide permissions of one principal."""

    principal: str
    replay: str
    possibleBeside: list[str]
    keysToLose: int
    needed: list[Use]
    otherwise: list[Why]
    unexplained: list[Use]
    configured: list[str]
    review: list[Why]
    replaced: list[Replaced]
    added: dict[str, dict[str, Any]]
    addedAsManaged: bool
    keyStatements: dict[str, list[dict[str, Any]]]


class Plans(TypedDict):
    """`secure-kms plan --format json`: narrower policies, with their proof."""

    replay: str
    period: str
    gaps: list[str]
    left: dict[str, str]
    keysLeavingDelegation: list[str]
    keysStaying: dict[str, str]
    exceptions: list[Excepted]
    plans: list[Plan]
    diff: list[Difference]


class Owner(TypedDict):
    """What the owner of one policy must add; `of` is the construct path where the ARN is not known."""

    policy: str
    of: str
    because: dict[str, str]
    statements: list[dict[str, Any]]
    unknown: list[str]
    account: str | None


class Owners(TypedDict):
    """`secure-kms owners --format json`: what owners of others must add."""

    owners: list[Owner]


class Verify(TypedDict):
    """`secure-kms account verify --format json`: what IAM Access Analyzer says."""

    policies: list[str]
    calls: int
    opinions: list[Opinion]
    notAsked: list[str]
    unread: list[str]


class Policy(TypedDict):
    """A policy of an organization."""

    name: str
    type: str
    document: dict[str, Any]


class AccountFile(TypedDict):
    """The file that `secure-kms account snapshot` writes."""

    kind: Literal["secure-kms account"]
    format: int
    digest: str
    snapshot: Snapshot


class UsesFile(TypedDict):
    """The file that `secure-kms observe` writes."""

    kind: Literal["secure-kms uses"]
    format: int
    digest: str
    observed: Observed


OUTPUTS: dict[str, Any] = {
    "access": Access,
    "account-map": Map,
    "account-snapshot": AccountFile,
    "account-verify": Verify,
    "check": Check,
    "diff": Diff,
    "guardrails": list[Policy],
    "observe": UsesFile,
    "owners": Owners,
    "plan": Plans,
    "rules": Rules,
}


def text_of(output: Any) -> str:
    """Return the schema of an output."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(output)}
    return json.dumps(schema, indent=1) + "\n"


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name, output in OUTPUTS.items():
        (FOLDER / f"{name}.json").write_text(text_of(output), encoding="utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
