"""``secure-kms diff``: what differs between accounts, apps and templates."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from .givens import Account, Parameter, Region, Same, Stack, givens, stacks_of, with_settings
from .mistakes import UNUSABLE, mistakes, progress
from .options import Exceptions, Output, write
from .standard_input import standard_input


class Format(str, Enum):
    """How differences are written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"


def diff(
    before: Annotated[Path, typer.Argument(help="An account file, a synthesized app (cdk.out), a template, or -.")],
    after: Annotated[Path, typer.Argument(help="The same, later.")],
    stack: Stack = None,
    form: Annotated[Format, typer.Option("--format", help="How to write the differences.")] = Format.TEXT,
    output: Output = None,
    exceptions: Exceptions = None,
    account: Account = None,
    region: Region = None,
    same: Same = None,
    parameter: Parameter = None,
) -> None:
    """Tell who gained or lost access, and what else changed: by trying requests, not by comparing text.

    Access that a documented exception explains is told and is no difference, until the exception ends.
    Exit code 0: the same. 1: different. 2: something cannot be compared, or was not read.
    """
    from secure_kms_constructs.account.documented import with_exceptions
    from secure_kms_constructs.account.inputs import compare, read_both
    from secure_kms_constructs.account.texts import drift_as
    from secure_kms_constructs.settings import find_settings

    with mistakes():
        stacks = stacks_of(stack)
        known, settings = givens(account, region, same, parameter), find_settings()
        with standard_input(before, after) as (files, _), progress(f"reading {before} and {after}"):
            both = read_both(*files, stacks=stacks, known=known, by_default=with_settings(known, settings))
        with progress("comparing"):
            found = with_exceptions(compare(both), both, exceptions or ())
        write(drift_as(found, form.value), output)
    if found or not found.is_whole:
        raise typer.Exit(1 if found else UNUSABLE)
