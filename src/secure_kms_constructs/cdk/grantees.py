"""The role or user that a grant is for, and how each stack can name it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam

from secure_kms_constructs.authoring import principals
from secure_kms_constructs.authoring.admissions import Account
from secure_kms_constructs.aws import arns

from .asking import account_of, asked_once, name_given, name_of, node_of, partition_of, stack_of
from .names import note_name
from .places import check_environments, check_reference, is_known, same_environment


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
    def policies_in(self) -> Stack:
        """The stack that holds the policies of its own; of an imported one it is where it was imported."""
        return self._stack or stack_of(self.principal)

    @property
    def name(self) -> str:
        """How messages call it."""
        return self._text or str(node_of(self.principal).path)

    def __str__(self) -> str:
        return self.name

    @property
    def is_protected(self) -> bool:
        """Whether IAM lets nobody change its policies."""
        return principals.is_protected(self._text)

    @property
    def is_linked(self) -> bool:
        """Whether it is linked to a service, and may not be there yet."""
        return principals.is_linked(self._text)

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

    def arn_in(self, key_stack: Stack, writer: Stack | None = None, *, delegable: bool = True) -> str:
        """Return the ARN that ``aws:PrincipalArn`` will carry, as a resource policy in ``key_stack`` can name it.

        :param writer: the stack that holds the identity policy; where it is ``key_stack``, nothing in the principal's
            stack needs the key, and a reference to the principal closes no circle.
        :param delegable: whether ``delegate_via`` could serve it, as it does uses through a service.
        :raises ValueError: for a principal of another stack whose name is generated.
        """
        if self._stack is None:
            self._check_imported(key_stack)
            return self._arn
        if self._stack is key_stack:
            return self._arn
        ways = f"give it a literal {self.kind}_name and its stack an env"
        if self._literal_name is not None:
            check_environments(key_stack, self._stack, self, ways)
            note_name(self._stack, self.principal, f"{self.kind} {self.name}", f"{self.kind}_name")
            return self.literal_arn()
        if not same_environment(key_stack, self._stack):
            check_environments(key_stack, self._stack, self, ways)
            with suppress(RuntimeError):  # CDK names what has PhysicalName.GENERATE_IF_NEEDED
                key_stack.resolve(self._arn)
                return self._arn
        elif writer is key_stack:
            check_reference(key_stack, self._stack, self, ways)
            return self._arn
        named = self._name_when_needed
        if named is not None:
            note_name(self._stack, self.principal, f"{self.kind} {self.name}", f"{self.kind}_name")
            return self._stack.format_arn(service="iam", region="", resource=self.kind, resource_name=named)
        raise ValueError(
            f"the ARN of {self.name} cannot be told in the stack of the key, because its {self.kind} name is "
            f"generated and a reference to it would be a cycle: give it a literal {self.kind}_name"
            f"{', or serve it with delegate_via=[...] on the HardenedKey' if delegable else ''}"
        )

    @cached_property
    def _name_when_needed(self) -> str | None:
        """Return the name that CDK gives to what has ``PhysicalName.GENERATE_IF_NEEDED``, None for anything else.

        CDK gives it where another environment refers to it, and leaves the name to CloudFormation otherwise.
        """
        assert self._stack is not None
        if not is_known(self.account.id):
            return None
        elsewhere = Stack(App(), "Elsewhere", env=Environment(account="000000000000", region="us-east-1"))
        try:
            text = arns.as_text(elsewhere.resolve(self._arn))
        except RuntimeError:
            return None
        _, found, name = text.partition(f":{self.kind}/")
        return name if found and not arns.has_placeholder(name) else None

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
            check_environments(stack, home, self)
        return self.is_foreign_to(account_text(stack))

    def is_foreign_to(self, account: str) -> bool:
        """Tell whether the principal is known to live in another account than one given as text."""
        return arns.contradict(self.account_text, account)

    def known_arn(self) -> str:
        """Return the ARN where no reference to the principal is needed to tell it, else nothing."""
        return self.literal_arn() if self._stack is None or self._literal_name is not None else ""

    def literal_arn(self) -> str:
        """Return the ARN as literal as it can be told, for policies that are written elsewhere."""
        if self._stack is None or self._literal_name is None:
            return self._arn
        account = account_of(self._stack).id
        return f"arn:{partition_of(self._stack)}:iam::{account}:{self.kind}/{self._literal_name}"

    @cached_property
    def _literal_name(self) -> str | None:
        """Return ``path/name`` as it stands in the ARN, None where either is known only at deploy time."""
        given = name_given(self.principal)
        if given is None or self._stack is None:
            return None
        name, path = given
        if name is None or not is_known(name) or not is_known(path or ""):
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
        check_reference(writer, self._stack, self, ways)
        if not same_environment(writer, self._stack):
            if self._literal_name is None:
                raise ValueError(
                    f"{self.name} lives in another region than stack {writer.node.path} and its {self.kind} name is "
                    f"generated: give it a literal {self.kind}_name, or {ways}"
                )
            note_name(self._stack, self.principal, f"{self.kind} {self.name}", f"{self.kind}_name")
            # The literal name is no reference, so nothing else makes the policy wait for the role.
            writer.add_stack_dependency(self._stack)


@asked_once
def account_text(stack: Stack) -> str:
    """Return the account of a stack as text."""
    return _as_text(stack, account_of(stack).id)


def _as_text(stack: Stack, value: str) -> str:
    return arns.as_text(stack.resolve(value)) if "${" in value else value
