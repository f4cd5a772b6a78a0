"""HardenedKey: a KMS key whose key policy, not IAM, decides who uses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .authoring.statements import replication_of_keys, replication_of_secrets
from .aws import arns
from .aws.facts import REPLICATE_ACTIONS, SECRET_REPLICA_ACTIONS
from .aws.services import Service, Use
from .cdk import migration
from .cdk.asking import logs_principal, region_of, stack_of
from .cdk.findings import PRINCIPAL, SERVICE, check_no_text, check_several
from .cdk.granting_keys import GrantingKey
from .cdk.key_arguments import check_log_groups, key_properties
from .cdk.key_owners import policy_owned_by
from .cdk.looking import Watched, looker_of
from .cdk.migration import helps
from .cdk.places import is_known
from .cdk.replicas import deployer_abroad
from .cdk.signatures import OwnSignature

if TYPE_CHECKING:
    from aws_cdk import aws_ssm as ssm

_SYMMETRIC = kms.KeySpec.SYMMETRIC_DEFAULT


class HardenedKey(GrantingKey):
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
    :param organization: id of the organization, ``o-...``, whose principals alone the key admits, whatever is granted;
        the key's own account and services are let through. Default: none, and whoever is granted use has it.
    :param removal_policy: what happens to the key when it leaves the stack. Default: it is kept.
    :raises ValueError: for a period out of range, rotation of a key that cannot rotate, a principal that is no role or
        user, a principal that is both administrator and user, and where the deployer cannot be told.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """

    __signature__ = OwnSignature()

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
        organization: str | None = None,
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

        policy = policy_owned_by(
            scope,
            deployer,
            administrators,
            policy_administrators,
            multi_region=multi_region,
            separation_of_duties=separation_of_duties,
            organization=organization,
            rotates=symmetric,
        )
        if symmetric:
            for service in provision_via:
                policy.provision(service.actions_for(Use.PROVISION), service.via(region_of(stack)))
            for service in delegate_via:
                policy.delegate(service, service.via(region_of(stack)))
        self.deployer_arn = policy.deployer
        self._multi_region = multi_region
        usage = "SYMMETRIC" if symmetric else key_usage.name
        props |= {"description": description, "removalPolicy": removal_policy.name}
        super().__init__(scope, id, policy=policy, usage=usage, delegates=delegate_via, props=props)
        looker_of(stack).watch(Watched(self, policy, usage, key_spec.name, multi_region, provision_via, delegate_via))

    def grant_via(
        self, grantee: iam.IGrantable, service: Service, *, use: Use, resource_arns: Sequence[str] = ()
    ) -> iam.Grant:
        """Let a role or user use the key through one AWS service, for named resources.

        The key policy admits who and through what, the identity policy says which resource; both are needed.

        :param grantee: a role or user.
        :param service: the service that calls KMS for the grantee.
        :param use: what the grantee does with the resource.
        :param resource_arns: exact ARNs that the encryption context must name, a secret's with ``-??????`` at its end,
            or a bucket's with ``/*`` for its objects. Required where the service sends one.
        :raises ValueError: where the service documents no such use, where ARNs are missing or would never match, for a
            role of another stack whose name is generated, and for a grantee that holds no policies and resources that
            the key policy cannot name.
        """
        check_no_text("service", service, SERVICE)
        if use not in list(Use):
            raise ValueError(f"use must be one of {', '.join(map(str, Use))}, got {use!r}")
        check_several("resource_arns", resource_arns)
        self._check_symmetric()
        with self._refusals():
            return self._grants.via(grantee, service, Use(use), resource_arns)

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

        For replicas of other apps, and for other deployers than the execution roles of the synthesizers: who makes a
        replica of this app is found at synth.

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
        via = [Service.SECRETS_MANAGER.via(region) for region in (region_of(self._stack), home.region)]
        self._key_policy.add(replication_of_secrets(arn, via))

    def admit_logs_service(self, log_group_arn: str) -> None:
        """Write CloudWatch Logs into the key policy for log groups that somebody else creates.

        :param log_group_arn: ARN or pattern of a name, no ``:*`` at its end.
        :raises ValueError: for a pattern that does not name the account and the start of a name.
        """
        check_log_groups(arns.as_text(self._stack.resolve(log_group_arn)))
        self._key_policy.admit_logs_service(logs_principal(self._stack), log_group_arn)

    def admit_log_group(self, log_group_arn: str, deployer_arn: str | None = None) -> None:
        """Write the key policy's side of one encrypted log group.

        It admits CloudWatch Logs and the deployer.

        :param log_group_arn: ARN with a name that is no reference to the log group, which would be a cycle; no ``:*``
            at its end.
        :param deployer_arn: who creates the log group. Default: the deployer of the key.
        :raises ValueError: for a key that is not symmetric.
        """
        self._check_symmetric()
        via = Service.CLOUDWATCH_LOGS.via(region_of(self._stack))
        self._key_policy.admit_log_group(logs_principal(self._stack), via, log_group_arn, deployer_arn)
