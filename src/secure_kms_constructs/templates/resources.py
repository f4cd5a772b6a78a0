"""The resources of templates that have to do with keys, properties resolved and condition told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache, partial

from secure_kms_constructs.aws.catalogue import edges_from, key_paths, leads_through
from secure_kms_constructs.policies import Unknown

from .inline import PERMISSION_SET, SAM_TYPES
from .landscape import Resource
from .physical_names import arn_of
from .resolution import Resolver
from .stacks import Stack

_SERVICES = ("AWS::IAM::", "AWS::KMS::", "AWS::Logs::LogGroup", "AWS::SSM::Parameter", "AWS::SecretsManager::")
_TYPES = frozenset({"AWS::Lambda::Function", "AWS::Organizations::Organization", "AWS::Organizations::Policy"})
_TYPES |= {PERMISSION_SET, *SAM_TYPES}
# Properties that name a key are called KmsKeyId, KMSMasterKeyID, EncryptionKey, KmsKeyArn and so on.
_NAMES_KEY = re.compile(r"kms|encryptionkey|customermasterkey", re.IGNORECASE)

# What a macro may add or change, where the whole of the properties is its work.
_DECIDING = (
    *("Groups", "InlinePolicy", "KeyPolicy", "ManagedPolicies", "ManagedPolicyArns", "PermissionsBoundary"),
    *("Policies", "PolicyDocument", "Roles", "Users"),
)
_DECIDES = ("AWS::IAM::", "AWS::KMS::")


@dataclass(frozen=True, eq=False)
class Described:
    """A resource.

    :param exists: whether it does; None where an open condition says so.
    :param deciding: what is open in its name and in those of its properties that say who may use keys.
    """

    resource: Resource
    stack: Stack
    exists: bool | None
    deciding: frozenset[tuple[str, str, str]] = frozenset()


def described(resolver: Resolver) -> Iterator[Described]:
    """Return the resources that exist, or may."""
    for stack in resolver.stacks.all:
        for logical_id, kind, whole in stack.resources():
            if matters(kind, whole):
                describe = partial(_describe, resolver, stack, logical_id, kind)
                found = resolver.once(("resource", stack.name, logical_id), describe)
                if isinstance(found, Described) and found.exists is not False:
                    yield found


def _describe(resolver: Resolver, stack: Stack, logical_id: str, kind: str) -> Described:
    exists = resolver.exists(logical_id, stack)
    properties = resolver.value(_written(stack, logical_id, kind), stack) if exists is not False else {}
    macro = next((name for name in stack.resource(logical_id) if name.startswith("Fn::")), None)
    if macro:
        properties = Unknown(f"what {macro} makes of {stack.source(logical_id).path}")
    if not isinstance(properties, dict):
        properties = dict.fromkeys((*_DECIDING, *stack.properties(logical_id)), properties)
    place = stack.environment
    outer, resolver.consulted = resolver.consulted, set()
    arn = arn_of(resolver, stack, logical_id, kind)
    decides = kind.startswith(_DECIDES) or kind in (*SAM_TYPES, PERMISSION_SET)
    if decides and resolver.stacks.have_choices:
        resolver.value([stack.properties(logical_id).get(name) for name in _DECIDING], stack)
    deciding = frozenset(resolver.consulted)
    resolver.consulted |= outer
    metadata = stack.resource(logical_id).get("Metadata")
    resource = Resource(
        kind,
        stack.source(logical_id),
        place.partition,
        place.region,
        place.account,
        arn,
        properties,
        metadata if isinstance(metadata, dict) else {},
        stack.doubt,
    )
    return Described(resource, stack, exists, deciding)


def _written(stack: Stack, logical_id: str, kind: str) -> dict[str, object]:
    """Return the properties of a resource with those that the Serverless Application Model takes from its globals.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
    """
    own = stack.properties(logical_id)
    shared = stack.section("Globals").get(kind.rpartition("::")[2]) if kind in SAM_TYPES else None
    if not isinstance(shared, dict):
        return own
    lists = {
        name: [*shared[name], *one] for name, one in own.items() if isinstance(one, list) and _is_list(shared.get(name))
    }
    return {**shared, **own, **lists}


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def matters(kind: str, whole: dict[str, object]) -> bool:
    """Tell whether a resource has to do with keys, or with who may use them."""
    return _always_matters(kind) or _names_key(whole.get("Properties"), _odd_names(kind))


@lru_cache(maxsize=4096)
def _always_matters(kind: str) -> bool:
    # An alarm names a topic, and needs the topic's key.
    return kind.startswith(_SERVICES) or kind in _TYPES or bool(edges_from(kind) or leads_through(kind))


@cache
def _odd_names(kind: str) -> frozenset[str]:
    """Return how a type calls properties that name a key, where that is not as most do (``KeyArn``)."""
    names = (path.rpartition("/")[2] for path in key_paths(kind))
    return frozenset(name for name in names if not _NAMES_KEY.search(name))


def _names_key(properties: object, odd: frozenset[str]) -> bool:
    pending = [properties]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if any(_NAMES_KEY.search(name) or name in odd for name in value):
                return True
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, str) and ":kms:" in value:
            return True
    return False
