"""What Node has told, kept, because a question to Node takes as long as a hundred lines of Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from aws_cdk import ConstructSelector, IConstructSelector, Resource, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import IConstruct, Node

from secure_kms_constructs.authoring.admissions import Account

from .node import Questions

_T = TypeVar("_T")
_ANSWERS = "_secure_kms_constructs_answers"
_ARNS = "secret_arn", "role_arn", "user_arn"


def answers_about(it: Any) -> dict[Any, Any]:
    """Return the answers that are kept about an object, by question."""
    # On the object itself: an answer may refer back to it, which keeps it in a weak dictionary for good.
    answers: dict[Any, Any] = vars(it).setdefault(_ANSWERS, {})
    return answers


def asked_once(question: Callable[[Any], _T]) -> Callable[[Any], _T]:
    """Keep the answer to a question about an object for as long as the object lives."""

    @wraps(question)
    def ask(about: Any) -> _T:
        # Forty questions a grant, so without a call where the answer is known.
        answers = about.__dict__.get(_ANSWERS)
        if answers is None:
            answers = answers_about(about)
        if ask not in answers:
            answers[ask] = question(about)
        found: _T = answers[ask]
        return found

    return ask


def reference(value: Any) -> str:
    """Return what tells an object of Node: jsii may make a new Python object each time it hands over the same."""
    return str(value.__jsii_ref__.ref)


@asked_once
def stack_of(construct: IConstruct) -> Stack:
    """Return the stack that a construct belongs to."""
    if isinstance(construct, Stack):
        return construct
    # For a resource that is a property of its own, read in half the time.
    return construct.stack if isinstance(construct, Resource) else Stack.of(construct)


@asked_once
def top_of(stack: Stack) -> Stack:
    """Return the stack that CloudFormation deploys a nested stack with, or the stack itself."""
    while (parent := stack.nested_stack_parent) is not None:
        stack = parent
    return stack


def resolved_in(stack: Stack, values: Sequence[Any]) -> list[Any]:
    """Resolve values in a stack, with one question."""
    try:
        return Questions.resolve(stack, values)
    except TypeError:
        # An object of CDK inside has to go as it is.
        found: list[Any] = stack.resolve(list(values))
        return found


def resolve_each(pairs: Sequence[tuple[Stack, Any]]) -> list[Any]:
    """Resolve each value in its stack, with one question for each stack."""
    by_stack: dict[Stack, list[Any]] = {}
    for stack, value in pairs:
        by_stack.setdefault(stack, []).append(value)
    found = {stack: iter(resolved_in(stack, values)) for stack, values in by_stack.items()}
    return [next(found[stack]) for stack, _ in pairs]


def place_in(construct: IConstruct, scope: IConstruct) -> None:
    """Note that a new construct is in the stack of its scope, which need not be asked again."""
    answers_about(construct)[stack_of] = stack_of(scope)


@asked_once
def stage_of(stack: Stack) -> Stage | None:
    """Return the stage that a stack belongs to."""
    return Stage.of(stack)


@asked_once
def region_of(stack: Stack) -> str:
    """Return the region that a stack is deployed to."""
    return stack.region


@asked_once
def environment_of(stack: Stack) -> str:
    """Return account and region of a stack, which say so where they are not known."""
    return stack.environment


@asked_once
def partition_of(stack: Stack) -> str:
    """Return the partition of a stack."""
    return stack.partition


@asked_once
def account_of(stack: Stack) -> Account:
    """Return the account that a stack is deployed to."""
    return Account(stack.format_arn(service="iam", region="", resource="root"), stack.account)


def logs_principal(stack: Stack) -> str:
    """Return CloudWatch Logs' service principal, which names the region and ends like the partition's URLs.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.region_info.RegionInfo.html
    """
    return f"logs.{region_of(stack)}.{stack.url_suffix}"


@asked_once
def node_of(construct: IConstruct) -> Node:
    """Return a construct's node in the tree."""
    return construct.node


@asked_once
def child_of(construct: IConstruct) -> Any:
    """Return the L1 that a construct is made of, of an L1 itself; None where there is none."""
    return next(iter(_selector_of_l1().select(construct)), None)


@lru_cache(maxsize=1)
def _selector_of_l1() -> IConstructSelector:
    # One question, where the way by the node takes two.
    return ConstructSelector.cfn_resource()


@asked_once
def root_of(construct: IConstruct) -> IConstruct:
    """Return the app."""
    return node_of(construct).root


@asked_once
def name_of(resource: Any) -> str:
    """Return the name of a resource, a token where it is generated: CDK's protected physicalName."""
    return str(resource._physical_name)


@asked_once
def arn_of(resource: Any) -> str:
    """Return the ARN of a secret, a role or a user."""
    return str(next(getattr(resource, name) for name in _ARNS if hasattr(type(resource), name)))


@asked_once
def key_of(secret: Any) -> kms.IKey | None:
    """Return the key of a secret, None for the one that AWS manages."""
    found: kms.IKey | None = secret.encryption_key
    return found


@asked_once
def name_given(principal: Any) -> tuple[str | None, str | None] | None:
    """Return name and path as the L1 of a role or user was given them; None where it has none."""
    [given] = Questions.names([principal])
    return (given[0], given[1]) if given else None


_OWN_PRINCIPALS = iam.Role.grant_principal, iam.User.grant_principal


@asked_once
def principal_of(grantee: iam.IGrantable) -> iam.IPrincipal:
    """Return the principal that a grantee's grants reach."""
    # A role or user of this app is its own principal, unless a subclass says otherwise.
    if isinstance(grantee, (iam.Role, iam.User)) and type(grantee).grant_principal in _OWN_PRINCIPALS:
        return grantee
    return grantee.grant_principal


@asked_once
def key_arn_of(key: kms.IKey) -> str:
    """Return the ARN of a key."""
    arn = key.key_arn
    if isinstance(key, kms.Key):
        references_in(stack_of(key)).add(arn)
    return arn


@asked_once
def references_in(_stack: Stack) -> set[str]:
    """Return the tokens known to be references to resources of a stack, which is all that a size needs."""
    return set()


@dataclass(frozen=True)
class Called:
    """Something as messages call it. A construct's path is asked only once there is a message.

    :param noun: what it is, such as ``the key of``.
    :param thing: the construct, or text.
    """

    noun: str
    thing: object

    def __str__(self) -> str:
        path = self.thing if isinstance(self.thing, str | Called) else node_of(cast(Any, self.thing)).path
        return f"{self.noun} {path}"
