"""``secure-kms guardrails``: the policies of an organization, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .mistakes import mistakes


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(guardrails)


def guardrails(
    organization: Annotated[str, typer.Argument(help="Id of the organization, o-...", show_default=False)],
    deployer: Annotated[
        list[str] | None,
        typer.Option(
            help="ARN of roles that CloudFormation acts as, with * as a wildcard. Repeatable. By default the execution "
            "roles of a bootstrap without options."
        ),
    ] = None,
    break_glass: Annotated[
        list[str] | None, typer.Option(help="ARN of roles for emergencies, with * as a wildcard. Repeatable.")
    ] = None,
    trusted_account: Annotated[
        list[str] | None, typer.Option(help="An account outside that keys may be shared with. Repeatable.")
    ] = None,
    minimum_waiting_days: Annotated[int, typer.Option(help="How long a deletion has to wait.")] = 30,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help="A guardrail to leave out: lockout-check, grants, keep-keys, waiting-period, key-policies, "
            "organization-perimeter, confused-deputy. Repeatable."
        ),
    ] = None,
    doubled_scp_quotas: Annotated[
        bool, typer.Option("--doubled-scp-quotas", help="Policies of 10,240 characters, ten for each target.")
    ] = False,
    scps_attached: Annotated[
        int, typer.Option(help="How many service control policies the targets have besides, full access among them.")
    ] = 1,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write each policy to a file of this directory, made if need be."),
    ] = None,
) -> None:
    """Write service and resource control policies that keep the keys of an organization at least privilege.

    They are written and never attached. Files have no white space, which would count towards the quota.
    """
    from secure_kms_constructs.organizations import guardrail_policies

    with mistakes():
        policies = guardrail_policies(
            organization=organization,
            deployers=deployer or None,
            break_glass=break_glass or (),
            trusted_accounts=trusted_account or (),
            minimum_waiting_days=minimum_waiting_days,
            without=without or (),
            doubled_scp_quotas=doubled_scp_quotas,
            scps_attached=scps_attached,
        )
        if output is None:
            written = [{"name": one.name, "type": one.type, "document": one.document} for one in policies]
            typer.echo(json.dumps(written, indent=2))
            return
        names = {f"{one.name}.json" for one in policies}
        if older := sorted({one.name for one in output.glob("kms-[sr]cp-*.json")} - names):
            raise ValueError(
                f"{output} has policies of an earlier run that are none of these, got {', '.join(older)}: take them "
                "out, or write to another folder"
            )
        output.mkdir(parents=True, exist_ok=True)
        for one in policies:
            path = output / f"{one.name}.json"
            path.write_text(one.text, encoding="utf-8")
            typer.echo(f"{path}: {one.type}, {len(one.text)} characters")
