"""ScopedSecretReader: read these secrets, and decrypt nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import Annotations, Resource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from . import arns, key_policy_checks, statements
from .grants import Grantee, attach_identity_policy, resolve_grantee
from .key_policies import Account, Admission, through
from .keys import HardenedKey
from .managed_keys import AwsManaged
from .resolved_secrets import (
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

    A Lambda function that is invoked while the stack deploys must wait: ``function.node.add_dependency(reader)``.

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
            for its_key, under in by_key(resolved_secrets):
                self._admit(resolved, its_key, under)
        else:
            self._name_directly(resolved, resolved_secrets, version_stages)

    def _admit(self, grantee: Grantee, key: SecretKey, under: Sequence[ResolvedSecret]) -> None:
        """Write the key's side of the grant, or say what its owner has to write."""
        if _delegates(key.key):
            return
        owner = key.key.stack if isinstance(key.key, kms.Key) else Stack.of(self)
        admission = _admission(grantee.arn_in(owner), grantee.account, under)
        written = admission.statements()
        if isinstance(key.key, HardenedKey):
            key.key.admit(admission)
        elif isinstance(key.key, kms.Key):
            for statement in written:
                key.key.add_to_resource_policy(iam.PolicyStatement.from_json(statement), False)
        else:
            self.required_key_policy_statements[key.arn] = written
            text, needed = owner.resolve([key.arn, written])
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
                admission = _admission(grantee.arn_in(key.key.stack), None, under)
                key.key.admit(admission)
                self.key_policy_statements[key.arn] = admission.statements()


def _admission(arn: str, account: Account | None, under: Sequence[ResolvedSecret]) -> Admission:
    return through(_SERVICE, Use.READ, _SERVICE.via(under[0].region), arn, account, key_policy_contexts(under))


def _delegates(key: kms.IKey) -> bool:
    """Tell whether a key of this app leaves reading through Secrets Manager to IAM policies."""
    if isinstance(key, HardenedKey):
        return key.delegates_via(_SERVICE)
    if isinstance(key, kms.Key):
        resource: Any = key.node.default_child
        return key_policy_checks.delegates(key.stack.resolve(resource.key_policy))
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
