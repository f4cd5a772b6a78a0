"""What Node has told, kept, because a question to Node takes as long as a hundred lines of Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from aws_cdk import ConstructSelector, IConstructSelector, Resource, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import IConstruct, Node

from secure_kms_constructs.authoring.key_policies import Account

from .node import Questions

_T = TypeVar("_T")
_ANSWERS = "_secure_kms_constructs_answers"
_ARNS = "secret_arn", "role_arn", "user_arn"


def _answers_about(it: Any) -> dict[Any, Any]:
    # On the object itself: an answer may refer back to it, which keeps it in a weak dictionary for good.
    answers: dict[Any, Any] = vars(it).setdefault(_ANSWERS, {})
    return answers


def asked_once(question: Callable[[Any], _T]) -> Callable[[Any], _T]:
    """Keep the answer to a question about an object for as long as the object lives."""

    @wraps(question)
    def ask(about: Any) -> _T:
        answers = _answers_about(about)
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


def resolve_each(pairs: Sequence[tuple[Stack, Any]]) -> list[Any]:
    """Resolve each value in its stack, with one question for each stack."""
    by_stack: dict[Stack, list[Any]] = {}
    for stack, value in pairs:
        by_stack.setdefault(stack, []).append(value)
    found = {stack: iter(stack.resolve(values)) for stack, values in by_stack.items()}
    return [next(found[stack]) for stack, _ in pairs]


def place_in(construct: IConstruct, scope: IConstruct) -> None:
    """Note that a new construct is in the stack of its scope, which need not be asked again."""
    _answers_about(construct)[stack_of] = stack_of(scope)


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
    resource = child_of(principal)
    if isinstance(resource, iam.CfnRole):
        return resource.role_name, resource.path
    return (resource.user_name, resource.path) if isinstance(resource, iam.CfnUser) else None


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


# What was told of a resource beside those that were asked about, by jsii's name of it, until somebody asks.
_told: dict[str, dict[Any, Any]] = {}


def ask_ahead(resources: Sequence[Any]) -> None:
    """Ask in one call what a grant asks about each of several resources of this app, and about those beside them."""
    new = []
    for one in resources:
        if not isinstance(one, Resource) or ask_ahead in (answers := _answers_about(one)):
            continue
        known = _told.pop(cast(Any, one).__jsii_ref__.ref, None)
        answers[ask_ahead] = True
        if known is None:
            new.append(one)
        else:
            answers.update(known)
    if not new:
        return
    try:
        described = Questions.describe(list(dict.fromkeys(new)))
    except RuntimeError:
        return  # Whoever asks for the part that cannot be told gets to know why.
    stacks, keys = described["stacks"], described["keys"]
    asked = iter(dict.fromkeys(new))
    for name, stack, arn, is_reference, physical, key, given in json.loads(described["told"]):
        found = {
            stack_of: stacks[stack],
            name_of: physical,
            key_of: keys[key] if key >= 0 else None,
            name_given: given,
        }
        if arn is not None:
            found[arn_of] = arn
        if is_reference:
            references_in(stacks[stack]).add(arn)
        one = next(asked, None)
        if one is not None:
            _answers_about(one).update(found)
        elif name is not None:
            _told[name] = found


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
