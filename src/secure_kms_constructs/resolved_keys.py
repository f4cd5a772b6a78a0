"""ResolvedKey: keys that this app does not make, always with the full ARN that policies need."""

from __future__ import annotations

import re
from typing import Any, Literal

from aws_cdk import ArnFormat, ContextProvider, Fn, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ssm as ssm
from aws_cdk import custom_resources as cr
from constructs import Construct

from .aws import arns
from .aws.facts import ALIAS_NAME, AWS_MANAGED_ALIASES, LOOKUP_DUMMY_KEY_ID
from .aws.services import Service
from .cdk.asking import stack_of
from .cdk.findings import checked_key_arn, report_lookup
from .cdk.imported_keys import follow_imported_keys, needed_of
from .cdk.managed_keys import AWS_MANAGED, AwsManaged, mark

At = Literal["synth", "deploy"]

# How the CDK CLI hands a failed lookup to the app; it says this of a secret that has no KmsKeyId.
_PROVIDER_ERROR = "$providerError"
_NO_KMS_KEY_ID = "KmsKeyId is not found"


class ResolvedKey:
    """Makes references to existing keys. Each returns a ``kms.IKey`` that every CDK construct accepts.

    The policies of such keys cannot be written here. A Scoped construct writes the identity side and offers what the
    key's owner must add as ``required_key_policy_statements``.

    https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html
    """

    @staticmethod
    def from_arn(scope: Construct, id: str, key_arn: str) -> kms.IKey:
        """Refer to a key by its full ARN.

        :param key_arn: ``arn:<partition>:kms:<region>:<account>:key/<uuid>`` or ``.../key/mrk-...``, or a token.
        :raises ValueError: for a key id, an alias, a wildcard, another service's ARN and the dummy of a lookup.

        https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html
        """
        text = arns.as_text(stack_of(scope).resolve(key_arn))
        arns.key_arn(text, "key_arn")
        key = kms.Key.from_key_arn(scope, id, key_arn)
        checked_key_arn(scope, key, "key_arn")
        return _followed(key)

    @staticmethod
    def from_alias(scope: Construct, id: str, alias_name: str, *, at: At = "synth") -> kms.IKey:
        """Refer to the key that an alias of the stack's account and region points to.

        :param alias_name: ``alias/...``, of a customer-managed key.
        :param at: ``synth`` asks when the app is synthesized and keeps the answer in ``cdk.context.json``; ``deploy``
            asks in each stack when the resource is created or the alias name changes, by a custom resource that may
            call ``kms:DescribeKey`` under this alias and nothing else. Default: ``synth``.
        :raises ValueError: for a name that is no alias name, for ``alias/aws/...``, for ``synth`` in a stack without
            account and region, and for context that holds no key id.

        https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
        """
        _check_at(at)
        if at == "synth" and Token.is_unresolved(alias_name):
            raise ValueError('alias_name must be literal at="synth", got a token: pass at="deploy"')
        if not Token.is_unresolved(alias_name):
            if alias_name.startswith("alias/aws/"):
                known = ", ".join(sorted(AWS_MANAGED_ALIASES.value.values()))
                raise ValueError(
                    f"alias_name must be of a customer-managed key, got {alias_name!r}: use "
                    f"ResolvedKey.aws_managed(scope, id, Service....), which knows {known}"
                )
            if not re.fullmatch(ALIAS_NAME.value, alias_name):
                raise ValueError(
                    f"alias_name must be alias/ and 1 to 250 characters of a-z A-Z 0-9 / _ -, got {alias_name!r}"
                )
        return _followed(_looked_up(scope, id, alias_name) if at == "synth" else _described(scope, id, alias_name))

    @staticmethod
    def from_parameter(scope: Construct, id: str, parameter_name: str) -> kms.IKey:
        """Refer to a key whose ARN its stack keeps in an SSM parameter of the same account and region.

        CloudFormation reads the parameter at each deployment. A value without ``:key/`` fails the deployment.

        :param parameter_name: name of a String parameter, such as ``HardenedKey.publish_arn`` makes.
        :raises ValueError: for a name that Systems Manager would refuse, such as an ARN.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
        """
        arns.check_parameter_name(parameter_name)
        value = ssm.StringParameter.value_for_string_parameter(scope, parameter_name)
        # Fn::Select fails where there is nothing to select, so neither "*" nor an alias ARN is ever deployed.
        parts = Fn.split(":key/", value)
        return _followed(kms.Key.from_key_arn(scope, id, Fn.join(":key/", [Fn.select(0, parts), Fn.select(1, parts)])))

    @staticmethod
    def required_key_policy_statements(key: kms.IKey) -> list[dict[str, Any]]:
        """Return what the key policy of an existing key must say for what in the app uses it so far.

        The deployer's part is there too. At synth the same is an informational finding. What Scoped constructs need is
        held by themselves. A key whose policy leaves its use to the IAM policies of the account needs none of it.

        :param key: what another method of this class has returned.

        https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
        """
        [(needed, _)] = needed_of([(key, key.key_arn)])
        return needed

    @staticmethod
    def aws_managed(scope: Construct, id: str, service: Service, *, at: At = "synth") -> kms.IKey:
        """Refer to the key that AWS manages for a service in the stack's account and region.

        Nobody needs a KMS statement to use it: its key policy admits every principal of its account through its
        service (https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-restrict-decryption.html,
        https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html). Passed as ``key=`` to a
        Scoped construct, the grantee gets the statement nevertheless, on the key's exact ARN, for organizations that
        require it. It serves its own account only.

        :param service: a service of ``Service`` that has an AWS-managed key.
        :param at: as for ``from_alias``. Until its first use the key does not exist: ``synth`` then fails, and
            ``deploy`` creates it, which is what ``kms:DescribeKey`` does for such an alias
            (https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html).
        :raises ValueError: for a service that has no AWS-managed key, and as ``from_alias``.
        """
        _check_at(at)
        alias = AWS_MANAGED_ALIASES.value.get(service.prefix)
        if alias is None:
            known = ", ".join(sorted(AWS_MANAGED_ALIASES.value))
            raise ValueError(f"service must be one with an AWS-managed key, got {service.name}: known are {known}")
        key = _looked_up(scope, id, alias) if at == "synth" else _described(scope, id, alias)
        mark(key, service)
        return key

    @staticmethod
    def of_secret(scope: Construct, id: str, secret_arn_or_name: str) -> kms.IKey | AwsManaged:
        """Refer to the key of an existing secret, asked when the app is synthesized.

        The CDK CLI asks AWS Cloud Control and keeps the answer in ``cdk.context.json``. That a secret is under the
        default key comes as a failed lookup, which the CLI does not keep: it asks again at each synth.

        :param secret_arn_or_name: complete ARN of a secret, or the name of one in the stack's account and region.
        :return: the key; ``AWS_MANAGED`` for a secret under ``aws/secretsmanager``.
        :raises ValueError: for a token, an ARN that is not of a secret, a stack without account and region, and context
            that holds no key of the secret's region.

        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
        """
        what = "secret_arn_or_name"
        if Token.is_unresolved(secret_arn_or_name):
            raise ValueError(f"{what} must be literal, got a token: the secret is looked up at synth")
        stack = _known_environment(scope, f"{what} {secret_arn_or_name!r}")
        place = {"account": stack.account, "region": stack.region}
        if ":" in secret_arn_or_name:
            arn = arns.parse(secret_arn_or_name)
            if arn is None or arn.service != "secretsmanager" or not re.fullmatch(r"secret:[^*?]+", arn.resource):
                raise ValueError(f"{what} must be the ARN or the name of one secret, got {secret_arn_or_name!r}")
            place = {"account": arn.account, "region": arn.region}
        query = {
            "typeName": "AWS::SecretsManager::Secret",
            "exactIdentifier": secret_arn_or_name,
            "propertiesToReturn": ["KmsKeyId"],
            **place,
        }
        known = _context(scope, "cc-api-provider", query)
        if isinstance(known, dict) and _NO_KMS_KEY_ID in str(known.get(_PROVIDER_ERROR)):
            return AWS_MANAGED
        dummy: Any = [{"KmsKeyId": LOOKUP_DUMMY_KEY_ID.value}]
        if known is None or (isinstance(known, dict) and _PROVIDER_ERROR in known):
            ContextProvider.get_value(scope, provider="cc-api-provider", props=query, dummy_value=dummy)
            report_lookup(scope, f"the key of {secret_arn_or_name}", str(known[_PROVIDER_ERROR]) if known else None)
            return _key_of_id(scope, id, LOOKUP_DUMMY_KEY_ID.value, place)
        try:
            answer = known[0]["KmsKeyId"]
        except (KeyError, IndexError, TypeError):
            answer = None
        return _answered(scope, id, secret_arn_or_name, answer, place)


