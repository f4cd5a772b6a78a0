"""Apps whose templates must not change unseen: the examples, all placements, the snapshots and random apps."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_cdk import App, Stack

from tests.semantics.placements import PLACEMENTS, REGIONS, World, context_of_lookups
from tests.semantics.random_apps import build, layout_of
from tests.synth.shown import hardened_key, log_group_with_cmk, scoped_secret_reader
from tests.synth.templates import environment

EXAMPLES = Path(__file__).parents[2] / "examples"
RANDOM_APPS = 200
HERE = environment()
ASSET = re.compile("[0-9a-f]{64}")
Files = dict[str, str]


def _files(app: App, directory: Path) -> Files:
    """Synthesize an app; return its templates, and what it tells its user, by file."""
    app.synth()
    found = {}
    for file in sorted(directory.rglob("*.template.json")):
        found[str(file.relative_to(directory))] = ASSET.sub("<asset>", file.read_text())
    told = sorted(_told(directory))
    return {**found, "told": json.dumps(told, indent=1)} if told else found


def _told(directory: Path) -> Iterator[str]:
    for file in [*directory.rglob("manifest.json"), *directory.rglob("*.metadata.json")]:
        content = json.loads(file.read_text())
        artifacts = [one.get("metadata", {}) for one in content.get("artifacts", {}).values()] or [content]
        for entries in artifacts:
            for path, several in entries.items():
                for entry in several:
                    if entry["type"] in ("aws:cdk:info", "aws:cdk:warning", "aws:cdk:error"):
                        yield f"{entry['type']} {path}: {entry['data']}"


def _synthesized(make: Callable[[App], list[str] | None], **options: Any) -> Files:
    with TemporaryDirectory() as directory:
        app = App(outdir=directory, **options)
        refused = make(app)
        files = _files(app, Path(directory))
    return {**files, "refused": json.dumps(refused, indent=1)} if refused else files


def _examples(app: App) -> None:
    sys.path.insert(0, str(EXAMPLES))
    try:
        from brownfield import Brownfield
        from checked_app import Pipeline
        from hardened_secrets import HardenedSecrets
        from log_groups import LogGroups
        from rotation import Keys, Rotation
        from superset import Superset
    finally:
        sys.path.remove(str(EXAMPLES))
    Rotation(app, "Rotation", Keys(app, "RotationKeys", env=HERE), env=HERE)
    Superset(app, "SupersetOwnKeys", own_keys=True, env=HERE)
    for stack in (Brownfield, HardenedSecrets, LogGroups, Pipeline, Superset):
        stack(app, stack.__name__, env=HERE)


def _placements(partition: str) -> Files:
    def make(app: App) -> None:
        for n, one in enumerate(PLACEMENTS):
            one.build(World(app, partition, f"P{n}"))

    return _synthesized(make, context=dict(context_of_lookups(partition)))


def _snapshots() -> Iterator[tuple[str, Files]]:
    for shown in (hardened_key, scoped_secret_reader, log_group_with_cmk):
        yield (
            f"snapshot {shown.__name__}",
            _synthesized(lambda app, shown=shown: shown(Stack(app, "Stack", env=environment()))),
        )


def some_files(random_apps: int) -> Iterator[tuple[str, Files]]:
    """Yield the snapshots and random apps: what does not differ between versions of aws-cdk-lib."""
    yield from _snapshots()
    for seed in range(random_apps):
        yield f"random {seed}", _synthesized(lambda app, seed=seed: build(app, layout_of(seed)).refusals)


def all_files() -> Iterator[tuple[str, Files]]:
    """Yield each app by name, with its files."""
    yield "examples", _synthesized(_examples)
    for partition in REGIONS:
        yield f"placements {partition}", _placements(partition)
    yield from some_files(RANDOM_APPS)


def digest(text: str) -> str:
    """Return what tells a file, short enough to keep hundreds."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def digests(apps: Iterable[tuple[str, Files]]) -> dict[str, str]:
    """Return one digest for each file of each app."""
    return {f"{app} {file}": digest(text) for app, files in apps for file, text in files.items()}
