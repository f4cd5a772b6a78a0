"""Looks, once Aspects have run, at what in an app uses its HardenedKeys, and has their policies say what that needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import jsii
from aws_cdk import Aws, IStableAnyProducer, Stack
from aws_cdk import aws_kms as kms
from constructs import IConstruct

from secure_kms_constructs.authoring.key_policies import KeyPolicy
from secure_kms_constructs.aws.services import Service

from .asking import asked_once, root_of, stage_of
from .node import Questions


class Watched(NamedTuple):
    """A HardenedKey whose uses are looked for.

    :param usage: ``SYMMETRIC``, or the usage of an asymmetric or HMAC key.
    :param spec: its kind of key material.
    """

    key: kms.Key
    policy: KeyPolicy
    usage: str
    spec: str
    multi_region: bool
    extra: Sequence[Service]
    delegates: Sequence[Service]


@jsii.implements(IStableAnyProducer)
class Looker:
    """Looks at all keys of a stage with one question; Node calls it when CDK begins to prepare the stage."""

    def __init__(self) -> None:
        self._watched: list[Watched] = []
        self._served: list[KeyPolicy] = []
        self._said: set[tuple[str, str]] = set()
        self._refusals: dict[KeyPolicy, list[str]] = {}

    def watch(self, watched: Watched) -> None:
        """Take a key in."""
        self._watched.append(watched)

    def produce(self) -> Any:
        """Look, and change the key policies."""
        # Loaded once there is something to look at: with the catalogue it is as much as the rest of ours.
        from secure_kms_constructs.authoring.apps import App, Looked, Place, in_template_form, plain
        from secure_kms_constructs.authoring.key_requirements import Kind
        from secure_kms_constructs.authoring.served_statements import filled
        from secure_kms_constructs.authoring.serving import KeyFacts, decide, leading_types

        # What an earlier synth wrote must not count as being there.
        for policy in self._served:
            policy.serve({}, [], exempt_deployer=False)
        self._served = []
        seen = Questions.look([one.key for one in self._watched], leading_types())
        resources = {one["path"]: Looked(**_renamed(one)) for one in seen["resources"]}
        places = {path: Place(*(_text(part) for part in parts)) for path, parts in seen["places"].items()}
        app = App(resources, places)
        ids = {one.path: one.logical_id for one in resources.values()}
        statements = [[plain(one) for one in document.get("Statement", ())] for document in seen["policies"]]
        notes: list[tuple[int, bool, str, str]] = []
        notes_on: list[kms.Key] = []
        for watched, path, number in zip(self._watched, seen["paths"], seen["of"], strict=True):
            stack = resources[path].stack
            place = places[stack]._replace(deployer=_text(_deployer(statements[number])))
            kind = Kind(watched.usage, watched.spec, watched.multi_region, place.region)
            facts = KeyFacts(path, stack, place, kind, watched.extra, watched.delegates, statements[number])
            decision = decide(app, facts)
            self._refusals[watched.policy] = decision.refusals
            tokens = Place(*map(_token, place))._replace(deployer=watched.policy.deployer)
            written = [in_template_form(filled(one, tokens), ids) for one in decision.statements]
            provisions = {
                action: [f"{prefix}.{tokens.region}.amazonaws.com" for prefix in via]
                for action, via in decision.provisions.items()
            }
            if written or provisions or decision.exempt_deployer:
                watched.policy.serve(provisions, written, exempt_deployer=decision.exempt_deployer)
                self._served.append(watched.policy)
            notes += self._new(len(notes_on), path, decision.findings)
            notes_on.append(watched.key)
        if notes:
            Questions.tell(notes_on, notes)
        return None

    def refusals_of(self, policy: KeyPolicy) -> Sequence[str]:
        """Return what the last look refuses of one key."""
        return self._refusals.get(policy, ())

    def _new(self, number: int, path: str, findings: Sequence[tuple[str, str]]) -> Iterator[tuple[int, bool, str, str]]:
        for name, text in findings:
            if (path, text) not in self._said:
                self._said.add((path, text))
                yield number, name == "unusedKey", f"secure-kms-constructs:{name}", text


def _renamed(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"logical_id" if name == "logicalId" else name: value for name, value in one.items()}


def _text(value: Any) -> str:
    from secure_kms_constructs.aws import arns

    text = "" if value is None else arns.as_text(value)
    return text.replace("${AWS::", "${AWS.")


def _deployer(statements: Sequence[Mapping[str, Any]]) -> Any:
    """Return who manages the key, as its policy names it."""
    for one in statements:
        if str(one.get("Sid")) == "AllowDeployerToManageKey":
            principal = one["Principal"]["AWS"]
            return principal[0] if isinstance(principal, list) else principal
    return ""


_TOKENS = {
    "${AWS.Partition}": "PARTITION",
    "${AWS.Region}": "REGION",
    "${AWS.AccountId}": "ACCOUNT_ID",
    "${AWS.URLSuffix}": "URL_SUFFIX",
}


@cache
def _token(text: str) -> str:
    return str(getattr(Aws, _TOKENS[text])) if text in _TOKENS else text


@asked_once
def _looker_below(_root: IConstruct) -> Looker:
    return Looker()


def looker_of(stack: Stack) -> Looker:
    """Return what looks at the keys of a stack's stage."""
    return _looker_below(stage_of(stack) or root_of(stack))
