"""What a rule sees: one landscape, its policies statement by statement, and who can use its keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from secure_kms_constructs.access.landscape_access import LandscapeAccess
from secure_kms_constructs.access.mentions import Mentions, mentions_of
from secure_kms_constructs.access.parties import Party
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates.documents import Documents
from secure_kms_constructs.templates.keys import KEY_TYPES
from secure_kms_constructs.templates.landscape import Key, Landscape, Resource

from .documents import Document, Written, documents_of


@dataclass(eq=False)
class Context:
    """One landscape.

    :param parsed: the policies parsed so far; landscapes of the same templates may share them.
    """

    landscape: Landscape
    parsed: Documents = field(default_factory=Documents)

    @cached_property
    def access(self) -> LandscapeAccess:
        """The landscape, asked who can use its keys."""
        return LandscapeAccess(self.landscape)

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """All policies that the templates write."""
        known = {one.policy.name: one.policy for one in self.landscape.keys}
        known |= {policy.name: policy for one in self.landscape.identities for policy in one.policies}
        return tuple(one for it in self.landscape.resources for one in documents_of(it, self.parsed, known))

    @cached_property
    def key_statements(self) -> tuple[Written, ...]:
        """The statements of key policies, those apart that AWS refuses."""
        return tuple(one for one in self.statements if one.document.policy.is_key_policy and not one.mistake)

    @cached_property
    def identity_statements(self) -> tuple[Written, ...]:
        """The statements of identity policies, those apart that AWS refuses."""
        return tuple(one for one in self.statements if not one.document.policy.is_key_policy and not one.mistake)

    @cached_property
    def statements(self) -> tuple[Written, ...]:
        """All statements."""
        return tuple(one for document in self.documents for one in document.statements)

    @cached_property
    def keys(self) -> Mapping[str, Key]:
        """The keys by ARN."""
        return {key.arn: key for key in self.landscape.keys}

    @cached_property
    def mentioned(self) -> Mapping[str, Mentions]:
        """Whom key policies tell from others, by the ARNs of the keys."""
        return {key.arn: mentions_of(key.policy) for key in self.landscape.keys}

    @cached_property
    def made_keys(self) -> tuple[tuple[Key, Resource], ...]:
        """The keys that the templates make."""
        return tuple((self.keys[one.arn], one) for one in self.of_types(*KEY_TYPES) if one.arn and one.arn in self.keys)

    def of_types(self, *types: str) -> Iterator[Resource]:
        """Return the resources of some types."""
        return (one for one in self.landscape.resources if one.type in types)

    def key_document(self, key: Key) -> Document | None:
        """Return the policy of a key as its template has it; None for one that its template leaves out."""
        return self._key_documents.get(key.policy.name)

    @cached_property
    def _key_documents(self) -> Mapping[str, Document]:
        return {one.policy.name: one for one in self.documents if one.policy.is_key_policy}

    @cached_property
    def by_arn(self) -> Mapping[str, Party]:
        """The roles and users by ARN."""
        return {one.principal: one for one in self.access.identities.parties}

    def holders(self, document: Document) -> tuple[Party, ...]:
        """Return the roles and users that have a policy."""
        return tuple(self._holders.get(document.policy.name, ()))

    @cached_property
    def _holders(self) -> Mapping[str, list[Party]]:
        found: dict[str, list[Party]] = defaultdict(list)
        for party in self.access.identities.parties:
            for policy in party.policies:
                found[policy.name].append(party)
        return found

    def key_named(self, value: object, resource: Resource) -> Key | Unknown | None:
        """Return the key that a resource names by ARN, id or alias; None for one of AWS, or none."""
        if value is None or isinstance(value, Unknown):
            return value
        text = str(value)
        prefix = f"arn:{resource.partition}:kms:{resource.region}:{resource.account}:"
        name = text if text.startswith("arn:") else prefix + (text if "/" in text else f"key/{text}")
        if ":alias/aws/" in name:
            return None
        if ":alias/" in name:
            return self._aliases.get(name, Unknown(f"{text}, which no template makes"))
        return self.keys.get(name, Unknown(f"key {text}, which no template makes"))

    @cached_property
    def _aliases(self) -> Mapping[str, Key | Unknown]:
        found: dict[str, Key | Unknown] = {}
        for alias in self.of_types("AWS::KMS::Alias"):
            target = self.key_named(alias.properties.get("TargetKeyId"), alias)
            if alias.arn and target is not None:
                found[alias.arn] = target
        return found
