"""ScopedSecretReader and ScopedSecretRotator: read or rotate these secrets, and use their keys for nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import Duration, Names
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .authoring import statements
from .authoring.statements import Statement
from .authoring.targets import kms_identity
from .aws.facts import VERSION_STAGE
from .aws.services import Service, Use
from .cdk import migration
from .cdk.ahead import ask_ahead
from .cdk.asking import account_of, place_in, stack_of
from .cdk.findings import SECRET, check_several
from .cdk.managed_keys import AwsManaged
from .cdk.migration import helps
from .cdk.node import Place
from .cdk.places import is_known
from .cdk.resolved_grantees import resolve_grantee
from .cdk.signatures import OwnSignature
from .scoped import writes
from .scoped.resolved_secrets import resolve_secrets

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

    __signature__ = OwnSignature()

    @helps(migration.READER)
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
        check_several("secrets", secrets, SECRET)
        check_several("version_stages", version_stages or ())
        ask_ahead([*secrets, grantee])
        targets = resolve_secrets(scope, secrets, key)
        if version_stages is not None and not version_stages:
            raise ValueError("version_stages must name at least one stage, got none: leave it out to allow all")
        for stage in version_stages or ():
            # Compared as it is: a wildcard would match the stage of that name, which is none.
            if is_known(stage) and not re.fullmatch(VERSION_STAGE.value, stage):
                raise ValueError(
                    f"version_stages must be names of stages such as AWSCURRENT, got {stage!r}: "
                    "leave version_stages out to allow all"
                )
        resolved = resolve_grantee(grantee, scope)
        place_in(self, scope)
        identity = statements.secret_access([target.arn for target in targets], version_stages)
        identity += kms_identity(_SERVICE, Use.READ, targets)
        written = writes.write(
            self,
            Place(scope, id),
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

    apply_before = writes.apply_before


class ScopedSecretRotator(Construct):
    """Lets one rotation function write new versions of named secrets, and use their keys for nothing else.

    The identity policy allows ``secretsmanager:DescribeSecret``, ``GetSecretValue``, ``PutSecretValue`` and
    ``UpdateSecretVersionStage`` on exactly these secrets, ``GetRandomPassword``, and ``kms:Decrypt`` and
    ``kms:GenerateDataKey`` on exactly their keys, through Secrets Manager, for exactly their encryption contexts. The
    secrets may be under several keys. Production and development secrets are better served by two functions.

    :param grantee: the rotation function, or its role.
    :param secrets: the secrets, of this app or imported.
    :param key: as for ``ScopedSecretReader``. Default: each secret says its key.
    :raises ValueError: as ``ScopedSecretReader``.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
    """

    __signature__ = OwnSignature()

    @helps(migration.READER)
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        grantee: iam.IGrantable,
        secrets: Sequence[secretsmanager.ISecret],
        key: kms.IKey | AwsManaged | None = None,
    ) -> None:
        check_several("secrets", secrets, SECRET)
        ask_ahead([*secrets, grantee])
        targets = resolve_secrets(scope, secrets, key)
        resolved = resolve_grantee(grantee, scope)
        place_in(self, scope)
        self._secrets = {target.resource: target.arn for target in targets}
        self._grantee = grantee
        identity = statements.secret_rotation([target.arn for target in targets])
        identity += kms_identity(_SERVICE, Use.WRITE, targets)
        written = writes.write(
            self,
            Place(scope, id),
            resolved,
            targets,
            _SERVICE,
            Use.WRITE,
            identity,
            lambda: statements.secret_rotation(["*"])[:1],
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

    apply_before = writes.apply_before

    def add_rotation_schedule(
        self,
        secret: secretsmanager.ISecret,
        *,
        automatically_after: Duration | None = None,
        rotate_immediately_on_update: bool = True,
    ) -> secretsmanager.RotationSchedule:
        """Have Secrets Manager call the function, in place of ``secret.add_rotation_schedule``.

        The L2's method would also let the function encrypt and re-encrypt with the key, for any secret under it. This
        one adds the schedule, and the permission to invoke the function for this account's Secrets Manager only.

        :param secret: one of the secrets.
        :param automatically_after: how often it rotates, 4 hours to 1000 days. Default: every 30 days.
        :param rotate_immediately_on_update: whether it rotates when the schedule changes. Default: True.
        :raises ValueError: for another secret, and where the grantee is no function of this app.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-rotationschedule.html
        """
        # Loaded for those who rotate: it takes twice as long as all of this library.
        from aws_cdk import aws_lambda as lambda_

        if secret not in self._secrets:
            raise ValueError(f"secret must be one of the rotator's, got {secret.node.path}: add it to secrets=")
        function = self._grantee
        if not isinstance(function, lambda_.Function):
            raise ValueError(
                "grantee must be the lambda_.Function that rotates, got its role: pass the function to the rotator"
            )
        name = Names.node_unique_id(secret.node)
        permission = lambda_.CfnPermission(
            self,
            f"Invoke{name}",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="secretsmanager.amazonaws.com",
            source_account=account_of(stack_of(secret)).id,
        )
        # A reference has no permissions to add to, so the L2 writes the schedule alone.
        reference = lambda_.Function.from_function_arn(self, f"Function{name}", function.function_arn)
        schedule = secretsmanager.RotationSchedule(
            self,
            f"Schedule{name}",
            secret=secret,
            rotation_lambda=reference,
            automatically_after=automatically_after,
            rotate_immediately_on_update=rotate_immediately_on_update,
        )
        # One inline policy, or several managed ones where the inline quota is used up.
        policies = [child for child in self.node.children if isinstance(child, (iam.Policy, iam.ManagedPolicy))]
        schedule.node.add_dependency(permission, *policies)
        return schedule
