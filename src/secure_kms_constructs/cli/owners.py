"""``secure-kms owners``: what owners of imported keys, secrets and roles must add, to paste or to send."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .givens import Account, Parameter, Region, Same, Stack, givens, stacks_of, with_settings
from .mistakes import mistakes
from .options import Output, write

if TYPE_CHECKING:
    from secure_kms_constructs.account.owners import Owner


class Format(str, Enum):
    """How the statements are written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(owners)


def owners(
    path: Annotated[Path, typer.Argument(help="A synthesized app (cdk.out).")],
    of: Annotated[
        str | None, typer.Option(help="Only for this key, secret or role, by ARN or its end.", show_default=False)
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="How to write them; markdown is for a ticket.")
    ] = Format.TEXT,
    output: Output = None,
    deployed: Annotated[
        Path | None,
        typer.Option(
            help="An account file in which the app is deployed, taken with --stacks: it tells the ARNs of roles whose "
            "names CloudFormation makes up.",
            show_default=False,
        ),
    ] = None,
    stack: Stack = None,
    account: Account = None,
    region: Region = None,
    same: Same = None,
    parameter: Parameter = None,
) -> None:
    """Tell what owners of keys, secrets and roles that an app does not make must add to their policies.

    Exit code 0: told, or nothing to add. 1: told, but something is not known before the deployment, which the
    statements show as <ARN of path>. 2: it cannot be read.
    """
    from secure_kms_constructs.account import read_snapshot
    from secure_kms_constructs.account.owners import owners_of
    from secure_kms_constructs.settings import find_settings

    with mistakes():
        known = with_settings(givens(account, region, same, parameter), find_settings())
        stacks = stacks_of(stack)
        if not (path / "manifest.json").is_file():
            raise ValueError(f"{path} must be a synthesized app, with a manifest.json in it: run cdk synth first")
        snapshot = None if deployed is None else read_snapshot(deployed)
        found = owners_of(path, known, snapshot=snapshot, stacks=stacks)
        if of is not None:
            several, found = found, [one for one in found if one.of == of or one.of.endswith((f"/{of}", f":{of}"))]
            if not found:
                there = ", ".join(one.of for one in several) or "nothing to add for anything"
                raise ValueError(f"--of must be one of what the app imports, got {of}; there is {there}")
        written = {Format.TEXT: as_text, Format.JSON: as_json, Format.MARKDOWN: as_markdown}[form](found)
        write(written, output)
    unknown = sorted({one for owner in found for one in owner.unknown})
    if unknown:
        typer.echo(
            f"not known before the deployment: {', '.join(unknown)}. Give the role a name, say its ARN with "
            "--same PATH=ARN, or read the account once it is deployed (secure-kms account snapshot --stacks) and "
            "give the file with --deployed; --account and --region say where stacks go",
            err=True,
        )
        raise typer.Exit(1)


def as_json(found: Sequence[Owner]) -> str:
    """Return what owners must add as JSON."""
    return json.dumps({"owners": [{**vars(one), "account": one.account} for one in found]}, indent=2)


def as_text(found: Sequence[Owner]) -> str:
    """Return what owners must add, each policy with a JSON array to paste into its ``Statement``."""
    from secure_kms_constructs.policies.lines import one_line

    blocks = [
        "\n".join(
            [
                f"{one.policy} of {one_line(one.of)}",
                *(f"# {one_line(', '.join(paths))}: {one_line(why)}" for why, paths in one.reasons.items()),
                json.dumps(one.statements, indent=2),
            ]
        )
        for one in found
    ]
    return "\n\n".join(blocks) or _NOTHING


def as_markdown(found: Sequence[Owner]) -> str:
    """Return what owners must add as a ticket for each."""
    return "\n\n".join("\n\n".join(_ticket(one)) for one in found) or _NOTHING


_NOTHING = "Nothing: the constructs of this app tell of no policy that somebody else has to change."
_HOW = {
    "key policy": "Read it with `aws kms get-key-policy --key-id {of} --policy-name default`, add these to its "
    "`Statement`, and write the whole with `aws kms put-key-policy`. What is there stays.",
    "resource policy": "Read it with `aws secretsmanager get-resource-policy --secret-id {of}`, add these to its "
    "`Statement`, and write the whole with `aws secretsmanager put-resource-policy`. What is there stays.",
    "identity policy": "Add these to a policy of that role or user, in its account.",
}


def _ticket(owner: Owner) -> Iterator[str]:
    from secure_kms_constructs.policies.escapes import as_markdown as escaped

    yield f"## Add to the {owner.policy} of {escaped(owner.of)}"
    if owner.account:
        yield f"Account {owner.account}."
    yield "\n".join(f"- {escaped(', '.join(paths))}: {escaped(why)}" for why, paths in owner.reasons.items())
    if owner.unknown:
        known_later = ", ".join(map(escaped, owner.unknown))
        yield f"**Not known before the deployment:** {known_later}. Replace what stands in angle brackets first."
    # A fence that no text inside can end.
    yield f"```json\n{json.dumps(owner.statements, indent=2).replace('`', chr(92) + 'u0060')}\n```"
    yield _HOW[owner.policy].format(of=escaped(owner.of))
