"""Finds the principal that CloudFormation acts as when it deploys a stack."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from secure_kms_constructs.aws.facts import CDK_QUALIFIER

from .asking import account_of, asked_once, region_of, stack_of, top_of
from .node import Questions
from .places import is_known
from .resolved_grantees import resolve_grantee

_PARTITION, _ACCOUNT, _REGION = "${AWS::Partition}", "${AWS::AccountId}", "${AWS::Region}"


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

    :raises ValueError: where the synthesizer has none.

    https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
    """
    arn = _execution_role(stack)
    if not arn:
        raise ValueError(
            f"deployer cannot be told from {_synthesizer_of(stack)}: pass "
            "deployer=iam.ArnPrincipal(<ARN of the role or user that CloudFormation acts as>), after a default "
            "bootstrap arn:<partition>:iam::<account>:role/cdk-<qualifier>-cfn-exec-role-<account>-<region>"
        )
    for placeholder, token in (
        (_PARTITION, stack.partition),
        (_ACCOUNT, account_of(stack).id),
        (_REGION, region_of(stack)),
    ):
        arn = arn.replace(placeholder, token)
    return arn


def deployers_anywhere(stack: Stack) -> str:
    """Return the pattern of the execution roles of the stack's bootstrap, in any partition, account and region.

    :raises ValueError: where the synthesizer has none, or names a role of one account.
    """
    arn = _execution_role(stack) or ""
    # The synthesizer has filled in what the stack knows of itself.
    known = filter(is_known, (account_of(stack).id, region_of(stack)))
    for here in (_PARTITION, _ACCOUNT, _REGION, *known):
        arn = arn.replace(here, "*")
    if not arn.startswith("arn:*:iam::*:"):
        raise ValueError(
            f"deployers cannot be told from {_synthesizer_of(stack)}: pass deployers=[<ARNs of the roles that "
            "CloudFormation acts as, with * as a wildcard>], after a default bootstrap "
            f"arn:*:iam::*:role/cdk-{CDK_QUALIFIER.value}-cfn-exec-role-*-*"
        )
    return arn


def _execution_role(stack: Stack) -> str | None:
    return Questions.execution_role(top_of(stack)) or None


def _synthesizer_of(stack: Stack) -> str:
    top = top_of(stack)
    return f"the {type(top.synthesizer).__name__} of stack {top.node.path}"
