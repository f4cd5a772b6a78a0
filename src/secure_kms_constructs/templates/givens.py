"""What whoever asks knows of stacks that their templates do not say: where they go, parameters, what is deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .landscape import Landscape
from .reading import Names, names_in_assembly, names_in_templates, read_assembly, read_templates


@dataclass(frozen=True)
class Givens:
    """What is known of stacks.

    :param same: ARNs of what is deployed, by construct path.
    :param parameters: values by stack, and under ``*`` those for every stack that has the parameter.
    """

    account: str | None = None
    region: str | None = None
    same: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


NOTHING_GIVEN = Givens()


def read_path(path: Path, known: Givens = NOTHING_GIVEN) -> tuple[Landscape, ...]:
    """Read what is at a path: a cloud assembly, or one template.

    :raises TemplateError: when it is neither.
    """
    if path.is_dir():
        return read_assembly(
            path, account=known.account, region=known.region, parameters=known.parameters, same=known.same
        )
    return read_templates(
        {path.name.split(".")[0]: path},
        account=known.account,
        region=known.region,
        parameters=known.parameters,
        same=known.same,
    )


def names_at(path: Path) -> Names:
    """Return what can be told of what is at a path.

    :raises TemplateError: when it is neither a cloud assembly nor a template.
    """
    return names_in_assembly(path) if path.is_dir() else names_in_templates({path.name.split(".")[0]: path})
