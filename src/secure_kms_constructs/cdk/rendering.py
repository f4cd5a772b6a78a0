"""Puts a key policy into the template, and looks at synth at what is there, whoever wrote it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jsii
from aws_cdk import ConstructSelector, IAnyProducer, Lazy, Stack, region_info
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs.authoring.key_policies import KeyPolicy
from secure_kms_constructs.aws import arns

from .asking import asked_once, child_of, region_of
from .findings import check_at_synth
from .places import is_known


class Document(NamedTuple):
    """A key policy in Node, shared by all keys of a stack that have the same, and how many statements it has."""

    shared: iam.PolicyDocument
    statements: int


class Rendering:
    """The key policy of one key: what it shares until it changes for the first time, then its own as it is at synth.

    :param made_with: what the L2 was given as its policy.
    :raises ValueError: where something else has taken its place.
    """

    def __init__(self, stack: Stack, key: kms.Key, policy: KeyPolicy, made_with: Document) -> None:
        self._stack = stack
        self.key = key
        self.policy = policy
        self.made_with = made_with
        self._written: Any = made_with.shared
        others = _renderings_in(stack)
        # Whoever injects properties does so for all keys of a stack, so the first tells.
        if not others and _reference(child_of(key).key_policy) != self.written:
            raise ValueError(
                f"a property injector sets the policy of {key.node.path}, and a HardenedKey writes its own: "
                "leave policy out of what it injects into kms.Key"
            )
        policy.at_first_change(self._follow)
        others.append(self)

    def _follow(self) -> None:
        resource = child_of(self.key)
        # What somebody has assigned in its place stays, as an escape hatch should.
        if _reference(resource.key_policy) == self.written:
            self._written = Lazy.uncached_any(_Producer(self._stack, self.policy))
            resource.key_policy = self._written

    @property
    def written(self) -> str:
        """What tells the object that was written into the key."""
        return _reference(self._written)

    def finished(self, stands: bool) -> Any:
        """Return the key policy that is deployed, as a token or as plain data.

        :param stands: whether what was written is known to be there still.
        """
        return self._written if stands else child_of(self.key).key_policy


def partition_of(stack: Stack) -> dict[str, str]:
    """Return what the partition's pseudo parameter stands for in a stack, nothing where it is not known."""
    partition = _partition(region_of(stack)) if is_known(region_of(stack)) else None
    return {"${AWS.Partition}": partition} if partition else {}


@lru_cache
def _partition(region: str) -> str | None:
    return region_info.RegionInfo.get(region).partition


@asked_once
def _renderings_in(stack: Stack) -> list[Rendering]:
    renderings: list[Rendering] = []
    check_at_synth(stack, lambda: list(_problems(stack, renderings)))
    return renderings


def _problems(stack: Stack, renderings: Sequence[Rendering]) -> Iterator[str]:
    # Loaded once there is something to check: the evaluator takes half as long to load as all the rest of ours.
    from secure_kms_constructs.authoring import key_policy_checks

    for one in {_reference(it.made_with.shared): it for it in renderings}.values():
        if one.made_with.shared.statement_count > one.made_with.statements:
            yield (
                f"{one.key.node.path}: statements were added to a document that all keys of the stack start with: "
                "use add_to_resource_policy of the key, or assign a document of your own"
            )
    # One question less for each key than to look for its L1. Where all counts are equal, each key of the stack holds
    # what was written into one of them.
    resources: Any = ConstructSelector.resources_of_type("AWS::KMS::Key").select(stack)
    stands = Counter(one.written for one in renderings) == Counter(_reference(one.key_policy) for one in resources)
    found: dict[str, list[str]] = {}
    known = partition_of(stack)
    for one in renderings:
        document = one.finished(stands)
        told = [one.policy.deployer, one.policy.created]
        name = _as_json([document, told])
        if name not in found:
            resolved, (deployer, created) = stack.resolve([document, told])
            deployment = key_policy_checks.Deployment(
                arns.as_text(deployer),
                known,
                {arns.as_text(via): actions for via, actions in created or ()},
                one.policy.rotates,
            )
            found[name] = key_policy_checks.problems(resolved, deployment)
        yield from (f"{one.key.node.path}: {problem}" for problem in found[name])


@jsii.implements(IAnyProducer)
class _Producer:
    def __init__(self, stack: Stack, policy: KeyPolicy) -> None:
        self._stack = stack
        self.policy = policy

    def produce(self, _context: Any) -> Any:
        return as_document(self._stack, self.policy).shared


def as_document(stack: Stack, policy: KeyPolicy) -> Document:
    """Return a key policy for Node, the same for the same: it is long, and Node asks for it often."""
    documents, document = _documents_in(stack), policy.document()
    text = _as_json(document)
    if text not in documents:
        documents[text] = Document(iam.PolicyDocument.from_json(document), len(document["Statement"]))
    return documents[text]


@asked_once
def _documents_in(_stack: Stack) -> dict[str, Document]:
    return {}


def _as_json(document: Any) -> str:
    return json.dumps(document, default=reference)


def reference(value: Any) -> str:
    """Return what tells an object of Node: jsii may make a new Python object each time it hands over the same."""
    return str(value.__jsii_ref__.ref)


def _reference(value: Any) -> str:
    return reference(value) if hasattr(value, "__jsii_ref__") else ""