def _followed(key: kms.IKey) -> kms.IKey:
    """Have it told at synth what the owner of a key must add for what uses it."""
    follow_imported_keys(stack_of(key))
    return key


def _check_at(at: str) -> None:
    if at not in ("synth", "deploy"):
        raise ValueError(f"at must be 'synth' or 'deploy', got {at!r}")


def _known_environment(scope: Construct, what: str) -> Stack:
    stack = stack_of(scope)
    if Token.is_unresolved(stack.account) or Token.is_unresolved(stack.region):
        raise ValueError(
            f"{what} cannot be looked up at synth in stack {stack.node.path}, which has no account and region: "
            "give the stack an env, or resolve it at deploy time with "
            'ResolvedKey.from_alias(..., at="deploy") or ResolvedKey.from_parameter(...)'
        )
    return stack


def _context(scope: Construct, provider: str, props: dict[str, Any]) -> Any:
    """Return what the context holds for a lookup, None where it was never made."""
    return scope.node.try_get_context(ContextProvider.get_key(scope, provider=provider, props=props).key)


def _looked_up(scope: Construct, id: str, alias_name: str) -> kms.IKey:
    stack = _known_environment(scope, f"alias {alias_name!r}")
    known = _context(scope, "key-provider", {"aliasName": alias_name})
    if known is not None and _PROVIDER_ERROR not in known:
        key_id = known.get("keyId") if isinstance(known, dict) else known
        _check_context(alias_name, key_id)
        return _key_of_id(scope, id, str(key_id), {"account": stack.account, "region": stack.region})
    key = kms.Key.from_lookup(scope, id, alias_name=alias_name)
    hint = ": it does not exist before its first use" if alias_name in AWS_MANAGED_ALIASES.value.values() else ""
    report_lookup(scope, f"the key of {alias_name}", known and f"{known[_PROVIDER_ERROR]}{hint}")
    return key


