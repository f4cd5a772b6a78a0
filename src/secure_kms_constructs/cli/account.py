"""``secure-kms account``: accounts read, mapped and compared from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from .account_diff import diff
from .account_verify import verify
from .mistakes import mistakes, progress
from .options import Action, EndpointUrl, Exceptions, Expect, MapFormat, Output, Profile, SecurityHub, ready, write
from .standard_input import standard_input

_PATH = Annotated[
    Path, typer.Argument(help="A file that `secure-kms account snapshot` wrote, or - for standard input.")
]


account = typer.Typer(help="Accounts as they are: who can use which key now, grants included.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(account, name="account")
    app.command()(diff)
    account.command()(diff)
    account.command()(verify)


@account.command()
def snapshot(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    region: Annotated[list[str] | None, typer.Option(help="A region to read. Repeatable.")] = None,
    profile: Profile = None,
    role_arn: Annotated[list[str] | None, typer.Option(help="A role to assume, one for each account.")] = None,
    endpoint_url: EndpointUrl = None,
    only: Annotated[str | None, typer.Option("--account", help="The account that it must be.", metavar="ID")] = None,
    stacks: Annotated[bool, typer.Option("--stacks", help="Read the physical ids of stacks too, for diff.")] = False,
    organization: Annotated[
        bool, typer.Option("--organization", help="Read the policies of the organization too.")
    ] = False,
    security_hub: Annotated[
        bool, typer.Option("--security-hub", help="Read the open findings KMS.1 to KMS.5 of Security Hub too.")
    ] = False,
    trails: Annotated[
        bool, typer.Option("--trails", help="Read what CloudTrail records too, for `secure-kms observe`.")
    ] = False,
) -> None:
    """Read an account into one file: keys, grants, roles, and what is under the keys. Reads only, and no secret.

    What it may not read is told, and stays unknown in every answer. `secure-kms account policy` prints what it needs.
    Exit code 0: read, with what is not known. 2: nothing could be read.
    """
    from secure_kms_constructs.account import Options, take_snapshot, write_snapshot

    parts = _parts(stacks, organization, security_hub, trails)
    with mistakes():
        taken = take_snapshot(
            Options(
                regions=region or (),
                profile=profile,
                roles=role_arn or (),
                endpoint_url=endpoint_url,
                account=only,
                parts=parts,
                progress=_progress(),
            )
        )
        write_snapshot(taken, ready(output))
    for one in taken.accounts:
        counts = f"{len(one.keys)} keys, {len(one.identities)} roles and users, {len(one.resources)} things under keys"
        typer.echo(f"account {one.account}: {counts}")
    for unread in taken.unread:
        typer.echo(f"? {unread}", err=True)


def _parts(stacks: bool, organization: bool, security_hub: bool, trails: bool, verified: bool = False) -> list[str]:
    read = {"stacks": stacks, "organization": organization, "security-hub": security_hub, "trails": trails}
    wanted = {**read, "verify": verified}
    return [name for name, is_wanted in wanted.items() if is_wanted]


def _progress() -> Callable[[str], None]:
    if not sys.stderr.isatty():
        return lambda _text: None
    return lambda text: typer.echo(f"\r\x1b[K{text}", err=True, nl=False)


@account.command()
def policy(
    stacks: Annotated[bool, typer.Option("--stacks", help="With what --stacks reads.")] = False,
    organization: Annotated[bool, typer.Option("--organization", help="With what --organization reads.")] = False,
    security_hub: Annotated[bool, typer.Option("--security-hub", help="With what --security-hub reads.")] = False,
    trails: Annotated[bool, typer.Option("--trails", help="With what --trails reads.")] = False,
    with_verify: Annotated[bool, typer.Option("--verify", help="With what `account verify` calls.")] = False,
) -> None:
    """Print the IAM policy that `secure-kms account snapshot` needs."""
    from secure_kms_constructs.account import required_policy

    parts = _parts(stacks, organization, security_hub, trails, with_verify)
    typer.echo(json.dumps(required_policy(("account", *parts)), indent=2))


@account.command()
def exceptions(
    path: Annotated[Path, typer.Argument(help="A file of [[exception]] tables, such as exceptions.toml.")],
    security_hub: Annotated[
        bool, typer.Option("--security-hub", help="Write a template of Security Hub automation rules.")
    ] = False,
    output: Output = None,
) -> None:
    """Show documented exceptions with their reasons and ends, or write what suppresses their findings."""
    from secure_kms_constructs.account.exceptions import as_automation_rules, read_exceptions

    with mistakes():
        found = read_exceptions(path)
        rules = json.dumps(as_automation_rules(found), indent=2) if security_hub else ""
        write(rules or "\n".join(f"{one.resource}: {one.whole}" for one in found), output)


@account.command("map")
def map_(
    path: _PATH,
    key: Annotated[str | None, typer.Option(help="Only this key, by ARN or its end.")] = None,
    principal: Annotated[str | None, typer.Option(help="Only this role or user, by ARN or its end.")] = None,
    action: Action = None,
    form: Annotated[MapFormat, typer.Option("--format", help="How to write the answer.")] = MapFormat.TEXT,
    output: Output = None,
    security_hub: SecurityHub = False,
    grants: Annotated[
        bool, typer.Option("--grants", help="Review each grant, and print the call that takes it back.")
    ] = False,
    exceptions_: Exceptions = None,
    expect: Expect = None,
) -> None:
    """Tell who can use which key of an account, and which keys each role really needs, because of what.

    Told from the file alone, offline. A question mark is about somebody who might. Exit code 0: answered, and as
    expected. 1: not as expected. 2: something could not be read.
    """
    from . import account_maps, expectations

    with mistakes():
        expected = expectations.read(expect, output)
        question = account_maps.Question(key, principal, action, security_hub, grants, exceptions_ or ())
        kind = form.value if expected is None else "text"
        with standard_input(path) as ([file], _), progress(f"reading {path}"):
            written = account_maps.write(file, question, kind, to_terminal=output is None)
        if expected is not None:
            expectations.end_with(expected, written, str(expect), found_in="the account")
        write(written, output)
