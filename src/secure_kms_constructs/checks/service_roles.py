"""A rule on the roles that resources name, and the keys that these roles need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from secure_kms_constructs.aws.catalogue import Basis, Grants, Who
from secure_kms_constructs.policies.verdicts import Verdict, all_of, any_of
from secure_kms_constructs.templates.landscape import Key, Resource

from .access_questions import verdict_of
from .context import Context
from .examples import ROLE, THE_KEY, allow, key, template
from .findings import Found, Severity
from .rule import Rule
from .service_uses import Use, as_json, contexts_of, uses, value_beside


def _role(context: Context) -> Iterator[Found]:
    for (arn, _, actions, _), several in _asked(context).items():
        # Rows that differ in the encryption context alone are spellings of one.
        spellings = dict.fromkeys((name for use in several for name in contexts_of(use)), "")
        verdicts = {
            action: any_of(_may(context, arn, action, use, {**spellings, **contexts_of(use)}) for use in several)
            for action in actions
        }
        left = [action for action, verdict in verdicts.items() if verdict is not True]
        if not left:
            continue
        # What only belief asks for may be not asked.
        use, doubt = several[0], all_of(verdicts.values()) is None or several[0].need.basis is Basis.BELIEF
        party = context.by_arn.get(arn)
        can = "may be unable to" if doubt else "cannot"
        message = (
            f"{party.name if party else arn} {can} {', '.join(left)} with {use.whose}, which {use.resource.type} asks"
        )
        if not doubt:
            message += (
                f": its key policy needs {as_json(_statement(arn, left, use))}, or the role's own policy the same"
            )
        yield Found(use.resource.source, use.place, message, undecided=doubt)


_Ask = tuple[str, str, tuple[str, ...], tuple[str, ...]]


def _asked(context: Context) -> dict[_Ask, list[Use]]:
    """Return the needs of roles that are known: who, where, what, and through which service."""
    found: dict[_Ask, list[Use]] = defaultdict(list)
    for use in uses(context, Who.ROLE):
        named = value_beside(use)
        # A role that no template shows is for its owner to know.
        if isinstance(named, str):
            arn = named if named.startswith("arn:") else _role_arn(named, use.resource)
            where = f"{use.resource.source.path} {use.place} {use.made.arn}"
            found[arn, where, use.need.actions, use.need.via].append(use)
    return found


def _role_arn(name: str, resource: Resource) -> str:
    return f"arn:{resource.partition}:iam::{resource.account}:role/{name.removeprefix('/')}"


def _may(context: Context, arn: str, action: str, use: Use, sent: dict[str, str]) -> Verdict:
    party = context.by_arn.get(arn)
    if action == "kms:CreateGrant" and use.need.grants is Grants.FOR_SERVICES:
        sent = {**sent, "kms:GrantIsForAWSResource": "true"}
    # By itself it comes through no service, and no value of kms:ViaService matches.
    through = [f"{prefix}.{use.resource.region}.amazonaws.com" for prefix in use.need.via] or [""]
    return any_of(_verdict(arn, party, action, use.made, {**sent, "kms:ViaService": via}) for via in through)


def _verdict(arn: str, party: Any, action: str, made: Key, sent: dict[str, str]) -> Verdict:
    verdict = verdict_of(arn, party, action, made, sent)
    if party is not None and party.source is not None:
        return verdict
    # What a role holds that is not in the templates is not known, and for its owner where the key policy admits it.
    if verdict is None and verdict_of(arn, None, action, made, sent) is True:
        return True
    return None if verdict is False and party is None else verdict


def _statement(arn: str, actions: list[str], use: Use) -> dict[str, Any]:
    condition: dict[str, Any] = {**contexts_of(use)}
    if use.need.via:
        condition["kms:ViaService"] = [f"{prefix}.{use.resource.region}.amazonaws.com" for prefix in use.need.via]
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": actions, "Resource": "*"}
    return statement | ({"Condition": {"StringEquals": condition}} if condition else {})


_QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": THE_KEY}}
_FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}},
    },
}
_ROLE = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "app"}}
_SENDS = ["kms:Decrypt", "kms:GenerateDataKey"]
_ADMITS = allow("arn:aws:iam::111122223333:role/app", _SENDS)

RULES = (
    Rule(
        id="KLP513",
        name="role-without-key",
        title="The role of a resource cannot use the key that it needs",
        severity=Severity.ERROR,
        controls=("ours",),
        why="A deployment fails, or data is lost without a word: dead letters are not sent, deliveries do not arrive, "
        "executions do not start.",
        fix="Allow the role what the message says, in the key policy, or in both policies where it delegates to IAM. A "
        "HardenedKey writes it.",
        source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
        broken=template(Key=key(), Role=_ROLE, Queue=_QUEUE, Function=_FUNCTION),
        clean=template(Key=key(_ADMITS), Role=_ROLE, Queue=_QUEUE, Function=_FUNCTION),
        check=_role,
    ),
)
