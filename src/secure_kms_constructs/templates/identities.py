"""The roles and users of templates with their policies, and those that templates only mention."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from secure_kms_constructs.aws.managed_policies import aws_managed
from secure_kms_constructs.policies import Policy, PolicyError, Unknown
from secure_kms_constructs.policies.documents import doubted, perhaps
from secure_kms_constructs.policies.principals import Kind, parse_caller

from .documents import Documents
from .holders import Holder, HolderKey, inline_of, made_for
from .inline import listed
from .landscape import Identity, Key, Note, Resource, Source
from .made_roles import UPPER, Told
from .resource_types import IAM_NAME, IAM_NOUNS
from .resources import Described
from .unread import Unread
from .untold_names import named_alike

_WORD = re.compile(r"[A-Za-z0-9]+")
_TARGETS = {"Roles": "role", "Users": "user", "Groups": "group"}
_SINGLE = {"AWS::IAM::RolePolicy": "role", "AWS::IAM::UserPolicy": "user", "AWS::IAM::GroupPolicy": "group"}


class _Holders:
    """Who has which policies, put together from all resources that say something about it."""

    def __init__(self, documents: Documents, resources: list[Described], unread: Unread, told: Told) -> None:
        self.documents, self.unread, self.told = documents, unread, told
        self.accounts = {one.resource.account for one in resources}
        self.alike = named_alike(resources)
        # The roles, users and groups that templates make. Stacks of which nobody says that they share an account may
        # have the same names.
        self.made: dict[HolderKey, list[Holder]] = defaultdict(list)
        # What templates attach by name.
        self.attached: dict[HolderKey, list[Holder]] = defaultdict(list)
        # What they attach by a name that cannot be told, by partition, account and noun, with the ids said there.
        self.perhaps: dict[tuple[str, str, str], list[tuple[Holder, frozenset[str]]]] = defaultdict(list)
        self.untold: dict[HolderKey, tuple[Unknown, frozenset[str]]] = {}
        self.elsewhere: dict[HolderKey, str] = {}
        self._perhaps: dict[tuple[Policy, Unknown], Policy] = {}
        self.managed: dict[str, list[tuple[str, Policy]]] = defaultdict(list)

    def read(self, one: Described) -> None:
        """Take in a resource."""
        resource = one.resource
        for key, holder in made_for(one, self.accounts, self.documents, self.told):
            self.made[key].append(holder)
        if resource.type in IAM_NOUNS:
            self._holder(one)
        elif resource.type == "AWS::IAM::Policy":
            policy = self._policy(resource, one)
            for key in self._targets(one):
                self._attach(one, key, policies=[policy])
        elif resource.type in _SINGLE:
            noun = _SINGLE[resource.type]
            policy = self._policy(resource, one)
            name = f"{noun.title()}Name"
            for key in self._named(one, noun, [resource.properties.get(name)], name):
                self._attach(one, key, policies=[policy])
        elif resource.type == "AWS::IAM::ManagedPolicy" and resource.arn:
            self.managed[resource.arn].append((one.stack.top, self._policy(resource, one)))
            for key in self._targets(one):
                self._attach(one, key, managed=[resource.arn])
        elif resource.type == "AWS::IAM::UserToGroupAddition":
            groups = list(self._named(one, "group", [resource.properties.get("GroupName")], "GroupName"))
            for key in self._named(one, "user", resource.properties.get("Users"), "Users"):
                self._attach(one, key, groups=groups)

    def identities(self) -> Iterator[Identity]:
        """Return the roles and users, groups having become theirs."""
        for key in dict.fromkeys((*self.made, *self.attached)):
            if key[2] != "group":
                others = [Holder(self.elsewhere[key])] if key in self.elsewhere else []
                yield from (self._identity(key, holder) for holder in (*self.made.get(key, [Holder()]), *others))

    def mention(self, key: HolderKey, arn: str) -> None:
        """Take in somebody whom a key policy names."""
        if key not in self.made:
            self.attached[key].append(Holder(arn))
        elif not any(one.is_there for one in self.made[key]):
            # Where the template makes none, another of that name may be there.
            self.elsewhere[key] = arn

    def _attach(
        self,
        one: Described,
        key: HolderKey,
        *,
        policies: Iterable[Policy] = (),
        managed: Iterable[object] = (),
        groups: Iterable[HolderKey] = (),
    ) -> None:
        doubt = None
        if one.exists is None and one.resource.type == "AWS::IAM::UserToGroupAddition":
            doubt = Unknown(f"{one.resource.source.path}, which exists under a condition")
        whole = Holder(None, None, list(policies), list(managed), groups=list(groups), top=one.stack.top, doubt=doubt)
        self.attached[key].append(whole)
        if key in self.untold:
            name, said = self.untold[key]
            self.perhaps[key[:3]].append((replace(whole, doubt=name), said))

    def _identity(self, key: HolderKey, holder: Holder) -> Identity:
        attached = self.attached.get(key, [])
        arn = next((one.arn for one in (holder, *attached) if one.arn), f"arn:{key[0]}:iam::{key[1]}:{key[2]}/{key[3]}")
        parts = list(self._parts(key, holder))
        policies = [policy for part in parts for policy in self._policies(part)]
        for part in parts:
            for group in part.groups:
                its = [policy for one in self._of_group(group) for policy in self._policies(one)]
                policies += [self._in_doubt(policy, part.doubt) for policy in its]
        if holder.source is None:
            policies.append(self._more(arn))
        else:
            policies += self._unread(key, holder)
        boundary = None
        if holder.boundary is not None:
            boundary = doubted(self._attached(holder.boundary, holder.top), self.unread.of_stack(holder.stack))
        return Identity(arn, tuple(dict.fromkeys(policies)), boundary, holder.source)

    def _of_group(self, group: HolderKey) -> Iterator[Holder]:
        """Return all that says something about a group."""
        made = self.made.get(group, [])
        for maker in made[:1]:
            yield from self._parts(group, maker)
            yield Holder(policies=list(self._unread(group, maker)))
        if not made:
            yield from self.attached.get(group, [])
        if len(made) != 1 or made[0].doubt:
            yield Holder(policies=[self._more(f"group {group[3]}")])

    def _policies(self, part: Holder) -> Iterator[Policy]:
        attached = (self._attached(managed, part.top) for managed in part.managed)
        yield from (self._in_doubt(policy, part.doubt) for policy in (*part.policies, *attached))

    def _in_doubt(self, policy: Policy, doubt: Unknown | None) -> Policy:
        if doubt is None:
            return policy
        if (policy, doubt) not in self._perhaps:
            self._perhaps[policy, doubt] = perhaps(policy, doubt)
        return self._perhaps[policy, doubt]

    def _unread(self, key: HolderKey, holder: Holder) -> Iterator[Policy]:
        """Return an unknown policy for what is not read and may have one for somebody."""
        doubt = self.unread.of_identity(holder.stack, key[1], key[3], is_given=holder.is_named)
        if doubt and holder.source:
            title = f"unread policies of {holder.source.path}"
            yield self.documents.identity_policy(doubt, title, holder.source)

    def _parts(self, key: HolderKey, holder: Holder) -> Iterator[Holder]:
        """Return all that says something about somebody; of two of one name, what cannot be told apart is unknown."""
        yield holder
        for one, said in self.perhaps.get(key[:3], ()):
            # Nobody else can tell a name that a deployment makes up, but whoever is told.
            if holder.source and (holder.is_named or holder.source.logical_id in said):
                yield one
        namesakes = self.made.get(key, [])
        for one in self.attached.get(key, []):
            near = [other for other in namesakes if other.top == one.top]
            if len(namesakes) < 2 or near == [holder]:
                yield one
            elif len(near) != 1:
                title = f"policies of one of {len(namesakes)} {key[2]}s {key[3]}"
                yield Holder(policies=[self.documents.identity_policy(Unknown(title), title)])

    def _more(self, whose: str) -> Policy:
        name = f"other policies of {whose}"
        return self.documents.identity_policy(Unknown(f"{name}, which no template makes"), name)

    def _attached(self, arn: object, top: str) -> Policy:
        made = self.managed.get(arn, []) if isinstance(arn, str) else []
        near = [policy for its_top, policy in made if its_top == top or len(made) == 1]
        if len(near) == 1:
            return near[0]
        name = f"policy {arn}"
        if made:
            return self.documents.identity_policy(Unknown(f"{name}, of which there are {len(made)}"), name)
        known = aws_managed(arn) if isinstance(arn, str) else None
        if known:
            return self.documents.identity_policy(known.document, name)
        unknown = arn if isinstance(arn, Unknown) else Unknown(f"the text of {name}, which no template makes")
        return self.documents.identity_policy(unknown, name)

    def _holder(self, one: Described) -> None:
        resource = one.resource
        arn, noun, source = resource.arn or "", IAM_NOUNS[resource.type], resource.source
        key = (resource.partition, resource.account, noun, arn.rpartition("/")[2])
        for other in self.made[key][:1]:
            whose = other.source.path if other.source else arn
            self._note(source, f"{source.path} has the name of {whose}: read as another one, of another account")
        managed = listed(resource.properties.get("ManagedPolicyArns"))
        boundary = resource.properties.get("PermissionsBoundary")
        groups = list(self._named(one, "group", resource.properties.get("Groups"), "Groups"))
        inline = [doubted(policy, resource.doubt) for policy in inline_of(resource, self.documents)]
        names = ("RoleName", "UserName", "GroupName")
        is_named = not one.stack.properties(source.logical_id).keys().isdisjoint(names)
        doubt = None
        if noun == "group" and one.exists is None:
            doubt = Unknown(f"{source.path}, which exists under a condition")
        self.made[key].append(
            Holder(
                arn,
                source,
                inline,
                managed,
                boundary,
                groups,
                one.stack.name,
                one.stack.top,
                is_named,
                doubt,
                bool(one.exists),
            )
        )

    def _policy(self, resource: Resource, one: Described) -> Policy:
        name = f"policy {resource.source.path}"
        document = resource.properties.get("PolicyDocument")
        if one.exists is None:
            document = Unknown(f"{name}, which exists under a condition")
        policy = self.documents.identity_policy(document, name, resource.source)
        return doubted(policy, resource.doubt)

    def _targets(self, one: Described) -> Iterator[HolderKey]:
        for element, noun in _TARGETS.items():
            if element in one.resource.properties:
                yield from self._named(one, noun, one.resource.properties[element], element)

    def _named(self, one: Described, noun: str, names: object, element: str) -> Iterator[HolderKey]:
        """Return whom names mean; a name that cannot be told means somebody of whom nothing else is known.

        :param element: the property that says them.
        """
        resource = one.resource
        for place, name in enumerate(listed(names)):
            if isinstance(name, Unknown):
                same = self.alike.get((resource.partition, resource.account, noun, name), ())
                if len(same) == 1:
                    yield (resource.partition, resource.account, noun, same[0])
                    continue
            if not isinstance(name, str) or not IAM_NAME.fullmatch(name):
                source = resource.source
                self._note(source, f"{source.path} is about a {noun} that cannot be told, {name}: read as one more")
                random = one.stack.scrambled(f"{source.logical_id} {noun} {place}", UPPER, 12)
                why = name if isinstance(name, Unknown) else Unknown(f"a {noun} of {source.path}")
                name = f"unknown-{noun}-{random}"
                said = one.stack.properties(source.logical_id).get(element)
                ids = frozenset(_WORD.findall(json.dumps(said)))
                self.untold[resource.partition, resource.account, noun, name] = why, ids
            yield (resource.partition, resource.account, noun, name)

    def _note(self, source: Source, text: str) -> None:
        self.documents.notes[Note(source, text)] = None


def identities_of(
    resources: Iterable[Described], keys: Iterable[Key], documents: Documents, unread: Unread, told: Told
) -> tuple[Identity, ...]:
    """Return the roles and users that templates make, attach policies to, or name in a key policy.

    :param told: what is assumed of names.
    """
    resources = list(resources)
    holders = _Holders(documents, resources, unread, told)
    for one in resources:
        holders.read(one)
    for arn in sorted({arn for key in keys for arn in _mentioned(key.policy)}):
        caller = parse_caller(arn)
        noun = "role" if caller.kind is Kind.ROLE else "user"
        holders.mention((caller.partition, caller.account or "", noun, caller.name), arn)
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
