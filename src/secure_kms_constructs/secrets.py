"""ScopedSecretReader: read these secrets, and decrypt nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import Annotations, Resource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct, IConstruct

from . import arns, key_policy_checks, statements
from .grants import Grantee, attach_identity_policy, resolve_grantee
from .key_policies import Account, Admission, through
from .keys import HardenedKey
from .resolved_secrets import (
    AwsManaged,
    ResolvedSecret,
    SecretKey,
    by_key,
    key_policy_contexts,
    resolve_secrets,
)
from .services import Service, Use
from .statements import Statement

_SERVICE = Service.SECRETS_MANAGER


class ScopedSecretReader(Construct):
    """Lets one role or user read the values of named secrets, and use their keys for nothing else.

    The identity policy allows ``secretsmanager:GetSecretValue`` and ``DescribeSecret`` on exactly these secrets, and
    ``kms:Decrypt`` on exactly their keys, through Secrets Manager, for exactly their encryption contexts. The policy of
    a HardenedKey admits the grantee through Secrets Manager. Secrets under the AWS-managed key get no KMS statement:
    its key policy admits every principal of the account through Secrets Manager.

    A Lambda function that is invoked while the stack deploys must wait: ``reader.apply_before(function)``.

    :param grantee: who reads: a role, a user, or what has a role, such as a Lambda function. For an Amazon ECS secret
        that is injected into a container, the task's execution role.
    :param secrets: the secrets, of this app or imported.
    :param key: the key of imported secrets that do not say it themselves: a ``kms.IKey`` with the full ARN of a key, or
        ``AWS_MANAGED``. Default: each secret says its key.
    :param version_stages: the version stages that may be read, such as ``AWSCURRENT``. Default: all.
    :raises ValueError: for no secrets, a secret twice, an imported secret whose key is unknown, a key that is not the
        full ARN of one key of the secret's region and account, and a grantee for which the grant would have no effect.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        grantee: iam.IGrantable,
        secrets: Sequence[secretsmanager.ISecret],
        key: kms.IKey | AwsManaged | None = None,
        version_stages: Sequence[str] | None = None,
    ) -> None:
        resolved_secrets = resolve_secrets(scope, secrets, key)
        if version_stages is not None and not version_stages:
            raise ValueError("version_stages must name at least one stage, got none: leave it out to allow all")
        resolved = resolve_grantee(grantee, scope)
        _check_account(resolved, resolved_secrets)
        admissions = _admissions(resolved, resolved_secrets, Stack.of(scope))
        super().__init__(scope, id)
        self.identity_statements: list[Statement] = []
        """What was added to the grantee's identity policies."""
        self.key_policy_statements: dict[str, list[Statement]] = {}
        """What was added to key policies, by key ARN."""
        self.required_key_policy_statements: dict[str, list[Statement]] = {}
        """What the owners of imported keys must have in their key policies, by key ARN."""

        identity = _identity_statements(resolved_secrets, version_stages)
        if attach_identity_policy(self, resolved, identity, len(resolved_secrets)):
            self.identity_statements = identity
            for its_key, admission in admissions:
                self._admit(its_key, admission)
        else:
            self._name_directly(resolved, resolved_secrets, version_stages)

    def apply_before(self, *constructs: IConstruct) -> None:
        """Make resources wait for the grant, such as a Lambda function that is invoked while the stack deploys.

        Only the resource itself waits, not what is made along with it: ``function.node.add_dependency(reader)`` would
        take in the function's role, which the grant depends on.

        :param constructs: what has to wait.
        """
        for construct in constructs:
            (construct.node.default_child or construct).node.add_dependency(self)

    def _admit(self, key: SecretKey, admission: Admission) -> None:
        """Write the key's side of the grant, or say what its owner has to write."""
        written = admission.statements()
        if isinstance(key.key, HardenedKey):
            key.key.admit(admission)
        elif isinstance(key.key, kms.Key):
            for statement in written:
                key.key.add_to_resource_policy(iam.PolicyStatement.from_json(statement), False)
        else:
            self.required_key_policy_statements[key.arn] = written
            text, needed = Stack.of(self).resolve([key.arn, written])
            Annotations.of(self).add_info_v2(
                "secure-kms-constructs:requiredKeyPolicy",
                f"the key {arns.as_text(text)} is imported, so its policy cannot be written here: unless it "
                f"delegates to IAM policies, its owner must add {json.dumps(needed, indent=2)}",
            )
            return
        self.key_policy_statements[key.arn] = written

    def _name_directly(
        self, grantee: Grantee, secrets: Sequence[ResolvedSecret], version_stages: Sequence[str] | None
    ) -> None:
        """Name a grantee that holds no policies in the policies of the secrets and their keys."""
        for secret in secrets:
            if not isinstance(secret.secret, Resource):
                raise _no_effect(grantee, f"{secret.arn} is imported, so its policy cannot be written here")
            if secret.key and not (isinstance(secret.key.key, HardenedKey) and secret.known_arn):
                raise _no_effect(
                    grantee, f"{secret.secret.node.path} is no secret with a literal name under a HardenedKey"
                )
        for secret in secrets:
            for statement in statements.secret_access(["*"], version_stages):
                named = iam.PolicyStatement.from_json(
                    {**statement, "Principal": {"AWS": grantee.arn_in(Stack.of(self))}}
                )
                if not secret.secret.add_to_resource_policy(named).statement_added:
                    raise _no_effect(grantee, "the secret takes no resource policy")
        for key, under in by_key(secrets):
            if isinstance(key.key, HardenedKey):
                admission = _admission(grantee, key.key.stack, None, under)
                key.key.admit(admission)
                self.key_policy_statements[key.arn] = admission.statements()


