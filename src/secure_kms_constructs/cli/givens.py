"""What whoever asks knows of stacks that their templates do not say: where they go, parameters, what is deployed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import typer

Account = Annotated[str | None, typer.Option(help="Account id of stacks that do not say where they go.", metavar="ID")]
Region = Annotated[str | None, typer.Option(help="The same for the region.")]
Same = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH=ARN",
        help="The ARN of a key, role or user that is deployed, such as Vault/Key=arn:aws:kms:... Repeatable.",
        show_default=False,
    ),
]
Parameter = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[STACK/]NAME=VALUE",
        help="The value of a parameter, in one stack or in each that has it. Repeatable.",
        show_default=False,
    ),
]


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


def givens(
    account: str | None, region: str | None, same: Iterable[str] | None, parameters: Iterable[str] | None
) -> Givens:
    """Read the options.

    :raises ValueError: for one without ``=``, and for one name twice.
    """
    by_stack: dict[str, dict[str, str]] = {}
    for name, value in _pairs("--parameter", "Stack/Name=value", parameters).items():
        stack, _, parameter = name.rpartition("/")
        by_stack.setdefault(stack or "*", {})[parameter] = value
    return Givens(account, region, _pairs("--same", "Vault/Key=arn:aws:kms:...", same), by_stack)


def _pairs(option: str, example: str, texts: Iterable[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ValueError(f"{option} must be <name>=<value>, such as {example}, got {text!r}")
        if name in found:
            raise ValueError(f"{option} must give {name} once, got {found[name]} and {value}")
        found[name] = value
    return found
