"""Reads cloud assemblies and templates."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from .assemblies import parse_environment, stacks_of
from .described import described
from .documents import Documents
from .identities import identities_of
from .keys import keys_of
from .landscape import Landscape
from .loading import load_template
from .nested import with_nested
from .resolution import Resolver
from .stacks import ANY_REGION, Environment, Stack, Stacks

Parameters = Mapping[str, Mapping[str, object]]


def read_assembly(
    directory: PathLike[str] | str,
    *,
    account: str | None = None,
    region: str | None = None,
    parameters: Parameters | None = None,
) -> tuple[Landscape, ...]:
    """Read a cloud assembly, such as ``cdk.out``, with its stages and nested stacks.

    https://docs.aws.amazon.com/cdk/v2/guide/configure-synth.html

    :param account: where stacks go that do not say it; by default all of them to one account that nobody has.
    :param region: the same for the region.
    :param parameters: values for the parameters of stacks, by the stack's name.
    :return: one landscape, or one for each way in which conditions that the templates leave open can turn out.
    :raises TemplateError: when it is no cloud assembly, or one of its templates is none.
    """
    elsewhere = _elsewhere(account, region)
    return _landscapes(stacks_of(Path(directory), parameters or {}, elsewhere))


def read_templates(
    templates: Mapping[str, Mapping[str, object] | PathLike[str] | str],
    *,
    account: str | None = None,
    region: str | None = None,
    environments: Mapping[str, str] | None = None,
    parameters: Parameters | None = None,
) -> tuple[Landscape, ...]:
    """Read templates, whoever made them.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-guide.html

    :param templates: by stack name: the template as an object, the path of its file, or its text in JSON or YAML.
    :param account: where stacks go of which ``environments`` does not tell; by default one that nobody has.
    :param region: the same for the region.
    :param environments: by stack name, where a stack goes: ``aws://<account>/<region>``.
    :param parameters: values for the parameters of stacks, by stack name.
    :return: one landscape, or one for each way in which conditions that the templates leave open can turn out.
    :raises TemplateError: when one is no template.
    """
    elsewhere = _elsewhere(account, region)
    stacks: list[Stack] = []
    for name, given in templates.items():
        text = (environments or {}).get(name, "aws://unknown-account/unknown-region")
        place = parse_environment(text, name, elsewhere)
        stack = Stack(name, name, load_template(given, name), place, (parameters or {}).get(name, {}))
        stacks += with_nested(stack, lambda _parent, _logical_id: None)
    return _landscapes(stacks)


def _elsewhere(account: str | None, region: str | None) -> Environment:
    text = f"aws://{account or 'unknown-account'}/{region or ANY_REGION}"
    return parse_environment(text, "stacks that do not say theirs", Environment())


def _landscapes(stacks: list[Stack]) -> tuple[Landscape, ...]:
    return (_landscape(Resolver(Stacks(stacks)), Documents()),)


def _landscape(resolver: Resolver, documents: Documents) -> Landscape:
    found = list(described(resolver))
    keys = keys_of(found, documents)
    identities = identities_of(found, keys, documents)
    notes = (*resolver.notes, *documents.notes)
    return Landscape(keys, identities, tuple(one.resource for one in found), notes, sources=dict(documents.sources))
