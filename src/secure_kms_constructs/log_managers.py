"""ScopedLogGroupManager: create and configure encrypted log groups under one prefix."""

from __future__ import annotations

import re
from weakref import WeakKeyDictionary

from aws_cdk import ArnFormat
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from . import scoped, statements
from .asking import place_in, region_of, stack_of
from .facts import LOG_GROUP_NAME
from .findings import announce
from .grantees import account_text, resolve_grantee
from .key_side import Target, UsedKeys, kms_identity
from .keys import HardenedKey, logs_principal
from .services import Service, Use
from .statements import Statement

_SERVICE = Service.CLOUDWATCH_LOGS

_managed: WeakKeyDictionary[kms.IKey, set[tuple[str, str]]] = WeakKeyDictionary()


class ScopedLogGroupManager(Construct):
    """Lets one role or user create and configure log groups under a prefix, encrypted with one key.

    The identity policy allows ``logs:CreateLogGroup``, ``AssociateKmsKey``, ``PutRetentionPolicy`` and ``TagResource``
    on log groups whose name starts with the prefix, and the use of the key through CloudWatch Logs for those groups.
    The key policy admits the grantee and CloudWatch Logs for them. Nobody gets ``kms:CreateGrant``, which CloudWatch
    Logs does not use.

    :param grantee: who creates log groups: a role, a user, or what has a role.
    :param key: the symmetric key of the log groups, in their account and region. For an imported key,
        ``required_key_policy_statements`` holds what its owner must add.
    :param log_group_prefix: literal start of the names, with a letter or digit.
    :raises ValueError: for a prefix that no log group can have, a prefix that the grantee has already for this key, a
        key of another place, and a grantee for which the grant would have no effect.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """

    def __init__(
        self, scope: Construct, id: str, *, grantee: iam.IGrantable, key: kms.IKey, log_group_prefix: str
    ) -> None:
        stack = stack_of(scope)
        if not re.fullmatch(LOG_GROUP_NAME.value, log_group_prefix) or not re.search("[A-Za-z0-9]", log_group_prefix):
            raise ValueError(
                "log_group_prefix must be the literal start of log group names, 1 to 512 characters of a-z A-Z 0-9 "
                f"_ - / . # with a letter or digit and not aws/, got {log_group_prefix!r}"
            )
        arn = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{log_group_prefix}*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        account = account_text(stack)
        region = region_of(stack)
        used = UsedKeys(scope, _SERVICE, None, "log groups").of(key, log_group_prefix, region, account)
        target = Target(None, arn, False, region, account, used, lambda: arn)
        resolved = resolve_grantee(grantee, scope)
        taken = _managed.setdefault(used.key, set())
        if (resolved.name, log_group_prefix) in taken:
            raise ValueError(
                f"log_group_prefix {log_group_prefix!r} is managed by {resolved.name} already: leave one manager out"
            )
        super().__init__(scope, id)
        place_in(self, scope)
        identity = statements.log_group_management(arn) + kms_identity(_SERVICE, Use.PROVISION, [target])
        written = scoped.write(self, resolved, [target], _SERVICE, Use.PROVISION, identity)
        taken.add((resolved.name, log_group_prefix))
        self.identity_statements: list[Statement] = written.identity
        """What was added to the grantee's identity policies."""
        self.key_policy_statements: dict[str, list[Statement]] = written.key_policy
        """What was added to the key policy, by key ARN; CloudWatch Logs' statements included."""
        self.required_key_policy_statements: dict[str, list[Statement]] = written.required_key_policy
        """What the owner of an imported key must have in its key policy, by key ARN."""
        self._admit_service(used.key, used.arn, arn)

    apply_before = scoped.apply_before

    def _admit_service(self, key: kms.IKey, key_arn: str, log_groups: str) -> None:
        stack = stack_of(self)
        service = statements.logs_service(logs_principal(stack), [log_groups], stack.account)
        if isinstance(key, HardenedKey):
            key.admit_logs_service(log_groups)
        elif isinstance(key, kms.Key):
            for statement in service:
                key.add_to_resource_policy(iam.PolicyStatement.from_json(statement), False)
        else:
            self.required_key_policy_statements.setdefault(key_arn, []).extend(service)
            announce(
                self,
                "requiredKeyPolicyForService",
                "CloudWatch Logs is a principal of its own, so for it the owner of the key must add",
                service,
            )
            return
        self.key_policy_statements.setdefault(key_arn, []).extend(service)
