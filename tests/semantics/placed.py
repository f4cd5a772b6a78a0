"""All placements in one app, synthesized and as if deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import App, Stack

from tests.semantics.assembly import deploy_app, logical_id, name_of
from tests.semantics.deployed import Deployment
from tests.semantics.placements import ACCOUNT, PLACEMENTS, REGIONS, Access, World, context_of_lookups


@dataclass(frozen=True)
class Scene:
    """All placements of one partition, deployed; `directory` is their cloud assembly."""

    deployment: Deployment
    accesses: Mapping[str, Access]
    partition: str
    directory: Path


def build_scene(partition: str) -> Scene:
    """Build the placements of one partition."""
    app = App(context=dict(context_of_lookups(partition)))
    accesses = {one.name: one.build(World(app, partition, f"P{n}")) for n, one in enumerate(PLACEMENTS)}
    region = REGIONS[partition][0]
    key_arn = World(app, partition, "").key_arn()
    lookups = {
        name_of(Stack.of(one.lookup)): {f"{logical_id(one.lookup)}.KeyMetadata.Arn": key_arn}
        for one in accesses.values()
        if one.lookup is not None
    }
    deployment = deploy_app(
        app, account=ACCOUNT, region=region, partition=partition, known=lookups, ssm={"/shared/key-arn": key_arn}
    )
    return Scene(deployment, accesses, partition, Path(app.synth().directory))
