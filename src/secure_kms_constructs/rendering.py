"""Puts a key policy into the template, and looks at synth at what is there, whoever wrote it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import jsii
from aws_cdk import ConstructSelector, IAnyProducer, Lazy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from .asking import asked_once, child_of
from .findings import check_at_synth
from .key_policies import KeyPolicy


class Rendering:
    """The key policy of one key: as it is, until it changes for the first time, and from then on as it is at synth.

    :param written: what the key was made with, of ``as_document``.
    """

    def __init__(self, stack: Stack, key: kms.Key, policy: KeyPolicy, written: iam.PolicyDocument) -> None:
        self._stack = stack
        self.key = key
        self._policy = policy
        self._written: Any = written
        policy.at_first_change(self._follow)
        _renderings_in(stack).append(self)

    def _follow(self) -> None:
        resource = child_of(self.key)
        # What somebody has assigned in its place stays, as an escape hatch should.
        if _reference(resource.key_policy) == self.written:
            self._written = Lazy.uncached_any(_Producer(self._stack, self._policy))
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


@asked_once
def _renderings_in(stack: Stack) -> list[Rendering]:
    renderings: list[Rendering] = []
    check_at_synth(stack, lambda: list(_problems(stack, renderings)))
    return renderings


def _problems(stack: Stack, renderings: Sequence[Rendering]) -> Iterator[str]:
    # Loaded once there is something to check: the evaluator takes half as long to load as all the rest of ours.
    from . import key_policy_checks

    # Two questions less for each key than to look for its L1.
    resources: Any = ConstructSelector.resources_of_type("AWS::KMS::Key").select(stack)
    missing = Counter(one.written for one in renderings)
    missing.subtract(_reference(resource.key_policy) for resource in resources)
    found: dict[str, list[str]] = {}
    for one in renderings:
        document = one.finished(stands=missing[one.written] <= 0)
        name = _as_json(document)
        if name not in found:
            found[name] = key_policy_checks.problems(stack.resolve(document))
        yield from (f"{one.key.node.path}: {problem}" for problem in found[name])


@jsii.implements(IAnyProducer)
class _Producer:
    def __init__(self, stack: Stack, policy: KeyPolicy) -> None:
        self._stack = stack
        self._policy = policy

    def produce(self, _context: Any) -> Any:
        return as_document(self._stack, self._policy)


def as_document(stack: Stack, policy: KeyPolicy) -> iam.PolicyDocument:
    """Return a key policy for Node, the same for the same: it is long, and Node asks for it often."""
    documents, document = _documents_in(stack), policy.document()
    text = _as_json(document)
    if text not in documents:
        documents[text] = iam.PolicyDocument.from_json(document)
    return documents[text]


@asked_once
def _documents_in(_stack: Stack) -> dict[str, iam.PolicyDocument]:
    return {}


def _as_json(document: Any) -> str:
    return json.dumps(document, default=reference)


def reference(value: Any) -> str:
    """Return what tells an object of Node: jsii may make a new Python object each time it hands over the same."""
    return str(value.__jsii_ref__.ref)


def _reference(value: Any) -> str:
    return reference(value) if hasattr(value, "__jsii_ref__") else ""
