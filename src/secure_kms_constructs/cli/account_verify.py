"""``secure-kms account verify``: IAM Access Analyzer asked for a second opinion."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .mistakes import UNUSABLE, mistakes
from .options import EndpointUrl, Output, Profile, agree, write

if TYPE_CHECKING:
    from secure_kms_constructs.account.opinions import Opinion, Policies


class Format(str, Enum):
    """How opinions are written."""

    TEXT = "text"
    JSON = "json"


def verify(
    path: Annotated[Path, typer.Argument(help="A policy, an account file, a synthesized app (cdk.out) or a template.")],
    before: Annotated[
        Path | None, typer.Option(help="The same as it was: no policy may allow more than it did.")
    ] = None,
    not_granted: Annotated[
        list[str] | None,
        typer.Option(help="An action that no identity policy may allow, such as kms:Decrypt. Repeatable."),
    ] = None,
    on: Annotated[list[str] | None, typer.Option(help="The key that is about, by ARN. Repeatable.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Make the calls that AWS bills without asking.")] = False,
    region: Annotated[str | None, typer.Option(help="The region whose Access Analyzer is asked.")] = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    form: Annotated[Format, typer.Option("--format", help="How to write what it says.")] = Format.TEXT,
    output: Output = None,
) -> None:
    """Ask IAM Access Analyzer about policies: well-formed, no key public, nothing allowed that must not be.

    Whether a policy is well-formed is answered for free; the other calls are billed, so their number is told and
    you are asked before. Exit code 0: it agrees. 1: it does not. 2: something was not answered.
    """
    from secure_kms_constructs.account import opinions
    from secure_kms_constructs.account.connections import Connection, session_of
    from secure_kms_constructs.policies.lines import one_line

    with mistakes():
        policies = _policies(path)
        old = _policies(before, policies) if before else None
        asked = opinions.questions(policies, before=old, not_granted=not_granted or (), on=on or ())
        session = session_of(profile)
        region = region or session.region_name
        if not region:
            raise ValueError("region is not set: name one with --region")
        paid = sum(one.paid for one in asked)
        if paid and not yes:
            _agreed(
                f"{len(asked)} calls, of which AWS bills {paid} (https://aws.amazon.com/iam/access-analyzer/pricing/)"
            )
        connection = Connection(session, region, "asked", endpoint_url)
        found = (*opinions.ask(connection, asked), *(opinions.new_policies(policies, old) if old else ()))
        unread = [*policies.unread, *map(str, connection.unread)]
        wrong = sum(one.level != "note" for one in found)
        write(_written(form, policies, len(asked), found, unread), output)
    for name in policies.left_out:
        typer.echo(f"? {one_line(name)} was not asked about: it depends on what is known at deploy only", err=True)
    for one in unread:
        typer.echo(f"? {one_line(one)}", err=True)
    if wrong or policies.left_out or unread:
        raise typer.Exit(1 if wrong else UNUSABLE)


def _written(form: Format, policies: Policies, calls: int, found: tuple[Opinion, ...], unread: list[str]) -> str:
    from secure_kms_constructs.policies.lines import one_line

    if form is Format.JSON:
        whole = {
            "policies": list(policies.written),
            "calls": calls,
            "opinions": [vars(one) for one in found],
            "notAsked": policies.left_out,
            "unread": unread,
        }
        return json.dumps(whole, indent=2)
    wrong = sum(one.level != "note" for one in found)
    lines = [one_line(str(one)) for one in found]
    return "\n".join([*lines, f"{len(policies.written)} policies, {calls} calls, {wrong} to act on"])


def _agreed(cost: str) -> None:
    agree(f"{cost}: make them?", cost, refused="nothing was asked")


def _policies(path: Path, like: Policies | None = None) -> Policies:
    from secure_kms_constructs.account import Snapshot
    from secure_kms_constructs.account.inputs import read_input
    from secure_kms_constructs.account.opinions import Policies, policies_in, policies_of
    from secure_kms_constructs.templates.givens import read_path

    from .inputs import document_in
    from .policy_files import statements_of

    given = read_input(path)
    if isinstance(given, Snapshot):
        return policies_in(given)
    document = None if path.is_dir() else document_in(path)
    if document is None or "Statement" not in document:
        return policies_of(read_path(path))
    of_key = any("Principal" in one or "NotPrincipal" in one for one in statements_of(document))
    found = Policies()
    # Two files are compared though they are called differently.
    found.add(next(iter(like.written), str(path)) if like else str(path), "key" if of_key else "identity", document)
    return found
