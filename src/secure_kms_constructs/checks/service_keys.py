"""Rules on the keys that services are given: in the region of a replica, and without a source for EventBridge."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from secure_kms_constructs.aws.catalogue import Who
from secure_kms_constructs.aws.facts import SERVICE_CALL_KEYS, WITHOUT_SOURCE_CONTEXT
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates.landscape import Key, Resource
from secure_kms_constructs.templates.stacks import ANY_REGION

from .context import Context
from .documents import Written
from .examples import ACCOUNT, KEY_ARN, REGION, THE_KEY, allow, key, template
from .findings import Found, Severity
from .naming import absent
from .rule import Rule
from .service_uses import uses

_SECRET, _TABLE = "AWS::SecretsManager::Secret", "AWS::DynamoDB::GlobalTable"
_TOPIC = "AWS::SNS::Topic"
_SOURCES = frozenset(name.lower() for name in SERVICE_CALL_KEYS.value)


def _replicas(context: Context) -> Iterator[Found]:
    for resource in context.of_types(_SECRET, _TABLE):
        for place, region, named in _keys_of_replicas(resource):
            if isinstance(named, Unknown) or isinstance(region, Unknown):
                message = f"may be under a key of another region than {region}: {named}"
                yield Found(resource.source, place, message, undecided=True)
            elif named.startswith("arn:") and _region(named) not in (region, ANY_REGION):
                message = f"is in {region}, under a key of {_region(named)}: {named}"
                yield Found(resource.source, place, message, named)


def _keys_of_replicas(resource: Resource) -> Iterator[tuple[str, str | Unknown, str | Unknown]]:
    """Return the place, region and key of each replica that has one of its own."""
    listed = "ReplicaRegions" if resource.type == _SECRET else "Replicas"
    replicas = resource.properties.get(listed)
    for place, replica in enumerate(replicas if isinstance(replicas, list) else ()):
        if not isinstance(replica, dict):
            continue
        inside = replica.get("SSESpecification")
        named = replica.get("KmsKeyId") if resource.type == _SECRET else None
        if isinstance(inside, dict):
            named = inside.get("KMSMasterKeyId")
        region = replica.get("Region")
        if isinstance(named, str | Unknown) and isinstance(region, str | Unknown):
            yield f"Properties.{listed}[{place}]", region, named


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _source_never_sent(context: Context) -> Iterator[Found]:
    for resource in context.of_types(_TOPIC):
        made = context.key_named(resource.properties.get("KmsMasterKeyId"), resource)
        if isinstance(made, Unknown):
            where = "Properties.KmsMasterKeyId"
            yield Found(resource.source, where, f"may be under a key that asks for a source: {made}", undecided=True)
        document = context.key_document(made) if isinstance(made, Key) else None
        statements = [
            one
            for one in (document.statements if document else ())
            if one.statement.principals.services & WITHOUT_SOURCE_CONTEXT.value
            and one.allows is not False
            and not one.mistake
            # A statement that asks for the context of something else, such as a bus, is not there for topics.
            and not _asked(one, _is_context)
        ]
        asking = [(one, asked) for one in statements if (asked := _asked(one, _is_source))]
        if len(asking) < len(statements) or not asking or _is_for_others(context, made, resource):
            continue
        for one, asked in asking:
            services = sorted(one.statement.principals.services & WITHOUT_SOURCE_CONTEXT.value)
            message = f"asks {services[0]} for {asked[0]}, which it does not send to the encrypted topic "
            yield one.found(f"{message}{resource.source.path}", "Condition", undecided=one.allows is None)


def _is_source(key: str) -> bool:
    return key in _SOURCES


def _is_context(key: str) -> bool:
    return key.startswith("kms:encryptioncontext:") and key != "kms:encryptioncontext:aws:sns:topicarn"


def _asked(one: Written, wanted: Callable[[str], bool]) -> list[str]:
    """Return the condition keys of a kind that a request must have."""
    return [it.key for it in one.statement.conditions if wanted(it.key.lower()) and it.matches(absent) is False]


def _is_for_others(context: Context, made: object, topic: Resource) -> bool:
    """Tell whether what else is under a key explains statements for EventBridge, and no rule leads to the topic."""
    others, rules = False, False
    for use in uses(context, Who.SERVICE):
        if use.made is made and use.need.principal in WITHOUT_SOURCE_CONTEXT.value:
            rules |= use.target is topic
            others |= use.target is None or use.target.type != _TOPIC
    return others and not rules


def _secret_with_replica(key_arn: str) -> dict[str, object]:
    properties = {"ReplicaRegions": [{"Region": "eu-west-1", "KmsKeyId": key_arn}]}
    return template(Secret={"Type": _SECRET, "Properties": properties})


_TOPICS = {"Type": _TOPIC, "Properties": {"KmsMasterKeyId": THE_KEY}}
_EVENTS = allow({"Service": "events.amazonaws.com"}, ["kms:Decrypt", "kms:GenerateDataKey"])
_IN_EUROPE = KEY_ARN.replace(REGION, "eu-west-1")

RULES = (
    Rule(
        id="KLP508",
        name="replica-region",
        title="A replica is under a key of another region",
        severity=Severity.ERROR,
        controls=("ours",),
        why="A service uses the keys of its own region only, so the replica is not made.",
        fix="Name a key of the replica's region, such as a multi-Region replica.",
        source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/create-manage-multi-region-secrets.html",
        broken=_secret_with_replica(KEY_ARN),
        clean=_secret_with_replica(_IN_EUROPE),
        check=_replicas,
    ),
    Rule(
        id="KLP509",
        name="source-never-sent",
        title="The key of a topic asks EventBridge for a source",
        severity=Severity.ERROR,
        controls=("ours",),
        why="EventBridge sends neither aws:SourceArn nor aws:SourceAccount to a topic's key: no event arrives.",
        fix="Leave out the condition on the source in the statement for events.amazonaws.com.",
        source=WITHOUT_SOURCE_CONTEXT.source,
        broken=template(
            Key=key(dict(_EVENTS, Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})), Topic=_TOPICS
        ),
        clean=template(Key=key(_EVENTS), Topic=_TOPICS),
        check=_source_never_sent,
    ),
)
