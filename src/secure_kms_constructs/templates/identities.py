"""The roles and users of templates with their policies, and those that templates only mention."""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from secure_kms_constructs.policies import Policy, PolicyError, Unknown
from secure_kms_constructs.policies.principals import Kind, parse_caller

from .aws_managed import aws_managed
from .documents import Documents
from .landscape import Identity, Key, Note, Resource, Source
from .resource_types import IAM_NAME
from .resources import Described

_HOLDERS = {"AWS::IAM::Role": "role", "AWS::IAM::User": "user", "AWS::IAM::Group": "group"}
_TARGETS = {"Roles": "role", "Users": "user", "Groups": "group"}
_SINGLE = {"AWS::IAM::RolePolicy": "role", "AWS::IAM::UserPolicy": "user", "AWS::IAM::GroupPolicy": "group"}

# Partition and account, "role", "user" or "group", and the name, which is theirs alone whatever the path.
_Key = tuple[str, str, str, str]


@dataclass
class _Holder:
    arn: str | None = None
    source: Source | None = None
    policies: list[Policy] = field(default_factory=list)
    managed: list[object] = field(default_factory=list)
    boundary: object = None
    groups: list[_Key] = field(default_factory=list)


class _Holders:
    """Who has which policies, put together from all resources that say something about it."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.holders: dict[_Key, _Holder] = defaultdict(_Holder)
        self.managed: dict[str, Policy] = {}

    def read(self, one: Described) -> None:
        """Take in a resource."""
        resource = one.resource
        if resource.type in _HOLDERS:
            self._holder(one)
        elif resource.type == "AWS::IAM::Policy":
            policy = self._policy(resource, one)
            for key in self._targets(one):
                self.holders[key].policies.append(policy)
        elif resource.type in _SINGLE:
            noun = _SINGLE[resource.type]
            policy = self._policy(resource, one)
            for key in self._named(one, noun, [resource.properties.get(f"{noun.title()}Name")]):
                self.holders[key].policies.append(policy)
        elif resource.type.startswith("AWS::Serverless::") and "Role" not in resource.properties:
            self._made_by_sam(one)
        elif resource.type == "AWS::IAM::ManagedPolicy" and resource.arn:
            self.managed[resource.arn] = self._policy(resource, one)
            for key in self._targets(one):
                self.holders[key].managed.append(resource.arn)
        elif resource.type == "AWS::IAM::UserToGroupAddition":
            groups = list(self._named(one, "group", [resource.properties.get("GroupName")]))
            for key in self._named(one, "user", resource.properties.get("Users")):
                self.holders[key].groups += groups

    def identities(self) -> Iterator[Identity]:
        """Return the roles and users, groups having become theirs."""
        for key, holder in list(self.holders.items()):
            if key[2] != "group":
                yield self._identity(key, holder)

    def _identity(self, key: _Key, holder: _Holder) -> Identity:
        arn = holder.arn or f"arn:{key[0]}:iam::{key[1]}:{key[2]}/{key[3]}"
        parts = [holder, *(self.holders[group] for group in dict.fromkeys(holder.groups) if group in self.holders)]
        policies = [policy for part in parts for policy in part.policies]
        policies += [self._attached(managed) for part in parts for managed in part.managed]
        for group in dict.fromkeys(holder.groups):
            if group not in self.holders or self.holders[group].source is None:
                policies.append(self._more(f"group {group[3]}"))
        if holder.source is None:
            policies.append(self._more(arn))
        boundary = None if holder.boundary is None else self._attached(holder.boundary)
        return Identity(arn, tuple(dict.fromkeys(policies)), boundary, holder.source)

    def _more(self, whose: str) -> Policy:
        name = f"other policies of {whose}"
        return self.documents.identity_policy(Unknown(f"{name}, which no template makes"), name)

    def _attached(self, arn: object) -> Policy:
        if isinstance(arn, str) and arn in self.managed:
            return self.managed[arn]
        name = f"policy {arn}"
        known = aws_managed(arn) if isinstance(arn, str) else None
        if known:
            return self.documents.identity_policy(known.document, name)
        unknown = arn if isinstance(arn, Unknown) else Unknown(f"the text of {name}, which no template makes")
        return self.documents.identity_policy(unknown, name)

    def _holder(self, one: Described) -> None:
        resource = one.resource
        arn = resource.arn or ""
        noun = _HOLDERS[resource.type]
        name = arn.rpartition("/")[2]
        holder = self.holders[(resource.partition, resource.account, noun, name)]
        path = resource.source.path
        if holder.source:
            self._note(resource.source, f"{path} has the name of {holder.source.path}: read as one")
        holder.arn, holder.source = arn, resource.source
        titles: set[str] = set()
        for place, inline in enumerate(self._listed(resource.properties.get("Policies"))):
            match inline:
                case {"PolicyDocument": document, "PolicyName": str(name)} if f"policy {name} of {path}" not in titles:
                    title = f"policy {name} of {path}"
                case {"PolicyDocument": document}:
                    title = f"policy {place} of {path}"
                case _:
                    title = f"policy {place} of {path}"
                    document = inline if isinstance(inline, Unknown) else Unknown(f"{title}, which is no policy")
            titles.add(title)
            holder.policies.append(self.documents.identity_policy(document, title, resource.source))
        holder.managed += self._listed(resource.properties.get("ManagedPolicyArns"))
        holder.boundary = resource.properties.get("PermissionsBoundary")
        holder.groups += self._named(one, "group", resource.properties.get("Groups"))

    def _made_by_sam(self, one: Described) -> None:
        """Take in the role that the Serverless Application Model makes for a function or state machine.

        https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html
        """
        source, resource = one.resource.source, one.resource
        name = f"{source.logical_id}Role-{one.stack.scrambled(source.logical_id, string.ascii_uppercase, 12)}"
        title = f"policies of {source.path}"
        unknown = Unknown(f"{title}, which a macro writes")
        self.holders[(resource.partition, resource.account, "role", name)] = _Holder(
            f"arn:{resource.partition}:iam::{resource.account}:role/{name}",
            source,
            [self.documents.identity_policy(unknown, title, source)],
        )

    def _policy(self, resource: Resource, one: Described) -> Policy:
        name = f"policy {resource.source.path}"
        document = resource.properties.get("PolicyDocument")
        if one.exists is None:
            document = Unknown(f"{name}, which exists under a condition")
        return self.documents.identity_policy(document, name, resource.source)

    def _targets(self, one: Described) -> Iterator[_Key]:
        for element, noun in _TARGETS.items():
            yield from self._named(one, noun, one.resource.properties.get(element))

    def _named(self, one: Described, noun: str, names: object) -> Iterator[_Key]:
        """Return whom names mean; a name that cannot be told means somebody of whom nothing else is known."""
        resource = one.resource
        for place, name in enumerate(self._listed(names)):
            if not isinstance(name, str) or not IAM_NAME.fullmatch(name):
                source = resource.source
                self._note(source, f"{source.path} is about a {noun} that cannot be told, {name}: read as one more")
                random = one.stack.scrambled(f"{source.logical_id} {noun} {place}", string.ascii_uppercase, 12)
                name = f"unknown-{noun}-{random}"
            yield (resource.partition, resource.account, noun, name)

    def _note(self, source: Source, text: str) -> None:
        self.documents.notes[Note(source, text)] = None

    def _listed(self, value: object) -> list[object]:
        if value is None:
            return []
        return value if isinstance(value, list) else [value]


def identities_of(resources: Iterable[Described], keys: Iterable[Key], documents: Documents) -> tuple[Identity, ...]:
    """Return the roles and users that templates make, attach policies to, or name in a key policy."""
    holders = _Holders(documents)
    for one in resources:
        holders.read(one)
    for arn in sorted({arn for key in keys for arn in _mentioned(key.policy)}):
        caller = parse_caller(arn)
        noun = "role" if caller.kind is Kind.ROLE else "user"
        holder = holders.holders[(caller.partition, caller.account or "", noun, caller.name)]
        holder.arn = holder.arn or arn
    return tuple(holders.identities())


def _mentioned(policy: Policy) -> Iterator[str]:
    """Return the roles and users that a key policy names."""
    for statement in policy.statements:
        named = set(statement.principals.aws)
        for condition in statement.conditions:
            if condition.key.lower() == "aws:principalarn":
                named |= {value for value in condition.values if isinstance(value, str)}
        for arn in named:
            if _is_identity(arn):
                yield arn


def _is_identity(arn: str) -> bool:
    try:
        return parse_caller(arn).kind in (Kind.ROLE, Kind.USER)
    except PolicyError:
        return False
