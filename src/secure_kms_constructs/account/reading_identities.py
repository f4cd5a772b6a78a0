"""Roles, users and groups of an account with all their policies, in one call."""

from __future__ import annotations

from typing import Any, NamedTuple

from .connections import Connection
from .reading_keys import as_json
from .records import Group, Identity

_FILTER = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]
# Names of the members in the answer, by what they are about.
_INLINE = {"role": "RolePolicyList", "user": "UserPolicyList", "group": "GroupPolicyList"}


class Read(NamedTuple):
    """Roles and users, groups, and of managed policies the documents and which version they are, by ARN."""

    identities: list[Identity]
    groups: list[Group]
    policies: dict[str, Any]
    versions: dict[str, str]


def read_identities(to: Connection) -> Read:
    """Return who there is in an account, and all their policies."""
    to.progress("roles and users")
    identities: list[Identity] = []
    groups: list[Group] = []
    policies: dict[str, Any] = {}
    versions: dict[str, str] = {}
    for page in to.pages("iam", "GetAccountAuthorizationDetails", to.account, Filter=_FILTER):
        identities += (_identity("role", one) for one in page.get("RoleDetailList", ()))
        identities += (_identity("user", one) for one in page.get("UserDetailList", ()))
        groups += (
            Group(one["Arn"], one["GroupName"], _inline("group", one), _attached(one))
            for one in page.get("GroupDetailList", ())
        )
        for one in page.get("Policies", ()):
            policies[one["Arn"]] = _document(one)
            if version := one.get("DefaultVersionId"):
                versions[one["Arn"]] = version
        to.progress(f"{len(identities)} roles and users")
    identities.sort(key=lambda one: one.arn)
    return Read(identities, sorted(groups, key=lambda one: one.arn), policies, versions)


def _identity(kind: str, one: dict[str, Any]) -> Identity:
    return Identity(
        arn=one["Arn"],
        kind=kind,
        id=one.get(f"{kind.title()}Id", ""),
        inline=_inline(kind, one),
        attached=_attached(one),
        groups=list(one.get("GroupList", ())),
        boundary=(one.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        trust=as_json(one.get("AssumeRolePolicyDocument")),
    )


def _inline(kind: str, one: dict[str, Any]) -> dict[str, Any]:
    return {it["PolicyName"]: as_json(it["PolicyDocument"]) for it in one.get(_INLINE[kind], ())}


def _attached(one: dict[str, Any]) -> list[str]:
    return [it["PolicyArn"] for it in one.get("AttachedManagedPolicies", ())]


def _document(policy: dict[str, Any]) -> object:
    """Return the version in force."""
    versions = policy.get("PolicyVersionList", ())
    return next((as_json(one.get("Document")) for one in versions if one.get("IsDefaultVersion")), None)
