"""Attaches statements to principals. The only module that turns the library's dicts into CDK policies."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jsii
from aws_cdk import Annotations, Stack, Token, region_info
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct, IConstruct, IValidation

from . import arns
from .asking import account_of, asked_once, child_of, name_of, node_of, region_of, root_of, stack_of
from .facts import (
    INLINE_POLICY_CHARACTERS,
    LOOKUP_DUMMY_KEY_ID,
    MANAGED_POLICIES_PER_IDENTITY,
    MANAGED_POLICY_CHARACTERS,
)
from .key_policies import Account
from .packing import pack, size
from .places import check_environments, check_reference, is_known, same_environment
from .statements import Statement, document


@jsii.implements(IValidation)
class _Validation:
    def __init__(self, checks: list[Callable[[], list[str]]]) -> None:
        self._checks = checks

    def validate(self) -> list[str]:
        return [message for check in self._checks for message in check()]


@asked_once
def _checks_of(stack: Stack) -> list[Callable[[], list[str]]]:
    # One validation a stack: each costs three calls into Node to make, and one back.
    checks: list[Callable[[], list[str]]] = []
    node_of(stack).add_validation(_Validation(checks))
    return checks


def check_at_synth(stack: Stack, check: Callable[[], list[str]]) -> None:
    """Have CDK run a check of something in a stack at synth.

    :param check: returns one message for each problem, which says where it is.
    """
    _checks_of(stack).append(check)


@dataclass(frozen=True)
class Grantee:
    """A role or user that a grant is for.

    :param kind: ``role`` or ``user``.
    :param account: the account it lives in.
    """

    principal: iam.IPrincipal
    kind: str
    account: Account
    _arn: str
    _text: str
    _stack: Stack | None
    _scope_stack: Stack

    @property
    def stack(self) -> Stack | None:
        """The stack that makes it, None for one that is imported."""
        return self._stack

    @property
    def name(self) -> str:
        """How messages call it."""
        return self._text or str(node_of(self.principal).path)

    @cached_property
    def identity(self) -> str:
        """What is equal for every spelling of the role or user."""
        if self._text:
            return arns.identity(self._text)
        name = name_of(self.principal)
        if "${" in name:
            return self._arn
        account = "${AWS.AccountId}" if "${" in self.account.id else self.account.id
        return f"{self.kind}/{name} of {account}"

    def arn_in(self, key_stack: Stack, writer: Stack | None = None) -> str:
        """Return the ARN that ``aws:PrincipalArn`` will carry, as a resource policy in ``key_stack`` can name it.

        :param writer: the stack that holds the identity policy; where it is ``key_stack``, nothing in the principal's
            stack needs the key, and a reference to the principal closes no circle.
        :raises ValueError: for a principal of another stack whose name is generated.
        """
        if self._stack is None:
            self._check_imported(key_stack)
            return self._arn
        if self._stack is key_stack:
            return self._arn
        ways = f"give it a literal {self.kind}_name and its stack an env"
        literal = self._literal_name
        if literal is not None:
            check_environments(key_stack, self._stack, self.name, ways)
            return self._stack.format_arn(service="iam", region="", resource=self.kind, resource_name=literal)
        if not same_environment(key_stack, self._stack):
            check_environments(key_stack, self._stack, self.name, ways)
            with suppress(RuntimeError):  # CDK names what has PhysicalName.GENERATE_IF_NEEDED
                key_stack.resolve(self._arn)
                return self._arn
        elif writer is key_stack:
            check_reference(key_stack, self._stack, self.name, ways)
            return self._arn
        raise ValueError(
            f"the ARN of {self.name} cannot be told in the stack of the key, because its {self.kind} name is "
            f"generated and a reference to it would be a cycle: give it a literal {self.kind}_name, "
            "or serve it with delegate_via=[...] on the HardenedKey"
        )

    @cached_property
    def account_text(self) -> str:
        """Its account as text."""
        return _as_text(self._stack or self._scope_stack, self.account.id)

    def _check_imported(self, key_stack: Stack) -> None:
        """Check that an imported principal's ARN means the same in the stack of the key."""
        if self._scope_stack is key_stack or not arns.has_placeholder(self._text):
            return
        # Whether the two stacks are of one place is known by now: the key was refused to this stack otherwise.
        if not arns.only_pseudo_parameters(self._text):
            raise ValueError(
                f"grantee {self._text!r} is known in stack {self._scope_stack.node.path} only, and the policy of the "
                f"key is in {key_stack.node.path}: import it with a full literal ARN"
            )

    def is_foreign(self, stack: Stack) -> bool:
        """Tell whether the principal lives in another account than a stack.

        :raises ValueError: where that cannot be told.
        """
        home = self._stack or self._scope_stack
        if home is not stack and (self._stack is not None or arns.has_placeholder(self.account_text)):
            check_environments(stack, home, self.name, "give both an env")
        return self.is_foreign_to(account_text(stack))

    def is_foreign_to(self, account: str) -> bool:
        """Tell whether the principal is known to live in another account than one given as text."""
        return arns.contradict(self.account_text, account)

    def literal_arn(self) -> str:
        """Return the ARN as literal as it can be told, for policies that are written elsewhere."""
        if self._stack is None or self._literal_name is None:
            return self._arn
        literal = self._literal_name
        return self._stack.format_arn(service="iam", region="", resource=self.kind, resource_name=literal)

    @cached_property
    def _literal_name(self) -> str | None:
        """Return ``path/name`` as it stands in the ARN, None where either is known only at deploy time."""
        resource = child_of(self.principal)
        if isinstance(resource, iam.CfnRole):
            name, path = resource.role_name, resource.path
        elif isinstance(resource, iam.CfnUser):
            name, path = resource.user_name, resource.path
        else:
            return None
        if name is None or Token.is_unresolved(name) or Token.is_unresolved(path):
            return None
        return f"{(path or '/').strip('/')}/{name}".lstrip("/")

    def check_writer(self, writer: Stack) -> None:
        """Check that an identity policy made in a stack reaches the principal.

        :raises ValueError: for a stack of another account or stage.
        """
        if self._stack is None or self._stack is writer:
            return
        ways = f"build the grant in the {self.kind}'s own stack"
        if self.is_foreign(writer):
            raise ValueError(f"{self.name} lives in another account than stack {writer.node.path}: {ways}")
        check_reference(writer, self._stack, self.name, ways)
        if not same_environment(writer, self._stack):
            if self._literal_name is None:
                raise ValueError(
                    f"{self.name} lives in another region than stack {writer.node.path} and its {self.kind} name is "
                    f"generated: give it a literal {self.kind}_name, or {ways}"
                )
            # The literal name is no reference, so nothing else makes the policy wait for the role.
            writer.add_stack_dependency(self._stack)


