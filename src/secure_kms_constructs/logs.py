"""LogGroupWithCmk and ScopedLogGroupManager: log groups under a key that admits exactly them."""

from __future__ import annotations

import re
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from .authoring import statements
from .authoring.statements import Statement
from .authoring.targets import Target, kms_identity
from .aws import arns
from .aws.facts import LOG_GROUP_NAME
from .aws.services import Service, Use
from .cdk import migration
from .cdk.asking import Called, logs_principal, place_in, region_of, stack_of, top_of
from .cdk.deployers import deployer_of
from .cdk.findings import KEY, announce, check_no_text, checked_key_arn, named_key, paste_ready
from .cdk.grantees import account_text
from .cdk.migration import helps
from .cdk.node import Place
from .cdk.places import check_reference, is_known
from .cdk.resolved_grantees import resolve_grantee
from .cdk.signatures import OwnSignature
from .keys import HardenedKey
from .scoped import writes
from .scoped.key_side import UsedKeys

_SERVICE = Service.CLOUDWATCH_LOGS

_managed: WeakKeyDictionary[kms.IKey, set[tuple[str, str]]] = WeakKeyDictionary()


class LogGroupWithCmk(logs.LogGroup):
    """An encrypted log group whose key lets CloudWatch Logs work for this group and no other.

    It is a ``logs.LogGroup``. The L2's own ``encryption_key`` adds nothing to the key policy, so that its deployment
    fails; this adds CloudWatch Logs under the exact ARN of the group, and the deployer.

    :param key: a symmetric key of this app. Default: a HardenedKey of its own, in ``node.find_child("Key")``.
    :param owner_admits: whether the owner of an imported key has added what its policy needs, which
        ``required_key_policy_statements`` holds. Default: an imported key is an error that shows the statements.
    :param log_group_name: 1 to 512 characters of ``a-z A-Z 0-9 _ - / . #``. It stands in the key policy, so it cannot
        be a name that CloudFormation generates for the group. Default: a name made of the stack's and the id.
    :param generated_name: whether CloudFormation makes up the name, for a group that it has named already: a name of
        the template would replace it, and leave its events behind. The key then admits CloudWatch Logs for the names
        that begin with the stack's and the logical id. Default: False.
    :param retention: how long events are kept. Default: one year.
    :param removal_policy: what happens to the group when it leaves the stack. Default: it is kept.
    :raises ValueError: for a name that CloudWatch Logs would refuse, a key that is no full key ARN, an imported
        key, a key of another stack that cannot be referred to or cannot name the group, and for ``generated_name``
        beside a name or in a nested stack.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """

    __signature__ = OwnSignature()

    @helps(migration.LOG_GROUP)
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        key: kms.IKey | None = None,
        owner_admits: bool = False,
        log_group_name: str | None = None,
        generated_name: bool = False,
        retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        stack = stack_of(scope)
        if generated_name:
            _check_generated(stack, log_group_name)
        name = _generated_name(scope, id) if log_group_name is None else log_group_name
        if is_known(name) and not re.fullmatch(LOG_GROUP_NAME.value, name):
            raise ValueError(
                "log_group_name must be 1 to 512 characters of a-z A-Z 0-9 _ - / . # and not start with aws/, "
                f"got {name!r}"
            )
        check_no_text("key", key, KEY)
        if isinstance(key, kms.Alias):
            key = key.alias_target_key
        if key is not None:
            _check_place(scope, key, name)
        if isinstance(key, kms.Key) and stack_of(key) is not stack:
            _check_apart(stack, key, name)
        named = None if generated_name else name
        super().__init__(scope, id, log_group_name=named, retention=retention, removal_policy=removal_policy)
        self.key: kms.IKey = key or HardenedKey(self, "Key", description=f"Log group {name}", provision_via=())
        """The key that encrypts the log group."""
        self.required_key_policy_statements: dict[str, list[Statement]] = {}
        """What the owner of an imported key must have in its key policy, by key ARN, or the deployment fails."""
        resource: Any = self.node.default_child
        arn = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=named or f"{stack.stack_name}-{resource.logical_id}-*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        if isinstance(self.key, HardenedKey):
            self.key.admit_log_group(arn, _deployer(stack, self.key))
        else:
            self._admit_service(scope, arn, owner_admits)
        resource.kms_key_id = self.key.key_arn

    def _admit_service(self, scope: Construct, log_group_arn: str, owner_admits: bool) -> None:
        """Write CloudWatch Logs into the policy of a key that is no HardenedKey, or say what its owner has to write."""
        stack = stack_of(self)
        needed = statements.logs_service(logs_principal(stack), [log_group_arn], stack.account)
        added = [self.key.add_to_resource_policy(iam.PolicyStatement.from_json(one), True) for one in needed]
        if all(one.statement_added for one in added):
            return
        if not owner_admits:
            scope.node.try_remove_child(self.node.id)
            raise ValueError(
                f"key must be a key of this app, whose policy can be written, got the imported {self.key.node.path}: "
                "use a HardenedKey, or pass owner_admits=True once its owner has added these statements, without which "
                f"the deployment fails: {paste_ready(stack, needed)}"
            )
        self.required_key_policy_statements[self.key.key_arn] = needed
        announce(
            self,
            "requiredKeyPolicy",
            f"the key of {self.node.path} is imported, so its policy cannot be written here: its owner must add, "
            "or the deployment fails,",
            needed,
            of=named_key(self.key, self.key.key_arn),
        )


