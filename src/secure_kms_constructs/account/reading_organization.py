"""The policies of the organization that bind an account, and the stacks of CloudFormation: read on request."""

from __future__ import annotations

from typing import Any

from .connections import Connection
from .reading_keys import as_json
from .records import Organization

_KINDS = {"scps": "SERVICE_CONTROL_POLICY", "rcps": "RESOURCE_CONTROL_POLICY"}
# A root, five levels of units, the account: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
_LEVELS = 8
_LIVE = [
    *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE"),
    *("IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"),
    *("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "DELETE_FAILED"),
]


def read_organization(to: Connection) -> Organization:
    """Return the policies of each level above an account, the root first."""
    to.progress("the policies of the organization")
    described = to.call("organizations", "DescribeOrganization", to.account)
    if described and described["Organization"].get("MasterAccountId") == to.account:
        return Organization()
    levels = [to.account]
    while len(levels) < _LEVELS:
        parents = [
            one
            for page in to.pages("organizations", "ListParents", to.account, ChildId=levels[-1])
            for one in page["Parents"]
        ]
        if not parents:
            break
        levels.append(parents[0]["Id"])
        if parents[0]["Type"] == "ROOT":
            break
    found = {name: [_policies(to, level, kind) for level in reversed(levels)] for name, kind in _KINDS.items()}
    return Organization(**found)


def _policies(to: Connection, level: str, kind: str) -> dict[str, Any]:
    listed = [
        one
        for page in to.pages("organizations", "ListPoliciesForTarget", to.account, TargetId=level, Filter=kind)
        for one in page["Policies"]
    ]
    policies: dict[str, Any] = {}
    for one in listed:
        answer = to.call("organizations", "DescribePolicy", to.account, PolicyId=one["Id"])
        if answer is not None:
            policies[one["Name"]] = as_json(answer["Policy"]["Content"])
    return policies


def read_stacks(to: Connection) -> dict[str, dict[str, str]]:
    """Return the physical ids of what stacks made, by ``<region>/<stack>`` and logical id."""
    to.progress("stacks")
    listed = [
        one
        for page in to.pages("cloudformation", "ListStacks", StackStatusFilter=_LIVE)
        for one in page["StackSummaries"]
    ]

    def resources(stack: dict[str, Any]) -> tuple[str, dict[str, str]]:
        pages = to.pages("cloudformation", "ListStackResources", stack["StackId"], StackName=stack["StackName"])
        made = (one for page in pages for one in page["StackResourceSummaries"])
        ids = {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in made}
        return f"{to.region}/{stack['StackName']}", ids

    return dict(to.each(resources, listed))
