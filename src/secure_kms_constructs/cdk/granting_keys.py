"""A key whose policy this library writes: what the L2 grants on it, and adds to it, reaches both policies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from secure_kms_constructs.authoring.admissions import Admission
from secure_kms_constructs.authoring.key_policies import KeyPolicy
from secure_kms_constructs.authoring.narrowing import L2_ADMIN_ACTIONS, add_narrowed
from secure_kms_constructs.aws.facts import USAGE_ACTIONS
from secure_kms_constructs.aws.services import Service

from .asking import account_of, place_in, stack_of
from .callers import LeftToTheLookError, who_asks
from .grantees import account_text
from .key_arguments import check_actions
from .key_grants import KeyGrants
from .key_owners import owner
from .node import KeyBase
from .rendering import not_injected, renderings_in
from .usual_grants import UsualGrants

# Without the wildcards of the L2: GenerateDataKey* takes in key pairs, and ReEncryptFrom decrypts.
_ENCRYPT = ("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo")
_DECRYPT = ("kms:Decrypt",)


class GrantingKey(KeyBase):
    """The face of the L2 over a key policy that is plain data until synth.

    :param policy: the key policy, with the owners of the key.
    :param usage: ``SYMMETRIC``, or the usage of an asymmetric or HMAC key.
    :param delegates: the services that are left to the IAM policies of the account.
    :param props: the other properties, named as in JavaScript.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        policy: KeyPolicy,
        usage: str,
        delegates: Sequence[Service],
        props: dict[str, Any],
    ) -> None:
        stack = stack_of(scope)
        self._stack = stack
        self._key_policy = policy
        self._usage = usage
        self._delegates = tuple(delegates)
        self._refusal: ValueError | None = None
        self._asks: Service | None = None
        self._grants = KeyGrants(self, stack, admit=self.admit, delegates_via=self.delegates_via)
        self._usual = UsualGrants(self, stack, policy)
        renderings = renderings_in(stack)
        with not_injected(scope, id):
            super().__init__(scope, id, props=props, policies=renderings.in_node, told=renderings.start(policy))
        place_in(self, scope)
        renderings.follow(self, policy)

    def add_to_resource_policy(
        self,
        statement: iam.PolicyStatement,
        allow_no_op: bool | None = None,  # noqa: ARG002  # the L2's signature; nothing is dropped here
    ) -> iam.AddToResourcePolicyResult:
        """Add a statement to the key policy, narrowed to what this key promises.

        What L2 constructs add for the account root through a service becomes a statement for the deployer; a service
        principal that nothing binds is bound to this account. A source that somebody names (``aws:SourceArn``) stays;
        one of another stack, or one that waits for the key, becomes any of its account.

        :raises ValueError: for a statement that would open the key or would never match; it says what to do instead.
        """
        written = statement.to_statement_json()
        try:
            account, text = account_of(self._stack).id, account_text(self._stack)
            resolved = self._stack.resolve(written)
            add_narrowed(self._key_policy, written, resolved, account, text, of=self._asks)
        except ValueError as error:
            self._refusal = error
            raise
        return iam.AddToResourcePolicyResult(statement_added=True, policy_dependable=self)

    # -- grants: what a role or user gets is written to the key policy and to its identity policy, both needed --

    def ask_grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Let a principal call KMS with this key directly.

        :param grantee: a role or user; a service principal is admitted by the key policy alone, for this account.
        :param actions: KMS actions, such as ``kms:Decrypt``.
        :raises ValueError: for an action that this kind of key does not have, a group, a role of another stack whose
            name is generated, and a principal that administers the key.
        """
        check_actions(actions, self._usage)
        if isinstance(grantee, kms.ViaServicePrincipal) and (granted := self._usual.grant(grantee, actions)):
            return granted
        try:
            asking = who_asks()
        except LeftToTheLookError:
            return iam.Grant.drop(grantee, "the key policy admits it for what its page asks")
        with self._refusals():
            granted_or_not = self._grants.use(grantee, actions, asking)
        if isinstance(granted_or_not, iam.Grant):
            return granted_or_not
        self._asks = asking.service if asking else None
        try:
            return self._grant_in_key_policy(granted_or_not, actions)
        finally:
            self._asks = None

    def grant_decrypt(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal decrypt."""
        return self.grant(grantee, *_DECRYPT)

    def grant_encrypt(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal encrypt; unlike the L2's, this neither re-encrypts from the key nor makes key pairs."""
        return self.grant(grantee, *self._possible(_ENCRYPT))

    def ask_grant_encrypt_decrypt(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal encrypt, decrypt and re-encrypt."""
        return self.grant(grantee, *self._possible((*_DECRYPT, *_ENCRYPT, "kms:ReEncryptFrom")))

    def grant_sign(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal sign."""
        return self.grant(grantee, "kms:Sign")

    def grant_verify(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal verify signatures."""
        return self.grant(grantee, "kms:Verify")

    def grant_sign_verify(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal sign and verify signatures."""
        return self.grant(grantee, "kms:Sign", "kms:Verify")

    def grant_generate_mac(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal make message authentication codes."""
        return self.grant(grantee, "kms:GenerateMac")

    def grant_verify_mac(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal verify message authentication codes."""
        return self.grant(grantee, "kms:VerifyMac")

    def grant_admin(self, grantee: iam.IGrantable) -> iam.Grant:
        """Make a principal an administrator, as if named in ``administrators``; the key policy alone admits it."""
        arn, identity, name = owner(grantee, self)
        self._key_policy.know(arn, identity, name)
        return self._grant_in_key_policy(iam.ArnPrincipal(arn), L2_ADMIN_ACTIONS)

    def delegates_via(self, service: Service) -> bool:
        """Tell whether ``delegate_via`` leaves a service's readers and writers to IAM policies.

        :param service: the service.
        """
        return service in self._delegates

    def admit(self, admission: Admission) -> None:
        """Write the key policy's side of a grant; whoever calls this writes the identity policy.

        :param admission: who is admitted to what.
        :raises ValueError: for a service's use of a key that is not symmetric, and for an administrator of the key.
        """
        if admission.via:
            self._check_symmetric()
        self._key_policy.admit(admission)

    def _grant_in_key_policy(self, grantee: iam.IGrantable, actions: Sequence[str]) -> iam.Grant:
        """Grant as the L2 does, which comes back through add_to_resource_policy."""
        with self._refusals():
            return super().ask_grant(grantee, *actions)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Let whoever calls from Python get the original of an error, of which jsii makes a RuntimeError."""
        self._refusal = None
        try:
            yield
        except RuntimeError:
            if self._refusal is None:
                raise
            raise self._refusal from None

    def _check_symmetric(self) -> None:
        if self._usage != "SYMMETRIC":
            raise ValueError(
                f"AWS services encrypt with symmetric keys only, got {self.node.path} for {self._usage}: "
                "use a HardenedKey without key_spec"
            )

    def _possible(self, actions: Sequence[str]) -> Sequence[str]:
        possible = USAGE_ACTIONS.value[self._usage]
        return [action for action in actions if action in possible] or actions
