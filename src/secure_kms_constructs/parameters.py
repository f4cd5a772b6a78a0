"""ScopedParameterReader: read these SSM parameters, and decrypt nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from aws_cdk import Resource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .authoring import statements
from .authoring.statements import Statement
from .authoring.targets import Target, UsedKey, kms_identity
from .aws import arns
from .aws.facts import PARAMETER_NAME
from .aws.services import Service, Use
from .cdk.asking import Called, name_of, place_in, region_of, stack_of
from .cdk.grantees import account_text
from .cdk.managed_keys import AwsManaged
from .cdk.node import Place
from .cdk.places import check_environments, check_reference, is_known, same_place
from .cdk.resolved_grantees import resolve_grantee
from .cdk.signatures import OwnSignature
from .scoped import writes
from .scoped.key_side import UsedKeys

_SERVICE = Service.PARAMETER_STORE
# A reference to a parameter of this app brings the slash of its name along.
_RESOURCE = r"parameter(/[^/*?]|\$\{)[^*?]*"


class ScopedParameterReader(Construct):
    """Lets one role or user read named SSM parameters, and use their key for nothing else.

    The identity policy allows ``ssm:GetParameter`` and ``GetParameters`` on exactly these parameters, and
    ``kms:Decrypt`` on exactly their key, through Parameter Store, for exactly their encryption contexts. Parameters
    under ``aws/ssm`` get no KMS statement: its key policy admits every principal of the account through Parameter
    Store (https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-restrict-decryption.html).

    A Lambda function that is invoked while the stack deploys must wait: ``reader.apply_before(function)``.

    :param grantee: who reads. For an Amazon ECS secret that is injected into a container, the task's execution role.
    :param parameters: parameters of this app or imported, or names in the account and region of this stack. Parameters
        that CloudFormation makes are never SecureStrings.
    :param key: the key of SecureStrings, one for each construct: a ``kms.IKey`` with the full ARN of a key, or
        ``AWS_MANAGED`` where those named are Strings or under ``aws/ssm``. Required for names and SecureStrings.
    :param by_path: whether the names are paths. Everything below a path can then be read, one by one and by
        ``ssm:GetParametersByPath``; that action is authorized for the path that is asked for, whatever lies below
        (https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-retrieval-authorization.html). Default: False.
    :raises ValueError: for no parameters, one twice, a name that Systems Manager would refuse, a parameter whose key is
        unknown, a key of another place, and a grantee for which the grant would have no effect.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
    """

    __signature__ = OwnSignature()

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        grantee: iam.IGrantable,
        parameters: Sequence[ssm.IParameter | str],
        key: kms.IKey | AwsManaged | None = None,
        by_path: bool = False,
    ) -> None:
        paths, targets = _resolve(scope, parameters, key, by_path)
        resolved = resolve_grantee(grantee, scope)
        place_in(self, scope)
        identity = statements.parameter_access([target.arn for target in targets], paths)
        identity += kms_identity(_SERVICE, Use.READ, targets)
        written = writes.write(self, Place(scope, id), resolved, targets, _SERVICE, Use.READ, identity)
        self.identity_statements: list[Statement] = written.identity
        """What was added to the grantee's identity policies."""
        self.key_policy_statements: dict[str, list[Statement]] = written.key_policy
        """What was added to key policies, by key ARN."""
        self.required_key_policy_statements: dict[str, list[Statement]] = written.required_key_policy
        """What the owners of imported keys must have in their key policies, by key ARN."""

    apply_before = writes.apply_before


