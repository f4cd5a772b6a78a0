"""What was read of accounts, in the form in which templates are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from secure_kms_constructs.aws.managed_policies import aws_managed
from secure_kms_constructs.policies import Policy, PolicyError, Unknown, parse_grant, parse_key_policy, parse_scp
from secure_kms_constructs.policies.grants import unknown_grants
from secure_kms_constructs.policies.outer import Outer
from secure_kms_constructs.policies.principals import Kind, parse_caller
from secure_kms_constructs.templates.documents import Documents
from secure_kms_constructs.templates.landscape import Identity, Key, Landscape, Note, Resource, Source

from . import records
from .calls import Answer
from .grantees import is_of_service
from .records import Account
from .uses import TYPES


@dataclass(frozen=True)
class Naming:
    """What rows call what was read.

    :param paths: names by ARN; what has none is called by its ARN.
    :param instead: texts that stand in policies instead of others, to compare with templates.
    """

    paths: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)

    def source(self, account: str, arn: str) -> Source:
        """Return where something is from."""
        return Source(account, arn.rpartition(":")[2], self.paths.get(arn, arn))

    def document(self, written: object) -> object:
        """Return a policy with the texts that stand instead of others."""
        if not self.instead or written is None:
            return written
        text = json.dumps(written)
        for one, other in self.instead.items():
            text = text.replace(one, other)
        return json.loads(text)


def landscape_of(accounts: Iterable[Account], naming: Naming = Naming(), *, service_grants: bool = True) -> Landscape:
    """Return what accounts hold.

    :param naming: what rows call what was read.
    :param service_grants: whether grants that services made for themselves are part of it.
    """
    documents = Documents(stored=True)
    parts = [_Part(account, naming, documents, service_grants) for account in accounts]
    keys = tuple(one for part in parts for one in part.made_keys())
    identities = tuple(one for part in parts for one in part.identities())
    resources = tuple(one for part in parts for one in part.resources())
    read = {key.arn for part in parts for key in part.account.keys}
    notes = tuple(one for part in parts for one in (*part.notes(), *part.apart(read)))
    organization = {part.account.account: part.organization() for part in parts if part.account.organization}
    sources = dict(documents.sources)
    return Landscape(
        keys, identities, resources, (*notes, *documents.notes), sources=sources, organization=organization
    )


@dataclass
class _Part:
    """One account."""

    account: Account
    naming: Naming
    documents: Documents
    service_grants: bool

    def made_keys(self) -> Iterator[Key]:
        for key in self.account.keys:
            source = self.naming.source(self.account.account, key.arn)
            policy = self.documents.key_policy(self._policy(key), f"key policy of {source.path}", source)
            arn = self.naming.instead.get(key.arn, key.arn)
            yield Key(arn, policy, source, tuple(self._grants(key)), of_aws=self._may_be_of_aws(key))

    def _may_be_of_aws(self, key: records.Key) -> bool:
        """Tell whether AWS manages a key, so that no resource control policy takes access to it away, or may do so."""
        if key.manager == "AWS":
            return True
        unread = (("kms:DescribeKey", key.arn), ("kms:ListAliases", key.region))
        return all(self.account.missing(*one) is not None for one in unread)

    def _policy(self, key: records.Key) -> object:
        if key.policy is not None:
            return self.naming.document(key.policy)
        return self._unknown("kms:GetKeyPolicy", key.arn, f"the key policy of {key.called}")

    def _grants(self, key: records.Key) -> Iterator[Policy]:
        if key.grants is None:
            why = self._unknown("kms:ListGrants", key.arn, f"the grants on {key.called}")
            yield unknown_grants(why, name=why.description)
        for grant in key.grants or ():
            if is_of_service(grant, self.account.account) and not self.service_grants:
                continue
            name = f"grant {grant.get('GrantId', 'without id')}"
            source = self.naming.source(self.account.account, key.arn)
            self.documents.sources[name] = Source(source.stack, name, source.path)
            written = self.naming.document(grant)
            try:
                yield parse_grant(written if isinstance(written, dict) else {}, name=name)
            except PolicyError as error:
                self.documents.notes[Note(source, f"{error}: read as grants that are not known")] = None
                yield unknown_grants(Unknown(f"{name}, which is not well-formed"), name=name)

    def identities(self) -> Iterator[Identity]:
        groups = {group.name: group for group in self.account.groups}
        for one in self.account.identities:
            source = self.naming.source(self.account.account, one.arn)
            policies = list(self._held(one.inline, one.attached, source))
            for name in one.groups:
                if name in groups:
                    group = groups[name]
                    of = self.naming.source(self.account.account, group.arn)
                    policies += self._held(group.inline, group.attached, of)
                else:
                    policies.append(
                        self._identity_policy(Unknown(f"group {name}, which was not read"), f"group {name}")
                    )
            boundary = None if one.boundary is None else self._managed(one.boundary)
            arn = self.naming.instead.get(one.arn, one.arn)
            yield Identity(arn, tuple(dict.fromkeys(policies)), boundary, source)

    def _held(self, inline: Mapping[str, object], attached: Iterable[str], source: Source) -> Iterator[Policy]:
        for name, document in inline.items():
            yield self._identity_policy(self.naming.document(document), f"policy {name} of {source.path}", source)
        for arn in attached:
            yield self._managed(arn)

    def _managed(self, arn: str) -> Policy:
        written = self.account.policies.get(arn)
        source = self.naming.source(self.account.account, arn)
        # By the names that checks give them.
        name = f"policy {source.path}"
        if written is not None:
            return self._identity_policy(self.naming.document(written), name, source)
        known = aws_managed(arn)
        return self._identity_policy(known.document if known else Unknown(f"the text of {name}"), name)

    def _identity_policy(self, document: object, name: str, source: Source | None = None) -> Policy:
        key = (name, id(document) if isinstance(document, dict) else document)
        if key not in self._parsed:
            self._parsed[key] = (document, self.documents.identity_policy(document, name, source))
        return self._parsed[key][1]

    _parsed: dict[object, tuple[object, Policy]] = field(default_factory=dict)

    def resources(self) -> Iterator[Resource]:
        for key in self.account.keys:
            if not self._may_be_of_aws(key):
                yield self._resource("AWS::KMS::Key", key.arn, self._key_properties(key))
        for key in self.account.keys:
            for alias in key.aliases:
                arn = f"{key.arn.rpartition(':')[0]}:{alias}"
                yield self._resource("AWS::KMS::Alias", arn, {"AliasName": alias, "TargetKeyId": key.id})
        for one in self.account.identities:
            yield self._resource(f"AWS::IAM::{one.kind.title()}", one.arn, _identity_properties(one))
        for group in self.account.groups:
            yield self._resource("AWS::IAM::Group", group.arn, _identity_properties(group))
        for arn, document in self.account.policies.items():
            if f"::{self.account.account}:" in arn:
                yield self._resource("AWS::IAM::ManagedPolicy", arn, {"PolicyDocument": document})
        for it in self.account.resources:
            properties = {"Name": it.name} | ({"KmsKeyId": it.key} if it.key else {})
            yield self._resource(TYPES[it.kind], it.arn, properties)

    def _key_properties(self, key: records.Key) -> dict[str, object]:
        properties: dict[str, object] = {"KeyPolicy": self._policy(key)}
        rotation = self.account.missing("kms:GetKeyRotationStatus", key.arn)
        properties["EnableKeyRotation"] = key.rotation if rotation is None else Unknown(str(rotation))
        untold = self.account.missing("kms:DescribeKey", key.arn)
        if untold is not None:
            names = ("KeySpec", "KeyUsage", "Origin", "MultiRegion")
            return properties | dict.fromkeys(names, Unknown(str(untold)))
        properties |= {"KeySpec": key.spec, "KeyUsage": key.usage}
        if key.origin != "AWS_KMS":
            properties["Origin"] = key.origin
        if key.multi_region:
            properties["MultiRegion"] = True
        if key.rotation_days:
            properties["RotationPeriodInDays"] = key.rotation_days
        return properties

    def _resource(self, kind: str, arn: str, properties: Mapping[str, object]) -> Resource:
        region = arn.split(":")[3] or self.account.regions[0]
        source = self.naming.source(self.account.account, arn)
        placed = self.naming.instead.get(arn, arn)
        given = {name: _document_of(self.naming, value) for name, value in properties.items()}
        return Resource(kind, source, self.account.partition, region, self.account.account, placed, given)

    def organization(self) -> Outer:
        """Return the policies of the organization that bind the account, and its keys."""
        found = self.account.organization or records.Organization()
        unread = [one for one in self.account.unread if one.action.startswith("organizations:")]
        scps = [
            parse_scp(*level.values(), name=f"SCPs of level {place} above {self.account.account}", lenient=True)
            for place, level in enumerate(found.scps)
            if level
        ]
        rcps = [
            parse_key_policy(document, name=f"RCP {name}", lenient=True)
            for level in found.rcps
            for name, document in level.items()
        ]
        if unread:
            # Any of them may deny anything.
            why = Unknown(str(unread[0]))
            scps.append(parse_scp(why, name="SCPs that were not read"))
            rcps.append(parse_key_policy(why, name="RCPs that were not read"))
        return Outer(tuple(scps), tuple(rcps))

    def notes(self) -> Iterator[Note]:
        for one in self.account.unread:
            number = self.account.account
            yield Note(Source(number, "", f"account {number}"), str(one), unread=Answer.CHECK in one.answers)
        known = {one.arn for one in self.account.identities}
        if self.account.missing("iam:GetAccountAuthorizationDetails", self.account.account) is None:
            for key in self.account.keys:
                for name in sorted(_named(key.policy) - known):
                    if _is_of(name, self.account.account):
                        source = self.naming.source(self.account.account, key.arn)
                        yield Note(source, f"{name}, whom the key policy of {key.called} names, does not exist")

    def apart(self, read: set[str]) -> Iterator[Note]:
        """Return which keys have others of the same material, of whom it is not known who can use them."""
        for key in self.account.keys:
            for arn in key.related:
                if arn not in read:
                    source = self.naming.source(self.account.account, key.arn)
                    way_out = f"give --region {arn.split(':')[3]}"
                    yield Note(source, f"{arn} decrypts what {key.called} encrypted, and was not read: {way_out}")

    def _unknown(self, action: str, about: str, what: str) -> Unknown:
        unread = self.account.missing(action, about)
        return Unknown(f"{what}: {unread or f'{action} was not asked'}")


def _identity_properties(one: records.Identity | records.Group) -> dict[str, object]:
    inline = [{"PolicyName": name, "PolicyDocument": document} for name, document in one.inline.items()]
    properties: dict[str, object] = {"Policies": inline, "ManagedPolicyArns": list(one.attached)}
    if isinstance(one, records.Identity) and one.boundary:
        properties["PermissionsBoundary"] = one.boundary
    return properties


def _document_of(naming: Naming, value: object) -> object:
    if not naming.instead or not isinstance(value, dict | list):
        return value
    return naming.document(value) if not _has_unknown(value) else value


def _has_unknown(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_has_unknown, value.values()))
    return any(map(_has_unknown, value)) if isinstance(value, list) else isinstance(value, Unknown)


def _named(policy: object) -> set[str]:
    """Return the ARNs that a key policy has as principals."""
    found: set[str] = set()
    statements = policy.get("Statement", ()) if isinstance(policy, dict) else ()
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal") if isinstance(statement, dict) else None
        aws = principal.get("AWS", ()) if isinstance(principal, dict) else ()
        found |= {one for one in (aws if isinstance(aws, list) else [aws]) if isinstance(one, str)}
    return found


def _is_of(arn: str, account: str) -> bool:
    """Tell whether an ARN is that of a role or user of an account."""
    try:
        caller = parse_caller(arn)
    except PolicyError:
        return False
    return caller.kind in (Kind.ROLE, Kind.USER) and caller.account == account
