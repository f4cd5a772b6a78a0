"""``secure-kms account``: accounts read, mapped and compared from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from .account_verify import verify
from .mistakes import mistakes

_PATH = Annotated[Path, typer.Argument(help="A file that `secure-kms account snapshot` wrote.")]
_OUTPUT = Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")]


class Format(str, Enum):
    """How a map is written."""

    TABLE = "table"
    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class DiffFormat(str, Enum):
    """How differences are written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"


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
    profile: Annotated[str | None, typer.Option(help="The AWS profile.")] = None,
    role_arn: Annotated[list[str] | None, typer.Option(help="A role to assume, one for each account.")] = None,
    endpoint_url: Annotated[str | None, typer.Option(help="Another endpoint, such as of an emulator.")] = None,
    only: Annotated[str | None, typer.Option("--account", help="The account that it must be.", metavar="ID")] = None,
    stacks: Annotated[bool, typer.Option("--stacks", help="Read the physical ids of stacks too, for diff.")] = False,
    organization: Annotated[
        bool, typer.Option("--organization", help="Read the policies of the organization too.")
    ] = False,
    security_hub: Annotated[
        bool, typer.Option("--security-hub", help="Read the open findings KMS.1 to KMS.5 of Security Hub too.")
    ] = False,
) -> None:
    """Read an account into one file: keys, grants, roles, and what is under the keys. Reads only, and no secret.

    What it may not read is told, and stays unknown in every answer. `secure-kms account policy` prints what it needs.
    """
    from secure_kms_constructs.account import Options, take_snapshot, write_snapshot

    parts = _parts(stacks, organization, security_hub)
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
        write_snapshot(taken, output)
    for one in taken.accounts:
        counts = f"{len(one.keys)} keys, {len(one.identities)} roles and users, {len(one.resources)} things under keys"
        typer.echo(f"account {one.account}: {counts}")
    for unread in taken.unread:
        typer.echo(f"? {unread}", err=True)


def _parts(stacks: bool, organization: bool, security_hub: bool, verified: bool = False) -> list[str]:
    wanted = {"stacks": stacks, "organization": organization, "security-hub": security_hub, "verify": verified}
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
    with_verify: Annotated[bool, typer.Option("--verify", help="With what `account verify` calls.")] = False,
) -> None:
    """Print the IAM policy that `secure-kms account snapshot` needs."""
    from secure_kms_constructs.account import required_policy

    parts = _parts(stacks, organization, security_hub, with_verify)
    typer.echo(json.dumps(required_policy(("account", *parts)), indent=2))


@account.command()
def exceptions(
    path: Annotated[Path, typer.Argument(help="A file of [[exception]] tables, such as exceptions.toml.")],
    security_hub: Annotated[
        bool, typer.Option("--security-hub", help="Write a template of Security Hub automation rules.")
    ] = False,
    output: _OUTPUT = None,
) -> None:
    """Show documented exceptions with their reasons and ends, or write what suppresses their findings."""
    from secure_kms_constructs.account.exceptions import as_automation_rules, read_exceptions

    with mistakes():
        found = read_exceptions(path)
        rules = json.dumps(as_automation_rules(found), indent=2) if security_hub else ""
    _write(rules or "\n".join(f"{one.resource}: {one.whole}" for one in found), output)


@account.command("map")
def map_(
    path: _PATH,
    key: Annotated[str | None, typer.Option(help="Only this key, by ARN or its end.")] = None,
    principal: Annotated[str | None, typer.Option(help="Only this role or user, by ARN or its end.")] = None,
    action: Annotated[list[str] | None, typer.Option(help="Only this KMS action. Repeatable.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write the answer.")] = Format.TEXT,
    output: _OUTPUT = None,
    security_hub: Annotated[
        bool, typer.Option("--security-hub", help="Tell of each open finding of Security Hub whether it will pass.")
    ] = False,
    exceptions_: Annotated[
        list[Path] | None,
        typer.Option(
            "--exceptions", help="An exceptions.toml, or an app or template that documents exceptions. Repeatable."
        ),
    ] = None,
    expect: Annotated[
        Path | None,
        typer.Option(
            help="Compare with this file, which --format text --output FILE wrote: exit with 1 and the difference "
            "unless it says the same. Lines of it that begin with # do not count."
        ),
    ] = None,
) -> None:
    """Tell who can use which key of an account, and which keys each role really needs, because of what.

    Exit code 0: answered, and as expected. 1: not as expected. 2: something could not be read.
    """
    from . import account_maps, expectations

    with mistakes():
        if expect is not None and output is not None:
            raise ValueError("--expect compares and writes nothing: leave out --output")
        expected = None if expect is None else expectations.read(expect)
        question = account_maps.Question(key, principal, action, security_hub, exceptions_ or ())
        kind = form.value if expected is None else "text"
        written = account_maps.write(path, question, kind, to_terminal=output is None)
    if expected is not None:
        differences = expectations.differences(expected, written, str(expect), found_in="the account")
        typer.echo("\n".join(differences) or "access is as expected")
        raise typer.Exit(1 if differences else 0)
    _write(written, output)


def diff(
    before: Annotated[Path, typer.Argument(help="An account file, a synthesized app (cdk.out) or a template.")],
    after: Annotated[Path, typer.Argument(help="The same, later.")],
    stack: Annotated[
        list[str] | None,
        typer.Option(help="NAME=DEPLOYED for a stack that is called otherwise where it is deployed. Repeatable."),
    ] = None,
    form: Annotated[DiffFormat, typer.Option("--format", help="How to write the differences.")] = DiffFormat.TEXT,
    output: _OUTPUT = None,
    exceptions_: Annotated[
        list[Path] | None,
        typer.Option(
            "--exceptions", help="An exceptions.toml, or an app or template that documents exceptions. Repeatable."
        ),
    ] = None,
) -> None:
    """Tell who gained or lost access, and what else changed: by trying requests, not by comparing text.

    Access that a documented exception explains is told and is no difference, until the exception ends.
    Exit code 0: the same. 1: different. 2: something cannot be compared.
    """
    from secure_kms_constructs.account.documented import with_exceptions
    from secure_kms_constructs.account.inputs import compare
    from secure_kms_constructs.account.texts import drift_as

    with mistakes():
        names = dict(map(_assignment, stack or []))
        found = with_exceptions(compare(before, after, stacks=names), before, after, exceptions_ or (), stacks=names)
        written = drift_as(found, form.value)
    _write(written, output)
    if found:
        raise typer.Exit(1)


def _assignment(text: str) -> tuple[str, str]:
    name, _, deployed = text.partition("=")
    if not name or not deployed:
        raise ValueError(f"--stack must be NAME=DEPLOYED, such as App=App-prod, got {text!r}")
    return name, deployed


def _write(written: str, output: Path | None) -> None:
    if output is None:
        typer.echo(written)
    else:
        output.write_text(written + "\n", encoding="utf-8")
