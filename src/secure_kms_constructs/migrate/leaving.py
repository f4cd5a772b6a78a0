"""Keys that could leave delegation to IAM: everybody who was seen to use them can be named in their policies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure_kms_constructs.account import Account, Snapshot
from secure_kms_constructs.account.records import Key
from secure_kms_constructs.authoring.reading import listed, meant, statements_in
from secure_kms_constructs.aws.facts import USE_ACTIONS
from secure_kms_constructs.evidence import Observed, Use
from secure_kms_constructs.evidence.uses import Coverage

from .plans import Json, Leaving
from .statements import names_alike, unwritable

_CHANGE = ("kms:PutKeyPolicy",)
_REGION = re.compile(r"\.[a-z]{2,}(-[a-z]+)+-\d(?=\.)")


def leaving(snapshot: Snapshot, observed: Observed) -> list[Leaving]:
    """Return the customer keys whose policies delegate to IAM, each with whether it could leave that."""
    covered = {one.key: one for one in observed.coverage or ()}
    return [
        _leaving(account, key, observed, covered.get(key.arn))
        for account, key in snapshot.keys
        if key.manager == "CUSTOMER" and any(_delegates(one, account) for one in statements_in(key.policy))
    ]


def _leaving(account: Account, key: Key, observed: Observed, coverage: Coverage | None) -> Leaving:
    found = Leaving(key.arn)
    uses = [
        one for one in observed.uses if one.key == key.arn and one.action in USE_ACTIONS and one.by_grant is not True
    ]
    found.uses.extend(uses)
    reasons = (
        *_of_key(key),
        *(() if coverage and coverage.complete is True else ("silence is no evidence of who uses it",)),
        *_of_uses(account, key, observed, uses),
        *_of_statements(account, key, found),
        *(f"{one} administers it and uses it" for one in _both(found)),
    )
    return Leaving(key.arn, stays=reasons[0]) if reasons else found


def _of_key(key: Key) -> Iterator[str]:
    if key.state != "Enabled":
        yield f"its state is {key.state}"
    if key.spec != "SYMMETRIC_DEFAULT" or key.origin != "AWS_KMS":
        yield f"its material is {key.spec} of {key.origin}, which a HardenedKey does not import"
    if key.multi_region:
        yield "it has replicas or is one, and each has a policy of its own"


def _of_uses(account: Account, key: Key, observed: Observed, uses: list[Use]) -> Iterator[str]:
    if any(one.key == key.arn for one in observed.foreign):
        yield "other accounts use it, of whom only the account is told"
    mine = re.compile(rf"arn:[\w-]+:iam::{account.account}:(role|user)/.+")
    there = {one.arn for one in account.identities}
    alike = names_alike(uses)
    for use in uses:
        if not mine.fullmatch(use.principal) or use.principal not in there:
            yield f"{use.principal} uses it, which is no role or user of the account file"
        elif (why := unwritable(use, alike)) is not None:
            yield f"{use.principal} uses it, and {why}"
    admitted = {_whole(one) for statement in statements_in(key.policy) for one in _principals(statement, "Service")}
    granted = {
        str(grant.get(name)) for grant in key.grants or () for name in ("GranteePrincipal", "GranteeServicePrincipal")
    }
    for use in observed.services:
        if use.key == key.arn and use.principal not in granted and _whole(use.principal) not in admitted:
            yield f"{use.principal} uses it for itself, and neither its policy nor a grant names that service"


def _of_statements(account: Account, key: Key, found: Leaving) -> Iterator[str]:
    """Sort the statements of a key policy, and return of which nothing can be made."""
    for statement in statements_in(key.policy):
        if _delegates(statement, account):
            continue
        called = statement.get("Sid") or "without a Sid"
        if statement.get("Effect") == "Deny" or set(statement.get("Principal") or ()) == {"Service"}:
            found.kept.append(statement)
            continue
        named = _principals(statement, "AWS")
        actions = listed(statement.get("Action"))
        mine = all(re.fullmatch(rf"arn:[\w-]+:iam::{account.account}:(role|user)/[^*?]+", one) for one in named)
        if not named or not mine or set(statement["Principal"]) != {"AWS"} or not actions:
            yield f"its statement {called} is for others than roles and users of the account"
        elif not meant(actions, USE_ACTIONS):
            if statement.get("Condition"):
                yield f"its statement {called} lets somebody administer it under a condition"
            (found.policy_administrators if meant(actions, _CHANGE) else found.administrators).extend(named)
        elif meant(actions, _CHANGE):
            yield f"its statement {called} lets somebody both administer and use it"


def _both(found: Leaving) -> list[str]:
    users = {one.principal for one in found.uses}
    return sorted(users.intersection((*found.administrators, *found.policy_administrators)))


def _delegates(statement: Json, account: Account) -> bool:
    root = f"arn:{account.partition}:iam::{account.account}:root"
    return (
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and bool({root, account.account}.intersection(_principals(statement, "AWS")))
        and bool(meant(statement.get("Action"), ["kms:Decrypt"]))
    )


def _principals(statement: Json, kind: str) -> list[str]:
    principal = statement.get("Principal")
    return [one for one in listed(principal.get(kind)) if isinstance(one, str)] if isinstance(principal, dict) else []


def _whole(service: str) -> str:
    """Return a service principal without its region."""
    return _REGION.sub("", service)
