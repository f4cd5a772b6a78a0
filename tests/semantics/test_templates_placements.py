"""Templates are read as the judge reads them: two resolvers, written apart, agree about every placement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates import Landscape, Resource, read_assembly
from tests.semantics.attached import AttachedPolicies
from tests.semantics.placed import Scene
from tests.semantics.placements import ACCOUNT, REGIONS
from tests.semantics.resolve import UnresolvableError, resolve

# What only a deployment can tell; the judge is told it, the reader is not.
TOLD = {"SSM parameter /shared/key-arn", "KeyMetadata.Arn"}


@pytest.fixture(scope="module")
def landscape(scene: Scene) -> Landscape:
    # One placement has no environment; it is deployed with the others.
    [found] = read_assembly(scene.directory, account=ACCOUNT, region=REGIONS[scene.partition][0])
    return found


@pytest.fixture(scope="module")
def names(scene: Scene, landscape: Landscape) -> tuple[dict[str, str], dict[str, str]]:
    """What the two make up for the same resource, as the same words: those of the judge, and those of the reader."""
    theirs: dict[str, str] = {}
    ours: dict[str, str] = {}
    for resource in landscape.resources:
        try:
            judged = scene.deployment._stacks[resource.source.stack].resource(resource.source.logical_id)
            their_arn, their_name = judged.arn, judged.name
        except UnresolvableError:
            continue
        word = f"<{resource.source.stack}.{resource.source.logical_id}>"
        assert resource.arn is not None
        theirs |= {their_arn: f"<arn{word}>", their_name: word}
        ours |= {resource.arn: f"<arn{word}>", name_in(resource): word}
    return theirs, ours


def name_in(resource: Resource) -> str:
    assert resource.arn is not None
    name = resource.arn.split(":", 5)[5]
    if resource.type == "AWS::SecretsManager::Secret":
        return name.removeprefix("secret:")[:-7]
    if resource.type == "AWS::SSM::Parameter":
        given = resource.properties.get("Name")
        return given if isinstance(given, str) else name.removeprefix("parameter/")
    return re.sub(r"^(log-group|function):|^(role|user|key|policy)/(.*/)?", "", name)


def in_words(value: Any, made_up: Mapping[str, str]) -> Any:
    text = json.dumps(value, default=repr, sort_keys=True)
    for name in sorted(made_up, key=len, reverse=True):
        text = text.replace(json.dumps(name)[1:-1], made_up[name])
    return json.loads(text)


def unknowns(value: Any) -> Iterator[str]:
    if isinstance(value, Unknown):
        yield value.description
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from unknowns(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from unknowns(inner)


def test_the_properties_are_those_that_the_judge_finds(
    scene: Scene, landscape: Landscape, names: tuple[dict[str, str], dict[str, str]]
) -> None:
    theirs, ours = names
    compared = 0
    for resource in landscape.resources:
        stack = scene.deployment._stacks[resource.source.stack]
        written = stack.template["Resources"][resource.source.logical_id].get("Properties", {})
        unknown = set(unknowns(resource.properties))
        try:
            judged = resolve(written, stack)
        except UnresolvableError:
            continue
        if any(told in one for told in TOLD for one in unknown):
            continue
        assert unknown == set(), resource.source
        assert in_words(resource.properties, ours) == in_words(judged, theirs), resource.source
        compared += 1
    assert compared > 0.9 * len(landscape.resources)


def test_every_key_has_the_policy_that_the_judge_finds(scene: Scene, landscape: Landscape) -> None:
    made = {(one.source.stack, one.source.logical_id): one for one in landscape.keys if one.source}
    judged = {
        (stack.name, logical_id): policy
        for (stack, logical_id, _), policy in zip(
            (one for kind in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey") for one in scene.deployment._resources(kind)),
            scene.deployment._key_policies.values(),
            strict=True,
        )
    }
    assert made.keys() == judged.keys()
    for key, policy in judged.items():
        assert [one.sid for one in made[key].policy.statements] == [one.get("Sid") for one in policy["Statement"]]


def test_every_identity_has_as_many_policies_and_statements_as_the_judge_finds(
    scene: Scene, landscape: Landscape
) -> None:
    empty = {"Version": "2012-10-17", "Statement": []}
    attached = AttachedPolicies(scene.deployment._stacks.values(), {"service-role/AWSLambdaBasicExecutionRole": empty})
    compared = 0
    for identity in landscape.identities:
        if identity.source is None:
            continue
        stack = scene.deployment._stacks[identity.source.stack]
        kind = "user" if ":user/" in identity.arn else "role"
        judged = attached.of((stack.account, kind, stack.resource(identity.source.logical_id).name))
        assert sorted(len(one.statements) for one in identity.policies) == sorted(
            len(one["Statement"]) for one in judged
        )
        compared += 1
    assert compared > 60


def test_a_role_that_no_template_makes_may_have_more_policies(landscape: Landscape) -> None:
    outside = [one for one in landscape.identities if one.source is None]
    assert outside
    for one in outside:
        assert any(policy.name == f"other policies of {one.arn}" for policy in one.policies), one.arn


def test_no_two_things_have_the_same_arn(landscape: Landscape) -> None:
    arns = [one.arn for one in (*landscape.keys, *landscape.identities)]
    assert len(set(arns)) == len(arns)
