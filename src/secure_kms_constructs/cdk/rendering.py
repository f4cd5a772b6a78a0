"""Puts key policies into the template, and looks at synth at what is there, whoever wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import jsii
from aws_cdk import IStableAnyProducer, Stack, region_info
from aws_cdk import aws_kms as kms
from constructs import Construct

from secure_kms_constructs.authoring.key_policies import KeyPolicy
from secure_kms_constructs.aws import arns

from .asking import asked_once, reference, region_of
from .findings import check_at_synth, warn
from .finished import finished_policies
from .imported_keys import follow_imported_keys
from .looking import looker_of
from .node import KeyPolicies
from .places import is_known


@jsii.implements(IStableAnyProducer)
class Renderings:
    """The key policies of the HardenedKeys of one stack: Node asks for all that changed when it needs one."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._policies: list[KeyPolicy] = []
        self._keys: list[kms.Key] = []
        self._changed: dict[int, None] = {}
        self._documents: dict[str, int] = {}
        self._objects: dict[str, int] = {}
        self._new_objects: list[Any] = []
        self.looker = looker_of(stack)
        self.in_node = KeyPolicies(self, self.looker)
        check_at_synth(stack, lambda: list(self._problems()))
        follow_imported_keys(stack)

    def start(self, policy: KeyPolicy) -> list[Any]:
        """Return the place of a new key, and what it starts with, as Node is told them."""
        return [len(self._policies), *self._told(policy)]

    def follow(self, key: kms.Key, policy: KeyPolicy) -> None:
        """Have a key that was made with ``start`` show its policy as it is at synth."""
        self._keys.append(key)
        self._policies.append(policy)
        policy.at_first_change(partial(self._note, len(self._policies) - 1))

    def _note(self, place: int) -> None:
        if not self._changed:
            self.in_node.changed()
        self._changed[place] = None

    def produce(self) -> Any:
        """Tell Node what has changed since it asked last."""
        changed, self._changed = self._changed, {}
        told = []
        for place in changed:
            policy = self._policies[place]
            told.append([place, *self._told(policy)])
            policy.at_first_change(partial(self._note, place))
        objects, self._new_objects = self._new_objects, []
        return {"policies": json.dumps(told), "objects": objects}

    def _told(self, policy: KeyPolicy) -> list[Any]:
        """Return a document's number, and the document itself where it is new: many keys have the same."""
        text = json.dumps(policy.document(), default=self._object)
        known = self._documents.get(text)
        if known is None:
            self._documents[text] = len(self._documents)
            return [self._documents[text], text]
        return [known, None]

    def _object(self, value: Any) -> dict[str, int]:
        """Return what stands for an object of Node in JSON."""
        name = reference(value)
        if name not in self._objects:
            self._objects[name] = len(self._objects)
            self._new_objects.append(value)
        return {"$object": self._objects[name]}

    def _problems(self) -> Iterator[str]:
        # Loaded once there is something to check: the evaluator takes half as long to load as all the rest of ours.
        from secure_kms_constructs.authoring import key_policy_checks

        told = [{"deployer": one.deployer, "created": one.created, "names": one.names} for one in self._policies]
        names = {json.dumps(one): one for one in told}
        # Without a question where nothing is a token.
        resolved = dict(zip(names, self._stack.resolve(list(names.values())), strict=True))
        known = known_partition(self._stack)
        found: dict[tuple[int, str, bool, bool], tuple[list[str], list[str]]] = {}
        doubtful: dict[Construct, list[str]] = {}
        finished = finished_policies(self._stack, self._keys)
        for key, policy, own, it in zip(self._keys, finished, self._policies, told, strict=True):
            if self.looker.is_released(own):
                continue
            name = (id(policy.policy), json.dumps(it), own.rotates, own.separates)
            if name not in found:
                one = resolved[name[1]]
                deployment = key_policy_checks.Deployment(
                    arns.as_text(one["deployer"]),
                    known,
                    {arns.as_text(via): actions for via, actions in one.get("created", ())},
                    own.rotates,
                    own.separates,
                    {arns.as_text(arn): arns.as_text(identity) for arn, identity in one.get("names", ())},
                )
                overridden = key_policy_checks.overridden(policy.policy, policy.before)
                # Of what takes the place of the whole policy there is nothing to look at.
                whole = not overridden or isinstance(policy.policy, dict)
                problems, doubts = key_policy_checks.look(policy.policy, deployment) if whole else ([], [])
                found[name] = [*overridden, *problems], doubts
            problems, doubts = found[name]
            if doubts:
                doubtful[key] = doubts
            refused = self.looker.refusals_of(own)
            yield from (f"{key.node.path}: {problem}" for problem in (*problems, *refused))
        warn("deployer", doubtful)


def known_partition(stack: Stack) -> dict[str, str]:
    """Return what the partition's pseudo parameter stands for in a stack, nothing where it is not known."""
    partition = _partition(region_of(stack)) if is_known(region_of(stack)) else None
    return {"${AWS.Partition}": partition} if partition else {}


@lru_cache
def _partition(region: str) -> str | None:
    return region_info.RegionInfo.get(region).partition


@asked_once
def renderings_in(stack: Stack) -> Renderings:
    """Return the key policies of a stack."""
    return Renderings(stack)


@contextmanager
def not_injected(scope: Construct, id: str) -> Iterator[None]:
    """Say in our words what the Node part says where something sets the policy of a new key.

    :raises ValueError: for a property injector that does.
    """
    try:
        yield
    except RuntimeError as error:
        if "secure-kms-constructs: policy injected" not in str(error):
            raise
        raise ValueError(
            f"a property injector sets the policy of {scope.node.path}/{id}, and a HardenedKey writes its own: "
            "leave policy out of what it injects into kms.Key"
        ) from None
