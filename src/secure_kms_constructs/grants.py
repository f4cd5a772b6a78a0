"""Attaches statements to principals. The only module that turns the library's dicts into CDK policies."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from .authoring.packing import pack, size
from .authoring.statements import Statement, document
from .aws import arns
from .aws.facts import INLINE_POLICY_CHARACTERS, MANAGED_POLICIES_PER_IDENTITY, MANAGED_POLICY_CHARACTERS
from .cdk.asking import account_of, asked_once, references_in, resolve_each, root_of, stack_of, stage_of
from .cdk.findings import check_at_synth
from .cdk.grantees import Grantee
from .cdk.holding import holds_policies, is_attached
from .cdk.node import Place, Questions, Scoped
from .cdk.places import is_known


def _write(
    scope: Construct, at: Place, grantee: Grantee, policies: Sequence[Sequence[Statement]], *, managed: bool
) -> None:
    documents = [document(statements) for statements in policies]
    kind = f"{grantee.kind}s"
    Scoped.create(scope, *at, kind=kind, principal=grantee.principal, documents=documents, managed=managed)


def _attach_inline(scope: Construct, at: Place, grantee: Grantee, statements: Sequence[Statement]) -> bool:
    if grantee.stack is not None:
        _write(scope, at, grantee, [statements], managed=False)
        return True
    if grantee.is_protected:
        return False
    written = iam.PolicyDocument.from_json(document(statements))
    if is_attached(iam.Policy(scope, "Policy", document=written), grantee):
        return True
    scope.node.try_remove_child("Policy")
    return False


def _attach_managed(scope: Construct, at: Place, grantee: Grantee, packs: Sequence[Sequence[Statement]]) -> None:
    # Through the policy's own Roles, not the role's ManagedPolicyArns: key -> role -> policy -> key is a cycle.
    if grantee.stack is not None:
        _write(scope, at, grantee, packs, managed=True)
        return
    for number, part in enumerate(packs, start=1):
        written = iam.PolicyDocument.from_json(document(part))
        holder: dict[str, Any] = {f"{grantee.kind}s": [grantee.principal]}
        iam.ManagedPolicy(scope, f"Policy{number}", document=written, **holder)


@dataclass
class _Held:
    """What the library has attached to one identity so far."""

    estimate: int = 0
    inline: list[tuple[Stack, Sequence[Statement]]] = field(default_factory=list)
    packed: list[tuple[Stack, Sequence[Statement]]] = field(default_factory=list)
    named: bool = False
    managed: int = 0
    targets: int = 0


@asked_once
def _held_in(_app: IConstruct) -> dict[str, _Held]:
    # By identity, because jsii makes a new Python object for a role each time it is asked.
    return {}


@asked_once
def _identities_of(stack: Stack) -> dict[str, _Held]:
    # Where the account is not known, a name stands for another role in each stage.
    return _held_in(root_of(stack) if is_known(account_of(stack).id) else stage_of(stack) or root_of(stack))


def _held_by(grantee: Grantee, stack: Stack) -> _Held:
    identities = _identities_of(stack)
    held = identities.get(grantee.identity)
    if held is None:
        held = identities[grantee.identity] = _Held()
        _holders_in(stack).append((grantee, held))
    return held


def note_named(grantee: Grantee, scope: Construct) -> None:
    """Note that a key policy names the grantee."""
    _held_by(grantee, stack_of(scope)).named = True


def attach_identity_policy(
    scope: Construct, at: Place, grantee: Grantee, statements: Sequence[Statement], targets: int
) -> bool:
    """Make a construct with statements as one inline policy, or managed ones where the inline quota is used up.

    Past the quota of the identity, synth fails with a message that says how many targets fit.

    :param scope: the construct. It is made here; for a grantee that is imported, it is there already.
    :param targets: how many things the statements are for, in the words of that message.
    :return: False where the grantee holds no policies; nothing is attached then.
    """
    stack = stack_of(scope)
    held = _held_by(grantee, stack)
    most = INLINE_POLICY_CHARACTERS.value[grantee.kind]
    # What tokens hide is resolved only where it matters: here past the quota, and once for all at synth.
    resolved: Sequence[Any] = statements
    needed = size(document(resolved))
    if held.estimate + needed > most and not _only_references(stack, statements):
        resolved = stack.resolve(statements)
        needed = size(document(resolved))
    if held.estimate + needed <= most:
        if not _attach_inline(scope, at, grantee, statements):
            return False
        held.estimate += needed
        held.inline.append((stack, statements))
    elif holds_policies(grantee, scope):
        packs = pack(statements, resolved, MANAGED_POLICY_CHARACTERS.value)
        _attach_managed(scope, at, grantee, packs)
        held.managed += len(packs)
        held.packed.append((stack, statements))
    else:
        return False
    held.targets += targets
    return True


def _only_references(stack: Stack, statements: Sequence[Statement]) -> bool:
    """Tell whether all that tokens hide are references to resources of the stack, whose size is known."""
    tokens = re.findall(r"[$#]\{Token\[[^\]]+\]\}", json.dumps(statements))
    return all("[AWS." in token or token in references_in(stack) for token in tokens)


@asked_once
def _holders_in(stack: Stack) -> list[tuple[Grantee, _Held]]:
    holders: list[tuple[Grantee, _Held]] = []
    check_at_synth(stack, lambda: _over_quotas(holders))
    return holders


def _over_quotas(holders: Sequence[tuple[Grantee, _Held]]) -> list[str]:
    resolved = iter(resolve_each([pair for _, held in holders for pair in held.inline]))
    owned: dict[Stack, list[Any]] = {}
    for grantee, _ in holders:
        if grantee.stack is not None:
            owned.setdefault(grantee.stack, []).append(grantee.principal)
    beside = {stack: iter(Questions.held(stack, principals)) for stack, principals in owned.items()}
    return [
        message
        for grantee, held in holders
        for message in _over_quota(
            grantee,
            held,
            [next(resolved) for _ in held.inline],
            next(beside[grantee.stack]) if grantee.stack is not None else {},
        )
    ]


def _over_quota(grantee: Grantee, held: _Held, written: list[Any], beside: dict[str, Any]) -> list[str]:
    """Return what IAM would refuse to attach.

    :param beside: what an owned identity holds beside ours.
    """
    made_with = beside.get("inline", [])
    documents = [*map(document, written), *beside.get("added", []), *(one["policyDocument"] for one in made_with)]
    inline = sum(map(size, documents))
    managed = held.managed + (len(beside.get("managed", [])) if held.managed else 0)
    circle: list[str] = []
    if made_with and held.named:
        ours = arns.references([written, resolve_each(held.packed)])
        circle = sorted(ours & arns.references(made_with))
    found = []
    if circle:
        found.append(
            f"{grantee.kind} {grantee.name} was made with inline policies that name {', '.join(circle)}, and the key's "
            f"policy names the {grantee.kind}: CloudFormation refuses the circle, use add_to_policy instead"
        )
    most = INLINE_POLICY_CHARACTERS.value[grantee.kind]
    if inline > most:
        found.append(
            f"{grantee.kind} {grantee.name} would hold {inline} characters of inline policies, and IAM takes {most}: "
            "move its own statements to a managed policy"
        )
    limit = MANAGED_POLICIES_PER_IDENTITY.value
    if managed > limit:
        fit = held.targets * max(limit - (managed - held.managed), 0) // held.managed
        found.append(
            f"{grantee.kind} {grantee.name} would need {managed} managed policies for {held.targets} secrets, "
            f"and IAM attaches {limit}: about {fit} secrets fit, split the others over more {grantee.kind}s"
        )
    return found
