"""Who makes a replica in another region, and whether it can be one."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from .asking import account_of, region_of
from .deployers import deployer_of
from .places import is_known
from .resolved_grantees import resolve_grantee


def deployer_abroad(home: Stack, stack: Stack, deployer: iam.IGrantable | None) -> str:
    """Return the ARN of who deploys a stack in another region, as a key policy can name it.

    :param home: the stack of the key.
    :raises ValueError: for a stack in the same region or another account, or without account and region.
    """
    region, account = region_of(home), account_of(home).id
    if not (is_known(stack.region) and is_known(region)) or stack.region == region:
        raise ValueError(
            f"a replica is in another region than its primary, got stack {stack.node.path} in {stack.region} "
            f"for a key in {region}: give both stacks an env, of two regions"
        )
    if stack.account != account:
        raise ValueError(
            f"a replica is in the account of its primary, got stack {stack.node.path} of {stack.account} "
            f"for a key of {account}: make both in one account"
        )
    return deployer_of(stack) if deployer is None else resolve_grantee(deployer, home).arn_in(home, delegable=False)
