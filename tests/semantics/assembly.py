"""A whole CDK app as if deployed: every stack of its assembly, those of stages and nested ones included."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App, NestedStack, Stack
from constructs import IConstruct

from tests.semantics.deployed import Deployment
from tests.semantics.judge import Policy


def deploy_app(
    app: App,
    *,
    account: str,
    region: str,
    partition: str = "aws",
    known: Mapping[str, Mapping[str, str]] | None = None,
    ssm: Mapping[str, str] | None = None,
    aws_managed: Mapping[str, Policy] | None = None,
) -> Deployment:
    """Synthesize an app and deploy all of it; `account` and `region` are those of stacks without environment."""
    templates: dict[str, Any] = {}
    environments: dict[str, tuple[str, str]] = {}
    nested: dict[str, tuple[str, str]] = {}
    for name, place, directory, template in _stacks(Path(app.synth().directory)):
        its_account, its_region = place.removeprefix("aws://").split("/")
        environments[name] = (
            account if its_account == "unknown-account" else its_account,
            region if its_region == "unknown-region" else its_region,
        )
        templates[name] = template
        for child, parent, logical_id, text in _nested(name, directory, template):
            templates[child], nested[child] = text, (parent, logical_id)
            environments[child] = environments[name]
    return Deployment(
        templates,
        account=account,
        region=region,
        partition=partition,
        environments=environments,
        nested=nested,
        known=known,
        ssm=ssm,
        aws_managed=aws_managed,
    )


def name_of(stack: Stack) -> str:
    """The name under which a deployment knows a stack."""
    if isinstance(stack, NestedStack) or stack.nested_stack_parent is not None:
        parent = stack.nested_stack_parent
        assert parent is not None
        assert stack.nested_stack_resource is not None
        return f"{name_of(parent)}/{parent.resolve(stack.nested_stack_resource.logical_id)}"
    return stack.stack_name


def logical_id(construct: IConstruct) -> str:
    """The logical id of a construct's resource in its template."""
    resource: Any = construct.node.default_child
    return str(Stack.of(construct).resolve(resource.logical_id))


def _stacks(directory: Path) -> Iterator[tuple[str, str, Path, Any]]:
    manifest = json.loads((directory / "manifest.json").read_text())
    for name, artifact in manifest["artifacts"].items():
        if artifact["type"] == "aws:cloudformation:stack":
            template = json.loads((directory / artifact["properties"]["templateFile"]).read_text())
            yield artifact["properties"].get("stackName", name), artifact["environment"], directory, template
        elif artifact["type"] == "cdk:cloud-assembly":
            yield from _stacks(directory / artifact["properties"]["directoryName"])


def _nested(name: str, directory: Path, template: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    for its_id, resource in template.get("Resources", {}).items():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            text = json.loads((directory / resource["Metadata"]["aws:asset:path"]).read_text())
            yield f"{name}/{its_id}", name, its_id, text
            yield from _nested(f"{name}/{its_id}", directory, text)
