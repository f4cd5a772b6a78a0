"""Rules on what AWS services need of the keys of resources, by the catalogue, whoever made the key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from secure_kms_constructs.access.parties import EVERYTHING, Party
from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.aws.catalogue import Basis, Require, Who
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.documents import Effect
from secure_kms_constructs.policies.verdicts import Verdict, all_of
from secure_kms_constructs.templates.landscape import Key, Resource
from secure_kms_constructs.templates.stacks import ANY_ACCOUNT, ANY_REGION

from .access_questions import named_answer, verdict_of
from .context import Context
from .examples import ACCOUNT, REGION, THE_KEY, allow, deploys, key, template
from .findings import Found, Severity
from .rule import Rule
from .service_uses import Use, as_json, contexts_of, filled, leads_to, name_of, uses, values_at

# KLP506 has its own words for log groups.
_ELSEWHERE = {"AWS::Logs::LogGroup"}
# Only where a secret moves to another key.
_LATER = {"AWS::SecretsManager::Secret": {"kms:Encrypt"}}
# What ends a grant is not needed to create anything.
_AT_END = {"kms:RetireGrant", "kms:RevokeGrant"}


def _under_managed_keys(context: Context) -> Iterator[Found]:
    """Yield services that would need a key of AWS, whose policy admits none of them and cannot be changed."""
    managed = {
        id(resource): (resource, value)
        for resource in context.landscape.resources
        for path in catalogue.key_paths(resource.type)
        for _, value in values_at(resource.properties, path.split("/"), "Properties")
        if isinstance(value, str) and value.rpartition(":")[2].startswith("alias/aws/")
    }
    for resource in context.landscape.resources if managed else ():
        for need in catalogue.edges_from(resource.type):
            if need.who is not Who.SERVICE:
                continue
            for path in need.paths:
                for place, value in values_at(resource.properties, path.split("/"), "Properties"):
                    for target, name in managed.values():
                        if target.type in need.leads_to and leads_to(value, target):
                            principal = filled(need.principal, resource)
                            message = f"{principal} cannot use {name} of {target.source.path}, which AWS manages"
                            yield Found(resource.source, place, f"{message}: give it a key of your own")


def _service(context: Context) -> Iterator[Found]:
    yield from _under_managed_keys(context)
    paged: set[tuple[str, str]] = set()
    denied: list[tuple[Use, str, bool]] = []
    for use in uses(context, Who.SERVICE):
        regional = "{region}" in use.need.principal and use.resource.region == ANY_REGION
        if use.resource.type in _ELSEWHERE or regional:
            continue
        principal = filled(use.need.principal, use.resource)
        if use.need.basis is Basis.PAGE:
            paged.add((use.resource.source.path, use.place))
        verdict = _admits(principal, use)
        if verdict is not True:
            denied.append((use, principal, verdict is None))
    for use, principal, doubt in denied:
        believed = use.need.basis is Basis.BELIEF
        # Believed beside what a page says, such as the other name of a service.
        if believed and (use.resource.source.path, use.place) in paged:
            continue
        can = "may be unable to" if doubt or believed else "cannot"
        message = f"{principal} {can} use {use.whose}: its key policy needs {_statement(principal, use)}"
        yield Found(use.resource.source, use.place, message, undecided=doubt or believed, likely=not doubt)


def _admits(principal: str, use: Use) -> Verdict:
    sent = contexts_of(use)
    if use.need.source_account and use.resource.account != ANY_ACCOUNT:
        sent["aws:SourceAccount"] = use.resource.account
    verdict = all_of(verdict_of(principal, None, action, use.made, sent) for action in use.need.actions)
    # What else a statement that names the service asks for, such as a source, is for its author to know.
    return True if verdict is None and _names(principal, use.made) else verdict


def _names(principal: str, made: Key) -> bool:
    return any(one.effect is Effect.ALLOW and principal in one.principals.services for one in made.policy.statements)


def _statement(principal: str, use: Use) -> str:
    """Return the statement to paste."""
    condition: dict[str, dict[str, str]] = {}
    if use.need.source_account:
        condition["StringEquals"] = {"aws:SourceAccount": use.resource.account}
    for name, value in use.need.context:
        pattern = filled(value, use.resource).replace("{name}", name_of(use) or "*")
        condition.setdefault("StringLike" if "*" in pattern else "StringEquals", {})[
            f"kms:EncryptionContext:{name}"
        ] = pattern
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": list(use.need.actions),
        "Resource": "*",
    }
    return as_json(statement | ({"Condition": condition} if condition else {}))


def _deployer(context: Context) -> Iterator[Found]:
    told: set[tuple[str, str]] = set()
    resources = {made.arn: it for made, it in context.made_keys}
    for use in uses(context, Who.DEPLOYER):
        mark = use.resource.source.path, use.place
        sure = use.need.basis is Basis.PAGE and use.need.via and use.resource.type not in _ELSEWHERE
        if not sure or mark in told or use.made.arn not in resources:
            continue
        told.add(mark)
        denied = _denied(context, use, resources[use.made.arn])
        if denied:
            message = (
                f"CloudFormation cannot create {use.resource.type} with {use.whose}: its policy lets nobody who may "
                f"change it {', '.join(denied)} through {use.need.via[0]}"
            )
            yield Found(use.resource.source, use.place, message)


def _denied(context: Context, use: Use, key_resource: Resource) -> list[str]:
    """Return the actions that whoever may change the key, or holds every permission, is denied for sure."""
    everybody = f"arn:{key_resource.partition}:iam::{key_resource.account}:role/any-role"
    parties = [Party("anyone", everybody, (EVERYTHING,))]
    parties += [one for one in context.access.parties(use.made) if not one.is_root]
    owners = [one for one in parties if named_answer(one, "kms:PutKeyPolicy", use.made) is not False]
    if not owners:
        return []
    asked = [one for one in use.need.actions if one not in _AT_END | _LATER.get(use.resource.type, set())]
    return [action for action in asked if all(_is_denied(one, action, use) for one in owners)]


def _is_denied(party: Party, action: str, use: Use) -> bool:
    through = ({"kms:ViaService": f"{prefix}.{use.resource.region}.amazonaws.com"} for prefix in use.need.via)
    return all(verdict_of(party.principal, party, action, use.made, via) is False for via in through)


def _kind(context: Context) -> Iterator[Found]:
    resources = {made.arn: it for made, it in context.made_keys}
    for use in (*uses(context, Who.DEPLOYER), *uses(context, Who.SERVICE)):
        made = resources.get(use.made.arn)
        if made is None or Require.ONE_REGION not in use.need.requires:
            continue
        several = made.properties.get("MultiRegion", False)
        if isinstance(several, Unknown):
            yield Found(use.resource.source, use.place, f"may be a multi-Region key: {several}", undecided=True)
        elif several in (True, "true"):
            message = f"{made.source.path} is a multi-Region key, which {use.resource.type} does not take"
            yield Found(use.resource.source, use.place, message)


_TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": THE_KEY}}
_ALARM = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmActions": [{"Ref": "Topic"}]}}
_ADMITS_ALARMS = allow(
    {"Service": "cloudwatch.amazonaws.com"},
    ["kms:Decrypt", "kms:GenerateDataKey"],
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
)
_FILES = {"Type": "AWS::EFS::FileSystem", "Properties": {"KmsKeyId": THE_KEY}}
_DEPLOYS_FILES = deploys("elasticfilesystem", "CreateGrant", "Decrypt", "GenerateDataKeyWithoutPlaintext")
_AIRFLOW = {"Type": "AWS::MWAA::Environment", "Properties": {"KmsKey": THE_KEY, "Name": "flow"}}
_ADMITS_AIRFLOW = (
    deploys("airflow", "CreateGrant"),
    allow(
        {"Service": f"logs.{REGION}.amazonaws.com"},
        ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:*"}},
    ),
)

RULES = (
    Rule(
        id="KLP510",
        name="service-without-key",
        title="A service cannot use the key of what it writes to",
        severity=Severity.ERROR,
        controls=("ours",),
        why="A deployment fails, or data is lost without a word: alarms, dead letters, flow logs and inventories do "
        "not arrive.",
        fix="Add the statement that the message prints to the key policy. A HardenedKey writes it.",
        source="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
        broken=template(Key=key(), Topic=_TOPIC, Alarm=_ALARM),
        clean=template(Key=key(_ADMITS_ALARMS), Topic=_TOPIC, Alarm=_ALARM),
        check=_service,
    ),
    Rule(
        id="KLP511",
        name="deployer-without-key",
        title="CloudFormation cannot create a resource with its key",
        severity=Severity.ERROR,
        controls=("ours",),
        why="The service uses the key in the name of whoever deploys, and the key policy lets nobody of those who may "
        "change it: the deployment fails.",
        fix="Let the deployer do it through that service (kms:ViaService). A HardenedKey writes it.",
        source="https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html",
        broken=template(Key=key(), Files=_FILES),
        clean=template(Key=key(_DEPLOYS_FILES), Files=_FILES),
        check=_deployer,
    ),
    Rule(
        id="KLP512",
        name="multi-region-here",
        title="A service does not take a multi-Region key",
        severity=Severity.ERROR,
        controls=("ours",),
        why="The service refuses the key, and the deployment fails.",
        fix="Use a key of one region for it.",
        source="https://docs.aws.amazon.com/mwaa/latest/userguide/custom-keys-certs.html",
        broken=template(Key=key(*_ADMITS_AIRFLOW, MultiRegion=True), Airflow=_AIRFLOW),
        clean=template(Key=key(*_ADMITS_AIRFLOW), Airflow=_AIRFLOW),
        check=_kind,
    ),
)
