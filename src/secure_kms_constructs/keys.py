"""HardenedKey: a KMS key whose key policy, not IAM, decides who uses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .authoring.key_policies import Admission
from .authoring.narrowing import L2_ADMIN_ACTIONS, add_narrowed
from .authoring.statements import replication_of_keys, replication_of_secrets
from .aws import arns
from .aws.facts import (
    REPLICATE_ACTIONS,
    SECRET_REPLICA_ACTIONS,
    USAGE_ACTIONS,
)
from .aws.services import Service, Use
from .cdk import migration
from .cdk.asking import account_of, place_in, region_of, stack_of
from .cdk.callers import service_of_caller
from .cdk.findings import PRINCIPAL, SERVICE, check_no_text, check_several
from .cdk.grantees import account_text
from .cdk.key_arguments import check_actions, check_log_groups, key_properties
from .cdk.key_grants import KeyGrants
from .cdk.key_owners import owner, policy_owned_by
from .cdk.looking import Watched
from .cdk.migration import helps
from .cdk.node import KeyBase
from .cdk.places import is_known
from .cdk.rendering import not_injected, renderings_in
from .cdk.replicas import deployer_abroad
from .cdk.usual_grants import UsualGrants

if TYPE_CHECKING:
    from aws_cdk import aws_ssm as ssm

_SYMMETRIC = kms.KeySpec.SYMMETRIC_DEFAULT
# Without the wildcards of the L2: GenerateDataKey* takes in key pairs, and ReEncryptFrom decrypts.
_ENCRYPT = ("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo")
_DECRYPT = ("kms:Decrypt",)


class HardenedKey(KeyBase):
    """A customer-managed key that only the principals named in its key policy can use.

    IAM policies alone give no access to it: not ``kms:*`` on ``*``, not the account's administrators. It is a
    ``kms.Key``, so every construct that takes one takes it; the L2's grant methods work and reach both policies.

    :param administrators: principals that may enable, disable, rotate, describe and schedule the deletion of the key,
        and neither use it nor change its policy. Default: none.
    :param policy_administrators: administrators that may also change the key policy, for emergencies. Default: none,
        which leaves the deployer and the root user.
    :param deployer: the principal that CloudFormation acts as. Default: the execution role of the stack's synthesizer.
    :param delegate_via: services through which any principal of the account may use the key if its IAM policy says so,
        for readers that the stack of the key cannot name. Default: none.
    :param provision_via: services through which the deployer may use the key beside those that resources of this app
        use it through, which are found at synth: for resources of other apps, and for those that leave this app in the
        next deployment (CloudFormation deletes them after it has changed the key). Default: none.
    :param alias: name of an alias to create, ``alias/...``. Default: none.
    :param description: what the key is for. Default: none.
    :param rotation_period: how often a symmetric key rotates, 90 to 2560 days. Default: every 365 days.
    :param pending_window: how long a deletion waits, 7 to 30 days. Default: 30 days.
    :param multi_region: whether replicas can be made. A replica is made by the deployer of its own region, which
        ``admit_replica_keys_of`` names. Default: False.
    :param key_spec: kind of key material. Only symmetric keys rotate. Default: ``SYMMETRIC_DEFAULT``.
    :param key_usage: what the key is used for. Default: ``ENCRYPT_DECRYPT``.
    :param separation_of_duties: whether a principal that administers the key is refused as its user. Default: True.
    :param removal_policy: what happens to the key when it leaves the stack. Default: it is kept.
    :raises ValueError: for a period out of range, rotation of a key that cannot rotate, a principal that is no role or
        user, a principal that is both administrator and user, and where the deployer cannot be told.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """

    @helps(migration.KEY)
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        administrators: Sequence[iam.IGrantable] = (),
        policy_administrators: Sequence[iam.IGrantable] = (),
        deployer: iam.IGrantable | None = None,
        delegate_via: Sequence[Service] = (),
        provision_via: Sequence[Service] = (),
        alias: str | None = None,
        description: str | None = None,
        rotation_period: Duration | None = None,
        pending_window: Duration | None = None,
        multi_region: bool = False,
        key_spec: kms.KeySpec = _SYMMETRIC,
        key_usage: kms.KeyUsage = kms.KeyUsage.ENCRYPT_DECRYPT,
        separation_of_duties: bool = True,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        stack = stack_of(scope)
        for name, several, instead in (
            ("administrators", administrators, PRINCIPAL),
            ("policy_administrators", policy_administrators, PRINCIPAL),
            ("delegate_via", delegate_via, SERVICE),
            ("provision_via", provision_via, SERVICE),
        ):
            check_several(name, several, instead)
        check_no_text("deployer", deployer, PRINCIPAL)
        props = key_properties(
            key_spec, key_usage, rotation_period, pending_window, alias, delegate_via, multi_region=multi_region
        )
        symmetric = key_spec == _SYMMETRIC

        self._refusal: ValueError | None = None
        self._grants = KeyGrants(self, stack, admit=self.admit, delegates_via=self.delegates_via)
        self._stack = stack
        self._region = region_of(stack)
        self._account = account_of(stack)
        self._account_text = account_text(stack)
        self._delegates = tuple(delegate_via)
        self._multi_region = multi_region
        self._usage = "SYMMETRIC" if symmetric else key_usage.name
        self._key_policy = policy_owned_by(
            scope,
            deployer,
            administrators,
            policy_administrators,
            multi_region=multi_region,
            separation_of_duties=separation_of_duties,
            rotates=symmetric,
        )
        self.deployer_arn = self._key_policy.deployer
        self._usual = UsualGrants(self, stack, self._key_policy)
        if symmetric:
            for service in provision_via:
                self._key_policy.provision(service.actions_for(Use.PROVISION), service.via(self._region))
            for service in delegate_via:
                self._key_policy.delegate(service, service.via(self._region))
        props |= {"description": description, "removalPolicy": removal_policy.name}
        renderings = renderings_in(stack)
        with not_injected(scope, id):
            super().__init__(
                scope, id, props=props, policies=renderings.in_node, told=renderings.start(self._key_policy)
            )
        place_in(self, scope)
        renderings.follow(self, self._key_policy)
        renderings.looker.watch(
            Watched(self, self._key_policy, self._usage, key_spec.name, multi_region, provision_via, delegate_via)
        )

    def add_to_resource_policy(
        self,
        statement: iam.PolicyStatement,
        allow_no_op: bool | None = None,  # noqa: ARG002  # the L2's signature; nothing is dropped here
    ) -> iam.AddToResourcePolicyResult:
        """Add a statement to the key policy, narrowed to what this key promises.

        What L2 constructs add for the account root through a service becomes a statement for the deployer; a service
        principal that nothing binds is bound to this account.

        :raises ValueError: for a statement that would open the key or would never match; it says what to do instead.
        """
        written = statement.to_statement_json()
        try:
            add_narrowed(self._key_policy, written, self._stack.resolve(written), self._account.id, self._account_text)
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
        with self._refusals():
            granted_or_not = self._grants.use(grantee, actions, service_of_caller())
        if isinstance(granted_or_not, iam.Grant):
            return granted_or_not
        return self._grant_in_key_policy(granted_or_not, actions)

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

    def grant_via(
        self, grantee: iam.IGrantable, service: Service, *, use: Use, resource_arns: Sequence[str] = ()
    ) -> iam.Grant:
        """Let a role or user use the key through one AWS service, for named resources.

        The key policy admits who and through what, the identity policy says which resource; both are needed.

        :param grantee: a role or user.
        :param service: the service that calls KMS for the grantee.
        :param use: what the grantee does with the resource.
        :param resource_arns: exact ARNs that the encryption context must name, or a secret's with ``-??????`` at its
            end. Required where the service sends one.
        :raises ValueError: where the service documents no such use, where ARNs are missing or would never match, for a
            role of another stack whose name is generated, and for a grantee that holds no policies and resources that
            the key policy cannot name.
        """
        check_several("resource_arns", resource_arns)
        self._check_symmetric()
        with self._refusals():
            return self._grants.via(grantee, service, use, resource_arns)

    def publish_arn(self, parameter_name: str) -> ssm.IStringParameter:
        """Keep the key's ARN in an SSM parameter, for ``ResolvedKey.from_parameter`` in other stacks and apps.

        Whoever may write the parameter decides which key the readers' policies name; it decides nothing about this key.

        :param parameter_name: name of the String parameter to make.
        :raises ValueError: for a name that Systems Manager would refuse.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
        """
        # Loaded for those who need it: it takes as long as half of this library.
        from aws_cdk import aws_ssm as ssm

        arns.check_parameter_name(parameter_name)
        literal = is_known(parameter_name)
        return ssm.StringParameter(
            self,
            f"Arn{parameter_name.replace('/', '-')}" if literal else "Arn",
            parameter_name=parameter_name,
            # CDK cannot tell from a token; hierarchies are the custom for names that are put together.
            simple_name=None if literal else False,
            string_value=self.key_arn,
            description="ARN of a KMS key",
        )

    def admit_replica_keys_of(self, stack: Stack, *, deployer: iam.IGrantable | None = None) -> None:
        """Let the deployer of a stack in another region make a replica of this multi-Region key there.

        The replica (``kms.CfnReplicaKey``) has a key policy of its own, which KMS never copies from this one.

        :param stack: the stack of the replica.
        :param deployer: the principal that CloudFormation acts as there. Default: the execution role of that stack's
            synthesizer.
        :raises ValueError: for a key of one region, a stack in the same region or another account, one without account
            and region, and where the deployer cannot be told.

        https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html
        """
        if not self._multi_region:
            raise ValueError(
                f"a replica needs a multi-Region key, got {self.node.path}: make it with multi_region=True"
            )
        arn = deployer_abroad(self._stack, stack, deployer)
        self._key_policy.note_use(arn, REPLICATE_ACTIONS.value)
        self._key_policy.add(replication_of_keys(arn, stack.region))

    def admit_replicas_of(self, secret: secretsmanager.ISecret, *, deployer: iam.IGrantable | None = None) -> None:
        """Let the deployer of a secret in another region encrypt the secret's replicas in this region with this key.

        For ``ReplicaRegion(region=..., encryption_key=key)``: Secrets Manager makes the replica in the name of whoever
        deploys the primary secret, and CloudFormation does not report where that is refused.

        :param secret: the primary secret, of this app.
        :param deployer: the principal that CloudFormation acts as there. Default: the execution role of the synthesizer
            of the secret's stack.
        :raises ValueError: for a secret in the same region or another account, one in a stack without account and
            region, a key that is not symmetric, and where the deployer cannot be told.

        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ReplicateSecretToRegions.html
        """
        self._check_symmetric()
        home = Stack.of(secret)
        arn = deployer_abroad(self._stack, home, deployer)
        self._key_policy.note_use(arn, SECRET_REPLICA_ACTIONS.value)
        # Which of the two regions the call comes through is not documented; both are this deployer's.
        via = [Service.SECRETS_MANAGER.via(region) for region in (self._region, home.region)]
        self._key_policy.add(replication_of_secrets(arn, via))

    def admit_logs_service(self, log_group_arn: str) -> None:
        """Write CloudWatch Logs into the key policy for log groups that somebody else creates.

        :param log_group_arn: ARN or pattern of a name, no ``:*`` at its end.
        :raises ValueError: for a pattern that does not name the account and the start of a name.
        """
        check_log_groups(arns.as_text(self._stack.resolve(log_group_arn)))
        self._key_policy.admit_logs_service(logs_principal(self._stack), log_group_arn)

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

    def admit_log_group(self, log_group_arn: str, deployer_arn: str | None = None) -> None:
        """Write the key policy's side of one encrypted log group.

        It admits CloudWatch Logs and the deployer.

        :param log_group_arn: ARN with a name that is no reference to the log group, which would be a cycle; no ``:*``
            at its end.
        :param deployer_arn: who creates the log group. Default: the deployer of the key.
        :raises ValueError: for a key that is not symmetric.
        """
        self._check_symmetric()
        via = Service.CLOUDWATCH_LOGS.via(self._region)
        self._key_policy.admit_log_group(logs_principal(self._stack), via, log_group_arn, deployer_arn)

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


def logs_principal(stack: Stack) -> str:
    """Return CloudWatch Logs' service principal, which names the region and ends like the partition's URLs.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.region_info.RegionInfo.html
    """
    return f"logs.{region_of(stack)}.{stack.url_suffix}"
