"""One synthesized template as if deployed: what its names, references and conditions stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.semantics.physical import IDENTIFYING, Resource
from tests.semantics.resolve import NO_VALUE, UnresolvableError, holds, resolve

# Their Ref is the ARN of the secret they belong to.
_OF_A_SECRET = {"AWS::SecretsManager::SecretTargetAttachment", "AWS::SecretsManager::RotationSchedule"}


@dataclass(frozen=True, kw_only=True)
class Stack:
    """`exported` and `ssm` answer Fn::ImportValue and SSM parameters, which may belong to other stacks.

    `known` holds what only a deployment can tell, by the name the template uses: `{"Lookup.KeyArn": "arn:..."}`.
    """

    name: str
    template: Mapping[str, Any]
    account: str
    region: str
    partition: str
    exported: Callable[[str, Stack], Any]
    ssm: Callable[[str, Stack], str]
    known: Mapping[str, str] = field(default_factory=dict)
    output_of: Callable[[Mapping[str, str]], Any] | None = None
    written_across: Callable[[str], Any] | None = None
    # Filled once every stack is there: the nested stacks by logical id, and the parent with our logical id in it.
    nested: dict[str, Stack] = field(default_factory=dict)
    parent: list[tuple[Stack, str]] = field(default_factory=list)

    def resources(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Logical id and unresolved properties of every resource of a type whose condition holds."""
        for logical_id, resource in self.template.get("Resources", {}).items():
            if resource["Type"] == kind and self._exists(resource):
                yield logical_id, resource.get("Properties", {})

    def resource(self, logical_id: str) -> Resource:
        """The physical side of a resource."""
        try:
            resource = self.template["Resources"][logical_id]
        except KeyError:
            raise UnresolvableError(f"{self.name} has no resource {logical_id}") from None
        if not self._exists(resource):
            raise UnresolvableError(f"{self.name}.{logical_id} does not exist: its condition is false")
        properties = resource.get("Properties", {})
        identity = {key: resolve(properties[key], self) for key in IDENTIFYING if key in properties}
        return Resource(resource["Type"], self.name, logical_id, identity, self.partition, self.region, self.account)

    def exports(self) -> Iterator[tuple[str, Any]]:
        """Name and unresolved value of every export."""
        for output in self.template.get("Outputs", {}).values():
            if "Export" in output:
                yield resolve(output["Export"]["Name"], self), output["Value"]

    def ref(self, name: str) -> Any:
        """Ref of a pseudo parameter, a parameter or a resource."""
        if name.startswith("AWS::"):
            return self._pseudo(name)
        if name in self.known:
            return self.known[name]
        if name in self.template.get("Parameters", {}):
            return self._parameter(name)
        resource = self.template.get("Resources", {}).get(name, {})
        if resource.get("Type") in _OF_A_SECRET:
            return resolve(resource["Properties"]["SecretId"], self)
        return self.resource(name).ref

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """Fn::GetAtt."""
        name = f"{logical_id}.{attribute}"
        if name in self.known:
            return self.known[name]
        if logical_id in self.nested and attribute.startswith("Outputs."):
            child = self.nested[logical_id]
            return resolve(child.template["Outputs"][attribute.removeprefix("Outputs.")]["Value"], child)
        if attribute.startswith("/cdk/exports/") and self.written_across is not None:
            return self.written_across(attribute)
        return self.resource(logical_id).attribute(attribute)

    def output(self, reference: Mapping[str, str]) -> Any:
        """Fn::GetStackOutput, which crosses accounts and regions."""
        if self.output_of is None:
            raise UnresolvableError(f"{self.name} asks for {reference}, and no other stack is known")
        return self.output_of({"Region": self.region, **reference})

    def imported(self, export: str) -> Any:
        """Fn::ImportValue."""
        return self.exported(export, self)

    def mapped(self, mapping: str, first: str, second: str) -> Any:
        """Fn::FindInMap."""
        try:
            return resolve(self.template["Mappings"][mapping][first][second], self)
        except KeyError:
            raise UnresolvableError(f"{self.name} has no mapping {mapping}.{first}.{second}") from None

    def condition(self, name: str) -> bool:
        """A condition of the template."""
        try:
            return holds(self.template["Conditions"][name], self)
        except KeyError:
            raise UnresolvableError(f"{self.name} has no condition {name}") from None

    def dynamic(self, reference: str) -> str:
        """A dynamic reference `{{resolve:ssm:name:version}}`."""
        service, _, name = reference.partition(":")
        if service != "ssm":
            raise UnresolvableError(f"only ssm is resolved, got {{{{resolve:{reference}}}}}")
        return self.ssm(name.partition(":")[0], self)

    def _exists(self, resource: Mapping[str, Any]) -> bool:
        return "Condition" not in resource or self.condition(resource["Condition"])

    def _parameter(self, name: str) -> Any:
        parameter = self.template["Parameters"][name]
        for parent, logical_id in self.parent:
            given = parent.template["Resources"][logical_id].get("Properties", {}).get("Parameters", {})
            if name in given:
                return resolve(given[name], parent)
        if "Default" not in parameter:
            raise UnresolvableError(f"{self.name} has no value for parameter {name}: give it in known=")
        default = parameter["Default"]
        if parameter["Type"].startswith("AWS::SSM::Parameter::Value"):
            return self.ssm(default, self)
        return default.split(",") if parameter["Type"] == "CommaDelimitedList" else default

    def _pseudo(self, name: str) -> Any:
        values = {
            "AWS::AccountId": self.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com",
        }
        if name not in values:
            raise UnresolvableError(f"{name} is known at deployment only")
        return values[name]
