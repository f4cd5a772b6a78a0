"""Which stack can refer to what lives in another, and which stacks then wait for each other."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import IConstruct

from .asking import asked_once, environment_of, reference, root_of, stage_of, top_of

_WAYS = "pass its full ARN as key=ResolvedKey.from_arn(...) or key=ResolvedKey.from_parameter(...)"

# The way out for a grant whose two sides cannot be written together.
GRANT_APART = (
    "grant on a ResolvedKey in the grantee's stage, and on this key to iam.Role.from_role_arn(...), "
    "each for its own side"
)

# The ways out of a circle of stacks: for a grant on the key, be it along with a bucket or queue, and for others.
KEY_APART = (
    "put the HardenedKey into a stack of its own, with delegate_via=[...] for roles of its account that have generated "
    "names"
)
_APART = (
    "give the role a literal role_name and build the grant in the role's stack, serve it with delegate_via=[...] on "
    "the HardenedKey, or take the key by ResolvedKey.from_parameter(...)"
)


def check_reference(consumer: Stack, producer: Stack, what: object, ways: str = _WAYS, apart: str = _APART) -> None:
    """Check that a stack can refer to something in another one, and record that it waits for it.

    References between known accounts and regions are CloudFormation's to resolve
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html).

    :param what: how the message calls the thing, once there is one.
    :param ways: what to do instead.
    :param apart: what to do instead where that closes a circle.
    :raises ValueError: between stages, between a known place and an unknown one, and where it closes a circle.
    """
    if reference(consumer) == reference(producer):
        return
    here, there = stage_of(consumer), stage_of(producer)
    if here is not there:
        raise ValueError(
            f"{what} is in another stage than stack {consumer.node.path}, and references end at a stage: {ways}"
        )
    check_environments(consumer, producer, what, ways)
    wait_for(consumer, producer, what, apart)
    if not same_environment(consumer, producer):
        # CDK resolves the reference with Fn::GetStackOutput, and neither orders the stacks nor refuses a circle.
        top_of(consumer).add_stack_dependency(top_of(producer))


def check_environments(consumer: Stack, producer: Stack, what: object, ways: str = "") -> None:
    """Check that the accounts and regions of two stacks are both known, or that neither is.

    :raises ValueError: where only one is known, because CDK would take the one for the other.
    """
    places = environment_of(consumer), environment_of(producer)
    if places[0] != places[1] and any("unknown-" in place for place in places):
        raise ValueError(
            f"{what} is in stack {producer.node.path}, and whether that is the account and region of stack "
            f"{consumer.node.path} cannot be told: give both stacks an env{f', or {ways}' if ways else ''}"
        )


def same_environment(one: Stack, other: Stack) -> bool:
    """Tell whether two stacks are deployed to the same account and region."""
    return one is other or environment_of(one) == environment_of(other)


def same_place(one: Stack, other: Stack) -> bool:
    """Tell whether two stacks are of one stage, account and region."""
    return one is other or (stage_of(one) is stage_of(other) and same_environment(one, other))


def wait_for(consumer: Stack, producer: Stack, what: object, apart: str = _APART) -> None:
    """Record that a stack waits for another.

    Known here are the references of grants, and of the secrets they name. What waits outside of grants, such as a
    secret that none names for its key, is known to CDK alone, which refuses a circle of stacks at synth.

    :raises ValueError: where that stack already waits for this one.
    """
    consumer, producer = top_of(consumer), top_of(producer)
    if reference(consumer) == reference(producer):
        return
    waits = _waits_in(root_of(consumer))
    of_consumer = waits.setdefault(reference(consumer), {})
    if reference(producer) in of_consumer:
        return
    seen: set[str] = set()
    reached = [producer]
    while reached:
        stack = reached.pop()
        if reference(stack) == reference(consumer):
            raise ValueError(
                f"{what} would make stack {consumer.node.path} wait for stack {producer.node.path}, which already "
                f"waits for it: {apart}"
            )
        if reference(stack) not in seen:
            seen.add(reference(stack))
            reached += [*waits.get(reference(stack), {}).values(), *stack.dependencies]
    of_consumer[reference(producer)] = producer


@asked_once
def _waits_in(_app: IConstruct) -> dict[str, dict[str, Stack]]:
    """Return, by a stack, the stacks that its policies made it wait for."""
    return {}


def is_known(text: str) -> bool:
    """Tell whether an account or region is literal."""
    return "${Token[" not in text
