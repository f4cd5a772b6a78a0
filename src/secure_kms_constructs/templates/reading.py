"""Reads cloud assemblies and templates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from os import PathLike
from pathlib import Path

from secure_kms_constructs.policies import Policy

from .assemblies import inside, parse_environment, stacks_of
from .garbage_collection import without_collecting
from .landscape import Landscape
from .landscapes import landscapes_of
from .loading import Template, TemplateError, load_template
from .nested import with_nested
from .stacks import ANY_REGION, Environment, Stack, Stacks

Templates = Mapping[str, Mapping[str, object] | PathLike[str] | str]
Parameters = Mapping[str, Mapping[str, object]]

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
_SECTIONS = frozenset({"Conditions", "Mappings", "Outputs", "Parameters", "Resources", "Rules", "Transform"})


@dataclass(frozen=True)
class Names:
    """What whoever reads stacks can tell of them.

    :param same: the keys, roles and users that may be deployed already.
    :param parameters: those of each stack, by its name.
    """

    same: frozenset[str]
    parameters: Mapping[str, frozenset[str]]


@without_collecting()
def read_assembly(
    directory: PathLike[str] | str,
    *,
    account: str | None = None,
    region: str | None = None,
    parameters: Parameters | None = None,
    same: Mapping[str, str] | None = None,
    beside: Collection[Policy] = (),
) -> tuple[Landscape, ...]:
    """Read a cloud assembly, such as ``cdk.out``, with its stages and nested stacks.

    https://docs.aws.amazon.com/cdk/v2/guide/configure-synth.html

    :param account: where stacks go that do not say it; by default all of them to one account that nobody has.
    :param region: the same for the region.
    :param parameters: values for the parameters of stacks, by the stack's name; under ``*`` those for each that has it.
    :param same: the ARNs of keys that are deployed, by construct path: a literal ARN that is not among them may be
        that of any key of the templates in its account and region.
    :param beside: policies that no template has, such as of an organization: each account, region and principal that
        they name is told from others.
    :return: one landscape, or one for each way in which conditions that the templates leave open can turn out.
    :raises TemplateError: when it is no cloud assembly, or one of its templates is none.
    """
    elsewhere = _elsewhere(account, region)
    stacks = stacks_of(Path(directory), parameters or {}, elsewhere)
    _refuse_strangers("parameters", parameters, {"*", *(stack.stack_name for stack in stacks)})
    _give_to_all(stacks, parameters or {})
    return landscapes_of(stacks, same, beside)


def names_in_assembly(directory: PathLike[str] | str) -> Names:
    """Return what can be told of an assembly."""
    return _names(stacks_of(Path(directory), {}, Environment()))


@without_collecting()
def read_templates(
    templates: Templates,
    *,
    account: str | None = None,
    region: str | None = None,
    environments: Mapping[str, str] | None = None,
    parameters: Parameters | None = None,
    same: Mapping[str, str] | None = None,
    beside: Collection[Policy] = (),
) -> tuple[Landscape, ...]:
    """Read templates, whoever made them.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-guide.html

    :param templates: by stack name: the template as an object, the path of its file, or its text in JSON or YAML;
        a nested stack's by ``<stack>/<logical id>``, if it is not a file beside that of its parent.
    :param account: where stacks go of which ``environments`` does not tell; by default one that nobody has.
    :param region: the same for the region.
    :param environments: by stack name, where a stack goes: ``aws://<account>/<region>``.
    :param parameters: values for the parameters of stacks, by stack name; under ``*`` those for each that has it.
    :param same: the ARNs of keys that are deployed, by construct path or ``<stack>/<logical id>``: a literal ARN that
        is not among them may be that of any key of the templates in its account and region.
    :param beside: policies that no template has, as for ``read_assembly``.
    :return: one landscape, or one for each way in which conditions that the templates leave open can turn out.
    :raises TemplateError: when one is no template.
    """
    _refuse_nothing(templates)
    _refuse_strangers("environments", environments, templates)
    _refuse_strangers("parameters", parameters, {"*", *templates})
    stacks = _stacks(templates, environments or {}, parameters or {}, _elsewhere(account, region))
    _give_to_all(stacks, parameters or {})
    return landscapes_of(stacks, same, beside)


def names_in_templates(templates: Templates) -> Names:
    """Return what can be told of templates."""
    return _names(_stacks(templates, {}, {}, Environment()))


def _names(stacks: list[Stack]) -> Names:
    tops = (stack for stack in stacks if stack.parent is None)
    parameters = {stack.stack_name: frozenset(stack.section("Parameters")) for stack in tops}
    return Names(frozenset(Stacks(stacks).deployable), parameters)


def _stacks(
    templates: Templates, environments: Mapping[str, str], parameters: Parameters, elsewhere: Environment
) -> list[Stack]:
    files: dict[str, Path] = {name: Path(given) for name, given in templates.items() if isinstance(given, PathLike)}
    stacks: list[Stack] = []
    for name, given in templates.items():
        if "/" in name:
            continue
        text = environments.get(name, "aws://unknown-account/unknown-region")
        place = parse_environment(text, name, elsewhere)
        template = load_template(given, name)
        if template.keys().isdisjoint(_SECTIONS) and not any(one.startswith("Fn::") for one in template):
            called, got = files.get(name, name), ", ".join(template) or "nothing"
            raise TemplateError(f"{called} must be a template with Resources, got {got}")
        stack = Stack(name, name, template, place, parameters.get(name, {}), is_named=False)
        stacks += with_nested(stack, partial(_nested, templates=templates, files=files))
    if strangers := [name for name in templates if name not in {stack.name for stack in stacks}]:
        raise TemplateError(f"{strangers[0]} must be <stack>/<logical id of its AWS::CloudFormation::Stack>")
    return stacks


def _give_to_all(stacks: Collection[Stack], parameters: Parameters) -> None:
    """Give each stack the values of parameters that it has; TemplateError for one that no stack has."""
    tops = [stack for stack in stacks if stack.parent is None]
    values = parameters.get("*", {})
    for name, given in parameters.items():
        own = {one for stack in tops if stack.stack_name == name for one in stack.section("Parameters")}
        for one in given if name != "*" else ():
            if one not in own:
                close = ", ".join(close_names(one, own))
                raise TemplateError(f"parameters of {name} must be those that it has, got {one!r}; there are {close}")
    for stack in tops:
        declared = stack.section("Parameters")
        stack.parameters = {**{name: values[name] for name in values if name in declared}, **stack.parameters}
    known = {name for stack in tops for name in stack.section("Parameters")}
    for name in values:
        if name not in known:
            close = ", ".join(close_names(name, known))
            raise TemplateError(f"parameters must be those of a stack, got {name!r}; there are {close}")


def close_names(name: str, known: Collection[str]) -> list[str]:
    """Return names that are close to one that is not known, else the first."""
    return get_close_matches(name, known, n=3, cutoff=0.4) or sorted(known)[:3] or ["none"]


def _refuse_nothing(templates: object) -> None:
    if not isinstance(templates, Mapping) or not templates:
        given = repr(templates)[:60]
        raise TemplateError(f"templates must be an object of one template at least, by stack name, got {given}")


def _refuse_strangers(what: str, given: Mapping[str, object] | None, stacks: Collection[str]) -> None:
    for name in given or ():
        if name not in stacks:
            raise TemplateError(
                f"{what} must be those of {', '.join(sorted(set(stacks) - {'*'})) or 'no stack'}, got {name!r}"
            )


def _nested(parent: Stack, logical_id: str, *, templates: Templates, files: dict[str, Path]) -> Template | None:
    """Find the template of a nested stack: given by name, or a file in the directory of its parent's, or below."""
    name = f"{parent.name}/{logical_id}"
    if name in templates:
        return load_template(templates[name], name)
    url = parent.properties(logical_id).get("TemplateURL")
    if not isinstance(url, str) or parent.name not in files:
        return None
    directory = files[parent.name].parent
    try:
        files[name] = inside(directory, url)
        return load_template(files[name], name) if files[name].is_file() else None
    except (OSError, ValueError):
        return None


def _elsewhere(account: str | None, region: str | None) -> Environment:
    text = f"aws://{account or 'unknown-account'}/{region or ANY_REGION}"
    return parse_environment(text, "stacks that do not say theirs", Environment())
