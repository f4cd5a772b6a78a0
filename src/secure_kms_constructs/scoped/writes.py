"""What every Scoped construct does: one identity policy, the key's side, and the words for what others must write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from aws_cdk import Resource
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from secure_kms_constructs.authoring.statements import Statement
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.services import Service, Use
from secure_kms_constructs.cdk.asking import stack_of
from secure_kms_constructs.cdk.findings import announce
from secure_kms_constructs.cdk.grantees import Grantee
from secure_kms_constructs.cdk.node import Place
from secure_kms_constructs.grants import attach_identity_policy, note_named
from secure_kms_constructs.keys import HardenedKey

from .key_side import Target, admit, by_key, key_policy_contexts


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
    from .effects import expect

    with _whole_or_gone(scope, at):
        foreign = [target for target in targets if grantee.is_foreign_to(target.account)]
        for target in foreign:
            if resource_access is None or target.key is None or target.key.managed:
                text = arns.as_text(stack_of(scope).resolve(target.arn))
                raise ValueError(
                    f"{text} cannot be read from another account, got the grantee {grantee.name}: "
                    + ("put it under a customer-managed key" if resource_access else "read it by a role of its account")
                )
        grantee.check_writer(stack_of(scope))
        written = Written()
        if grantee.stack is None:
            # Whether it holds policies is found out by attaching one.
            Construct.__init__(scope, *at)
        directly = not attach_identity_policy(scope, at, grantee, identity, len(targets))
        if not directly:
            written.identity = identity
        elif len(foreign) == len(targets):
            written.required_identity = identity
            announce(
                scope,
                "requiredIdentityPolicy",
                f"{grantee.name} is of another account, so its policy cannot be written here: "
                "unless it allows this already, its owner must add",
                identity,
            )
        else:
            _check_direct(grantee, targets, resource_access is not None)
        for key, under in by_key(targets):
            contexts = key_policy_contexts(under)
            via = service.via(under[0].region)
            done, required = admit(scope, grantee, key, service, use, via, contexts, directly=directly)
            sides = written.identity or written.required_identity
            expect(scope, grantee, key, done, service, use, under, sides, named=bool(contexts))
            if done:
                written.key_policy[key.arn] = done
                note_named(grantee, scope)
            if required:
                written.required_key_policy[key.arn] = required
        for target in foreign if not directly or foreign else targets:
            assert resource_access is not None
            _open(scope, grantee, target, resource_access(), bool(foreign), written)
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


def _check_direct(grantee: Grantee, targets: Sequence[Target], resource_policies: bool) -> None:
    """Check that a grantee without policies of its own can be named by the resources and their keys."""
    for target in targets:
        if not resource_policies:
            raise _no_effect(grantee, f"the service of {target.arn} has no resource policies")
        if not isinstance(target.resource, Resource):
            raise _no_effect(grantee, f"{target.arn} is imported, so its policy cannot be written here")
        if target.key and not target.key.managed and not (isinstance(target.key.key, HardenedKey) and target.known_arn):
            raise _no_effect(
                grantee, f"{target.resource.node.path} is no secret with a literal name under a HardenedKey"
            )


def _open(
    scope: Construct,
    grantee: Grantee,
    target: Target,
    access: list[Statement],
    foreign: bool,
    written: Written,
) -> None:
    """Name the grantee in the policy of a resource, or say what its owner has to write."""
    owned = isinstance(target.resource, Resource)
    arn = grantee.arn_in(stack_of(target.resource), stack_of(scope)) if owned else grantee.literal_arn()
    principal = {"AWS": grantee.account.root if foreign else arn}
    named: list[Statement] = [{**statement, "Principal": principal} for statement in access]
    if foreign:
        only = {"ArnEquals": {"aws:PrincipalArn": arn}}
        named = [{**statement, "Condition": {**statement.get("Condition", {}), **only}} for statement in named]
    if not owned:
        written.required_resource_policy[target.arn] = named
        announce(
            scope,
            "requiredResourcePolicy",
            f"the secret {target.known_arn or target.arn} is imported, so its policy cannot be written here: "
            "its owner must add",
            named,
        )
        return
    for statement in named:
        if not target.resource.add_to_resource_policy(iam.PolicyStatement.from_json(statement)).statement_added:
            raise _no_effect(grantee, f"{target.resource.node.path} takes no resource policy")


def _no_effect(grantee: Grantee, why: str) -> ValueError:
    if grantee.is_protected:
        return ValueError(
            f"IAM lets nobody change the policies of {grantee.name}, and {why}, so the grant would have no effect: "
            "give the secret a literal secret_name and a HardenedKey, or grant to a role of this app"
        )
    return ValueError(
        f"{grantee.name} cannot hold an identity policy, and {why}, so the grant would have no effect: "
        "import the role with mutable=True, or grant to a role of this app"
    )
