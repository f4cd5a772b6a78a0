"""Which thing of an account a template made: by physical id, by ARN, and keys by alias."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from secure_kms_constructs.templates.inline import PERMISSION_SET
from secure_kms_constructs.templates.keys import KEY_TYPES
from secure_kms_constructs.templates.landscape import Landscape, Resource

from .records import Account
from .snapshots import Snapshot

_RESERVED = re.escape("aws-reserved/sso.amazonaws.com/")
_NAMED = {
    "AWS::IAM::Role": ":role/",
    "AWS::IAM::User": ":user/",
    "AWS::IAM::ManagedPolicy": ":policy/",
    "AWS::SecretsManager::Secret": ":secret:",
    "AWS::SSM::Parameter": ":parameter",
    "AWS::Logs::LogGroup": ":log-group:",
}


@dataclass(frozen=True)
class Matched:
    """What templates made, found in accounts.

    :param arns: the ARN in the account by the construct path.
    :param missing: paths of keys, roles and users that were not found.
    """

    arns: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def match(landscape: Landscape, snapshot: Snapshot, stacks: Mapping[str, str]) -> Matched:
    """Find what templates made.

    :param stacks: what stacks are called where they are deployed, where that is not their name in the app.
    """
    finder = _Finder(landscape, snapshot, stacks)
    arns: dict[str, str] = {}
    missing: list[str] = []
    for resource in landscape.resources:
        found = finder.found(resource)
        if found is not None:
            arns[resource.source.path] = found
        elif resource.type in (*KEY_TYPES, "AWS::IAM::Role", "AWS::IAM::User"):
            missing.append(resource.source.path)
    return Matched(arns, tuple(sorted(missing)))


def roles_of(permission_set: Resource, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the roles that Identity Center made of a permission set, in each account that it is assigned in.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """
    name = permission_set.properties.get("Name")
    if permission_set.type != PERMISSION_SET or not isinstance(name, str):
        return ()
    made = re.compile(rf"arn:[^:]+:iam::\d+:role/{_RESERVED}([^/]+/)?AWSReservedSSO_{re.escape(name)}_[0-9a-f]{{16}}")
    every = (one.arn for account in snapshot.accounts for one in account.identities)
    return tuple(arn for arn in every if made.fullmatch(arn))


@dataclass
class _Finder:
    landscape: Landscape
    snapshot: Snapshot
    stacks: Mapping[str, str]

    def __post_init__(self) -> None:
        self.known: set[str] = set()
        for account in self.snapshot.accounts:
            self.known |= {key.arn for key in account.keys} | {one.arn for one in account.identities}
            self.known |= {one.arn for one in account.resources} | set(account.policies)

    def found(self, resource: Resource) -> str | None:
        by_id = next(self._by_physical_id(resource), None)
        if by_id is not None:
            return by_id
        if resource.arn in self.known:
            return resource.arn
        return self._by_alias(resource) if resource.type in KEY_TYPES else None

    def _by_physical_id(self, resource: Resource) -> Iterator[str]:
        for account in self.snapshot.accounts:
            for region in account.regions:
                id = self._id(account, region, resource.source.stack, resource.source.logical_id)
                if id and id.startswith("arn:"):
                    # What is not read, such as a secret under the default key, is known by this alone.
                    yield id
                elif id and resource.type == "AWS::S3::Bucket":
                    # So is a bucket, whose ARN is its name.
                    yield f"{(resource.arn or 'arn:aws').partition(':s3:')[0]}:s3:::{id}"
                elif id:
                    yield from (one for one in sorted(self.known) if _is_called(one, resource, account, id))

    def _id(self, account: Account, region: str, stack: str, logical_id: str) -> str | None:
        name = self._deployed(account, region, stack)
        return account.stacks.get(f"{region}/{name}", {}).get(logical_id) if name else None

    def _deployed(self, account: Account, region: str, stack: str) -> str | None:
        """Return what a stack is called; one nested in another has the name in its ARN."""
        outer, _, inner = stack.rpartition("/")
        if not outer:
            return self.stacks.get(stack, stack)
        arn = self._id(account, region, outer, inner) or ""
        return arn.split("/")[1] if "/" in arn else None

    def _by_alias(self, resource: Resource) -> str | None:
        for alias in self.landscape.resources:
            target, name = str(alias.properties.get("TargetKeyId")), alias.properties.get("AliasName")
            if alias.type != "AWS::KMS::Alias" or not (resource.arn or "").endswith(target.rpartition("/")[2]):
                continue
            for account in self.snapshot.accounts:
                for key in account.keys:
                    if name in key.aliases:
                        return key.arn
        return None


def _is_called(arn: str, resource: Resource, account: Account, id: str) -> bool:
    if arn == id:
        return True
    if resource.type in KEY_TYPES:
        return ":kms:" in arn and arn.endswith(f":key/{id}")
    if f":{account.account}:" not in arn or _NAMED.get(resource.type, "\0") not in arn:
        return False
    return arn.endswith((f"/{id}", f":{id}", id if id.startswith("/") else f"/{id}"))