def _check_context(what: str, key_id: Any) -> None:
    """Refuse context that cannot be the answer to a lookup: edited by hand, or a dummy that was once saved."""
    if not isinstance(key_id, str) or not arns.is_key_id(key_id) or key_id == LOOKUP_DUMMY_KEY_ID.value:
        raise ValueError(
            f"the context holds no key id for {what}, got {key_id!r}: remove the entry from cdk.context.json "
            "(`cdk context --reset <its number>`) and synthesize with credentials"
        )


def _key_of_id(scope: Construct, id: str, key_id: str, place: dict[str, str]) -> kms.IKey:
    account, region = place["account"], place["region"]
    arn = stack_of(scope).format_arn(
        service="kms", account=account, region=region, resource="key", resource_name=key_id
    )
    return kms.Key.from_key_arn(scope, id, arn)


def _answered(scope: Construct, id: str, secret: str, answer: Any, place: dict[str, str]) -> kms.IKey | AwsManaged:
    """Return the key that a secret's KmsKeyId names; it may be an id, an ARN, an alias or an alias ARN."""
    if not isinstance(answer, str) or not answer:
        _check_context(secret, answer)
    alias = answer[answer.find("alias/") :] if "alias/" in answer else None
    if alias == AWS_MANAGED.value:
        return AWS_MANAGED
    parsed = arns.parse(answer)
    for part, expected in place.items() if parsed else ():
        if arns.contradict(getattr(parsed, part), expected):
            raise ValueError(
                f"the context says {answer} of {secret}, whose {part} is {expected}: remove the entry from "
                "cdk.context.json and synthesize with credentials"
            )
    if alias:
        return ResolvedKey.from_alias(scope, id, alias)
    if parsed:
        return ResolvedKey.from_arn(scope, id, answer)
    _check_context(secret, answer)
    return _key_of_id(scope, id, answer, place)


def _described(scope: Construct, id: str, alias_name: str) -> kms.IKey:
    """Resolve an alias by a custom resource; all of a stack share one provider function."""
    stack, holder = stack_of(scope), Construct(scope, id)
    call = cr.AwsSdkCall(
        service="KMS",
        action="describeKey",
        parameters={"KeyId": alias_name},
        physical_resource_id=cr.PhysicalResourceId.of(alias_name),
        output_paths=["KeyMetadata.Arn"],
    )
    statement = {
        "Effect": "Allow",
        "Action": "kms:DescribeKey",
        # The ARN is what is asked for; kms:RequestAlias binds the call to the alias.
        "Resource": stack.format_arn(
            service="kms", resource="key", resource_name="*", arn_format=ArnFormat.SLASH_RESOURCE_NAME
        ),
        "Condition": {"StringEquals": {"kms:RequestAlias": alias_name}},
    }
    lookup = cr.AwsCustomResource(
        holder,
        "Lookup",
        on_update=call,
        install_latest_aws_sdk=False,
        policy=cr.AwsCustomResourcePolicy.from_statements([iam.PolicyStatement.from_json(statement)]),
        resource_type="Custom::KmsKeyOfAlias",
    )
    return kms.Key.from_key_arn(holder, "Key", lookup.get_response_field("KeyMetadata.Arn"))
