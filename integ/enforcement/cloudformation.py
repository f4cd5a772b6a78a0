"""CloudFormation calls the services as the role of the change set, which therefore needs the permissions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.services import kms, secretsmanager
from ministack.services.cloudformation import changesets, handlers
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

from enforcement import callers, keys, logs

Properties = dict[str, Any]


def require(actions: Iterable[str], key_ref: str, conditions: Mapping[str, Any]) -> None:
    """Fail the resource, as AWS does, unless CloudFormation's principal may use the key."""
    principal, key = callers.acting_principal(), kms._resolve_key(key_ref)
    if principal is None or key is None:
        return
    for action in actions:
        if not keys.is_allowed(principal, action, key["Arn"], conditions):
            who = f"User: {principal.arn} is not authorized"
            raise PermissionError(f"{who} to perform: {action} on resource: {key['Arn']}")


def act_as_change_set_role() -> None:
    """CreateChangeSet names a RoleARN and ExecuteChangeSet acts as it (API reference); ministack drops it."""
    actions = handlers._ACTION_HANDLERS
    create, execute = actions["CreateChangeSet"], actions["ExecuteChangeSet"]

    def change_set(params: Any) -> dict[str, Any]:
        name, stack = params["ChangeSetName"][0], params.get("StackName", [""])[0]
        return changesets._find_change_set(name, stack)[1] or {}

    def create_with_role(params: Any) -> Any:
        response = create(params)
        change_set(params)["RoleARN"] = params.get("RoleARN", [""])[0]
        return response

    def execute_as_role(params: Any) -> Any:
        token = callers.service_role_arn.set(change_set(params).get("RoleARN", ""))
        try:
            return execute(params)  # starts a task, which keeps a copy of the context
        finally:
            callers.service_role_arn.reset(token)

    actions.update(CreateChangeSet=create_with_role, ExecuteChangeSet=execute_as_role)


def require_key_permissions() -> None:
    """The calls of the AWS::KMS::Key and AWS::KMS::Alias handlers (CloudFormation resource schemas)."""
    key, alias = _RESOURCE_HANDLERS["AWS::KMS::Key"], _RESOURCE_HANDLERS["AWS::KMS::Alias"]
    create_key, update_key, create_alias = key["create"], key["update"], alias["create"]

    def create(logical_id: str, props: Properties, stack: str) -> Any:
        key_id, attributes = create_key(logical_id, props, stack)  # the lockout check is in keys.py
        rotation = ["kms:EnableKeyRotation"] if props.get("EnableKeyRotation") else []
        require(["kms:DescribeKey", *rotation], key_id, keys.condition_keys({}))
        return key_id, attributes

    def update(key_id: str, old: Properties, new: Properties, stack: str) -> Any:
        changed = old.get("KeyPolicy") != new.get("KeyPolicy")
        needed = ["kms:DescribeKey", "kms:PutKeyPolicy"] if changed else ["kms:DescribeKey"]
        require(needed, key_id, keys.condition_keys({}))
        arn = kms._resolve_key(key_id)["Arn"]
        if changed and keys.locks_out(arn, {"Policy": json.dumps(new["KeyPolicy"])}):
            raise PermissionError(keys.LOCKOUT)
        return update_key(key_id, old, new, stack)

    def point(logical_id: str, props: Properties, stack: str) -> Any:
        require(["kms:CreateAlias"], props.get("TargetKeyId", ""), keys.condition_keys({}))
        return create_alias(logical_id, props, stack)

    key.update(create=create, update=update)
    alias.update(create=point)


def create_secrets_as_aws_does() -> None:
    """Ref of a secret is its ARN, `GenerateSecretString: {}` generates one, a customer key needs permission."""
    secret = _RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create_secret, update_secret, delete_secret = secret["create"], secret["update"], secret["delete"]

    def with_length(props: Properties) -> Properties:
        empty = props.get("GenerateSecretString") == {}
        return {**props, "GenerateSecretString": {"PasswordLength": 32}} if empty else props

    def name(arn: str) -> str:
        return secretsmanager._resolve(arn)[0] or arn

    def create(logical_id: str, props: Properties, stack: str) -> Any:
        secret_name, attributes = create_secret(logical_id, with_length(props), stack)
        if props.get("KmsKeyId"):
            conditions = keys.condition_keys({"SecretARN": attributes["Arn"]}, via="secretsmanager")
            try:
                require(["kms:GenerateDataKey", "kms:Decrypt"], props["KmsKeyId"], conditions)
            except PermissionError:
                delete_secret(secret_name, props)
                raise
        return attributes["Arn"], attributes

    def update(arn: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Any:
        attributes = update_secret(name(arn), with_length(old), with_length(new), stack, logical_id)[1]
        return attributes["Arn"], attributes

    secret.update(create=create, update=update, delete=lambda arn, props: delete_secret(name(arn), props))


def know_secret_policies() -> None:
    """AWS::SecretsManager::ResourcePolicy, which ministack does not know."""

    def put(properties: Properties) -> tuple[str, Properties]:
        arn, document = properties["SecretId"], json.dumps(properties["ResourcePolicy"])
        secretsmanager._put_resource_policy({"SecretId": arn, "ResourcePolicy": document})
        return arn, {"Id": arn}

    _RESOURCE_HANDLERS["AWS::SecretsManager::ResourcePolicy"] = {
        "create": lambda _id, properties, _stack: put(properties),
        "update": lambda _arn, _old, new, _stack: put(new),
        "delete": lambda arn, _properties: secretsmanager._delete_resource_policy({"SecretId": arn}),
    }


def create_log_groups_if_the_key_admits() -> None:
    log_group = _RESOURCE_HANDLERS["AWS::Logs::LogGroup"]
    create_log_group: Callable[..., Any] = log_group["create"]

    def create(logical_id: str, props: Properties, stack: str) -> Any:
        name, attributes = create_log_group(logical_id, props, stack)
        refused = logs.refusal(name, props["KmsKeyId"]) if props.get("KmsKeyId") else None
        if refused:
            log_group["delete"](name, props)
            raise PermissionError(refused)
        return name, attributes

    log_group.update(create=create)


def patch() -> None:
    act_as_change_set_role()
    require_key_permissions()
    create_secrets_as_aws_does()
    know_secret_policies()
    create_log_groups_if_the_key_admits()