@asked_once
def account_text(stack: Stack) -> str:
    """Return the account of a stack as text."""
    return _as_text(stack, account_of(stack).id)


def _as_text(stack: Stack, value: str) -> str:
    return arns.as_text(stack.resolve(value)) if "${" in value else value


def checked_key_arn(scope: Construct, key: kms.IKey, what: str) -> arns.Arn | None:
    """Check that a key has the full ARN of one key; return its parts, None where they are known only at deploy time.

    :raises ValueError: for an alias, a key id, a wildcard, another service's ARN, and the dummy of a lookup. While the
        CDK CLI runs the app the dummy is an error annotation instead: the CLI must get through the pass in which it
        learns what to look up, and deploys nothing that carries an error.
    """
    parsed = arns.key_arn(arns.as_text(stack_of(scope).resolve(key.key_arn)), what)
    if parsed and arns.is_lookup_dummy(parsed):
        report_lookup(scope, what)
    return parsed


def report_lookup(scope: Construct, what: str, failure: str | None = None) -> None:
    """Report a key that stands for an unfinished lookup.

    :param failure: what the lookup failed with, where it was made.
    :raises ValueError: unless the CDK CLI runs the app; there it is an error annotation.
    """
    message = (
        f"{what} is the dummy of a lookup, got key/{LOOKUP_DUMMY_KEY_ID.value}"
        f"{f' because {failure}' if failure else ''}: run `cdk synth` with credentials, so that cdk.context.json "
        "holds the real key"
    )
    if "CDK_CLI_VERSION" not in os.environ:
        raise ValueError(message)
    Annotations.of(scope).add_error(message)


