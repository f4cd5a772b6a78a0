"""The options that say of stacks what their templates do not: where they go, parameters, what is deployed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from secure_kms_constructs.settings import Settings
    from secure_kms_constructs.templates.givens import Givens

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
Stack = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=DEPLOYED",
        help="What a stack is called where it is deployed, if not as in the app. Repeatable.",
        show_default=False,
    ),
]


def givens(
    account: str | None, region: str | None, same: Iterable[str] | None, parameters: Iterable[str] | None
) -> Givens:
    """Read the options.

    :raises ValueError: for one without ``=``, and for one name twice.
    """
    from secure_kms_constructs.templates.givens import Givens

    by_stack: dict[str, dict[str, str]] = {}
    for name, value in pairs("--parameter", "Stack/Name=value", parameters).items():
        stack, _, parameter = name.rpartition("/")
        by_stack.setdefault(stack or "*", {})[parameter] = value
    return Givens(account, region, pairs("--same", "Vault/Key=arn:aws:kms:...", same), by_stack)


def with_settings(known: Givens, settings: Settings) -> Givens:
    """Return what is known, with what the project says where the options say nothing."""
    return replace(known, account=known.account or settings.account, region=known.region or settings.region)


def stacks_of(texts: Iterable[str] | None) -> dict[str, str]:
    """Read what stacks are called where they are deployed.

    :raises ValueError: for one without a name there, and for one name twice.
    """
    found = pairs("--stack", "App=App-prod", texts)
    if "" in found.values():
        raise ValueError("--stack must be <name>=<value>, such as App=App-prod, got no value")
    return found


def pairs(option: str, example: str, texts: Iterable[str] | None) -> dict[str, str]:
    """Read an option of names and values.

    :raises ValueError: for one without ``=``, and for one name twice.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ValueError(f"{option} must be <name>=<value>, such as {example}, got {text!r}")
        if name in found:
            raise ValueError(f"{option} must give {name} once, got {found[name]} and {value}")
        found[name] = value
    return found
