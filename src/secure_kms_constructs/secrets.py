"""ScopedSecretReader: read these secrets, and decrypt nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from . import scoped, statements
from .asking import place_in
from .findings import check_several
from .grantees import resolve_grantee
from .key_side import kms_identity
from .managed_keys import AwsManaged
from .resolved_secrets import resolve_secrets
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
        check_several("secrets", secrets)
        check_several("version_stages", version_stages or ())
        targets = resolve_secrets(scope, secrets, key)
        if version_stages is not None and not version_stages:
            raise ValueError("version_stages must name at least one stage, got none: leave it out to allow all")
        resolved = resolve_grantee(grantee, scope)
        super().__init__(scope, id)
        place_in(self, scope)
        identity = statements.secret_access([target.arn for target in targets], version_stages)
        identity += kms_identity(_SERVICE, Use.READ, targets)
        written = scoped.write(
            self,
            resolved,
            targets,
            _SERVICE,
            Use.READ,
            identity,
            lambda: statements.secret_access(["*"], version_stages),
        )
        self.identity_statements: list[Statement] = written.identity
        """What was added to the grantee's identity policies."""
        self.key_policy_statements: dict[str, list[Statement]] = written.key_policy
        """What was added to key policies, by key ARN."""
        self.required_key_policy_statements: dict[str, list[Statement]] = written.required_key_policy
        """What the owners of imported keys must have in their key policies, by key ARN."""
        self.required_resource_policy_statements: dict[str, list[Statement]] = written.required_resource_policy
        """What the owners of imported secrets of another account must have in the secrets' policies, by secret ARN."""
        self.required_identity_statements: list[Statement] = written.required_identity
        """What the owner of a grantee of another account, imported here, must have in its identity policy."""

    apply_before = scoped.apply_before