def _admission(
    grantee: Grantee, key_stack: Stack, account: Account | None, under: Sequence[ResolvedSecret]
) -> Admission:
    via, contexts = _SERVICE.via(under[0].region), key_policy_contexts(under)
    return through(_SERVICE, Use.READ, via, grantee.arn_in(key_stack), account, contexts, grantee.identity)


def _admissions(grantee: Grantee, secrets: Sequence[ResolvedSecret], stack: Stack) -> list[tuple[SecretKey, Admission]]:
    """Return what each key's policy has to say of the grantee."""
    admissions = []
    for key, under in by_key(secrets):
        if not _delegates(key.key):
            owner = key.key.stack if isinstance(key.key, kms.Key) else stack
            admissions.append((key, _admission(grantee, owner, grantee.account, under)))
    return admissions


def _check_account(grantee: Grantee, secrets: Sequence[ResolvedSecret]) -> None:
    for secret in secrets:
        if secret.key is None and arns.contradict(grantee.account.id, secret.account):
            raise ValueError(
                f"the AWS-managed key serves principals of its own account only, got {grantee.name} for a secret of "
                f"{secret.account}: encrypt the secret with a HardenedKey"
            )


def _delegates(key: kms.IKey) -> bool:
    """Tell whether a key of this app leaves reading through Secrets Manager to IAM policies."""
    if isinstance(key, HardenedKey):
        return key.delegates_via(_SERVICE)
    if isinstance(key, kms.Key):
        resource: Any = key.node.default_child
        policy, account = key.stack.resolve([resource.key_policy, key.stack.account])
        return key_policy_checks.delegates(policy, arns.as_text(account))
    return False


def _no_effect(grantee: Grantee, why: str) -> ValueError:
    return ValueError(
        f"{grantee.name} cannot hold an identity policy, and {why}, so the grant would have no effect: "
        "import the role with mutable=True, or grant to a role of this app"
    )


def _identity_statements(secrets: Sequence[ResolvedSecret], stages: Sequence[str] | None) -> list[Statement]:
    written = statements.secret_access([secret.arn for secret in secrets], stages)
    for key, under in by_key(secrets):
        # Exact ARNs keep StringEquals; only what ends in -?????? needs wildcards.
        for exact in (True, False):
            contexts = [secret.arn for secret in under if secret.exact is exact]
            if contexts:
                via = _SERVICE.via(under[0].region)
                written += statements.identity_via(
                    _SERVICE, Use.READ, key_arn=key.arn, via=via, context_values=contexts
                )
    return written
