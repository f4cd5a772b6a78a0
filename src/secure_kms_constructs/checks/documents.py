"""The policies of templates, each statement with its place in the template."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from secure_kms_constructs.policies import Policy
from secure_kms_constructs.policies.documents import Effect, Statement
from secure_kms_constructs.policies.verdicts import Verdict, opposite
from secure_kms_constructs.templates.documents import Documents
from secure_kms_constructs.templates.inline import inline_policies
from secure_kms_constructs.templates.keys import KEY_TYPES, default_policy
from secure_kms_constructs.templates.landscape import Resource
from secure_kms_constructs.templates.loading import TemplateError, parse_json

from .findings import Found

_OWN = ("Policy", "ManagedPolicy", "RolePolicy", "UserPolicy", "GroupPolicy")
_POLICIES = tuple(f"AWS::IAM::{kind}" for kind in _OWN)
_EVIDENCE = 400


@dataclass(frozen=True, eq=False)
class Document:
    """A policy as a template has it.

    :param location: the place of the policy in the resource.
    :param written: the policy, intrinsic functions resolved.
    """

    policy: Policy
    resource: Resource
    location: str
    written: object

    @cached_property
    def statements(self) -> tuple[Written, ...]:
        """The statements."""
        listed = self.written.get("Statement") if isinstance(self.written, dict) else None
        if not isinstance(listed, list):
            where = f"{self.location}.Statement" if isinstance(listed, dict) else self.location
            one = listed if isinstance(listed, dict) else self.written
            return tuple(Written(self, statement, where, one) for statement in self.policy.statements[:1])
        # A policy that is not well-formed has one statement, of which nothing is known.
        return tuple(
            Written(self, statement, f"{self.location}.Statement[{statement.index}]", listed[statement.index])
            for statement in self.policy.statements
            if statement.index < len(listed)
        )


@dataclass(frozen=True, eq=False)
class Written:
    """A statement with its place in a template.

    :param location: the place of the statement in the resource.
    :param written: the statement, intrinsic functions resolved.
    """

    document: Document
    statement: Statement
    location: str
    written: object

    @property
    def mistake(self) -> str | None:
        """What makes no sense in it, so that AWS refuses it; None where all does."""
        return dict(self.document.policy.broken).get(self.statement.index)

    @property
    def allows(self) -> Verdict:
        """Whether it is an Allow."""
        effect = self.statement.effect
        return None if effect is Effect.UNKNOWN else effect is Effect.ALLOW

    @property
    def denies(self) -> Verdict:
        """Whether it is a Deny."""
        return opposite(self.allows)

    def found(
        self, message: str, *elements: str, undecided: bool = False, likely: bool = False, harmless: bool = False
    ) -> Found:
        """Return a finding about it, or about the first of some elements that it has."""
        whole = self.written if isinstance(self.written, dict) else {}
        element = next((one for one in elements if one in whole), None)
        location = f"{self.location}.{element}" if element else self.location
        return Found(
            self.document.resource.source,
            location,
            message,
            evidence(whole[element] if element else self.written),
            undecided,
            likely,
            harmless,
        )


def evidence(value: object) -> str:
    """Return part of a template as text, what is not known in it included."""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _EVIDENCE else f"{text[: _EVIDENCE - 3]}..."


def documents_of(resource: Resource, parsed: Documents, known: Mapping[str, Policy]) -> Iterator[Document]:
    """Return the policies that a resource has.

    :param parsed: parses those that nobody has.
    :param known: the policies that somebody has, by name.
    """
    path, properties = resource.source.path, resource.properties
    if resource.type in KEY_TYPES:
        document = properties.get("KeyPolicy", default_policy(resource))
        name = f"key policy of {path}"
        policy = known.get(name) or parsed.key_policy(document, name, resource.source)
        yield Document(policy, resource, "Properties.KeyPolicy", plain(document))
    elif resource.type in _POLICIES:
        document = properties.get("PolicyDocument")
        name = f"policy {path}"
        policy = known.get(name) or parsed.identity_policy(document, name, resource.source)
        yield Document(policy, resource, "Properties.PolicyDocument", plain(document))
    for one in inline_policies(resource):
        policy = known.get(one.title) or parsed.identity_policy(one.document, one.title, resource.source)
        yield Document(policy, resource, one.location, plain(one.document))


def plain(written: object) -> object:
    """Return a policy that is given as text as the object that it is."""
    if not isinstance(written, str):
        return written
    try:
        return parse_json(written, "a policy given as text")
    except TemplateError:
        return written
