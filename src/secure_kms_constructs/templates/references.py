"""References that lead out of a stack: exports, outputs, SSM parameters, mappings."""

from __future__ import annotations

from collections.abc import Sequence

from secure_kms_constructs.policies import Unknown

from .functions import malformed
from .resolution import Resolver
from .stacks import ANY_ACCOUNT, ANY_REGION, Environment, Stack
from .texts import NO_VALUE, as_text, unknown

_WRITER = "Custom::CrossRegionExportWriter"
# Where more than one stack answers to a name.
_SEVERAL = (None, "")


def imported(resolver: Resolver, stack: Stack, name: object) -> object:
    """``Fn::ImportValue``: the value that a stack of the same account and region exports."""
    if isinstance(name, Unknown):
        return unknown(f"an import of {name.description}")
    text = as_text(name)
    if text is None:
        return malformed("Fn::ImportValue")
    place = stack.environment
    found = resolver.once(("exports", place), lambda: _exports(resolver, place))
    exporter, output = found.get(text, _SEVERAL) if isinstance(found, dict) else _SEVERAL
    return output_of(resolver, exporter, output) if exporter else unknown(f"the export {text}, of another stack")


def stack_output(resolver: Resolver, stack: Stack, reference: object) -> object:
    """``Fn::GetStackOutput``: an output of a stack, which may be of another account and region.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
    """
    match reference:
        case {"StackName": str(stack_name), "OutputName": str(output), **rest}:
            place = stack.environment
            region, role = rest.get("Region", place.region), rest.get("RoleArn", f"arn::iam::{place.account}:role/")
            # The role belongs to the account of the other stack.
            account = role.split(":")[4] if isinstance(role, str) and role.count(":") == 5 else None
            if isinstance(region, str) and account is not None:
                found = resolver.stacks.named(stack_name, Environment(account, region))
                if found:
                    return output_of(resolver, found, output)
            return unknown(f"output {output} of {stack_name}, another stack")
    return unknown("an output of another stack")


def nested_output(resolver: Resolver, stack: Stack, logical_id: str, output: str) -> object:
    """``Fn::GetAtt`` of an output of a nested stack."""
    nested = stack.nested.get(logical_id)
    if nested is None:
        return unknown(f"output {output} of {stack.source(logical_id).path}, a nested stack that was not read")
    return output_of(resolver, nested, output)


def output_of(resolver: Resolver, stack: Stack, output: str) -> object:
    """Return an output, which is a text."""
    return resolver.once(("output", stack.name, output), lambda: _output(resolver, stack, output))


def _output(resolver: Resolver, stack: Stack, output: str) -> object:
    declared = stack.section("Outputs").get(output)
    if stack.doubt or any(name.startswith("Fn::") for name in stack.section("Outputs")):
        return unknown(f"output {output} of {stack.name}, which a macro may change")
    if not isinstance(declared, dict) or "Value" not in declared:
        return unknown(f"output {output}, which {stack.name} does not have")
    if not _exists(resolver, stack, declared):
        return unknown(f"output {output} of {stack.name}, which does not exist: its condition is false")
    value = resolver.value(declared["Value"], stack)
    text = as_text(value)
    if text is not None:
        return text
    return value if isinstance(value, Unknown) else unknown(f"output {output} of {stack.name}, which is no text")


def _exists(resolver: Resolver, stack: Stack, declared: object) -> bool:
    if not isinstance(declared, dict) or "Condition" not in declared:
        return True
    return resolver.condition(declared["Condition"], stack) is not False


def _exports(resolver: Resolver, place: Environment) -> dict[str, tuple[Stack | None, str]]:
    exports: dict[str, tuple[Stack | None, str]] = {}
    for stack in resolver.stacks.of(place):
        for output, declared in stack.section("Outputs").items():
            match declared:
                case {"Export": {"Name": name}}:
                    text = as_text(resolver.value(name, stack))
                    if text is not None and _exists(resolver, stack, declared):
                        exports[text] = _SEVERAL if text in exports else (stack, output)
    return exports


