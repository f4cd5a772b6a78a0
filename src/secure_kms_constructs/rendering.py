"""Puts a key policy into the template, and looks at synth at what is there, whoever wrote it."""

from __future__ import annotations

import json
from typing import Any

import jsii
from aws_cdk import IAnyProducer, IResolvable, Lazy, Stack, Token

from .asking import asked_once
from .key_policies import KeyPolicy


class Rendering:
    """The key policy of one L1 key: as it is, until it changes for the first time, and from then on as it is at synth.

    :param resource: the ``CfnKey``.
    """

    def __init__(self, stack: Stack, resource: Any, policy: KeyPolicy) -> None:
        self._stack = stack
        self._resource = resource
        self._policy = policy
        self._put(_shared(stack, policy.document()))
        policy.at_first_change(self._follow)

    def _follow(self) -> None:
        # What somebody has assigned in its place stays, as an escape hatch should.
        if _is_same(self._resource.key_policy, self._token):
            self._put(Lazy.uncached_any(_Producer(self._stack, self._policy)))

    def _put(self, token: IResolvable) -> None:
        self._token = token
        self._resource.key_policy = token

    def problems(self) -> list[str]:
        """Return what is wrong with the finished key policy."""
        # Loaded once there is something to check: the evaluator takes half as long to load as all the rest of ours.
        from . import key_policy_checks

        written = self._resource.key_policy
        known = _problems_in(self._stack)
        document = self._policy.document() if _is_same(written, self._token) else written
        text = _as_json(document)
        if text not in known:
            known[text] = key_policy_checks.problems(self._stack.resolve(document))
        return known[text]


@jsii.implements(IAnyProducer)
class _Producer:
    def __init__(self, stack: Stack, policy: KeyPolicy) -> None:
        self._stack = stack
        self._policy = policy

    def produce(self, _context: Any) -> Any:
        return _shared(self._stack, self._policy.document())


def _shared(stack: Stack, document: dict[str, Any]) -> IResolvable:
    """Return a document as a token, the same for the same: a document is long, and Node asks for it often."""
    tokens, text = _tokens_in(stack), _as_json(document)
    if text not in tokens:
        tokens[text] = Token.as_any(document)
    return tokens[text]


@asked_once
def _tokens_in(_stack: Stack) -> dict[str, IResolvable]:
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
