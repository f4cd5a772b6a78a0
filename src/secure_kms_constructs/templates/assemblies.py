"""The stacks of a cloud assembly, those of its stages included.

https://docs.aws.amazon.com/cdk/api/v2/docs/cloud-assembly-schema-readme.html
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from .loading import Template, TemplateError, parse_template, read_object, read_text
from .nested import with_nested
from .stacks import ANY_REGION, Environment, Stack

_ENVIRONMENT = re.compile(r"aws://(\d{12}|unknown-account)/([a-z]+(?:-[a-z0-9]+)+)")
_ASSET = re.compile(r"([0-9a-f]{64})\.json")
_STAGES = 10


@dataclass(frozen=True)
class _Artifact:
    """A stack of the assembly, the directory it stands in, and the construct paths in it with their logical ids."""

    stack: Stack
    directory: Path
    paths: list[tuple[str, str]]


def stacks_of(directory: Path, parameters: Mapping[str, Mapping[str, object]], elsewhere: Environment) -> list[Stack]:
    """Return the stacks of an assembly, called by their names in AWS where these are theirs alone.

    :param parameters: values for parameters, by stack name.
    :param elsewhere: where stacks go that do not say it.
    :raises TemplateError: when it is no cloud assembly.
    """
    if not (directory / "manifest.json").is_file():
        raise TemplateError(f"{directory} must be a cloud assembly, with a manifest.json in it: run cdk synth first")
    found = list(_artifacts(directory, parameters, elsewhere, _STAGES))
    shared = Counter(one.stack.stack_name for one in found)
    assets = cache(_assets)
    stacks: list[Stack] = []
    for one in found:
        unique = shared[one.stack.stack_name] == 1
        stack = replace(one.stack, name=one.stack.stack_name) if unique else one.stack
        stacks += with_nested(stack, partial(_template, directory=one.directory, assets=assets), one.paths)
    return stacks


def parse_environment(text: object, name: str, elsewhere: Environment) -> Environment:
    """Return the environment that ``aws://<account>/<region>`` is, in CDK's words, filled up where it is unknown.

    :raises TemplateError: for anything else.
    """
    match = _ENVIRONMENT.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise TemplateError(f"the environment of {name} must be aws://<account>/<region>, got {text!r}")
    account = elsewhere.account if match[1] == "unknown-account" else match[1]
    return Environment(account, elsewhere.region if match[2] == ANY_REGION else match[2])


def inside(directory: Path, file: str) -> Path:
    """Return the path of a file of a directory; TemplateError for one that leads out of it."""
    path = directory / file
    try:
        if path.resolve().is_relative_to(directory.resolve()):
            return path
    except (OSError, RuntimeError, ValueError):
        # Links in a circle, or a name that no file can have.
        pass
    raise TemplateError(f"{file!r} must be a file inside {directory}")


def _artifacts(
    directory: Path, parameters: Mapping[str, Mapping[str, object]], elsewhere: Environment, stages: int
) -> Iterator[_Artifact]:
    artifacts = read_object(directory / "manifest.json").get("artifacts")
    if not isinstance(artifacts, dict):
        raise TemplateError(f"{directory / 'manifest.json'} must list the artifacts of a cloud assembly")
    for name, artifact in artifacts.items():
        match artifact:
            case {"type": "aws:cloudformation:stack", "properties": {"templateFile": str(file), **more}}:
                stack_name = more.get("stackName", name)
                if not isinstance(stack_name, str):
                    raise TemplateError(f"{name}: stackName must be text, got {stack_name!r}")
                place = parse_environment(artifact.get("environment"), name, elsewhere)
                template = parse_template(read_text(inside(directory, file)), file)
                stack = Stack(name, stack_name, template, place, parameters.get(stack_name, {}))
                yield _Artifact(stack, directory, [] if _tells_paths(stack) else _paths(artifact, directory))
            case {"type": "cdk:cloud-assembly", "properties": {"directoryName": str(below)}}:
                if not stages:
                    raise TemplateError(f"{directory} must not nest stages without end")
                yield from _artifacts(inside(directory, below), parameters, elsewhere, stages - 1)


def _template(
    stack: Stack, logical_id: str, directory: Path, assets: Callable[[Path], Mapping[str, str]]
) -> Template | None:
    """Find the template of a nested stack: by the path that CDK notes, else by the asset that its URL ends with."""
    match stack.resource(logical_id):
        case {"Metadata": {"aws:asset:path": str(file)}}:
            found: str | None = file
        case {"Properties": {"TemplateURL": url}}:
            asset = _ASSET.search(json.dumps(url))
            found = assets(directory).get(asset[1]) if asset else None
        case _:
            found = None
    if found is None:
        return None
    return parse_template(read_text(inside(directory, found)), found)


def _assets(directory: Path) -> dict[str, str]:
    """Return the files of a directory's asset manifests by their hashes."""
    files: dict[str, str] = {}
    for path in sorted(directory.glob("*.assets.json")):
        listed = read_object(path).get("files")
        for asset, described in listed.items() if isinstance(listed, dict) else ():
            match described:
                case {"source": {"path": str(file)}}:
                    files[asset] = file
    return files


def _tells_paths(stack: Stack) -> bool:
    return all("aws:cdk:path" in str(whole.get("Metadata")) for _, _, whole in stack.resources())


def _paths(artifact: Mapping[str, object], directory: Path) -> list[tuple[str, str]]:
    """Return the construct paths of an artifact's metadata, which newer versions of CDK keep in a file of its own."""
    metadata = artifact.get("metadata")
    file = artifact.get("additionalMetadataFile")
    if isinstance(file, str):
        metadata = read_object(inside(directory, file))
    paths = []
    for path, entries in metadata.items() if isinstance(metadata, dict) else ():
        for entry in entries if isinstance(entries, list) else ():
            match entry:
                case {"type": "aws:cdk:logicalId", "data": str(logical_id)}:
                    paths.append((path.removeprefix("/"), logical_id))
    return paths
