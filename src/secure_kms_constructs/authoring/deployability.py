"""Whether the deployer could create, use and change a key under a finished policy, as KMS and CloudFormation ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import SERVICE_CALL_KEYS
from secure_kms_constructs.policies import Policy, PolicyError, Unknown, parse_identity_policy, parse_key_policy

from . import possible_places, stand_ins

# KMS asks for the first when it takes the policy, CloudFormation calls the others before the key is created.
CREATION = ("kms:PutKeyPolicy", "kms:DescribeKey", "kms:EnableKeyRotation")
# What the role holds that `cdk bootstrap` makes.
_ADMINISTRATOR = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
# What the deployer's own call never has: it comes through no service, and from none.
_CALLED = ("kms:ViaService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast")
_DIRECT = dict.fromkeys((*SERVICE_CALL_KEYS.value, *_CALLED))
_TELL = "pass deployer= with the ARN of a role or user"
_WRITE = "write each statement of the key policy as one"
_WHY = {
    "kms:PutKeyPolicy": "and KMS refuses a policy that whoever writes it may not change",
    "kms:DescribeKey": "which CloudFormation needs to create the key",
    "kms:EnableKeyRotation": "which CloudFormation needs to create the key",
}


class Found(NamedTuple):
    """What is in the way of the deployer.

    :param problems: what it would be denied for sure.
    :param doubts: what it may be denied, where the answer hangs on what only the deployment tells.
    """

    problems: list[str]
    doubts: list[str]


def look(
    policy: Any,
    deployer: str,
    known: Mapping[str, str],
    created: Mapping[str, Sequence[str]],
    *,
    rotates: bool = True,
) -> Found:
    """Return what is in the way of the deployer, of each kind the first.

    :param policy: the key policy as plain data, with placeholders.
    :param deployer: the ARN of the principal that CloudFormation acts as, with placeholders.
    :param known: what pseudo parameters stand for.
    :param created: the actions that the deployer needs to create resources, by ``kms:ViaService``.
    :param rotates: whether the key rotates.
    """
    name = stand_ins.with_known(deployer, known)
    if not arns.parse(name):
        return Found([], [f"whether the deployer may change the key policy cannot be told, got {name}: {_TELL}"])
    try:
        parsed = [
            (place, parse_key_policy(stand_ins.filled(policy, place)))
            for place in possible_places.possible(policy, [name, *created], known)
        ]
    except PolicyError as error:
        # An intrinsic function in place of a statement, say: what it will be cannot be told.
        return Found([], [f"whether the deployer {name} may change the key policy cannot be told, {error}: {_WRITE}"])
    doubts: list[str] = []
    for action in CREATION if rotates else CREATION[:2]:
        answers = [(place, _answer(name, place, action, dict(_DIRECT), it)) for place, it in parsed]
        if all(answer.allowed is False for _, answer in answers):
            return Found([_message(name, action, "", _WHY[action], answers[0][1].reasons)], [])
        if not doubts:
            doubts += _doubts(name, action, answers, known)
    for via, actions in created.items():
        for action in actions:
            answers = [
                (place, _answer(name, place, action, {**_DIRECT, **_through(via, place)}, it)) for place, it in parsed
            ]
            if all(answer.allowed is False for _, answer in answers):
                why = "which creates resources with the key"
                return Found([_message(name, action, f" through {via}", why, answers[0][1].reasons)], [])
    return Found([], doubts)


def _through(via: str, place: Mapping[str, str]) -> dict[str, str | Unknown]:
    return stand_ins.hidden(stand_ins.with_known(via, place), "kms:ViaService")


def _answer(
    deployer: str, place: Mapping[str, str], action: str, context: dict[str, Any], policy: Policy
) -> stand_ins.Answer:
    principal = stand_ins.literal(deployer, place)
    told = stand_ins.with_known(deployer, place)
    context = {**context, **stand_ins.told_of(told, told.split(":")[4])}
    if action == "kms:PutKeyPolicy":
        context["kms:BypassPolicyLockoutSafetyCheck"] = "false"
    if action == "kms:CreateGrant":
        context["kms:GrantIsForAWSResource"] = "true"
    key = stand_ins.key_beside(principal)
    return stand_ins.answered(principal, action, key, context, policy, [parse_identity_policy(_ADMINISTRATOR)])


def _doubts(
    deployer: str, action: str, answers: Sequence[tuple[Mapping[str, str], stand_ins.Answer]], known: Mapping[str, str]
) -> Iterator[str]:
    for place, answer in answers:
        if answer.allowed is True:
            continue
        where = possible_places.called(place, known) if answer.allowed is False else ""
        yield (
            f"the deployer {deployer} {'would' if where else 'may'} be denied {action}{where and f' in {where}'}, "
            f"{_WHY[action]}: {'; '.join(answer.reasons)}: {_exemption(deployer)}"
        )
        return


def _message(deployer: str, action: str, through: str, why: str, reasons: Sequence[str]) -> str:
    return (
        f"the deployer {deployer} would be denied {action}{through}, {why}: {'; '.join(reasons)}: "
        f"{_exemption(deployer)}"
    )


def _exemption(deployer: str) -> str:
    named = "key.deployer_arn" if arns.has_placeholder(deployer) else f'"{deployer}"'
    return f'exempt it in that statement, "ArnNotEquals": {{"aws:PrincipalArn": [{named}]}}'
