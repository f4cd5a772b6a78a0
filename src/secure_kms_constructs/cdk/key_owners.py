"""The owners of a key, and the key policy that they start with."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from secure_kms_constructs.authoring.key_policies import KeyPolicy
from secure_kms_constructs.aws.arns import check_organization

from .asking import account_of, stack_of
from .deployers import check_deployer, deployer_of
from .resolved_grantees import resolve_grantee


def owner(principal: iam.IGrantable, scope: Construct, name: str = "grantee") -> tuple[str, str, str]:
    """Return the ARN of an owner, what is equal for every spelling of it, and how messages call it.

    :param name: what the caller's parameter is called, for messages.
    :raises ValueError: for a principal of another account, or whose ARN cannot be told in the stack of the key.
    """
    stack, resolved = stack_of(scope), resolve_grantee(principal, scope, name=name)
    if resolved.is_foreign(stack):
        raise ValueError(
            f"KMS lets no principal of another account administer a key, got {resolved.name} "
            f"for a key of {stack.account}: name a role of that account"
        )
    return resolved.arn_in(stack, delegable=False), resolved.identity, resolved.name


def _administrator(principal: iam.IGrantable, scope: Construct, name: str) -> tuple[str, str, str]:
    if isinstance(principal, iam.AccountPrincipal):
        raise ValueError(
            f"{name} are roles and users, got the account {principal.account_id}: leave it out, the "
            "root user is admitted anyway, and who else manages the key is named"
        )
    return owner(principal, scope, name)


def policy_owned_by(
    scope: Construct,
    deployer: iam.IGrantable | None,
    administrators: Sequence[iam.IGrantable],
    policy_administrators: Sequence[iam.IGrantable],
    *,
    multi_region: bool,
    separation_of_duties: bool,
    rotates: bool,
    organization: str | None,
) -> KeyPolicy:
    """Return a key policy with its owners: the deployer, told from the synthesizer or given, and administrators."""
    stack = stack_of(scope)
    named = [owner(one, scope, "deployer") for one in ([deployer] if deployer else [])]
    if deployer is not None:
        check_deployer(deployer, scope)
    whole, with_policy = (
        [_administrator(one, scope, name) for one in several]
        for name, several in (("administrators", administrators), ("policy_administrators", policy_administrators))
    )
    policy = KeyPolicy(
        account_of(stack),
        deployer=named[0][0] if named else deployer_of(stack),
        administrators=[arn for arn, _, _ in whole],
        policy_administrators=[arn for arn, _, _ in with_policy],
        multi_region=multi_region,
        separation_of_duties=separation_of_duties,
        rotates=rotates,
        organization=None if organization is None else check_organization(organization),
    )
    for arn, identity, name in [*named, *whole, *with_policy]:
        policy.know(arn, identity, name)
    return policy
