"""Writes the grant of every Scoped construct: asks what its decision needs, and writes both sides as decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct, IConstruct

from secure_kms_constructs.authoring.admissions import Account
from secure_kms_constructs.authoring.scoped_grants import (
    IdentitySide,
    Through,
    Who,
    check_accounts,
    identity_side,
    key_side,
    no_effect,
    opened,
    resource_side,
)
from secure_kms_constructs.authoring.statements import Statement
from secure_kms_constructs.authoring.targets import Target, by_key, key_policy_contexts
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.services import Service, Use
from secure_kms_constructs.cdk.asking import name_of, stack_of
from secure_kms_constructs.cdk.findings import announce
from secure_kms_constructs.cdk.grantees import Grantee
from secure_kms_constructs.cdk.imported_keys import follow_imported_keys
from secure_kms_constructs.cdk.key_grants import foreign_identity
from secure_kms_constructs.cdk.names import note_name
from secure_kms_constructs.cdk.node import Place
from secure_kms_constructs.grants import attach_identity_policy, note_named

from .key_side import ask_own, write_key_side


@dataclass
class Written:
    """What a grant wrote, and what others have to write, by the ARN of the key or resource."""

    identity: list[Statement] = field(default_factory=list)
    key_policy: dict[str, list[Statement]] = field(default_factory=dict)
    required_key_policy: dict[str, list[Statement]] = field(default_factory=dict)
    required_resource_policy: dict[str, list[Statement]] = field(default_factory=dict)
    required_identity: list[Statement] = field(default_factory=list)


def write(
    scope: Construct,
    at: Place,
    grantee: Grantee,
    targets: Sequence[Target],
    service: Service,
    use: Use,
    identity: list[Statement],
    resource_access: Callable[[], list[Statement]] | None = None,
) -> Written:
    """Write both sides of a grant.

    :param scope: the construct of the grant, whose ``__init__`` has not run: it is made here.
    :param resource_access: the statements of a resource policy without principal; None where the service has none.
    :raises ValueError: where the grant would have no effect; the construct is taken out again.
    """
    from .effects import expect, expect_alone

    with _whole_or_gone(scope, at):
        stack = stack_of(scope)
        follow_imported_keys(stack)
        who = Who(grantee, grantee.identity, grantee.account, grantee.is_protected, grantee.literal_arn)
        foreign = [target for target in targets if grantee.is_foreign_to(target.account)]
        opens = resource_access is not None
        check_accounts(who, foreign, lambda one: arns.as_text(stack.resolve(one.arn)), resource_policies=opens)
        grantee.check_writer(stack)
        if grantee.stack is None:
            # Whether it holds policies is found out by attaching one.
            Construct.__init__(scope, *at)
        attached = attach_identity_policy(scope, at, grantee, identity, len(targets))
        side = identity_side(who, targets, foreign, attached=attached, resource_policies=opens)
        keys = []
        for used, under in by_key(targets):
            by, contexts = Through(service, use, service.via(under[0].region)), key_policy_contexts(under)
            own = ask_own(scope, grantee, used, service, use, directly=not attached)
            keys.append((used, under, contexts, key_side(who, used, own, by, contexts, directly=not attached)))

        written = Written()
        if side is IdentitySide.WRITTEN:
            written.identity = identity
        elif side is IdentitySide.REQUIRED:
            written.required_identity = identity
            announce(scope, "requiredIdentityPolicy", foreign_identity(grantee), identity, of=grantee.name)
        for used, under, contexts, decided in keys:
            done = write_key_side(scope, used, decided)
            if done:
                written.key_policy[used.arn] = done
                note_named(grantee, scope)
                literal = contexts and service is Service.SECRETS_MANAGER
                for one in (target.resource for target in under if literal and target.owned):
                    note_name(stack_of(one), one, f"secret {one.node.path}", "secret_name", name_of(one))
            if decided.required:
                written.required_key_policy[used.arn] = list(decided.required)
            sides = written.identity or written.required_identity
            expect(scope, grantee, used, done, service, use, under, sides, named=bool(contexts))
        elsewhere = [one for one in targets if one.key is None or not isinstance(one.key.key, kms.Key)]
        expect_alone(scope, grantee, service, elsewhere, written.identity or written.required_identity)
        for target in opened(targets, foreign, side):
            assert resource_access is not None
            _open(scope, grantee, who, target, resource_access(), grantee.account if foreign else None, written)
        return written


@contextmanager
def _whole_or_gone(construct: Construct, at: Place) -> Iterator[None]:
    """Take a construct out of the tree again where it is refused half way."""
    try:
        yield
    except ValueError:
        # Not yet made, its id may be somebody else's.
        if "__jsii_ref__" in vars(construct):
            at.scope.node.try_remove_child(at.id)
        raise


def apply_before(self: Construct, *constructs: IConstruct) -> None:
    """Make resources wait for the grant, such as a Lambda function that is invoked while the stack deploys.

    Only the resource itself waits, not what is made along with it: ``function.node.add_dependency(...)`` would take in
    the function's role, which the grant depends on.

    :param constructs: what has to wait.
    """
    for construct in constructs:
        (construct.node.default_child or construct).node.add_dependency(self)


def _open(
    scope: Construct,
    grantee: Grantee,
    who: Who,
    target: Target,
    access: list[Statement],
    foreign: Account | None,
    written: Written,
) -> None:
    """Name the grantee in the policy of a resource, or say what its owner has to write."""
    arn = grantee.arn_in(stack_of(target.resource), stack_of(scope)) if target.owned else grantee.literal_arn()
    named = resource_side(access, arn, foreign)
    if not target.owned:
        written.required_resource_policy[target.arn] = named
        announce(
            scope,
            "requiredResourcePolicy",
            f"the secret {target.known_arn or target.arn} is imported, so its policy cannot be written here: "
            "its owner must add",
            named,
            of=target.known_arn or target.arn,
        )
        return
    for statement in named:
        if not target.resource.add_to_resource_policy(iam.PolicyStatement.from_json(statement)).statement_added:
            raise no_effect(who, f"{target.resource.node.path} takes no resource policy")