def _generated_name(scope: Construct, id: str) -> str:
    """Return the stack's name and the path below it: unique in an account, and known before the log group exists."""
    stack = top_of(stack_of(scope))
    path = f"{scope.node.path}/{id}".removeprefix(stack.node.path)
    name = f"/{stack.stack_name}{path}"
    allowed = re.sub("[^_./#A-Za-z0-9-]", "-", name)[:500]
    return name if allowed == name else f"{allowed}-{crc32(name.encode()):08x}"


def _check_generated(stack: Stack, log_group_name: str | None) -> None:
    """Check that what CloudFormation names a group after can be told."""
    if log_group_name is not None:
        raise ValueError(f"generated_name=True takes no log_group_name, got {log_group_name!r}: leave one of them out")
    if not is_known(stack.stack_name):
        raise ValueError(
            f"generated_name=True needs a stack with a name, got the nested stack {stack.node.path}: leave it a "
            "logs.LogGroup with encryption_key=key, which a HardenedKey serves too"
        )


def _check_place(scope: Construct, key: kms.IKey, name: str) -> None:
    """Check that a key is in the region and account of the log group, which CloudWatch Logs requires."""
    stack, parsed = stack_of(scope), checked_key_arn(scope, key, "key")
    place = parsed if parsed else key.env
    own = ("region", region_of(stack), place.region), ("account", stack.account, place.account)
    for part, of_group, of_key in own:
        if arns.contradict(of_group, of_key):
            raise ValueError(f"key must be in the {part} of log group {name}, {of_group}, got one in {of_key}")


def _check_apart(stack: Stack, key: kms.Key, name: str) -> None:
    """Check that a key of another stack can serve the log group, and its policy name it."""
    check_reference(stack, stack_of(key), Called("key", key))
    if not is_known(name):
        raise ValueError(
            "log_group_name must be literal under a key of another stack, got a token: a reference from the key's "
            "policy would make the two stacks wait for each other"
        )


def _deployer(stack: Stack, key: HardenedKey) -> str:
    """Return who creates the log group: a stack of its own may have a deployer of its own."""
    if stack is stack_of(key):
        return key.deployer_arn
    try:
        return deployer_of(stack)
    except ValueError:
        return key.deployer_arn


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

    __signature__ = OwnSignature()

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
        target = Target(None, False, arn, False, region, account, used, lambda: arn)
        resolved = resolve_grantee(grantee, scope)
        taken = _managed.setdefault(used.key, set())
        if (resolved.name, log_group_prefix) in taken:
            raise ValueError(
                f"log_group_prefix {log_group_prefix!r} is managed by {resolved.name} already: leave one manager out"
            )
        place_in(self, scope)
        identity = statements.log_group_management(arn) + kms_identity(_SERVICE, Use.PROVISION, [target])
        written = writes.write(self, Place(scope, id), resolved, [target], _SERVICE, Use.PROVISION, identity)
        taken.add((resolved.name, log_group_prefix))
        self.identity_statements: list[Statement] = written.identity
        """What was added to the grantee's identity policies."""
        self.key_policy_statements: dict[str, list[Statement]] = written.key_policy
        """What was added to the key policy, by key ARN; CloudWatch Logs' statements included."""
        self.required_key_policy_statements: dict[str, list[Statement]] = written.required_key_policy
        """What the owner of an imported key must have in its key policy, by key ARN."""
        self._admit_service(used.key, used.arn, arn)

    apply_before = writes.apply_before

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
                of=named_key(key, key_arn, self),
            )
            return
        self.key_policy_statements.setdefault(key_arn, []).extend(service)
