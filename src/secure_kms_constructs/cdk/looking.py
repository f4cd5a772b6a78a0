"""Looks, once Aspects have run, at what in an app uses its HardenedKeys, and has their policies say what that needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import jsii
from aws_cdk import Aws, IStableAnyProducer, Stack
from aws_cdk import aws_kms as kms
from constructs import IConstruct

from secure_kms_constructs.authoring.key_policies import KeyPolicy
from secure_kms_constructs.aws.services import Service

from .asking import asked_once, root_of, stage_of
from .node import Questions

if TYPE_CHECKING:
    from secure_kms_constructs.authoring.apps import App, Place


class Watched(NamedTuple):
    """A HardenedKey whose uses are looked for.

    :param usage: ``SYMMETRIC``, or the usage of an asymmetric or HMAC key.
    :param spec: its kind of key material.
    :param refuse: of a stock key that was adopted, what is called where it cannot be served; then it is as it was.
    """

    key: kms.Key
    policy: KeyPolicy
    usage: str
    spec: str
    multi_region: bool
    extra: Sequence[Service]
    delegates: Sequence[Service]
    refuse: Callable[[Sequence[str]], None] | None = None


@jsii.implements(IStableAnyProducer)
class Looker:
    """Looks at all keys of a stage with one question; Node calls it when CDK begins to prepare the stage."""

    def __init__(self) -> None:
        self._watched: list[Watched] = []
        self._served: list[KeyPolicy] = []
        self._said: set[tuple[str, str]] = set()
        self._refusals: dict[KeyPolicy, list[str]] = {}
        self._released: set[KeyPolicy] = set()
        self._imports: int | None = None

    def watch(self, watched: Watched) -> None:
        """Take a key in."""
        self._watched.append(watched)

    def produce(self) -> Any:
        """Look, and change the key policies."""
        # Loaded once there is something to look at: with the catalogue it is as much as the rest of ours.
        from secure_kms_constructs.authoring.adopted import Adopted, identity_grants
        from secure_kms_constructs.authoring.apps import Place, in_template_form, plain
        from secure_kms_constructs.authoring.circles import Circles, names_a_source, opened
        from secure_kms_constructs.authoring.key_requirements import Kind
        from secure_kms_constructs.authoring.served_keys import KeyFacts
        from secure_kms_constructs.authoring.served_statements import filled
        from secure_kms_constructs.authoring.serving import decide, leading_types

        # What an earlier synth wrote must not count as being there.
        for policy in self._served:
            policy.serve({}, [])
        self._served = []
        seen = Questions.look([one.key for one in self._watched], leading_types())
        self._imports = seen["imports"]
        app, places = looked_at(seen)
        resources = app.resources
        ids = {one.path: one.logical_id for one in resources.values()}
        policies = [document.get("Statement", ()) for document in seen["policies"]]
        statements = [list(map(plain, one)) for one in policies]
        notes: list[tuple[int, bool, str, str]] = []
        notes_on: list[kms.Key] = []
        for watched, path, number in zip(list(self._watched), seen["paths"], seen["of"], strict=True):
            stack = resources[path].stack
            place = places[stack]._replace(deployer=_text(_deployer(statements[number])))
            kind = Kind(watched.usage, watched.spec, watched.multi_region, place.region)
            circles = Circles(seen["ways"].get(path, {}), seen["waits"].get(path, {}))
            said, without = statements[number], None
            if any(circles) or any(map(names_a_source, policies[number])):
                without = opened(app, place, policies[number], circles, stack)
                said = [plain(filled(one, place)) for one in without.statements]
            facts = KeyFacts(path, stack, place, kind, watched.extra, watched.delegates, said, circles.ways)
            adopted = Adopted([], [])
            if watched.refuse:
                adopted = identity_grants(app, facts)
                facts = facts._replace(statements=[*said, *(plain(filled(one, place)) for one in adopted.statements)])
            decision = decide(app, facts)
            decision.refusals += adopted.problems
            if watched.refuse and decision.refusals:
                self._release(watched, [*(without.problems if without else ()), *decision.refusals])
                continue
            self._refusals[watched.policy] = [*(without.problems if without else ()), *decision.refusals]
            both = [*adopted.statements, *decision.statements]
            tokens = Place(*map(_token, place))._replace(deployer=watched.policy.deployer)
            written = [with_tokens(in_template_form(filled(one, tokens), ids)) for one in both]
            texts = _texts_for_tokens(watched, without.texts, tokens) if without and without.texts else {}
            provisions = {
                action: [f"{prefix}.{tokens.region}.amazonaws.com" for prefix in via]
                for action, via in decision.provisions.items()
            }
            exempt = [with_tokens(in_template_form(filled(one, tokens), ids)) for one in decision.exempt]
            if written or provisions or texts:
                watched.policy.serve(provisions, written, exempt=exempt, texts=texts)
                self._served.append(watched.policy)
            notes += self._new(len(notes_on), path, decision.findings)
            notes_on.append(watched.key)
        if notes:
            Questions.tell(notes_on, notes)
        return None

    def _release(self, watched: Watched, reasons: Sequence[str]) -> None:
        """Leave an adopted key as it was, and say why."""
        assert watched.refuse is not None
        self._watched.remove(watched)
        self._released.add(watched.policy)
        Questions.release(watched.key)
        watched.refuse(list(dict.fromkeys(reasons)))

    def is_released(self, policy: KeyPolicy) -> bool:
        """Tell whether a key was left as it was."""
        return policy in self._released

    @property
    def may_see_imports(self) -> bool:
        """Whether the stage may have keys that the app does not make; so it may before the first look."""
        return self._imports != 0

    def refusals_of(self, policy: KeyPolicy) -> Sequence[str]:
        """Return what the last look refuses of one key."""
        return self._refusals.get(policy, ())

    def _new(self, number: int, path: str, findings: Sequence[tuple[str, str]]) -> Iterator[tuple[int, bool, str, str]]:
        for name, text in findings:
            if (path, text) not in self._said:
                self._said.add((path, text))
                yield number, name in _WARNINGS, f"secure-kms-constructs:{name}", text


# What opens the key wider than asked for, what loses data without a word, what does nothing, and what most likely is a
# mistake.
_WARNINGS = {
    *("deadActions", "deniedActions", "openLogGroup", "perhapsSelected", "replicaBucketKey", "unboundDeployer"),
    "unusedKey",
}


def _texts_for_tokens(watched: Watched, texts: Mapping[str, str], tokens: Any) -> dict[str, str]:
    """Return texts by the values that stand in a policy which is not rendered, not by what these are resolved to."""
    from secure_kms_constructs.authoring.instead import as_json, values_of
    from secure_kms_constructs.authoring.served_statements import filled

    values = [value for one in watched.policy.document()["Statement"] for _, value in values_of(one)]
    resolved = Questions.with_paths(watched.key, values)
    pairs = ((as_json(value), as_json(it)) for value, it in zip(values, resolved, strict=True))
    return {value: filled(texts[it], tokens) for value, it in pairs if it in texts}


def looked_at(seen: Mapping[str, Any]) -> tuple[App, dict[str, Place]]:
    """Return an app as Node has told it, and where its stacks are."""
    from secure_kms_constructs.authoring.apps import App, Looked, Place

    resources = {one["path"]: Looked(**_renamed(one)) for one in seen["resources"]}
    places = {path: Place(*(_text(part) for part in parts)) for path, parts in seen["places"].items()}
    return App(resources, places, [Looked(**_renamed(one)) for one in seen["ours"]]), places


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


def with_tokens(value: Any) -> Any:
    """Return a value with pseudo parameters in place of what stands for them inside texts, such as ARNs by hand."""
    if isinstance(value, str):
        for text in _TOKENS if "${AWS." in value else ():
            value = value.replace(text, _token(text))
        return value
    if isinstance(value, list):
        return list(map(with_tokens, value))
    return {name: with_tokens(one) for name, one in value.items()} if isinstance(value, dict) else value


@cache
def _token(text: str) -> str:
    return str(getattr(Aws, _TOKENS[text])) if text in _TOKENS else text


@asked_once
def _looker_below(_root: IConstruct) -> Looker:
    return Looker()


def looker_of(stack: Stack) -> Looker:
    """Return what looks at the keys of a stack's stage."""
    return _looker_below(stage_of(stack) or root_of(stack))