def ssm_parameter(resolver: Resolver, stack: Stack, name: object) -> object:
    """Return the value of an SSM parameter, if one of the templates makes it in the same account and region."""
    if not isinstance(name, str):
        return name if isinstance(name, Unknown) else unknown("an SSM parameter")
    place = stack.environment
    found = resolver.once(("ssm", place), lambda: _parameters(resolver, place))
    maker, logical_id = found.get(name, _SEVERAL) if isinstance(found, dict) else _SEVERAL
    if maker is None:
        return unknown(f"SSM parameter {name}")
    if maker.doubt and maker is not stack:
        return unknown(f"SSM parameter {name} of {maker.name}, which a macro may change")
    value = resolver.attribute(logical_id, "Value", maker)
    return value if isinstance(value, str | Unknown) else unknown(f"SSM parameter {name}")


def _parameters(resolver: Resolver, place: Environment) -> dict[str, tuple[Stack | None, str]]:
    parameters: dict[str, tuple[Stack | None, str]] = {}
    for stack in resolver.stacks.of(place):
        for logical_id, kind, _ in stack.resources():
            if kind == "AWS::SSM::Parameter" and "Name" in stack.properties(logical_id):
                name = resolver.ref(logical_id, stack)
                if isinstance(name, str):
                    parameters[name] = _SEVERAL if name in parameters else (stack, logical_id)
    return parameters


def dynamic(resolver: Resolver, stack: Stack, reference: str) -> object:
    """``{{resolve:...}}``: an SSM parameter without version, if a template makes it; all else is unknown."""
    service, _, name = reference.partition(":")
    if service == "ssm" and ":" not in name:
        return ssm_parameter(resolver, stack, name.strip())
    return unknown(f"{{{{resolve:{reference}}}}}")


def written_across(resolver: Resolver, stack: Stack, name: str) -> object:
    """Follow CDK's custom resources that carry an export to another region of the account."""
    key = ("written", stack.environment)
    found = resolver.once(key, lambda: _written(resolver, stack.environment))
    writer, logical_id = found.get(name, _SEVERAL) if isinstance(found, dict) else _SEVERAL
    if writer is None or writer.doubt:
        return unknown(f"{name}, an export of another region")
    match writer.properties(logical_id):
        case {"WriterProps": {"exports": dict(exports)}}:
            return resolver.value(exports[name], writer)
    return unknown(f"{name}, an export of another region")


def _written(resolver: Resolver, place: Environment) -> dict[str, tuple[Stack | None, str]]:
    written: dict[str, tuple[Stack | None, str]] = {}
    for stack in resolver.stacks.all:
        if stack.environment.account != place.account:
            continue
        for logical_id, kind, resource in stack.resources():
            match resource if kind == _WRITER else None:
                case {"Properties": {"WriterProps": {"exports": dict(exports), "region": region}}}:
                    if resolver.value(region, stack) == place.region:
                        written |= {name: _SEVERAL if name in written else (stack, logical_id) for name in exports}
    return written


def mapped(resolver: Resolver, stack: Stack, path: Sequence[object]) -> object:
    """``Fn::FindInMap``; an environment that is not known finds nothing."""
    keys = [as_text(part) for part in path[:3]]
    found: object = stack.section("Mappings")
    for key in keys:
        if isinstance(found, dict) and any(name.startswith("Fn::") for name in found):
            return unknown(f"mapping {keys[0]} of {stack.name}, which a macro may change")
        if key in (ANY_ACCOUNT, ANY_REGION):
            return unknown(f"mapping {keys[0]} of {stack.name} for an environment that is not known")
        found = found.get(str(key), NO_VALUE) if isinstance(found, dict) else NO_VALUE
    if found is NO_VALUE and len(path) > 3 and isinstance(path[3], dict):
        return path[3].get("DefaultValue", unknown("a mapping"))
    if found is NO_VALUE:
        return unknown(f"{'.'.join(map(str, keys))}, which the mappings of {stack.name} do not have")
    return resolver.value(found, stack)
