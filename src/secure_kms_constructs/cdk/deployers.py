"""Finds the principal that CloudFormation acts as when it deploys a stack."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from .asking import account_of, asked_once, region_of, stack_of, top_of
from .resolved_grantees import resolve_grantee


def check_deployer(deployer: iam.IGrantable, scope: Construct) -> None:
    """Check that a deployer is there before the stack that it deploys.

    :raises ValueError: for a role or user that the same stack makes.
    """
    made_in = resolve_grantee(deployer, scope).stack
    if made_in is not None and top_of(made_in) is top_of(stack_of(scope)):
        raise ValueError(
            f"deployer must be there before stack {top_of(made_in).node.path} that it deploys, got "
            f"{deployer.grant_principal} of that stack: make it in a stack that is deployed before, with a literal name"
            " where that stack is of this app"
        )


@asked_once
def deployer_of(stack: Stack) -> str:
    """Return the ARN of the execution role that the stack's synthesizer deploys with.

    :raises ValueError: where the synthesizer has none, or was made in Python, which hides it (it answers only
        once bound, and Python holds the unbound one).

    https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
    """
    top = top_of(stack)
    synthesizer = top.synthesizer
    try:
        arn = synthesizer.cloud_formation_execution_role_arn  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):
        arn = None
    if not arn:
        raise ValueError(
            f"deployer cannot be told from the {type(synthesizer).__name__} of stack {top.node.path}: pass "
            "deployer=iam.ArnPrincipal(<ARN of the role or user that CloudFormation acts as>), after a default "
            "bootstrap arn:<partition>:iam::<account>:role/cdk-<qualifier>-cfn-exec-role-<account>-<region>"
        )
    for placeholder, token in (
        ("${AWS::Partition}", stack.partition),
        ("${AWS::AccountId}", account_of(stack).id),
        ("${AWS::Region}", region_of(stack)),
    ):
        arn = arn.replace(placeholder, token)
    return str(arn)
