"""HardenedKey: a KMS key whose key policy, not IAM, decides who uses it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import reduce
from typing import TYPE_CHECKING, Any

from aws_cdk import Annotations, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .authoring import statements
from .authoring.key_policies import Admission, KeyPolicy, through
from .authoring.narrowing import L2_ADMIN_ACTIONS, add_narrowed
from .authoring.reading import symmetric
from .authoring.statements import identity_via, replication_of_keys, replication_of_secrets
from .aws import arns
from .aws.facts import (
    CROSS_ACCOUNT_ACTIONS,
    REPLICATE_ACTIONS,
    SECRET_REPLICA_ACTIONS,
    USAGE_ACTIONS,
)
from .aws.services import Service, Use
from .cdk import migration
from .cdk.asking import Called, account_of, place_in, region_of, stack_of
from .cdk.callers import service_of_caller
from .cdk.deployers import check_deployer, deployer_of
from .cdk.findings import announce, check_several
from .cdk.grantees import Grantee, account_text, resolve_grantee
from .cdk.key_arguments import check_actions, check_resource_arns, key_properties
from .cdk.l2_grants import admission, asked_by_user, contexts_of, is_through, literal_contexts, principal_behind
from .cdk.looking import Watched
from .cdk.migration import helps
from .cdk.node import KeyBase
from .cdk.places import GRANT_APART, check_reference, is_known, same_environment
from .cdk.rendering import not_injected, renderings_in
from .cdk.replicas import deployer_abroad
from .cdk.usual_grants import UsualGrants
from .grants import holds_policies, takes_policies

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
        for name, several in (
            ("administrators", administrators),
            ("policy_administrators", policy_administrators),
            ("delegate_via", delegate_via),
            ("provision_via", provision_via),
        ):
            check_several(name, several)
        props = key_properties(
            key_spec, key_usage, rotation_period, pending_window, alias, delegate_via, multi_region=multi_region
        )
        symmetric = key_spec == _SYMMETRIC

        def arn_of(principal: iam.IGrantable) -> str:
            if isinstance(principal, iam.AccountPrincipal):
                raise ValueError(
                    f"administrators are roles and users, got the account {principal.account_id}: leave it out, the "
                    "root user is admitted anyway, and who else manages the key is named"
                )
            resolved = resolve_grantee(principal, scope)
            _check_administrator(resolved, stack)
            arn = resolved.arn_in(stack)
            known[arn] = resolved.identity, resolved.name
            return arn

        known: dict[str, tuple[str, str]] = {}
        self._refusal: ValueError | None = None
        self._usual = UsualGrants(stack)
        self._deployer_grant: iam.Grant | None = None
        self._stack = stack
        self._region = region_of(stack)
        self._account = account_of(stack)
        self._account_text = account_text(stack)
        self._delegates = tuple(delegate_via)
        self._multi_region = multi_region
        self._usage = "SYMMETRIC" if symmetric else key_usage.name
        self.deployer_arn = arn_of(deployer) if deployer else deployer_of(stack)
        if deployer is not None:
            check_deployer(deployer, scope)
        self._key_policy = KeyPolicy(
            self._account,
            deployer=self.deployer_arn,
            administrators=[arn_of(principal) for principal in administrators],
            policy_administrators=[arn_of(principal) for principal in policy_administrators],
            multi_region=multi_region,
            separation_of_duties=separation_of_duties,
            rotates=symmetric,
        )
        for arn, (identity, name) in known.items():
            self._key_policy.know(arn, identity, name)
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
        if isinstance(grantee, kms.ViaServicePrincipal) and (granted := self._grant_to_deployer(grantee, actions)):
            return granted
        if isinstance(grantee, iam.ManagedPolicy):
            raise ValueError(
                f"grantee must be a role or a user, got the managed policy {grantee.node.path}, which no key policy "
                "can name: grant to the roles that it is attached to"
            )
        service = service_of_caller()
        principal = grantee.grant_principal
        if service is not None and is_through(principal):
            grantee = principal_behind(principal, asked_by_user(service)) or grantee
            principal = grantee.grant_principal
        # These hold no identity policy: the key policy alone decides, as the L2 writes it.
        if isinstance(principal, iam.PrincipalBase) and not isinstance(principal, iam.ArnPrincipal):
            return self._grant_in_key_policy(grantee, actions)
        if isinstance(principal, (iam.AccountPrincipal, iam.AnyPrincipal)):
            return self._grant_in_key_policy(grantee, actions)
        resolved = resolve_grantee(grantee, self)
        if service is not None:
            return self._grant_through(grantee, resolved, service, actions)
        self._check_foreign(resolved, actions)
        arn = resolved.arn_in(self._stack)
        if not holds_policies(resolved, self):
            if resolved.is_foreign(self._stack):
                needed = {"Effect": "Allow", "Action": list(actions), "Resource": self.key_arn}
                announce(self, "requiredIdentityPolicy", _foreign_identity(resolved), [needed])
            return self._grant_in_key_policy(iam.ArnPrincipal(arn), actions)
        self._check_reachable(resolved)
        admission = Admission(
            "AllowUse", arn, resolved.account, tuple(sorted(set(actions))), identity=resolved.identity
        )
        self.admit(admission)
        return iam.Grant.add_to_principal(grantee=grantee, actions=list(actions), resource_arns=[self.key_arn])

    def _grant_through(
        self, grantee: iam.IGrantable, resolved: Grantee, service: Service, actions: Sequence[str]
    ) -> iam.Grant:
        """Grant what a construct asks for along with its own resource: through its service only."""
        self._check_foreign(resolved, actions)
        if service == Service.SECRETS_MANAGER and "kms:Encrypt" in actions:
            # What the L2 forgets: PutSecretValue compares with the version that is there.
            actions = [*actions, "kms:Decrypt"]
        actions = sorted(symmetric(actions))
        via, foreign = service.via(self._region), resolved.is_foreign(self._stack)
        holds = holds_policies(resolved, self)
        if resolved.is_protected:
            self._check_protected(resolved)
        if holds:
            self._check_reachable(resolved)
        asked = asked_by_user(service)
        named = [] if holds else literal_contexts(service, asked)
        if service.context_key and not (holds or foreign or named):
            raise ValueError(
                f"{resolved.name} cannot hold an identity policy, so the key policy would have to name the resource, "
                f"and a reference there is a cycle: give the resource of {service.name} a literal name, "
                f"{'' if resolved.is_protected else 'import the role with mutable=True, '}"
                "or grant to a role of this app"
            )
        if foreign or not holds or not self.delegates_via(service):
            arn = resolved.arn_in(self._stack)
            account = resolved.account if holds or foreign else None
            self.admit(admission(service, actions, via, arn, account, named, resolved.identity))
        contexts = contexts_of(resolved, service, asked) if holds else named
        if (
            contexts
            and service == Service.SECRETS_MANAGER
            and not same_environment(self._stack, resolved.stack or self._stack)
        ):
            # CDK names a secret of another place without the six characters at its end.
            contexts = [*contexts, *literal_contexts(service, asked)]
        context = statements.encryption_context(service.context_key or "", contexts) if contexts else {}
        written: list[dict[str, Any]] = [
            {"Effect": "Allow", "Action": part, "Resource": self.key_arn, "Condition": condition}
            for part, condition in statements.split_by_condition(
                actions, {"StringEquals": {"kms:ViaService": via}}, context
            )
        ]
        if not holds:
            if foreign:
                announce(self, "requiredIdentityPolicy", _foreign_identity(resolved), written)
            # What is admitted is in the key policy; the grant says so.
            return iam.Grant.drop(grantee, "the key policy admits it")
        grants = [
            iam.Grant.add_to_principal(
                grantee=grantee,
                actions=_listed(one["Action"]),
                resource_arns=[self.key_arn],
                conditions=one["Condition"],
            )
            for one in written
        ]
        return reduce(lambda one, other: one.combine(other), grants)

    def _check_protected(self, grantee: Grantee) -> None:
        """Check that the construct that grants has written no policy for a role that takes none."""
        if takes_policies(grantee, self):
            raise ValueError(
                f"IAM lets nobody change the policies of {grantee.name}, and this grant would write one: import it "
                "with mutable=False, and the policies of the resource and of the key admit it"
            )
        if grantee.is_linked:
            self._announce_linked(grantee)

    def _announce_linked(self, grantee: Grantee) -> None:
        text = (
            f"{grantee.name} is linked to a service, which makes it when it first needs it, and a key policy takes no "
            "principal that does not exist: make it first with `aws iam create-service-linked-role`"
        )
        Annotations.of(self).add_info_v2("secure-kms-constructs:serviceLinkedRole", text)

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
        resolved = resolve_grantee(grantee, self)
        _check_administrator(resolved, self._stack)
        arn = resolved.arn_in(self._stack)
        self._key_policy.know(arn, resolved.identity, resolved.name)
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
        texts = [arns.as_text(one) for one in self._stack.resolve(list(resource_arns))]
        check_resource_arns(service, resource_arns, texts, self._region)
        resolved = resolve_grantee(grantee, self)
        via = service.via(self._region)
        if not holds_policies(resolved, self):
            return self._grant_directly(resolved, service, use, via, resource_arns)
        self._check_reachable(resolved)
        if not self.delegates_via(service) or resolved.is_foreign(self._stack):
            arn = resolved.arn_in(self._stack)
            self.admit(through(service, use, via, arn, resolved.account, identity=resolved.identity))
        grants = [
            iam.Grant.add_to_principal(
                grantee=grantee,
                actions=_listed(statement["Action"]),
                resource_arns=[self.key_arn],
                conditions=statement["Condition"],
            )
            for statement in identity_via(service, use, key_arn=self.key_arn, via=via, context_values=resource_arns)
        ]
        return reduce(lambda one, other: one.combine(other), grants)

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
        text = arns.as_text(self._stack.resolve(log_group_arn))
        parsed = arns.parse(text)
        if not arns.has_placeholder(text) and (
            parsed is None
            or parsed.service != "logs"
            or re.search("[*?]", parsed.account + parsed.region)
            or not re.match(r"log-group:[^*?]*[A-Za-z0-9]", parsed.resource)
        ):
            raise ValueError(
                f"log_group_arn must be the ARN of log groups of one account by the start of their name, got {text!r}: "
                "write arn:<partition>:logs:<region>:<account>:log-group:/app/*"
            )
        self._key_policy.admit_logs_service(logs_principal(self._stack), log_group_arn)

    def _grant_directly(
        self, grantee: Grantee, service: Service, use: Use, via: str, resource_arns: Sequence[str]
    ) -> iam.Grant:
        """Name a grantee that holds no identity policy, with the resources that need no reference."""
        texts = [arns.as_text(resolved) for resolved in self._stack.resolve(list(resource_arns))]
        if not all(map(arns.only_pseudo_parameters, texts)):
            raise ValueError(
                f"{grantee.name} cannot hold an identity policy, so the key policy would have to name the resources, "
                f"and a reference there is a cycle, got {texts}: pass literal resource_arns, "
                f"{'' if grantee.is_protected else 'import the role with mutable=True, '}or grant to a role of this app"
            )
        arn = grantee.arn_in(self._stack)
        self._check_symmetric()
        if grantee.is_linked:
            self._announce_linked(grantee)
        written = identity_via(service, use, key_arn=self.key_arn, via=via, context_values=resource_arns)
        if not grantee.is_foreign(self._stack):
            # The grant's own conditions never reach a resource policy, those of the principal do.
            grants = [
                iam.Grant.add_to_principal_or_resource(
                    grantee=iam.PrincipalWithConditions(iam.ArnPrincipal(arn), statement["Condition"]),
                    actions=_listed(statement["Action"]),
                    resource_arns=[self.key_arn],
                    resource_self_arns=["*"],
                    resource=self,
                )
                for statement in written
            ]
            return reduce(lambda one, other: one.combine(other), grants)
        self.admit(through(service, use, via, arn, grantee.account, resource_arns, grantee.identity))
        announce(self, "requiredIdentityPolicy", _foreign_identity(grantee), written)
        return iam.Grant.drop(grantee.principal, "its identity policy is for its owner to write")

    def _check_foreign(self, grantee: Grantee, actions: Sequence[str]) -> None:
        if not grantee.is_foreign(self._stack):
            return
        dead = sorted(a for a in actions if not any(fnmatchcase(known, a) for known in CROSS_ACCOUNT_ACTIONS.value))
        if dead:
            raise ValueError(
                f"KMS honours no {', '.join(dead)} for a principal of another account, got {grantee.name}: "
                "grant it to a role of the account of the key"
            )

    def _check_reachable(self, grantee: Grantee) -> None:
        """Check that the grantee's identity policy, in its own stack, can name the key."""
        check_reference(grantee.policies_in, self._stack, Called("key", self), GRANT_APART)

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
        self._refusal = None
        try:
            return super().ask_grant(grantee, *actions)
        except RuntimeError:
            # jsii turns an error of a callback into a RuntimeError; whoever called from Python gets the original.
            if self._refusal is None:
                raise
            raise self._refusal from None

    def _grant_to_deployer(self, grantee: kms.ViaServicePrincipal, actions: Sequence[str]) -> iam.Grant | None:
        """Answer what every Secret asks for twice; None for anything else."""
        usual = self._usual.statement(grantee, actions)
        if usual is None:
            return None
        add_narrowed(self._key_policy, usual.statement, usual.resolved, self._account.id, self._account_text)
        if self._deployer_grant is None:
            granted = iam.PolicyStatement(principals=[grantee], actions=list(actions), resources=["*"])
            self._deployer_grant = iam.Grant.add_statement_to_resource_policy(
                statement=granted, grantee=grantee, actions=list(actions), resource_arns=["*"], resource=self
            )
        return self._deployer_grant

    def _check_symmetric(self) -> None:
        if self._usage != "SYMMETRIC":
            raise ValueError(
                f"AWS services encrypt with symmetric keys only, got {self.node.path} for {self._usage}: "
                "use a HardenedKey without key_spec"
            )

    def _possible(self, actions: Sequence[str]) -> Sequence[str]:
        possible = USAGE_ACTIONS.value[self._usage]
        return [action for action in actions if action in possible] or actions


def _check_administrator(grantee: Grantee, stack: Stack) -> None:
    if grantee.is_foreign(stack):
        raise ValueError(
            f"KMS lets no principal of another account administer a key, got {grantee.name} "
            f"for a key of {stack.account}: name a role of that account"
        )


def _foreign_identity(grantee: Grantee) -> str:
    return (
        f"{grantee.name} is of another account, so its policy cannot be written here: "
        "unless it allows this already, its owner must add"
    )


def logs_principal(stack: Stack) -> str:
    """Return CloudWatch Logs' service principal, which names the region and ends like the partition's URLs.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.region_info.RegionInfo.html
    """
    return f"logs.{region_of(stack)}.{stack.url_suffix}"


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