def announce(scope: Construct, name: str, why: str, needed: Sequence[Statement]) -> None:
    """Tell, as an informational finding, what somebody else has to write."""
    text = f"{why} {paste_ready(stack_of(scope), needed)}"
    Annotations.of(scope).add_info_v2(f"secure-kms-constructs:{name}", text)


def paste_ready(stack: Stack, needed: Sequence[Statement]) -> str:
    """Return statements as JSON, with every value that is known before the deployment filled in."""
    text = json.dumps(arns.plain(stack.resolve(list(needed))), indent=2)
    if is_known(region_of(stack)):
        partition = region_info.RegionInfo.get(region_of(stack)).partition
        text = text.replace("${AWS.Partition}", partition or "${AWS.Partition}")
    return text


def check_several(name: str, values: object) -> None:
    """Check that a parameter is a list; a text would be taken letter by letter."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ValueError(f"{name} must be a list, got {values!r}: put it in brackets")


_OWN_PRINCIPALS = iam.Role.grant_principal, iam.User.grant_principal


@asked_once
def _principal_of(grantee: iam.IGrantable) -> iam.IPrincipal:
    # A role or user of this app is its own principal, unless a subclass says otherwise.
    if isinstance(grantee, (iam.Role, iam.User)) and type(grantee).grant_principal in _OWN_PRINCIPALS:
        return grantee
    return grantee.grant_principal


@asked_once
def _owned(principal: iam.Role | iam.User) -> Grantee:
    stack = stack_of(principal)
    kind, arn = ("role", principal.role_arn) if isinstance(principal, iam.Role) else ("user", principal.user_arn)
    return Grantee(principal, kind, account_of(stack), arn, "", stack, stack)


def resolve_grantee(grantee: iam.IGrantable, scope: Construct) -> Grantee:
    """Return the role or user behind a grantee.

    :raises ValueError: where it is neither, or which one cannot be told.
    """
    principal = _principal_of(grantee)
    if isinstance(principal, (iam.Role, iam.User)):
        return _owned(principal)
    if isinstance(principal, iam.Group):
        raise ValueError(
            f"grantee must be a role or a user, got the group {principal.node.path}: "
            "aws:PrincipalArn is never a group, grant to a role that its members assume"
        )
    try:
        fragment = principal.policy_fragment
    except RuntimeError as error:
        raise ValueError(f"grantee has no role of its own, pass the role itself: {error}") from error
    named = fragment.principal_json
    if set(named) != {"AWS"} or len(named["AWS"]) != 1 or fragment.conditions:
        raise ValueError(
            f"grantee must be one role or user without conditions, got {json.dumps(named, sort_keys=True)}"
            f"{' with conditions' if fragment.conditions else ''}: grant to a role that the service or caller assumes"
        )
    stack, arn = stack_of(scope), named["AWS"][0]
    text = arns.as_text(stack.resolve(arn))
    parsed = arns.principal_arn(text)
    if parsed is None or parsed[1] not in ("role", "user") or "*" in text:
        raise ValueError(
            f"grantee must be a role or user whose ARN can be told, got {text!r}: "
            "pass a role of this app itself (not without_policy_updates()), or iam.Role.from_role_arn(...) or "
            "iam.ArnPrincipal(...) with the full ARN of one role or user"
        )
    account = parsed[0].account
    if arns.has_placeholder(account):
        home = account_of(stack)
    else:
        home = Account(stack.format_arn(service="iam", region="", account=account, resource="root"), account)
    return Grantee(principal, parsed[1], home, arn, text, None, stack)


def holds_policies(grantee: Grantee, scope: Construct) -> bool:
    """Tell whether an identity policy attached to the grantee lands; immutable imports drop it and report success."""
    if grantee.stack is not None:
        return True
    # CDK does not synthesize an empty policy, so the probe leaves no resource behind.
    probe = iam.Policy(scope, "Probe")
    try:
        return _attach(probe, grantee)
    finally:
        scope.node.try_remove_child("Probe")


def _attach(policy: iam.Policy, grantee: Grantee) -> bool:
    principal: Any = grantee.principal
    attach = getattr(principal, "attach_inline_policy", None)
    if attach is None:
        return False
    attach(policy)
    resource = child_of(policy)
    return any(stack_of(policy).resolve([resource.roles, resource.users]))


def _attach_inline(scope: Construct, grantee: Grantee, statements: Sequence[Statement]) -> bool:
    written = iam.PolicyDocument.from_json(document(statements))
    if grantee.stack is not None:
        iam.Policy(scope, "Policy", document=written, **_holder(grantee))
        return True
    if _attach(iam.Policy(scope, "Policy", document=written), grantee):
        return True
    scope.node.try_remove_child("Policy")
    return False


def _holder(grantee: Grantee) -> dict[str, Any]:
    return {f"{grantee.kind}s": [grantee.principal]}


@dataclass
class _Held:
    """What the library has attached to one identity so far."""

    estimate: int = 0
    inline: list[Sequence[Statement]] = field(default_factory=list)
    packed: list[Statement] = field(default_factory=list)
    managed: int = 0
    targets: int = 0


@asked_once
def _held_in(_app: IConstruct) -> dict[str, _Held]:
    # By identity, because jsii makes a new Python object for a role each time it is asked.
    return {}


def attach_identity_policy(scope: Construct, grantee: Grantee, statements: Sequence[Statement], targets: int) -> bool:
    """Attach statements as one inline policy of ``scope``, or as managed policies where the inline quota is used up.

    Past the quota of the identity, synth fails with a message that says how many targets fit.

    :param targets: how many things the statements are for, in the words of that message.
    :return: False where the grantee holds no policies; nothing is attached then.
    """
    stack = stack_of(scope)
    identities = _held_in(root_of(stack))
    held = identities.get(grantee.identity)
    if held is None:
        held = identities[grantee.identity] = _Held()
        _holders_in(stack).append((grantee, held))
    most = INLINE_POLICY_CHARACTERS.value[grantee.kind]
    # What tokens hide is resolved only where it matters: here past the quota, and once for all at synth.
    resolved: Sequence[Any] = statements
    needed = size(document(resolved))
    if held.estimate + needed > most:
        resolved = stack.resolve(statements)
        needed = size(document(resolved))
    if held.estimate + needed <= most:
        if not _attach_inline(scope, grantee, statements):
            return False
        held.estimate += needed
        held.inline.append(statements)
    elif holds_policies(grantee, scope):
        packs = pack(statements, resolved, MANAGED_POLICY_CHARACTERS.value)
        for number, part in enumerate(packs, start=1):
            # Through the policy's own Roles, not the role's ManagedPolicyArns: key -> role -> policy -> key is a cycle.
            written = iam.PolicyDocument.from_json(document(part))
            iam.ManagedPolicy(scope, f"Policy{number}", document=written, **_holder(grantee))
        held.managed += len(packs)
        held.packed += statements
    else:
        return False
    held.targets += targets
    return True


@asked_once
def _holders_in(stack: Stack) -> list[tuple[Grantee, _Held]]:
    holders: list[tuple[Grantee, _Held]] = []
    check_at_synth(stack, lambda: _over_quotas(stack, holders))
    return holders


def _over_quotas(stack: Stack, holders: Sequence[tuple[Grantee, _Held]]) -> list[str]:
    resolved = stack.resolve([held.inline for _, held in holders])
    return [
        message
        for (grantee, held), written in zip(holders, resolved, strict=True)
        for message in _over_quota(grantee, held, written)
    ]


def _over_quota(grantee: Grantee, held: _Held, written: list[Any]) -> list[str]:
    """Return what IAM would refuse to attach, other policies of an owned identity included."""
    inline, managed, circle = sum(size(document(one)) for one in written), held.managed, list[str]()
    if grantee.stack is not None:
        stack, resource = grantee.stack, child_of(grantee.principal)
        default = node_of(grantee.principal).try_find_child("DefaultPolicy")
        if isinstance(default, iam.Policy):
            inline += size(stack.resolve(default.document))
        if isinstance(resource, (iam.CfnRole, iam.CfnUser)):
            if resource.policies:
                # What is empty drops out of a resolved value.
                made_with = stack.resolve({"inline": resource.policies}).get("inline", [])
                inline += sum(size(policy["policyDocument"]) for policy in made_with)
                ours = arns.references([written, stack.resolve(held.packed)])
                circle = sorted(ours & arns.references(made_with))
            managed += len(stack.resolve(resource.managed_policy_arns) or ()) if managed else 0
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
