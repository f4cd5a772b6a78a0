"""What owners of keys, secrets and roles that an app does not make must add to their policies, as its synth told.

The constructs tell it as findings of the assembly. What they refer to has an ARN here where that is known: by a literal
name, by what whoever asks tells, and by an account in which the app is deployed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from secure_kms_constructs.checks.acknowledgements import recorded
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates.givens import Givens, read_path
from secure_kms_constructs.templates.landscape import Landscape, Resource
from secure_kms_constructs.templates.resource_types import TYPES
from secure_kms_constructs.templates.stacks import ANY_ACCOUNT, ANY_REGION

from .inputs import beside
from .matching import match
from .snapshots import Snapshot

Statement = dict[str, Any]

_TOLD = re.compile(
    r"(?P<why>.*?) (?P<statements>\[\n.*\n\])\nto the policy of (?P<of>.+?)"
    r" \[ack: secure-kms-constructs:required(?P<policy>Key|Resource|Identity)Policy\w*\]",
    re.DOTALL,
)
_KINDS = {"Key": "key policy", "Resource": "resource policy", "Identity": "identity policy"}
_PLACEHOLDER = re.compile(r"\$\{([^{}!]+)\}")
_INFO, _LOGICAL_ID = "aws:cdk:info", "aws:cdk:logicalId"
# Their Ref is their ARN.
_REF_IS_ARN = ("AWS::SecretsManager::Secret", "AWS::SNS::Topic", "AWS::IAM::ManagedPolicy")


@dataclass
class Owner:
    """What the owner of one policy must add.

    :param policy: which: a key policy, resource policy or identity policy.
    :param of: the ARN of what it is the policy of; the construct path where that is not known.
    :param because: the constructs that need it, by path, each with the reason.
    :param unknown: what is not known before the deployment, by construct path: the statements say ``<ARN of path>``.
    """

    policy: str
    of: str
    because: dict[str, str] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, list[str]]:
        """The constructs that need it, by reason."""
        found: dict[str, list[str]] = {}
        for path, why in self.because.items():
            found.setdefault(why, []).append(path)
        return found

    @property
    def account(self) -> str | None:
        """The account of the owner, where the ARN tells."""
        parts = self.of.split(":")
        return parts[4] if len(parts) > 5 and parts[4].isdigit() else None


def owners_of(
    directory: Path, known: Givens, *, snapshot: Snapshot | None = None, stacks: Mapping[str, str] | None = None
) -> list[Owner]:
    """Return what owners must add for a synthesized app.

    :param known: what the templates do not say; ``same`` has the ARNs of what is deployed.
    :param snapshot: an account in which the app is deployed, whose roles and keys have their ARNs.
    :param stacks: by the names of stacks in the app, what they are called where they are deployed.
    :raises ValueError: when it is no cloud assembly.
    """
    if snapshot is None:
        landscapes, arns = read_path(directory, known), dict(known.same)
    else:
        landscapes = beside(directory, snapshot, stacks, known).landscapes
        arns = {**match(landscapes[0], snapshot, stacks or {}).arns, **known.same}
    records = list(recorded(directory))
    names = _Names(landscapes, arns, [(str(data), path) for _, path, kind, data in records if kind == _LOGICAL_ID])
    owners: dict[tuple[str, str], Owner] = {}
    for _, path, kind, data in records:
        told = _TOLD.fullmatch(str(data)) if kind == _INFO else None
        if told is None:
            continue
        of = names.text(told["of"], path, [])
        owner = owners.setdefault((told["policy"], of), Owner(_KINDS[told["policy"]], of))
        owner.because[path] = _sentence(told["why"])
        for one in json.loads(told["statements"]):
            statement = names.filled(one, path, owner.unknown)
            if statement not in owner.statements:
                owner.statements.append(statement)
    for owner in owners.values():
        owner.statements = list(_with_own_sids(owner.statements))
        owner.unknown = sorted(set(owner.unknown))
    return sorted(owners.values(), key=lambda one: (one.policy, one.of))


class _Names:
    """ARNs of what a construct refers to.

    :param arns: those that are told, by construct path.
    :param logical_ids: with the paths of their constructs.
    """

    def __init__(
        self, landscapes: Iterable[Landscape], arns: Mapping[str, str], logical_ids: Iterable[tuple[str, str]]
    ) -> None:
        self._resources: dict[str, list[Resource]] = {}
        for landscape in landscapes:
            for one in landscape.resources:
                self._resources.setdefault(one.source.path, []).append(one)
        self._arns = arns
        self._paths: dict[str, list[str]] = {}
        for logical_id, path in logical_ids:
            self._paths.setdefault(logical_id, []).append(path.removesuffix("/Resource"))

    def filled(self, value: Any, path: str, unknown: list[str]) -> Any:
        """Return a value with what a construct at a path refers to; what is not known is added to ``unknown``."""
        if isinstance(value, dict):
            return {name: self.filled(one, path, unknown) for name, one in value.items()}
        if isinstance(value, list):
            return [self.filled(one, path, unknown) for one in value]
        return self.text(value, path, unknown) if isinstance(value, str) else value

    def text(self, text: str, path: str, unknown: list[str]) -> str:
        """Return a text with each placeholder filled in."""
        return _PLACEHOLDER.sub(lambda match: self._meant(match[1], path, unknown), text)

    def _meant(self, name: str, path: str, unknown: list[str]) -> str:
        # A policy variable, which is no reference of a template.
        if ":" in name:
            return f"${{{name}}}"
        if name.startswith("AWS."):
            place = self._place(name, path)
            if place is None:
                unknown.append(name)
            return place or f"<{name}>"
        logical_id, _, attribute = name.partition(".")
        near = self._near(self._paths.get(logical_id, ()), path)
        resource = self._resources.get(near, [None])[0] if near else None
        is_arn = attribute == "Arn" or (not attribute and resource is not None and resource.type in _REF_IS_ARN)
        arn = self._arn(near) if near and is_arn else None
        if arn is None:
            unknown.append(near or logical_id)
        return arn or f"<{'ARN' if is_arn else attribute or 'name'} of {near or logical_id}>"

    def _arn(self, path: str) -> str | None:
        if path in self._arns:
            return self._arns[path]
        found = {_literal_arn(one) for one in self._resources.get(path, ())}
        return found.pop() if len(found) == 1 else None

    def _place(self, name: str, path: str) -> str | None:
        near = self._near(self._resources, path)
        one = self._resources[near][0] if near else None
        if one is None:
            return None
        told = {"AWS.AccountId": one.account, "AWS.Region": one.region, "AWS.Partition": one.partition}.get(name)
        return None if told in (ANY_ACCOUNT, ANY_REGION) else told

    @staticmethod
    def _near(paths: Iterable[str], path: str) -> str | None:
        """Return what is the closest to a construct: logical ids are those of one stack."""

        def shared(other: str) -> int:
            both = zip(other.split("/"), path.split("/"), strict=False)
            return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))

        return max(paths, key=shared, default=None)


def _literal_arn(resource: Resource) -> str | None:
    """Return the ARN of a resource whose template says its name; None where a deployment makes it up."""
    kind = TYPES.get(resource.type)
    name = resource.properties.get(kind.named_by) if kind else None
    if not isinstance(name, str) or not resource.arn or resource.type == "AWS::SecretsManager::Secret":
        return None
    if isinstance(resource.properties.get("Path", ""), Unknown):
        return None
    return None if {ANY_ACCOUNT, ANY_REGION} & set(resource.arn.split(":")) else resource.arn


def _sentence(why: str) -> str:
    """Return a reason that ends where the statements began."""
    return why.rstrip(" ,:")


def _with_own_sids(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Number Sids that several statements share, which a policy may have once."""
    seen: dict[str, int] = {}
    for one in statements:
        sid = one.get("Sid")
        if not isinstance(sid, str):
            yield one
            continue
        seen[sid] = seen.get(sid, 0) + 1
        yield one if seen[sid] == 1 else {**one, "Sid": f"{sid}{seen[sid]}"}
