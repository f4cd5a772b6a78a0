"""Whether a grantee takes identity policies, found out by attaching one."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_iam as iam
from constructs import Construct

from .asking import child_of, stack_of
from .grantees import Grantee


def holds_policies(grantee: Grantee, scope: Construct) -> bool:
    """Tell whether an identity policy attached to the grantee lands; immutable imports drop it and report success."""
    return not grantee.is_protected and takes_policies(grantee, scope)


def takes_policies(grantee: Grantee, scope: Construct) -> bool:
    """Tell whether CDK writes an identity policy for the grantee, which IAM may still refuse."""
    if grantee.stack is not None:
        return True
    # CDK does not synthesize an empty policy, so the probe leaves no resource behind.
    probe = iam.Policy(scope, "Probe")
    try:
        return is_attached(probe, grantee)
    finally:
        scope.node.try_remove_child("Probe")


def is_attached(policy: iam.Policy, grantee: Grantee) -> bool:
    """Attach a policy, and tell whether it landed."""
    principal: Any = grantee.principal
    attach = getattr(principal, "attach_inline_policy", None)
    if attach is None:
        return False
    attach(policy)
    resource = child_of(policy)
    return any(stack_of(policy).resolve([resource.roles, resource.users]))