def _resolve(
    scope: Construct,
    parameters: Sequence[ssm.IParameter | str],
    key: kms.IKey | AwsManaged | None,
    by_path: bool,
) -> tuple[list[str], list[Target]]:
    """Return the ARNs of the paths, and the targets."""
    if not parameters:
        raise ValueError("parameters must name at least one parameter, got none: leave the reader out instead")
    stack = stack_of(scope)
    keys = UsedKeys(scope, _SERVICE, None if isinstance(key, AwsManaged) else key, "parameters")
    paths: list[str] = []
    targets: list[Target] = []
    seen: set[str] = set()
    for parameter in parameters:
        arn, place, known = _arn_of(stack, parameter, by_path)
        text = arns.as_text(stack.resolve(arn))
        parsed = arns.parse(text)
        if parsed is None or parsed.service != "ssm" or not re.fullmatch(_RESOURCE, parsed.resource):
            raise ValueError(f"parameters must be SSM parameters with an ARN, got {text!r}")
        identity = f"{place.node.addr} {text}" if place is not None and not known else text
        if identity in seen:
            raise ValueError(f"parameters must name each parameter once, got {text} twice")
        seen.add(identity)
        if by_path:
            paths.append(arn)
            arn = f"{arn}/*"
        region = region_of(place) if place is not None else parsed.region
        region = region_of(stack) if arns.has_placeholder(region) else region
        account = account_text(place) if place is not None else parsed.account
        used = _key_of(keys, parameter, key, text, region, account)
        exact = not by_path
        owned = isinstance(parameter, Resource)
        targets.append(Target(parameter, owned, arn, exact, region, account, used, partial(_known, arn, known)))
    keys.check_used()
    return paths, targets


def _arn_of(stack: Stack, parameter: ssm.IParameter | str, by_path: bool) -> tuple[str, Stack | None, bool]:
    """Return the ARN of a parameter, the stack that makes it, and whether the ARN needs no reference to it."""
    if isinstance(parameter, str):
        return _named_arn(stack, parameter, by_path), None, True
    if by_path:
        raise ValueError(
            f"by_path takes paths such as '/app/db', got the parameter {parameter.node.path}: "
            "read single parameters by another reader"
        )
    if not isinstance(parameter, Resource):
        return (
            parameter.parameter_arn,
            None,
            arns.only_pseudo_parameters(arns.as_text(stack.resolve(parameter.parameter_arn))),
        )
    owned: Any = parameter
    place, name = stack_of(owned), name_of(owned)
    what, ways = Called("parameter", owned), "give the parameter a literal parameter_name"
    if re.fullmatch(PARAMETER_NAME.value, name):
        if place is stack:
            return owned.parameter_arn, place, False
        if not same_place(stack, place):
            check_environments(stack, place, what, ways)
            return _named_arn(place, name, False), place, True
    check_reference(stack, place, what, ways)
    return owned.parameter_arn, place, False


def _known(arn: str, known: bool) -> str | None:
    return arn if known else None


def _named_arn(stack: Stack, name: str, by_path: bool) -> str:
    bare = name.strip("/") if by_path else name.removeprefix("/")
    if not is_known(name) or not re.fullmatch(PARAMETER_NAME.value, bare):
        raise ValueError(
            f"parameters must be literal names of a-z A-Z 0-9 _ . - and /, got {name!r}: "
            "import what has an ARN with StringParameter.from_string_parameter_arn or "
            "from_secure_string_parameter_attributes"
        )
    if re.match(r"(aws|ssm)(/|$)", bare, re.IGNORECASE):
        # https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
        raise ValueError(
            f"parameters must be those of an account, got {name!r}, whose name only AWS can give: a secret that is "
            "read as a parameter is under the key of the secret, so use ScopedSecretReader; a public parameter needs "
            "no key"
        )
    # One slash, whether the name starts with one or not.
    return stack.format_arn(service="ssm", resource="parameter", resource_name=bare)


def _key_of(
    keys: UsedKeys,
    parameter: ssm.IParameter | str,
    key: kms.IKey | AwsManaged | None,
    text: str,
    region: str,
    account: str,
) -> UsedKey | None:
    plain = not isinstance(parameter, str) and (isinstance(parameter, Resource) or parameter.parameter_type == "String")
    if plain or isinstance(key, AwsManaged):
        return None
    used = keys.given(text, region, account)
    if used is None:
        raise ValueError(
            f"the key of the parameter {text} is not known: pass key=AWS_MANAGED if it is a String or under aws/ssm, "
            "or key=ResolvedKey.from_arn(...) with the full ARN of its key"
        )
    return used
