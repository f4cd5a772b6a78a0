"""The second opinion of AWS: IAM Access Analyzer asked about key policies and identity policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-checks-validating-policies.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from secure_kms_constructs.templates.landscape import Landscape, Resource

from .connections import Connection
from .snapshots import Snapshot

_SERVICE = "accessanalyzer"
_KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
# https://aws.amazon.com/iam/access-analyzer/pricing/
_FREE = "ValidatePolicy"
# Without these not all policies are known by name.
_LISTS = ("iam:GetAccountAuthorizationDetails", "kms:ListKeys")
_TYPES = {"key": "RESOURCE_POLICY", "identity": "IDENTITY_POLICY"}


@dataclass(frozen=True)
class Written:
    """A policy as text.

    :param kind: ``key`` or ``identity``.
    """

    name: str
    kind: str
    text: str


@dataclass(frozen=True)
class Question:
    """One call of Access Analyzer about one policy."""

    operation: str
    about: str
    parameters: Mapping[str, Any]

    @property
    def paid(self) -> bool:
        """Whether AWS bills it."""
        return self.operation != _FREE


@dataclass(frozen=True)
class Opinion:
    """What Access Analyzer says of a policy.

    :param level: ``error`` and ``warning`` are to act on, ``note`` is not.
    """

    level: str
    operation: str
    about: str
    text: str

    def __str__(self) -> str:
        return f"{self.level} {self.operation} {self.about}: {self.text}"


@dataclass
class Policies:
    """The policies of something.

    :param left_out: those that cannot be asked about, because they depend on what is not known.
    :param unread: what was not read of an account, so that there may be others.
    """

    written: dict[str, Written] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, name: str, kind: str, document: object) -> None:
        """Add one; of two that are called the same the second has a number."""
        try:
            text = json.dumps(document, sort_keys=True)
        except TypeError:
            self.left_out.append(name)
            return
        number = 1
        while (known := self.written.get(f"{name} ({number})" if number > 1 else name)) and known.text != text:
            number += 1
        whole = f"{name} ({number})" if number > 1 else name
        self.written[whole] = Written(whole, kind, text)


def policies_in(snapshot: Snapshot) -> Policies:
    """Return the key policies and identity policies of accounts."""
    found = policies_of(snapshot.landscapes)
    found.unread = [str(one) for one in snapshot.unread if one.action in _LISTS]
    return found


def policies_of(landscapes: Iterable[Landscape]) -> Policies:
    """Return the key policies and identity policies of templates."""
    found = Policies()
    for resource in (one for landscape in landscapes for one in landscape.resources):
        for name, kind, document in _documents(resource):
            found.add(name, kind, document)
    found.left_out = list(dict.fromkeys(found.left_out))
    return found


def _documents(resource: Resource) -> Iterator[tuple[str, str, object]]:
    path, properties = resource.source.path, resource.properties
    if resource.type in _KEYS and "KeyPolicy" in properties:
        yield f"key policy of {path}", "key", properties["KeyPolicy"]
    elif resource.type.startswith("AWS::IAM::"):
        if "PolicyDocument" in properties:
            yield f"policy {path}", "identity", properties["PolicyDocument"]
        inline = properties.get("Policies")
        for one in inline if isinstance(inline, list) else ():
            if isinstance(one, dict):
                yield f"policy {one.get('PolicyName')} of {path}", "identity", one.get("PolicyDocument")


def questions(
    policies: Policies, *, before: Policies | None = None, not_granted: Sequence[str] = (), on: Sequence[str] = ()
) -> tuple[Question, ...]:
    """Return what to ask: of each policy whether it is well-formed, of each key policy whether it is public.

    :param before: the policies as they were; no policy may allow more than the one of its name there.
    :param not_granted: KMS actions that no identity policy may allow.
    :param on: ARNs of the keys that those are about; by default all.
    :raises ValueError: when there is no policy to ask this of.
    """
    every = list(policies.written.values())
    if not every:
        raise ValueError("there is no policy that can be asked about")
    if on and not not_granted:
        raise ValueError("--on says which keys --not-granted is about: give --not-granted too")
    if not_granted and not any(one.kind == "identity" for one in every):
        raise ValueError("--not-granted is about identity policies, and there is none")
    if before is not None and not set(before.written) & set(policies.written):
        raise ValueError("no policy is in both: compare two files of one kind, such as two account files")
    return tuple(it for one in every for it in _about(one, before, list(not_granted), list(on)))


def _about(one: Written, before: Policies | None, not_granted: list[str], on: list[str]) -> Iterator[Question]:
    kind, text = _TYPES[one.kind], {"policyDocument": one.text}
    yield Question(_FREE, one.name, {**text, "policyType": kind})
    if one.kind == "key":
        yield Question("CheckNoPublicAccess", one.name, {**text, "resourceType": "AWS::KMS::Key"})
    elif not_granted:
        access = {"actions": not_granted, **({"resources": on} if on else {})}
        yield Question("CheckAccessNotGranted", one.name, {**text, "access": [access], "policyType": kind})
    old = before.written.get(one.name) if before else None
    if old is not None and old.text != one.text:
        both = {"newPolicyDocument": one.text, "existingPolicyDocument": old.text, "policyType": kind}
        yield Question("CheckNoNewAccess", one.name, both)


def new_policies(policies: Policies, before: Policies) -> tuple[Opinion, ...]:
    """Return that policies are new, for which there is nothing to ask: all that they allow is new."""
    new = (name for name in policies.written if name not in before.written and name not in before.left_out)
    return tuple(Opinion("error", "CheckNoNewAccess", name, "is new, and so is all that it allows") for name in new)


def ask(to: Connection, asked: Iterable[Question]) -> tuple[Opinion, ...]:
    """Ask Access Analyzer; what it does not answer is among ``unread`` of the connection."""
    return tuple(one for lines in to.each(lambda one: list(_opinions(to, one)), asked) for one in lines)


def _opinions(to: Connection, asked: Question) -> Iterator[Opinion]:
    for page in to.pages(_SERVICE, asked.operation, asked.about, **asked.parameters):
        for finding in page.get("findings", ()):
            level = {"ERROR": "error", "SECURITY_WARNING": "error", "WARNING": "warning"}.get(finding["findingType"])
            text = f"{finding['issueCode']}: {finding['findingDetails']}"
            yield Opinion(level or "note", asked.operation, asked.about, text)
        if asked.paid and page.get("result") != "PASS":
            reasons = [str(one.get("description")) for one in page.get("reasons", ())]
            yield Opinion("error", asked.operation, asked.about, "; ".join(reasons) or str(page.get("message")))
