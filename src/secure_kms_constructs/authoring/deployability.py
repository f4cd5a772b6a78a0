"""Whether the deployer could create, use and change a key under a finished policy, as KMS and CloudFormation ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import SERVICE_CALL_KEYS
from secure_kms_constructs.policies import Policy, PolicyError, parse_identity_policy, parse_key_policy

from . import stand_ins

# KMS asks for the first when it takes the policy, CloudFormation calls the others before the key is created.
CREATION = ("kms:PutKeyPolicy", "kms:DescribeKey", "kms:EnableKeyRotation")
# What the role holds that `cdk bootstrap` makes.
_ADMINISTRATOR = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
# What the deployer's own call never has: it comes through no service, and from none.
_CALLED = ("kms:ViaService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast")
_DIRECT = dict.fromkeys((*SERVICE_CALL_KEYS.value, *_CALLED))
_WHY = {
    "kms:PutKeyPolicy": "and KMS refuses a policy that whoever writes it may not change",
    "kms:DescribeKey": "which CloudFormation needs to create the key",
    "kms:EnableKeyRotation": "which CloudFormation needs to create the key",
}


def problems(
    policy: Any,
    deployer: str,
    known: Mapping[str, str],
    created: Mapping[str, Sequence[str]],
    *,
    rotates: bool = True,
) -> Iterator[str]:
    """Return what the deployer would be denied for sure.

    :param policy: the key policy as plain data, with placeholders.
    :param deployer: the ARN of the principal that CloudFormation acts as, with placeholders.
    :param known: what pseudo parameters stand for.
    :param created: the actions that the deployer needs to create resources, by ``kms:ViaService``.
    :param rotates: whether the key rotates.
    """
    name = stand_ins.with_known(deployer, known)
    if not arns.parse(name):
        return
    try:
        parsed = parse_key_policy(stand_ins.filled(policy, known))
    except PolicyError:
        # An intrinsic function in place of a statement, say: what it will be cannot be told.
        return
    for action in CREATION if rotates else CREATION[:2]:
        if reasons := _denied(name, known, action, dict(_DIRECT), parsed):
            yield _message(name, action, "", _WHY[action], reasons)
            return
    for via, actions in created.items():
        for action in actions:
            through = {**_DIRECT, **stand_ins.hidden(stand_ins.with_known(via, known), "kms:ViaService")}
            if reasons := _denied(name, known, action, through, parsed):
                yield _message(name, action, f" through {via}", "which creates resources with the key", reasons)
                return


def _denied(
    deployer: str, known: Mapping[str, str], action: str, context: dict[str, Any], policy: Policy
) -> tuple[str, ...]:
    principal = stand_ins.literal(deployer, known)
    account = deployer.split(":")[4]
    context = {**context, **stand_ins.told_of(deployer, account)}
    if action == "kms:PutKeyPolicy":
        context["kms:BypassPolicyLockoutSafetyCheck"] = "false"
    if action == "kms:CreateGrant":
        context["kms:GrantIsForAWSResource"] = "true"
    key = stand_ins.key_beside(principal)
    return stand_ins.denied(principal, action, key, context, policy, [parse_identity_policy(_ADMINISTRATOR)])


def _message(deployer: str, action: str, through: str, why: str, reasons: Sequence[str]) -> str:
    return (
        f"the deployer {deployer} would be denied {action}{through}, {why}: {'; '.join(reasons)}: exempt it in that "
        f'statement, "ArnNotEquals": {{"aws:PrincipalArn": ["{deployer}"]}}'
    )
