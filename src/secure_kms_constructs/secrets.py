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
from .key_policies import through
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
        stack = Stack.of(scope)
        self._secrets = resolve_secrets(scope, secrets, key)
        if version_stages is not None and not version_stages:
            raise ValueError("version_stages must name at least one stage, got none: leave it out to allow all")
        resolved = resolve_grantee(grantee, stack)
        super().__init__(scope, id)
        self.identity_statements: list[Statement] = []
        """What was added to the grantee's identity policies."""
        self.key_policy_statements: dict[str, list[Statement]] = {}
        """What was added to key policies, by key ARN."""
        self.required_key_policy_statements: dict[str, list[Statement]] = {}
        """What the owners of imported keys must have in their key policies, by key ARN."""

        identity = _identity_statements(self._secrets, version_stages)
        if attach_identity_policy(self, resolved, identity, len(self._secrets)):
            self.identity_statements = identity
            for own_key, under in by_key(self._secrets):
                self._admit(grantee, own_key, under)
        else:
            self._name_directly(resolved, version_stages)

    def _admit(self, grantee: iam.IGrantable, key: SecretKey, under: list[ResolvedSecret]) -> None:
        """Write the key's side of the grant, or say what its owner has to write."""
        stack = Stack.of(self)
        owner = key.key.stack if isinstance(key.key, kms.Key) else stack
        if isinstance(key.key, HardenedKey) and key.key.delegates_via(_SERVICE):
            return
        if isinstance(key.key, kms.Key) and not isinstance(key.key, HardenedKey):
            resource: Any = key.key.node.default_child
            if key_policy_checks.delegates(owner.resolve(resource.key_policy)):
                return
        resolved = resolve_grantee(grantee, owner)
        admission = through(
            _SERVICE,
            Use.READ,
            _SERVICE.via(under[0].region),
            resolved.arn,
            resolved.account,
            key_policy_contexts(under),
        )
        written = admission.statements()
        if isinstance(key.key, HardenedKey):
            key.key.admit(admission)
        elif isinstance(key.key, kms.Key):
            for statement in written:
                key.key.add_to_resource_policy(iam.PolicyStatement.from_json(statement), False)
        else:
            self.required_key_policy_statements[key.arn] = written
            text = json.dumps(stack.resolve(written), indent=2)
            Annotations.of(self).add_info_v2(
                "secure-kms-constructs:requiredKeyPolicy",
                f"the key {arns.as_text(stack.resolve(key.arn))} is imported, so its policy cannot be written here: "
                f"unless it delegates to IAM policies, its owner must add {text}",
            )
            return
        self.key_policy_statements[key.arn] = written

    def _name_directly(self, grantee: Grantee, version_stages: Sequence[str] | None) -> None:
        """Name a grantee that holds no policies in the policies of the secrets and their key."""
        for secret in self._secrets:
            if not isinstance(secret.secret, Resource):
                raise _no_effect(grantee, f"{arns.as_text(secret.arn)} is imported, so its policy cannot name it")
            if secret.key and not (isinstance(secret.key.key, HardenedKey) and secret.known_arn):
                raise _no_effect(
                    grantee, f"{secret.secret.node.path} has no literal name under a HardenedKey that could be named"
                )
        for secret in self._secrets:
            for statement in statements.secret_access(["*"], version_stages):
                named = {**statement, "Principal": {"AWS": grantee.arn}}
                if not secret.secret.add_to_resource_policy(iam.PolicyStatement.from_json(named)).statement_added:
                    raise _no_effect(grantee, "the policy of a secret takes no statement")
        for key, under in by_key(self._secrets):
            admission = through(
                _SERVICE, Use.READ, _SERVICE.via(under[0].region), grantee.arn, None, key_policy_contexts(under)
            )
            if isinstance(key.key, HardenedKey):
                key.key.admit(admission)
                self.key_policy_statements[key.arn] = admission.statements()


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
