"""Puts a key policy into the template, and looks at synth at what is there, whoever wrote it."""

from __future__ import annotations

import json
from typing import Any

import jsii
from aws_cdk import IAnyProducer, Lazy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from .asking import asked_once, child_of
from .key_policies import KeyPolicy


class Rendering:
    """The key policy of one key: as it is, until it changes for the first time, and from then on as it is at synth.

    :param written: what the key was made with, of ``as_document``.
    """

    def __init__(self, stack: Stack, key: kms.Key, policy: KeyPolicy, written: iam.PolicyDocument) -> None:
        self._stack = stack
        self._key = key
        self._policy = policy
        self._written: Any = written
        self._follows = False
        policy.at_first_change(self._follow)

    def _follow(self) -> None:
        resource = child_of(self._key)
        # What somebody has assigned in its place stays, as an escape hatch should.
        if _is_same(resource.key_policy, self._written):
            self._follows = True
            self._written = Lazy.uncached_any(_Producer(self._stack, self._policy))
            resource.key_policy = self._written

    def problems(self) -> list[str]:
        """Return what is wrong with the finished key policy."""
        # Loaded once there is something to check: the evaluator takes half as long to load as all the rest of ours.
        from . import key_policy_checks

        document, known = child_of(self._key).key_policy, _problems_in(self._stack)
        if self._follows and _is_same(document, self._written):
            document = as_document(self._stack, self._policy)
        name = _as_json(document)
        if name not in known:
            known[name] = key_policy_checks.problems(self._stack.resolve(document))
        return known[name]


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


@asked_once
def _problems_in(_stack: Stack) -> dict[str, list[str]]:
    return {}


def _as_json(document: Any) -> str:
    return json.dumps(document, default=reference)


def reference(value: Any) -> str:
    """Return what tells an object of Node: jsii may make a new Python object each time it hands over the same."""
    return str(value.__jsii_ref__.ref)


def _is_same(one: Any, other: Any) -> bool:
    return hasattr(one, "__jsii_ref__") and reference(one) == reference(other)
